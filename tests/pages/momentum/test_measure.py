"""What momentum does on the way, against the published numbers."""

import numpy as np
import pytest

from core import descend
from core.analysis.stability import settings
from core.engine.spec import Noise
from pages.momentum.measure import (
    SEEN,
    across,
    along,
    largest_gap,
    nesterov_parts,
    overshoot,
    race_condition_numbers,
    settled,
    visible,
    zigzags,
)
from surfaces import ALL_SURFACES


@pytest.mark.parametrize("noise", [None, Noise(0.3, 1)])
def test_parts_add_up_to_every_nesterov_step(noise):
    run = descend("rosenbrock", "nesterov", (-1.5, 2.0), 300, hyper=settings("nesterov", 1e-3, 0.9), noise=noise)
    parts = nesterov_parts(run)
    assert all(part.shape == run.path.shape for part in parts.values())
    total = np.sum(list(parts.values()), axis=0)
    np.testing.assert_allclose(total[:-1], np.diff(run.path, axis=0), atol=1e-14)
    assert np.isnan(total[-1]).all()
    assert np.abs(parts["correction"][1:-1]).max() > 0.01


def test_two_forms_walk_one_path_when_the_rate_makes_up_for_the_weight():
    ball = descend("beale", "momentum", steps=500, hyper=settings("momentum", 0.002, 0.9))
    average = descend("beale", "ema_momentum", steps=500, hyper=settings("ema_momentum", 0.002 / (1 - 0.9), 0.9))
    assert largest_gap(ball, average) < 1e-14
    assert largest_gap(ball, descend("beale", "sgd", steps=500, lr=0.002)) > 0.1


def test_gap_of_runs_of_different_length_counts_what_both_have():
    short = descend("bowl", "sgd", (1.0, 0.0), 3, lr=0.5)
    assert largest_gap(short, descend("bowl", "sgd", (1.0, 0.0), 9, lr=0.5)) == 0.0


def test_across_is_the_steep_coordinate_in_a_turned_ravine():
    straight = descend("ravine", "sgd", (-10.0, 1.0), 50, lr=0.0185)
    turn = np.radians(30)
    start = -10 * np.cos(turn) - np.sin(turn), -10 * np.sin(turn) + np.cos(turn)
    turned = descend(ALL_SURFACES["ravine"].with_parameters(angle=30.0), "sgd", start, 50, lr=0.0185)
    place = across(turned.surface, turned.path)
    np.testing.assert_allclose(np.abs(place), np.abs(straight.path[:, 1]), atol=1e-10)


def counted(run) -> int:
    return zigzags(across(run.surface, run.path), visible(run.surface))


@pytest.mark.parametrize(("key", "lr", "count"), [("sgd", 0.015, 2), ("sgd", 0.0185, 11), ("sgd", 0.0198, 93)])
def test_zigzags_of_gradient_descent_are_those_above_a_hundredth_of_the_picture(key, lr, count):
    """Across, every step multiplies y by 1 - 100 lr, which is negative: y is seen while |1 - 100 lr|^k >= 0.15."""
    run = descend("ravine", key, (-10.0, 1.0), 500, hyper=settings(key, lr, 0.9))
    assert visible(run.surface) == pytest.approx(0.15)
    assert counted(run) == count == int(np.log(0.15) / np.log(100 * lr - 1))


@pytest.mark.parametrize(
    ("lr", "more"), [(0.012, "momentum"), (0.015, "momentum"), (0.0185, "momentum"), (0.0198, "sgd")]
)
def test_who_zigzags_more_in_the_table_does_so_in_the_picture(lr, more):
    """Seen on the screen: on 390 pixels for the longer side, an excursion of four pixels or more on the other side."""
    found, drawn = {}, {}
    for key in ("sgd", "momentum"):
        run = descend("ravine", key, (-10.0, 1.0), 500, hyper=settings(key, lr, 0.9))
        found[key], pixels = counted(run), run.path[:, 1] * 390 / 15
        sides = [side for side in np.where(pixels > 3.9, 1, np.where(pixels < -3.9, -1, 0)) if side]
        drawn[key] = sum(one != other for one, other in zip(sides[1:], sides, strict=False))
    assert found == drawn
    assert max(found, key=found.__getitem__) == more


def test_rounding_noise_at_rest_is_no_zigzag():
    run = descend("ravine", "sgd", (-10.0, 1.0), 2000, hyper=settings("sgd", 0.015, 0.9))
    place = across(run.surface, run.path)
    assert np.count_nonzero(place[1:] * place[:-1] < 0) > 500
    assert zigzags(place, visible(run.surface)) == 2


def test_overshoot_of_momentum_lies_along_the_valley():
    runs = {k: descend("ravine", k, (-10.0, 1.0), 500, hyper=settings(k, 0.015, 0.9)) for k in ("sgd", "momentum")}
    far = {k: overshoot(along(run.surface, run.path), visible(run.surface)) for k, run in runs.items()}
    assert far["sgd"] == 0
    assert far["momentum"] == runs["momentum"].path[:, 0].max() > 1


@pytest.mark.parametrize(
    ("key", "lr", "lowest", "rest"),
    [
        ("momentum", 0.1, 0.604, 129),
        ("nesterov", 0.1, 0.394, 62),
        ("momentum", 0.5, 0.842, 132),
        ("nesterov", 0.5, 0.405, 17),
    ],
)
def test_overshoot_on_the_parabola(key, lr, lowest, rest):
    place = descend("bowl", key, (0.0, 1.0), 300, hyper=settings(key, lr, 0.9)).path[:, 1]
    assert overshoot(place, SEEN) == pytest.approx(lowest, abs=5e-4)
    assert settled(place, 1e-3) == rest


def test_small_cases_of_the_measures():
    assert zigzags(np.array([1.0, -1.0, 0.0, 1.0, -1.0]), 0.5) == 3
    assert zigzags(np.array([1.0, -0.4, 1.0, -0.5]), 0.5) == 1
    assert zigzags(np.array([]), 0.5) == 0
    assert overshoot(np.array([-2.0, -1.0, 0.5]), 0.1) == 0.5
    assert overshoot(np.array([-2.0, -1.0, 0.5]), 0.6) == 0.0
    assert overshoot(np.array([2.0, 1.0]), 0.1) == 0.0
    assert settled(np.array([1.0, 0.1, 1.0, 0.1]), 0.5) == 3
    assert settled(np.array([1.0]), 0.5) == -1


def test_race_over_condition_numbers_has_the_published_steps():
    race = race_condition_numbers(np.array([10.0, 100.0, 1000.0, 10_000.0]))
    assert race.steps["sgd"].tolist() == pytest.approx([35, 346, 3454, 34539], abs=2)
    assert race.steps["momentum"].tolist() == pytest.approx([15, 56, 203, 708], abs=2)
    assert race.steps["nesterov"].tolist() == pytest.approx([23, 83, 245, 659], abs=2)
    assert race.slope("sgd") == pytest.approx(1.0, abs=0.01)
    assert race.slope("momentum") == pytest.approx(0.5, abs=0.1)
