"""Schedules: questions and claims on when the learning rate should shrink, and when it should rise first."""

import numpy as np

from core import descend
from core.analysis import schedule_trials as lab
from core.analysis.curvature import eigenvalues
from core.memory import remembered
from core.schedules import rates
from core.text import T
from teaching.contract import Claim, Question

NOISE, STEEP = lab.TRIALS["noise"], lab.TRIALS["steep"]
NOISES = (0.3, 1.0, 3.0)
"""Strengths of the gradient noise, at all of which what is said must hold."""
RATES = tuple(np.geomspace(0.004, 0.19, 13))


@remembered(64)
def _best(name: str, sigma: float) -> float:
    """Return the exact mean of f after 1000 steps of the noisy trial, at the best of RATES."""
    row = lab.VARIANTS[name]
    own = lab.plan(row.schedule, NOISE.defaults(row))
    return float(min(lab.expected(NOISE.case(sigma=sigma), lr, own)[-1] for lr in RATES))


def _floor() -> dict:
    spread = lab.measured_in("noise", "constant")
    floors = {name: lab.floor(NOISE.case(), lr) for name, lr in (("floor", NOISE.lr), ("half", NOISE.lr / 2))}
    return floors | {"constant": float(spread.mean[-1]), "error": spread.error}


def _decay() -> dict:
    """Exact means of f at the best rate of each, and the most a decay leaves of that of a constant rate."""
    decays = ("multi_step", "exponential", "time_based", "cosine")
    left = {sigma: max(_best(name, sigma) for name in decays) / _best("constant", sigma) for sigma in (0.0, *NOISES)}
    best = {name: _best(name, 1.0) for name in ("constant", "multi_step", "exponential")}
    return best | {"quiet": left.pop(0.0), "most": max(left.values())}


def _same_steps() -> dict:
    """Compare a drop every ten epochs of 20 steps, written down epoch by epoch, with the step schedule."""
    by_epoch = np.repeat(0.1 ** (np.arange(50) // 10), 20)
    return {"gap": float(np.abs(by_epoch - rates("step", 1000, {"period": 200, "gamma": 0.1})).max())}


def _sums() -> dict:
    """How far gradient descent without noise still is from the minimum, and how the sums of the factors grow."""
    found: dict = {}
    for name in ("time_based", "exponential"):
        grown = []
        for k in (0.003, 0.01, 0.1):
            factors = rates(name, 100_000, {"k": k})
            grown.append(float(factors.sum() / factors[:10_000].sum()))
        run = descend(NOISE.surface, "sgd", NOISE.start, 5000, 0.01, schedule=(name, {"k": 0.01}))
        found |= {f"{name}_least": min(grown), f"{name}_most": max(grown), f"{name}_x": float(run.path[-1, 0])}
    return found


def _tuned() -> dict:
    """Exact means of f at the best rate of each, and the worst ratios to cosine over the strengths of noise."""
    best = {name: _best(name, 1.0) for name in ("exponential", "linear", "cosine", "constant")}
    return best | {
        "most": max(_best("exponential", sigma) / _best("cosine", sigma) for sigma in NOISES),
        "apart": max(abs(_best("linear", sigma) / _best("cosine", sigma) - 1) for sigma in NOISES),
    }


def _adaptive() -> dict:
    """How many times lower a cosine ends, each at its best rate, in ravines with noise; RMSprop's swing without."""
    grid, gains = tuple(np.geomspace(0.004, 0.06, 8)), []
    for condition, sigma in ((100.0, 1.0), (10.0, 0.3), (10.0, 3.0)):
        ravine = NOISE.surface.with_parameters(condition=condition)
        for key in ("adam", "rmsprop"):
            case = NOISE.case(surface=ravine, optimizer=key, start=(8.0, 1.0), steps=2000, sigma=sigma, seeds=100)
            constant, cosine = (lab.tune(case, grid, lab.plan(name)).best for name in ("constant", "cosine"))
            gains.append(constant / cosine)
    swing = descend("bowl", "rmsprop", (2.5, -2.0), 3000, 0.1).path[-100:, 0]
    return {"ratio": gains[0], "least": min(gains), "swing": float(np.ptp(swing)) / 2}


def _warm_up() -> dict:
    """Steps to the goal on Rosenbrock's function without a warm-up and with one of 50 steps, -1 for never."""
    found: dict = {}
    for name, key, lr in (("fast", "momentum", 0.003), ("slow", "momentum", 0.001), ("adam", "adam", 0.1)):
        made = lab.warm_ups(STEEP.case(optimizer=key, steps=1000), lr, (0, 50), STEEP.level)
        found |= {f"{name}_{n}": int(np.nan_to_num(at, nan=-1)) for n, at in zip((0, 50), made.reached, strict=True)}
        found |= {f"{name}_out": int(made.diverged_at[0])}
    curvatures = [eigenvalues(*STEEP.surface.hessian(*point))[1] for point in (STEEP.start, STEEP.surface.minima[0])]
    return found | {"start": float(curvatures[0]), "end": float(curvatures[1])}


def _restarts() -> dict:
    """Percent that leave the shallow well in the trial, and the most by which restarts beat others elsewhere."""
    names = ("cosine_restarts", "cosine", "short_cosine", "constant")

    def crossed(name: str, **case) -> float:
        found = lab.measured_in("wells", name, **case).crossed
        assert found is not None
        return 100 * float(found[-1])

    found = {name: crossed(name, seeds=1000, seed=0) for name in names}
    gains = [found["cosine_restarts"] - found["cosine"]]
    for sigma, lr in ((3.0, 0.05), (3.0, 0.1)):
        restarts, cosine = (crossed(name, sigma=sigma, lr=lr, seeds=1000, seed=0) for name in names[:2])
        gains.append(restarts - cosine)
    return found | {
        "silent": crossed("cosine_restarts", sigma=0.0),
        "most": max(gains),
        "error": 100 * (0.5 / 1000**0.5),
    }


def _plateau() -> dict:
    """What is left of the rate after 600 steps, and where the mean of f ends, with little and with much patience."""
    plans = {name: lab.plan("plateau", {"factor": 0.5, "patience": n}) for name, n in (("hasty", 20), ("patient", 100))}
    found: dict = {"worse": np.inf, "hasty_left": 0.0}
    for sigma in NOISES:
        for lr in (0.05, NOISE.lr):
            case = NOISE.case(sigma=sigma)
            left = {name: float(lab.repeat(case, lr, own).mean[-1]) for name, own in plans.items()}
            found["worse"] = min(found["worse"], left["hasty"] / left["patient"])
            rate = np.median(lab.plateau_rates(NOISE.case(sigma=sigma, seeds=20), lr, plans["hasty"])[:, 600])
            found["hasty_left"] = max(found["hasty_left"], float(rate) / lr)
    for name, own in plans.items():
        spread = lab.repeat(NOISE.case(), NOISE.lr, own)
        found |= {name: float(spread.mean[-1]), f"{name}_error": spread.error}
    return found | {"calm": float(lab.plateau_rates(NOISE.case(sigma=0.0), NOISE.lr, plans["hasty"])[0, 600])}


QUESTIONS = (
    Question(
        key="floor_under_noise",
        text=T(
            "f = ½(x² + 10y²), gradient noise of standard deviation 1, constant rate 0.15. Where does the mean of"
            " f end?"
        ),
        options=(T("At 0"), T("Near 0.02"), T("Near 0.2"), T("Near 2")),
        answer=2,
        because=T(
            "Theory says {floor:.3f}, and {half:.3f} at half the rate; 400 runs end at {constant:.3f} ± {error:.3f}."
        ),
        measured=_floor,
        right=lambda floor, constant, error, **_: int(
            np.argmin(np.abs(np.log10([1e-9, 0.02, 0.2, 2]) - np.log10(constant)))
        ),
    ),
    Question(
        key="without_warm_up",
        text=T(
            "Momentum 0.9 with rate 0.003 on Rosenbrock from (−1.5, 2): is it below 0.001 sooner with or without "
            "warm-up?"
        ),
        options=(T("Without: it loses no time"), T("With 50 steps of warm-up"), T("Both need the same")),
        answer=1,
        because=T(
            "Without it diverges in step {fast_out}, with 50 steps it arrives at step {fast_50}. The "
            "curvature is {start:.0f} at the start and {end:.0f} at the minimum."
        ),
        measured=_warm_up,
        right=lambda fast_0, fast_50, **_: 2 if fast_0 == fast_50 else 1 if fast_0 < 0 or 0 < fast_50 < fast_0 else 0,
    ),
)


def _shown(trial: str, *names: str, **more) -> dict:
    """Return what the button of a claim sets: the trial and who runs in it."""
    return {"trial": trial, "schedules": list(names)} | more


RAVINE = {"ravine_condition": 100.0, "x": 8.0, "y": 1.0, "steps": 2000}

CLAIMS = (
    Claim(
        key="large_early_small_late",
        text=T("The rate should be large early and small late."),
        verdict=T("only if"),
        condition=T("Only under gradient noise: without it a constant rate ends lower."),
        reading=T(
            "Mean f, each at its best rate: constant {constant:.4f}, two drops {multi_step:.4f}, exponential "
            "{exponential:.4f}."
        ),
        settings=_shown("noise", "constant", "multi_step", "exponential", "time_based", "cosine"),
        measured=_decay,
        holds=lambda constant, multi_step, exponential, quiet, most: most < 0.75 and quiet > 1,
    ),
    Claim(
        key="fixed_interval_is_not_step",
        text=T("Decay at fixed intervals and step decay are two schedules."),
        verdict="contradicted",
        condition=T("Both are StepLR."),
        reading=T("Largest difference of the factors over 1000 steps: {gap:.0f}."),
        settings=_shown("noise", "step", "exponential"),
        measured=_same_steps,
        holds=lambda gap: gap < 1e-12,
    ),
    Claim(
        key="time_based_is_like_exponential",
        text=T("Time-based decay is similar to exponential decay."),
        verdict="contradicted",
        condition=T("Its steps add up without limit. Those of e^(−kt) do not: it can stop on the way."),
        reading=T("k = 0.01, minimum at 0: x = {time_based_x:.2f} against {exponential_x:.2f}."),
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
        holds=lambda time_based_least, exponential_most, time_based_x, exponential_x, **_: (
            time_based_least > 1.2 and exponential_most < 1.001 and time_based_x < exponential_x / 2
        ),
    ),
    Claim(
        key="cosine_is_best",
        text=T("Not in the notes: cosine decay is the best schedule."),
        verdict="contradicted",
        condition=T("On a noisy quadratic, each at its best rate: exponential ends lower, linear as low."),
        reading=T("Mean f: {exponential:.5f}, {linear:.5f}, cosine {cosine:.5f}."),
        settings=_shown("noise", "constant", "exponential", "linear", "cosine", rule="tuned"),
        measured=_tuned,
        holds=lambda exponential, linear, cosine, constant, most, apart: (
            most < 0.9 and apart < 0.1 and cosine < constant
        ),
    ),
    Claim(
        key="stalled_loss_says_when",
        text=T("Reduce the rate when the loss stalls: the schedule adapts by itself."),
        verdict=T("only if"),
        condition=T("Only if it is patient: under noise the best loss so far is a lucky one."),
        reading=T("Patience 20: f ends at {hasty:.4f} ± {hasty_error:.4f}; 100: at {patient:.4f}."),
        settings=_shown("noise", "constant", "time_based", "plateau"),
        measured=_plateau,
        holds=lambda worse, hasty_left, calm, **_: calm == NOISE.lr and hasty_left < 1e-3 and worse > 2,
    ),
    Claim(
        key="adaptive_needs_none",
        text=T("Adam and RMSprop need no schedule."),
        verdict="contradicted",
        condition=T("Under noise a constant rate keeps them moving. Each at its best rate."),
        reading=T("Adam ends {ratio:.1f} times lower with a cosine. Without noise RMSprop swings by ± {swing:.3f}."),
        settings=_shown("noise", "constant", "cosine", optimizer="adam", rule="tuned") | RAVINE,
        measured=_adaptive,
        holds=lambda ratio, least, swing: least > 2 and abs(swing - 0.05) < 1e-3,
    ),
    Claim(
        key="warm_up_stabilises",
        text=T("Warm-up stabilises the beginning."),
        verdict=T("only if"),
        condition=T("Only if the rate is too large at the start, and only there. Else it costs time."),
        reading=T("Momentum at 0.003 diverges without; at 0.001: {slow_0} steps without, {slow_50} with."),
        settings=_shown("steep", "constant", "warm_up", "warm_cosine"),
        measured=_warm_up,
        holds=lambda fast_0, fast_50, slow_0, slow_50, adam_0, adam_50, start, end, **_: (
            fast_0 < 0 < fast_50 and 0 < slow_0 < slow_50 and 0 < adam_0 < adam_50 and start > 2 * end
        ),
    ),
    Claim(
        key="restarts_jump_out",
        text=T("Restarts help to jump out of local minima."),
        verdict=T("only if"),
        condition=T("Only with noise, and not more than one cosine as long: time at a high rate counts."),
        reading=T(
            "Escaped: {cosine_restarts:.0f} % with restarts, {cosine:.0f} % with one cosine, {constant:.0f} % at "
            "a constant rate."
        ),
        settings=_shown("wells", "cosine_restarts", "cosine", "short_cosine"),
        measured=_restarts,
        holds=lambda cosine_restarts, cosine, short_cosine, constant, silent, most, error: (
            silent == 0
            and most < 4 * error
            and short_cosine + 6 * error < cosine_restarts
            and constant > max(cosine_restarts, cosine) + 6 * error
        ),
    ),
)
