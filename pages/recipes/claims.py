"""The page on averages, hand-overs and safety belts: questions and claims on what helps a run to end well."""

from dataclasses import replace

import numpy as np

from core import descend
from core.analysis.averages import remembered
from core.analysis.curvature import eigenvalues
from core.analysis.schedule_trials import measured_in
from core.analysis.switching import Phase
from core.engine.spec import Goal
from core.text import T
from pages.recipes import measure as lab
from pages.recipes.measure import Recipe
from teaching.contract import Claim, Question

CLIFF = lab.experiment("clipping")
AT_FOOT = Goal("near", lab.NEAR, CLIFF.surface.minima)


def _ends(experiment: str, recipes: tuple[Recipe, ...]) -> dict:
    """Mean and standard error at the end of every recipe, and on its clock when the mean falls below the goal."""
    own, found = lab.experiment(experiment), dict[str, float]()
    for row in recipes:
        spread = lab.repeat(own.case(), row)
        step = spread.first_below(own.level)
        found |= {row.key: float(spread.mean[-1]), f"{row.key}_error": spread.error}
        found |= {f"{row.key}_soon": int(row.clock[step]) if step >= 0 else -1}
    return found


def _switches() -> dict:
    return _ends("hand_over", lab.optimizer_switches())


def _batches() -> dict:
    """The ends, and the mean over the last whole cycle of the alternating batches."""
    recipes = lab.changing_batches()
    cycle = lab.repeat(lab.experiment("batches").case(), lab.pick(recipes, "alternating")).mean[-40:]
    return _ends("batches", recipes) | {"cycle": float(cycle.mean())}


def _averages() -> dict:
    """The ends of averages of 4000 steps, what theory says, and how much of the start each still holds."""
    case, found = lab.experiment("averages").case(), dict[str, float]()
    for name, decay in (("low", 0.9), ("good", 0.99), ("long", 0.999)):
        row = Recipe("ema", "EMA", (Phase("sgd", 0.15, 4000),), ("ema", decay))
        found |= {name: float(lab.repeat(case, row).mean[-1]), f"{name}_error": lab.repeat(case, row).error}
        found |= {f"{name}_theory": lab.expected_end(case, row) or 0.0}
    found |= {"raw": float(lab.repeat(case, lab.pick(lab.averages(), "sgd")).mean[-1])}
    found |= {"settled": lab.settled(case, 0.15, 0.999), "held": 100 * remembered(0.999, 3999)}
    return found | {"ratio": found["raw"] / found["good"]}


def _without_decay() -> dict:
    """After 1000 steps: the tail average, schedule-free SGD over rates that differ twentyfold, the best schedules."""
    case = lab.experiment("averages").case()
    tail = Recipe("tail", "SWA", (Phase("sgd", 0.05, 1000),), ("tail", 100))
    rates = (0.05, 0.2, 1.0)
    free = [Recipe("free", "free", (Phase("schedule_free", lr, 1000),), ("free", 0.9)) for lr in rates]
    ends = [float(lab.repeat(case, row).mean[-1]) for row in free]
    spread = lab.repeat(case, tail)
    schedules = {name: measured_in("noise", name, lr=lr) for name, lr in (("exponential", 0.05), ("cosine", 0.012))}
    found = {name: float(own.mean[-1]) for name, own in schedules.items()}
    found |= {"tail": float(spread.mean[-1]), "tail_error": spread.error}
    return found | {"free_low": min(ends), "free_high": max(ends)}


def _shadow() -> dict:
    """How far apart a run is with and without an average beside it, and f at the last point and at the average."""
    case, recipes = lab.experiment("averages").case(), lab.averages()
    plain, with_average = (lab.walk(case, lab.pick(recipes, key))[0] for key in ("sgd", "ema"))
    found = {key: float(lab.repeat(case, lab.pick(recipes, key)).mean[-1]) for key in ("sgd", "ema")}
    return found | {"gap": float(np.abs(plain.path - with_average.path).max())}


def _momentum() -> dict:
    """Mean of f over the steps from 1500 on, over 64 runs from the minimum."""
    case, found = lab.experiment("averages").case(start=(0.0, 0.0), seeds=64), dict[str, float]()
    rows = {"sgd": ("sgd", 0.05), "ball": ("momentum", 0.05), "slow": ("momentum", 0.005), "adam": ("adam", 0.05)}
    for name, (key, lr) in rows.items():
        found[name] = float(lab.repeat(case, Recipe(name, name, (Phase(key, lr, 6000),))).mean[1500:].mean())
    points = Recipe("ema", "EMA", (Phase("sgd", 0.05, 6000),), ("ema", 0.99))
    return found | {"points": float(lab.repeat(case, points).mean[1500:].mean())}


def _clips() -> dict:
    """The first step and the arrival of every run at the cliff, and what clipping does to the direction."""
    found: dict = {}
    for row in lab.clips():
        run = lab.walk(CLIFF.case(), row, AT_FOOT)[0]
        first = float(np.hypot(*(run.path[1] - run.path[0])))
        found |= {row.key: run.held, f"{row.key}_first": first, f"{row.key}_x": float(run.path[1, 0])}
        found |= {"gradient": float(run.gradient_norm[0])}
    ball = descend("cliff", "momentum", CLIFF.start, 3000, 0.1, goal=AT_FOOT)
    turns = {"by_norm": lab.turn_of((300.0, 0.5), norm=1.0), "by_value": lab.turn_of((300.0, 0.5), value=1.0)}
    return found | turns | {"ball_x": float(ball.path[-1, 0]), "ball": ball.held}


def _remedies() -> dict:
    """Steps to the minimum of the clipped run, and of one whose rate is small enough for the steepest point."""
    row = lab.pick(lab.clips(20_000), "small_rate")
    run = lab.walk(CLIFF.case(), row, AT_FOOT)[0]
    limit = 2 / float(eigenvalues(*CLIFF.surface.hessian(*CLIFF.start))[1])
    high = lab.walk(CLIFF.case(), replace(row, phases=(Phase("sgd", 0.1, 300),)), AT_FOOT)[0]
    return {"slow": run.held, "limit": limit, "thrown": float(high.path[1, 0])} | _clips()


QUESTIONS = (
    Question(
        key="after_adam",
        text=T(
            "A noisy ravine, 500 steps of Adam with rate 0.1, then 1500 steps of either SGD with rate 0.002 or Adam "
            "with rate 0.003. Which ends much lower?"
        ),
        options=(
            T("SGD, ten times lower"),
            T("Adam, ten times lower"),
            T("Neither"),
            T("Both stay where Adam 0.1 ends"),
        ),
        answer=2,
        because=T(
            "Mean of f: SGD {adam_sgd:.5f}, Adam with the lower rate {adam_adam:.5f}, Adam kept at 0.1 {adam:.3f}. "
            "The rate did it, not the optimizer."
        ),
        measured=_switches,
        right=lambda adam, adam_sgd, adam_adam, **others: (
            3 if max(adam_sgd, adam_adam) > adam / 3 else 0 if adam_sgd < adam_adam / 3 else 2
        ),
    ),
    Question(
        key="longer_memory",
        text=T("After 4000 noisy steps a moving average with decay 0.999 is worse than one with 0.99. Why?"),
        options=(T("It still holds the start"), T("It averages fewer points"), T("It lets more noise through")),
        answer=0,
        because=T(
            "{held:.1f} % of its weight is the first point: it ends at {long:.4f}, and once that is forgotten theory "
            "gives {settled:.5f}. Decay 0.99 ends at {good:.5f}."
        ),
        measured=_averages,
        right=lambda long, good, settled, **others: 0 if settled < good < long else 2,
    ),
)

CLAIMS = (
    Claim(
        key="adam_then_sgd",
        text=T("Begin with Adam and go on with SGD: first fast, then fine."),
        verdict=T("only if"),
        condition=T("The rate must fall at the hand-over. Lowering the rate of the same optimizer does as much."),
        reading=T(
            "Mean of f: Adam 0.1 {adam:.3f}, then SGD 0.002 {adam_sgd:.5f}, then Adam 0.003 {adam_adam:.5f}, then SGD "
            "0.015 {adam_sgd_high:.4f}; SGD 0.015, then 0.002 {sgd_sgd:.5f} ± {sgd_sgd_error:.5f}. Below 0.1 at "
            "step {adam_soon} with Adam, {sgd_sgd_soon} with SGD."
        ),
        settings={"part": "hand_over", "switch": 25},
        measured=_switches,
        holds=lambda adam, adam_sgd, adam_adam, sgd_sgd, adam_sgd_high, adam_soon, sgd_sgd_soon, **others: (
            max(adam_sgd, adam_adam, sgd_sgd) < adam_sgd_high / 10 < adam / 10
            and abs(adam_sgd - sgd_sgd) < 3 * others["sgd_sgd_error"]
            and adam_soon < sgd_sgd_soon
        ),
    ),
    Claim(
        key="rmsprop_then_sgd",
        text=T("Begin with RMSprop and go on with SGD."),
        verdict=T("only if"),
        condition=T("The same holds as for Adam: it begins fast, and the lower rate makes the end fine."),
        reading=T(
            "RMSprop 0.1, then SGD 0.002: {rmsprop_sgd:.5f} ± {rmsprop_sgd_error:.5f}, below 0.1 at step "
            "{rmsprop_sgd_soon}; SGD all the way: {sgd_sgd:.5f} ± {sgd_sgd_error:.5f}, at step {sgd_sgd_soon}."
        ),
        settings={"part": "hand_over", "look": "rmsprop_sgd"},
        measured=_switches,
        holds=lambda rmsprop_sgd, sgd_sgd, rmsprop_sgd_soon, sgd_sgd_soon, **others: (
            rmsprop_sgd_soon < sgd_sgd_soon and abs(rmsprop_sgd - sgd_sgd) < 3 * others["sgd_sgd_error"]
        ),
    ),
    Claim(
        key="cold_start",
        text=T("Begin with large batches, a high rate or an adaptive optimizer, and end with SGD and a small rate."),
        verdict=T("only if"),
        condition=T(
            "True of the rate. Batches go the other way: the large ones belong at the end, where noise decides."
        ),
        reading=T(
            "{small_soon} samples until the mean is below 1 with batches of 4, {shrinking_soon} with 64 first. From "
            "64 down to 4 ends at {shrinking:.3f} ± {shrinking_error:.3f}, from 4 up to 64 at {growing:.4f} ± "
            "{growing_error:.4f}."
        ),
        settings={"part": "batches", "look": "shrinking"},
        measured=_batches,
        holds=lambda small_soon, shrinking_soon, shrinking, growing, **others: (
            small_soon < shrinking_soon / 10 and growing < shrinking / 10
        ),
    ),
    Claim(
        key="alternate_batches",
        text=T("Alternating large and small batches combines both advantages."),
        verdict=T("only if"),
        condition=T("It must stop after the large ones. Growing batches do as well, and a falling rate does better."),
        reading=T(
            "Mean of f after 16,000 samples: alternating {alternating:.4f} ± {alternating_error:.4f}, "
            "{cycle:.3f} averaged over its last cycle; growing {growing:.4f} ± {growing_error:.4f}; batches of 4 "
            "with a falling rate {falling:.4f} ± {falling_error:.4f}."
        ),
        settings={"part": "batches", "look": "alternating"},
        measured=_batches,
        holds=lambda alternating, cycle, growing, falling, small, **others: (
            alternating < small / 5
            and cycle > 5 * alternating
            and growing < 1.3 * alternating
            and falling < growing / 1.2
        ),
    ),
    Claim(
        key="average_is_better",
        text=T("A moving average of the weights generalises better."),
        verdict=T("only if"),
        condition=T(
            "Here only the noise can be judged: it takes it away if it is long enough to average and short enough to "
            "have forgotten the start."
        ),
        reading=T(
            "Mean of f after 4000 steps: last point {raw:.3f}, decay 0.9 {low:.4f} (theory {low_theory:.4f}), 0.99 "
            "{good:.5f} (theory {good_theory:.5f}), {ratio:.0f} times lower; 0.999 {long:.4f} ({long_theory:.4f})."
        ),
        settings={"part": "averages", "look": "ema"},
        measured=_averages,
        holds=lambda raw, low, good, long, ratio, **others: (
            good < low < raw / 5
            and good < long
            and all(
                abs(value - others[f"{name}_theory"]) < 3.5 * others[f"{name}_error"]
                for name, value in (("low", low), ("good", good), ("long", long))
            )
        ),
    ),
    Claim(
        key="average_is_for_training",
        text=T("The moving average affects the next update and is suited to training."),
        verdict="contradicted",
        condition=T("It is a shadow copy that no step sees. Train with the weights, evaluate with the average."),
        reading=T(
            "Largest distance between a run with and without it: {gap:g}. Mean of f at the weights {sgd:.3f}, at the "
            "average {ema:.5f}."
        ),
        settings={"part": "averages", "look": "sgd"},
        measured=_shadow,
        holds=lambda gap, sgd, ema: gap == 0 and ema < sgd / 10,
    ),
    Claim(
        key="only_decay_settles",
        text=T("The rate must shrink, or the run never settles."),
        verdict="contradicted",
        condition=T("The points never settle, but their mean does. On a quadratic it beats every schedule."),
        reading=T(
            "After 1000 steps: mean of the points since step 100 at constant rate 0.05 {tail:.5f} ± {tail_error:.5f}; "
            "best exponential decay {exponential:.5f}, best cosine {cosine:.5f}; schedule-free SGD {free_low:.4f} to "
            "{free_high:.4f} for rates from 0.05 to 1."
        ),
        settings={"part": "averages", "steps": 1000, "lr_sgd": 0.05, "begin": 100, "look": "tail"},
        measured=_without_decay,
        holds=lambda tail, exponential, cosine, free_low, free_high, tail_error: (
            tail + 3 * tail_error < min(exponential, cosine) and free_high < 1.5 * free_low
        ),
    ),
    Claim(
        key="momentum_averages_noise",
        text=T("Momentum averages the noise of the gradients away."),
        verdict="contradicted",
        condition=T(
            "It adds past gradients up, so at the same rate it ends higher; at a tenth, hardly lower than SGD."
        ),
        reading=T(
            "Mean of f under constant rates: SGD 0.05 {sgd:.4f}, momentum 0.05 {ball:.3f} and 0.005 {slow:.4f}, Adam "
            "0.05 {adam:.4f}; a moving average of the points of SGD {points:.5f}."
        ),
        settings={"part": "averages", "lr_sgd": 0.05, "look": "momentum"},
        measured=_momentum,
        holds=lambda sgd, ball, slow, adam, points: (
            ball > 8 * sgd and min(slow, adam) > sgd / 1.5 and points < min(slow, adam) / 5
        ),
    ),
    Claim(
        key="clip_to_a_threshold",
        text=T("Clip the gradient to the length 1 or 5, and it cannot explode."),
        verdict="shown",
        condition=T("Clipping the length keeps the direction; clipping every coordinate turns it."),
        reading=T(
            "At the cliff |∇f| = {gradient:.1f}: the first step lands at x = {unclipped_x:.0f} and is back at step "
            "{unclipped}, momentum never. Clipped to 1 it arrives at step {clip_norm}, to 5 at {clip_wide}, by value "
            "at {clip_value}. A gradient (300, 0.5) turns by {by_norm:.0f}° by norm, {by_value:.1f}° by value."
        ),
        settings={"part": "clipping", "look": "clip_norm", "gx": 300.0, "gy": 0.5},
        measured=_clips,
        holds=lambda unclipped, clip_norm, clip_wide, clip_value, unclipped_x, by_norm, by_value, ball, **others: (
            0 < max(clip_norm, clip_wide, clip_value) < unclipped
            and unclipped_x < -100
            and by_norm < 1e-9
            and by_value > 20
            and ball < 0
        ),
    ),
    Claim(
        key="explosion_remedies",
        text=T("Against exploding gradients: a lower rate, or clipping."),
        verdict=T("only if"),
        condition=T("A lower rate must fit the steepest point, and is then far too small everywhere else."),
        reading=T(
            "Stable at the start are rates below {limit:.4f}. With 0.001 SGD needs {slow} steps, clipped with 0.5 "
            "{clip_norm}; rate 0.1 is still thrown to x = {thrown:.0f}."
        ),
        settings={"part": "clipping", "look": "small_rate", "lr_small": 0.001},
        measured=_remedies,
        holds=lambda slow, clip_norm, thrown, limit, **others: (
            slow > 100 * clip_norm > 0 and thrown < -10 and limit > 0.001
        ),
    ),
)
