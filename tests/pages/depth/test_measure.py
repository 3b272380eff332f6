"""The depth laboratory: verdicts, histograms, equal units, the script."""

from __future__ import annotations

import numpy as np
import pytest

from core.networks.activations import ACTIVATIONS
from core.networks.initialisation import INITIALISATIONS
from core.networks.parameters import with_parameters
from core.networks.signal import MAX_NUMBERS, propagate
from pages.depth import measure as lab


@pytest.mark.parametrize(
    ("sizes", "kind", "factor", "place"),
    [
        ([2.0, 1.0, 0.5], lab.SURVIVES, 0.25, None),
        ([1.0, 0.1, 1e-3, 1e-4], lab.VANISHES, 1e-4, 2),
        ([1.0, 1e-3, 0.5, 1e-3, 1e-9], lab.VANISHES, 1e-9, 3),
        ([1.0, 1e5, 1e7], lab.EXPLODES, 1e7, 1),
        ([1.0, 1e-200, 0.0, 0.0], lab.ZERO, 0.0, 2),
        ([1.0, 1e300, np.inf, np.inf], lab.INFINITE, np.inf, 2),
        ([1.0, np.inf, np.nan], lab.INFINITE, np.inf, 1),
        ([np.nan, np.nan], lab.UNKNOWN, np.nan, None),
    ],
)
def test_verdict(sizes, kind, factor, place) -> None:
    found = lab.verdict(np.array(sizes))
    assert (found.kind, found.place) == (kind, place)
    assert found.factor == pytest.approx(factor, nan_ok=True)
    if kind == lab.SURVIVES:
        assert found.per_layer == 0.5


# Which initialisation lets the signal and the gradient of which activation through.
@pytest.mark.parametrize(
    ("unit", "start", "norm", "ahead", "back"),
    [
        ("relu", "he", "none", lab.SURVIVES, lab.SURVIVES),
        ("tanh", "xavier", "none", lab.SURVIVES, lab.SURVIVES),
        ("selu", "lecun", "none", lab.SURVIVES, lab.SURVIVES),
        ("relu", "xavier", "none", lab.VANISHES, lab.VANISHES),
        ("relu", "torch_default", "none", lab.VANISHES, lab.VANISHES),
        ("sigmoid", "xavier", "none", lab.VANISHES, lab.VANISHES),
        ("sigmoid", "xavier", "batch", lab.SURVIVES, lab.SURVIVES),
        ("relu", "he", "batch", lab.SURVIVES, lab.EXPLODES),
        ("identity", "he", "none", lab.EXPLODES, lab.EXPLODES),
    ],
)
def test_verdicts_of_fifty_layers(unit, start, norm, ahead, back) -> None:
    found = lab.measured(ACTIVATIONS[unit], INITIALISATIONS[start], norm, batch=64)
    assert lab.verdict(found.signal).kind == ahead
    assert lab.verdict(found.gradient[::-1]).kind == back


def test_samples_that_fit() -> None:
    most = lab.most_samples(100, 512)
    assert 100 * 512 * most <= MAX_NUMBERS < 100 * 512 * (most + 1)
    propagate("relu", "he", depth=100, width=4, batch=32)


def test_every_cell_of_the_grids_is_a_network() -> None:
    found = lab.grid_of("none", 5, 64, 3, 1.0)
    assert [grid.shape for grid in found.values()] == [(len(lab.ROWS), len(lab.COLUMNS))] * 3
    one = propagate("tanh", "he", depth=5, width=64, batch=lab.SAMPLES, seed=3)
    ends = {name: grid[lab.ROWS.index("tanh"), 4] for name, grid in found.items()}
    assert ends == {"gradient": one.gradient_ratio, "signal": one.signal[-1], "deviation": one.std[-1]}


def test_panels_have_six_digits_of_what_they_record(monkeypatch) -> None:
    monkeypatch.setitem(lab.RECORDED, "depth", 5)
    monkeypatch.setitem(lab.RECORDED, "width", 64)
    exact = lab.grid_of("layer", **lab.RECORDED)
    for name, values in lab.PANELS["grid layer"]().items():
        np.testing.assert_allclose(values, exact[name], rtol=5e-6)
        assert all(value == float(f"{value:.6g}") or value != value for row in values for value in row)
    again = lab.recorded_symmetry(lab.PANELS["symmetry"]())
    for name, run in lab.symmetry().items():
        np.testing.assert_array_equal(again[name].steps, run.steps)
        np.testing.assert_allclose(again[name].loss, run.loss, rtol=5e-6)
        np.testing.assert_allclose(again[name].spread, run.spread, rtol=5e-6)


def test_training_equal_units_tells_how_far_it_is() -> None:
    parts: list[float] = []
    lab.symmetry.__wrapped__(0.5, 0, 40, parts.append)
    assert parts == sorted(parts) and parts[-1] == 1


def test_histograms_count_every_activation_once() -> None:
    found = propagate("tanh", "xavier", depth=6, width=16, batch=32)
    middles, parts = lab.histograms(found.layers, 8, -1.01, 1.01)
    assert middles[0] == pytest.approx(-1.01 + 1.01 / 80)
    np.testing.assert_allclose(parts[:, :6].sum(axis=0), 1)
    assert np.isnan(parts[:, 6:]).all()
    assert (parts[:, :6] @ np.ones(6) >= 0).all()
    mean = middles @ parts[:, 0]
    assert mean == pytest.approx(found.layers[0].mean, abs=0.03)


def test_histograms_in_deviations_have_deviation_one() -> None:
    found = propagate("tanh", "xavier", depth=3, width=64, batch=64)
    middles, parts = lab.histograms(found.layers, 3, -8, 8, relative=True, cells=400)
    np.testing.assert_allclose(middles @ parts, 0, atol=0.05)
    np.testing.assert_allclose(np.square(middles) @ parts, 1, atol=0.06)
    flat = propagate("tanh", with_parameters(INITIALISATIONS["constant"], level=0.0), depth=2, width=4, batch=4)
    assert np.isnan(lab.histograms(flat.layers, 2, -1, 1, relative=True)[1]).all()


def test_equal_units_stay_equal() -> None:
    """1-16-1 with tanh on sin(3x): what sixteen equal units, zeros, random ones and a single one reach."""
    found = lab.symmetry()
    ends = {name: run.loss[-1] for name, run in found.items()}
    assert ends["equal"] == pytest.approx(0.111, abs=5e-4)
    assert ends["zero"] == pytest.approx(0.515, abs=5e-4)
    assert ends["alone"] == pytest.approx(0.051, abs=5e-4)
    assert ends["random"] == pytest.approx(0.0025, abs=0.001)
    assert (found["equal"].spread == 0).all() and (found["zero"].spread == 0).all()
    assert found["random"].spread[-1] > 1
    assert [run.steps[0] for run in found.values()] == [0] * 4 and found["equal"].steps[-1] == 5000


@pytest.mark.parametrize("norm", ["none", "batch", "layer", "rms"])
def test_script_is_python(norm: str) -> None:
    for start in ("he", "torch_default", "normal"):
        script = lab.torch_script(ACTIVATIONS["leaky_relu"], INITIALISATIONS[start], norm, 3, 8, 16, 2.0)
        compile(script, start, "exec")
        assert ("zeros_(layer.bias)" in script) == (start != "torch_default")
        assert ("_norm(z" in script) == (norm != "none")
