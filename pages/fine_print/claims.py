"""Adam's fine print: questions and claims on its corrections, epsilon, AMSGrad, weight decay and memories."""

from dataclasses import replace

import numpy as np

from core import descend, descend_many
from core.analysis.streams import lengths
from core.analysis.tuning import random_starts
from core.engine.spec import Goal, Noise
from core.resolve import surface_of
from core.text import T
from pages.fine_print.measure import (
    EQUALS_RATES,
    FAMILY,
    LARGE,
    SMALL,
    at_scale,
    counter_example,
    decay,
    early_spread,
    first_steps,
    half_life,
    ridge,
    solution,
    underdetermined,
    unseen_errors,
    wanted,
)
from teaching.contract import Claim, Question

STARTS = ((-1.5, 2.0), (-1.0, 1.0), (0.5, -1.0), (1.5, -0.5))
"""Starts on Rosenbrock's function, at all of which what is said of memories must hold."""


def _hyper(key: str) -> dict[str, float]:
    return {h.key: h.default for h in next(o for o in FAMILY if o.key == key).hyper[1:]}


def _lengths(key: str, steps: int = 100, **changes: float) -> np.ndarray:
    return first_steps(_hyper(key) | changes, steps)


def _without_first_correction() -> dict:
    """First steps, and how far the path is from that of Adam with a warm-up by 1 - beta1^t, on three surfaces."""
    warm_up, gap = 1 - 0.9 ** np.arange(1, 1001), 0.0
    for surface, start in (("rosenbrock", (-1.5, 2.0)), ("beale", (1.0, 1.5)), ("himmelblau", (0.0, 0.0))):
        bare = descend(surface, "adam_general", start, 1000, 0.1, _hyper("adam_m")).path
        warmed = descend(surface, "adam_general", start, 1000, 0.1, schedule=warm_up).path
        gap = max(gap, float(np.abs(bare - warmed).max()))
    steps = _lengths("adam_m")
    return {"at_1": float(steps[0]), "at_5": float(steps[4]), "gap": gap}


def _uncorrected_steps() -> dict:
    """Shortest and longest of the first hundred steps without corrections, by beta2."""
    return {
        "short": float(_lengths("adam_none", beta2=0.9).min()),
        "never_long": float(_lengths("adam_none", beta2=0.9).max()),
        "never_short": float(_lengths("adam_none").min()),
        "long": float(_lengths("adam_none").max()),
        "corrected": float(_lengths("adam_torch").max()),
    }


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
    """The last step at which a run from the axis of a saddle ends, and the first at which one from beside it does."""
    places = [(x, lr) for x in (-1.0, 0.3, 1.0) for lr in (0.01, 0.05, 0.2)]
    on_axis, beside = (
        [descend("saddle_bounded", "adam_general", (x, y), 100, lr, {"eps": 0.0}).stopped_at for x, lr in places]
        for y in (0.0, 1e-3)
    )
    return {"ended": max(on_axis), "beside": min(beside)}


def _rescaled() -> dict:
    """How far the path moves on Beale's function times 1e-3 and 1e-9: the most of five starts."""
    moved = {"little": 0.0, "much": 0.0}
    for start in ((1.0, 1.5), (2.0, 1.0), (-1.0, 1.0), (0.5, 0.5), (3.0, 3.0)):
        whole = descend("beale", "adam_general", start, 1000, 0.05).path
        for name, scale in (("little", 1e-3), ("much", 1e-9)):
            hyper = at_scale(_hyper("adam_torch"), scale)
            path = descend("beale", "adam_general", start, 1000, 0.05, hyper).path
            moved[name] = max(moved[name], float(np.abs(path - whole).max()))
    return moved


def _counter_examples() -> dict:
    """Where Adam stands at the end of both problems, whose best point is -1, by memory, and where AMSGrad does."""
    return {
        "short": float(counter_example(SMALL, False)[-1]),
        "longer": float(counter_example(replace(SMALL, beta2=0.5), False)[-1]),
        "amsgrad": float(counter_example(SMALL, True)[-1]),
        "large": float(counter_example(LARGE, False)[-1]),
        "large_longer": float(counter_example(replace(LARGE, beta2=0.999), False)[-1]),
        "large_amsgrad": float(counter_example(LARGE, True)[-1]),
    }


def _bursts() -> dict:
    """How many runs on Rosenbrock's function that were below 1e-10 leave again, of 30 starts at three rates each."""
    starts = np.tile(random_starts("rosenbrock", 30, seed=0), 3)
    rates, numbers = np.repeat([0.05, 0.1, 0.2], 30), {}
    for name, key, schedule in (("adam", "adam", None), ("amsgrad", "amsgrad", None), ("falling", "adam", "cosine")):
        runs = descend_many("rosenbrock", key, starts, 20_000, rates, schedule=schedule, record=True)
        assert runs.value is not None
        below = np.minimum.accumulate(runs.value, axis=1) < 1e-10
        numbers[f"{name}_done"] = int(np.count_nonzero(below[:, -1]))
        numbers[f"{name}_back"] = int(np.count_nonzero(np.any(below & (runs.value > 1e-3), axis=1)))
        numbers[f"{name}_rest"] = int(np.count_nonzero(runs.value[:, -1] < 1e-10))
    return numbers


def _restless() -> dict:
    """Half the late swing on a bowl and a ravine, in learning rates, and the part of starts that rest on Booth."""
    swings: dict[str, list] = {"rmsprop": [], "amsgrad": []}
    for key, swing in swings.items():
        for surface in ("bowl", "ravine", "booth"):
            starts = np.tile(random_starts(surface, 20, seed=0), 2)
            rates = np.repeat([0.05, 0.2], 20)
            late = descend_many(surface, key, starts, 10_000, rates, record=True, tolerance=0.0).path
            assert late is not None
            swing.append(np.ptp(late[:, -200:], axis=1).max(axis=1) / 2 / rates)
    *axes, booth = swings["rmsprop"]
    return {
        "least": float(np.min(axes)),
        "most": float(np.max(axes)),
        "booth": 100 * float(np.mean(booth < 1e-3)),
        "amsgrad": float(np.max(swings["amsgrad"])),
    }


def _half_lives() -> dict:
    numbers: dict = {"theory": round(half_life(1e-3, 0.5))}
    for key in ("adam", "adamw"):
        fading = decay(key, 1e-3, 0.5)
        for name, half, error in zip(("quiet", "loud"), fading.half_life, fading.error, strict=True):
            numbers |= {f"{key}_{name}": half, f"{key}_{name}_error": error}
    return numbers | {"adam_left": float(decay("adam", 1e-3, 0.5).mean[-1, 1])}


def _regularised() -> dict:
    """Half-lives, and the error on unseen rows of each method at its best decay; batches of one and of all rows."""
    numbers = _half_lives()
    for name, size in (("one", 1), ("all", None)):
        errors = {key: unseen_errors(key, size) for key in ("adam", "adamw")}
        best = {key: row[:, row.mean(axis=0).argmin()] for key, row in errors.items()}
        gain = best["adam"] - best["adamw"]
        numbers |= {f"{key}_{name}": float(row.mean()) for key, row in best.items()}
        numbers |= {f"gain_{name}": float(gain.mean()), f"gain_{name}_error": float(gain.std() / np.sqrt(len(gain)))}
    return numbers


def _ends_under_decay() -> dict:
    """How far the ends under strong decays are from the minimum with the penalty and from 1 / decay, over starts."""
    numbers: dict = {"penalty_off": 0.0, "box_off": 0.0, "apart": 1.0}
    for strength in (3.0, 2.0):
        for start in ((0.0, 0.0), (-1.0, 3.0)):
            ends = {
                key: descend(wanted(), key, start, 20_000, 0.01, {"weight_decay": strength}).path[-1]
                for key in ("adam", "adamw")
            }
            numbers["penalty_off"] = max(numbers["penalty_off"], float(np.abs(ends["adam"] - ridge(strength)).max()))
            numbers["box_off"] = max(numbers["box_off"], float(np.abs(ends["adamw"] - 1 / strength).max()))
            numbers["apart"] = min(numbers["apart"], float(np.abs(ends["adamw"] - ridge(strength)).max()))
    return numbers


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
    """What memories do on Rosenbrock's function: the worst of four starts at three rates for what is said."""

    def run(beta1: float, beta2: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        starts, rates = np.tile(np.array(STARTS).T, 3), np.repeat([0.02, 0.05, 0.1], len(STARTS))
        hyper: dict = {"beta1": beta1, "beta2": beta2}
        goal = Goal("near", 0.05, ((1.0, 1.0),))
        runs = descend_many("rosenbrock", "adam", starts, 5000, rates, hyper, goal=goal, record=True)
        assert runs.path is not None
        moves = np.sign(np.diff(runs.path[:, :401, 0], axis=1))
        turns = np.count_nonzero(moves[:, 1:] != moves[:, :-1], axis=1)
        return np.where(runs.first < 0, 5000, runs.first), turns, surface_of("rosenbrock").value(*runs.final)

    near, turns, _ = run(0.9, 0.999)
    quick, restless, _ = run(0.9, 0.9)
    lost, _, _ = run(0.0, 0.999)
    heavy, _, _ = run(0.99, 0.999)
    _, _, lagging = run(0.99, 0.9)
    named = 4  # rate 0.05 from the first start
    return {
        "usual": int(near[named]),
        "shorter": int(quick[named]),
        "usual_turns": int(turns[named]),
        "turns": int(restless[named]),
        "slower": float((near / quick).min()),
        "restless": float((restless / np.maximum(turns, 1)).min()),
        "lost": int(lost.min()),
        "heavy": float(np.median(heavy / near)),
        "lagging": float(lagging.min()),
    }


def _radam() -> dict:
    """The largest of 25 rates that RAdam stands on Rosenbrock's function, without and with 50 steps of warm-up."""
    rates, start = np.geomspace(1e-4, 1, 25), np.tile([[-1.5], [2.0]], 25)
    numbers: dict = {}
    for name, schedule in (("bare", None), ("warmed", ("warm_up", {"warm_up": 50}))):
        stands = descend_many("rosenbrock", "radam", start, 300, rates, schedule=schedule).status == "running"
        numbers[name] = float(rates[stands].max())
    (adam, _), (radam, error), (warm, _) = early_spread()
    return numbers | {
        "adam": adam,
        "radam": radam,
        "warm": warm,
        "error": float(error),
    }


def _solutions() -> dict:
    """How long the solutions from (0, 0) are, and what SGD and Adam do from a grid of other starts."""
    axis = np.linspace(-2, 2, 5)
    starts = np.stack([np.repeat(axis, 5), np.tile(axis, 5)])
    sgd, adam = (
        descend_many(underdetermined(), key, starts, 20_000, EQUALS_RATES[key]).final for key in ("sgd", "adam")
    )
    over = (3 * starts[0] + starts[1] - 1) / 10
    nearest = starts - over * np.array([[3.0], [1.0]])
    moved = np.abs(adam - starts)
    from_origin = {f"{key}_length": float(np.hypot(*solution(key).path[-1])) for key in ("sgd", "adam")}
    return from_origin | {
        "off_nearest": float(np.abs(sgd - nearest).max()),
        "uneven": float(np.abs(moved[0] - moved[1]).max()),
        "shorter": 100 * float(np.mean(np.hypot(*adam) < np.hypot(*sgd) - 1e-3)),
        "longer": 100 * float(np.mean(np.hypot(*adam) > np.hypot(*sgd) + 1e-3)),
    }


def _noisy_box() -> dict:
    """Mean end of AdamW at decay 1 under noise of 5, and how far the weights are apart under other noise."""
    starts, gaps = np.zeros((2, 50)), []
    for sigma in (1.0, 5.0, 20.0):
        ends = descend_many(wanted(), "adamw", starts, 20_000, 0.01, {"weight_decay": 1.0}, noise=Noise(sigma)).final
        error = ends.std(axis=1, ddof=1) / np.sqrt(50)
        gaps.append(float(ends[0].mean() - ends[1].mean() - 5 * error.sum()))
        if sigma == 5.0:
            named = {"w": float(ends[0].mean()), "b": float(ends[1].mean()), "error": float(error.max())}
    return named | {"apart": min(gaps)}


QUESTIONS = (
    Question(
        key="epsilon_inside",
        text=T("ε = 1e-8 inside the root, a gradient of 1e-4: how long is the first step of Adam?"),
        options=(T("One learning rate, as always"), T("About 0.7 learning rates"), T("A ten-thousandth of one")),
        answer=1,
        because=T("{inside_small:.3f} of them, outside the root {outside_small:.4f}: the root of ε is 1e-4 as well."),
        measured=_epsilon,
        right=lambda outside_small, outside_smaller, inside_small, inside_smaller: int(
            np.argmin(np.abs(np.log(inside_small / np.array([1.0, 0.7, 1e-4]))))
        ),
    ),
    Question(
        key="half_life_of_a_noisy_weight",
        text=T("Weight decay 0.5 at rate 0.001, a weight whose gradient is noise of 10: who halves it sooner?"),
        options=(T("Adam with an L2 penalty"), T("AdamW, decoupled"), T("Both alike")),
        answer=1,
        because=T(
            "AdamW halves it after {adamw_loud:.0f} steps, as every weight. Adam divides the penalty by the noise as "
            "well: after 6000 steps {adam_left:.2f} of it are left."
        ),
        measured=lambda: {k: v for k, v in _half_lives().items() if k in ("adamw_loud", "adam_loud", "adam_left")},
        right=lambda adamw_loud, adam_loud, adam_left: (
            0 if adam_loud < 0.8 * adamw_loud else 1 if adamw_loud < 0.8 * adam_loud else 2
        ),
    ),
)

CLAIMS = (
    Claim(
        key="first_moment_needs_no_correction",
        text=T("Adam divides the uncorrected mean of the gradient by the root of the corrected square."),
        verdict=T("only if"),
        condition=T("Only with a warm-up by 1 − β₁ᵗ: that is what it amounts to."),
        reading=T("First step {at_1:.2f}, fifth {at_5:.2f} learning rates."),
        settings={"surface": "rosenbrock", "variants": ("adam_torch", "adam_m"), "steps": 1500},
        measured=_without_first_correction,
        holds=lambda at_1, at_5, gap: at_1 < at_5 < 0.5 and gap < 1e-12,
    ),
    Claim(
        key="without_corrections_the_start_is_slow",
        text=T("Without corrections Adam's means start too near 0, which spoils the first steps."),
        verdict=T("only if"),
        condition=T("Too short if β₂ is no longer than β₁. At the usual β₂ = 0.999 they are too long."),
        reading=T("First step {short:.2f} learning rates at 0.9; up to {long:.1f} at 0.999."),
        settings={"surface": "rosenbrock", "variants": ("adam_torch", "adam_none", "adam_long"), "steps": 3000},
        measured=_uncorrected_steps,
        holds=lambda short, never_long, never_short, long, corrected: (
            short < 0.5 and never_long <= 1 and never_short > 1.5 and long > 5 and corrected < 1.01
        ),
    ),
    Claim(
        key="place_of_epsilon",
        text=T("ε stands under the root, next to the mean square."),
        verdict=T("only if"),
        condition=T("Only if it is much smaller: under the root 1e-8 is a gradient of 1e-4."),
        reading=T("First step there: {inside_small:.2f} learning rates inside, {outside_small:.4f} outside."),
        settings={
            "surface": "rosenbrock",
            "variants": ("adam_torch", "adam_inside"),
            "gradient_scale": 1e-6,
            "steps": 1500,
        },
        measured=_epsilon,
        holds=lambda outside_small, outside_smaller, inside_small, inside_smaller: (
            inside_small < 0.75 and inside_smaller < 0.1 and min(outside_small, outside_smaller) > 0.99
        ),
    ),
    Claim(
        key="epsilon_can_be_left_out",
        text=T("Adam's formula needs no ε."),
        verdict=T("only if"),
        condition=T("Only if no gradient is exactly 0 at the first step: 0 is divided by 0 there."),
        reading=T("On the axis of a saddle it ends at step {ended}."),
        settings={"surface": "saddle_bounded", "variants": ("adam_torch",), "my_adam_eps": 0.0, "steps": 100},
        measured=_without_epsilon,
        holds=lambda ended, beside: ended == 1 and beside == 100,
    ),
    Claim(
        key="invariant_to_scale",
        text=T("Adam does not notice when all gradients are rescaled."),
        verdict=T("only if"),
        condition=T("Only while they are far larger than ε."),
        reading=T("Beale's function times 0.001: the path moves by {little:.0e}; times 1e-9: by {much:.1f}."),
        settings={"surface": "beale", "variants": ("adam_torch", "adam_inside"), "gradient_scale": 1e-9, "steps": 1000},
        measured=_rescaled,
        holds=lambda little, much: little < 1e-3 and much > 0.1,
    ),
    Claim(
        key="adam_may_converge_to_the_wrong_point",
        text=T("Adam may converge prematurely, to a point that is not the best."),
        verdict=T("only if"),
        condition=T("Only if it forgets the seldom large gradient that shows the way."),
        reading=T("The best point is −1. It ends at {short:.2f} with β₂ = 0.1, at {longer:.2f} with 0.5."),
        settings={"example": "small"},
        measured=_counter_examples,
        holds=lambda short, longer, amsgrad, large, large_longer, large_amsgrad: (
            min(short, large) > 0.9 and max(longer, amsgrad) < -0.99 and max(large_longer, large_amsgrad) < 0
        ),
    ),
    Claim(
        key="adaptive_methods_end_by_themselves",
        text=T("Adaptive methods need no falling rate to come to rest."),
        verdict="contradicted",
        condition=T("Adam forgets the steep valley of Rosenbrock, until a step is too long."),
        reading=T("{adam_back} of {adam_done} runs that had arrived leave again, with AMSGrad {amsgrad_back}."),
        settings={"surface": "rosenbrock", "variants": ("adam_torch", "adam_ams"), "steps": 3000},
        measured=_bursts,
        holds=lambda adam_done, adam_back, falling_done, falling_rest, amsgrad_done, amsgrad_back, **_: (
            adam_done > 60
            and adam_back > 0.9 * adam_done
            and falling_rest > 0.9 * falling_done
            and amsgrad_done > 60
            and amsgrad_back < 0.3 * amsgrad_done
        ),
    ),
    Claim(
        key="rmsprop_comes_to_rest",
        text=T("Not in the notes: RMSprop comes to rest at a constant rate."),
        verdict=T("only if"),
        condition=T("Only if it happens to land on the minimum. AMSGrad always comes to rest."),
        reading=T(
            "On a bowl it swings by ± {least:.2f} learning rates for ever; of starts on Booth {booth:.0f} % land."
        ),
        settings={"surface": "bowl", "variants": ("adam_torch", "adam_ams"), "steps": 3000},
        measured=_restless,
        holds=lambda least, most, booth, amsgrad: 0.49 < least <= most < 0.51 and 0 < booth < 75 and amsgrad < 1e-3,
    ),
    Claim(
        key="adamw_regularises_better",
        text=T("AdamW regularises more precisely than Adam with L2, and overfits less."),
        verdict=T("only if"),
        condition=T("Only in the pace: every weight fades as set. On unseen rows it is no better."),
        reading=T("A loud weight's half-life: {adamw_loud:.0f} (set: {theory}), with L2 over 6000."),
        settings={"weight_decay": 0.5, "decay_lr": 1e-3},
        measured=_regularised,
        holds=lambda **n: (
            all(abs(n[f"adamw_{w}"] - n["theory"]) < 4 * n[f"adamw_{w}_error"] < 60 for w in ("quiet", "loud"))
            and n["adam_loud"] > 6000
            and n["adam_quiet"] < n["theory"] / 2
            and all(n[f"gain_{b}"] < n[f"gain_{b}_error"] for b in ("one", "all"))
        ),
    ),
    Claim(
        key="adamw_adds_a_penalty",
        text=T("AdamW adds a penalty on the weights to the loss."),
        verdict="contradicted",
        condition=T("Adam + L2 does. AdamW keeps every weight below 1/λ instead."),
        reading=T("Distance from the minimum with the penalty: L2 {penalty_off:.0e}, AdamW {apart:.2f}."),
        settings={"weight_decay": 3.16},
        measured=_ends_under_decay,
        holds=lambda penalty_off, box_off, apart: max(penalty_off, box_off) < 2e-3 and apart > 0.1,
    ),
    Claim(
        key="noise_shrinks_the_quiet_weight",
        text=T("Weight decay multiplies all weights by the same factor, so it shrinks them alike."),
        verdict=T("only if"),
        condition=T("Only where nothing needs them. Under noise a weak wish loses to the decay."),
        reading=T("Both should be 1: the steep one ends at {w:.2f}, the flat one at {b:.2f}."),
        settings={"weight_decay": 1.0},
        measured=_noisy_box,
        holds=lambda w, b, error, apart: apart > 0,
    ),
    Claim(
        key="l2_is_weight_decay_for_sgd",
        text=T("For SGD an L2 penalty and weight decay are almost the same."),
        verdict="shown",
        condition=T("Exactly the same, up to rounding; not for Adam."),
        reading=T("Largest difference on Beale's function: SGD {sgd:.0e}, Adam {adam:.2f}."),
        settings={
            "surface": "beale",
            "variants": ("adam_torch",),
            "my_adam_weight_decay": 0.1,
            "my_adam_decoupled": True,
            "steps": 1000,
        },
        measured=_two_forms,
        holds=lambda sgd, adam: sgd < 1e-13 and adam > 0.1,
    ),
    Claim(
        key="usual_strengths_of_decay",
        text=T("A weight decay of 1e-6 to 1e-4 is usual."),
        verdict=T("only if"),
        condition=T("As a penalty in the gradient. Decoupled it is multiplied by the rate."),
        reading=T("Half-life with AdamW at rate 0.001: {strong:.0e} steps for 1e-4."),
        settings={"weight_decay": 0.01, "decay_lr": 1e-3},
        measured=_weak_decay,
        holds=lambda weak, strong, default: weak > strong > 1e6 and default < 1e5,
    ),
    Claim(
        key="memories_of_adam",
        text=T("Too large a β makes Adam slow to adapt, too small a one restless."),
        verdict=T("only if"),
        condition=T("So it is with β₂. A large β₁ hurts only beside a β₂ below β₁²."),
        reading=T("Rosenbrock, β₂ = 0.999: near after {usual} steps; 0.9: {shorter}, but {turns} turns."),
        settings={"surface": "rosenbrock", "variants": ("adam_torch",), "my_adam_beta2": 0.9, "steps": 1000},
        measured=_memories,
        holds=lambda slower, restless, lost, heavy, lagging, **_: (
            slower > 1.5 and restless > 5 and lost == 5000 and heavy < 1.3 and lagging > 0.1
        ),
    ),
    Claim(
        key="radam_needs_no_warm_up",
        text=T("Not in the notes: RAdam makes warm-up unnecessary."),
        verdict=T("only if"),
        condition=T("Only at smaller rates: its first five steps are plain momentum."),
        reading=T("Largest rate on Rosenbrock: {bare:.4f}, after a warm-up {warmed:.2f}."),
        settings={"early_seed": 0},
        measured=_radam,
        holds=lambda bare, warmed, adam, radam, warm, error: (
            warmed > 5 * bare and adam > radam + 4 * error > warm + 8 * error
        ),
    ),
    Claim(
        key="sgd_finds_better_solutions",
        text=T("SGD finds a better solution than Adam."),
        verdict=T("only if"),
        condition=T("Only if near its start is better: Adam ends where both weights moved equally far."),
        reading=T(
            "From 0: {sgd_length:.2f} and {adam_length:.2f} long; from {shorter:.0f} % of starts Adam's is shorter."
        ),
        settings={"equals": ("sgd", "adam")},
        measured=_solutions,
        holds=lambda sgd_length, adam_length, off_nearest, uneven, shorter, longer: (
            sgd_length < 0.95 * adam_length and off_nearest < 1e-9 and uneven < 1e-6 and min(shorter, longer) > 10
        ),
    ),
)
