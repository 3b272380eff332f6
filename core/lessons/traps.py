"""Traps: questions and claims on saddles, minima, valleys and plateaus."""

import numpy as np

from core import traps
from core.arguments import checked_surface
from core.critical_points import find
from core.descent import descend
from core.ensemble import descend_many
from core.lessons import Claim, Question
from core.tuning import random_starts


def _on_the_axis() -> dict:
    """How many optimizers leave the saddle from its axis, and what a breath of noise does."""
    free = sum(int(steps[traps.OFFSETS.index(0.0)] >= 0) for steps in traps.race_table().values())
    rescue = traps.noise_rescue(1e-8)
    return {"free": free, "all": len(traps.race_table()), "median": rescue.median, "share": 100 * rescue.escaped}


def _into_the_worse_well() -> dict:
    return {
        f"{name}_{key}": float(descend("doublewell", key, start, 3000, 0.01).path[-1, 0])
        for key in ("sgd", "momentum")
        for name, start in (("right", (1.8, 0.5)), ("left", (-2.0, 0.5)))
    }


def _momentum_at_the_saddle() -> dict:
    table = traps.race_table()
    near = traps.OFFSETS.index(1e-8)
    sgd, momentum, average = (int(table[key][near]) for key in ("sgd", "momentum", "ema_momentum"))
    run = descend("saddle_bounded", "momentum", (1.0, 1e-8), 800, 0.05)
    numbers = {"sgd": sgd, "momentum": momentum, "average": average, "ratio": sgd / momentum}
    return numbers | {"growth": traps.growth(run), "axis": int(table["momentum"][traps.OFFSETS.index(0.0)])}


def _wells() -> dict:
    found = traps.wells("momentum")
    return {name: 100 * getattr(found, name) for name in ("deep", "rescued", "lost")} | {
        "plain": 100 * traps.wells("sgd").deep
    }


def _random_starts_at_a_saddle() -> dict:
    """How many of 1000 random starts end at the saddle, and how long its neighbourhood holds a near one."""
    starts = random_starts("saddle_bounded", 1000, seed=0)
    final = descend_many("saddle_bounded", "sgd", starts, 2000, 0.05).final
    table = traps.race_table()["sgd"]
    return {"held": int(np.sum(np.hypot(*final) < 0.5)), "near": int(table[1]), "nearer": int(table[2])}


def _noise() -> dict:
    rows = {name: traps.noise_rescue(sigma) for name, sigma in (("faint", 1e-8), ("strong", 0.1))}
    return {key: row.median for key, row in rows.items()} | {
        "error": max((row.high - row.low) / 2 for row in rows.values()),
        "without": 100 * traps.noise_rescue(0.0).escaped,
    }


def _neuron() -> dict:
    chosen = traps.trap("neuron")
    names = ("squared", "entropy")
    found: dict[str, float] = {}
    for name, member in zip(names, chosen.members(), strict=True):
        run = descend(member, "sgd", chosen.start, 1000, 1.0)
        found |= {name: chosen.step_out(run), f"slope_{name}": float(run.gradient_norm[0])}
    return found


def _valley() -> dict:
    """Where Adam is in Beale's valley, and how far the nearest critical point of any kind is."""
    run = descend("beale", "adam", (-2.0, 2.0), 20_000, 0.05)
    x, y = run.path[-1]
    beale = checked_surface("beale")
    away = float(np.hypot(*(find(beale, window=beale.domain).positions - run.path[-1][:, None])).min())
    return {"x": float(x), "y": float(y), "f": float(run.value[-1]), "floor": traps.valley_floor(), "away": away}


def _newton() -> dict:
    starts = random_starts("himmelblau", 2000, seed=0)
    shares = {kind: 100 * share for kind, share in traps.newton_shares("himmelblau", starts).items()}
    part = shares["minimum"] / 100
    return shares | {"error": 100 * float(np.sqrt(part * (1 - part) / starts.shape[1]))}


def _flat() -> dict:
    goal = traps.trap("flat").goal
    times = {
        key: descend("monkey_bounded", key, (0.01, 0.001), 2500, 0.05, goal=goal).first
        for key in ("sgd", "momentum", "adam")
    }
    return times | {"strict": int(traps.escapes("sgd", [1e-2])[0])}


def _easom() -> dict:
    runs = {
        key: descend("easom", key, (0.0, 0.0), 3000, lr) for key, lr in (("sgd", 0.1), ("adam", 0.05), ("rprop", 0.05))
    }
    found = {key: float(np.hypot(*(run.path[-1] - np.pi))) for key, run in runs.items()}
    return found | {"slope": float(runs["sgd"].gradient_norm[0]), "moved": float(np.hypot(*runs["sgd"].path[-1]))}


QUESTIONS = (
    Question(
        key="exactly_on_the_axis",
        text="A run starts exactly on the axis of a saddle, y = 0. Which optimizer gets away?",
        options=("Momentum", "Adaptive methods such as Adam", "None of them"),
        answer=2,
        because=(
            "{free} of {all}: on the axis the slope in y is exactly zero. Noise of 1e-8 frees {share:.0f} % of the "
            "runs of SGD, half of them within {median:.0f} steps."
        ),
        measured=_on_the_axis,
        right=lambda free, all, median, share: 2 if free == 0 else 0,
    ),
    Question(
        key="momentum_from_the_left",
        text="Double well, momentum 0.9 from (−2, 0.5), in the better well. Where does it end?",
        options=("In the better well", "In the worse well"),
        answer=1,
        because=(
            "At x = {left_momentum:.3f}: it rolls through the better well and over the barrier. SGD ends at "
            "{left_sgd:.3f}. From (1.8, 0.5) it is the other way round: {right_momentum:.3f} and {right_sgd:.3f}."
        ),
        measured=_into_the_worse_well,
        right=lambda right_sgd, left_sgd, right_momentum, left_momentum: int(left_momentum > 0),
    ),
)

CLAIMS = (
    Claim(
        key="saddles_stop_training",
        text="Training fails at local minima and saddle points.",
        verdict="only if",
        condition="A strict saddle only delays: a start a hundred million times nearer costs twice the steps.",
        reading=(
            "Of 1000 random starts {held} end at the saddle. From an offset of 1e-8 SGD leaves it after {near} steps, "
            "from 1e-16 after {nearer}."
        ),
        settings={"trap": "saddle", "x": 1.0, "y": 1e-16},
        measured=_random_starts_at_a_saddle,
        holds=lambda held, near, nearer: held == 0 and near < nearer < 2.5 * near,
    ),
    Claim(
        key="ball_leaves_saddles",
        text="A heavy ball does not stop at a saddle.",
        verdict="only if",
        condition="Only off the axis, and then faster by a constant factor. The average of the gradients is slower.",
        reading=(
            "From 1e-8: SGD {sgd}, momentum {momentum} steps, {ratio:.2f} times fewer, by a growth of {growth:.4f} per "
            "step; the average {average}. From exactly 0 momentum never leaves."
        ),
        settings={"trap": "saddle", "x": 1.0, "y": 0.0},
        measured=_momentum_at_the_saddle,
        holds=lambda sgd, momentum, average, ratio, growth, axis: (
            axis == -1 and 3 < ratio < 4.5 and average > sgd and abs(growth - 1.2) < 1e-3
        ),
    ),
    Claim(
        key="ball_leaves_local_minima",
        text="A heavy ball does not stop at local minima.",
        verdict="only if",
        condition="It rolls out of the better well as well as out of the worse one.",
        reading=(
            "Of 401 starts momentum rescues {rescued:.1f} % and loses {lost:.1f} %: {deep:.1f} % end in the deep well, "
            "{plain:.1f} % without momentum."
        ),
        settings={"trap": "wells", "x": -2.0, "y": 0.5},
        measured=_wells,
        holds=lambda deep, rescued, lost, plain: rescued > lost > 1 and deep > plain,
    ),
    Claim(
        key="noise_helps_to_escape",
        text="Noise in the gradient helps to escape.",
        verdict="shown",
        condition="From the exact axis of the saddle, where nothing else does. 200 seeds, from 0 on.",
        reading=(
            "Half of the runs are out after {faint:.0f} steps with noise 1e-8, after {strong:.0f} with 0.1, each "
            "± {error:.0f}; without noise {without:.0f} % ever."
        ),
        settings={"trap": "saddle", "x": 1.0, "y": 0.0, "sigma": 1e-8, "seed": 0},
        measured=_noise,
        holds=lambda faint, strong, error, without: without == 0 and strong + 2 * error < faint - 2 * error,
    ),
    Claim(
        key="flat_saddles",
        text="The Hessian tells a saddle, and how fast a run leaves it.",
        verdict="only if",
        condition="At a flat saddle it is zero and tells nothing: the time to leave grows like one over the distance.",
        reading=(
            "From (0.01, 0.001): SGD {sgd}, momentum {momentum}, Adam {adam} steps; from 0.01 beside a strict saddle "
            "SGD takes {strict}."
        ),
        settings={"trap": "flat", "x": 0.01, "y": 0.001},
        measured=_flat,
        holds=lambda sgd, momentum, adam, strict: sgd > 10 * strict and adam < momentum < sgd,
    ),
    Claim(
        key="stuck_means_minimum",
        text="A loss that stops falling has reached a local minimum.",
        verdict="contradicted",
        condition="In Beale's valley there is no minimum: f only comes nearer to its limit, for ever.",
        reading=(
            "After 20 000 steps Adam is at ({x:.1f}, {y:.3f}), {away:.0f} away from every critical point, with "
            "f = {f:.3f}; the limit is {floor:.4f}."
        ),
        settings={"trap": "valley", "x": -2.0, "y": 2.0},
        measured=_valley,
        holds=lambda x, y, f, floor, away: x < -20 and abs(y - 1) < 0.05 and away > 20 and f > floor,
    ),
    Claim(
        key="gradient_descent_gets_trapped",
        text="Gradient descent gets trapped where gradients vanish.",
        verdict="only if",
        condition="Here the loss made the plateau: with cross-entropy the same neuron has a slope.",
        reading=(
            "Steps until every example is right: {squared} with squared error (first slope {slope_squared:.4f}), "
            "{entropy} with cross-entropy ({slope_entropy:.2f})."
        ),
        settings={"trap": "neuron", "x": -6.0, "y": 0.5},
        measured=_neuron,
        holds=lambda squared, slope_squared, entropy, slope_entropy: (
            squared > 20 * entropy > 0 and slope_entropy > 50 * slope_squared
        ),
    ),
    Claim(
        key="adam_leaves_plateaus",
        text="Adam's steps do not depend on the size of the gradient, so it crosses plateaus.",
        verdict="only if",
        condition="It walks, but into a small false minimum on the way. Rprop, whose steps grow, passes it.",
        reading=(
            "Easom from (0, 0), slope {slope:.1e}: SGD moves by {moved:.0e}. Distance from the minimum at the end: SGD "
            "{sgd:.2f}, Adam {adam:.2f}, Rprop {rprop:.5f}."
        ),
        settings={"trap": "plateau", "x": 0.0, "y": 0.0},
        measured=_easom,
        holds=lambda sgd, adam, rprop, slope, moved: moved < 1e-3 and 1 < adam < sgd and rprop < 0.01,
    ),
    Claim(
        key="newton_goes_down",
        text="Second derivatives lead straight to the minimum.",
        verdict="contradicted",
        condition="Newton's method solves ∇f = 0. Look at the eigenvalues of the Hessian before you invert it.",
        reading=(
            "Himmelblau, 2000 random starts: {minimum:.1f} % end in minima, {saddle:.1f} % on saddles, {maximum:.1f} % "
            "on the maximum, each ± {error:.1f}."
        ),
        settings={"trap": "newton", "newton_on": "himmelblau", "x": 0.0, "y": 0.0},
        measured=_newton,
        holds=lambda minimum, saddle, maximum, error: saddle + maximum > 25 + 3 * error and minimum > 50,
    ),
)
