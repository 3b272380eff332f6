"""Errors against the law, line search against the textbook, sharpness against single points."""

from __future__ import annotations

import numpy as np
import pytest

import surfaces
from core import Goal, descend
from core.analysis.critical_points import find
from core.analysis.sharpness import eigen_errors, end_of, is_quadratic, line_search, sharpness


@pytest.mark.parametrize(("condition", "angle"), [(100.0, 0.0), (20.0, 30.0), (7.0, -75.0)])
@pytest.mark.parametrize("share", [0.2, 0.9, 1.05])
def test_error_on_a_bowl_is_the_law(condition: float, angle: float, share: float) -> None:
    bowl = surfaces.ALL_SURFACES["bowl"].with_parameters(condition=condition, angle=angle)
    run = descend(bowl, "sgd", (2.5, -2.0), 100, share * 2 / condition)
    got = eigen_errors(run, find(bowl).points[0])
    assert got.eigenvalues == pytest.approx((1, condition))
    turn = np.radians(angle)
    flat = np.abs(run.path @ (np.cos(turn), np.sin(turn)))
    rounding = 1e-14 * got.error.max()
    assert got.error[:, 0] == pytest.approx(flat, abs=rounding)
    assert got.error == pytest.approx(got.law, rel=1e-9, abs=rounding)


def test_law_begins_where_the_curvature_is_that_of_the_end() -> None:
    run = descend("himmelblau", "sgd", (0.0, 0.0), 60, 0.01)
    end = end_of(run, find("himmelblau"))
    assert (end.x, end.y) == pytest.approx((3, 2))
    got = eigen_errors(run, end)
    began = int(np.argmax(np.isfinite(got.law[:, 0])))
    assert 0 < began < 40
    assert np.isnan(got.law[:began]).all()
    assert got.law[began] == pytest.approx(got.error[began])
    flat = got.error[began:, 0] / got.law[began:, 0]
    assert np.all((flat > 0.5) & (flat < 2)), "near the end the law holds but for a factor"


def test_end_is_the_nearest_minimum_the_resting_point_or_none() -> None:
    atlas = find("hyperbola")
    resting = descend("hyperbola", "sgd", (4.0, 0.5), 500, 0.15)
    end = end_of(resting, atlas)
    assert (end.kind, (end.x, end.y)) == ("degenerate", tuple(resting.path[-1]))
    assert np.isnan(eigen_errors(resting, end).law[:, 0]).all(), "along the curve there is no law"
    assert np.isfinite(eigen_errors(resting, end).law[:, 1]).any()
    assert end_of(descend("hyperbola", "sgd", (4.0, 0.5), 3, 0.15), atlas) is None
    assert end_of(descend("monkey", "sgd", (0.5, 0.01), 3, 0.02), find("monkey")) is None
    diverged = descend("sharpflat", "sgd", (-1.4, 0.05), 2000, 80.0)
    assert diverged.status == "diverged"
    assert end_of(diverged, find("sharpflat")).x == pytest.approx(-1.5, abs=0.01)


def test_sharpness_is_the_largest_eigenvalue_at_every_point() -> None:
    run = descend("himmelblau", "sgd", (0.0, 0.0), 20, 0.01)
    got = sharpness(run)
    for row in (0, 7, 20):
        xx, xy, yy = surfaces.ALL_SURFACES["himmelblau"].hessian(*run.path[row])
        assert got[row] == pytest.approx(np.linalg.eigvalsh([[xx, xy], [xy, yy]])[1])


@pytest.mark.parametrize(("rate", "final", "limit"), [(0.12, 15.0, 16.7), (0.15, 9.44, 13.4), (0.2, 2.23, 10.0)])
def test_a_large_rate_ends_where_the_hyperbola_is_flat(rate: float, final: float, limit: float) -> None:
    got = sharpness(descend("hyperbola", "sgd", (4.0, 0.5), 2000, rate))
    assert got[-1] == pytest.approx(final, rel=0.005)
    assert got[-1] < limit


def test_line_search_zigzags_for_as_long_as_the_best_constant_rate() -> None:
    got = line_search("ravine", (100.0, 1.0), 1000)
    steps = got.first_below(1e-6 * got.value[0])
    assert steps == 346
    assert got.cosine[:steps].max() < 1e-14
    goal = Goal("value below", 1e-6 * float(got.value[0]))
    assert descend("ravine", "sgd", (100.0, 1.0), 1000, 2 / 101, goal=goal).first == pytest.approx(steps, abs=1)
    assert got.first_below(-1.0) == -1


def test_every_step_of_the_line_search_is_the_best_along_its_gradient() -> None:
    ravine = surfaces.ALL_SURFACES["ravine"].with_parameters(condition=30, angle=20)
    got = line_search(ravine, (-10.0, 1.0), 5)
    for k in range(5):
        gradient = np.array(ravine.gradient(*got.path[k]))
        for factor in (0.99, 1.01):
            assert ravine.value(*(got.path[k] - factor * got.rate[k] * gradient)) > got.value[k + 1]


def test_line_search_ends_at_the_minimum_and_refuses_other_surfaces() -> None:
    at_once = line_search("bowl", (2.0, 1.0), 10)
    assert len(at_once.rate) == 1
    assert at_once.value[-1] == 0
    assert len(line_search("bowl", (0.0, 0.0), 10).rate) == 0
    small = line_search("ravine", (-4.0, 1.5), 1000)  # where the square of the gradient underflows
    assert len(small.rate) < 1000
    assert np.isfinite(small.path).all() and np.isfinite(small.rate).all()
    for key in ("rosenbrock", "saddle"):
        with pytest.raises(ValueError, match="surface: got"):
            line_search(key, (0.5, 0.5), 10)


def test_quadratics_are_known_by_their_second_derivatives() -> None:
    found = {surface.key for surface in surfaces.SURFACES if not surface.kinks and is_quadratic(surface)}
    assert found == {"bowl", "ravine", "ravine45", "booth", "matyas", "saddle"}
