"""Adam's fine print: questions and claims on its corrections, epsilon, AMSGrad, weight decay and memories."""

import numpy as np

from core.descent import descend
from core.ensemble import descend_many
from core.fine_print import (
    FAMILY,
    LARGE,
    MEMORIES,
    SMALL,
    burst,
    counter_example,
    decay,
    deviation_by_scale,
    early_spread,
    first_steps,
    half_life,
    memory,
    ridge,
    solution,
    wanted,
)
from core.lessons import Claim, Question
from core.presets import preset
from core.spec import Goal, Noise
from core.streams import lengths

NEAR = Goal("near", 0.01, ((1.0, 1.0),))


def _hyper(key: str) -> dict[str, float]:
    return {h.key: h.default for h in next(o for o in FAMILY if o.key == key).hyper[1:]}


def _lengths(key: str, steps: int = 100) -> np.ndarray:
    return first_steps(_hyper(key), steps)


def _on_rosenbrock(*keys: str) -> dict:
    """Steps to within 0.01 of the minimum at rate 0.1, by key."""
    return {
        key: descend("rosenbrock", "adam_general", (-1.5, 2.0), 4000, 0.1, _hyper(key), goal=NEAR).first for key in keys
    }


def _without_first_correction() -> dict:
    steps = _lengths("adam_m")
    return {"at_1": float(steps[0]), "at_5": float(steps[4]), **_on_rosenbrock("adam_torch", "adam_m")}


def _longest_steps() -> dict:
    return {key: float(_lengths(key).max()) for key in ("adam_torch", "adam_none", "adam_long")}


def _first_step(g: float, **hyper: float) -> float:
    return float(lengths("adam_general", np.array([g]), **hyper)[0])


def _epsilon() -> dict:
    places = {"outside": 0.0, "inside": 1.0}
    return {
        f"{place}_{name}": _first_step(g, eps_inside=i)
        for place, i in places.items()
        for name, g in (("small", 1e-4), ("smaller", 1e-5))
    }


def _without_epsilon() -> dict:
    on_axis = descend("saddle_bounded", "adam_general", (1.0, 0.0), 100, 0.05, {"eps": 0.0})
    beside = descend("saddle_bounded", "adam_general", (1.0, 1e-3), 100, 0.05, {"eps": 0.0})
    return {"ended": on_axis.stopped_at, "beside": len(beside.rate)}


def _rescaled() -> dict:
    deviation = deviation_by_scale(1e-8, False)
    return {"little": float(deviation[24]), "much": float(deviation[12])}


def _counter_examples() -> dict:
    """Where Adam and AMSGrad stand at the end of both problems, whose best point is -1."""
    return {
        "adam_small": float(counter_example(SMALL, False)[-1]),
        "amsgrad_small": float(counter_example(SMALL, True)[-1]),
        "adam_large": float(counter_example(LARGE, False)[-1]),
        "amsgrad_large": float(counter_example(LARGE, True)[-1]),
    }


def _bursts() -> dict:
    adam, amsgrad = burst(preset("adam_burst_0.1").run()), burst(preset("ams_burst_0.1").run())
    falling = descend("rosenbrock", "adam", (-1.5, 2.0), 20_000, 0.1, schedule="cosine")
    return {
        "done": adam.done,
        "back": adam.back,
        "highest": adam.highest,
        "amsgrad_done": amsgrad.done,
        "amsgrad_back": amsgrad.back,
        "falling_back": burst(falling).back,
        "falling_end": float(falling.value[-1]),
    }


def _restless() -> dict:
    """Half the late swing of each method on a bowl without noise, in rates."""
    rows = {"rmsprop": 0.1, "lion": 0.1, "amsgrad": 0.1}
    swings = {}
    for key, lr in rows.items():
        late = descend("bowl", key, (1.03, 1.03), 5000, lr).path[-200:, 0]
        swings[key] = float(np.ptp(late) / 2 / lr)
    return swings


def _half_lives() -> dict:
    numbers: dict = {"theory": round(half_life(1e-3, 0.5))}
    for key in ("sgd", "adam", "adamw"):
        found = decay(key, 1e-3, 0.5)
        for name, half, error in zip(("quiet", "loud"), found.half_life, found.error, strict=True):
            numbers |= {f"{key}_{name}": half, f"{key}_{name}_error": error}
    numbers["adam_left"] = float(decay("adam", 1e-3, 0.5).mean[-1, 1])
    return numbers


def _coupled_half_lives() -> dict:
    return {k: v for k, v in _half_lives().items() if not k.startswith("sgd")}


def _ends_under_decay() -> dict:
    """Where a strong decay of 3 leads on 100 (w - 1)^2 + (b - 1)^2, and the exact minimum with the penalty."""
    numbers: dict = {}
    for key in ("adam", "adamw"):
        end = descend(wanted(), key, (0.0, 0.0), 20_000, 0.01, {"weight_decay": 3.0}).path[-1]
        numbers |= {f"{key}_w": float(end[0]), f"{key}_b": float(end[1])}
    w, b = ridge(3.0)
    return numbers | {"ridge_w": float(w), "ridge_b": float(b)}


def _two_forms() -> dict:
    """Largest difference between decay in the gradient and on the weight, over 1000 steps on Beale's function."""
    rate, strength = 0.01, 0.1
    run = descend("beale", "sgd", (1.0, 1.5), 1000, rate, {"weight_decay": strength})
    shrunk = (1 - rate * strength) * run.path[:-1] - rate * run.gradient[:-1]
    coupled, decoupled = (
        descend("beale", "adam_general", (1.0, 1.5), 1000, 0.05, {"weight_decay": strength, "decoupled": d}).path
        for d in (0.0, 1.0)
    )
    return {
        "sgd": float(np.abs(shrunk - run.path[1:]).max()),
        "adam": float(np.abs(coupled - decoupled).max()),
    }


def _weak_decay() -> dict:
    return {"weak": half_life(1e-3, 1e-6), "strong": half_life(1e-3, 1e-4), "default": half_life(1e-3, 1e-2)}


def _memories() -> dict:
    found = {pair: memory(*pair) for pair in MEMORIES}
    return {
        "usual": found[0.9, 0.999].near,
        "shorter": found[0.9, 0.9].near,
        "usual_end": found[0.9, 0.999].value,
        "shorter_end": found[0.9, 0.9].value,
        "turns": found[0.0, 0.999].reversals,
        "usual_turns": found[0.9, 0.999].reversals,
        "lagging_end": found[0.99, 0.5].value,
    }


def _radam() -> dict:
    level = Goal("value below", 1e-3)
    start = (-1.5, 2.0)
    fast = descend("rosenbrock", "radam", start, 200, 0.02)
    warmed = descend("rosenbrock", "radam", start, 5000, 0.02, schedule=("warm_up", {"warm_up": 50}), goal=level)
    slow = descend("rosenbrock", "radam", start, 20_000, 0.002, goal=level)
    (adam, _), (radam, error), (warm, _) = early_spread()
    return {
        "ended": fast.stopped_at if fast.status == "diverged" else -1,
        "warmed": warmed.first,
        "slow": slow.first,
        "adam": adam,
        "radam": radam,
        "warm": warm,
        "error": error,
    }


def _solutions() -> dict:
    """The solution that each method picks, and its length."""
    numbers: dict = {}
    for key in ("sgd", "adam"):
        w, b = solution(key).path[-1]
        numbers |= {f"{key}_w": float(w), f"{key}_b": float(b), f"{key}_length": float(np.hypot(w, b))}
    return numbers | {"loss": float(max(solution(key).value[-1] for key in ("sgd", "adam")))}


def _noisy_box() -> dict:
    """Mean end of AdamW under gradient noise, with its standard error over 50 seeds."""
    starts = np.zeros((2, 50))
    ends = descend_many(wanted(), "adamw", starts, 20_000, 0.01, {"weight_decay": 1.0}, noise=Noise(5.0)).final
    error = ends.std(axis=1, ddof=1) / np.sqrt(50)
    return {
        "w": float(ends[0].mean()),
        "b": float(ends[1].mean()),
        "w_error": float(error[0]),
        "b_error": float(error[1]),
    }


QUESTIONS = (
    Question(
        key="epsilon_inside",
        text="ε = 1e-8 inside the root, a gradient of 1e-4: how long is the first step of Adam?",
        options=("One rate, as always", "About 0.7 rates", "A ten-thousandth of a rate"),
        answer=1,
        because="{inside_small:.3f} rates, outside the root {outside_small:.4f}: the root of ε is 1e-4 as well.",
        measured=_epsilon,
        right=lambda outside_small, outside_smaller, inside_small, inside_smaller: int(
            np.argmin(np.abs(np.log(inside_small / np.array([1.0, 0.7, 1e-4]))))
        ),
    ),
    Question(
        key="half_life_of_a_noisy_weight",
        text="Weight decay 0.5 at rate 0.001, a weight whose gradient is loud noise: who halves it sooner?",
        options=("Adam with an L2 penalty", "AdamW, decoupled", "Both alike"),
        answer=1,
        because=(
            "AdamW halves it after {adamw_loud:.0f} steps, as every weight. Adam divides the penalty by the noise as "
            "well: after 6000 steps {adam_left:.2f} of it are left."
        ),
        measured=lambda: {k: v for k, v in _half_lives().items() if k in ("adamw_loud", "adam_loud", "adam_left")},
        right=lambda adamw_loud, adam_loud, adam_left: int(np.argmin((adam_loud, adamw_loud))),
    ),
)

CLAIMS = (
    Claim(
        key="first_moment_needs_no_correction",
        text="Adam divides the uncorrected mean of the gradient by the root of the corrected square.",
        verdict="only if",
        condition="Then a warm-up by the factor 1 − β₁ᵗ is hidden in the formula; PyTorch and the paper correct both.",
        reading=(
            "First steps of {at_1:.2f} and, at the fifth, {at_5:.2f} rates. Rosenbrock: {adam_m} steps instead of "
            "{adam_torch}."
        ),
        settings={"surface": "rosenbrock", "variants": ["adam_torch", "adam_m"], "steps": 1500},
        measured=_without_first_correction,
        holds=lambda at_1, at_5, adam_torch, adam_m: at_1 < at_5 < 0.5 and adam_m > adam_torch,
    ),
    Claim(
        key="without_corrections_the_start_is_slow",
        text="Without corrections Adam's first steps are too short, because its means start at 0.",
        verdict="contradicted",
        condition="The mean square starts at 0 as well, and it is what one divides by: the steps are too long.",
        reading=(
            "Longest of the first hundred steps, in rates: {adam_torch:.2f} corrected, {adam_none:.2f} not, "
            "{adam_long:.1f} not and with β₂ = 0.9999."
        ),
        settings={"surface": "rosenbrock", "variants": ["adam_torch", "adam_none", "adam_long"], "steps": 3000},
        measured=_longest_steps,
        holds=lambda adam_torch, adam_none, adam_long: adam_torch < 1.01 < 5 < adam_none < 20 < adam_long,
    ),
    Claim(
        key="place_of_epsilon",
        text="ε stands under the root, next to the mean square.",
        verdict="only if",
        condition=(
            "Only with a much smaller ε: under the root 1e-8 is a gradient of 1e-4. Adam, Adagrad and RMSprop of "
            "PyTorch add it after the root."
        ),
        reading=(
            "First step in rates for gradients of 1e-4 and 1e-5: {inside_small:.3f}, {inside_smaller:.4f} inside; "
            "{outside_small:.4f}, {outside_smaller:.4f} outside."
        ),
        settings={"surface": "rosenbrock", "variants": ["adam_torch", "adam_inside"], "scale": -6.0, "steps": 1500},
        measured=_epsilon,
        holds=lambda outside_small, outside_smaller, inside_small, inside_smaller: (
            inside_small < 0.75 and inside_smaller < 0.1 and min(outside_small, outside_smaller) > 0.99
        ),
    ),
    Claim(
        key="epsilon_can_be_left_out",
        text="Adam's formula needs no ε.",
        verdict="only if",
        condition="Only while no gradient is exactly 0 at the first step: there 0 is divided by 0.",
        reading="On the axis of a saddle it ends at step {ended}; from 0.001 beside it, it takes all {beside}.",
        settings={"surface": "saddle_bounded", "variants": ["adam_torch"], "my_adam_eps": 0.0, "steps": 100},
        measured=_without_epsilon,
        holds=lambda ended, beside: ended == 1 and beside == 100,
    ),
    Claim(
        key="invariant_to_scale",
        text="Adam does not notice when all gradients are rescaled.",
        verdict="only if",
        condition="Only while they are far larger than ε.",
        reading="Beale's function times 1e-6: the path moves by {little:.4f}. Times 1e-9: by {much:.2f}.",
        settings={"surface": "beale", "variants": ["adam_torch", "adam_inside"], "scale": -9.0, "steps": 1000},
        measured=_rescaled,
        holds=lambda little, much: little < 0.01 < 0.1 < much,
    ),
    Claim(
        key="adam_may_converge_to_the_wrong_point",
        text="Adam may converge prematurely, to a point that is not the best.",
        verdict="shown",
        condition="It forgets the seldom large gradient that shows the way. AMSGrad does not.",
        reading=(
            "The best point is −1. Small example: Adam {adam_small:.3f}, AMSGrad {amsgrad_small:.3f}. Large example "
            "after 100,000 steps: {adam_large:.2f} and {amsgrad_large:.2f}, still falling."
        ),
        settings={"example": "small"},
        measured=_counter_examples,
        holds=lambda adam_small, amsgrad_small, adam_large, amsgrad_large: (
            adam_small > 0.9 and amsgrad_small < -0.99 and adam_large > 0.9 and amsgrad_large < -0.2
        ),
    ),
    Claim(
        key="adaptive_methods_end_by_themselves",
        text="Adaptive methods need no falling rate to come to rest.",
        verdict="contradicted",
        condition=(
            "On Rosenbrock at a constant rate Adam's divisor forgets the steep valley, until a step is too long. "
            "A rate that falls to zero brings it to rest in the end; AMSGrad does not forget. Rounding moves the burst "
            "by some ten steps."
        ),
        reading=(
            "Below 1e-10 at step {done}, back above 0.05 at {back}, up to {highest:.2f}. With a cosine it still bursts "
            "at {falling_back} and ends at {falling_end:.0e}. AMSGrad: done at {amsgrad_done}, never back."
        ),
        settings={"surface": "rosenbrock", "variants": ["adam_torch", "adam_ams"], "steps": 3000},
        measured=_bursts,
        holds=lambda done, back, highest, amsgrad_done, amsgrad_back, falling_back, falling_end: (
            back > done > 0 and highest > 0.1 and amsgrad_done > 0 > amsgrad_back and falling_end < 1e-20
        ),
    ),
    Claim(
        key="rmsprop_comes_to_rest",
        text="RMSprop at a constant rate comes to rest at the minimum.",
        verdict="contradicted",
        condition="Its step is a rate long however small the gradient: it swings for ever. AMSGrad does not.",
        reading="Late swing on a bowl, in rates: RMSprop {rmsprop:.3f}, Lion {lion:.1f}, AMSGrad {amsgrad:.0e}.",
        settings={"surface": "bowl", "variants": ["adam_torch", "adam_ams"], "steps": 3000},
        measured=_restless,
        holds=lambda rmsprop, lion, amsgrad: abs(rmsprop - 0.5) < 0.01 and lion > 0.5 and amsgrad < 1e-6,
    ),
    Claim(
        key="adamw_regularises_better",
        text="AdamW regularises better than Adam with an L2 penalty.",
        verdict="shown",
        condition=(
            "In the sense that every weight fades at the pace that is set. Adam divides the penalty by the size of "
            "the gradients, so that loud weights hardly fade. What that does to unseen data is not shown here."
        ),
        reading=(
            "Half-life of a quiet and a loud weight: AdamW {adamw_quiet:.0f} ± {adamw_quiet_error:.0f} and "
            "{adamw_loud:.0f} ± {adamw_loud_error:.0f}, set were {theory}. Adam + L2: {adam_quiet:.0f} ± "
            "{adam_quiet_error:.0f}, and after 6000 steps {adam_left:.2f} of the loud one are left."
        ),
        settings={"decay": -0.3, "decay_rate": -3.0},
        measured=lambda: {k: v for k, v in _coupled_half_lives().items() if k not in ("adam_loud", "adam_loud_error")},
        holds=lambda theory, adamw_quiet, adamw_quiet_error, adamw_loud, adamw_loud_error, adam_quiet, adam_left, **_: (
            abs(adamw_quiet - theory) < 4 * adamw_quiet_error
            and abs(adamw_loud - theory) < 4 * adamw_loud_error
            and adam_quiet < theory / 2
            and adam_left > 0.6
        ),
    ),
    Claim(
        key="adamw_adds_a_penalty",
        text="AdamW adds a penalty on the weights to the loss.",
        verdict="contradicted",
        condition="Adam + L2 does. The decay of AdamW is outside the gradient, and keeps each weight below 1/λ.",
        reading=(
            "λ = 3: minimum with the penalty ({ridge_w:.3f}, {ridge_b:.3f}); Adam + L2 ends at ({adam_w:.3f}, "
            "{adam_b:.3f}), AdamW at ({adamw_w:.3f}, {adamw_b:.3f})."
        ),
        settings={"decay": 0.5},
        measured=_ends_under_decay,
        holds=lambda adam_w, adam_b, adamw_w, adamw_b, ridge_w, ridge_b: (
            max(abs(adam_w - ridge_w), abs(adam_b - ridge_b)) < 1e-3
            and max(abs(adamw_w - 1 / 3), abs(adamw_b - 1 / 3)) < 1e-3
        ),
    ),
    Claim(
        key="noise_shrinks_the_quiet_weight",
        text="Decoupled decay shrinks all weights alike.",
        verdict="only if",
        condition="Only those that nothing needs. Under noise the step towards a weak wish is short, and decay wins.",
        reading=(
            "Both weights should be 1. With noise of 5 and λ = 1 the steep one ends at {w:.3f} ± {w_error:.3f}, the "
            "flat one at {b:.3f} ± {b_error:.3f}."
        ),
        settings={"decay": 0.0},
        measured=_noisy_box,
        holds=lambda w, b, w_error, b_error: w - b > 10 * (w_error + b_error),
    ),
    Claim(
        key="l2_is_weight_decay_for_sgd",
        text="For SGD an L2 penalty and weight decay are almost the same.",
        verdict="shown",
        condition="Exactly the same for plain SGD, up to rounding; not for Adam.",
        reading="Largest difference of the two forms on Beale's function: SGD {sgd:.0e}, Adam {adam:.2f}.",
        settings={
            "surface": "beale",
            "variants": ["adam_torch"],
            "my_adam_weight_decay": 0.1,
            "my_adam_decoupled": True,
            "steps": 1000,
        },
        measured=_two_forms,
        holds=lambda sgd, adam: sgd < 1e-13 and adam > 0.1,
    ),
    Claim(
        key="usual_strengths_of_decay",
        text="A weight decay of 1e-6 to 1e-4 is usual.",
        verdict="only if",
        condition="As a penalty in the gradient. Decoupled it is multiplied by the rate; PyTorch's AdamW has 0.01.",
        reading=(
            "Half-life of AdamW at rate 0.001: {weak:.1e} steps for 1e-6, {strong:.1e} for 1e-4, {default:.1e} for "
            "0.01."
        ),
        settings={"decay": -2.0, "decay_rate": -3.0},
        measured=_weak_decay,
        holds=lambda weak, strong, default: weak > 1e8 and strong > 1e6 and default < 1e5,
    ),
    Claim(
        key="memories_of_adam",
        text="A long memory makes Adam slow to adapt, a short one makes it restless.",
        verdict="shown",
        condition="On Rosenbrock at rate 0.05. A β₁ longer than β₂ can follow is worst: keep β₁² below β₂.",
        reading=(
            "(0.9, 0.999): near after {usual} steps, ends at {usual_end:.0e}. (0.9, 0.9): {shorter}, "
            "{shorter_end:.0e}. (0, 0.999): {turns} turns in 400 steps instead of {usual_turns}. (0.99, 0.5): ends "
            "at {lagging_end:.1f}."
        ),
        settings={"surface": "rosenbrock", "variants": ["adam_torch"], "my_adam_beta2": 0.9, "steps": 1000},
        measured=_memories,
        holds=lambda usual, shorter, usual_end, shorter_end, turns, usual_turns, lagging_end: (
            shorter < usual and shorter_end > 1e3 * usual_end and turns > 10 * usual_turns and lagging_end > 1
        ),
    ),
    Claim(
        key="radam_needs_no_warm_up",
        text="RAdam makes warm-up unnecessary.",
        verdict="only if",
        condition="Only at rates that plain momentum stands: its first five steps are nothing else.",
        reading=(
            "Rosenbrock, rate 0.02: diverged at step {ended}; with a warm-up of 50 it arrives after {warmed}; rate "
            "0.002 without: {slow}. Ten steps of pure noise scatter Adam by {adam:.2f}, RAdam by {radam:.2f}, Adam "
            "with a warm-up by {warm:.2f} rates (± {error:.2f})."
        ),
        settings={"early_seed": 0},
        measured=_radam,
        holds=lambda ended, warmed, slow, adam, radam, warm, error: (
            0 < ended < 10 and warmed > 0 and slow > 0 and adam > radam + 4 * error > warm + 8 * error
        ),
    ),
    Claim(
        key="sgd_finds_better_solutions",
        text="SGD finds a better solution than Adam.",
        verdict="only if",
        condition=(
            "Only if a short vector of weights is what is better. Among equally good solutions SGD takes the nearest "
            "one, Adam one with equal weights. This can matter on unseen data; nothing here shows that it does."
        ),
        reading=(
            "3w + b = 1 from (0, 0), both with a loss of at most {loss:.0e}: SGD ({sgd_w:.2f}, {sgd_b:.2f}), Adam "
            "({adam_w:.2f}, {adam_b:.2f}); lengths {sgd_length:.3f} and {adam_length:.3f}."
        ),
        settings={"equals": ["sgd", "adam"]},
        measured=_solutions,
        holds=lambda sgd_w, sgd_b, sgd_length, adam_w, adam_b, adam_length, loss: (
            sgd_length < 0.95 * adam_length and abs(adam_w - adam_b) < 1e-3 and loss < 1e-12
        ),
    ),
)
