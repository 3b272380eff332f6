"""Momentum: questions and claims on what inertia buys, and on three formulas that share its name."""

import numpy as np

from core import descend, descend_many
from core.analysis.stability import largest_rate, measured_limit, settings
from core.analysis.tuning import random_starts
from core.engine.descend import Trajectory
from core.engine.spec import Goal, Noise, Point
from core.memory import remembered
from core.text import T
from pages.momentum.measure import (
    across,
    largest_gap,
    nesterov_parts,
    overshoot,
    race_condition_numbers,
    visible,
    zigzags,
)
from teaching.contract import Claim, Question

SEEDS, STARTS = 64, 400


def _page(surface: str = "ravine", start: Point = (-10.0, 1.0), **widgets) -> dict:
    """Return what the page needs to show an experiment; by default the ravine at rate 0.015 and beta 0.9."""
    usual = {"steps": 500, "exact": True, "lr_everyone": 0.015, "beta": 0.9, "form": "torch", "diagram": "momentum"}
    calm = {"sigma": 0.0, "momentum_dampening": 0.0}
    family = {"ravine_condition": 100.0, "ravine_angle": 0.0} if surface == "ravine" else {}
    return {"surface": surface, "x": start[0], "y": start[1]} | family | usual | calm | widgets


def _run(
    key: str, lr: float, beta: float = 0.9, surface: str = "ravine", start: Point | None = None, steps: int = 500
) -> Trajectory:
    """Run a method, by default from the first start of the surface."""
    return descend(surface, key, start, steps, hyper=settings(key, lr, beta), goal=Goal("value below", 1e-4))


def _steps_below_goal(key: str, lr: float | np.ndarray, beta: float) -> np.ndarray:
    """Return the steps since which f < 0.0001 in the ravine, from random starts; infinity for never."""
    runs = descend_many(
        "ravine",
        key,
        random_starts("ravine", STARTS),
        20_000,
        hyper=settings(key, lr, np.full(STARTS, beta)),
        goal=Goal("value below", 1e-4),
    )
    return np.where(runs.held < 0, np.inf, runs.held)


def _average_gains() -> dict:
    """How many times fewer steps the average needs than gradient descent: the extremes of the medians over rates."""
    same, matched = [], []
    for lr in (0.001, 0.005, 0.015, 0.0195):
        plain = _steps_below_goal("sgd", lr, 0.0)
        gains = [np.median(plain / _steps_below_goal("ema_momentum", rate, 0.9)) for rate in (lr, lr / (1 - 0.9))]
        same.append(gains[0])
        matched.append(gains[1])
    return {"same": float(max(same)), "matched": float(min(matched))}


def _matched_rate() -> dict:
    """The largest distance of the paths over surfaces and beta with the factor, and the least without it."""
    matched, same = [], []
    for surface, lr in (("beale", 0.002), ("rosenbrock", 1e-4), ("ravine", 0.001), ("himmelblau", 0.001)):
        for beta in (0.5, 0.9, 0.95):
            ball = _run("momentum", lr, beta, surface)
            matched.append(largest_gap(ball, _run("ema_momentum", lr / (1 - beta), beta, surface)))
            same.append(largest_gap(ball, _run("ema_momentum", lr, beta, surface)))
    return {"matched": max(matched), "same": min(same)}


@remembered(1)
def _race() -> dict:
    race = race_condition_numbers(np.array([1.0, 100.0, 10_000.0]))
    gains = race.steps["sgd"] / race.steps["momentum"]
    return {"round": float(gains[0]), "gain": float(gains[1]), "largest_gain": float(gains[2])}


def _rings() -> dict:
    """How far momentum runs past the minimum along the ravine, in percent of the start, and the best beta by the rate.

    Medians over random starts and rates below the limit of gradient descent.
    """
    draw = np.random.default_rng(0)
    rates, betas = 10 ** draw.uniform(-3.3, -1.75, STARTS), (0.5, 0.8, 0.9, 0.95, 0.99)
    starts, past = random_starts("ravine", STARTS), {}
    for beta in (0.9, 0.99):
        hyper = settings("momentum", rates, np.full(STARTS, beta))
        path = descend_many("ravine", "momentum", starts, 1000, hyper=hyper, record=True).path
        assert path is not None
        past[beta] = float(np.median([100 * overshoot(x, 0.0) / abs(x[0]) for x in path[:, :, 0]]))
    slow, fast = (
        betas[int(np.argmin([np.median(_steps_below_goal("momentum", lr, beta)) for beta in betas]))]
        for lr in (0.0005, 0.0185)
    )
    return {"usual": past[0.9], "high": past[0.99], "slow": slow, "fast": fast}


@remembered(1)
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


@remembered(1)
def limits() -> dict:
    """Return the largest stable rates times curvature at beta 0.9, found by runs."""
    keys = ("sgd", "momentum", "nesterov", "momentum_faulty")
    return {key: measured_limit(key, 0.0 if key == "sgd" else 0.9) for key in keys}


def _slip() -> dict:
    """The distance of a path to the nearest of momentum at 601 rates: the least over beta, for the average the most."""

    def paths(key: str, lr: np.ndarray, beta: float) -> np.ndarray:
        starts = np.tile(np.array([[-10.0], [1.0]]), len(lr))
        path = descend_many(
            "ravine", key, starts, 200, hyper=settings(key, lr, np.full(len(lr), beta)), record=True
        ).path
        assert path is not None
        return path

    def least(key: str, beta: float) -> float:
        rates = 0.005 * np.append(np.geomspace(0.02, 50, 600), 1 - beta)
        gaps = np.hypot(*(paths("momentum", rates, beta) - paths(key, np.array([0.005]), beta)).T).max(axis=0)
        return float(np.nanmin(gaps))

    betas = (0.5, 0.8, 0.9, 0.95)
    return {
        "slip": min(least("momentum_faulty", beta) for beta in betas),
        "average": max(least("ema_momentum", beta) for beta in betas),
    }


_VALLEYS = (("rosenbrock", 1e-3), ("beale", 0.002), ("ravine", 0.005), ("himmelblau", 0.002))
"""Surfaces, each with a rate at which every form of momentum stays in the window."""


def _last_movement() -> dict:
    """How far steps are from beta times the last movement minus the rate times the gradient, on several surfaces.

    At a constant rate, and in parts of the step at a falling one.
    """
    off = {"error": 0.0, "falling": 0.0}
    for surface, lr in _VALLEYS:
        for name, schedule in (("error", None), ("falling", "exponential")):
            run = descend(surface, "momentum", None, 300, hyper=settings("momentum", lr, 0.9), schedule=schedule)
            movement = np.diff(run.path, axis=0)
            predicted = 0.9 * movement[:-1] - run.rate[1:, None] * run.gradient[1:-1]
            off[name] = max(off[name], float(np.abs(movement[1:] - predicted).max()))
    return off


def _dampening() -> dict:
    damped = descend("beale", "momentum", steps=1, hyper=settings("momentum", 0.05, 0.9) | {"dampening": 0.9})
    average = _run("ema_momentum", 0.05, surface="beale", steps=1)
    lengths = {"damped": damped, "average": average}
    return {name: float(np.hypot(*(run.path[1] - run.path[0]))) for name, run in lengths.items()}


def _correction() -> dict:
    """How far the parts are from adding up to the steps, and the least of the largest corrections, over surfaces."""
    errors, sizes = [], []
    for surface, lr in _VALLEYS:
        run = _run("nesterov", lr, surface=surface, steps=300)
        parts = nesterov_parts(run)
        errors.append(float(np.abs(np.sum(list(parts.values()), axis=0)[:-1] - np.diff(run.path, axis=0)).max()))
        sizes.append(float(np.abs(parts["correction"][:-1]).max()))
    return {"count": len(errors), "error": max(errors), "size": min(sizes)}


def _overshoot() -> dict:
    """In percent of rates and beta: does Nesterov run less far past the minimum of a parabola of curvature 1?

    Below rate 1 and above it, as far as both are stable.
    """
    less: dict[str, list[bool]] = {"below": [], "above": []}
    for beta in (0.5, 0.7, 0.8, 0.9, 0.95, 0.99):
        rates = np.linspace(0.01, 0.99, 99) * largest_rate("nesterov", beta)
        starts = np.tile(np.array([[0.0], [1.0]]), len(rates))
        past = {}
        for key in ("momentum", "nesterov"):
            hyper = settings(key, rates, np.full(len(rates), beta))
            path = descend_many("bowl", key, starts, 1000, hyper=hyper, record=True).path
            assert path is not None
            past[key] = np.array([overshoot(height, 0.0) for height in path[:, :, 1]])
        ball, nesterov = past["momentum"], past["nesterov"]
        known = ball > 1e-9  # where neither overshoots there is nothing to compare
        for name, where in (("below", rates < 0.99), ("above", rates > 1.01)):
            less[name] += list((nesterov < ball)[known & where])
    return {name: 100 * float(np.mean(found)) for name, found in less.items()}


def _noise_floor() -> dict:
    """The mean value under unit noise beside that of gradient descent, as a ratio with its standard error.

    Of momentum at the same rate and at a tenth of it, on (x^2 + 10 y^2) / 2, paired over the seeds; gradient descent
    has a rate of one half and of a twentieth of 1 / lambda_max.
    """
    found: dict = {}
    for name, lr in (("large", 0.05), ("small", 0.005)):
        plain, same, tenth = (
            _floors(key, rate) for key, rate in (("sgd", lr), ("momentum", lr), ("momentum", lr / 10))
        )
        found |= {f"same_{name}": float(same.mean() / plain.mean()), name: float(tenth.mean() / plain.mean())}
        found[f"{name}_error"] = float((tenth - plain).std(ddof=1) / np.sqrt(SEEDS) / plain.mean())
    return found


def _floors(key: str, lr: float) -> np.ndarray:
    """Return the mean value of the second half of 6000 steps under unit noise, for every seed."""
    runs = descend_many(
        "ravine",
        key,
        np.zeros((2, SEEDS)),
        6000,
        hyper=settings(key, lr, 0.9),
        noise=Noise(1.0, seed=0),
        parameters={"condition": 10.0},
        record=True,
    )
    assert runs.value is not None
    return runs.value[:, 3000:].mean(axis=1)


def _gaps_to_the_average() -> dict:
    average = _run("ema_momentum", 0.15)
    gaps = {name: largest_gap(average, _run("momentum", lr)) for name, lr in (("same", 0.15), ("tenth", 0.015))}
    return gaps | {"tenfold": largest_gap(average, _run("momentum", 1.5))}


QUESTIONS = (
    Question(
        key="rate_of_the_average",
        text=T(
            "The average m ← βm + (1 − β)g with β = 0.9 runs at rate 0.15. "
            "At which rate does PyTorch's momentum walk the same path?"
        ),
        options=(T("At 0.15"), T("At 0.015"), T("At 1.5")),
        answer=1,
        because=T("At 0.015 the two paths in the ravine never differ by more than {tenth:.1e}: the factor is 1 − β."),
        measured=_gaps_to_the_average,
        right=lambda same, tenth, tenfold: (
            int(np.argmin((same, tenth, tenfold))) if min(same, tenth, tenfold) < 1e-9 else None
        ),
    ),
    Question(
        key="unstable_first",
        text=T("The rate grows, β stays 0.9. Which becomes unstable first?"),
        options=(T("Gradient descent"), T("Momentum"), T("Nesterov's method")),
        answer=2,
        because=T(
            "With curvature λ the limits are {sgd:.3f}/λ for gradient descent, {momentum:.3f}/λ for momentum and "
            "{nesterov:.3f}/λ for Nesterov, found by runs."
        ),
        measured=limits,
        right=lambda sgd, momentum, nesterov, momentum_faulty: int(np.argmin((sgd, momentum, nesterov))),
    ),
    Question(
        key="gain_of_momentum",
        text=T(
            "A ravine is 10 000 times more curved across than along. "
            "How much sooner is momentum at the bottom than gradient descent, both at their best?"
        ),
        options=(T("5 times"), T("50 times"), T("5000 times")),
        answer=1,
        because=T(
            "{largest_gain:.0f} times, and {gain:.1f} times at κ = 100: "
            "with momentum the steps grow like √κ, without it like κ."
        ),
        measured=_race,
        right=lambda largest_gain, **_others: int(np.argmin(np.abs(np.log(largest_gain / np.array([5, 50, 5000]))))),
    ),
)

CLAIMS = (
    Claim(
        key="average_accelerates_in_the_ravine",
        text=T("Momentum, m ← βm + (1 − β)g and θ ← θ − ηm, accelerates gradient descent."),
        verdict=T("only if"),
        condition=T("Its rate is divided by 1 − β, which makes up for the 1 − β in every step."),
        reading=T(
            "Ravine, medians of 400 starts: at most {same:.1f} times as fast at the same rate, at least "
            "{matched:.1f} times at ten times the rate."
        ),
        settings=_page(form="average", matched=False, diagram="ema_momentum"),
        measured=_average_gains,
        holds=lambda same, matched: same < 1.3 and matched > 2,
    ),
    Claim(
        key="average_is_momentum",
        text=T("The average and PyTorch's momentum are the same method."),
        verdict=T("only if"),
        condition=T("The rate of the average is multiplied by 1/(1 − β); then from the first step on."),
        reading=T(
            "Four surfaces, three β: the paths differ by at most {matched:.0e} with the factor, by at least "
            "{same:.2f} without."
        ),
        ours=True,
        settings=_page("beale", (1.0, 1.5), lr_everyone=0.002, form="average", matched=True, diagram="ema_momentum"),
        measured=_matched_rate,
        holds=lambda matched, same: matched < 1e-9 and same > 0.01,
    ),
    Claim(
        key="momentum_gains_the_root",
        text=T("Momentum accelerates."),
        verdict=T("only if"),
        condition=T("The valley is long. Each at its best setting, the gain grows like √κ."),
        reading=T("Times fewer steps: {gain:.1f} at κ = 100, {largest_gain:.0f} at 10 000, but {round:.0f} at κ = 1."),
        settings=_page(lr_everyone=4 / 121, beta=81 / 121),
        measured=_race,
        holds=lambda round, gain, largest_gain: round == 1 and gain > 5 and 5 < largest_gain / gain < 12,
    ),
    Claim(
        key="momentum_damps",
        text=T("Momentum damps the oscillation of gradient descent."),
        verdict=T("only if"),
        condition=T(
            "Only near the limit of the rate. Below, gradient descent settles with fewer zigzags, "
            "and momentum overshoots along the valley."
        ),
        reading=T(
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
        text=T("β is typically between 0.9 and 0.99; too large a value makes it oscillate."),
        verdict="shown",
        condition=T("The best β depends on the rate: {slow} at rate 0.0005, {fast} at 0.0185."),
        reading=T(
            "Ravine, random rates and starts: it runs {high:.0f} % of the way past the minimum with β = 0.99, "
            "{usual:.0f} % with 0.9."
        ),
        settings=_page(beta=0.99),
        measured=_rings,
        holds=lambda usual, high, slow, fast: high > 50 and usual < 10 and slow > fast,
    ),
    Claim(
        key="slip_is_momentum",
        text=T("θ ← θ − α(v + β∇L), with v the average of past gradients, is momentum."),
        verdict="contradicted",
        condition=T("At no rate: it counts the newest gradient apart."),
        reading=T(
            "Ravine: its path is at least {slip:.1g} off those of momentum at 601 rates, an average's {average:.0e}."
        ),
        settings=_page(form="slip", diagram="momentum_faulty"),
        measured=_slip,
        holds=lambda slip, average: slip > 0.01 and average < 1e-9,
    ),
    Claim(
        key="last_movement_minus_gradient",
        text=T("The movement is the last movement minus the current gradient."),
        verdict=T("only if"),
        condition=T("The last movement is multiplied by β, the gradient by the rate, and the rate is constant."),
        reading=T("Four surfaces: every step agrees to {error:.0e}; under a falling rate it is off by {falling:.1g}."),
        settings=_page("rosenbrock", (-1.5, 2.0), lr_everyone=0.001),
        measured=_last_movement,
        holds=lambda error, falling: error < 1e-12 and falling > 1e-6,
    ),
    Claim(
        key="dampening_is_the_average",
        text=T("Dampening = β turns PyTorch's momentum into the average."),
        verdict="contradicted",
        condition=T("All but the first step: PyTorch does not dampen the first gradient."),
        reading=T(
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
        ours=True,
        holds=lambda damped, average: abs(damped / average - 10) < 1e-9,
    ),
    Claim(
        key="nesterov_is_corrected_momentum",
        text=T("Nesterov's method is momentum with a correction factor."),
        verdict="shown",
        condition=T("The correction is −ηβ(g − g₋₁): it brakes where the gradient grows."),
        reading=T(
            "{count} surfaces: the three parts add up to every step within {error:.0e}; the correction reaches "
            "{size:.1g}."
        ),
        settings=_page("rosenbrock", (-1.5, 2.0), lr_everyone=0.001, diagram="nesterov"),
        measured=_correction,
        holds=lambda count, error, size: error < 1e-12 < 1e-4 < size,
    ),
    Claim(
        key="nesterov_overshoots_less",
        text=T("Nesterov overshoots less than momentum."),
        verdict=T("only if"),
        condition=T("The rate is below 1/λ."),
        reading=T("Of the rates and β from 0.5 to 0.99 it does in {below:.0f} % below 1/λ, in {above:.0f} % above."),
        ours=True,
        settings=_page("bowl", (0.0, 1.0), lr_everyone=0.1, diagram="nesterov"),
        measured=_overshoot,
        holds=lambda below, above: below > 99 and above < 1,
    ),
    Claim(
        key="momentum_suits_noise",
        text=T("Momentum suits noisy data."),
        verdict=T("only if"),
        condition=T("Its rate is multiplied by 1 − β, and gains then only near the largest stable rate."),
        reading=T(
            "Mean of f beside gradient descent: {same_large:.0f} times at the same rate; at a tenth {large:.2f} for "
            "ηλ = 0.5, {small:.2f} for 0.05."
        ),
        settings=_page(ravine_condition=10.0, lr_everyone=0.05, sigma=1.0),
        measured=_noise_floor,
        holds=lambda same_large, same_small, large, large_error, small, small_error: (
            min(same_large, same_small) > 5
            and large + 3 * large_error < 0.9
            and 0.95 < small < 1
            and large_error < 0.02
            and small_error < 0.02
        ),
    ),
)
