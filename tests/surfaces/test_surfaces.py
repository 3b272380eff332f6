"""Every surface against calculus, its own facts, and critical points that were found elsewhere."""

from __future__ import annotations

import functools
import importlib
import inspect
import itertools
import json
import re
from collections.abc import Callable
from pathlib import Path
from types import FunctionType, SimpleNamespace

import mpmath
import numpy as np
import pytest
import sympy
from scipy import ndimage, optimize

import surfaces
from core import descend
from core.engine.evaluate import parameter_rows
from core.engine.spec import Surface
from surfaces import DATA_SURFACES, SURFACES

EPS = np.finfo(float).eps
ALL = pytest.mark.parametrize("surface", SURFACES, ids=lambda s: s.key)
KINKED = [s for s in SURFACES if s.kinks]
REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "critical_points.json").read_text())

EXACT = SimpleNamespace(
    sin=sympy.sin,
    cos=sympy.cos,
    exp=sympy.exp,
    sqrt=sympy.sqrt,
    abs=lambda u: sympy.sqrt(u**2),  # has a derivative that needs no distributions
    pi=sympy.pi,
    e=sympy.E,
)


@functools.cache
def calculus(key: str) -> list[list[Callable]]:
    """Run the code of `value` on symbols; return [[f], [f_x, f_y], [f_xx, f_xy, f_yy]] for mpmath numbers."""
    surface = surfaces.ALL_SURFACES[key]
    x, y = sympy.symbols("x y")
    exact = FunctionType(surface.formulas[0].__code__, {"np": EXACT})
    parameters = [sympy.Rational(float(p)) for p in parameter_rows(surface)]
    f = exact(x, y, *parameters)
    f = f.xreplace({number: sympy.Rational(str(number)) for number in f.atoms(sympy.Float)})
    derivatives = [[f], [f.diff(x), f.diff(y)], [f.diff(x, 2), f.diff(x, y), f.diff(y, 2)]]
    return [[sympy.lambdify((x, y), d, "mpmath", cse=True) for d in row] for row in derivatives]


def exactly(surface: Surface, order: int, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the derivatives of this order, (order + 1, N), from 30 digits."""
    with mpmath.workdps(30):
        points = [(mpmath.mpf(a), mpmath.mpf(b)) for a, b in zip(x.tolist(), y.tolist(), strict=True)]
        return np.array([[float(d(*p)) for p in points] for d in calculus(surface.key)[order]])


def scattered(surface: Surface, count: int = 25) -> np.ndarray:
    """Draw points of the window, (2, count). None of them lies on a kink."""
    x_low, x_high, y_low, y_high = surface.domain
    return np.random.default_rng(20).uniform([[x_low], [y_low]], [[x_high], [y_high]], (2, count))


def inside(surface: Surface, x: float, y: float) -> bool:
    x_low, x_high, y_low, y_high = surface.domain
    return bool(x_low <= x <= x_high and y_low <= y <= y_high)


@ALL
def test_value_agrees_with_thirty_digits(surface: Surface) -> None:
    x, y = scattered(surface)
    want = exactly(surface, 0, x, y)[0]
    # Where f passes through zero, rounding is measured against the size of f in the window.
    assert np.all(np.abs(surface.value(x, y) - want) <= 1e-12 * np.maximum(np.abs(want), 1e-3 * np.ptp(want)))


@ALL
def test_gradient_agrees_with_calculus(surface: Surface) -> None:
    x, y = scattered(surface)
    want = exactly(surface, 1, x, y)
    assert np.all(np.abs(surface.gradient(x, y) - want) <= 1e-9 * np.abs(want).max(axis=0))


@ALL
def test_hessian_agrees_with_calculus(surface: Surface) -> None:
    x, y = scattered(surface)
    want = exactly(surface, 2, x, y)
    assert np.all(np.abs(np.array(surface.hessian(x, y)) - want) <= 1e-9 * np.abs(want).max(axis=0))


@ALL
def test_minima_have_the_published_value_and_no_slope(surface: Surface) -> None:
    assert (surface.minimum is None) == (surface.minima == ())
    for x, y in surface.minima:
        assert inside(surface, x, y)
        assert surface.value(x, y) == pytest.approx(surface.minimum, rel=4 * EPS, abs=4 * EPS)
        xx, xy, yy = surface.hessian(x, y)
        rounding = 8 * EPS * (1 + (abs(xx) + abs(xy) + abs(yy)) * (1 + abs(x) + abs(y)))
        for slope, place, low, high in zip(
            surface.gradient(x, y), (x, y), surface.domain[::2], surface.domain[1::2], strict=True
        ):
            if place == low:
                assert slope >= -rounding
            elif place == high:
                assert slope <= rounding
            else:
                assert abs(slope) <= rounding


NO_SLOPE = {"xatol": 1e-12, "fatol": 1e-15}
WITH_SLOPE = {"ftol": 1e-15, "gtol": 1e-12}


def lowest(surface: Surface) -> list[tuple[float, float, float]]:
    """Polish the 16 lowest dips of a grid of 400 x 400; return their (f, x, y), the lowest first."""
    x_low, x_high, y_low, y_high = surface.domain
    x, y = np.meshgrid(np.linspace(x_low, x_high, 400), np.linspace(y_low, y_high, 400))
    f = surface.value(x, y)
    dips = np.flatnonzero(f == ndimage.minimum_filter(f, 3))
    dips = dips[np.argsort(f.flat[dips])][:16]
    found = []
    for start in zip(x.flat[dips], y.flat[dips], strict=True):
        search = {"fun": lambda p: surface.value(*p), "bounds": [(x_low, x_high), (y_low, y_high)]}
        if surface.kinks:
            result = optimize.minimize(**search, x0=start, method="Nelder-Mead", options=NO_SLOPE)
        else:
            result = optimize.minimize(
                **search, x0=start, method="L-BFGS-B", jac=lambda p: surface.gradient(*p), options=WITH_SLOPE
            )
        found.append((float(result.fun), float(result.x[0]), float(result.x[1])))
    return sorted(found)


@ALL
def test_no_other_point_of_the_window_is_as_low(surface: Surface) -> None:
    found = lowest(surface)
    if surface.minimum is None:
        f, x, y = found[0]
        assert x in surface.domain[:2] or y in surface.domain[2:], "the lowest point is not on the border"
        return
    assert found[0][0] >= surface.minimum - 1e-14 * max(1, abs(surface.minimum))
    if surface.key == "hyperbola":
        assert all(abs(x * y - 1) < 1e-3 for f, x, y in found if f < 1e-9)
        return
    reached = set()
    for f, x, y in found:
        if f <= surface.minimum + 1e-9 * max(1, abs(surface.minimum)):
            distances = [np.hypot(x - a, y - b) for a, b in surface.minima]
            assert min(distances) < 0.01, f"({x}, {y}) is as low and is not in minima"
            reached.add(int(np.argmin(distances)))
    # No method that trusts the slope gets along the ridge of Bukin's function.
    assert len(reached) == (0 if surface.key == "bukin6" else len(surface.minima))


@ALL
def test_runs_from_every_start_at_the_listed_rates(surface: Surface) -> None:
    assert surface.starts
    assert all(inside(surface, *start) for start in surface.starts)
    assert set(surface.rates) >= {"sgd", "momentum", "adam"}
    for optimizer, rate in surface.rates.items():
        run = descend(surface, optimizer, start=surface.starts[0], steps=2000, lr=rate)
        falls_forever = surface.minimum is None
        assert run.status in (("left the box",) if falls_forever else ("running", "converged")), optimizer
        assert run.value[-1] < run.value[0], optimizer


# What a surface teaches, where a run can contradict it: key, optimizer, number of the start, rate, end.
CLAIMS = [
    ("bowl", "sgd", 0, None, (0.0, 0.0)),
    ("camel3", "sgd", 0, None, (1.747552, -0.873776)),
    ("camel3", "momentum", 0, None, (0.0, 0.0)),
    ("camel3", "adam", 0, None, (0.0, 0.0)),
    ("doublewell", "sgd", 0, None, (0.960150, 0.0)),
    ("doublewell", "momentum", 0, None, (-1.035579, 0.0)),
    ("doublewell", "sgd", 1, None, (-1.035579, 0.0)),
    ("doublewell", "momentum", 1, None, (0.960150, 0.0)),
    ("easom", "sgd", 0, None, (np.pi, np.pi)),
    ("easom", "sgd", 1, None, (0.0, 0.0)),
    ("goldstein", "sgd", 0, None, (-0.6, -0.4)),
    ("goldstein", "momentum", 0, None, (0.0, -1.0)),
    ("michalewicz", "sgd", 1, None, (1.0, 0.5)),
    ("mccormick", "sgd", 1, None, (0.5 + 2 * np.pi / 3, -0.5 + 2 * np.pi / 3)),
    ("sharpflat", "sgd", 0, None, (-1.498567, 0.0)),
    ("sharpflat", "sgd", 0, 0.2, (1.458459, 0.0)),
    ("widening", "sgd", 0, None, (0.0, 6.0)),
]


@pytest.mark.parametrize(("key", "optimizer", "start", "rate", "end"), CLAIMS)
def test_runs_end_where_the_surface_says(
    key: str, optimizer: str, start: int, rate: float | None, end: tuple[float, float]
) -> None:
    spec = surfaces.ALL_SURFACES[key]
    run = descend(spec, optimizer, start=spec.starts[start], steps=2000, lr=rate or spec.rates[optimizer])
    assert run.path[-1] == pytest.approx(end, abs=1e-3)


def test_ravine45_is_the_ravine_turned() -> None:
    ravine, turned = surfaces.ALL_SURFACES["ravine"], surfaces.ALL_SURFACES["ravine45"]
    x, y = scattered(ravine)
    half = np.sqrt(0.5)
    assert turned.value(half * (x - y), half * (x + y)) == pytest.approx(ravine.value(x, y), rel=1e-12)
    flat = ravine.with_parameters(condition=1.0)
    assert flat.value(x, y) == pytest.approx(surfaces.ALL_SURFACES["bowl"].value(x, y))


@pytest.mark.parametrize("key", REFERENCE)
def test_critical_points_found_elsewhere(key: str) -> None:
    spec = surfaces.ALL_SURFACES[key]
    assert spec.domain == pytest.approx(REFERENCE[key]["domain"])
    for point in REFERENCE[key]["points"]:
        x, y, eigenvalues = point["x"], point["y"], point["eig"]
        steep = max(1.0, *np.abs(eigenvalues))
        assert spec.value(x, y) == pytest.approx(point["f"], rel=1e-10, abs=1e-12)
        assert np.hypot(*spec.gradient(x, y)) <= 1e-12 * steep
        xx, xy, yy = spec.hessian(x, y)
        got = np.linalg.eigvalsh([[xx, xy], [xy, yy]])
        assert got == pytest.approx(eigenvalues, rel=1e-6, abs=1e-9 * steep)
        if point["type"] == "minimum" and spec.minimum is not None:
            assert point["f"] >= spec.minimum - 1e-12 * max(1, abs(spec.minimum))


def test_every_file_is_in_the_list_and_every_listed_surface_has_its_file() -> None:
    files = {path.stem for path in Path(surfaces.__file__).parent.glob("*.py")} - {"__init__"}
    every = SURFACES + DATA_SURFACES
    modules = {s.formulas[0].__module__.removeprefix("surfaces.") for s in every}
    assert files == modules
    constants = {
        name: value
        for module in files
        for name, value in vars(importlib.import_module(f"surfaces.{module}")).items()
        if isinstance(value, Surface)
    }
    assert {name.lower(): value for name, value in constants.items()} == {s.key: s for s in every}
    assert len({s.key for s in every}) == len({s.title for s in every}) == len(every)
    for spec in SURFACES:
        assert modules >= {spec.key} or spec.formulas[0].__module__ == "surfaces.quadratic"


@ALL
def test_facts_are_complete(surface: Surface) -> None:
    x_low, x_high, y_low, y_high = surface.domain
    assert x_low < x_high
    assert y_low < y_high
    assert surface.latex
    assert surface.latex.count("{") == surface.latex.count("}")
    assert surface.latex.count(r"\left") == surface.latex.count(r"\right")
    assert surface.teaches.endswith(".")
    assert surface.colour in ("linear", "log")
    assert surface.colour_offset > 0
    assert surface.colour == "linear" or surface.minimum is not None
    document = inspect.getdoc(inspect.getmodule(surface.formulas[0])) or ""
    for cited in re.findall(r"(?:doi|arXiv):\S+[^\s;.,]|\b(?:19|20)\d\d\b", surface.source):
        assert cited in document, "the docstring of the file gives the full citation"
    assert re.search(r"\b(19|20)\d\d\b", surface.source)
    if "np.abs" in inspect.getsource(surface.formulas[0]):
        assert surface.kinks


KINKS = {
    "ackley": [(0.0, 0.0)],
    "l1valley": [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0)],
    "crossintray": [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0)],
    "holder": [(0.0, 0.0), (0.0, 1.0)],
    "bukin6": [(-10.0, 1.0), (-8.0, 0.64), (-10.0, 2.0)],
    "eggholder": [(0.0, -47.0), (20.0, -57.0), (57.0, 10.0)],
}


def test_every_kinked_surface_is_tried_at_a_kink() -> None:
    assert set(KINKS) == {s.key for s in KINKED}


@pytest.mark.parametrize(("key", "point"), [(key, p) for key, points in KINKS.items() for p in points])
def test_derivatives_are_finite_at_a_kink(key: str, point: tuple[float, float]) -> None:
    spec = surfaces.ALL_SURFACES[key]
    assert np.all(np.isfinite([spec.value(*point), *spec.gradient(*point), *spec.hessian(*point)]))
    # The value that is taken there lies between those on both sides, as a subgradient does.
    around = [(point[0] + dx, point[1] + dy) for dx, dy in itertools.product((-1e-3, 0, 1e-3), repeat=2)]
    slopes = np.array([spec.gradient(*p) for p in around])
    assert np.all(slopes.min(axis=0) <= spec.gradient(*point))
    assert np.all(spec.gradient(*point) <= slopes.max(axis=0))


def test_dropwave_is_smooth_at_its_centre() -> None:
    centre = np.array(surfaces.ALL_SURFACES["dropwave"].hessian(0.0, 0.0))
    assert np.array(surfaces.ALL_SURFACES["dropwave"].hessian(1e-6, 2e-6)) == pytest.approx(centre, abs=1e-6)


@ALL
def test_scalars_give_floats_and_arrays_broadcast(surface: Surface) -> None:
    x, y = scattered(surface, 3)
    assert type(surface.value(x[0], y[0])) is float
    for derivative, count in ((surface.gradient, 2), (surface.hessian, 3)):
        one = derivative(x[0], y[0])
        assert [type(d) for d in one] == [float] * count
        table = derivative(x[:, None], y[None, :])
        assert [d.shape for d in table] == [(3, 3)] * count
        # To the last digit or two: a block is computed with other instructions than a single point.
        assert [d[0, 0] for d in table] == pytest.approx(one, rel=1e-12)


@ALL
def test_what_is_not_a_number_stays_so(surface: Surface) -> None:
    for point in ((np.nan, 0.5), (0.5, np.nan), (np.nan, np.nan)):
        assert np.isnan(surface.value(*point))
        assert np.isnan(surface.gradient(*point)).any()
        surface.hessian(*point)


def test_an_unknown_key_is_named_with_what_is_allowed() -> None:
    assert surfaces.ALL_SURFACES["rosenbrock"].key == "rosenbrock"
    with pytest.raises(ValueError, match=r"surface: got 'sphere', allowed are bowl, ravine, .*eggholder"):
        surfaces.ALL_SURFACES["sphere"]
