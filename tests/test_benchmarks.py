"""The tables of `make bench`, whose yardsticks do the same work, and of `make load`. Nothing here is timed."""

import shutil
from random import Random

import numpy as np
import pytest

from benchmarks import load
from benchmarks.__main__ import line, main, seconds, share
from benchmarks.rows import ROWS, Row, best_of
from benchmarks.visitor import some_state
from benchmarks.yardsticks import (
    Missing,
    himmelblau_momentum_in_numpy,
    in_c,
    line_fits_in_numpy,
    seconds_in_new_process,
)
from core import descend, descend_many
from core.engine.batches import Batches
from pages import LESSONS
from surfaces import ALL_SURFACES

STARTS = np.random.default_rng(0).uniform(-1.5, 1.5, (2, 100))


@pytest.mark.skipif(not shutil.which("gcc"), reason="gcc is not installed")
@pytest.mark.parametrize(
    ("function", "lr", "b1", "b2"),
    [
        ("adam_plain", 0.01, 0.9, 0.999),
        ("adam_lanes", 0.01, 0.9, 0.999),
        ("momentum_lanes", 2e-4, 0.9, 0.0),
        ("rmsprop_lanes", 1e-4, 0.0, 0.99),
        ("nadam_lanes", 1e-3, 0.9, 0.999),
    ],
)
def test_optimizers_in_c_are_ours(function, lr, b1, b2):
    x, y = STARTS.copy()
    in_c(function, b1, b2)(x, y, 200, lr)
    ours = descend_many("rosenbrock", function.split("_")[0], STARTS, 200, lr).final
    np.testing.assert_allclose([x, y], ours, rtol=1e-8)


def test_momentum_in_numpy_is_our_momentum():
    ends = himmelblau_momentum_in_numpy(STARTS, 200, 0.002, 0.9)
    np.testing.assert_allclose(ends, descend_many("himmelblau", "momentum", STARTS, 200, 0.002).final, rtol=1e-8)


def test_line_fits_in_numpy_are_ours():
    line, rng = ALL_SURFACES["linear_regression"], np.random.default_rng(2)
    batches = [Batches(8, seed=seed) for seed in range(3)]
    rates = rng.uniform(0, 0.2, (40, 2))
    drawn = np.stack([b.indices(256, 40).reshape(40, 8) for b in batches])
    ends, losses = line_fits_in_numpy(line.data.rows, (-3.0, 4.0), rates, drawn)
    for seed in range(3):
        for k in range(2):
            run = descend(line, "sgd", (-3.0, 4.0), 40, 1.0, schedule=rates[:, k].copy(), batches=batches[seed])
            np.testing.assert_allclose(ends[:, seed, k], run.path[-1], rtol=1e-10)
            np.testing.assert_allclose(losses[seed, k], run.value[:-1], rtol=1e-10)


def test_process_reports_its_own_seconds():
    assert seconds_in_new_process("print(0.25)") == 0.25


def test_row_knows_whether_its_goal_is_met():
    assert Row(ours=1.5, yardstick=1.0, most_ratio=1.5).met is True
    assert Row(ours=1.6, yardstick=1.0, most_ratio=1.5).met is False
    assert Row(ours=0.9, yardstick=0.1, most_seconds=1.0).met is True
    assert Row(ours=1.1, yardstick=9.0, most_seconds=1.0).met is False
    assert Row(ours=1.0, yardstick=1.0).met is None


def test_numbers_are_written_in_units_that_suit_them():
    assert [seconds(s) for s in (2.5, 0.0175, 0.000144)] == ["2.5 s", "17.5 ms", "144 us"]
    assert [share(s) for s in (1.5, 0.22, 1 / 1000)] == ["1.50", "0.22", "1/1000"]
    assert line(Row(0.002, 0.001, most_ratio=1.5)).split() == ["2", "ms", "1", "ms", "2.00", "<=", "1.50", "NO"]


def test_ways_are_timed_in_turns():
    order = []
    best_of(2, lambda: order.append("a"), lambda: order.append("b"))
    assert order == ["a", "b", "a", "b"]


def test_words_pick_rows_and_a_missing_yardstick_is_said(monkeypatch, capsys):
    def cheap():
        """A cheap row"""
        return Row(1.0, 2.0, most_ratio=1.0)

    def poor():
        """A poor row"""
        raise Missing("nothing is installed")

    monkeypatch.setattr("benchmarks.__main__.ROWS", (cheap, poor))
    main([])
    everything = capsys.readouterr().out
    assert "A cheap row" in everything
    assert "A poor row\nnot measured: nothing is installed" in everything
    main(["poor"])
    assert "A cheap row" not in capsys.readouterr().out


def test_every_row_says_what_it_is():
    assert all(row.__doc__ for row in ROWS)


def test_load_visits_the_app_and_says_what_it_holds(capsys, monkeypatch):
    monkeypatch.setattr(load, "PAUSE", 0.0)
    monkeypatch.setattr(load, "LESSONS", {"step_size": LESSONS["step_size"]})
    status = load.main(["VISITS=6"])
    printed = capsys.readouterr().out
    assert printed.count("at rest") == 2 and "no errors" in printed
    assert status == ("NO" in printed)


def test_goals_of_the_load_can_be_missed():
    assert all(load.Curve([300, 549], half=400, end=419).goals().values())
    assert list(load.Curve([300, 551], half=400, end=421).goals().values()) == [False, False]


def test_crowd_is_served(capsys, monkeypatch):
    monkeypatch.setattr(load, "CROWDED", ("step_size",))
    assert load.main(["VISITS=0", "CROWD=3"]) == 0
    assert "3 open a cold /step_size" in capsys.readouterr().out


@pytest.mark.parametrize("key", LESSONS)
def test_visitors_choose_what_a_lesson_takes(key):
    for number in range(20):
        state = some_state(LESSONS[key], Random(number))
        assert dict(LESSONS[key].controls.state(state.changed)) == dict(state)
