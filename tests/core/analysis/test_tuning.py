"""Choosing a rate: the most starts first, then the fewest steps; and where a learner begins."""

from dataclasses import replace

import numpy as np
import pytest

from core import OPTIMIZERS, Goal
from core.analysis.tuning import first_rate, sweep_rates
from core.optimizers import VARIANTS
from surfaces import ALL_SURFACES, DATA_SURFACES, SURFACES

GOAL = Goal("value below", 1e-3)


@pytest.mark.parametrize("key", ["sgd", "momentum", "adagrad", "rmsprop", "adam", "lion", "rprop"])
@pytest.mark.parametrize("place", ["rosenbrock", "beale"])
def test_best_rate_arrives_most_often_and_then_soonest(place: str, key: str) -> None:
    sweep = sweep_rates(place, key, goal=GOAL, steps=600)
    assert sweep.reached[sweep.best] == sweep.reached.max()
    rivals = sweep.reached == sweep.reached.max()
    if sweep.works:
        assert sweep.mean_steps[sweep.best] == sweep.mean_steps[rivals].min()
    assert sweep.arrived == sweep.reached.max() * 24


def test_a_fast_rate_that_misses_more_often_is_not_the_best() -> None:
    sweep = sweep_rates("rosenbrock", "momentum", goal=GOAL, steps=2000)
    fastest = np.argmin(sweep.mean_steps)
    assert sweep.reached[fastest] < 1 == sweep.reached[sweep.best]


def test_a_goal_out_of_reach_is_said_to_be_one() -> None:
    sweep = sweep_rates("rosenbrock", "rmsprop", goal=GOAL, steps=800)
    assert not sweep.works
    assert sweep.arrived == 0
    assert sweep_rates("rosenbrock", "adam", goal=GOAL, steps=800).works


@pytest.mark.parametrize("rival", [*OPTIMIZERS, *VARIANTS], ids=lambda o: o.key)
def test_everyone_knows_where_to_begin_from_two_rates(rival) -> None:
    """A new surface names rates for SGD and Adam, nothing more."""
    for place in (*SURFACES, *DATA_SURFACES):
        least = replace(place, rates={key: place.rates[key] for key in ("sgd", "adam")})
        assert first_rate(least, rival) > 0


def test_an_optimizer_that_says_nothing_begins_with_the_rate_of_sgd() -> None:
    new = replace(OPTIMIZERS[0], key="new")
    assert first_rate(ALL_SURFACES["beale"], new) == ALL_SURFACES["beale"].rates["sgd"]
    assert (
        first_rate(ALL_SURFACES["beale"], replace(new, like="adam", part=0.5))
        == ALL_SURFACES["beale"].rates["adam"] / 2
    )
    assert first_rate(ALL_SURFACES["beale"], replace(new, like=None, part=0.3)) == 0.3
