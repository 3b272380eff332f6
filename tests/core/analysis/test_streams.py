"""Given gradients: the plane, the streams, and what the optimizers make of them."""

import numpy as np
import pytest

from core import descend
from core.analysis.streams import LEVEL, SLOPE, both, confined, feed, feed_many, lengths, repeated, skewed


def test_slope_has_its_derivatives_everywhere():
    x, y = np.array([0.0, -3.0, 7.0]), np.array([1.0, 5.0, -2.0])
    tilted = SLOPE.with_parameters(a=2.0, b=-3.0)
    assert tilted.value(x, y) == pytest.approx(2 * x - 3 * y)
    assert np.array(tilted.gradient(x, y)) == pytest.approx(np.array([[2.0] * 3, [-3.0] * 3]))
    assert np.all(np.array(tilted.hessian(x, y)) == 0)


def test_feeding_a_slope_is_walking_down_it():
    walked = descend(SLOPE, "adam", (1.0, 2.0), 50, 0.1)
    fed = feed("adam", np.tile([1.0, 0.1], (50, 1)), 0.1, (1.0, 2.0))
    assert np.array_equal(walked.path, fed.path)
    assert np.all(fed.gradient == 0) and np.all(fed.received == [1.0, 0.1])


def test_every_stream_of_many_is_fed_as_if_alone():
    streams = np.random.default_rng(0).standard_normal((5, 30, 2))
    many = feed_many("rmsprop", streams, 0.1, record=True)
    for k, stream in enumerate(streams):
        assert many.path[k] == pytest.approx(feed("rmsprop", stream, 0.1).path, abs=1e-13)


def test_skewed_batches_push_nowhere_on_average():
    stream = skewed(2000, 100, seed=3)
    assert set(np.unique(stream)) == {-0.9, 0.1}
    assert abs(stream.mean()) < 5 * 0.3 / np.sqrt(stream.size)
    assert np.array_equal(stream, skewed(2000, 100, seed=3))


def test_confined_point_is_projected_after_every_step():
    gradients = repeated((3.0, -1.0, -1.0), 40)
    run = feed("sgd", both(gradients), 0.5)
    x, expected = 0.0, [0.0]
    for g in gradients:
        x = min(max(x - 0.5 * g, -1.0), 1.0)
        expected.append(x)
    assert confined(np.diff(run.path[:, 0]), -1.0, 1.0) == pytest.approx(np.array(expected), abs=1e-12)


def test_lengths_are_in_rates_against_the_gradient():
    assert lengths("sgd", np.array([2.0, -1.0])) == pytest.approx(np.array([2.0, -1.0]))
    assert lengths("adagrad", np.full(4, 7.0)) == pytest.approx(1 / np.sqrt([1, 2, 3, 4]), rel=1e-9)


def test_level_ground_leaves_everyone_at_rest():
    assert np.all(descend(LEVEL, "adam", (1.0, 2.0), 10, 0.1).path == [1.0, 2.0])
