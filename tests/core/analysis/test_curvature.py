"""Eigenvalues against fifty digits, the quadratic model against Taylor's theorem, maps against both."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import surfaces
from core import descend
from core.analysis.critical_points import find
from core.analysis.curvature import (
    curvature_map,
    directions,
    eigenvalues,
    error_growth,
    model_error,
    quadratic_model,
    stable_rate,
)
from surfaces import SURFACES
from tests.toys import HALF_PLANE

EPS = np.finfo(float).eps


def exactly(xx: float, xy: float, yy: float) -> tuple[mpmath.mpf, mpmath.mpf]:
    """Return both eigenvalues of the matrix with exactly these entries, from 80 digits."""
    with mpmath.workdps(80):
        a, b, c = mpmath.mpf(xx), mpmath.mpf(xy), mpmath.mpf(yy)
        mean, radius = (a + c) / 2, mpmath.sqrt(((a - c) / 2) ** 2 + b * b)
        return mean - radius, mean + radius


def turned(small: float, large: float, degrees: float) -> tuple[float, float, float]:
    """Return a matrix with about these eigenvalues, the small one along `degrees`."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return small * c * c + large * s * s, (small - large) * c * s, small * s * s + large * c * c


ANGLES = (0.0, 1e-9, 1e-3, 17.0, 45.0, 60.0, 89.999, 90.0, 135.0)
PAIRS = [
    (1.0, 1.0),
    (1.0, 1.0 + 4 * EPS),
    (1.0, 1.0 + 1e-12),
    (-1.0, 1.0),
    (-1.0, 1.0 + 1e-12),
    (1.0, 1e6),
    (1.0, 1e12),
    (-1e-6, 1e6),
    (-1e12, 1.0),
    (-3.0, -3.0),
    (0.0, 5.0),
    (1e-200, 1e-190),
    (1e190, 1e200),
]


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("degrees", ANGLES)
def test_eigenvalues_keep_every_digit_of_the_matrix(pair: tuple[float, float], degrees: float) -> None:
    matrix = turned(*pair, degrees)
    for got, want in zip(eigenvalues(*matrix), exactly(*matrix), strict=True):
        # A matrix with rounded entries that is singular to 32 digits has no more to give.
        assert abs(float(got - want)) <= 8 * EPS * abs(float(want)) + 1e-30 * max(map(abs, matrix))


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("degrees", ANGLES)
def test_directions_are_orthonormal_eigenvectors(pair: tuple[float, float], degrees: float) -> None:
    xx, xy, yy = turned(*pair, degrees)
    matrix = np.array([[xx, xy], [xy, yy]])
    small, large = directions(xx, xy, yy)
    frame = np.stack([small, large])
    assert frame @ frame.T == pytest.approx(np.eye(2), abs=4 * EPS)
    scale = np.abs(matrix).max()
    for vector, eigenvalue in zip((small, large), eigenvalues(xx, xy, yy), strict=True):
        assert np.abs(matrix / scale @ vector - eigenvalue / scale * vector).max() <= 8 * EPS


@pytest.mark.parametrize("gap", [1e-3, 1e-9, 1e-12])
def test_directions_stay_accurate_where_eigenvalues_nearly_coincide(gap: float) -> None:
    """The angle depends on xx - yy and xy alone; a formula through the eigenvalues would lose it with the gap."""
    xx, xy, yy = 1.0 + gap, 0.5 * gap, 1.0
    with mpmath.workdps(50):
        want = float(mpmath.atan2(2 * mpmath.mpf(xy), mpmath.mpf(xx) - mpmath.mpf(yy)) / 2)
    _, large = directions(xx, xy, yy)
    assert np.arctan2(large[1], large[0]) == pytest.approx(want, abs=4 * EPS)


@pytest.mark.parametrize("yy", [1e12, 1e-12])
def test_directions_keep_the_digits_of_a_small_component(yy: float) -> None:
    xy = 1e-3 * min(1.0, yy)
    with mpmath.workdps(60):
        small, large = exactly(1.0, xy, yy)
        slopes = [float((value - 1) / mpmath.mpf(xy)) for value in (small, large)]  # component y over component x
    for vector, slope in zip(directions(1.0, xy, yy), slopes, strict=True):
        assert vector[1] / vector[0] == pytest.approx(slope, rel=1e-13)


entries = st.floats(-1e100, 1e100, allow_subnormal=False).filter(lambda v: v == 0 or abs(v) > 1e-100)


@given(entries, entries, entries)
def test_eigenvalues_of_any_matrix(xx: float, xy: float, yy: float) -> None:
    small, large = eigenvalues(xx, xy, yy)
    assert small <= large
    scale = max(abs(xx), abs(xy), abs(yy), 1e-300)
    for got, want in zip((small, large), exactly(xx, xy, yy), strict=True):
        assert abs(float(got - want)) <= 4 * EPS * scale
    frame = np.stack(directions(xx, xy, yy))
    assert frame @ frame.T == pytest.approx(np.eye(2), abs=4 * EPS)


def test_arrays_are_taken_one_by_one() -> None:
    rng = np.random.default_rng(3)
    xx, xy, yy = rng.normal(size=(3, 4, 5))
    small, large = eigenvalues(xx, xy, yy)
    frames = directions(xx, xy, yy)
    assert small.shape == large.shape == (4, 5)
    assert frames[0].shape == (2, 4, 5)
    for k in np.ndindex(4, 5):
        want, vectors = np.linalg.eigh([[xx[k], xy[k]], [xy[k], yy[k]]])
        assert [small[k], large[k]] == pytest.approx(want, rel=1e-12)
        assert abs(frames[0][(slice(None), *k)] @ vectors[:, 0]) == pytest.approx(1)
        assert abs(frames[1][(slice(None), *k)] @ vectors[:, 1]) == pytest.approx(1)
    assert eigenvalues(xx, 0.0, 1.0)[0].shape == (4, 5)


def test_what_is_not_finite_has_no_eigenvalues() -> None:
    for matrix in ((np.nan, 0.0, 1.0), (1.0, np.inf, 1.0), (1.0, 0.0, -np.inf)):
        assert np.isnan(eigenvalues(*matrix)).all()
        assert np.isnan(directions(*matrix)).all()


def test_stable_rate_is_two_over_the_largest_eigenvalue() -> None:
    assert stable_rate(100.0) == 0.02
    assert list(stable_rate(np.array([4.0, 0.0, -1.0]))) == [0.5, np.inf, np.inf]
    assert np.isnan(stable_rate(np.nan))


@pytest.mark.parametrize("condition", [2.0, 100.0])
def test_gradient_descent_rests_below_the_stable_rate_and_leaves_above(condition: float) -> None:
    limit = float(stable_rate(condition))
    for factor, settles in ((0.99, True), (1.01, False)):
        run = descend("ravine", "sgd", (0.0, 1e-3), 3000, limit * factor, parameters={"condition": condition})
        assert (abs(run.path[-1, 1]) < 1e-3) == settles


RAVINE = [(0.0198, 344), (0.0199, 653), (0.001, 6558)]


@pytest.mark.parametrize(("rate", "steps"), RAVINE)
def test_steps_in_the_ravine(rate: float, steps: int) -> None:
    run = descend("ravine", "sgd", (-10.0, 1.0), 7000, rate)
    assert int(np.argmax(run.value < 1e-4)) == steps


# The quadratic model


@pytest.mark.parametrize("point", find("himmelblau").points, ids=lambda p: f"{p.kind} {p.x:.2f} {p.y:.2f}")
def test_model_of_himmelblau_is_as_good_as_taylor_says(point) -> None:
    model = quadratic_model("himmelblau", (point.x, point.y))
    radius = np.array([0.01, 0.1, 0.3])
    steepest = np.abs(point.eigenvalues).max()
    error = model_error("himmelblau", model, radius) / (0.5 * radius**2 * steepest)
    assert np.all(error >= np.array([0.0017, 0.017, 0.054]) * 0.97)
    assert np.all(error <= np.array([0.0034, 0.034, 0.104]) * 1.03)


@pytest.mark.parametrize("surface", [s for s in SURFACES if not s.kinks], ids=lambda s: s.key)
def test_error_of_the_model_grows_with_the_cube_of_the_distance(surface) -> None:
    x_low, x_high, y_low, y_high = surface.domain
    point = (x_low + 0.4142 * (x_high - x_low), y_low + 0.618 * (y_high - y_low))
    model = quadratic_model(surface, point)
    radius = 1e-3 * min(x_high - x_low, y_high - y_low)
    near, far = model_error(surface, model, np.array([radius, 2 * radius]))
    noise = 64 * EPS * max(abs(surface.value(*point)), 1.0) + 1e-300
    assert far <= 10 * near + noise
    assert near >= far / 16 - noise


@pytest.mark.parametrize(
    ("key", "point", "order"),
    [
        ("himmelblau", (0.0, 0.0), 3),
        ("goldstein", (0.0, -1.0), 3),
        ("camel3", (0.0, 0.0), 4),
        ("hyperbola", (0.0, 0.0), 4),
        ("griewank", (0.0, 0.0), 4),
    ],
)
def test_error_has_the_order_of_the_first_derivative_that_the_model_lacks(key: str, point, order: int) -> None:
    grown = error_growth(key, quadratic_model(key, point), 1.0)
    assert grown.order == pytest.approx(order, abs=0.02)
    seen = np.flatnonzero(np.isfinite(grown.error))
    assert grown.cube()[seen[0]] == grown.error[seen[0]]
    assert np.polyfit(np.log(grown.radius), np.log(grown.cube()), 1)[0] == pytest.approx(3)


def test_a_quadratic_surface_has_no_error_that_is_seen() -> None:
    grown = error_growth("booth", quadratic_model("booth", (1.0, 3.0)), 5.0)
    assert np.isnan(grown.error).all() and np.isnan(grown.order) and np.isnan(grown.cube()).all()


def test_model_touches_the_surface() -> None:
    surface = surfaces.ALL_SURFACES["goldstein"]
    model = quadratic_model(surface, (0.3, -0.7))
    assert model(0.3, -0.7) == surface.value(0.3, -0.7)
    h = 1e-4
    assert model(0.3 + h, -0.7) - model(0.3 - h, -0.7) == pytest.approx(2 * h * model.gradient[0], rel=1e-9)
    matrix = model.directions.T @ np.diag(model.eigenvalues) @ model.directions
    assert matrix == pytest.approx(model.hessian, rel=1e-12)
    assert model(np.zeros((2, 3)), np.ones(3)).shape == (2, 3)
    assert model.newton_step == pytest.approx(np.linalg.solve(model.hessian, -model.gradient))


def test_a_trough_has_no_newton_step() -> None:
    assert quadratic_model("hyperbola", (2.0, 0.5)).newton_step is None
    assert quadratic_model("l1valley", (1.0, 1.0)).newton_step is None
    with pytest.raises(ValueError, match="point: got"):
        quadratic_model("bowl", (1.0, np.inf))


# Maps


def test_map_holds_the_eigenvalues_of_every_point() -> None:
    surface = surfaces.ALL_SURFACES["himmelblau"]
    got = curvature_map(surface, 31)
    assert (got.x[0], got.x[-1], got.y[0], got.y[-1]) == surface.domain
    assert got.smallest.shape == got.largest.shape == (31, 31)
    for i, k in ((0, 0), (3, 20), (30, 11)):
        xx, xy, yy = surface.hessian(got.x[k], got.y[i])
        assert [got.smallest[i, k], got.largest[i, k]] == pytest.approx(np.linalg.eigvalsh([[xx, xy], [xy, yy]]))


def test_sign_pattern_tells_convex_from_saddle_and_cap() -> None:
    got = curvature_map("himmelblau", 201)
    for point in find("himmelblau").points:
        i, k = np.argmin(np.abs(got.y - point.y)), np.argmin(np.abs(got.x - point.x))
        assert got.negative[i, k] == point.index
    assert set(np.unique(got.negative)) == {0, 1, 2}
    assert np.all(curvature_map("booth", 20).negative == 0)
    assert np.all(curvature_map("saddle", 20).negative == 1)
    assert set(np.unique(curvature_map(HALF_PLANE, 21).negative)) == {-1, 1}


@pytest.mark.parametrize("size", [1, 401, 2.5, True])
def test_a_map_has_its_limits(size) -> None:
    with pytest.raises(ValueError, match="size: got"):
        curvature_map("bowl", size)


def test_a_window_of_one_s_own() -> None:
    got = curvature_map("bowl", 5, window=(0, 4, -1, 1))
    assert list(got.x) == [0, 1, 2, 3, 4]
    with pytest.raises(ValueError, match="window: got"):
        curvature_map("bowl", 5, window=(4, 0, -1, 1))
