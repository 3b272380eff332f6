"""What a batch size buys: the numbers of the lesson beside those that are taught, and the rules behind them.

Every run is seeded. Tolerances are what other seeds leave open.
"""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from core import descend_many
from core.engine.batches import Batches
from pages.batches import measure as lab
from surfaces import ALL_SURFACES

LINE = ALL_SURFACES["linear_regression"]
START = (-3.0, 4.0)
LEVEL = LINE.minimum + 0.01


def dealt(size: int, seed: int = 0) -> Batches:
    return Batches(size, "reshuffled", seed)


# Side by side.


@pytest.mark.parametrize(("size", "updates"), [(1, 72.5), (4, 75), (16, 75), (64, 76), (256, 76)])
def test_at_a_fixed_rate_the_updates_stay_the_same(size, updates):
    found = lab.arrival(LINE, START, dealt(size), 0.05, 400, LEVEL)
    assert found.median == pytest.approx(updates, abs=2)
    assert found.reached == 1
    assert found.seeds == (1 if size == 256 else 100)
    assert found.low <= found.median <= found.high


@pytest.mark.parametrize(("size", "samples"), [(1, 390), (4, 382), (16, 368), (64, 256), (256, 256)])
def test_at_a_rate_times_the_batch_the_samples_stay_the_same(size, samples):
    rate = lab.scaled_rate(0.01, size, "linear", 1.0)
    found = lab.arrival(LINE, START, dealt(size), rate, 1000, LEVEL)
    assert found.median * size == pytest.approx(samples, abs=max(10, size / 2))


@pytest.mark.parametrize(
    ("size", "gap", "rel"), [(1, 0.0075, 0.3), (4, 8.6e-4, 0.3), (16, 2.8e-5, 0.3), (64, 0.40, 0.02), (256, 9.0, 0.01)]
)
def test_after_ten_epochs_each_batch_stands_elsewhere(size, gap, rel):
    steps = lab.updates_within("samples", 10, size, 256, 1e-3, 32e3)
    assert steps == 2560 // size
    found = lab.arrival(LINE, START, dealt(size), 0.05, steps, LEVEL)
    assert found.final.value - LINE.minimum == pytest.approx(gap, rel=rel)
    assert found.final.error < 0.2 * gap


def test_run_that_never_arrives_or_diverges_is_counted_as_such():
    assert lab.arrival(LINE, START, dealt(256), 0.05, 10, LEVEL).median == np.inf
    lost = lab.arrival(LINE, START, dealt(16), 100.0, 300, LEVEL)
    assert lost.reached == 0 and lost.final.value == np.inf


def test_rules_for_the_rate():
    assert [lab.scaled_rate(0.01, size, "linear", 1.0) for size in (1, 16, 256)] == [0.01, 0.16, 1.0]
    assert lab.scaled_rate(0.01, 16, "root", 1.0) == pytest.approx(0.04)
    assert lab.scaled_rate(5.0, 256, "same", 1.0) == 5.0
    assert lab.scaled_rate(5.0, 256, "linear", 1.0) == 5.0, "the limit does not lower the rate of a single sample"
    with pytest.raises(ValueError, match="rule: got 'square'"):
        lab.scaled_rate(0.1, 4, "square")


def test_a_budget_buys_updates_on_every_time_axis():
    def bought(axis, amount, size):
        return lab.updates_within(axis, amount, size, 100, 1e-3, 32_000.0)

    assert [bought("updates", 70, size) for size in (1, 100)] == [70, 70]
    assert [bought("samples", 2, size) for size in (1, 30, 100)] == [200, 8, 2]
    assert [bought("seconds", 0.1, size) for size in (1, 32, 64)] == [100, 100, 50]
    assert bought("samples", 10**6, 1) == 100_000, "no more than a run may have"
    assert bought("seconds", 1e-9, 1) == 1
    with pytest.raises(ValueError, match="axis: got 'hours'"):
        bought("hours", 1, 1)


def test_diverged_run_has_no_rows_after_its_end():
    plan = lab.Plan(LINE, (16,), (1e3,), "reshuffled", 0, 256)
    gone = lab.walk(plan, 0, START, 500)
    assert gone.run.status == "diverged"
    rows = gone.rows_at("updates", np.arange(501.0))
    assert rows.tolist() == list(range(len(gone.run.path)))


def test_dear_questions_are_repeated_less_often():
    assert lab.repetitions(2560, 1, 256) == 100
    assert lab.repetitions(500, 1000, 10_000) == 10
    assert lab.repetitions(100_000, 1, 10_000) == 5
    assert lab.repetitions(5000, 256, 256, 2, 20) == 7


def test_batches_stay_within_memory():
    assert [lab.most_updates(size) for size in (1, 1000, 10_000)] == [100_000, 4000, 400]
    assert lab.updates_within("updates", 5000, 10_000, 10_000, 1e-3, 32e3) == 400
    assert lab.burn_in(LINE, 1e-4) == 3000
    assert np.isnan(lab.stationary_radius2(LINE, Batches(300), 1e-4).value), "15 000 updates hold 4.5 million rows"


# Gradients, stationary noise.


@pytest.mark.parametrize(("size", "taught"), [(1, 14.3), (4, 3.41), (16, 0.806), (64, 0.156), (128, 0.0535)])
def test_spread_of_the_gradient(size, taught):
    found = lab.spread(LINE, (0.0, 0.0), dealt(size))
    assert found.theory == pytest.approx(taught, rel=0.045)
    assert abs(found.measured.value - found.theory) < 3.5 * found.measured.error


def test_spreads_go_up_to_the_full_batch_and_fall():
    plan = lab.Plan(LINE, (1,), (0.05,), "fixed", 0, 256)
    found = lab.spreads(plan, START)
    assert list(found) == [1, 2, 4, 8, 16, 32, 64, 128, 256]
    assert np.all(np.diff([one.theory for one in found.values()]) < 0)
    assert found[256].measured.value == pytest.approx(0, abs=1e-20)


def test_ellipse_holds_the_part_of_a_normal_cloud_that_two_deviations_do():
    covariance = np.array([[2.0, 0.6], [0.6, 0.5]])
    ring = lab.ellipse((1.0, -1.0), covariance) - (1.0, -1.0)
    assert np.einsum("ki,ij,kj->k", ring, np.linalg.inv(covariance), ring) == pytest.approx(np.full(len(ring), 4.0))


@pytest.mark.parametrize(
    ("lr", "low", "high"), [(0.02, 0.25, 0.30), (0.05, 0.26, 0.29), (0.1, 0.27, 0.32), (0.2, 0.29, 0.40)]
)
@pytest.mark.parametrize("size", [1, 4, 16, 64])
def test_noise_ball_is_as_wide_as_rate_over_batch(size, lr, low, high):
    found = lab.stationary_radius2(LINE, Batches(size), lr)
    assert low < found.value * size / lr < high


@pytest.mark.parametrize(("size", "taught"), [(1, 0.194), (4, 0.089), (16, 0.027), (64, 0.0068)])
def test_reshuffled_epochs_make_a_far_smaller_noise_ball(size, taught):
    assert lab.stationary_radius2(LINE, dealt(size), 0.02).value * size / 0.02 == pytest.approx(taught, rel=0.1)


def test_stationary_covariance_of_theory():
    assert np.trace(lab.stationary_covariance(LINE, 1e-5, 1)) / 1e-5 == pytest.approx(0.264, abs=1e-3)
    assert lab.stationary_covariance(LINE, 0.1, 256, "reshuffled") == pytest.approx(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="lr: got"):
        lab.stationary_covariance(LINE, 3.0, 1)


def test_small_rates_get_longer_until_their_noise_is_stationary():
    assert [lab.burn_in(LINE, lr) for lr in (1.0, 0.01, 0.002, 1e-6)] == [300, 300, 1500, 3000]


# Wells and saddles.


@pytest.mark.parametrize(
    ("size", "escaped", "lost"), [(1, 0.61, 0.39), (2, 0.74, 0.26), (4, 0.90, 0.08), (8, 0.16, 0.0), (16, 0.0, 0.0)]
)
def test_small_batches_leave_either_well(size, escaped, lost):
    for well, taught in (("shallow", escaped), ("deep", lost)):
        found = lab.crossed(well, size, 0.05, 2000, 6.0)
        assert found.value == pytest.approx(taught, abs=0.03 + 3 * np.sqrt(taught * (1 - taught) / 400))
        assert found.error == pytest.approx(np.sqrt(found.value * (1 - found.value) / 400))


def test_same_rate_over_batch_for_the_same_time_is_the_same_escape():
    plan = lab.Plan(ALL_SURFACES[lab.WELL], (1, 2, 4, 8), (0.0125, 0.025, 0.05, 0.1), "replacement", 0, 0)
    steps = lab.same_time(plan, 8000)
    assert steps == (8000, 4000, 2000, 1000)
    shares = [lab.crossed("shallow", *pair, most, 6.0).value for pair, most in zip(plan.each(), steps, strict=True)]
    assert max(shares) - min(shares) < 0.06


def test_diverged_runs_end_nowhere():
    assert np.all(np.isnan(lab.ends_of("deep", 1, 10.0, 200, 1.0)))


@pytest.mark.parametrize(("size", "updates"), [(1, 70), (4, 108), (16, 148), (32, 172), (64, None)])
def test_only_the_full_batch_is_stuck_at_the_saddle(size, updates):
    first = lab.leaving(size, 0.05, 400)
    assert np.count_nonzero(first >= 0) == (0 if updates is None else 100)
    assert updates is None or np.median(first) == updates


def test_plan_keeps_sizes_and_rates_together():
    plan = lab.Plan(LINE, (1, 4, 16), (0.1, 0.2, 0.3), "fixed", 5, 256)
    assert plan.with_sizes(lambda size, rate: rate < 0.3).each() == [(1, 0.1), (4, 0.2)]
    assert plan.batches(2) == Batches(16, "fixed", 5)


def line_plan(*sizes: int) -> lab.Plan:
    return lab.Plan(LINE, sizes, (0.0317,) * len(sizes), "reshuffled", 11, 256)


LONG = {
    "arrivals": (lambda: lab.arrivals(line_plan(2, 8, 256), START, (400, 400, 400), LEVEL), 3),
    "stationary_radii": (lambda: lab.stationary_radii(line_plan(4, 64), ("replacement", "fixed")), 4),
    "crossings": (lambda: lab.crossings(line_plan(1, 4), (300, 300), 5.5), 4),
    "leavings": (lambda: lab.leavings(line_plan(1, 16, 64), 200), 3),
    "grid": (lambda: lab.grid(line_plan(4, 64), ("constant", "cosine"), START, 50), 1),
}
"""What is repeated over seeds, and how many calls of the engine it takes."""


@pytest.mark.parametrize("name", LONG)
def test_thirty_visitors_at_once_have_everything_repeated_once(name, monkeypatch):
    ask, wanted = LONG[name]
    calls = []
    monkeypatch.setattr(lab, "descend_many", lambda *a, **k: (calls.append(a), descend_many(*a, **k))[1])
    begin = threading.Barrier(30)

    def visit(_number):
        begin.wait()
        return ask()

    with ThreadPoolExecutor(30) as visitors:
        found = list(visitors.map(visit, range(30)))
    assert len(calls) == wanted
    assert all(one is found[0] for one in found)


def test_a_size_more_repeats_that_size_alone(monkeypatch):
    calls = []
    monkeypatch.setattr(lab, "descend_many", lambda *a, **k: (calls.append(a), descend_many(*a, **k))[1])
    for sizes in ((3, 9), (3, 9, 27)):
        lab.arrivals(line_plan(*sizes), START, (100,) * len(sizes), LEVEL)
    assert len(calls) == 3
