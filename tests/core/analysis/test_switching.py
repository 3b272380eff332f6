"""The switch from one optimizer to the next: against torch, and against one run where nothing changes."""

from pathlib import Path

import numpy as np
import pytest

from core import Goal, Noise, descend, descend_many
from core.analysis.switching import Phase, switch_optimizers
from core.engine.batches import Batches
from surfaces import ALL_SURFACES

RECORDED = np.load(Path(__file__).parents[2] / "reference" / "noise.npz")
STARTS = np.random.default_rng(0).uniform(-2, 2, (2, 70))


def test_torch_takes_the_same_path():
    phases = [Phase("adam", 0.1, 80), Phase("momentum", 0.01, 120)]
    batches = Batches(16, "reshuffled", 9)
    runs = switch_optimizers("linear_regression", phases, np.array([[-3.0], [4.0]]), batches=batches, record=True)
    np.testing.assert_allclose(runs.path[0], RECORDED["handed_over"], rtol=1e-10)


@pytest.mark.parametrize("settings", [{}, {"noise": Noise(0.3, 5)}, {"batches": Batches(7, "reshuffled", 2)}])
def test_an_optimizer_without_memory_does_not_notice_the_cut(settings):
    whole = descend_many("linear_regression", "sgd", STARTS, 90, 0.05, record=True, **settings)
    phases = [Phase("sgd", 0.05, 30), Phase("sgd", 0.05, 1), Phase("sgd", 0.05, 59)]
    parts = switch_optimizers("linear_regression", phases, STARTS, record=True, **settings)
    np.testing.assert_allclose(parts.path, whole.path, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(parts.value, whole.value, rtol=1e-10)
    np.testing.assert_allclose(parts.final, whole.final, rtol=1e-10, atol=1e-12)
    np.testing.assert_array_equal(parts.outcome, whole.outcome)


def test_next_optimizer_begins_without_memory():
    phases = [Phase("adam", 0.1, 50), Phase("adam", 0.1, 50)]
    runs = switch_optimizers("himmelblau", phases, STARTS[:, :1], record=True)
    again = descend("himmelblau", "adam", tuple(runs.path[0, 50]), 50, 0.1)
    np.testing.assert_allclose(runs.path[0, 50:], again.path, rtol=1e-12)
    assert runs.state["decay1"] == pytest.approx(0.9**50)
    assert np.abs(runs.path[0, 51] - runs.path[0, 50]) == pytest.approx(0.1, abs=1e-6)  # Adam's first step


def test_goals_are_counted_over_all_stages():
    goal = Goal("value below", 0.5)
    noise = Noise(0.4, 3)
    whole = descend_many("bowl", "sgd", STARTS, 90, 0.05, noise=noise, goal=goal)
    parts = switch_optimizers("bowl", [Phase("sgd", 0.05, 12), Phase("sgd", 0.05, 78)], STARTS, noise=noise, goal=goal)
    np.testing.assert_array_equal(parts.first, whole.first)
    np.testing.assert_array_equal(parts.held, whole.held)
    assert len(set(whole.first)) > 5
    assert min(whole.first) < 12 < max(whole.first)


def test_diverged_runs_take_no_part_in_what_follows():
    starts = np.array([[0.0, 1.9, 0.1], [0.0, -1.5, 0.1]])
    phases = [Phase("sgd", 0.004, 30), Phase("adam", 0.01, 20), Phase("sgd", 1e-4, 10)]
    runs = switch_optimizers("rosenbrock", phases, starts, record=True)
    alone = descend("rosenbrock", "sgd", (1.9, -1.5), 30, 0.004)
    assert runs.status.tolist() == ["running", "diverged", "running"]
    assert runs.stopped_at.tolist() == [60, alone.stopped_at, 60]
    assert np.isnan(runs.path[1, alone.stopped_at + 1 :]).all()
    assert np.isfinite(runs.path[[0, 2]]).all()
    everyone = switch_optimizers("rosenbrock", [Phase("sgd", 0.01, 30), Phase("sgd", 0.01, 5)], starts[:, 1:2])
    assert everyone.status.tolist() == ["diverged"]


def test_clips_and_schedules_belong_to_a_stage():
    phases = [Phase("momentum", 0.1, 20, "cosine", {"momentum": 0.5}), Phase("sgd", 0.1, 20, schedule=np.ones(20) / 2)]
    runs = switch_optimizers("cliff", phases, np.array([[2.6], [1.5]]), clip_norm=1.0, clip_value=0.8, record=True)
    first = descend(
        "cliff", "momentum", (2.6, 1.5), 20, 0.1, {"momentum": 0.5}, "cosine", clip_norm=1.0, clip_value=0.8
    )
    then = descend("cliff", "sgd", tuple(first.path[-1]), 20, 0.05, clip_norm=1.0, clip_value=0.8)
    np.testing.assert_allclose(runs.path[0], np.vstack([first.path, then.path[1:]]), rtol=1e-12)


def test_nothing_to_do_is_refused():
    with pytest.raises(ValueError, match="phases: got none"):
        switch_optimizers("bowl", [], STARTS)
    with pytest.raises(ValueError, match="steps: got 0"):
        switch_optimizers("bowl", [Phase("sgd", 0.1, 0)], STARTS)
    with pytest.raises(ValueError, match="batches: got some for bowl"):
        switch_optimizers(ALL_SURFACES["bowl"], [Phase("sgd", 0.1, 1)], STARTS, batches=Batches(1))
