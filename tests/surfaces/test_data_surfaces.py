"""Losses from data: one row against calculus, the mean against a plain one, and what the surfaces claim."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from dataclasses import replace
from types import FunctionType, SimpleNamespace

import numpy as np
import pytest
import sympy

import surfaces
from core import descend, descend_many
from core.analysis.basins import basin_map
from core.analysis.critical_points import find
from core.analysis.curvature import curvature_map
from core.engine.data import Data, noisy_line, two_classes
from core.engine.evaluate import parameter_rows
from core.engine.spec import Surface
from surfaces import DATA_SURFACES
from surfaces.linear_regression import linear_regression
from surfaces.logistic_regression import logistic_regression, smoothed
from surfaces.neuron import SIGNS

ALL = pytest.mark.parametrize("surface", DATA_SURFACES, ids=lambda s: s.key)
EXACT = SimpleNamespace(
    exp=sympy.exp,
    logaddexp=lambda u, v: sympy.log(sympy.exp(u) + sympy.exp(v)),
    maximum=lambda u, v: (u + v + sympy.sqrt((u - v) ** 2)) / 2,  # has a derivative that needs no distributions
)


@functools.cache
def calculus(formula: Callable, parameters: tuple) -> list[list[Callable]]:
    """Run the code of `value` on symbols; return [[f], [f_w, f_b], [f_ww, f_wb, f_bb]] of (w, b, x, y), 30 digits."""
    w, b, x, y = sympy.symbols("w b x y")
    f = FunctionType(formula.__code__, {"np": EXACT})(w, b, *(sympy.Rational(float(p)) for p in parameters), x, y)
    derivatives = [[f], [f.diff(w), f.diff(b)], [f.diff(w, 2), f.diff(w, b), f.diff(b, 2)]]
    return [[sympy.lambdify((w, b, x, y), d, "mpmath", cse=True) for d in row] for row in derivatives]


def scattered(surface: Surface, count: int = 25) -> np.ndarray:
    x_low, x_high, y_low, y_high = surface.domain
    return np.random.default_rng(20).uniform([[x_low], [y_low]], [[x_high], [y_high]], (2, count))


@ALL
@pytest.mark.parametrize("order", [0, 1, 2])
def test_derivatives_of_one_row_agree_with_calculus(surface: Surface, order: int) -> None:
    rng = np.random.default_rng(order)
    parameters = parameter_rows(surface)
    labels = surface.data.y
    for w, b in scattered(surface).T:
        x, y = rng.normal(), float(rng.choice(labels))
        one = replace(surface, data=Data([[x, y]]))
        want = [float(d(w, b, x, y)) for d in calculus(surface.formulas[0], parameters)[order]]
        got = (one.value(w, b),) if order == 0 else (one.gradient, one.hessian)[order - 1](w, b)
        assert got == pytest.approx(want, rel=1e-9, abs=1e-11)


@ALL
def test_kernel_takes_the_mean_over_the_rows(surface: Surface) -> None:
    parameters = parameter_rows(surface)
    points = scattered(surface, 70)
    for order, got in enumerate(((surface.value(*points),), surface.gradient(*points), surface.hessian(*points))):
        for k in (0, 33, 69):
            rows = [surface.formulas[order](*points[:, k], *parameters, *row) for row in surface.data.rows]
            want = np.atleast_1d(np.mean(rows, axis=0))
            assert [part[k] for part in got] == pytest.approx(want, rel=1e-12, abs=1e-14)


@ALL
def test_minima_are_lowest_and_level(surface: Surface) -> None:
    x_low, x_high, y_low, y_high = surface.domain
    x, y = np.linspace(x_low, x_high, 301), np.linspace(y_low, y_high, 301)
    grid = surface.value(x[None, :], y[:, None])
    assert (surface.minimum is None) == (surface.minima == ())
    if surface.minimum is None:
        row, column = np.unravel_index(np.argmin(grid), grid.shape)
        assert row in (0, 300) or column in (0, 300)
        return
    assert grid.min() >= surface.minimum
    for point in surface.minima:
        assert surface.value(*point) == pytest.approx(surface.minimum, rel=1e-14, abs=1e-16)
        assert surface.gradient(*point) == pytest.approx((0, 0), abs=1e-14)


@ALL
def test_runs_from_every_start_at_the_listed_rates(surface: Surface) -> None:
    assert set(surface.rates) >= {"sgd", "momentum", "adam"}
    for start in surface.starts:
        for optimizer, rate in surface.rates.items():
            run = descend(surface, optimizer, start, 2000, rate)
            dead = surface.key == "dead_relu" and start == surface.starts[0]
            assert run.status in ("running", "converged")
            assert run.value[-1] == run.value[0] if dead else run.value[-1] < run.value[0]


@ALL
def test_facts_are_complete(surface: Surface) -> None:
    x_low, x_high, y_low, y_high = surface.domain
    assert all(x_low <= x <= x_high and y_low <= y <= y_high for x, y in (*surface.starts, *surface.minima))
    assert surface.latex.count("{") == surface.latex.count("}")
    assert surface.teaches.endswith(".")
    document = inspect.getdoc(inspect.getmodule(surface.formulas[0])) or ""
    for cited in re.findall(r"(?:doi|arXiv):\S+[^\s;.,]|\b(?:19|20)\d\d\b", surface.source):
        assert cited in document, cited
    assert surfaces.ALL_SURFACES[surface.key] is surface
    assert hash(surface) == hash(replace(surface))
    assert surface == replace(surface)
    assert surface == replace(surface, data=Data(surface.data.rows))
    assert surface != replace(surface, data=Data(surface.data.rows + 1))


@ALL
def test_tools_of_the_other_pages_work(surface: Surface) -> None:
    atlas = find(surface)
    bends = curvature_map(surface, 20)
    basins = basin_map(surface, "sgd", 12, 200, surface.rates["sgd"], atlas=atlas)
    assert np.isfinite(bends.smallest).all()
    assert basins.end.shape == (12, 12)
    if surface.key in ("linear_regression", "logistic_regression"):
        assert atlas.complete
        assert atlas.points[0].kind == "minimum"
        assert (atlas.points[0].x, atlas.points[0].y) == pytest.approx(surface.minima[0], abs=1e-8)
        assert bends.smallest.min() > 0
    if surface.key == "dead_relu":
        (flat,) = [curve for curve in atlas.curves if curve.kind == "flat region"]
        w, b = flat.points
        assert np.all(b <= -np.abs(w) + 1e-9)


# What the teaching data show.


def test_line_of_the_teaching_data() -> None:
    line = surfaces.ALL_SURFACES["linear_regression"]
    assert line.minima[0] == pytest.approx((2.01982, -1.02499), abs=5e-6)
    assert line.minimum == pytest.approx(0.12652, abs=5e-6)
    xx, xy, yy = line.hessian(0.0, 0.0)
    assert np.linalg.eigvalsh([[xx, xy], [xy, yy]]) == pytest.approx([0.99985, 1.02395], abs=5e-6)
    assert line.starts[0] == pytest.approx((-3.0, 4.0), abs=1e-12)


# Steps until the neuron tells all rows apart: loss, start, SGD, momentum, Adam; None where 20 000 are not enough.
SATURATED = [
    ("neuron_squared", -6.0, (569, 91, 168), 0.0097),
    ("neuron_squared", -12.0, (None, None, 2223), 0.0033),
    ("neuron_entropy", -6.0, (12, 5, 64), 1.01),
    ("neuron_entropy", -12.0, (17, 6, 124), 1.02),
]


@pytest.mark.parametrize(("key", "w", "steps", "slope"), SATURATED)
def test_plateau_of_a_saturated_neuron(key: str, w: float, steps: tuple, slope: float) -> None:
    neuron = surfaces.ALL_SURFACES[key]
    for (optimizer, rate), want in zip((("sgd", 1.0), ("momentum", 1.0), ("adam", 0.1)), steps, strict=True):
        run = descend(neuron, optimizer, (w, 0.5), 20_000, rate)
        right = np.all((run.path @ [SIGNS.x, np.ones(len(SIGNS))] > 0) == (SIGNS.y > 0), axis=1)
        assert (int(np.argmax(right)) if right.any() else None) == want
        assert run.gradient_norm[0] == pytest.approx(slope, rel=0.02)


def test_dead_neuron_stays_dead_and_a_leak_saves_it() -> None:
    dead = descend("dead_relu", "sgd", (0.5, -1.0), 400, 0.5)
    assert dead.value[-1] == pytest.approx(0.18333, abs=5e-6)
    assert np.all(dead.gradient == 0)
    alive = descend("leaky_relu", "sgd", (0.5, -1.0), 400, 0.5)
    assert alive.value[-1] == pytest.approx(1.8e-5, rel=0.02)
    killed = descend("dead_relu", "sgd", (0.5, 1.0), 1, 3.0)
    assert killed.path[1] == pytest.approx((0.5, -3.43), abs=2e-3)
    assert np.all(killed.gradient[1] == 0)


def test_flat_region_is_where_no_row_is_active() -> None:
    ramp = surfaces.ALL_SURFACES["dead_relu"]
    w, b = np.random.default_rng(0).uniform(-2, 2, (2, 4000))
    flat = np.hypot(*ramp.gradient(w, b)) == 0
    assert np.array_equal(flat, b <= -np.abs(w))
    assert np.all(ramp.value(w[flat], b[flat]) == pytest.approx(ramp.value(0.5, -1.0)))


@pytest.mark.parametrize(("smoothing", "want"), [(0.0, (4.9, 10.7, 23.5, 52.3)), (0.1, (None, 2.7595, 2.7595, 2.7595))])
def test_separable_labels_drive_the_weight_for_ever_unless_they_are_smoothed(smoothing: float, want: tuple) -> None:
    spec = logistic_regression(smoothed(SIGNS, smoothing))
    run = descend(spec, "sgd", (0.0, 0.0), 100_000, 1.0)
    for step, weight in zip((100, 1000, 10_000, 100_000), want, strict=True):
        assert weight is None or run.path[step, 0] == pytest.approx(weight, abs=0.05 if smoothing == 0 else 5e-5)
    if smoothing:
        assert spec.minima[0] == pytest.approx(run.path[-1], abs=1e-8)
    else:
        assert spec.minima == ()
        assert find(spec).points == ()


# Data that a visitor shapes.


@pytest.mark.parametrize("correlation", [0.0, 0.9, -0.99])
@pytest.mark.parametrize("outliers", [0.0, 0.2])
@pytest.mark.parametrize("size", [2, 30, 10_000])
def test_shaped_data_make_a_surface_to_descend(correlation: float, outliers: float, size: int) -> None:
    line = linear_regression(noisy_line(size, 0.5, outliers, correlation, seed=3))
    run = descend(line, "sgd", steps=100, lr=line.rates["sgd"])
    assert run.status in ("running", "converged")
    assert run.value[-1] < run.value[0]
    assert line.minimum <= run.value.min() + 1e-12
    x_low, x_high, y_low, y_high = line.domain
    assert x_low < 2 < x_high and y_low < -1 < y_high


@pytest.mark.parametrize("noise", [0.0, 0.5, 5.0])
@pytest.mark.parametrize("size", [20, 1000])
def test_shaped_classes_have_a_minimum_exactly_where_they_overlap(noise: float, size: int) -> None:
    spec = logistic_regression(two_classes(size, noise, seed=1))
    assert (spec.minimum is None) == (noise == 0)
    run = descend(spec, "momentum", steps=3000, lr=spec.rates["momentum"])
    if noise:
        assert run.path[-1] == pytest.approx(spec.minima[0], rel=1e-3, abs=1e-3)


def test_new_data_need_no_new_kernel() -> None:
    from core.engine.kernels import surface_kernel

    descend(linear_regression(noisy_line(seed=1)), "sgd", steps=1)
    before = surface_kernel.cache_info().misses
    for seed in range(2, 5):
        line = linear_regression(noisy_line(100 * seed, seed=seed))
        assert descend(line, "sgd", steps=3000, lr=0.5).path[-1] == pytest.approx(line.minima[0], abs=1e-10)
    assert surface_kernel.cache_info().misses == before


def test_data_live_as_long_as_their_surface() -> None:
    lines = [linear_regression(noisy_line(5000, seed=seed)) for seed in range(20)]
    values = [line.value(0.0, 0.0) for line in lines]
    assert values == pytest.approx([0.5 * np.mean(line.data.y**2) for line in lines], rel=1e-12)


def test_useless_data_are_refused() -> None:
    flat = Data([[1.0, 0.0], [1.0, 1.0]])
    for make in (linear_regression, logistic_regression):
        with pytest.raises(ValueError, match="data: got x = 1 in every row"):
            make(flat)
    with pytest.raises(ValueError, match="data: got labels from -"):
        logistic_regression(noisy_line())


def test_interpolating_rows_leave_no_noise_at_the_minimum() -> None:
    from core.engine.batches import Batches

    exact = linear_regression(noisy_line(noise=0.0))
    runs = descend_many(exact, "sgd", np.tile([[-3.0], [4.0]], 400), 100, 0.2, batches=Batches(1))
    error = np.sum((runs.final - np.array([[2.0], [-1.0]])) ** 2, axis=0)
    assert 1e-19 < np.median(error) < 1e-16
