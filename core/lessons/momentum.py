"""Momentum: questions and claims on what inertia buys, and on three formulas that share its name."""

from functools import cache

import numpy as np

from core.descent import Trajectory, descend
from core.ensemble import descend_many
from core.inertia import (
    across,
    largest_gap,
    nesterov_parts,
    overshoot,
    race_condition_numbers,
    settled,
    visible,
    zigzags,
)
from core.lessons import Claim, Question
from core.presets import preset
from core.spec import Goal, Noise, Point
from core.stability import measured_limit, settings

SEEDS = 64


def _page(surface: str = "ravine", start: Point = (-10.0, 1.0), **widgets) -> dict:
    """Return what the page needs to show an experiment; by default the ravine at rate 0.015 and beta 0.9."""
    usual = {"steps": 500, "exact": True, "lr_everyone": 0.015, "beta": 0.9, "form": "torch", "diagram": "momentum"}
    calm = {"sigma": 0.0, "momentum_dampening": 0.0}
    family = {"ravine_log_condition": 2.0, "ravine_angle": 0.0} if surface == "ravine" else {}
    return {"surface": surface, "x": start[0], "y": start[1]} | family | usual | calm | widgets


def _run(
    key: str, lr: float, beta: float = 0.9, surface: str = "ravine", start: Point | None = None, steps: int = 500
) -> Trajectory:
    """Run a method, by default from the first start of the surface."""
    return descend(surface, key, start, steps, hyper=settings(key, lr, beta), goal=Goal("value below", 1e-4))


def _same_rate() -> dict:
    return {key: _run(key, 0.015).first for key in ("sgd", "ema_momentum", "momentum")}


def _matched_rate() -> dict:
    ball = _run("momentum", 0.002, surface="beale")
    return {
        "matched": largest_gap(ball, _run("ema_momentum", 0.002 / (1 - 0.9), surface="beale")),
        "same": largest_gap(ball, _run("ema_momentum", 0.002, surface="beale")),
    }


@cache
def _race() -> dict:
    race = race_condition_numbers(np.array([10.0, 100.0, 1000.0, 10_000.0]))
    plain, ball = race.steps["sgd"], race.steps["momentum"]
    return {"plain": plain[1], "ball": ball[1], "gain": plain[1] / ball[1], "largest_gain": plain[3] / ball[3]}


def _rings() -> dict:
    return {name: preset(id).run().first for name, id in (("low", "ravine_hb_0.8"), ("high", "ravine_hb_0.99"))} | {
        "usual": preset("ravine_hb_0.9").run().first
    }


@cache
def _zigzags() -> dict:
    """Count zigzags that are seen over rates up to the limit of gradient descent, 0.02."""
    rates = np.arange(0.0100, 0.0200, 0.0001)
    counts = {key: np.array([_seen_zigzags(key, lr) for lr in rates]) for key in ("sgd", "momentum")}
    calmer = rates[np.flatnonzero(counts["sgd"] <= counts["momentum"])[-1]]
    found = {"share": 100 * (calmer + 0.0001) / 0.02}
    for name, lr in (("low", 0.015), ("high", 0.0198)):
        found |= {f"{name}_plain": _seen_zigzags("sgd", lr), f"{name}_ball": _seen_zigzags("momentum", lr)}
    found |= {"beyond": float(_run("momentum", 0.0198).path[:, 0].max())}
    return found | {"plain_beyond": float(_run("sgd", 0.0198).path[:, 0].max())}


def _seen_zigzags(key: str, lr: float) -> int:
    run = _run(key, lr)
    return zigzags(across(run.surface, run.path), visible(run.surface))


@cache
def limits() -> dict:
    """Return the largest stable rates times curvature at beta 0.9, found by runs."""
    keys = ("sgd", "momentum", "nesterov", "momentum_faulty")
    return {key: measured_limit(key, 0.0 if key == "sgd" else 0.9) for key in keys}


def _slip() -> dict:
    found = limits()
    return {
        "slip_limit": found["momentum_faulty"],
        "limit": found["momentum"],
        "slip": _run("momentum_faulty", 0.015).first,
        "ball": _run("momentum", 0.015).first,
    }


def _last_movement() -> dict:
    run = _run("momentum", 1e-3, surface="rosenbrock")
    movement = np.diff(run.path, axis=0)
    predicted = 0.9 * movement[:-1] - 1e-3 * run.gradient[1:-1]
    return {"error": float(np.abs(movement[1:] - predicted).max())}


def _dampening() -> dict:
    damped = descend("beale", "momentum", steps=1, hyper=settings("momentum", 0.05, 0.9) | {"dampening": 0.9})
    average = _run("ema_momentum", 0.05, surface="beale", steps=1)
    lengths = {"damped": damped, "average": average}
    return {name: float(np.hypot(*(run.path[1] - run.path[0]))) for name, run in lengths.items()}


def _correction() -> dict:
    run = _run("nesterov", 1e-3, surface="rosenbrock")
    parts = nesterov_parts(run)
    error = np.abs(np.sum(list(parts.values()), axis=0)[:-1] - np.diff(run.path, axis=0)).max()
    return {"error": float(error), "size": float(np.abs(parts["correction"][:-1]).max())}


def _overshoot() -> dict:
    found: dict = {}
    for name, key in (("ball", "momentum"), ("nesterov", "nesterov")):
        run = _run(key, 0.1, surface="bowl", start=(0.0, 1.0))
        height = run.path[:, 1]
        found |= {name: overshoot(height, visible(run.surface)), f"{name}_rest": settled(height, 1e-3)}
    return found


def _noise_floor() -> dict:
    """Measure the mean value of the second thousand steps on (x^2 + 10 y^2) / 2 under unit noise, over the seeds."""
    found: dict = {}
    for name, key, lr in (("plain", "sgd", 0.05), ("ball", "momentum", 0.05), ("slow", "momentum", 0.005)):
        runs = descend_many(
            "ravine",
            key,
            np.zeros((2, SEEDS)),
            2000,
            hyper=settings(key, lr, 0.9),
            noise=Noise(1.0, seed=0),
            parameters={"condition": 10.0},
            record=True,
        )
        assert runs.value is not None
        floors = runs.value[:, 1000:].mean(axis=1)
        found |= {name: float(floors.mean()), f"{name}_error": float(floors.std(ddof=1) / np.sqrt(SEEDS))}
    return found


def _gaps_to_the_average() -> dict:
    average = _run("ema_momentum", 0.15)
    gaps = {name: largest_gap(average, _run("momentum", lr)) for name, lr in (("same", 0.15), ("tenth", 0.015))}
    return gaps | {"tenfold": largest_gap(average, _run("momentum", 1.5))}


QUESTIONS = (
    Question(
        key="rate_of_the_average",
        text=(
            "The average m ← βm + (1 − β)g with β = 0.9 runs at rate 0.15. "
            "At which rate does PyTorch's momentum walk the same path?"
        ),
        options=("At 0.15", "At 0.015", "At 1.5"),
        answer=1,
        because="At 0.015 the two paths in the ravine never differ by more than {tenth:.1e}: the factor is 1 − β.",
        measured=_gaps_to_the_average,
        right=lambda same, tenth, tenfold: int(np.argmin((same, tenth, tenfold))),
    ),
    Question(
        key="unstable_first",
        text="The rate grows, β stays 0.9. Which becomes unstable first?",
        options=("Gradient descent", "Momentum", "Nesterov's method"),
        answer=2,
        because=(
            "With curvature λ the limits are {sgd:.3f}/λ for gradient descent, {momentum:.3f}/λ for momentum and "
            "{nesterov:.3f}/λ for Nesterov, found by runs."
        ),
        measured=limits,
        right=lambda sgd, momentum, nesterov, momentum_faulty: int(np.argmin((sgd, momentum, nesterov))),
    ),
    Question(
        key="gain_of_momentum",
        text=(
            "A ravine is 10 000 times more curved across than along. "
            "How much sooner is momentum at the bottom than gradient descent, both at their best?"
        ),
        options=("5 times", "50 times", "5000 times"),
        answer=1,
        because=(
            "{largest_gain:.0f} times, and {gain:.1f} times at κ = 100: "
            "with momentum the steps grow like √κ, without it like κ."
        ),
        measured=_race,
        right=lambda plain, ball, gain, largest_gain: int(np.argmin(np.abs(np.log(largest_gain / [5, 50, 5000])))),
    ),
)

CLAIMS = (
    Claim(
        key="average_accelerates_in_the_ravine",
        text="Momentum, m ← βm + (1 − β)g and θ ← θ − ηm, accelerates gradient descent.",
        verdict="contradicted",
        condition="Not at the same rate: the average shortens every step by 1 − β.",
        reading=(
            "Ravine, rate 0.015, steps to f < 0.0001: {sgd} without, {ema_momentum} with the average, "
            "{momentum} with PyTorch's momentum."
        ),
        settings=_page(form="average", matched=False, diagram="ema_momentum"),
        measured=_same_rate,
        holds=lambda sgd, ema_momentum, momentum: 0 < 3 * momentum < ema_momentum and ema_momentum > 0.8 * sgd,
    ),
    Claim(
        key="average_is_momentum",
        text="The average and PyTorch's momentum are the same method.",
        verdict="only if",
        condition="The rate of the average is multiplied by 1/(1 − β); then from the first step on.",
        reading="Beale, 500 steps, largest distance of the paths: {matched:.1e} with the factor, {same:.2g} without.",
        settings=_page("beale", (1.0, 1.5), lr_everyone=0.002, form="average", matched=True, diagram="ema_momentum"),
        measured=_matched_rate,
        holds=lambda matched, same: matched < 1e-12 and same > 0.1,
    ),
    Claim(
        key="momentum_gains_the_root",
        text="Momentum accelerates.",
        verdict="shown",
        condition="In long valleys, each method at its best setting: the gain grows like √κ.",
        reading=(
            "Steps at κ = 100: {plain} without, {ball} with, {gain:.1f} times fewer; "
            "at κ = 10 000 {largest_gain:.0f} times fewer."
        ),
        settings=_page(lr_everyone=4 / 121, beta=81 / 121),
        measured=_race,
        holds=lambda plain, ball, gain, largest_gain: gain > 5 and 5 < largest_gain / gain < 12,
    ),
    Claim(
        key="momentum_damps",
        text="Momentum damps the oscillation of gradient descent.",
        verdict="only if",
        condition=(
            "Only near the limit of the rate. Below, gradient descent settles with fewer zigzags, "
            "and momentum overshoots along the valley."
        ),
        reading=(
            "Ravine, zigzags of a hundredth of the picture or more. Rate 0.0198: {high_plain} without, {high_ball} "
            "with. Rate 0.015: {low_plain} and {low_ball}. Momentum has fewer from {share:.0f} % of the limit 0.02 on. "
            "Past the minimum along the valley: x = {beyond:.2f} with, never without."
        ),
        settings=_page(lr_everyone=0.0198),
        measured=_zigzags,
        holds=lambda share, low_plain, low_ball, high_plain, high_ball, beyond, plain_beyond: (
            2 * high_ball <= high_plain and 2 * low_plain <= low_ball and share > 90 and beyond > 1 > 0 >= plain_beyond
        ),
    ),
    Claim(
        key="too_much_momentum",
        text="β is usually between 0.9 and 0.99; too large a value makes it oscillate.",
        verdict="shown",
        condition="The best β depends on the surface and the rate. Here 0.8 beats both.",
        reading="Ravine, rate 0.015: {low} steps with β = 0.8, {usual} with 0.9, {high} with 0.99.",
        settings=_page(beta=0.99),
        measured=_rings,
        holds=lambda low, usual, high: 0 < low < usual and high > 10 * usual,
    ),
    Claim(
        key="slip_is_momentum",
        text="θ ← θ − α(v + β∇L), with v the average of past gradients, is momentum.",
        verdict="contradicted",
        condition="It is neither PyTorch's form nor an average nor Nesterov's: the newest gradient enters v too late.",
        reading=(
            "At β = 0.9 it diverges from {slip_limit:.2f}/λ on, momentum from {limit:.2f}/λ. Ravine, rate 0.015: "
            "{slip} steps, momentum {ball}."
        ),
        settings=_page(form="slip", diagram="momentum_faulty"),
        measured=_slip,
        holds=lambda slip_limit, limit, slip, ball: slip_limit < 0.7 * limit and slip > 1.5 * ball > 0,
    ),
    Claim(
        key="last_movement_minus_gradient",
        text="The movement is the last movement minus the current gradient.",
        verdict="shown",
        condition=(
            "With β on the last movement and the rate on the gradient. "
            "This is PyTorch's form as long as the rate is constant."
        ),
        reading="Rosenbrock, 500 steps: every step agrees to {error:.1e}.",
        settings=_page("rosenbrock", (-1.5, 2.0), lr_everyone=0.001),
        measured=_last_movement,
        holds=lambda error: error < 1e-14,
    ),
    Claim(
        key="dampening_is_the_average",
        text="Dampening = β turns PyTorch's momentum into the average.",
        verdict="contradicted",
        condition="All but the first step: PyTorch does not dampen the first gradient.",
        reading=(
            "Beale, rate 0.05, length of the first step: "
            "{damped:.3f} with dampening 0.9, {average:.3f} with the average."
        ),
        settings=_page(
            "beale",
            (1.0, 1.5),
            lr_everyone=0.05,
            form="average",
            matched=False,
            diagram="ema_momentum",
            momentum_dampening=0.9,
        ),
        measured=_dampening,
        holds=lambda damped, average: abs(damped / average - 10) < 1e-9,
    ),
    Claim(
        key="nesterov_is_corrected_momentum",
        text="Nesterov's method is momentum with a correction factor.",
        verdict="shown",
        condition="The correction is −ηβ(g − g₋₁): it brakes where the gradient grows.",
        reading=(
            "Rosenbrock, 500 steps: the three parts add up to every step within {error:.1e}; "
            "the correction reaches {size:.2g}."
        ),
        settings=_page("rosenbrock", (-1.5, 2.0), lr_everyone=0.001, diagram="nesterov"),
        measured=_correction,
        holds=lambda error, size: error < 1e-14 < 1e-3 < size,
    ),
    Claim(
        key="nesterov_overshoots_less",
        text="Nesterov overshoots less than momentum.",
        verdict="shown",
        condition="As long as it is stable: its limit is the lowest of the three.",
        reading=(
            "Bowl from (0, 1), rate 0.1, β = 0.9: momentum runs {ball:.3f} past the minimum and stays within 0.001 of "
            "it after {ball_rest} steps, Nesterov {nesterov:.3f} and {nesterov_rest}."
        ),
        settings=_page("bowl", (0.0, 1.0), lr_everyone=0.1, diagram="nesterov"),
        measured=_overshoot,
        holds=lambda ball, ball_rest, nesterov, nesterov_rest: nesterov < 0.8 * ball and 0 < nesterov_rest < ball_rest,
    ),
    Claim(
        key="momentum_suits_noise",
        text="Momentum suits noisy data.",
        verdict="only if",
        condition=(
            "The rate is multiplied by 1 − β. At the same rate it ends much higher. Means over 64 runs, seeds 0 to 63, "
            "with their standard errors."
        ),
        reading=(
            "(x² + 10y²)/2, unit noise: SGD {plain:.4f} ± {plain_error:.4f}, momentum at the same rate "
            "{ball:.3f} ± {ball_error:.3f}, at a tenth {slow:.4f} ± {slow_error:.4f}."
        ),
        settings=_page(ravine_log_condition=1.0, lr_everyone=0.05, sigma=1.0),
        measured=_noise_floor,
        holds=lambda plain, plain_error, ball, ball_error, slow, slow_error: (
            ball > 5 * plain and slow < plain - 2 * (plain_error + slow_error)
        ),
    ),
)
