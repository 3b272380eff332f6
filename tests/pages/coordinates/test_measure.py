"""The laboratory of rates per coordinate against theory and against numbers found elsewhere."""

import numpy as np
import pytest

from core import Noise, descend
from core.analysis.streams import SLOPE, lengths
from pages.coordinates.measure import (
    GRADIENT_METHODS,
    GROUNDS,
    RARE_RATES,
    RARE_STEPS,
    REPEATS,
    SKEWED_STEPS,
    at_the_edge,
    drift,
    mean_and_error,
    rare_feature,
    rare_surface,
    robustness,
    steps_by_angle,
    turned_start,
)

ANGLES = np.array([0.0, 15.0, 30.0, 45.0])


@pytest.mark.parametrize(
    ("key", "lr", "expected", "tolerance"),
    [
        ("sgd", 0.0198, (344, 344, 344, 344), 1),
        ("adam", 0.1, (261, 392, 504, 535), 2),
        ("adagrad", 3.0, (28, 205, 437, 548), 2),
        ("rmsprop", 0.03, (520, 592, 619, 597), 8),
        ("lion", 0.05, (200, np.nan, np.nan, np.nan), 2),
    ],
)
def test_steps_down_the_turned_ravine(key, lr, expected, tolerance):
    found = steps_by_angle(key, lr, ANGLES)
    assert found == pytest.approx(np.array(expected), abs=tolerance, nan_ok=True)


def test_turned_start_stays_in_its_place_of_the_ravine():
    ravine = GROUNDS["ravine"].surface
    values = [ravine.with_parameters(angle=float(a)).value(*turned_start(a)) for a in ANGLES]
    assert values == pytest.approx([100.0] * 4)
    assert turned_start(0.0) == (-10.0, 1.0)


def test_every_ground_has_a_rate_for_every_method_and_its_start_in_the_window():
    for ground in GROUNDS.values():
        x_low, x_high, y_low, y_high = ground.surface.domain
        x, y = ground.surface.starts[0]
        assert x_low < x < x_high and y_low < y < y_high
        for key in GRADIENT_METHODS:
            run = descend(ground.surface, key, None, 300, ground.rates[key])
            assert run.status != "diverged", (ground.key, key)


def test_rate_of_adagrad_in_three_worlds():
    slope = descend(SLOPE, "adagrad", (0.0, 0.0), 100_000, 0.1)
    assert -np.diff(slope.path[:, 0])[[0, 9, 99, 99_999]] == pytest.approx([0.1, 0.0316, 0.01, 3.162e-4], rel=1e-3)
    assert -slope.path[-1, 0] == pytest.approx(63.1, abs=0.05)
    bowl = descend("bowl", "adagrad", (5.0, 1.0), 1000, 0.5)
    rate = bowl.explained()["rate"][:, 0]
    assert rate[[99, 999]] == pytest.approx(0.0316, abs=1e-4)
    assert bowl.path[[100, 1000], 0] == pytest.approx([0.137, 0.0], abs=1e-3)
    assert descend("bowl", "adagrad", (5.0, 1.0), 1000, 0.1).path[-1, 0] == pytest.approx(0.69, abs=1e-3)
    noisy = descend("bowl", "adagrad", (5.0, 1.0), 100_000, 0.5, noise=Noise(1.0)).explained()["rate"][:, 0]
    assert noisy[[9999, 99_999]] == pytest.approx([0.5 / 100, 0.5 / np.sqrt(1e5)], rel=0.03)


def test_rate_of_adam_grows_to_that_of_its_noise():
    rate = descend("booth", "adam", None, 3000, 0.1).explained()["rate"]
    assert rate[[0, 299, 2999]] == pytest.approx(
        np.array([[0.0020, 0.0045], [0.0093, 0.0255], [0.069, 0.188]]), rel=0.02
    )
    noisy = descend("bowl", "adam", None, 20_000, 0.1, noise=Noise(1.0)).explained()["rate"]
    assert noisy[10_000:].mean() == pytest.approx(0.1, rel=0.05)


def test_longest_step_of_adam_after_silence():
    longest = lengths("adam", np.append(np.zeros(4999), 1.0))[-1]
    assert longest == pytest.approx(3.15, abs=0.01)
    assert longest < 0.1 / np.sqrt(0.001)


def test_strict_count_of_working_rates():
    found = {key: robustness("rosenbrock", key).decades for key in ("sgd", "momentum", "adagrad", "adam")}
    assert found == {"sgd": 0.25, "momentum": 1.25, "adagrad": 0.25, "adam": 3.0}
    assert robustness("beale", "rprop").decades == 9.25
    assert at_the_edge(robustness("beale", "rprop"))
    assert not at_the_edge(robustness("beale", "sgd"))


def test_rates_that_work_really_stay():
    sweep = robustness("rosenbrock", "adam")
    for k in np.flatnonzero(sweep.reached == 1.0):
        run = descend("rosenbrock", "adam", (-1.5, 2.0), 5000, float(sweep.rates[k]))
        away = np.hypot(*(run.path[int(sweep.steps[k, 0]) :] - 1.0).T)
        assert away.max() < 0.05


def test_rare_feature_is_there_in_one_row_of_fifty():
    data = rare_surface(0).data
    assert data.x.mean() == pytest.approx(0.02)
    assert set(np.unique(data.x)) == {0.0, 1.0}
    assert np.abs(data.y - 3 * data.x - 1).std() < 0.2


@pytest.mark.parametrize(
    ("row", "expected"), list(zip(RARE_RATES, (1111, 418, 2373, 4360, 2984, 551, 541), strict=True)), ids=str
)
def test_steps_to_a_rare_feature(row, expected):
    key, lr, falling = row
    found = rare_feature(key, lr, seed=0, falling=falling)
    mean, error = mean_and_error(found.arrived)
    assert found.path.shape == (REPEATS, RARE_STEPS + 1)
    assert abs(mean - expected) < 5 * error
    assert 0.01 < found.dense_error < 0.04


@pytest.mark.parametrize(
    ("key", "hyper", "expected", "tolerance"),
    [
        ("sgd", (), 0.0, 0.1),
        ("sign_sgd", (), -16.0, 0.3),
        ("rprop", (), -63_000, 3000),
        ("lion", (), -5.3, 3.0),
        ("rmsprop", (("alpha", 0.9),), -3.07, 0.6),
        ("rmsprop", (), -0.70, 0.5),
        ("adam", (), -0.19, 0.4),
        ("adagrad", (), -0.04, 0.04),
    ],
)
def test_drift_on_skewed_batches(key, hyper, expected, tolerance):
    path = drift(key, hyper)
    assert path.shape == (2 * REPEATS, SKEWED_STEPS + 1)
    assert path[:, -1].mean() == pytest.approx(expected, abs=tolerance)


def test_sign_drifts_as_its_bias_says():
    mean, error = mean_and_error(drift("sign_sgd")[:, -1])
    assert abs(mean + 0.8 * 0.01 * SKEWED_STEPS) < 4 * error
