"""Traps: escape times, growth, rescues and Newton's ends against theory, against other code, and as published."""

import numpy as np
import pytest

from core import descend
from core.analysis.tuning import random_starts
from core.engine.spec import Goal
from pages.traps import measure as traps
from pages.traps.experiments import EXPERIMENTS
from surfaces import ALL_SURFACES

ESCAPES = {
    "sgd": (83, 367, 744),
    "momentum": (24, 100, 201),
    "nesterov": (22, 91, 183),
    "ema_momentum": (114, 488, 986),
    "adagrad": (18, 18, 19),
    "adam": (11, 12, 14),
    "rmsprop": (1, 2, 3),
}


@pytest.mark.parametrize("key", ESCAPES)
def test_race_table_counts_the_steps_out_of_the_saddle(key):
    assert tuple(traps.race_table()[key]) == (*ESCAPES[key], -1)


def test_escape_is_the_first_step_beyond_one_half():
    y = np.abs(descend("saddle_bounded", "momentum", (1.0, 1e-8), 800, 0.05).path[:, 1])
    assert traps.escapes("momentum", [1e-8])[0] == np.argmax(y > 0.5)


def test_growth_is_the_root_of_the_characteristic_polynomial():
    roots = {"sgd": 1.05, "momentum": max(np.roots([1, -1.95, 0.9]))}
    for key, root in roots.items():
        run = descend("saddle_bounded", key, (1.0, 1e-8), 800, 0.05)
        assert traps.growth_in_theory(run) == pytest.approx(root)
        assert traps.growth(run) == pytest.approx(root, abs=1e-5)
    adam = descend("saddle_bounded", "adam", (1.0, 1e-8), 800, 0.05)
    assert np.isnan(traps.growth_in_theory(adam)) and np.isnan(traps.growth(adam))
    assert np.isnan(traps.growth(descend("saddle_bounded", "sgd", (1.0, 0.0), 800, 0.05)))


@pytest.mark.parametrize(("sigma", "steps"), [(1e-8, 415), (1e-4, 226), (1e-2, 131), (0.1, 84)])
def test_noise_frees_the_exact_axis(sigma, steps):
    found = traps.noise_rescue(sigma)
    assert found.escaped == 1 and found.median == steps
    assert found.low <= found.median <= found.high
    other = traps.noise_rescue(sigma, seed=1000)
    assert other.low - 6 < found.median < other.high + 6, "other seeds agree within their error"


def test_without_noise_nobody_is_freed():
    found = traps.noise_rescue(0.0)
    assert found.escaped == 0 and np.isnan(found.median)


def test_no_random_start_ends_at_the_saddle():
    for x, y in random_starts("saddle_bounded", 20, seed=1).T:
        assert abs(descend("saddle_bounded", "sgd", (x, y), 2000, 0.05).path[-1, 1]) == pytest.approx(1)


@pytest.mark.parametrize(("start", "steps"), [((0.01, 0.001), (1807, 252, 13)), ((-0.001, 0.001), (7982, 888, 10))])
def test_flat_saddle_is_slow(start, steps):
    goal = EXPERIMENTS["flat"].goal
    got = [descend("monkey_bounded", k, start, 8000, 0.05, goal=goal).first for k in ("sgd", "momentum", "adam")]
    assert tuple(got) == steps


def test_flat_saddle_takes_one_over_the_distance_and_a_strict_one_its_logarithm():
    found = traps.distances_and_escapes()
    decade = slice(0, 11, 10)
    assert np.divide(*found["flat"][decade]) == pytest.approx(10, rel=0.1)
    assert -np.diff(found["strict"][decade])[0] == pytest.approx(np.log(10) / np.log(1.05), abs=1)


@pytest.mark.parametrize(
    ("key", "deep", "rescued", "lost"),
    [("momentum", 55.9, 10.0, 6.0), ("nesterov", 56.9, 5.2, 0.2), ("ema_momentum", 51.9, 0, 0), ("adam", 51.9, 0, 0)],
)
def test_momentum_rescues_and_loses(key, deep, rescued, lost):
    found = traps.wells(key)
    assert 100 * np.array([found.deep, found.rescued, found.lost]) == pytest.approx([deep, rescued, lost], abs=0.05)
    assert found.deep - found.rescued + found.lost == pytest.approx(traps.wells("sgd").deep)


def test_a_well_counts_from_when_the_run_stays():
    chosen = EXPERIMENTS["wells"]
    run = descend("doublewell", "momentum", chosen.start, 500, 0.01, goal=chosen.goal)
    out, away = chosen.step_out(run), np.hypot(*(run.path - traps.DEEP).T)
    assert 0 < run.first < out, "it rolls through the minimum before it comes to stay"
    assert away[out:].max() < 0.05 <= away[out - 1]


def test_valley_has_no_minimum():
    beale = ALL_SURFACES["beale"]
    y = 1 + np.linspace(0, 2, 200_001) / 1e6
    assert beale.value(-1e6, y).min() == pytest.approx(traps.valley_floor(), rel=1e-4)
    assert traps.valley_floor() == pytest.approx(405 / 896)
    end = descend("beale", "adam", (-2.0, 2.0), 20_000, 0.05).path[-1]
    assert end[0] < -20 and abs(end[1] - 1) < 0.05


@pytest.mark.parametrize(
    ("key", "w", "steps", "slope"),
    [
        ("neuron_squared", -6.0, (569, 91, 168), 0.0097),
        ("neuron_squared", -12.0, (-1, -1, 2223), 0.0033),
        ("neuron_entropy", -6.0, (12, 5, 64), 1.01),
        ("neuron_entropy", -12.0, (17, 6, 124), 1.02),
    ],
)
def test_loss_makes_the_plateau(key, w, steps, slope):
    chosen = EXPERIMENTS["neuron"]
    runs = [descend(key, o, (w, 0.5), 20_000, rate) for o, rate in chosen.rates.items()]
    assert tuple(map(chosen.step_out, runs)) == steps
    assert runs[0].gradient_norm[0] == pytest.approx(slope, rel=0.01)


def test_accuracy_counts_rows():
    run = descend("neuron_entropy", "sgd", (-6.0, 0.5), 20, 1.0)
    rows = run.surface.data
    w, b = run.path[7]
    right = sum(((w * x + b) > 0) == (y > 0.5) for x, y in rows.rows)
    assert traps.accuracy(run)[7] == right / len(rows)
    with pytest.raises(ValueError, match="no rows"):
        traps.accuracy(descend("bowl", "sgd", (1.0, 1.0), 3, 0.1))


def test_plateau_holds_gradient_descent_and_misleads_adam():
    chosen = EXPERIMENTS["plateau"]
    goal = chosen.goal
    runs = {key: descend("easom", key, chosen.start, 3000, lr, goal=goal) for key, lr in chosen.rates.items()}
    assert runs["sgd"].gradient_norm[0] == pytest.approx(2.4e-8, rel=0.02)
    assert np.hypot(*runs["sgd"].path[-1]) < 1e-4
    assert runs["adam"].path[-1] == pytest.approx((1.305, 1.305), abs=1e-3)
    assert chosen.step_out(runs["rprop"]) > 0


def test_every_trap_knows_its_surfaces():
    for chosen in EXPERIMENTS:
        assert chosen.members()[0] is chosen.members()[0], "figures are remembered by it"
        assert EXPERIMENTS[chosen.key] is chosen
        assert isinstance(chosen.goal, Goal) or chosen.key == "neuron"
    with pytest.raises(ValueError, match="trap: got 'hole'"):
        EXPERIMENTS["hole"]
