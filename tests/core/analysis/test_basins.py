"""Basin maps against single runs, against known shares, and at their limits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import core.analysis.basins
from core import Goal, descend, descend_many
from core.analysis.basins import DIVERGED, LEFT, MOVING, NEAR, NO_NUMBER, basin_map, difference
from core.analysis.critical_points import find
from core.analysis.tuning import random_starts


def shares(basins) -> dict[tuple[float, float], float]:
    """Return the percentage of every minimum, by its place to one digit."""
    return {
        (round(point.x, 1), round(point.y, 1)): 100 * basins.share(k)
        for k, point in enumerate(basins.atlas.points)
        if point.kind == "minimum"
    }


def test_a_small_rate_reaches_every_minimum_of_himmelblau() -> None:
    got = basin_map("himmelblau", "sgd", 200, 500, lr=0.01)
    want = {(3.0, 2.0): 26.3, (-2.8, 3.1): 26.1, (-3.8, -3.3): 23.8, (3.6, -1.8): 23.7}
    assert shares(got) == pytest.approx(want, abs=0.06)
    assert sum(got.ends.values()) == pytest.approx(1)


def test_a_minimum_that_is_too_sharp_for_the_rate_vanishes() -> None:
    got = basin_map("himmelblau", "sgd", 200, 500, lr=0.02)
    found = shares(got)
    assert found[(3.0, 2.0)] == pytest.approx(26.0, abs=0.06)
    assert found[(-2.8, 3.1)] == pytest.approx(22.5, abs=0.06)
    for k, point in enumerate(got.atlas.points):
        if point.kind == "minimum" and point.stable_rate < 0.02:
            assert got.share(k) < 0.001
    # Half of the window never settles: 50 % and the 1.5 % that end not far from the third minimum.
    assert 100 * (got.share(MOVING) + got.share(DIVERGED)) == pytest.approx(51.5, abs=0.3)


def test_every_pixel_is_what_a_single_run_does() -> None:
    got = basin_map("himmelblau", "momentum", 12, 200, lr=0.01)
    near = NEAR * 12
    names = {MOVING: "running", DIVERGED: "diverged", LEFT: "left the box", NO_NUMBER: "not a number"}
    for i, k in np.ndindex(12, 12):
        run = descend("himmelblau", "momentum", (got.x[k], got.y[i]), 200, lr=0.01)
        end = got.end[i, k]
        if end < 0:
            assert run.status == names[end]
            continue
        point = got.atlas.points[end]
        distance = np.hypot(run.path[:, 0] - point.x, run.path[:, 1] - point.y)
        assert distance[-1] <= near
        assert got.steps[i, k] == int(np.argmax(distance <= near))


def test_difference_of_momentum_and_gradient_descent() -> None:
    plain = basin_map("himmelblau", "sgd", 200, 500, lr=0.01)
    heavy = basin_map("himmelblau", "momentum", 200, 500, lr=0.01, hyper={"momentum": 0.9}, atlas=plain.atlas)
    differs = difference(plain, heavy)
    assert differs.shape == (200, 200)
    assert differs.mean() == pytest.approx(0.46, abs=0.01)
    assert not difference(plain, plain).any()
    with pytest.raises(ValueError, match="other: got"):
        difference(plain, basin_map("himmelblau", "sgd", 20, 50))
    with pytest.raises(ValueError, match="other: got"):
        difference(plain, basin_map("booth", "sgd", 200, 5))


@pytest.mark.parametrize(("key", "rate", "steps"), [("booth", 0.1, 41), ("matyas", 1.0, 203)])
def test_a_convex_bowl_has_one_basin(key: str, rate: float, steps: int) -> None:
    assert basin_map(key, "sgd", 20, 500, lr=rate).ends == {0: 1.0}
    (minimum,) = find(key).points
    goal = Goal("near", 1e-3, ((minimum.x, minimum.y),))
    arrived = descend_many(key, "sgd", random_starts(key, 400), 500, rate, goal=goal).first
    assert np.all(arrived >= 0)
    assert np.median(arrived) == pytest.approx(steps, abs=3)


def test_a_rate_beyond_every_limit_diverges_everywhere_but_at_rest() -> None:
    got = basin_map("booth", "sgd", 20, 500, lr=0.2)
    assert got.ends == {DIVERGED: 1.0}
    assert got.steps.max() < 500


def test_without_a_step_worth_the_name_everyone_is_still_moving() -> None:
    assert basin_map("booth", "sgd", 20, 50, lr=0.0).ends == {MOVING: 1.0}


def test_a_bounded_surface_is_left() -> None:
    got = basin_map("saddle", "sgd", 20, 500, lr=0.05)
    assert got.share(LEFT) == 1.0
    assert np.all(got.steps < 500)
    assert got.steps[0, 10] < got.steps[9, 10], "the start nearer to the ridge leaves later"


def test_runs_to_a_curve_of_minima_end_on_it() -> None:
    got = basin_map("hyperbola", "sgd", 40, 500, lr=0.05)
    curve = len(got.atlas.points)
    assert got.share(curve) > 0.9
    assert 0 < np.median(got.steps[got.end == curve]) < 500


@pytest.mark.parametrize(("rate", "well"), [(0.02, -1.5), (0.04, -1.5), (0.2, 1.5), (0.8, 1.5)])
def test_a_large_rate_ends_in_the_flat_well(rate: float, well: float) -> None:
    got = basin_map("sharpflat", "sgd", 2, 2000, lr=rate, window=(-1.4, 1.6, 0.05, 1.05))
    end = got.end[0, 0]  # of the start (-1.4, 0.05)
    assert end >= 0
    assert got.atlas.points[end].x == pytest.approx(well, abs=0.05)
    assert got.atlas.points[end].kind == "minimum"


@pytest.mark.parametrize("rate", [0.05, 0.1])
def test_between_them_a_rate_rattles_inside_the_sharp_well(rate: float) -> None:
    run = descend("sharpflat", "sgd", (-1.4, 0.05), 2000, lr=rate)
    assert run.status == "running"
    assert np.all(np.hypot(run.path[1000:, 0] + 1.5, run.path[1000:, 1]) < 0.5)


@pytest.mark.parametrize(("rate", "sharpness", "limit"), [(0.12, 15.0, 16.7), (0.15, 9.44, 13.4), (0.2, 2.23, 10.0)])
def test_gradient_descent_refuses_sharp_places_of_the_hyperbola(rate: float, sharpness: float, limit: float) -> None:
    run = descend("hyperbola", "sgd", (4.0, 0.5), 2000, lr=rate)
    x, y = run.path[-1]
    assert x * y == pytest.approx(1, abs=1e-3)
    assert x * x + y * y == pytest.approx(sharpness, rel=0.005)
    assert x * x + y * y < limit
    assert find("hyperbola").nearest(x, y).kind == "degenerate"


def test_a_rate_beyond_all_limits_of_the_hyperbola_diverges() -> None:
    assert descend("hyperbola", "sgd", (4.0, 0.5), 2000, lr=0.3).status == "diverged"


def test_a_small_window_far_from_every_end_keeps_them() -> None:
    got = basin_map("himmelblau", "sgd", 5, 500, lr=0.01, window=(0.5, 0.51, 0.5, 0.51))
    ((end, share),) = got.ends.items()
    assert (got.atlas.points[end].kind, share) == ("minimum", 1.0)


def test_executor_and_progress_change_nothing() -> None:
    seen: list[float] = []
    alone = basin_map("himmelblau", "adam", 100, 100, lr=0.1, progress=seen.append)
    with ThreadPoolExecutor(2) as executor:
        together = basin_map("himmelblau", "adam", 100, 100, lr=0.1, executor=executor)
    np.testing.assert_array_equal(alone.end, together.end)
    np.testing.assert_array_equal(alone.steps, together.steps)
    assert seen == sorted(seen)
    assert len(seen) > 5
    assert seen[-1] == 1.0


def test_work_is_bounded() -> None:
    with pytest.raises(ValueError, match="size: got 401"):
        basin_map("bowl", "sgd", 401)
    with pytest.raises(ValueError, match="steps: got 2001 from 400 x 400 starts, allowed are 2000 there"):
        basin_map("bowl", "sgd", 400, 2001)
    with pytest.raises(ValueError, match="lr: got"):
        basin_map("bowl", "sgd", 10, lr=float("nan"))
    with pytest.raises(ValueError, match="window: got"):
        basin_map("bowl", "sgd", 10, window=(0, 0, 1, 1))


def test_a_family_has_its_own_map() -> None:
    got = basin_map("ravine", "sgd", 10, 500, lr=0.05, parameters={"condition": 10.0})
    assert got.ends == {0: 1.0}
    assert basin_map("ravine", "sgd", 10, 500, lr=0.05).ends == {DIVERGED: 1.0}


def test_ends_beside_each_other_are_told_apart() -> None:
    atlas = find("levy13")
    _, _, near = core.analysis.basins._targets(atlas)
    places = atlas.positions
    for k in range(0, places.shape[1], 37):
        distance = np.hypot(*(places - places[:, [k]]))
        others = np.delete(distance - near, k)
        assert others.min() > near[k], "two ends claim the same place"


@pytest.mark.parametrize(
    ("surface", "optimizer", "rate", "steps"),
    [
        ("himmelblau", "sgd", 0.01, 500),
        ("himmelblau", "sgd", 0.02, 247),
        ("hyperbola", "sgd", 0.2, 300),
        ("sharpflat", "sgd", 0.05, 300),
        ("saddle", "sgd", 0.05, 130),
        ("styblinski", "sign_sgd", 0.03, 200),
    ],
)
def test_runs_that_go_round_are_stopped_early_and_end_the_same(monkeypatch, surface, optimizer, rate, steps) -> None:
    """Two minima at 0.02 are circled for ever, with a period that 247 steps do not contain a whole number of times."""
    early = basin_map(surface, optimizer, 40, steps, lr=rate)
    monkeypatch.setattr(core.analysis.basins, "STAGE", steps)
    whole = basin_map(surface, optimizer, 40, steps, lr=rate, atlas=early.atlas)
    np.testing.assert_array_equal(early.end, whole.end)
    np.testing.assert_array_equal(early.steps, whole.steps)


def test_resting_runs_save_most_of_their_steps(monkeypatch) -> None:
    asked = []

    def counting(*args, **settings):
        asked.append(args[2].shape[1] * args[3])
        return descend_many(*args, **settings)

    monkeypatch.setattr(core.analysis.basins, "descend_many", counting)
    basin_map("dropwave", "sgd", 40, 500, lr=0.02)
    assert sum(asked) < 0.5 * 40 * 40 * 500


def test_every_point_finds_its_nearest_end() -> None:
    draw = np.random.default_rng(0)
    spots, near = draw.uniform(-5, 5, (2, 300)), draw.choice([0.05, 0.2, 0.4], 300)
    owner = draw.integers(0, 50, 300)
    points = draw.uniform(-6, 6, (2, 2000))
    got = core.analysis.basins._nearest_end(points, spots, owner, near)
    away = np.hypot(points[0][:, None] - spots[0], points[1][:, None] - spots[1])
    away[away > near] = np.inf
    want = np.where(np.isfinite(away.min(axis=1)), owner[away.argmin(axis=1)], MOVING)
    np.testing.assert_array_equal(got, want)
    assert np.all(core.analysis.basins._nearest_end(points, np.empty((2, 0)), owner[:0], near[:0]) == MOVING)
