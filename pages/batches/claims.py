"""Noise and batch size: questions and claims on what a bigger batch buys."""

from dataclasses import replace

import numpy as np

from core import Noise, descend, descend_many
from core.analysis.small_sets import small_sets, unseen_error
from core.engine.batches import Batches
from core.engine.data import LINE, Data
from core.memory import remembered
from core.resolve import surface_of
from core.text import T
from pages.batches import measure as lab
from teaching.contract import Claim, Question

START = (-3.0, 4.0)
GAP = 0.01
LEAST, THROUGHPUT = 1e-3, 32_000.0
"""The cost model of the page: a step takes a millisecond at least, and 32 samples take just as long."""


def _line():
    return surface_of("linear_regression")


def _arrival(size: int, rule: str = "same", lr: float = 0.05) -> lab.Arrival:
    surface = _line()
    rate, batches = lab.scaled_rate(lr, size, rule, 1.0), Batches(size, "reshuffled")
    return lab.arrival(surface, START, batches, rate, 1000, surface.minimum + GAP)


def _updates_at_fixed_rate() -> dict:
    return {f"b{size}": _arrival(size).median for size in (1, 16, 256)}


def _samples_by_rule() -> dict:
    """Samples until the gap is 0.01, at one rate for all and at rates that grow with the batch."""
    numbers = {}
    for size in (1, 16, 64):
        numbers[f"same{size}"] = round(_arrival(size).median * size)
        numbers[f"linear{size}"] = round(_arrival(size, "linear", 0.01).median * size)
    return numbers


@remembered(1)
def _after_ten_epochs() -> dict:
    """Gaps after ten epochs at rate 0.05, and at 0.002 with names that begin with "slow"."""
    surface = _line()
    numbers = {}
    for name, lr in (("", 0.05), ("slow_", 0.002)):
        for size in (1, 16, 64, 256):
            steps = lab.updates_within("samples", 10, size, 256, LEAST, THROUGHPUT)
            found = lab.arrival(surface, START, Batches(size, "reshuffled"), lr, steps, surface.minimum + GAP)
            numbers[f"{name}gap{size}"] = found.final.value - surface.minimum
            numbers[f"{name}error{size}"] = found.final.error
    return numbers


def _spread_by_size() -> dict:
    surface, numbers = _line(), {}
    for size in (1, 4, 16, 64, 128, 256):
        found = lab.spread(surface, (0.0, 0.0), Batches(size, "reshuffled"))
        numbers[f"s{size}"], numbers[f"e{size}"] = found.measured
        numbers[f"t{size}"], numbers[f"a{size}"] = found.theory, round(found.angle, 1)
    return numbers


@remembered(1)
def _stationary_radii() -> dict:
    """Squared radius of the noise ball over lr / B at rate 0.02, and the same radius from twice the rate and batch."""
    surface, numbers = _line(), {}
    for size in (1, 16, 64):
        found = lab.stationary_radius2(surface, Batches(size, "replacement"), 0.02)
        numbers[f"r{size}"], numbers[f"e{size}"] = (number * size / 0.02 for number in found)
    one, two = (lab.stationary_radius2(surface, Batches(size, "replacement"), 0.02 * size).value for size in (1, 2))
    theory = float(np.trace(lab.stationary_covariance(surface, 1e-5, 1))) / 1e-5
    return numbers | {"theory": theory, "doubled": two / one}


def _epoch_ends() -> dict:
    """Squared radius at the ends of epochs, B = 16: at three rates, and in the order of the targets and eight more."""
    surface = _line()

    def radius(order, sampling: str, lr: float = 0.1) -> float:
        rows = replace(surface, data=Data(np.column_stack([surface.data.x[order], surface.data.y[order]])))
        return lab.stationary_radius2(rows, Batches(16, sampling), lr, epoch_end=True).value

    given = np.arange(len(surface.data))
    found = {name: radius(given, name) for name in ("replacement", "reshuffled")}
    others = [radius(np.random.default_rng(k).permutation(given), "fixed") for k in range(8)]
    ratios = [radius(given, "reshuffled", lr) / radius(given, "replacement", lr) for lr in (0.02, 0.1, 0.2)]
    found["sorted"] = radius(np.argsort(surface.data.y), "fixed")
    return found | {"least": min(others), "most": max(others), "ratio": max(ratios)}


@remembered(1)
def _worse_well() -> dict:
    """Percent of 800 runs, half from each well, that end in the worse one, by batch size and noise of a sample."""
    numbers = {}
    for name, sigma in (("", 6.0), ("loud", 12.0)):
        for size in (1, 4, 16):
            out, lost = (lab.crossed(well, size, 0.05, 2000, sigma) for well in ("shallow", "deep"))
            numbers[f"{name}{size}"] = 50 * (1 - out.value + lost.value)
            numbers[f"{name}{size}_error"] = 50 * float(np.hypot(out.error, lost.error))
    return {f"b{key}" if key[0].isdigit() else key: value for key, value in numbers.items()}


def _same_temperature() -> dict:
    """Percent of 400 runs that leave the shallow well with batch and rate doubled, and with the batch alone."""

    def left(size: int, lr: float, sigma: float) -> lab.Estimate:
        return lab.Estimate(*(100 * part for part in lab.crossed("shallow", size, lr, round(100 / lr), sigma)))

    one, both, batch = left(1, 0.0125, 6.0), left(2, 0.025, 6.0), left(2, 0.0125, 6.0)
    weak = [left(1, 0.0125, 5.0).value, left(2, 0.025, 5.0).value, left(2, 0.0125, 5.0).value]
    rest = {"weak_apart": abs(weak[1] - weak[0]), "weak_gain": weak[0] - weak[2]}
    return {"one": one.value, "both": both.value, "batch": batch.value, "error": one.error} | rest


def _saddle() -> dict:
    """How many of 100 runs leave from the axis, and after how many updates; a full batch from beside it."""
    numbers: dict[str, float] = {}
    for size in (1, 16, 32, 63, 64):
        first = lab.leaving(size, 0.05, 400)
        numbers[f"left{size}"] = int(np.count_nonzero(first >= 0))
        numbers[f"median{size}"] = float(np.median(first[first >= 0])) if np.any(first >= 0) else -1.0
    beside = descend("saddle_bounded", "sgd", (1.0, 1e-8), 2000, 0.05, goal=lab.AWAY)
    return numbers | {"beside": beside.first}


@remembered(1)
def _fits() -> dict:
    """Mean loss on ten rows and mean error on unseen ones, by batch and schedule, over a hundred sets of rows."""
    numbers: dict = {}
    for name, size, schedule in (("small", 1, None), ("falling", 1, "cosine"), ("large", 10, None)):
        losses, errors = [], []
        for k, (surface, truth) in enumerate(small_sets(10)):
            batches = Batches(size, "reshuffled", k)
            ends = descend_many(surface, "sgd", np.zeros((2, 4)), 1000, 0.2, batches=batches, schedule=schedule).final
            losses.append(surface.value(*ends).mean())
            errors.append(unseen_error(ends, truth).mean())
        numbers |= {name: float(np.mean(losses)), f"{name}_unseen": float(np.mean(errors))}
    return numbers


@remembered(1)
def _rates_of_convergence() -> dict:
    """Slopes of log E f over log t under noise, the factor of noise-free descent, and the end where noise vanishes."""
    t, starts = np.arange(10_000), np.full((2, 100), 2.0)
    at = np.unique(np.logspace(3, 4, 100).astype(int))
    numbers = {}
    for name, factors in (
        ("inverse", 2 / (t + 20)),
        ("root", 0.1 / np.sqrt(1 + t / 10)),
        ("constant", np.full(len(t), 0.1)),
    ):
        runs = descend_many("bowl", "sgd", starts, len(t), 1.0, schedule=factors, noise=Noise(1.0), record=True)
        numbers[name] = float(np.polyfit(np.log(at), np.log(np.asarray(runs.value).mean(axis=0)[at]), 1)[0])
    exact = descend("bowl", "sgd", (2.0, 2.0), 50, 0.18).value
    return numbers | {"factor": float(exact[-1] / exact[-2]), "vanishing": _noise_free()}


def _noise_free() -> float:
    """Return the median squared error after 100 steps with single samples of data that a line fits exactly."""
    exact = Data(np.column_stack([_line().data.x, LINE[0] * _line().data.x + LINE[1]]))
    starts = np.tile(np.array(START)[:, None], 100)
    final = descend_many(replace(_line(), data=exact), "sgd", starts, 100, 0.2, batches=Batches(1)).final
    return float(np.median(np.sum((final - np.array(LINE)[:, None]) ** 2, axis=0)))


def _in_a_row() -> dict:
    """Updates of an epoch, each of which needs the one before, and how far a batch is from the mean of its rows."""
    surface = _line()
    rows = np.column_stack([surface.data.x, surface.data.y])[:32]
    each = [replace(surface, data=Data(rows[k : k + 1])).gradient(*START) for k in range(32)]
    together = replace(surface, data=Data(rows)).gradient(*START)
    apart = float(np.abs(np.mean(each, axis=0) - together).max())
    return {f"b{size}": 256 // size for size in (1, 32)} | {"apart": apart}


QUESTIONS = (
    Question(
        key="updates_to_the_gap",
        text=T("The rate stays at 0.05 and the batch grows from 1 to 256. How many updates until the gap is 0.01?"),
        options=(T("Far fewer"), T("About as many"), T("Far more")),
        answer=1,
        because=T("Median over 100 seeds from 0 on: {b1:g} updates for B = 1, {b16:g} for 16, {b256:g} for 256."),
        measured=_updates_at_fixed_rate,
        right=lambda b1, b16, b256: 0 if b256 < 0.7 * b1 else 1 if b256 < 1.4 * b1 else 2,
    ),
    Question(
        key="same_temperature",
        text=T("Both batch and rate are doubled, the time η × updates stays. How many runs leave the shallow well?"),
        options=(T("Fewer: the batch is larger"), T("About as many as before"), T("More: the rate is larger")),
        answer=1,
        because=T(
            "{one:.0f} % before, {both:.0f} % after, each ± {error:.0f}; with the batch alone doubled {batch:.0f} %. "
            "What counts is η/B."
        ),
        measured=_same_temperature,
        right=lambda one, both, batch, **_: 1 if abs(both - one) < 0.2 * abs(batch - one) else 0 if both < one else 2,
    ),
)

_DATA = {
    "surface": "linear_regression",
    "rows": 256,
    "scatter_linear_regression": 0.5,
    "outliers": 0.0,
    "correlation": 0.0,
    "data_seed": 0,
    "x": START[0],
    "y": START[1],
    "exact": True,
    "lr_sgd": 0.05,
    "batch_seed": 0,
}
_COST = {"least_ms": 1000 * LEAST, "throughput": THROUGHPUT}
_RACE = _DATA | _COST | {"experiment": "race", "rule": "same", "sampling": "reshuffled", "goal": GAP}
_ESCAPE = {"experiment": "escape", "exact": True, "lr_sgd": 0.05, "rule": "same", "batch_seed": 0, "sigma": 6.0}

CLAIMS = (
    Claim(
        key="three_time_axes",
        text=T("A large batch trains faster (or slower) than a small one."),
        verdict=T("only if"),
        condition=T("Only if the time axis and the rate are named."),
        reading=T("Gap after ten epochs at rate 0.05: {gap1:.3f} for B = 1, {gap16:.5f} for 16, {gap256:.0f} for all."),
        settings=_RACE | {"batch": ["1", "16", "64", "N"], "clock": "samples", "epochs": 10},
        measured=_after_ten_epochs,
        holds=lambda **n: (
            n["gap16"] + 3 * n["error16"] < n["gap1"] - 3 * n["error1"]
            and n["gap16"] < n["gap64"] < n["gap256"]
            and n["slow_gap1"] + 3 * n["slow_error1"] < n["slow_gap16"] < n["slow_gap256"]
        ),
    ),
    Claim(
        key="more_epochs",
        text=T("A larger batch needs fewer updates per epoch, but more epochs for the same accuracy."),
        verdict=T("only if"),
        condition=T("Only at one rate for all. With a rate that grows with B it does not."),
        reading=T("Samples at rate 0.05: {same1} for B = 1, {same64} for 64; at rate 0.01 B {linear64}."),
        settings=_RACE
        | {"batch": ["1", "16", "64"], "rule": "linear", "most_rate": 1.0, "lr_sgd": 0.01, "clock": "samples"}
        | {"epochs": 4},
        measured=_samples_by_rule,
        holds=lambda **n: n["same64"] > 30 * n["same1"] and n["linear64"] <= n["linear16"] <= 1.2 * n["linear1"],
    ),
    Claim(
        key="full_batch_is_accurate",
        text=T("The more samples in a batch, the more accurate the direction; soon more of them gain little."),
        verdict="shown",
        condition=T("The squared error falls as 1/B, the angle as its root."),
        reading=T("Median angle to the full gradient: {a1:.0f}° for B = 1, {a16:.0f}° for 16, {a64:.0f}° for 64."),
        settings=_DATA
        | {"experiment": "cloud", "batch": ["1", "16", "64"], "sampling": "reshuffled", "rule": "same"}
        | {"x": 0.0, "y": 0.0},
        measured=_spread_by_size,
        holds=lambda **n: (
            all(abs(n[f"s{b}"] - n[f"t{b}"]) < 4 * n[f"e{b}"] for b in (1, 4, 16, 64, 128))
            and n["s256"] == 0
            and n["a1"] > n["a16"] > n["a64"]
            and n["a1"] - n["a16"] > 5 * (n["a16"] - n["a64"])
        ),
    ),
    Claim(
        key="small_batches_oscillate",
        text=T("Small batches oscillate and do not come to rest."),
        verdict="shown",
        condition=T("Half the rate is as good as twice the batch."),
        reading=T("Squared radius over η/B: {r1:.3f} for B = 1, {r64:.3f} for 64; in theory {theory:.3f}."),
        settings=_DATA
        | {"experiment": "ball", "batch": ["1", "16", "64"], "sampling": "replacement", "rule": "same"}
        | {"lr_sgd": 0.02},
        measured=_stationary_radii,
        holds=lambda **n: (
            all(abs(n[f"r{b}"] / n["theory"] - 1) < 0.15 for b in (1, 16, 64)) and abs(n["doubled"] - 1) < 0.15
        ),
    ),
    Claim(
        key="reshuffle_every_epoch",
        text=T("One epoch is every batch once; the data are reshuffled after each."),
        verdict="shown",
        condition=T("It beats drawing with replacement, and a sorted order; another fixed one may be better."),
        reading=T(
            "Squared radius: {reshuffled:.5f}, with replacement {replacement:.4f}, sorted by target {sorted:.3f}."
        ),
        settings=_DATA
        | {"experiment": "ball", "batch": ["1", "4", "16", "64"], "sampling": "reshuffled", "rule": "same"}
        | {"lr_sgd": 0.1},
        measured=_epoch_ends,
        holds=lambda replacement, reshuffled, sorted, least, most, ratio: (
            ratio < 0.6 and sorted > 3 * replacement and least < reshuffled < most
        ),
    ),
    Claim(
        key="not_linear",
        text=T("SGD does not converge linearly even where the function is strongly convex."),
        verdict=T("only if"),
        condition=T("Only under noise that stays: on data that a line fits exactly it does."),
        reading=T("f falls like t^{inverse:.2f} at best; without noise every step multiplies it by {factor:.2f}."),
        settings=_RACE
        | {"batch": ["1", "16", "N"], "scatter_linear_regression": 0.0, "lr_sgd": 0.2, "clock": "updates"}
        | {"steps": 100},
        measured=_rates_of_convergence,
        holds=lambda inverse, root, constant, factor, vanishing: (
            abs(inverse + 1) < 0.1
            and abs(root + 0.5) < 0.1
            and abs(constant) < 0.1
            and abs(factor - 0.82**2) < 1e-9
            and vanishing < 1e-15
        ),
    ),
    Claim(
        key="large_batch_local",
        text=T("A large batch ends in a local optimum; the noise of a small one helps it out."),
        verdict=T("only if"),
        condition=T("Only while the noise does not drive it out of the better well too."),
        reading=T("In the worse well end {b16:.0f} % with B = 16, {b4:.0f} % with 4, {b1:.0f} % with 1."),
        settings=_ESCAPE | {"batch": ["1", "2", "4", "8", "16"], "escape_steps": 2000, "well": "shallow"},
        measured=_worse_well,
        holds=lambda **n: (
            n["b4"] + 3 * n["b4_error"] < n["b1"] - 3 * n["b1_error"]
            and n["b1"] + 3 * n["b1_error"] < n["b16"]
            and n["loud16"] + 3 * n["loud16_error"] < n["loud4"]
        ),
    ),
    Claim(
        key="one_sample_misleads",
        text=T("Batches of one sample end in a local optimum, because a sample misleads; large ones explore."),
        verdict=T("only if"),
        condition=T("Only under noise so loud that no well holds a single sample."),
        reading=T("In the worse well {b1:.0f} %; at twice the noise {loud1:.0f} %, and with B = 16 {loud16:.0f} %."),
        settings=_ESCAPE | {"batch": ["1", "16"], "escape_steps": 2000, "well": "shallow", "sigma": 12.0},
        measured=_worse_well,
        holds=lambda **n: (
            n["b1"] + 3 * n["b1_error"] < n["b16"] and n["loud1"] - 3 * n["loud1_error"] > n["loud16"] + 10
        ),
    ),
    Claim(
        key="large_batch_at_the_saddle",
        text=T("A large batch may be stuck at a saddle."),
        verdict=T("only if"),
        condition=T("Only the full batch, from a start exactly on the axis of symmetry."),
        reading=T("B = 1 is out after {median1:.0f} updates, 32 of 64 after {median32:.0f}, all 64 never."),
        settings={"experiment": "saddle", "batch": ["1", "4", "16", "32", "64"], "exact": True, "lr_sgd": 0.05}
        | {"rule": "same", "sampling": "reshuffled", "batch_seed": 0},
        measured=_saddle,
        holds=lambda **n: (
            n["left1"] == n["left16"] == n["left32"] == n["left63"] == 100 and n["left64"] == 0 < n["beside"]
        ),
    ),
    Claim(
        key="not_parallel",
        text=T("SGD is not easy to compute in parallel."),
        verdict=T("only if"),
        condition=T("Only with B = 1: every update needs the one before. The rows of a batch need no other."),
        reading=T("An epoch is {b1} updates in a row with B = 1, {b32} with 32."),
        settings=_RACE | {"batch": ["1", "32", "N"], "clock": "seconds", "seconds": 0.1},
        measured=_in_a_row,
        holds=lambda b1, b32, apart: b1 > 30 * b32 and apart < 1e-12,
    ),
    Claim(
        key="batch_and_fitting",
        text=T("Small batches underfit, large batches overfit."),
        verdict=T("only if"),
        condition=T("A small one underfits at a constant rate; a large one is no worse on unseen rows."),
        reading=T("Unseen error: {small_unseen:.2f} with B = 1, {large_unseen:.2f} with all."),
        settings=_RACE
        | {"rows": 10, "scatter_linear_regression": 1.0, "batch": ["1", "N"], "lr_sgd": 0.2, "clock": "updates"}
        | {"steps": 300},
        measured=_fits,
        holds=lambda small, falling, large, small_unseen, falling_unseen, large_unseen: (
            small > 1.05 * large
            and falling < 1.01 * large
            and large_unseen < small_unseen
            and large_unseen < 1.02 * falling_unseen
        ),
    ),
)
