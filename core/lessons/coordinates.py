"""A rate per coordinate: questions and claims on Adagrad, RMSprop, Adadelta, Adam and Rprop."""

import numpy as np

from core.coordinates import (
    ROBUST_SURFACES,
    drift,
    mean_and_error,
    rare_feature,
    robustness,
    steps_by_angle,
)
from core.descent import descend
from core.lessons import Claim, Question
from core.spec import Noise
from core.streams import SLOPE, lengths

LONG = 100_000


def _rate_of_x(run) -> np.ndarray:
    return run.explained()["rate"][:, 0]


def _adagrad_in_three_worlds() -> dict:
    bowl = _rate_of_x(descend("bowl", "adagrad", (5.0, 1.0), 1000, 0.5))
    noise = _rate_of_x(descend("bowl", "adagrad", (5.0, 1.0), 10_000, 0.5, noise=Noise(1.0)))
    slope = -descend(SLOPE, "adagrad", (0.0, 0.0), LONG, 0.1).path[:, 0]
    return {
        "bowl_soon": float(bowl[99]),
        "bowl_late": float(bowl[-1]),
        "noise_soon": float(noise[99]),
        "noise_late": float(noise[-1]),
        "walked": float(slope[-1]),
        "walked_before": float(slope[LONG // 10]),
    }


def _ways_on_a_slope() -> dict:
    ways: dict = {}
    for key, lr in (("adagrad", 0.1), ("rmsprop", 0.1), ("adadelta", 1.0)):
        path = -descend(SLOPE, key, (0.0, 0.0), 1000, lr).path[:, 0]
        ways |= {f"{key}_{t}": float(path[t]) for t in (10, 100, 1000)}
    return ways


def _first_steps_of_rmsprop() -> dict:
    memories = {"short": 0.9, "middle": 0.99, "long": 0.999}
    return {name: float(lengths("rmsprop", np.ones(1), alpha=alpha)[0]) for name, alpha in memories.items()}


def _square_and_variance() -> dict:
    run = descend(SLOPE, "adam", (0.0, 0.0), 1000, 0.1)
    return {"v_hat": float(run.explained()["v_hat"][-1, 0]), "variance": float(run.received[:, 0].var())}


def _decades(*optimizers: str) -> dict:
    """Decades of rates that work on the six surfaces, as numbers and as one text for each optimizer."""
    found = {key: [robustness(surface, key).decades for surface in ROBUST_SURFACES] for key in optimizers}
    return {key: " ".join(f"{d:.2f}" for d in decades) for key, decades in found.items()}


def _numbers(text: str) -> np.ndarray:
    return np.array(text.split(), dtype=float)


def _best_on_rosenbrock() -> dict:
    return {key: int(robustness("rosenbrock", key).mean_steps.min()) for key in ("rmsprop", "adadelta", "adam")} | {
        "budget": int(robustness("rosenbrock", "adam").mean_steps.max())
    }


def _adam_rate_on_booth() -> dict:
    rate = descend("booth", "adam", None, 3000, 0.1).explained()["rate"]
    grown = rate[-1] / rate[0]
    return {"x": float(grown[0]), "y": float(grown[1])}


def _step_after_silence() -> dict:
    return {"longest": float(lengths("adam", np.append(np.zeros(4999), 1.0))[-1])}


def _annealing() -> dict:
    """Mean length of Adam's step in rates, on a bowl with unit noise, early and late."""
    run = descend("bowl", "adam", (5.0, 1.0), 20_000, 0.01, noise=Noise(1.0))
    steps = np.abs(np.diff(run.path[:, 0])) / 0.01
    return {
        "early": float(steps[:10].mean()),
        "late": float(steps[5000:12_500].mean()),
        "last": float(steps[12_500:].mean()),
        "theory": float(np.sqrt(2 / np.pi) * np.sqrt(0.1 / 1.9)),
    }


def _rare(*rows: tuple[str, float]) -> dict:
    numbers: dict = {}
    for key, lr in rows:
        mean, error = mean_and_error(rare_feature(key, lr).arrived)
        numbers |= {key: round(mean), f"{key}_error": round(error)}
    return numbers


def _turned() -> dict:
    angles = np.array([0.0, 45.0])
    numbers: dict = {}
    for key, lr in (("sgd", 0.0198), ("adagrad", 3.0), ("adam", 0.1)):
        straight, across = steps_by_angle(key, lr, angles)
        numbers |= {key: int(straight), f"{key}_turned": int(across)}
    return numbers


def _sign_or_size() -> dict:
    numbers: dict = {"decades": robustness("beale", "rprop").decades}
    for key in ("sgd", "rprop"):
        mean, error = mean_and_error(drift(key)[:, -1])
        numbers |= {key: mean, f"{key}_error": error}
    return numbers


def _drift_by_memory() -> dict:
    """Mean drift on skewed batches in rates, by how long the mean square remembers."""
    rows = {"short": ("rmsprop", (("alpha", 0.9),)), "middle": ("rmsprop", ()), "long": ("adam", ())}
    numbers: dict = {}
    for name, (key, hyper) in rows.items():
        mean, error = mean_and_error(drift(key, hyper)[:, -1])
        numbers |= {name: mean, f"{name}_error": error}
    return numbers


QUESTIONS = (
    Question(
        key="first_step_of_rmsprop",
        text="RMSprop with α = 0.99: how long is its first step?",
        options=("A tenth of the rate", "One rate", "Ten rates"),
        answer=2,
        because=(
            "{middle:.1f} rates: after one gradient the mean square is only (1 − α)g², and nothing corrects for that."
        ),
        measured=_first_steps_of_rmsprop,
        right=lambda short, middle, long: int(np.argmin(np.abs(np.log([10 * middle, middle, middle / 10])))),
    ),
    Question(
        key="rate_of_adam_on_booth",
        text="Adam on Booth's function: is its rate per coordinate, η/√v̂, smaller or larger after 3000 steps?",
        options=("Smaller", "The same", "Larger"),
        answer=2,
        because="{x:.0f} and {y:.0f} times as large: the gradients shrink, and the rate is divided by their size.",
        measured=_adam_rate_on_booth,
        right=lambda x, y: 2 if min(x, y) > 1.1 else 0 if max(x, y) < 0.9 else 1,
    ),
)

CLAIMS = (
    Claim(
        key="adagrad_stops",
        text="Adagrad's rate goes to zero, and training stops.",
        verdict="only if",
        condition=(
            "Only where gradients stay large. On a bowl they fade, their squares have a finite sum, and the rate "
            "stays. On a constant slope the steps shrink like 1/√t, and still lead anywhere in time."
        ),
        reading=(
            "Rate from step 100 to the end: bowl {bowl_soon:.4f} to {bowl_late:.4f}, with noise {noise_soon:.4f} to "
            "{noise_late:.4f}. Way down the slope after 10,000 and 100,000 steps: {walked_before:.1f}, {walked:.1f}."
        ),
        settings={"ground": "noisy", "methods": ["adagrad", "adam"], "steps": 1000},
        measured=_adagrad_in_three_worlds,
        holds=lambda bowl_soon, bowl_late, noise_soon, noise_late, walked, walked_before: (
            bowl_late > 0.99 * bowl_soon and noise_late < 0.3 * noise_soon and walked > 3 * walked_before
        ),
    ),
    Claim(
        key="adagrad_needs_no_rate",
        text="With Adagrad no learning rate has to be set by hand.",
        verdict="contradicted",
        condition="Its one global rate matters as much as that of SGD, decades of rates that work counted.",
        reading="Of nine decades, on Rosenbrock, Beale, two ravines, Himmelblau, Goldstein-Price: {adagrad}.",
        settings={"robust": "rosenbrock"},
        measured=lambda: _decades("adagrad"),
        holds=lambda adagrad: _numbers(adagrad).min() < 0.5 and _numbers(adagrad).max() < 5,
    ),
    Claim(
        key="rmsprop_cures_adagrad",
        text="RMSprop cures the decay of Adagrad's rate.",
        verdict="shown",
        condition="It forgets old gradients, so that on a constant slope its step settles at one rate.",
        reading=(
            "Way after 10, 100, 1000 steps at rate 0.1: RMSprop {rmsprop_10:.2f}, {rmsprop_100:.1f}, "
            "{rmsprop_1000:.0f}; Adagrad {adagrad_10:.2f}, {adagrad_100:.2f}, {adagrad_1000:.2f}."
        ),
        settings={"ground": "slope", "methods": ["adagrad", "rmsprop"], "steps": 300},
        measured=lambda: {k: v for k, v in _ways_on_a_slope().items() if not k.startswith("adadelta")},
        holds=lambda rmsprop_10, rmsprop_100, rmsprop_1000, adagrad_10, adagrad_100, adagrad_1000: (
            rmsprop_1000 - rmsprop_100 > 0.95 * 90 and adagrad_1000 - adagrad_100 < 5
        ),
    ),
    Claim(
        key="rmsprop_remembers_longer",
        text="RMSprop with β = 0.999, as some notes write it.",
        verdict="only if",
        condition="Only with a smaller rate at first: nothing corrects the mean square for its start.",
        reading="First step in rates: {short:.1f} at 0.9, {middle:.0f} at 0.99, {long:.1f} at 0.999.",
        settings={"ground": "slope", "methods": ["rmsprop"], "rmsprop_alpha": 0.999, "steps": 100},
        measured=_first_steps_of_rmsprop,
        holds=lambda short, middle, long: long > 30 > middle > short > 3,
    ),
    Claim(
        key="adadelta_is_a_denominator",
        text="Adadelta divides by the root mean square of recent gradients.",
        verdict="contradicted",
        condition="That alone is RMSprop. Adadelta also multiplies by the root mean square of its own steps.",
        reading=(
            "Way down a slope after 10, 100, 1000 steps: Adadelta {adadelta_10:.3f}, {adadelta_100:.2f}, "
            "{adadelta_1000:.1f}, each step longer than the last; RMSprop {rmsprop_10:.2f}, {rmsprop_100:.1f}, "
            "{rmsprop_1000:.0f}."
        ),
        settings={"ground": "slope", "methods": ["rmsprop", "adadelta"], "steps": 300},
        measured=lambda: {k: v for k, v in _ways_on_a_slope().items() if not k.startswith("adagrad")},
        holds=lambda adadelta_10, adadelta_100, adadelta_1000, rmsprop_10, rmsprop_100, rmsprop_1000: (
            adadelta_1000 > 12 * adadelta_100 > 100 * adadelta_10 and rmsprop_1000 < 6 * rmsprop_100
        ),
    ),
    Claim(
        key="second_moment_is_the_variance",
        text="Adam's second moment is the variance of the gradient.",
        verdict="contradicted",
        condition="It is the mean of the square, with the mean left in. The centred RMSprop uses the variance.",
        reading="On a constant slope of 1 the variance is {variance:.0f}, and Adam's estimate {v_hat:.3f}.",
        settings={"ground": "slope", "methods": ["adam"], "steps": 300},
        measured=_square_and_variance,
        holds=lambda v_hat, variance: variance == 0 and abs(v_hat - 1) < 1e-6,
    ),
    Claim(
        key="adaptive_methods_are_alike",
        text="RMSprop, Adadelta and Adam do about the same.",
        verdict="contradicted",
        condition="On Rosenbrock from (−1.5, 2), each at its best of 37 rates, until it is near the minimum to stay.",
        reading="Steps: Adam {adam}, RMSprop {rmsprop}, Adadelta {adadelta}, of at most {budget}.",
        settings={"robust": "rosenbrock"},
        measured=_best_on_rosenbrock,
        holds=lambda adam, rmsprop, adadelta, budget: min(rmsprop, adadelta) > 1.5 * adam,
    ),
    Claim(
        key="adam_tolerates_rates_everywhere",
        text="Adam can start with a large rate, SGD is strict about it.",
        verdict="shown",
        condition="Decades of rates that reach a minimum and stay, on six surfaces from one start each.",
        reading=(
            "Rosenbrock, Beale, two ravines, Himmelblau, Goldstein-Price: SGD {sgd}; Adam {adam}; "
            "but without noise Rprop {rprop}."
        ),
        settings={"robust": "beale"},
        measured=lambda: _decades("sgd", "adam", "rprop"),
        holds=lambda sgd, adam, rprop: bool(np.all(_numbers(adam) > _numbers(sgd))),
    ),
    Claim(
        key="late_rate_of_adam_is_too_small",
        text="Late in training Adam's rate is too small.",
        verdict="contradicted",
        condition="It is divided by the size of the gradients, so that it grows while they fade.",
        reading="On Booth, from step 1 to 3000: {x:.0f} times in x and {y:.0f} times in y.",
        settings={"ground": "booth", "methods": ["adam"], "steps": 3000},
        measured=_adam_rate_on_booth,
        holds=lambda x, y: min(x, y) > 10,
    ),
    Claim(
        key="step_of_adam_is_bounded",
        text="A step of Adam is at most about one learning rate long.",
        verdict="only if",
        condition="Only while gradients keep coming. After a long silence the bound is (1 − β₁)/√(1 − β₂).",
        reading="One gradient after 4999 zeros: a step of {longest:.2f} rates.",
        settings={"ground": "slope", "methods": ["adam"], "steps": 300},
        measured=_step_after_silence,
        holds=lambda longest: 3 < longest < 0.1 / np.sqrt(0.001),
    ),
    Claim(
        key="adam_anneals_by_itself",
        text="Adam anneals its steps by itself.",
        verdict="only if",
        condition="Only down to a constant: among noise the mean of the gradient fades, its size does not.",
        reading=(
            "Mean step on a noisy bowl, in rates: {early:.2f} in the first ten, {late:.2f} later and {last:.2f} at "
            "the end; pure noise would give {theory:.2f}."
        ),
        settings={"ground": "noisy", "methods": ["adam"], "steps": 1000},
        measured=_annealing,
        holds=lambda early, late, last, theory: (
            early > 0.9 and abs(last / late - 1) < 0.1 and abs(last / theory - 1) < 0.2
        ),
    ),
    Claim(
        key="adagrad_suits_sparse_data",
        text="Rare features get larger steps from Adagrad, so it suits sparse data.",
        verdict="shown",
        condition="A feature in one row of fifty; the dense weight ends about equally exact.",
        reading=(
            "Steps until its weight is right: Adagrad {adagrad} ± {adagrad_error}, SGD {sgd} ± {sgd_error} (20 seeds)."
        ),
        settings={"rare_seed": 0},
        measured=lambda: _rare(("sgd", 0.1), ("adagrad", 1.0)),
        holds=lambda sgd, sgd_error, adagrad, adagrad_error: adagrad + 4 * (adagrad_error + sgd_error) < sgd,
    ),
    Claim(
        key="adaptive_methods_suit_sparse_data",
        text="All adaptive methods suit sparse data.",
        verdict="contradicted",
        condition="Those that forget, forget a rare feature between two sights of it.",
        reading="Steps: SGD {sgd} ± {sgd_error}, RMSprop {rmsprop} ± {rmsprop_error}, Adam {adam} ± {adam_error}.",
        settings={"rare_seed": 0},
        measured=lambda: _rare(("sgd", 0.1), ("rmsprop", 0.01), ("adam", 0.01)),
        holds=lambda sgd, sgd_error, rmsprop, rmsprop_error, adam, adam_error: (
            min(rmsprop, adam) > sgd + 4 * (sgd_error + rmsprop_error)
        ),
    ),
    Claim(
        key="adam_beats_rmsprop_on_sparse_data",
        text="With sparse gradients Adam is better than RMSprop.",
        verdict="contradicted",
        condition="At the same rate, and with the same error of the dense weight.",
        reading="Steps: Adam {adam} ± {adam_error}, RMSprop {rmsprop} ± {rmsprop_error}.",
        settings={"rare_seed": 0},
        measured=lambda: _rare(("rmsprop", 0.01), ("adam", 0.01)),
        holds=lambda rmsprop, rmsprop_error, adam, adam_error: adam > rmsprop + 2 * (rmsprop_error + adam_error),
    ),
    Claim(
        key="one_rate_for_all_is_the_problem",
        text="One rate for all parameters is the trouble with SGD.",
        verdict="only if",
        condition="Only where the axes of the problem are those of the parameters. Turned, the advantage is gone.",
        reading=(
            "Steps down the ravine at 0° and 45°: Adagrad {adagrad} and {adagrad_turned}, Adam {adam} and "
            "{adam_turned}, SGD {sgd} and {sgd_turned}."
        ),
        settings={"ground": "ravine", "methods": ["sgd", "adagrad", "adam"], "angle": 45.0, "steps": 600},
        measured=_turned,
        holds=lambda sgd, sgd_turned, adagrad, adagrad_turned, adam, adam_turned: (
            sgd_turned == sgd and adagrad < sgd < adagrad_turned and adam < sgd < adam_turned
        ),
    ),
    Claim(
        key="sign_is_enough",
        text="The sign of the gradient is enough to train by.",
        verdict="only if",
        condition="Only while batches agree. Nine small pushes one way and one large push back are no push at all.",
        reading=(
            "Rprop without noise works at {decades:.2f} decades of rates on Beale. Skewed batches of mean 0 carry it "
            "to {rprop:.0f} ± {rprop_error:.0f}, SGD to {sgd:.2f} ± {sgd_error:.2f}."
        ),
        settings={"skew_seed": 0},
        measured=_sign_or_size,
        holds=lambda decades, sgd, sgd_error, rprop, rprop_error: (
            decades > 8 and rprop < -1000 and abs(sgd) < 4 * sgd_error
        ),
    ),
    Claim(
        key="longer_memory_removes_the_drift",
        text="Dividing by the recent size of the gradient repairs what the sign breaks.",
        verdict="only if",
        condition="Only as far as its memory reaches across the batches that disagree.",
        reading=(
            "Drift on skewed batches: RMSprop {short:.2f} ± {short_error:.2f} at 0.9 and {middle:.2f} ± "
            "{middle_error:.2f} at 0.99, Adam with 0.999 {long:.2f} ± {long_error:.2f}."
        ),
        settings={"skew_seed": 0},
        measured=_drift_by_memory,
        holds=lambda short, short_error, middle, middle_error, long, long_error: (
            short + 4 * short_error < middle < -3 * middle_error and abs(long) < 4 * long_error
        ),
    ),
)
