"""Schedules on trial: the numbers that are taught, and theory beside what many runs show."""

import numpy as np
import pytest

from core import descend
from core.analysis import schedule_trials as lab
from core.engine.spec import Noise
from core.optimizers import ALL_OPTIMIZERS
from core.schedules import SCHEDULES, drawn_schedule, rates

NOISE, STEEP, WELLS = lab.TRIALS
KNOWN = [row for row in lab.VARIANTS[:-1] if row.key != "plateau"]


def plan_of(trial: lab.Trial, row: lab.Variant) -> lab.Plan:
    return lab.plan(row.schedule, trial.defaults(row))


def test_rows_are_complete_and_found():
    for rows in (lab.VARIANTS, lab.TRIALS):
        assert len({row.key for row in rows}) == len({row.title for row in rows}) == len(rows)
    shown = {row.schedule for row in lab.VARIANTS}
    assert {SCHEDULES[key].key for key in shown - {"drawn"}} == shown - {"drawn"}
    for trial in lab.TRIALS:
        assert lab.TRIALS[trial.key] is trial
        assert trial.surface is trial.surface, "figures are kept"
        for key in trial.variants:
            lab.check(lab.VARIANTS[key].schedule, trial.steps, trial.defaults(lab.VARIANTS[key]))
    with pytest.raises(ValueError, match="trial: got 'x', allowed are noise"):
        lab.TRIALS["x"]
    with pytest.raises(ValueError, match="variant: got 'x', allowed are constant"):
        lab.VARIANTS["x"]


@pytest.mark.parametrize("row", KNOWN, ids=lambda row: row.key)
def test_theory_gives_the_mean_of_every_schedule(row):
    spread = lab.measured_in("noise", row.key)
    theory = lab.expected(NOISE.case(), NOISE.lr, plan_of(NOISE, row))
    assert spread.mean[:10] == pytest.approx(theory[:10], rel=0.05), "the descent, before noise decides"
    assert abs(spread.mean[-1] - theory[-1]) < 3.5 * spread.error


def test_theory_ends_at_the_floor_of_a_constant_rate():
    theory = lab.expected(NOISE.case(), NOISE.lr, lab.plan("constant"))
    assert theory[-1] == pytest.approx(lab.floor(NOISE.case(), NOISE.lr), rel=1e-9)
    assert lab.floor(NOISE.case(), NOISE.lr) == pytest.approx(0.1905, abs=5e-5)
    assert theory[0] == pytest.approx(NOISE.surface.value(*NOISE.start))


def test_theory_without_noise_is_the_run():
    case = NOISE.case(sigma=0.0)
    run = descend(case.surface, "sgd", case.start, case.steps, 0.15, schedule="cosine")
    assert lab.expected(case, 0.15, lab.plan("cosine")) == pytest.approx(run.value, rel=1e-9, abs=1e-300)


@pytest.mark.parametrize(
    ("case", "lr"),
    [
        (NOISE.case(), 0.2),
        (NOISE.case(), 0.0),
        (NOISE.case(sigma=0.0), 0.1),
        (NOISE.case(optimizer="momentum"), 0.1),
        (WELLS.case(), 0.01),
    ],
)
def test_no_floor_is_named_where_theory_has_none(case, lr):
    assert np.isnan(lab.floor(case, lr))


TAUGHT = {
    "constant": (0.180, -1),
    "multi_step": (0.00214, 508),
    "exponential": (0.00130, 153),
    "time_based": (0.00092, 73),
    "linear": (0.00340, 482),
    "cosine": (0.00234, 491),
    "warm_cosine": (0.00251, 543),
    "cosine_restarts": (0.00639, 127),
    "one_cycle": (0.00291, 632),
}


@pytest.mark.parametrize("key", TAUGHT)
def test_schedules_end_where_they_are_taught_to(key):
    final, first = TAUGHT[key]
    spread = lab.measured_in("noise", key)
    assert spread.mean[-1] == pytest.approx(final, rel=0.005)
    assert spread.first_below(NOISE.level) == first
    assert spread.error == pytest.approx(spread.final.std(ddof=1) / 20)
    assert spread.lost == 0


@pytest.mark.parametrize(
    ("key", "final", "rate"), [("constant", 0.0037, 0.005), ("exponential", 0.00080, 0.05), ("cosine", 0.00110, 0.012)]
)
def test_tuned_rates(key, final, rate):
    sweep = lab.tune(NOISE.case(), NOISE.grid, plan_of(NOISE, lab.VARIANTS[key]))
    assert (sweep.best_rate, sweep.best) == (rate, pytest.approx(final, rel=0.01))
    at_own_rate = lab.repeat(NOISE.case(), rate, plan_of(NOISE, lab.VARIANTS[key]))
    assert at_own_rate.mean[-1] == pytest.approx(sweep.best, rel=1e-12), "the same seeds"


def test_tuning_counts_a_diverged_run_as_infinite():
    sweep = lab.tune(NOISE.case(seeds=3), (0.1, 0.5), lab.plan("constant"))
    assert np.isfinite(sweep.final).tolist() == [True, False]
    assert NOISE.rates_for(ALL_OPTIMIZERS["sgd"]) == NOISE.grid
    assert max(NOISE.rates_for(ALL_OPTIMIZERS["adam"])) == pytest.approx(0.3)


def test_repeat_counts_runs_that_are_lost():
    spread = lab.repeat(STEEP.case(), STEEP.lr, lab.plan("constant"))
    assert (spread.lost, len(spread.final), spread.error) == (1, 1, 0.0)
    assert np.isnan(spread.final[0]) and np.isnan(spread.mean[-1])
    assert spread.first_below(1e-3) == -1


def test_repeat_holds_the_run_of_each_seed():
    case = NOISE.case(seeds=3, seed=5, steps=200)
    spread = lab.repeat(case, 0.1, lab.plan("cosine"))
    for k in range(3):
        run = descend(case.surface, "sgd", case.start, 200, 0.1, schedule="cosine", noise=Noise(1.0, 5 + k))
        assert spread.final[k] == pytest.approx(run.value[-1], rel=1e-12)
    assert np.all(spread.low <= spread.mean) and np.all(spread.mean <= spread.high + 1e-12)


def test_restarts_buy_time_at_a_high_rate():
    crossed = lab.measured_in("wells", "cosine_restarts").crossed
    assert [crossed[t] for t in (300, 600, 900, 1200)] == pytest.approx([0.18, 0.32, 0.44, 0.54], abs=0.06)
    assert lab.measured_in("wells", "cosine").crossed[-1] == pytest.approx(0.54, abs=0.06)
    assert lab.measured_in("wells", "short_cosine").crossed[-1] == pytest.approx(0.18, abs=0.06)
    assert lab.measured_in("wells", "cosine_restarts", sigma=0.0).crossed[-1] == 0


WARM_UPS = [
    ("momentum", 0.003, (-1.5, 2.0), {0: None, 10: 210, 50: 182, 200: 286}),
    ("sgd", 0.0019, (1.8, 2.5), {0: None, 10: None, 50: None, 200: 266, 1000: 1101}),
    ("adam", 0.1, (-1.5, 2.0), {0: 638, 10: 750, 50: 776, 200: 850}),
    ("adam", 0.3, (-1.5, 2.0), {0: 600, 50: 372}),
]


@pytest.mark.parametrize(("key", "lr", "start", "reached"), WARM_UPS)
def test_warm_ups(key, lr, start, reached):
    found = lab.warm_ups(STEEP.case(optimizer=key, start=start, steps=2000), lr, tuple(reached), 1e-3)
    for step, out, taught in zip(found.reached, found.diverged_at, reached.values(), strict=True):
        assert np.isnan(step) == (taught is None) == (out >= 0)
        assert taught is None or abs(step - taught) <= 1
    if key == "momentum":
        assert found.diverged_at[0] == 7
        assert found.peak[1:3] == pytest.approx([49.9, 16.6], abs=0.05)


def test_warm_up_saves_a_run_from_the_limit_of_its_rate():
    run = descend("rosenbrock", "momentum", (-1.5, 2.0), 100, 0.003, schedule=("warm_up", {"warm_up": 50}))
    assert lab.tolerated(run) == pytest.approx(2 * 1.9 / run.rate)
    silent = descend("rosenbrock", "sgd", (-1.5, 2.0), 10, 0.001, schedule="linear")
    assert lab.tolerated(silent) == pytest.approx(2 / silent.rate)
    assert lab.tolerated(descend("rosenbrock", "adam", (-1.5, 2.0), 10, 0.1)) is None
    off = descend("bowl", "sgd", (1.0, 1.0), 4, 0.1, schedule=drawn_schedule(((0.0, 0.0), (1.0, 1.0))))
    assert np.isnan(lab.tolerated(off)[0]), "a rate of zero tolerates anything"


def test_plateau_rule_drops_under_noise_alone():
    settings = lab.plan("plateau", {"factor": 0.5, "patience": 20})
    noisy = lab.plateau_rates(NOISE.case(seeds=5), 0.15, settings)
    assert noisy.shape == (5, 1000)
    assert np.all(noisy[:, 0] == 0.15) and np.all(noisy[:, -1] < 1e-6)
    assert np.all(np.diff(noisy, axis=1) <= 0)
    assert np.all(lab.plateau_rates(NOISE.case(sigma=0.0), 0.15, settings) == 0.15)


def test_histogram_counts_every_run_once():
    draws = [10.0 ** np.random.default_rng(k).normal(-k, 1, 200) for k in range(3)]
    edges, parts = lab.histogram([*draws, np.array([np.nan, 1.0])])
    assert [part.sum() for part in parts] == pytest.approx([1.0, 1.0, 1.0, 0.5])
    assert edges[0] == min(draw.min() for draw in draws)
    assert lab.histogram([np.array([np.nan])])[1] == []
    assert lab.histogram([np.array([2.0, 2.0])])[1][0].sum() == 1


def test_sum_of_rates_decides_how_far_a_run_can_go():
    sums = {name: rates(name, 100_000, {"k": 0.01}).sum() for name in ("time_based", "exponential")}
    assert sums["time_based"] > 6 * sums["exponential"]
