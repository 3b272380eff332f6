"""Slopes against differences, best directions against another search, slices against Taylor."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

import core.analysis.directions
import surfaces
from core.analysis.directions import best_direction, is_kink, law_error, slice_along, slope, step_slope
from core.analysis.tuning import random_starts
from surfaces import SURFACES

POINT = (-1.0, 1.5)
"""On Rosenbrock's function, where the gradient is (196, 100)."""


def test_slope_follows_the_cosine() -> None:
    angle = np.arange(24) * np.pi / 12
    got = slope("rosenbrock", POINT, angle)
    size, up = np.hypot(196, 100), np.arctan2(100, 196)
    assert size == pytest.approx(220.036, abs=1e-3)
    assert got == pytest.approx(size * np.cos(angle - up), rel=1e-12, abs=1e-11)
    h, surface = 1e-6, surfaces.ALL_SURFACES["rosenbrock"]
    e = np.array([np.cos(angle), np.sin(angle)])
    ahead = surface.value(POINT[0] + h * e[0], POINT[1] + h * e[1])
    behind = surface.value(POINT[0] - h * e[0], POINT[1] - h * e[1])
    assert np.abs((ahead - behind) / (2 * h) - got).max() < 1e-7
    assert slope("rosenbrock", POINT, up + np.pi / 3) == pytest.approx(size / 2)


@pytest.mark.parametrize(("length", "off", "half_degrees"), [(0.05, 0.88, 1.0), (0.2, 5.90, 6.0), (0.5, 63.54, 63.5)])
def test_best_direction_leaves_the_gradient_as_the_step_grows(length: float, off: float, half_degrees: float) -> None:
    got = best_direction("rosenbrock", POINT, length)
    assert np.degrees(got.off) == pytest.approx(off, abs=0.005)
    # A search over half degrees gives the rounder numbers.
    compass = np.radians(np.arange(0, 360, 0.5))
    f = surfaces.ALL_SURFACES["rosenbrock"].value(
        POINT[0] + length * np.cos(compass), POINT[1] + length * np.sin(compass)
    )
    from_gradient = np.degrees(compass[np.argmin(f)] - got.steepest_angle) % 360
    assert min(from_gradient, 360 - from_gradient) == pytest.approx(half_degrees, abs=0.05)


def test_the_steepest_way_down_goes_up() -> None:
    got = best_direction("rosenbrock", POINT, 0.5)
    assert surfaces.ALL_SURFACES["rosenbrock"].value(*POINT) == 29
    assert got.value == pytest.approx(3.99, abs=0.005)
    assert got.steepest_value == pytest.approx(72.6, abs=0.05)


@pytest.mark.parametrize("surface", SURFACES, ids=lambda s: s.key)
@pytest.mark.parametrize("part", [0.01, 0.2])
def test_no_other_direction_is_lower(surface, part: float) -> None:
    x_low, x_high, y_low, y_high = surface.domain
    length = part * min(x_high - x_low, y_high - y_low)
    x, y = random_starts(surface, 1, seed=4)[:, 0]
    got = best_direction(surface, (x, y), length)

    def height(angle):
        return surface.value(x + length * np.cos(angle), y + length * np.sin(angle))

    assert got.value == pytest.approx(height(got.angle))
    angle = np.linspace(-np.pi, np.pi, 20_001)
    f = height(angle)
    best = angle[np.argmin(f)]
    local = optimize.minimize_scalar(
        height, bounds=(best - 1e-3, best + 1e-3), method="bounded", options={"xatol": 1e-12}
    )
    assert got.value <= min(f.min(), local.fun) + 1e-9 * max(np.ptp(f), 1e-12)
    assert -np.pi <= got.angle < np.pi
    assert 0 <= got.off <= np.pi


def test_the_lowest_dip_is_found_although_a_shallower_one_looks_lower_at_first() -> None:
    spacing = 2 * np.pi / core.analysis.directions.DIRECTIONS
    shallow, deep = 100 * spacing, 500.5 * spacing

    def height(angle):
        return -0.8 * np.exp(-(((angle - shallow) / 3e-3) ** 2)) - np.exp(-(((angle - deep) / 3e-3) ** 2))

    assert core.analysis.directions._lowest_on_circles(height, 2) == pytest.approx([deep, deep], abs=1e-7)


def test_on_a_round_bowl_the_gradient_is_right_at_any_length() -> None:
    for length in (1e-3, 0.5, 3.0):
        assert best_direction("bowl", (2.5, -2.0), length).off < 1e-6


def test_a_short_step_goes_against_the_gradient() -> None:
    for surface in (s for s in SURFACES if not s.kinks):
        point = surface.starts[0]
        if np.hypot(*surface.gradient(*point)) > 1e-3:
            assert np.degrees(best_direction(surface, point, 1e-4).off) < 1.0, surface.key


def test_at_a_saddle_there_is_no_steepest_direction() -> None:
    got = best_direction("saddle", (0.0, 0.0), 0.5)
    assert np.isnan(got.steepest_angle) and np.isnan(got.steepest_value) and np.isnan(got.off)
    assert abs(np.sin(got.angle)) == pytest.approx(1)
    assert got.value == pytest.approx(-0.125)


@pytest.mark.parametrize("key", ["rosenbrock", "rastrigin", "ackley"])
def test_many_circles_are_searched_like_one(key: str) -> None:
    point, lengths = surfaces.ALL_SURFACES[key].starts[0], np.array([0.01, 0.3, 1.0])
    got = best_direction(key, point, lengths)
    for k, length in enumerate(lengths):
        one = best_direction(key, point, float(length))
        assert (got.angle[k], got.value[k], got.off[k]) == (one.angle, one.value, one.off)
        assert (got.steepest_angle, got.steepest_value[k]) == (one.steepest_angle, one.steepest_value)


def test_slope_of_a_step_is_what_f_changes_by() -> None:
    surface, angle = surfaces.ALL_SURFACES["rosenbrock"], np.array([0.3, -2.0])
    there = surface.value(POINT[0] + 0.5 * np.cos(angle), POINT[1] + 0.5 * np.sin(angle))
    assert surface.value(*POINT) + 0.5 * step_slope(surface, POINT, angle, 0.5) == pytest.approx(there)
    assert step_slope(surface, POINT, angle, 1e-7) == pytest.approx(slope(surface, POINT, angle), rel=1e-3)


def test_measured_slopes_follow_the_law() -> None:
    assert law_error("rosenbrock", POINT) < 1e-7
    for surface in SURFACES:
        size = np.hypot(*surface.gradient(*surface.starts[0]))
        assert law_error(surface, surface.starts[0]) < 1e-7 * (size + abs(surface.value(*surface.starts[0])) + 1)


def test_kinks_are_told_from_smooth_ground() -> None:
    for key, point in (
        ("l1valley", (0.0, 1.0)),
        ("l1valley", (2.0, 0.0)),
        ("bukin6", (-10.0, 1.0)),
        ("ackley", (0, 0)),
    ):
        assert is_kink(key, point), key
    for surface in SURFACES:
        assert not is_kink(surface, surface.starts[0]), surface.key
        if not surface.kinks:
            assert not any(is_kink(surface, minimum) for minimum in surface.minima), surface.key
    assert not is_kink("monkey", (0.0, 0.0)), "all derivatives up to the second vanish here"


@pytest.mark.parametrize("length", [0.0, -1.0, np.nan, np.inf, "1", np.array([0.1, -0.1]), None])
def test_a_step_has_a_length(length) -> None:
    with pytest.raises(ValueError, match="length: got"):
        best_direction("bowl", (1.0, 1.0), length)
    with pytest.raises(ValueError, match="reach: got"):
        slice_along("bowl", (1.0, 1.0), 0.0, length)


def test_slice_is_the_surface_on_a_line() -> None:
    surface, angle = surfaces.ALL_SURFACES["himmelblau"], 0.7
    got = slice_along(surface, (1.0, 2.0), angle, 2.0, 101)
    assert got.distance[[0, 50, 100]] == pytest.approx([-2, 0, 2])
    along = got.distance[10]
    assert got.value[10] == pytest.approx(surface.value(1 + along * np.cos(angle), 2 + along * np.sin(angle)))
    assert got.value[50] == got.tangent[50] == got.parabola[50]
    assert np.diff(got.tangent) == pytest.approx(0.04 * slope(surface, (1.0, 2.0), angle))
    near = np.abs(got.distance) < 0.1
    error_of_tangent, error_of_parabola = (
        np.abs(got.value - model)[near].max() for model in (got.tangent, got.parabola)
    )
    assert error_of_parabola < 0.2 * error_of_tangent


def test_slice_of_a_parabola_is_its_model() -> None:
    got = slice_along("ravine", (-10.0, 1.0), 1.0, 3.0)
    assert got.parabola == pytest.approx(got.value, rel=1e-12)
