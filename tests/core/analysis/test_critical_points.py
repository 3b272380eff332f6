"""The atlas against tables found elsewhere, against closed forms, and every proof of completeness worked out again."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from types import FunctionType, SimpleNamespace

import numpy as np
import pytest
import sympy
from mpmath import iv
from scipy import optimize

import surfaces
from core.analysis.critical_points import KINDS, SAMPLES, Atlas, find, newton_walk
from core.analysis.tuning import random_starts
from core.engine.spec import Surface
from surfaces import SURFACES
from tests.toys import HALF_PLANE, SLOPE, toy

REFERENCE = json.loads((Path(__file__).parents[2] / "reference" / "critical_points.json").read_text())
ALL = pytest.mark.parametrize("surface", SURFACES, ids=lambda s: s.key)
X, Y = sympy.symbols("x y", real=True)


@functools.cache
def atlas(key: str) -> Atlas:
    return find(key)


def exact(key: str) -> sympy.Expr:
    """Run the code of `value` on symbols, with every decimal number taken as the fraction it is written as."""
    namespace = SimpleNamespace(sin=sympy.sin, cos=sympy.cos, exp=sympy.exp, sqrt=sympy.sqrt, pi=sympy.pi)
    f = FunctionType(surfaces.ALL_SURFACES[key].formulas[0].__code__, {"np": namespace})(X, Y)
    return f.xreplace({number: sympy.Rational(str(number)) for number in f.atoms(sympy.Float)})


def distance_to_nearest(found: np.ndarray, x: float, y: float) -> float:
    return float(np.hypot(found[0] - x, found[1] - y).min(initial=np.inf))


# The tables


@pytest.mark.parametrize("key", REFERENCE)
def test_atlas_agrees_with_the_table(key: str) -> None:
    got = atlas(key)
    for want in REFERENCE[key]["points"]:
        point = got.nearest(want["x"], want["y"])
        assert point is not None
        assert np.hypot(point.x - want["x"], point.y - want["y"]) <= 1e-6
        assert point.kind == want["type"]
        assert point.value == pytest.approx(want["f"], rel=1e-9, abs=1e-12)
        if want["type"] != "degenerate":
            assert point.eigenvalues == pytest.approx(want["eig"], rel=1e-6)
            assert point.index == want["index"]
            assert point.condition == pytest.approx(want["cond"], rel=1e-6)
            assert (point.stable_rate is None) == (want["lr_max_gd"] is None)
            if point.stable_rate is not None:
                assert point.stable_rate == pytest.approx(want["lr_max_gd"], rel=1e-6)
    counts = REFERENCE[key].get("counts") or REFERENCE[key].get("counts_found")
    if counts:
        assert {kind: n for kind, n in got.counts.items() if n} == counts
    if REFERENCE[key]["complete"]:
        assert got.complete


def roots(f: Callable[[float], float], low: float, high: float, samples: int = 10_000) -> list[float]:
    """Return the simple roots of f between low and high."""
    x = np.linspace(low, high, samples)
    ups = np.flatnonzero(np.sign(f(x[:-1])) != np.sign(f(x[1:])))
    return [optimize.brentq(f, x[k], x[k + 1], xtol=1e-15) for k in ups]


def mccormick_points() -> list[tuple[float, float]]:
    turns = [u for k in (-1, 0, 1) for u in (2 * np.pi * k + 2 * np.pi / 3, 2 * np.pi * k - 2 * np.pi / 3)]
    return [(0.5 * (u + 1), 0.5 * (u - 1)) for u in turns]


def branin_points() -> list[tuple[float, float]]:
    xs = np.arange(-1, 4) * np.pi
    return [(x, 5.1 / (4 * np.pi**2) * x**2 - 5 / np.pi * x + 6) for x in xs]


def goldstein_points() -> list[tuple[float, float]]:
    return [((3 * s + t) / 5, (2 * s - t) / 5) for s in (-1, 1, 2) for t in (0, 1, 3)]


def easom_points() -> list[tuple[float, float]]:
    steep = roots(lambda x: np.sin(x) + 2 * (x - np.pi) * np.cos(x), 0, 6)
    level = [np.pi / 2, 3 * np.pi / 2]
    return [(a, b) for a in steep for b in steep] + [(a, b) for a in level for b in level]


def rastrigin_points() -> list[tuple[float, float]]:
    one = roots(lambda x: x + 10 * np.pi * np.sin(2 * np.pi * x), -5.12, 5.12)
    return [(a, b) for a in one for b in one]


CLOSED = {
    "mccormick": (mccormick_points, (2, 1, 0)),
    "branin": (branin_points, (3, 2, 0)),
    "goldstein": (goldstein_points, (4, 4, 1)),
    "easom": (easom_points, (5, 4, 4)),
    "rastrigin": (rastrigin_points, (121, 220, 100)),
    "booth": (lambda: [(1, 3)], (1, 0, 0)),
    "matyas": (lambda: [(0, 0)], (1, 0, 0)),
}


@pytest.mark.parametrize("key", CLOSED)
def test_atlas_agrees_with_the_closed_form(key: str) -> None:
    points, counts = CLOSED[key]
    got = atlas(key)
    x_low, x_high, y_low, y_high = got.window
    want = [(x, y) for x, y in points() if x_low <= x <= x_high and y_low <= y <= y_high]
    assert len(got.points) == len(want)
    assert all(distance_to_nearest(got.positions, *point) <= 1e-10 * (x_high - x_low) for point in want)
    assert tuple(got.counts[kind] for kind in KINDS) == (*counts, 0)


def test_counts_of_griewank_and_six_hump_camel() -> None:
    assert [atlas("griewank").counts[kind] for kind in KINDS] == [17, 24, 18, 0]
    assert [atlas("camel6").counts[kind] for kind in KINDS] == [6, 7, 2, 0]


# Every surface


@ALL
def test_listed_points_are_critical_and_named_by_their_eigenvalues(surface: Surface) -> None:
    got = atlas(surface.key)
    x_low, x_high, y_low, y_high = got.window
    size = np.hypot(x_high - x_low, y_high - y_low)
    for point in got.points:
        gradient, (xx, xy, yy) = surface.gradient(point.x, point.y), surface.hessian(point.x, point.y)
        hessian = np.array([[xx, xy], [xy, yy]])
        assert point.value == pytest.approx(surface.value(point.x, point.y), rel=1e-12, abs=1e-14)
        if point.kind == "degenerate":
            assert np.isinf(point.condition)
            assert point.stable_rate is None
            continue
        assert np.hypot(*np.linalg.solve(hessian, gradient)) <= 1e-10 * size
        got_eigenvalues = np.linalg.eigvalsh(hessian)
        assert point.eigenvalues == pytest.approx(got_eigenvalues, rel=1e-9)
        assert point.index == (got_eigenvalues < 0).sum() == ("minimum", "saddle", "maximum").index(point.kind)
    if len(got.points) > 1:
        apart = np.abs(np.subtract.outer(*2 * [got.positions[0] + 1j * got.positions[1]]))
        np.fill_diagonal(apart, np.inf)
        assert apart.min() > 1e-4 * size, "one point is listed twice"


@ALL
def test_known_minima_are_in_the_atlas(surface: Surface) -> None:
    got = atlas(surface.key)
    everything = np.hstack([got.positions, *(curve.points for curve in got.curves)])
    x_low, x_high, y_low, y_high = surface.domain
    for x, y in surface.minima:
        on_a_kink = surface.key in ("ackley", "l1valley", "bukin6")
        on_the_border = x in (x_low, x_high) or y in (y_low, y_high)
        near = distance_to_nearest(everything, x, y) <= (1e-6 if not got.curves else 0.01 * (x_high - x_low))
        assert near != (on_a_kink or on_the_border)


def turns_on_the_border(surface: Surface, samples: int = 40_000) -> int:
    """Count how often the gradient turns around on a walk along the border of the window."""
    x_low, x_high, y_low, y_high = surface.domain
    x, y = np.linspace(x_low, x_high, samples), np.linspace(y_low, y_high, samples)
    around_x = np.concatenate([x, np.full(samples, x_high), x[::-1], np.full(samples, x_low)])
    around_y = np.concatenate([np.full(samples, y_low), y, np.full(samples, y_high), y[::-1]])
    f_x, f_y = surface.gradient(around_x, around_y)
    angle = np.unwrap(np.arctan2(f_y, f_x))
    return round((angle[-1] - angle[0]) / (2 * np.pi))


SMOOTH_AND_REGULAR = [
    s
    for s in SURFACES
    if not s.kinks and s.key not in ("hyperbola", "dropwave", "michalewicz", "monkey", "monkey_bounded")
]


@pytest.mark.parametrize("surface", SMOOTH_AND_REGULAR, ids=lambda s: s.key)
def test_points_add_up_to_the_turns_of_the_gradient_on_the_border(surface: Surface) -> None:
    """Poincaré and Hopf: minima and maxima count +1, saddles -1. One missing point would break the sum."""
    counts = atlas(surface.key).counts
    assert counts["minimum"] + counts["maximum"] - counts["saddle"] == turns_on_the_border(surface)
    assert counts["degenerate"] == 0


# Completeness


@ALL
def test_complete_is_said_only_with_a_proof(surface: Surface) -> None:
    got = atlas(surface.key)
    assert (surface.isolated is None) == (surface.proof == "")
    assert got.complete == (surface.isolated is not None)
    if got.complete:
        assert len(got.points) == surface.isolated
        assert got.how == surface.proof
    else:
        assert f"search from {got.starts} starts" in got.how


def real_roots(expression: sympy.Expr, symbol: sympy.Symbol, low, high) -> int:
    """Count the real roots of a polynomial in [low, high], by Sturm's theorem. It must have no double root."""
    polynomial = sympy.Poly(sympy.numer(sympy.together(expression)), symbol)
    assert sympy.gcd(polynomial, polynomial.diff(symbol)).degree() == 0
    return polynomial.count_roots(sympy.Rational(str(low)), sympy.Rational(str(high)))


def roots_by_intervals(f: Callable, slope: Callable, low: float, high: float) -> int:
    """Count the roots of f in [low, high] with interval arithmetic, which proves the number. `slope` is f'."""
    pieces, count = [(low, high)], 0
    while pieces:
        a, b = pieces.pop()
        piece = iv.mpf([a, b])
        if 0 not in f(piece):
            continue
        if 0 not in slope(piece):
            at_ends = f(iv.mpf(a)), f(iv.mpf(b))
            assert all(0 not in end for end in at_ends)
            count += (at_ends[0] > 0) != (at_ends[1] > 0)
            continue
        assert b - a > 1e-9
        middle = a + 0.4871 * (b - a)
        pieces += [(a, middle), (middle, b)]
    return count


def slopes(key: str) -> tuple[sympy.Expr, sympy.Expr]:
    f = exact(key)
    return f.diff(X), f.diff(Y)


def linear(key: str) -> int:
    hessian = sympy.hessian(exact(key), (X, Y))
    assert not hessian.free_symbols
    assert hessian.det() != 0
    return 1


def separable(key: str, x_roots: int, y_roots: int) -> int:
    x_low, x_high, y_low, y_high = surfaces.ALL_SURFACES[key].domain
    f_x, f_y = slopes(key)
    assert f_x.diff(Y) == 0
    assert real_roots(f_x, X, x_low, x_high) == x_roots
    assert real_roots(f_y, Y, y_low, y_high) == y_roots
    return x_roots * y_roots


def resultant(key: str, eliminated: sympy.Symbol, degree: int) -> int:
    kept = X if eliminated is Y else Y
    f_x, f_y = (sympy.Poly(sympy.nsimplify(slope), X, Y) for slope in slopes(key))
    left = sympy.Poly(sympy.resultant(f_x.as_expr(), f_y.as_expr(), eliminated), kept)
    assert left.degree() == degree
    return real_roots(left.as_expr(), kept, -10, 10)


def rosenbrock() -> int:
    f_x, f_y = slopes("rosenbrock")
    assert sympy.solve(f_y, Y) == [X**2]
    assert sympy.expand(f_x.subs(Y, X**2) - 2 * (X - 1)) == 0
    return 1


def beale() -> int:
    f_x, f_y = map(sympy.expand, slopes("beale"))
    assert sympy.degree(f_x, X) == 1
    factor = f_x.coeff(X, 1)
    assert sympy.real_roots(factor) == [1, 1]
    on_the_line = sympy.solve(f_y.subs(Y, 1), X)
    assert sympy.expand(f_x.subs(Y, 1)) == 0 and on_the_line == [0]
    elsewhere = sympy.numer(sympy.together(f_y.subs(X, -f_x.coeff(X, 0) / factor)))
    elsewhere = sympy.Poly(elsewhere, Y)
    while elsewhere.eval(1) == 0:
        elsewhere = elsewhere.quo(sympy.Poly(Y - 1, Y))
    assert sympy.gcd(elsewhere, elsewhere.diff(Y)).degree() == 0
    return len(on_the_line) + elsewhere.count_roots(-10, 10)


def widening() -> int:
    f_x, f_y = slopes("widening")
    assert sympy.simplify(f_x / X - (1 + 40 * sympy.exp(-Y))) == 0
    assert sympy.solve(f_y.subs(X, 0), Y) == [6]
    return 1


def cliff() -> int:
    f_x, f_y = slopes("cliff")
    assert f_x.diff(Y) == 0
    assert sympy.simplify(f_x.diff(X) - sympy.Rational(1, 5)).is_positive
    assert f_y.diff(Y) == sympy.Rational(1, 5)
    return 1


def monkey() -> int:
    f_x, f_y = slopes("monkey")
    assert sympy.factor(f_y) == -6 * X * Y
    assert sympy.solve(f_x.subs(X, 0), Y) == [0] and sympy.solve(f_x.subs(Y, 0), X) == [0]
    return 1


def monkey_bounded() -> int:
    r, a = sympy.symbols("r a", positive=True)
    polar = exact("monkey_bounded").subs({X: r * sympy.cos(a), Y: r * sympy.sin(a)})
    assert sympy.simplify(sympy.expand_trig(polar - r**3 * sympy.cos(3 * a) - r**4)) == 0
    return 1 + 3


def sharpflat() -> int:
    f_x, f_y = slopes("sharpflat")
    assert sympy.simplify(f_y / Y).is_positive
    on_the_axis = f_x.subs(Y, 0)
    return roots_by_intervals(*in_intervals(on_the_axis, X), -3, 3)


def in_intervals(expression: sympy.Expr, symbol: sympy.Symbol) -> tuple[Callable, Callable]:
    """Return the function and its derivative in interval arithmetic."""
    names = {"sin": iv.sin, "cos": iv.cos, "exp": iv.exp, "pi": iv.pi, "mpf": iv.mpf}
    return tuple(sympy.lambdify(symbol, e, [names, "mpmath"]) for e in (expression, expression.diff(symbol)))


def rastrigin() -> int:
    f_x, f_y = slopes("rastrigin")
    assert f_x.diff(Y) == 0 and sympy.simplify(f_x.subs(X, Y) - f_y) == 0
    return roots_by_intervals(*in_intervals(f_x, X), -5.12, 5.12) ** 2


def branin() -> int:
    f_x, f_y = slopes("branin")
    (parabola,) = sympy.solve(f_y, Y)
    assert sympy.simplify((f_x.subs(Y, parabola) / sympy.sin(X)).diff(X)) == 0
    places = [k * sympy.pi for k in range(-5, 6) if -5 <= k * sympy.pi <= 10]
    return sum(bool(parabola.subs(X, x) >= 0) and bool(parabola.subs(X, x) <= 15) for x in places)


def mccormick() -> int:
    f_x, f_y = slopes("mccormick")
    assert sympy.expand(f_x + f_y - 1 - 2 * sympy.cos(X + Y)) == 0
    assert sympy.expand(f_x - f_y - 4 * (X - Y - 1)) == 0
    return sum(-1.5 <= x <= 4 and -3 <= y <= 4 for x, y in mccormick_points())


def goldstein() -> int:
    s, t = sympy.symbols("s t", real=True)
    f = exact("goldstein").subs({X: (3 * s + t) / 5, Y: (2 * s - t) / 5}, simultaneous=True)
    (_, factors) = sympy.factor_list(sympy.expand(f))
    a, b = (next(p for p, _ in factors if p.free_symbols == {symbol}) for symbol in (s, t))
    assert sympy.Poly(a, s).count_roots() == sympy.Poly(b, t).count_roots() == 0
    assert set(sympy.solve(a.diff(s), s)) == {-1, 1, 2}
    assert set(sympy.solve(b.diff(t), t)) == {0, 1, 3}
    return 9


def easom() -> int:
    g = sympy.cos(X) * sympy.exp(-((X - sympy.pi) ** 2))
    assert sympy.simplify(exact("easom") + g * g.subs(X, Y)) == 0
    steep = sympy.expand(-g.diff(X) / sympy.exp(-((X - sympy.pi) ** 2)))
    return (
        roots_by_intervals(*in_intervals(sympy.simplify(steep), X), 0, 6) ** 2
        + roots_by_intervals(*in_intervals(sympy.cos(X), X), 0, 6) ** 2
    )


def schaffer2() -> int:
    f_x, f_y = slopes("schaffer2")
    d = 1 + sympy.Rational(1, 1000) * (X**2 + Y**2)
    wave = sympy.sin(2 * (X**2 - Y**2)) / d**2
    fade = sympy.Rational(1, 500) * (sympy.sin(X**2 - Y**2) ** 2 - sympy.Rational(1, 2)) / d**3
    assert sympy.simplify(f_x - 2 * X * (wave - fade)) == 0
    assert sympy.simplify(f_y + 2 * Y * (wave + fade)) == 0
    # Both zero off the axes: sin 2u = 0 and sin^2 u = 1/2, which is cos 2u = 0. Never.
    t = sympy.Symbol("t", positive=True)
    on_x = sympy.simplify(((wave - fade) * d**3).subs(Y, 0)).subs(X, sympy.sqrt(t))
    on_y = sympy.simplify(((wave + fade) * d**3).subs(X, 0)).subs(Y, sympy.sqrt(t))
    return 1 + 2 * sum(roots_by_intervals(*in_intervals(sympy.expand(g), t), 0, 16) for g in (on_x, on_y))


def steep_everywhere(key: str, size: Callable) -> int:
    surface = surfaces.ALL_SURFACES[key]
    x, y = random_starts(surface, 1000)
    parts = np.abs(surface.gradient(x, y))
    assert np.any([np.allclose(part, size(x, y), rtol=1e-9) for part in parts])
    return 0


PROOFS: dict[str, Callable[[], int]] = {
    **{key: functools.partial(linear, key) for key in ("booth", "matyas", "saddle")},
    "saddle_bounded": lambda: separable("saddle_bounded", 1, 3),
    "doublewell": lambda: separable("doublewell", 3, 1),
    "styblinski": lambda: separable("styblinski", 3, 3),
    "himmelblau": lambda: resultant("himmelblau", Y, 9),
    "camel3": lambda: resultant("camel3", Y, 5),
    "camel6": lambda: resultant("camel6", X, 15),
    "l1valley": lambda: steep_everywhere("l1valley", lambda x, y: 1 + 0 * x),
    "bukin6": lambda: steep_everywhere("bukin6", lambda x, y: 500 / np.sqrt(np.abs(100 * y - x**2))),
    **{f.__name__: f for f in (rosenbrock, beale, widening, cliff, monkey, monkey_bounded, sharpflat, rastrigin)},
    **{f.__name__: f for f in (branin, mccormick, goldstein, easom, schaffer2)},
}
FAMILIES = {"bowl", "ravine", "ravine45"}


def test_every_proof_is_worked_out_again() -> None:
    assert PROOFS.keys() | FAMILIES == {s.key for s in SURFACES if s.isolated is not None}


@pytest.mark.parametrize("key", PROOFS)
def test_proof_gives_the_number_that_the_surface_states(key: str) -> None:
    assert PROOFS[key]() == surfaces.ALL_SURFACES[key].isolated


@pytest.mark.parametrize("key", sorted(FAMILIES))
@pytest.mark.parametrize("condition", [1.0, 25.0, 1e6])
@pytest.mark.parametrize("angle", [-180.0, 0.0, 33.0, 45.0])
def test_families_stay_proven(key: str, condition: float, angle: float) -> None:
    got = find(key, {"condition": condition, "angle": angle})
    assert got.complete
    (point,) = got.points
    assert (point.x, point.y) == pytest.approx((0, 0), abs=1e-12)
    assert point.kind == "minimum"
    assert point.eigenvalues == pytest.approx((1, condition), rel=1e-9)
    assert point.stable_rate == pytest.approx(2 / condition)


# What is no isolated point


def test_the_hyperbola_is_one_curve_beside_its_saddle() -> None:
    got = atlas("hyperbola")
    assert [(p.x, p.y, p.kind, p.value) for p in got.points] == [(0, 0, "saddle", 0.5)]
    (curve,) = got.curves
    assert curve.kind == "curve"
    assert curve.points[0] * curve.points[1] == pytest.approx(1, abs=1e-9)
    assert np.ptp(curve.points, axis=1) == pytest.approx([4.8, 4.8], abs=0.05)
    assert np.diff(np.sort(curve.points[0])).max() < 0.1, "a gap in the curve"
    assert len(curve.samples) == SAMPLES
    for point in curve.samples:
        assert point.kind == "degenerate"
        assert point.index is None
        assert point.eigenvalues[1] == pytest.approx(point.x**2 + point.y**2, rel=1e-9)
        assert abs(point.eigenvalues[0]) < 1e-9


def test_the_rings_of_the_drop_wave_are_curves() -> None:
    got = atlas("dropwave")
    assert [(p.kind, p.eigenvalues) for p in got.points] == [("minimum", pytest.approx((72.5, 72.5)))]
    surface = got.surface
    radii = roots(lambda r: surface.gradient(r, 0 * r)[0], 0.1, 5.12 * np.sqrt(2))
    # A circle that does not fit into the window shows an arc in each corner.
    assert len(got.curves) == sum(1 if radius < 5.12 else 4 for radius in radii)
    for curve in got.curves:
        assert np.ptp(np.hypot(*curve.points)) < 1e-9
        assert np.abs(np.hypot(*curve.points[:, 0]) - np.array(radii)).min() < 1e-9


def test_plateaus_are_flat_regions() -> None:
    got = atlas("michalewicz")
    assert got.counts["minimum"] == len(got.points) == 2
    assert {curve.kind for curve in got.curves} == {"curve", "flat region"}
    plateau = next(c for c in got.curves if c.kind == "flat region" and distance_to_nearest(c.points, 0.3, 0.2) < 0.05)
    assert np.abs(got.surface.gradient(*plateau.points)).max() < 1e-9


def test_a_monkey_saddle_is_degenerate() -> None:
    for key, minima in (("monkey", 0), ("monkey_bounded", 3)):
        got = atlas(key)
        (point,) = [p for p in got.points if p.kind == "degenerate"]
        assert np.hypot(point.x, point.y) < 1e-9
        assert point.index is None
        assert got.counts["minimum"] == minima
        assert got.curves == ()


@pytest.mark.parametrize("surface", [s for s in SURFACES if s.kinks], ids=lambda s: s.key)
def test_no_point_of_a_kink_is_listed(surface: Surface) -> None:
    got = atlas(surface.key)
    assert got.kinks.endswith(surface.kinks)
    assert "Hessian" in got.kinks
    on_kinks = {
        "ackley": lambda x, y: np.hypot(x, y) < 1e-3,
        "l1valley": lambda x, y: True,
        "crossintray": lambda x, y: min(abs(np.sin(x)), abs(np.sin(y))) < 1e-3,
        "holder": lambda x, y: min(abs(np.sin(x)), abs(np.cos(y)), abs(np.hypot(x, y) - np.pi)) < 1e-3,
        "bukin6": lambda x, y: True,
        "eggholder": lambda x, y: min(abs(x / 2 + y + 47), abs(x - y - 47)) < 1e-3,
    }[surface.key]
    assert not any(on_kinks(p.x, p.y) for p in got.points)
    assert got.curves == ()


def test_smooth_surfaces_say_nothing_about_kinks() -> None:
    assert atlas("himmelblau").kinks == ""


def quartic(x, y):
    return x**4 + y**2


def quartic_gradient(x, y):
    return 4 * x**3, 2 * y


def quartic_hessian(x, y):
    return 12 * x**2, 0.0, 2.0


def trough(x, y):
    return (x + y) ** 2


def trough_gradient(x, y):
    return 2 * (x + y), 2 * (x + y)


def trough_hessian(x, y):
    return 2.0, 2.0, 2.0


def level(x, y):
    return 3.0 + 0 * x


def level_gradient(x, y):
    return 0.0 * x, 0.0 * y


def level_hessian(x, y):
    return 0.0 * x, 0.0, 0.0


def test_a_flat_minimum_is_degenerate_and_lone() -> None:
    got = find(toy(quartic, quartic_gradient, quartic_hessian))
    assert [p.kind for p in got.points] == ["degenerate"]
    assert got.curves == ()
    assert abs(got.points[0].x) < 1e-5 and abs(got.points[0].y) < 1e-12


def test_a_trough_is_a_curve_and_a_plain_is_a_region() -> None:
    got = find(toy(trough, trough_gradient, trough_hessian))
    assert (got.points, [c.kind for c in got.curves]) == ((), ["curve"])
    assert np.ptp(got.curves[0].points, axis=1) == pytest.approx([2, 2], abs=0.05)
    got = find(toy(level, level_gradient, level_hessian))
    assert (got.points, [c.kind for c in got.curves]) == ((), ["flat region"])


@pytest.mark.parametrize("surface", [SLOPE, HALF_PLANE], ids=lambda s: s.key)
def test_nothing_found_is_a_result(surface: Surface) -> None:
    got = find(surface)
    assert (got.points, got.curves, got.complete) == ((), (), False)
    assert got.positions.shape == (2, 0)
    assert got.nearest(0, 0) is None
    assert sum(got.counts.values()) == 0


def test_a_window_of_one_s_own_is_searched_and_not_called_complete() -> None:
    got = find("himmelblau", window=(2.5, 4, -3, 3))
    assert sorted((round(p.x, 6), round(p.y, 6)) for p in got.points) == [
        (3.0, 2.0),
        (3.385154, 0.073852),
        (3.584428, -1.848127),
    ]
    assert not got.complete
    assert find("himmelblau", window=(10, 11, 10, 11)).points == ()
    wider = find("himmelblau", window=(-6.5, 6.5, -6.5, 6.5))
    assert len(wider.points) == 9
    assert not wider.complete, "the proof is about the window of the surface"


def test_a_search_can_be_repeated() -> None:
    assert find("griewank").points == find("griewank").points


def test_progress_rises_to_one() -> None:
    seen: list[float] = []
    find("levy13", progress=seen.append)
    assert seen == sorted(seen)
    assert len(seen) >= 3
    assert seen[-1] == 1.0


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"surface": "sphere"}, "surface: got 'sphere', allowed are"),
        ({"surface": "ravine", "parameters": {"width": 1}}, "parameters: got 'width'"),
        ({"surface": "ravine", "parameters": {"condition": 0.1}}, "condition: got 0.1"),
        ({"surface": "bowl", "window": (1, 1, 0, 1)}, "window: got"),
        ({"surface": "bowl", "window": (0, 1)}, "window: got"),
        ({"surface": "bowl", "window": (0, 1, 0, np.inf)}, "window: got"),
    ],
)
def test_bad_input_gets_a_sentence(arguments: dict, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        find(**arguments)


# Newton's walk


@pytest.mark.parametrize(
    ("key", "start", "where", "steps", "end"),
    [
        ("himmelblau", (0.0, 0.0), "maximum", 5, (-0.270845, -0.923039)),
        ("saddle_bounded", (1.0, 0.3), "saddle", 4, (0.0, 0.0)),
        ("beale", (1.0, 1.5), "saddle", 6, (0.0, 1.0)),
        ("bowl", (2.5, -2.0), "minimum", 1, (0.0, 0.0)),
        ("himmelblau", (3.0, 2.0), "minimum", 0, (3.0, 2.0)),
        ("hyperbola", (2.0, 1.0), "degenerate", None, (np.sqrt(2), np.sqrt(0.5))),
        ("monkey", (0.5, 0.01), "degenerate", None, (0.0, 0.0)),
        ("monkey", (0.0, 0.0), "degenerate", 0, (0.0, 0.0)),
    ],
)
def test_newton_walks_to_what_is_near_whatever_it_is(key, start, where, steps, end) -> None:
    walk = newton_walk(key, start)
    assert walk.where == where
    assert walk.converged
    assert steps is None or len(walk.path) - 1 == steps
    assert walk.path[0] == pytest.approx(start)
    assert walk.path[-1] == pytest.approx(end, abs=1e-6)
    assert walk.end is not None and walk.end.kind == where


def test_newton_s_steps_are_those_of_linear_algebra() -> None:
    surface = surfaces.ALL_SURFACES["goldstein"]
    walk = newton_walk(surface, (0.3, 0.4))
    for here, there in zip(walk.path[:-1], walk.path[1:], strict=True):
        xx, xy, yy = surface.hessian(*here)
        step = np.linalg.solve([[xx, xy], [xy, yy]], -np.array(surface.gradient(*here)))
        assert there - here == pytest.approx(step, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("key", "start", "where"),
    [
        ("l1valley", (1.0, 1.0), "singular"),
        ("ackley", (0.0, 0.0), "kink"),
        ("beale", (-3.38, 1.12), "left the window"),
        ("easom", (0.25, 0.25), "left the window"),
        ("mccormick", (-1.27, -2.71), "left the window"),
    ],
)
def test_walks_that_arrive_nowhere_say_so(key: str, start: tuple[float, float], where: str) -> None:
    walk = newton_walk(key, start, steps=200)
    assert walk.where == where
    assert walk.end is None
    assert not walk.converged


def test_a_walk_ends_with_its_first_step_out_of_a_bounded_surface() -> None:
    path = newton_walk("mccormick", (-1.27, -2.71)).path
    x_low, x_high, y_low, y_high = surfaces.ALL_SURFACES["mccormick"].domain
    inside = (path[:, 0] >= x_low) & (path[:, 0] <= x_high) & (path[:, 1] >= y_low) & (path[:, 1] <= y_high)
    assert inside[:-1].all() and not inside[-1]


def test_a_walk_that_is_cut_short_is_still_walking() -> None:
    walk = newton_walk("himmelblau", (0.0, 0.0), steps=2)
    assert (walk.where, len(walk.path)) == ("still walking", 3)
    full = newton_walk("himmelblau", (0.0, 0.0)).path
    np.testing.assert_array_equal(walk.path, full[:3])


def test_newton_goes_to_the_saddle_from_the_middle_strip() -> None:
    """The basin of the saddle under Newton is |y| < 1/sqrt 5, exactly."""
    border = 1 / np.sqrt(5)
    for y in (0.01, 0.2, 0.44, border - 1e-6):
        assert newton_walk("saddle_bounded", (1.0, y)).where == "saddle"
    assert newton_walk("saddle_bounded", (1.0, border + 1e-3)).where == "minimum"


def test_newton_finds_every_kind_on_himmelblau() -> None:
    ends = [newton_walk("himmelblau", tuple(start)).where for start in random_starts("himmelblau", 2000, seed=0).T]
    share = {kind: ends.count(kind) / 2000 for kind in KINDS}
    # Three standard deviations of a share near 0.63 (0.32, 0.05) among 2000.
    assert share["minimum"] == pytest.approx(0.631, abs=0.033)
    assert share["saddle"] == pytest.approx(0.320, abs=0.032)
    assert share["maximum"] == pytest.approx(0.049, abs=0.015)
    assert sum(share.values()) == 1


def test_a_bad_start_gets_a_sentence() -> None:
    with pytest.raises(ValueError, match="start: got"):
        newton_walk("bowl", (np.nan, 0.0))
    with pytest.raises(ValueError, match="steps: got 0"):
        newton_walk("bowl", (1.0, 0.0), steps=0)


# What a page asks of an atlas


def test_a_row_is_found_by_a_place_near_it() -> None:
    found = atlas("himmelblau")
    assert found.listed == found.points
    for k, point in enumerate(found.listed):
        assert found.row(point.x, point.y, 0.0) == k
        assert found.row(point.x + 0.1, point.y - 0.1, 0.01) == k, "0.1 of a window of 12 is less than a hundredth"
        assert found.row(point.x + 0.13, point.y, 0.01) is None
    valley = atlas("hyperbola")
    assert len(valley.listed) == 1 + SAMPLES
    assert valley.row(valley.curves[0].samples[2].x, valley.curves[0].samples[2].y, 1e-9) == 3
    assert atlas("bukin6").row(0.0, 0.0, 1.0) is None


def test_points_are_drawn_by_a_seed_every_kind_as_often() -> None:
    found = atlas("camel6")
    assert found.drawn(3) is found.drawn(3)
    kinds = [found.drawn(seed).kind for seed in range(300)]
    shares = [kinds.count(kind) / len(kinds) for kind in ("minimum", "saddle", "maximum")]
    assert shares == pytest.approx([1 / 3] * 3, abs=0.09), "three standard deviations"
    assert len({found.drawn(seed) for seed in range(300)}) == len(found.points)
    assert atlas("bukin6").drawn(0) is None
