"""Activations beside one another: curves with gaps at jumps, atoms, wide layers beside real ones, dead neurons."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core import descend
from core.networks.activations import ACTIVATIONS
from core.networks.moments import Inputs
from core.networks.parameters import with_parameters
from pages.activations import measure as gallery

KEYS = [row.key for row in ACTIVATIONS]


def test_a_curve_has_a_gap_where_it_jumps_and_nowhere_else() -> None:
    relu = ACTIVATIONS["relu"]
    for order, gaps in ((0, []), (1, [0.0]), (2, [])):
        x, y = gallery.sampled(relu, order, 3.0)
        assert x[np.isnan(y)].tolist() == gaps
        assert np.all(np.diff(x) > 0)
    x, y = gallery.sampled(ACTIVATIONS["hard_swish"], 2, 4.0)
    assert x[np.isnan(y)].tolist() == [-3.0, 3.0]
    assert not np.isnan(gallery.sampled(ACTIVATIONS["hard_swish"], 2, 2.0)[1]).any()


@pytest.mark.parametrize("key", KEYS)
def test_a_curve_is_the_function(key: str) -> None:
    row = ACTIVATIONS[key]
    for order, formula in enumerate((row.value, row.slope, row.curvature)):
        x, y = gallery.sampled(row, order, 5.0)
        shown = ~np.isnan(y)
        np.testing.assert_array_equal(y[shown], formula(x)[shown])


@pytest.mark.parametrize("key", KEYS)
def test_every_output_is_counted_once(key: str) -> None:
    row, z = ACTIVATIONS[key], Inputs(std=3.0).sample(gallery.SAMPLES)
    found = gallery.outputs(row, z, gallery.common_edges([row], z))
    assert found.share.sum() + sum(part for _value, part in found.atoms) == pytest.approx(1, abs=1e-12)


def test_atoms_are_the_flat_regions() -> None:
    z = Inputs(std=3.0).sample(gallery.SAMPLES)
    edges = gallery.common_edges([ACTIVATIONS["hard_sigmoid"]], z)
    atoms = dict(gallery.outputs(ACTIVATIONS["hard_sigmoid"], z, edges).atoms)
    part = 0.5 * math.erfc(1 / math.sqrt(2))  # beyond 3, one standard deviation
    error = 4 * math.sqrt(part * (1 - part) / gallery.SAMPLES)
    assert atoms == {0.0: pytest.approx(part, abs=error), 1.0: pytest.approx(part, abs=error)}
    assert gallery.outputs(ACTIVATIONS["tanh"], z, edges).atoms == ()


def test_bins_hold_a_sample_without_spread() -> None:
    z = Inputs(std=0.0).sample(10)
    edges = gallery.common_edges([ACTIVATIONS["tanh"]], z)
    assert gallery.outputs(ACTIVATIONS["tanh"], z, edges).share.sum() == 1


@pytest.mark.parametrize("key", KEYS)
def test_sample_means_lie_within_their_errors(key: str) -> None:
    inputs = Inputs("uniform", 0.5, 2.0)
    found = gallery.statistics(ACTIVATIONS[key], inputs, inputs.sample(gallery.SAMPLES, 3))
    assert list(found) == ["mean", "square", "slope_square"]
    for own in found.values():
        assert abs(own.sample - own.exact) <= 4.5 * own.error + 1e-12


@pytest.mark.parametrize("key", KEYS)
def test_no_product_of_slopes_exceeds_its_bound(key: str) -> None:
    for x in (-2.0, 0.0, 1.0, 3.0):
        for weight in (0.5, -1.5):
            end = gallery.through(ACTIVATIONS[key], gallery.Course(x, 12, weight, 0.1))
            assert abs(end.product[-1]) <= end.bound * (1 + 1e-9)
            assert end.value[0] == x and len(end.wide) == 13
    ten = gallery.through(ACTIVATIONS["sigmoid"], gallery.Course())
    assert ten.bound == pytest.approx(9.5e-7, rel=0.01)


def test_real_layers_follow_the_wide_ones() -> None:
    """128 units differ from infinitely many by up to a tenth a layer; eight seeds differ less."""
    for key, variance in (("selu", 1.0), ("relu", 2.0), ("tanh", 1.0)):
        wide = gallery.wide_layers(ACTIVATIONS[key], 1.0, 4, variance)
        real = np.mean(
            [gallery.real_layers(ACTIVATIONS[key], 1.0, 4, variance, seed=seed) for seed in range(8)], axis=0
        )
        np.testing.assert_allclose(real, wide, rtol=0.1)
    assert gallery.wide_layers(ACTIVATIONS["selu"], 3.0, 100, 1.0)[[10, 100]] == pytest.approx([1.11, 1.001], abs=6e-3)


def test_wide_layers_may_be_without_signal() -> None:
    assert gallery.wide_layers(ACTIVATIONS["relu"], 0.0, 5, 1.0).tolist() == [0.0] * 6
    assert gallery.wide_layers(ACTIVATIONS["sigmoid"], 0.0, 1, 1.0).tolist() == [0.0, 0.5]


def test_the_silent_region_is_where_the_gradient_is_exactly_zero() -> None:
    chosen, w = gallery.neuron("dead_relu"), np.linspace(-2, 2, 41)
    b = gallery.silent_below("dead_relu", w)
    np.testing.assert_allclose(b, -np.abs(w), atol=1e-15)
    inside, outside = chosen.gradient(w, b - 1e-9), chosen.gradient(w, b + 0.3)
    assert not np.any(inside)
    assert np.all(np.hypot(*outside) > 0)
    assert np.all(np.hypot(*gallery.neuron("leaky_relu").gradient(w, b - 1e-9)) > 0)
    np.testing.assert_allclose(chosen.value(w, b - 1.0), 0.18333, atol=5e-6)


def test_a_neuron_is_silent_from_the_step_that_kills_it() -> None:
    start = {"steps": 400, "lr": 3.0}
    killed = descend(gallery.neuron("dead_relu"), "sgd", (0.5, 1.0), **start)
    assert killed.path[1] == pytest.approx([0.5, -3.43], abs=2e-3)
    assert gallery.silent_since(killed) == 1
    calm = descend(gallery.neuron("dead_relu"), "sgd", (0.5, 1.0), 400, 0.5)
    assert gallery.silent_since(calm) == -1
    woken = descend(gallery.neuron("leaky_relu"), "sgd", (0.5, -1.0), 400, 0.5)
    assert gallery.silent_since(woken) == -1
    assert woken.value[-1] == pytest.approx(1.8e-5, rel=0.03)
    assert gallery.silent_since(descend(gallery.neuron("dead_relu"), "adam", (0.5, -1.0), 50, 0.05)) == 0
    with pytest.raises(ValueError, match=r"^surface: bowl has no rows"):
        gallery.silent_since(descend("bowl", "sgd", (1.0, 1.0), 2, 0.1))


def test_deaths_grow_with_the_rate() -> None:
    low, high = gallery.deaths("relu", (0.05, 0.4), 5, 300)
    assert (low.rate, high.rate) == (0.05, 0.4)
    assert low.silent < 0.03 and high.silent > 0.6 and 0 < high.error < 0.2
    assert math.isnan(gallery.deaths("relu", (0.05,), 1, 2)[0].error)


def test_the_panel_of_deaths_has_six_digits_of_them() -> None:
    found = gallery.PANELS["deaths"]()
    for key in ("relu", "leaky_relu"):
        for name in ("silent", "error", "loss"):
            exact = [getattr(row, name) for row in gallery.deaths(key)]
            assert found[f"{key}_{name}"] == [float(f"{value:.6g}") for value in exact]


def test_a_slope_has_arrived_when_it_stays() -> None:
    assert gallery.learned_at(np.array([0.25, 0.5, 0.9, 0.5, 0.5]), 0.5) == 3
    assert gallery.learned_at(np.array([0.25, 0.4]), 0.5) == -1
    assert gallery.learned_at(np.array([0.5, 0.5]), 0.5) == 0
    assert gallery.learned_at(np.array([0.5, np.nan]), 0.5) == -1
    steps = [gallery.learned_at(gallery.learned(0.25, target), target) for target in (0.5, 0.0, -0.3, -1.0, 1.0)]
    assert steps == pytest.approx([37, 37, 42, 48, 45], abs=1)
    astray = gallery.learned(0.25, 0.5, 2.0, 2000)
    assert gallery.learned_at(astray, 0.5) == -1
    assert np.abs(astray[gallery.lost_at(astray)]) > gallery.LOST >= np.abs(astray[: gallery.lost_at(astray)]).max()
    assert gallery.lost_at(gallery.learned(0.25, 0.5)) == -1


@pytest.mark.parametrize("key", KEYS)
def test_the_pytorch_script_is_python_and_names_the_module(key: str) -> None:
    row = ACTIVATIONS[key]
    changed = with_parameters(row, **{p.key: 0.5 for p in row.parameters})
    script = gallery.torch_values(changed, 6.0)
    compile(script, key, "exec")
    assert "torch.nn." in script or "torch.sigmoid(0.5 * x)" in script
