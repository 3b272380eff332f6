"""Recipes on trial: theory beside what many runs show, and runs that are what they say."""

from dataclasses import replace

import numpy as np
import pytest

from core import descend
from core.analysis.averages import exponential_average, tail_average
from core.analysis.switching import Phase
from core.engine.spec import Noise
from pages.recipes import measure as lab
from pages.recipes.measure import Recipe

SWITCH, BATCHES, AVERAGES, CLIPPING, BOARD = lab.EXPERIMENTS
CASE = AVERAGES.case()


def test_rows_are_complete_and_found():
    for experiment in lab.EXPERIMENTS:
        assert lab.EXPERIMENTS[experiment.key] is experiment
        assert experiment.surface is experiment.surface, "figures are kept"
        recipes = experiment.build(**{knob.key: knob.default for knob in experiment.knobs})
        assert len({row.key for row in recipes}) == len({row.title for row in recipes}) == len(recipes)
        assert recipes == experiment.build(), "the knobs begin with the defaults of the builder"
        assert lab.pick(recipes, recipes[-1].key) is recipes[-1]
    with pytest.raises(ValueError, match="experiment: got 'x', allowed are hand_over"):
        lab.EXPERIMENTS["x"]
    with pytest.raises(ValueError, match="recipe: got 'x', allowed are unclipped"):
        lab.pick(lab.clips(), "x")


@pytest.mark.parametrize("key", ["sgd", "ema", "ema_longer", "tail"])
def test_theory_gives_the_mean_of_every_average(key):
    recipe = lab.pick(lab.averages(), key)
    spread = lab.repeat(CASE, recipe)
    assert abs(spread.mean[-1] - lab.expected_end(CASE, recipe)) < 3.5 * spread.error


@pytest.mark.parametrize("average", [None, ("ema", 0.9), ("ema", 0.0), ("tail", 3), ("tail", 12)])
def test_weights_are_those_of_the_average(average):
    path = np.random.default_rng(0).standard_normal((13, 2))
    taken = {"ema": exponential_average, "tail": lambda own, begin: tail_average(own, int(begin))}
    end = path[-1] if average is None else taken[average[0]](path, average[1])[-1]
    weight = lab.weights(average, 12)
    assert weight.sum() == pytest.approx(1)
    assert weight @ path == pytest.approx(end, abs=1e-15)


def test_theory_without_noise_is_the_run():
    case = replace(CASE, sigma=0.0)
    for recipe in lab.averages(200)[2:6]:
        assert lab.expected_end(case, recipe) == pytest.approx(lab.repeat(case, recipe).mean[-1], rel=1e-9)


def test_theory_of_a_long_run_forgets_the_start():
    long = lab.averages(20_000, 0.99)
    assert lab.expected_end(CASE, lab.pick(long, "ema")) == pytest.approx(lab.settled(CASE, 0.15, 0.99), rel=1e-9)
    assert lab.is_stable(CASE, 0.19) and not lab.is_stable(CASE, 0.2) and not lab.is_stable(CASE, 0.0)


def test_theory_is_silent_where_it_does_not_hold():
    others = (lab.pick(lab.averages(), "momentum"), lab.optimizer_switches()[-2], lab.changing_batches()[0])
    assert [lab.expected_end(CASE, row) for row in others] == [None] * 3


@pytest.mark.parametrize("key", ["adam_sgd", "sgd_sgd"])
def test_walk_is_the_first_of_the_repetitions(key):
    case, recipe = SWITCH.case(seeds=2, seed=7), lab.pick(lab.optimizer_switches(200), key)
    first, second = (lab.whole(lab.walk(replace(case, seed=seed), recipe), recipe) for seed in (7, 8))
    gaps = [case.surface.value(*path.T) - case.lowest for path in (first, second)]
    assert lab.repeat(case, recipe).mean == pytest.approx(np.mean(gaps, axis=0), rel=1e-9)


def test_switch_to_oneself_is_one_run_where_nothing_is_remembered():
    phases = (Phase("sgd", 0.01, 30), Phase("sgd", 0.01, 70))
    case, recipe = SWITCH.case(), Recipe("twice", "twice", phases)
    once = descend(case.surface, "sgd", case.start, 100, 0.01, noise=Noise(1.0))
    assert np.array_equal(lab.whole(lab.walk(case, recipe), recipe), once.path)


def test_noise_falls_with_the_root_of_the_batch():
    recipe = lab.pick(lab.changing_batches(), "growing")
    sigma = BATCHES.case().noise(recipe).sigma
    assert (sigma[0], sigma[-1]) == (1.5, 0.375)
    assert recipe.clock[-1] == sum(recipe.sizes) <= 16_000
    assert lab.pick(lab.changing_batches(), "falling").rates == "0.1 → 0.025 → 0.00625"


def test_rows_follow_the_clock_and_end_with_the_run():
    recipe = Recipe("r", "r", (Phase("sgd", 0.1, 3),), sizes=(4, 64, 4))
    moments = np.array([0, 3, 4, 67, 68, 72, 80])
    assert recipe.rows_at(moments, 4).tolist() == [0, 0, 1, 1, 2, 3, 3]
    assert recipe.rows_at(moments, 2).tolist() == [0, 0, 1], "it ended after the first step"


def test_whole_run_and_nothing_of_it_may_come_before_the_switch():
    never, at_once = lab.optimizer_switches(100, 100), lab.optimizer_switches(100, 0)
    assert lab.pick(never, "adam_sgd").phases == lab.pick(never, "adam").phases
    assert lab.pick(at_once, "adam_sgd").phases == (Phase("sgd", 0.002, 100),)


def test_diverged_recipes_are_counted_and_never_the_best():
    wild = Recipe("wild", "wild", (Phase("sgd", 0.9, 300), Phase("sgd", 0.001, 300)))
    case = SWITCH.case(seeds=4)
    assert lab.repeat(case, wild).lost == 4
    assert len(lab.walk(case, wild)) == 1, "after it no other phase"
    assert lab.score(case, wild, (1.0,)).mean == np.inf
    assert lab.score(case, wild, (1.0, 0.01)).recipe.phases[0].lr == pytest.approx(0.009)


def test_score_takes_the_best_of_its_rates():
    case, recipe = BOARD.case(seeds=20), lab.pick(lab.board(500), "tail")
    scores = [lab.score(case, recipe, (factor,)).mean for factor in lab.FACTORS]
    assert lab.score(case, recipe).mean == min(scores)
    assert lab.score(case, recipe, (1.0,)).mean == pytest.approx(lab.repeat(case, recipe).mean[-1], rel=1e-12)


def test_score_board_has_the_taught_order():
    found = {row.key: lab.score(BOARD.case(), row) for row in lab.board()}
    assert min(found, key=lambda key: found[key].mean) == "tail", "averaging beats every schedule on a quadratic"
    assert found["sgd_cosine"].mean == pytest.approx(0.00050, rel=0.05)
    assert found["adam_cosine"].mean == pytest.approx(0.00064, rel=0.12)
    assert found["adam_sgd"].mean < found["adam"].mean / 2


def test_clipping_turns_the_gradient():
    turns = lab.turn_of((300.0, 0.5), norm=1.0), lab.turn_of((300.0, 0.5), value=1.0)
    assert turns == (
        pytest.approx(0, abs=1e-9),
        pytest.approx(45 - np.degrees(np.arctan2(0.5, 300)) - 18.435, abs=0.01),
    )
    assert lab.turn_of((0.3, 0.4), norm=1.0, value=1.0) == 0, "a short gradient stays as it is"
    assert lab.turn_of((-7.0, 7.0), value=2.0) == pytest.approx(0, abs=1e-9)


def test_scattered_runs_start_all_over_the_window():
    case = AVERAGES.case(scattered=True, seeds=200)
    leg = Recipe("still", "still", (Phase("sgd", 0.0, 1),))
    spread = lab.repeat(case, leg)
    x_low, x_high, y_low, y_high = case.surface.domain
    starts = lab.random_starts(case.surface, 4000)
    assert ((starts[0] >= x_low) & (starts[0] <= x_high) & (starts[1] >= y_low) & (starts[1] <= y_high)).all()
    assert spread.mean[0] == pytest.approx(case.surface.value(*starts).mean(), rel=0.2)
    assert len(np.unique(spread.final)) == 200
