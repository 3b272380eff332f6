"""Schedules: questions and claims on when the learning rate should shrink, and when it should rise first."""

import numpy as np

from core import schedule_trials as lab
from core.curvature import eigenvalues
from core.descent import descend
from core.lessons import Claim, Question
from core.schedules import rates

NOISE, STEEP = lab.trial("noise"), lab.trial("steep")


def _finals(*names: str) -> dict:
    """Mean and standard error at the end of some lines of the noisy trial."""
    found: dict = {}
    for name in names:
        spread = lab.measured_in("noise", name)
        found |= {name: float(spread.mean[-1]), f"{name}_error": spread.error}
    return found


def _floor() -> dict:
    return {"floor": lab.floor(NOISE.case(), NOISE.lr)} | _finals("constant")


def _decay() -> dict:
    slow = lab.measured_in("noise", "constant", lr=0.005)
    best = _finals("constant", "multi_step", "exponential", "time_based", "cosine")
    return best | {"small": float(slow.mean[-1]), "first": lab.measured_in("noise", "time_based").first_below(0.05)}


def _same_steps() -> dict:
    """Compare a drop every ten epochs of 20 steps, written down epoch by epoch, with the step schedule."""
    by_epoch = np.repeat(0.1 ** (np.arange(50) // 10), 20)
    gap = np.abs(by_epoch - rates("step", 1000, {"period": 200, "gamma": 0.1})).max()
    epochs = np.arange(1000)
    fall = np.abs(rates("exponential", 1000, {"k": 0.005}) / np.exp(-0.005) ** epochs - 1).max()
    return {"gap": float(gap), "fall": float(fall)}


def _sums() -> dict:
    """Sums of the factors over growing runs, and where gradient descent without noise is with each, k = 0.01."""
    found: dict = {}
    for name in ("time_based", "exponential"):
        factors = rates(name, 100_000, {"k": 0.01})
        found |= {f"{name}_{n}": float(factors[:n].sum()) for n in (1000, 100_000)}
        run = descend(NOISE.surface, "sgd", NOISE.start, 5000, 0.01, schedule=(name, {"k": 0.01}))
        found[f"{name}_x"] = float(run.path[-1, 0])
    return found


def _tuned() -> dict:
    found: dict = {}
    for name, grid in (
        ("constant", (0.005, 0.008)),
        ("exponential", (0.03, 0.05, 0.08)),
        ("linear", (0.008, 0.012, 0.02)),
        ("cosine", (0.008, 0.012, 0.02)),
    ):
        row = lab.line(name)
        own = lab.plan(row.schedule, NOISE.defaults(row))
        sweep = lab.tune(NOISE.case(), grid, own)
        found |= {name: sweep.best, f"{name}_rate": sweep.best_rate}
    return found


def _adaptive() -> dict:
    """Adam on a noisy ravine at its best constant rate and at its best with a cosine; RMSprop without any noise."""
    ravine = NOISE.surface.with_parameters(condition=100.0)
    case = NOISE.case(surface=ravine, optimizer="adam", start=(8.0, 1.0), steps=2000)
    found: dict = {}
    for name, grid in (("constant", (0.01, 0.016)), ("cosine", (0.016, 0.024, 0.04))):
        sweep = lab.tune(case, grid, lab.plan(name))
        found |= {name: sweep.best, f"{name}_rate": sweep.best_rate}
    swing = descend("bowl", "rmsprop", (2.5, -2.0), 3000, 0.1).path[-100:, 0]
    return found | {"ratio": found["constant"] / found["cosine"], "swing": float(np.ptp(swing)) / 2}


def _warm_up() -> dict:
    found: dict = {}
    for name, lr in (("momentum", 0.003), ("adam", 0.1)):
        made = lab.warm_ups(STEEP.case(optimizer=name, steps=1000), lr, (0, 50), STEEP.level)
        found |= {
            f"{name}_{n}": int(np.nan_to_num(step, nan=-1)) for n, step in zip((0, 50), made.reached, strict=True)
        }
        found |= {f"{name}_out": int(made.diverged_at[0])}
    bends = [eigenvalues(*STEEP.surface.hessian(*point))[1] for point in (STEEP.start, STEEP.surface.minima[0])]
    return found | {"start": float(bends[0]), "end": float(bends[1])}


def _restarts() -> dict:
    found: dict = {}
    for name in ("cosine_restarts", "cosine", "short_cosine"):
        crossed = lab.measured_in("wells", name).crossed
        assert crossed is not None
        found[name] = 100 * float(crossed[-1])
    silent = lab.measured_in("wells", "cosine_restarts", sigma=0.0).crossed
    assert silent is not None
    part = found["cosine"] / 100
    error = 100 * float(np.sqrt(part * (1 - part) / lab.MOST_SEEDS))
    return found | {"silent": 100 * float(silent[-1]), "error": error}


def _plateau() -> dict:
    """What is left of the rate after 600 steps, and where the mean of f ends, with little and with much patience."""
    case = NOISE.case(seeds=50)
    found: dict = {}
    for name, patience in (("hasty", 20), ("patient", 100)):
        settings = {"factor": 0.5, "patience": patience}
        left = lab.plateau_rates(case, NOISE.lr, lab.plan("plateau", settings))[:, 600]
        spread = lab.measured_in("noise", "plateau", settings=settings)
        found |= {f"{name}_rate": float(np.median(left)), name: float(spread.mean[-1]), f"{name}_error": spread.error}
    silent = NOISE.case(sigma=0.0)
    calm = lab.plateau_rates(silent, NOISE.lr, lab.plan("plateau", {"factor": 0.5, "patience": 20}))[0, 600]
    return found | {"calm": float(calm)}


QUESTIONS = (
    Question(
        key="floor_under_noise",
        text=(
            "f = ½(x² + 10y²), gradient noise of standard deviation 1, constant rate 0.15. Where does the mean of"
            " f end?"
        ),
        options=("At 0", "Near 0.02", "Near 0.2", "Near 2"),
        answer=2,
        because=(
            "Theory says {floor:.4f}; 400 runs end at {constant:.3f} ± {constant_error:.3f}. Half the rate, half of it."
        ),
        measured=_floor,
        right=lambda floor, constant, constant_error: int(
            np.argmin(np.abs(np.log10([1e-9, 0.02, 0.2, 2]) - np.log10(floor)))
        ),
    ),
    Question(
        key="without_warm_up",
        text=(
            "Momentum 0.9 with rate 0.003 on Rosenbrock from (−1.5, 2): is it below 0.001 sooner with or without "
            "warm-up?"
        ),
        options=("Without: it loses no time", "With 50 steps of warm-up", "Both need the same"),
        answer=1,
        because=(
            "Without it diverges in step {momentum_out}, with 50 steps it arrives at step {momentum_50}. The "
            "curvature is {start:.0f} at the start and {end:.0f} at the minimum."
        ),
        measured=_warm_up,
        right=lambda momentum_0, momentum_50, **others: 1 if momentum_0 < 0 < momentum_50 else 0,
    ),
)


def _shown(trial: str, *names: str, **more) -> dict:
    """Return what the button of a claim sets: the trial and who runs in it."""
    return {"trial": trial, "schedules": list(names)} | more


RAVINE = {"ravine_condition": 100.0, "x": 8.0, "y": 1.0, "steps": 2000}

CLAIMS = (
    Claim(
        key="large_early_small_late",
        text="The rate should be large early and small late.",
        verdict="shown",
        condition=(
            "Under gradient noise. A rate that is small from the start has a low floor, but does not get there in time."
        ),
        reading=(
            "Mean of f after 1000 steps: {constant:.3f} at constant 0.15, {small:.4f} at constant 0.005, "
            "{multi_step:.4f} with two drops, {exponential:.5f} exponential, {time_based:.5f} time-based."
        ),
        settings=_shown("noise", "constant", "multi_step", "exponential", "time_based", "cosine"),
        measured=_decay,
        holds=lambda constant, small, multi_step, exponential, time_based, cosine, first, **errors: (
            max(multi_step, exponential, time_based, cosine) < small < constant / 10 and 0 < first < 100
        ),
    ),
    Claim(
        key="fixed_interval_is_not_step",
        text="Decay at fixed intervals and step decay are two schedules.",
        verdict="contradicted",
        condition="Both are StepLR. Exponential decay e^(−kt) is ExponentialLR with gamma = e^(−k).",
        reading=(
            "Largest difference of the factors over 1000 steps: {gap:.0e}; of the exponentials, relative: {fall:.0e}."
        ),
        settings=_shown("noise", "step", "exponential"),
        measured=_same_steps,
        holds=lambda gap, fall: gap < 1e-12 and fall < 1e-12,
    ),
    Claim(
        key="time_based_is_like_exponential",
        text="Time-based decay is similar to exponential decay.",
        verdict="contradicted",
        condition="The sum of 1/(1 + kt) grows without limit, that of e^(−kt) does not: it can run out of distance.",
        reading=(
            "k = 0.01, sum of the factors after 1000 and 100,000 steps: {time_based_1000:.0f} and "
            "{time_based_100000:.0f} time-based, {exponential_1000:.1f} and {exponential_100000:.1f} exponential."
            " At rate 0.01 without noise the first is at x = {time_based_x:.2f} after 5000 steps, the second "
            "stands still at {exponential_x:.2f}."
        ),
        settings=_shown(
            "noise",
            "time_based",
            "exponential",
            time_based_k=0.01,
            exponential_k=0.01,
            sigma=0.0,
            steps=5000,
            lr_sgd=0.01,
            exact=True,
        ),
        measured=_sums,
        holds=lambda time_based_1000, time_based_100000, exponential_1000, exponential_100000, **x: (
            time_based_100000 > 2 * time_based_1000
            and exponential_100000 < 1.001 * exponential_1000
            and x["time_based_x"] < x["exponential_x"] / 2
        ),
    ),
    Claim(
        key="cosine_is_best",
        text="Cosine decay is the best schedule.",
        verdict="contradicted",
        condition=(
            "On a noisy quadratic, each at its best rate: any decay removes the floor, and cosine is not special."
        ),
        reading=(
            "Mean of f after 1000 steps: exponential {exponential:.5f} (rate {exponential_rate:g}), linear "
            "{linear:.5f} ({linear_rate:g}), cosine {cosine:.5f} ({cosine_rate:g}), constant {constant:.4f} "
            "({constant_rate:g})."
        ),
        settings=_shown("noise", "constant", "exponential", "linear", "cosine", rule="tuned"),
        measured=_tuned,
        holds=lambda constant, exponential, linear, cosine, **rates: (
            exponential < cosine and linear < cosine < constant
        ),
    ),
    Claim(
        key="stalled_loss_says_when",
        text="Reduce the rate when the loss stalls: the schedule adapts by itself.",
        verdict="only if",
        condition=(
            "It must be patient. Under noise the best loss so far is a lucky one, which the next steps cannot beat."
        ),
        reading=(
            "Rate 0.15, halved on a plateau. Patience 20: {hasty_rate:.0e} is left of it after 600 steps, and f "
            "ends at {hasty:.4f} ± {hasty_error:.4f}; patience 100: {patient_rate:.3f} and {patient:.4f} ± "
            "{patient_error:.4f}. Without noise it is still {calm:g}."
        ),
        settings=_shown("noise", "constant", "time_based", "plateau"),
        measured=_plateau,
        holds=lambda hasty_rate, hasty, hasty_error, patient_rate, patient, patient_error, calm: (
            calm == NOISE.lr and hasty_rate < patient_rate / 100 and patient + 5 * hasty_error < hasty
        ),
    ),
    Claim(
        key="adaptive_needs_none",
        text="Adam and RMSprop need no schedule.",
        verdict="contradicted",
        condition="Their steps do not shrink by themselves: a constant rate keeps them moving, with noise and without.",
        reading=(
            "Ravine of condition number 100, noise 1, each at its best rate: Adam ends at {constant:.5f} with a "
            "constant rate and at {cosine:.5f} with a cosine, {ratio:.1f} times lower. RMSprop with rate 0.1 swings "
            "by ±{swing:.4f} for ever."
        ),
        settings=_shown("noise", "constant", "cosine", optimizer="adam", rule="tuned") | RAVINE,
        measured=_adaptive,
        holds=lambda ratio, swing, **others: ratio > 2 and abs(swing - 0.05) < 1e-3,
    ),
    Claim(
        key="warm_up_stabilises",
        text="Warm-up stabilises the beginning.",
        verdict="only if",
        condition="The rate must be too large for the curvature at the start, and only there. Else it only costs time.",
        reading=(
            "Momentum 0.9, rate 0.003: without warm-up thrown out in step {momentum_out}, with 50 steps at the "
            "goal in step {momentum_50} (curvature {start:.0f} at the start, {end:.0f} at the minimum). Adam with"
            " rate 0.1: step {adam_0} without, {adam_50} with."
        ),
        settings=_shown("steep", "constant", "warm_up", "warm_cosine"),
        measured=_warm_up,
        holds=lambda momentum_0, momentum_50, adam_0, adam_50, start, end, **out: (
            momentum_0 < 0 < momentum_50 and 0 < adam_0 < adam_50 and start > 2 * end
        ),
    ),
    Claim(
        key="restarts_jump_out",
        text="Restarts help to jump out of local minima.",
        verdict="only if",
        condition="There must be noise, and time at a high rate is all that counts: one long cosine has as much of it.",
        reading=(
            "Escaped from the shallow well: {cosine_restarts:.0f} % with four cosines of 300 steps, {cosine:.0f} "
            "% with one of 1200, {short_cosine:.0f} % with one of 300 and then nothing, each ± {error:.0f}; "
            "without noise {silent:.0f} %."
        ),
        settings=_shown("wells", "cosine_restarts", "cosine", "short_cosine"),
        measured=_restarts,
        holds=lambda cosine_restarts, cosine, short_cosine, silent, error: (
            silent == 0 and abs(cosine_restarts - cosine) < 4 * error and short_cosine + 6 * error < cosine_restarts
        ),
    ),
)
