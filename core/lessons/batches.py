"""Noise and batch size: questions and claims on what a bigger batch buys."""

from dataclasses import replace
from functools import cache

import numpy as np

from core import Noise, descend, descend_many
from core import batch_sizes as lab
from core.arguments import checked_surface
from core.batches import Batches, clocks
from core.data import LINE, Data
from core.lessons import Claim, Question

START = (-3.0, 4.0)
GAP = 0.01
LEAST, THROUGHPUT = 1e-3, 32_000.0
"""The cost model of the page: a step takes a millisecond at least, and 32 samples take just as long."""


def _line():
    return checked_surface("linear_regression")


@cache
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


@cache
def _after_ten_epochs() -> dict:
    surface = _line()
    numbers = {}
    for size in (1, 16, 64, 256):
        steps = lab.updates_within("samples", 10, size, 256, LEAST, THROUGHPUT)
        found = lab.arrival(surface, START, Batches(size, "reshuffled"), 0.05, steps, surface.minimum + GAP)
        numbers[f"gap{size}"] = found.final.value - surface.minimum
        numbers[f"error{size}"] = found.final.error
    return numbers


def _spread_by_size() -> dict:
    surface, numbers = _line(), {}
    for size in (1, 4, 16, 64, 128, 256):
        found = lab.spread(surface, (0.0, 0.0), Batches(size, "reshuffled"))
        numbers[f"s{size}"], numbers[f"e{size}"] = found.measured
        numbers[f"t{size}"], numbers[f"a{size}"] = found.theory, round(found.angle, 1)
    return numbers


@cache
def _balls() -> dict:
    """Squared radius of the ball over lr / B at rate 0.02 and 0.1, with replacement and reshuffled."""
    surface, numbers = _line(), {}
    for size in (1, 16, 64):
        for name, sampling in (("r", "replacement"), ("s", "reshuffled")):
            found = lab.ball(surface, Batches(size, sampling), 0.02)
            numbers[f"{name}{size}"], numbers[f"e{name}{size}"] = (number * size / 0.02 for number in found)
    numbers["theory"] = float(np.trace(lab.ball_theory(surface, 1e-5, 1))) / 1e-5
    return numbers


def _epoch_ends() -> dict:
    surface, numbers = _line(), {}
    for sampling in ("replacement", "reshuffled", "fixed"):
        found = lab.ball(surface, Batches(16, sampling), 0.1, epoch_end=True)
        numbers[sampling], numbers[f"{sampling}_error"] = found
    return numbers


@cache
def _escapes() -> dict:
    """Percent of 400 runs that end in the other well, by batch size, from both wells."""
    numbers = {}
    for size in (1, 4, 8, 16):
        for name, well in (("out", "shallow"), ("lost", "deep")):
            found = lab.crossed(well, size, 0.05, 2000, 6.0)
            numbers[f"{name}{size}"] = round(100 * found.value, 1)
            numbers[f"{name}{size}_error"] = round(100 * found.error, 1)
    return numbers


def _same_temperature() -> dict:
    """Percent of 400 runs that leave the shallow well at the same rate over batch and the same rate x updates."""
    numbers = {}
    for size in (1, 2, 4, 8):
        lr = 0.0125 * size
        found = lab.crossed("shallow", size, lr, round(100 / lr), 6.0)
        numbers[f"b{size}"], numbers[f"e{size}"] = round(100 * found.value, 1), round(100 * found.error, 1)
    return numbers | {"error": max(numbers[f"e{size}"] for size in (1, 2, 4, 8))}


def _saddle() -> dict:
    numbers: dict[str, float] = {}
    for size in (1, 16, 32, 64):
        first = lab.leaving(size, 0.05, 400)
        numbers[f"left{size}"] = int(np.count_nonzero(first >= 0))
        numbers[f"median{size}"] = float(np.median(first[first >= 0])) if np.any(first >= 0) else -1.0
    return numbers | {"samples1": numbers["median1"], "samples32": 32 * numbers["median32"]}


@cache
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


def _cost_of_an_epoch() -> dict:
    """Milliseconds of one update and of one epoch of 256 rows in the cost model."""
    numbers = {}
    for size in (1, 32, 256):
        told = clocks(np.full(256 // size, size), LEAST, THROUGHPUT).seconds
        numbers[f"step{size}"], numbers[f"epoch{size}"] = round(1000 * told[1], 3), round(1000 * told[-1], 3)
    return numbers


QUESTIONS = (
    Question(
        key="updates_to_the_gap",
        text="The rate stays at 0.05 and the batch grows from 1 to 256. How many updates until the gap is 0.01?",
        options=("Far fewer", "About as many", "Far more"),
        answer=1,
        because="Median over 100 seeds from 0 on: {b1:g} updates for B = 1, {b16:g} for 16, {b256:g} for 256.",
        measured=_updates_at_fixed_rate,
        right=lambda b1, b16, b256: 0 if b256 < 0.7 * b1 else 1 if b256 < 1.4 * b1 else 2,
    ),
    Question(
        key="same_temperature",
        text="Both batch and rate are doubled, the time η × updates stays. How many runs leave the shallow well?",
        options=("Fewer: the batch is larger", "As many as before", "More: the rate is larger"),
        answer=1,
        because=(
            "From B = 1 to B = 8: {b1}, {b2}, {b4}, {b8} %, each ± {error} (400 seeds from 0 on). What counts is η/B."
        ),
        measured=_same_temperature,
        right=lambda b1, b2, b4, b8, **errors: 0 if b8 < b1 - 10 else 1 if abs(b8 - b1) < 10 else 2,
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
        key="three_clocks",
        text="A large batch trains faster (or slower) than a small one.",
        verdict="only if",
        condition="Only if the clock is named. After the same ten epochs at one rate a batch in the middle is best.",
        reading=(
            "Gap after ten epochs at rate 0.05 (100 seeds from 0 on): {gap1:.2g} ± {error1:.1g} for B = 1, "
            "{gap16:.1e} ± {error16:.0e} for "
            "16, {gap64:.2g} for 64, {gap256:.2g} for all 256."
        ),
        settings=_RACE | {"batch": ["1", "16", "64", "N"], "clock": "samples", "epochs": 10},
        measured=_after_ten_epochs,
        holds=lambda **n: (
            n["gap16"] + 3 * n["error16"] < n["gap1"] - 3 * n["error1"] and n["gap16"] < n["gap64"] < n["gap256"]
        ),
    ),
    Claim(
        key="more_epochs",
        text="A larger batch needs fewer updates per epoch, but more epochs for the same accuracy.",
        verdict="only if",
        condition=(
            "Only at a fixed rate, where the updates stay the same and the samples grow with B. With a rate that grows "
            "with B (up to 1, below 2/λₘₐₓ) the samples stay the same."
        ),
        reading=(
            "Samples to the gap 0.01 for B = 1, 16, 64 (median of 100 seeds from 0 on): {same1}, {same16}, "
            "{same64} at rate 0.05; {linear1}, "
            "{linear16}, {linear64} at 0.01 B."
        ),
        settings=_RACE
        | {"batch": ["1", "16", "64"], "rule": "linear", "most_rate": 1.0, "lr_sgd": 0.01, "clock": "samples"}
        | {"epochs": 4},
        measured=_samples_by_rule,
        holds=lambda **n: n["same64"] > 30 * n["same1"] and n["linear64"] <= n["linear16"] <= 1.2 * n["linear1"],
    ),
    Claim(
        key="full_batch_is_accurate",
        text="The more samples in a batch, the more accurate the direction; soon more of them gain little.",
        verdict="shown",
        condition="The squared error falls as 1/B, the angle as its root: four times the samples for half the angle.",
        reading=(
            "Mean squared error at (0, 0), 1000 batches with seeds from 0 on: {s1:.3g} ± {e1:.1g} for B = 1 "
            "(theory {t1:.3g}), {s16:.3g} ± {e16:.1g} for "
            "16 ({t16:.3g}), {s128:.3g} ± {e128:.1g} for 128 ({t128:.3g}), {s256:.0f} for all. Median angle "
            "for 1, 16, 64: {a1}°, {a16}°, {a64}°."
        ),
        settings=_DATA
        | {"experiment": "cloud", "batch": ["1", "16", "64"], "sampling": "reshuffled", "rule": "same"}
        | {"x": 0.0, "y": 0.0},
        measured=_spread_by_size,
        holds=lambda **n: (
            all(abs(n[f"s{b}"] - n[f"t{b}"]) < 4 * n[f"e{b}"] for b in (1, 4, 16, 64, 128))
            and n["s256"] == 0
            and n["a1"] > n["a16"] > n["a64"]
        ),
    ),
    Claim(
        key="small_batches_oscillate",
        text="Small batches oscillate and do not come to rest.",
        verdict="shown",
        condition=(
            "The squared radius of the ball is about 0.26 η/B where rows are drawn with replacement: half the rate is "
            "as good as twice the batch."
        ),
        reading=(
            "Squared radius over η/B at rate 0.02 (60 seeds from 0 on): {r1:.3f} ± {er1:.3f} for B = 1, "
            "{r16:.3f} ± {er16:.3f} for 16, "
            "{r64:.3f} ± {er64:.3f} for 64; theory {theory:.3f}."
        ),
        settings=_DATA
        | {"experiment": "ball", "batch": ["1", "16", "64"], "sampling": "replacement", "rule": "same"}
        | {"lr_sgd": 0.02},
        measured=_balls,
        holds=lambda **n: all(abs(n[f"r{b}"] / n["theory"] - 1) < 0.15 for b in (1, 16, 64)),
    ),
    Claim(
        key="reshuffle_every_epoch",
        text="One epoch is every batch once; the data are reshuffled after each.",
        verdict="shown",
        condition=(
            "Sampling without replacement makes the ball far smaller than theory says for independent batches. "
            "Whether reshuffling beats one fixed order hangs on that order."
        ),
        reading=(
            "B = 16, rate 0.1, squared radius at the ends of epochs (60 seeds from 0 on): {replacement:.2g} ± "
            "{replacement_error:.0e} with "
            "replacement, {reshuffled:.2g} ± {reshuffled_error:.0e} reshuffled, {fixed:.2g} in the order of the data."
        ),
        settings=_DATA
        | {"experiment": "ball", "batch": ["1", "4", "16", "64"], "sampling": "reshuffled", "rule": "same"}
        | {"lr_sgd": 0.1},
        measured=_epoch_ends,
        holds=lambda **n: max(n["reshuffled"], n["fixed"]) < 0.5 * n["replacement"],
    ),
    Claim(
        key="not_linear",
        text="SGD does not converge linearly even where the function is strongly convex.",
        verdict="only if",
        condition=(
            "Only under noise that stays. Where a line fits the data exactly the noise vanishes at the minimum, and "
            "single samples converge linearly."
        ),
        reading=(
            "Slope of log E f over log t: {inverse:.3f} at rates 2/(t + 20), {root:.3f} at rates like 1/√t, "
            "{constant:.3f} at a constant rate (100 seeds from 0 on). Without noise every step multiplies f by "
            "{factor:.4f}; "
            "data without noise, B = 1: squared error {vanishing:.0e} after 100 updates."
        ),
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
        text="A large batch ends in a local optimum; the noise of a small one helps it out.",
        verdict="only if",
        condition="In both directions: the noise that leaves the shallow well also leaves the deep one. η/B decides.",
        reading=(
            "400 seeds from 0 on, rate 0.05, noise 6 a sample. Out of the shallow well: {out1} ± {out1_error} % "
            "for B = 1, "
            "{out4} ± {out4_error} for 4, {out8} ± {out8_error} for 8, {out16} for 16. Out of the deep one: "
            "{lost1} ± {lost1_error}, {lost4} ± {lost4_error}, {lost8}, {lost16} %."
        ),
        settings=_ESCAPE | {"batch": ["1", "2", "4", "8", "16"], "escape_steps": 2000, "well": "shallow"},
        measured=_escapes,
        holds=lambda **n: (
            n["out4"] - 3 * n["out4_error"] > n["out1"] + 3 * n["out1_error"]
            and n["out8"] < 30
            and n["out16"] == n["lost8"] == 0
            and n["lost1"] > 3 * n["lost1_error"]
        ),
    ),
    Claim(
        key="one_sample_misleads",
        text="Batches of one sample end in a local optimum, because a sample misleads; large ones explore.",
        verdict="contradicted",
        condition="It is the small batch that leaves a local minimum. But it does not stay in the better one either.",
        reading=(
            "400 seeds from 0 on. Out of the shallow well: {out1} ± {out1_error} % with B = 1, {out16} % with B "
            "= 16. Out of the deep one: "
            "{lost1} ± {lost1_error} and {lost16} %."
        ),
        settings=_ESCAPE | {"batch": ["1", "16"], "escape_steps": 2000, "well": "shallow"},
        measured=_escapes,
        holds=lambda **n: n["out1"] - 3 * n["out1_error"] > n["out16"] and n["lost1"] > 3 * n["lost1_error"],
    ),
    Claim(
        key="large_batch_at_the_saddle",
        text="A large batch may be stuck at a saddle.",
        verdict="only if",
        condition=(
            "Only the full batch, from a start exactly on the axis of symmetry. Otherwise the updates grow with the "
            "logarithm of B."
        ),
        reading=(
            "100 seeds from 0 on, 64 rows: B = 1 leaves in {left1} after {median1:g} updates in the median, 16 "
            "in {left16} after "
            "{median16:g}, 32 in {left32} after {median32:g}, all 64 in {left64}."
        ),
        settings={"experiment": "saddle", "batch": ["1", "4", "16", "32", "64"], "exact": True, "lr_sgd": 0.05}
        | {"rule": "same", "sampling": "reshuffled", "batch_seed": 0},
        measured=_saddle,
        holds=lambda **n: (
            n["left1"] == n["left16"] == n["left32"] == 100
            and n["left64"] == 0
            and n["median1"] < n["median16"] < n["median32"] < 3 * n["median1"]
        ),
    ),
    Claim(
        key="not_parallel",
        text="SGD cannot be computed in parallel.",
        verdict="only if",
        condition=(
            "Only with B = 1. A device that is busy for a millisecond anyway computes 32 samples in the same time: "
            "a model of the cost, not a measurement."
        ),
        reading=(
            "In the model one update takes {step1} ms with B = 1, {step32} ms with 32 and {step256} ms with 256; an "
            "epoch takes {epoch1}, {epoch32} and {epoch256} ms."
        ),
        settings=_RACE | {"batch": ["1", "32", "N"], "clock": "seconds", "seconds": 0.1},
        measured=_cost_of_an_epoch,
        holds=lambda **n: n["step1"] == n["step32"] < n["step256"] and n["epoch32"] * 20 < n["epoch1"],
    ),
    Claim(
        key="batch_and_fitting",
        text="Small batches underfit, large batches overfit.",
        verdict="only if",
        condition=(
            "Two parameters cannot show generalisation. They show the mechanism behind the saying: η/B acts as a "
            "temperature, and a hot run does not stay in the minimum it finds."
        ),
        reading=(
            "The same η/B = 0.0125 and the same time, 400 seeds from 0 on: {b1} ± {e1}, {b2} ± {e2}, {b4} ± {e4} "
            "and {b8} ± {e8} % leave "
            "the shallow well with B = 1, 2, 4, 8."
        ),
        settings=_ESCAPE
        | {"batch": ["1", "2", "4", "8"], "lr_sgd": 0.0125, "rule": "linear", "most_rate": 1.0}
        | {"escape_steps": 8000, "well": "shallow"},
        measured=_same_temperature,
        holds=lambda **n: max(n[f"b{b}"] for b in (1, 2, 4, 8)) - min(n[f"b{b}"] for b in (1, 2, 4, 8)) < 10,
    ),
)
