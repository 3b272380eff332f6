"""Averages of a path against torch.optim.swa_utils, the authors of schedule-free SGD, and theory."""

from pathlib import Path

import numpy as np
import pytest

from core import Noise, descend, descend_many
from core.analysis.averages import exponential_average, schedule_free_average, tail_average, variance_ratio
from core.engine.batches import Batches
from core.optimizers import ALL_OPTIMIZERS
from surfaces import ALL_SURFACES

RECORDED = np.load(Path(__file__).parents[2] / "reference" / "noise.npz")
BOWL10 = ALL_SURFACES["ravine"].with_parameters(condition=10.0)


def test_averages_are_those_that_torch_keeps():
    path = RECORDED["path0"]
    np.testing.assert_allclose(exponential_average(path, 0.9)[1:], RECORDED["ema"], rtol=1e-12)
    np.testing.assert_allclose(tail_average(path)[1:], RECORDED["mean"], rtol=1e-12)


@pytest.mark.parametrize(("number", "lr", "beta"), [(0, 0.3, 0.9), (1, 1.0, 0.5)])
def test_schedule_free_is_that_of_its_authors(number, lr, beta):
    batches = Batches(16, "replacement", 5)
    run = descend("linear_regression", "schedule_free", (-3.0, 4.0), 200, lr, {"beta": beta}, batches=batches)
    np.testing.assert_allclose(run.path, RECORDED[f"free_path{number}"], rtol=1e-10, atol=1e-11)
    average = RECORDED[f"free_average{number}"]
    np.testing.assert_allclose(run.state["average"][1:], average[1:], rtol=1e-10, atol=1e-11)
    np.testing.assert_allclose(schedule_free_average(run.path, beta), average, rtol=1e-9, atol=1e-10)


def test_schedule_free_average_is_the_mean_of_its_fast_iterates():
    run = descend("beale", "schedule_free", (1.0, 1.5), 300, 0.01, noise=Noise(0.5, 1))
    np.testing.assert_allclose(run.state["average"][-1], run.state["z"][1:].mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(run.path[1:], (0.1 * run.state["z"] + 0.9 * run.state["average"])[1:], rtol=1e-12)
    assert ALL_OPTIMIZERS["schedule_free"].torch is None


def test_ensembles_of_paths_are_averaged_at_once():
    paths = np.random.default_rng(0).normal(size=(3, 4, 50, 2))
    for average in (lambda p: exponential_average(p, 0.8), lambda p: tail_average(p, 10), tail_average):
        whole = average(paths)
        assert whole.shape == paths.shape
        np.testing.assert_allclose(whole[2, 1], average(paths[2, 1]), rtol=1e-12)
    np.testing.assert_allclose(tail_average(paths, 10)[..., -1, :], paths[..., 10:, :].mean(axis=-2), rtol=1e-12)
    np.testing.assert_array_equal(tail_average(paths, 10)[..., :11, :], paths[..., :11, :])
    np.testing.assert_array_equal(exponential_average(paths, 0.0), paths)
    np.testing.assert_array_equal(exponential_average(paths, 1.0, 0), np.repeat(paths[..., :1, :], 50, axis=-2))


def test_start_is_remembered_as_told():
    path = np.zeros((41, 2))
    path[0] = 1.0
    assert exponential_average(path, 0.9, 0)[-1, 0] == pytest.approx(0.9**40)


@pytest.mark.parametrize("decay", [0.0, 0.9, 0.99])
@pytest.mark.parametrize("curvature", [1.0, 10.0])
def test_variance_ratio_is_what_a_long_run_shows(decay, curvature):
    lr, steps = 0.15, 20_000
    bowl = ALL_SURFACES["bowl"] if curvature == 1 else BOWL10
    run = descend_many(bowl, "sgd", np.zeros((2, 20)), steps, lr, noise=Noise(1.0, 4), record=True).path[..., 1]
    average = exponential_average(np.stack([run, run], axis=-1), decay)[..., 0]
    measured = average[:, 1000:].var() / run[:, 1000:].var()
    assert measured == pytest.approx(variance_ratio(decay, lr, curvature), rel=0.06)


def test_bad_settings_get_a_sentence():
    path = np.zeros((5, 2))
    for decay in (-0.1, 1.1, np.nan):
        with pytest.raises(ValueError, match="decay: got"):
            exponential_average(path, decay)
    for begin in (-1, 5):
        with pytest.raises(ValueError, match=r"begin: got .* allowed are steps from 0 to 4"):
            tail_average(path, begin)
