"""One step size: questions and claims on how large the learning rate may be, and what it decides."""

import numpy as np

from core import descend, descend_many
from core.analysis.basins import basin_map
from core.analysis.curvature import eigenvalues, quadratic_model, stable_rate
from core.analysis.sharpness import line_search, sharpness
from core.analysis.tuning import random_starts, sweep_rates
from core.engine.loop import CONVERGED
from core.engine.spec import Goal
from core.resolve import surface_of
from core.text import T
from teaching.contract import Claim, Question

RAVINE_START = (-10.0, 1.0)
WORST_START = (100.0, 1.0)
"""From here steepest descent on the ravine with condition number 100 is as slow as it can be."""
RUNS = 400
HIMMELBLAU = ((3.0, 2.0), (-2.81, 3.13), (-3.78, -3.28), (3.58, -1.85))
"""Its minima as the question names them."""
TUNED_ON = ("bowl", "ravine", "ravine45", "booth", "matyas", "rosenbrock", "widening", "cliff", "himmelblau")
SEVERAL_MINIMA = ("styblinski", "camel6", "doublewell", "mccormick", "goldstein")
"""Surfaces whose lowest minimum has worse ones beside it, at the rate they begin with."""
SHARP, FLAT = (-1.498567, 0.0), (1.458459, 0.0)
"""The wells of the surface with two, the sharp one the deeper."""


def _percent(part: float, digits: int = 1) -> float:
    return round(100 * part, digits)


def _near(surface: str, within: float) -> Goal:
    return Goal("near", within, tuple(surface_of(surface).minima))


def _himmelblau_shares(rate: float) -> list[float]:
    """Return what part of the window ends in each of its minima, in percent and in the order of HIMMELBLAU."""
    found = basin_map("himmelblau", "sgd", 200, 500, rate)
    named = [found.atlas.nearest(*place) for place in HIMMELBLAU]
    return [_percent(found.share(found.atlas.points.index(point))) for point in named if point]


def _too_sharp() -> dict:
    """What part of the window ends in each minimum of Himmelblau at rate 0.02, and how sharp the others are."""
    first, second, third, fourth = _himmelblau_shares(0.02)
    sharp = [quadratic_model("himmelblau", place).eigenvalues.max() for place in HIMMELBLAU[2:]]
    return {"first": first, "second": second, "others": round(third + fourth, 1), "sharp": float(min(sharp))} | {
        "limit": 2 / 0.02
    }


def _reached_index(first: float, second: float, others: float, sharp: float, limit: float) -> int | None:
    reached = min(first, second) > 1, others > 1
    return {(True, True): 0, (True, False): 1, (False, True): 2}.get(reached)


def _rests(surface: str, starts: np.ndarray, rate: float) -> tuple[np.ndarray, float]:
    """Return the sharpness where the runs of gradient descent come to rest, and how many do, in percent."""
    runs = descend_many(surface, "sgd", starts, 3000, rate)
    rests = runs.outcome == CONVERGED
    bend = surface_of(surface).hessian(*runs.final[:, rests])
    return eigenvalues(*bend)[1], _percent(float(rests.mean()))


def _final_sharpness() -> dict:
    """The sharpness at the start and at the end, and the range of the ends from starts up to 0.05 away."""
    run = descend("hyperbola", "sgd", (4.0, 0.5), 2000, 0.15)
    along = sharpness(run)
    apart = np.random.default_rng(0).uniform(-0.05, 0.05, (2, RUNS))
    around, rest = _rests("hyperbola", np.array([[4.0], [0.5]]) + apart, 0.15)
    ends = {"final": round(float(along[-1]), 2), "low": float(around.min()), "high": float(around.max())}
    return {"first": round(float(along[0]), 1), "limit": 2 / 0.15, "rest": rest} | ends


def _sharpness_index(first: float, limit: float, low: float, high: float, **_others: float) -> int | None:
    if low > 0.95 * first:
        return 0
    return 2 if high < 0.9 * limit else 1 if low > 0.95 * limit else None


def _line_search_steps() -> dict:
    """Steps to a millionth of the first value, in the median over random starts and from the worst start."""

    def steps(start: tuple[float, float]) -> tuple[int, int]:
        search = line_search("ravine", start, 400)
        goal = Goal("value below", 1e-6 * float(search.value[0]))
        return search.first_below(goal.level), descend("ravine", "sgd", start, 1000, 2 / 101, goal=goal).first

    median = np.median([steps((float(x), float(y))) for x, y in random_starts("ravine", 100).T], axis=0)
    worst, worst_constant = steps(WORST_START)
    return {
        "search": float(median[0]),
        "constant": float(median[1]),
        "worst": worst,
        "worst_constant": worst_constant,
    }


def _tuned_rates() -> dict:
    """What a tenth and twice the best rate cost: the median factor in steps, and the mean part that still arrives.

    The best rate is that of a fine grid, over random starts of several surfaces.
    """
    slower, over = [], []
    for surface in TUNED_ON:
        goal, steps = _near(surface, 0.05), 20_000
        best = sweep_rates(surface, "sgd", goal=goal, steps=steps, rates=10.0 ** np.arange(-4, 1.01, 0.1))
        near = best.best_rate * np.array([0.1, 2.0])
        others = sweep_rates(surface, "sgd", goal=goal, steps=steps, rates=near)
        slower.append(others.mean_steps[0] / best.mean_steps[best.best])
        over.append(others.reached[1])
    return {"count": len(TUNED_ON), "slower": float(np.median(slower)), "least": float(min(slower))} | {
        "over": _percent(float(np.mean(over)))
    }


def _arrivals(low: float, high: float) -> int:
    """Count the runs that arrive from random starts in random bowls of condition number 1 to 100.

    Their rates lie between these parts of the limit.
    """
    draw = np.random.default_rng(0)
    condition, angle = 10 ** draw.uniform(0, 2, RUNS), draw.uniform(0, 90, RUNS)
    rates = draw.uniform(low, high, RUNS) * stable_rate(condition)
    bowls: dict[str, float | np.ndarray] = {"condition": condition, "angle": angle}
    goal, starts = Goal("near", 1e-3, ((0.0, 0.0),)), random_starts("ravine", RUNS)
    return int((descend_many("ravine", "sgd", starts, 20_000, rates, parameters=bowls, goal=goal).held >= 0).sum())


def _law_deviation() -> dict:
    """How far steps are from multiplying the error along the eigenvectors by 1 - lr * eigenvalue.

    In parts of the first error, over random bowls, rates and starts.
    """
    draw = np.random.default_rng(0)
    worst = 0.0
    for _run in range(50):
        condition, start = float(10 ** draw.uniform(0, 2)), random_starts("ravine", 1, seed=int(draw.integers(1000)))
        bowl = surface_of("ravine").with_parameters(condition=condition, angle=float(draw.uniform(0, 90)))
        run = descend(bowl, "sgd", tuple(start[:, 0]), 50, float(draw.uniform(0.05, 0.99) * stable_rate(condition)))
        model = quadratic_model(bowl, (0.0, 0.0))
        error = run.path @ model.directions.T
        missed = np.abs(error[1:] - (1 - run.hyper["lr"] * model.eigenvalues) * error[:-1])
        worst = max(worst, float((missed.max(axis=0) / np.abs(error[0])).max()))
    return {"deviation": worst}


def _convex_reach() -> dict:
    """How many runs arrive at the bottom of a bowl below and above the limit of the rate, and at a kink."""
    below, above = _arrivals(0.05, 0.99), _arrivals(1.01, 2.0)
    kink = descend_many("l1valley", "sgd", random_starts("l1valley", RUNS), 20_000, 0.01, goal=_near("l1valley", 1e-3))
    return {"runs": RUNS, "below": below, "above": above, "kink": int((kink.held >= 0).sum())}


def _local_minima() -> dict:
    """What part of the window of Himmelblau ends in a minimum, and which shares of windows end in the lowest one.

    All in percent. On a grid of 200 x 200 starts the shares of areas are known to a fifth of a percent.
    """
    lowest = []
    for surface in SEVERAL_MINIMA:
        found = basin_map(surface, "sgd", 200, 2000, surface_of(surface).rates["sgd"])
        floor = min(point.value for point in found.atlas.points)
        best = [k for k, p in enumerate(found.atlas.points) if p.kind == "minimum" and p.value < floor + 1e-6]
        lowest.append(sum(found.share(k) for k in best))
    small, large = _himmelblau_shares(0.01), _himmelblau_shares(0.02)
    ends = {"small": round(sum(small), 1), "large": round(sum(large), 1), "sharp": round(sum(large[2:]), 1)}
    return ends | {"low": _percent(min(lowest)), "high": _percent(max(lowest))}


def _between_wells() -> dict:
    """What runs from inside each of two wells do at rates from small to large, and the steps to rest in the flat one.

    `rests` is the largest rate up to which all rest in the sharp well, `leaves` the least from which on all have left
    it, `stays` the largest at which all rest in the flat one, `lost` how many have left that at any rate.
    """
    rates = np.geomspace(0.005, 1.2, 48)
    apart = np.random.default_rng(0).uniform(-0.1, 0.1, (2, 50))

    def ends(well: tuple[float, float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return (rates, starts): at rest in the well; out of it; the step since which a run rests."""
        starts = np.tile(np.array(well)[:, None] + apart, len(rates))
        runs = descend_many("sharpflat", "sgd", starts, 5000, np.repeat(rates, apart.shape[1]))
        away = np.hypot(*(runs.final - np.array(well)[:, None]))
        rests = (runs.outcome == CONVERGED) & (away < 1e-3)
        shape = len(rates), apart.shape[1]
        return rests.reshape(shape), (away > 1).reshape(shape), runs.stopped_at.reshape(shape)

    sharp_rests, sharp_out, _steps = ends(SHARP)
    flat_rests, flat_out, steps = ends(FLAT)
    calm = int(np.argmin(sharp_rests.all(axis=1)))
    left = len(rates) - int(np.argmin(np.flip(sharp_out.all(axis=1))))
    slow, fast = (float(np.median(steps[np.argmin(np.abs(rates - lr))])) for lr in (0.01, 0.1))
    return {
        "limit": float(stable_rate(quadratic_model("sharpflat", SHARP).eigenvalues.max())),
        "rests": float(rates[calm - 1]),
        "restless": not np.any(sharp_rests[calm:left]),
        "leaves": float(rates[left]) if left < len(rates) else np.inf,
        "stays": float(rates[np.flatnonzero(flat_rests.all(axis=1))[-1]]),
        "lost": int(flat_out.sum()),
        "slower": slow / fast,
        "better": bool(surface_of("sharpflat").value(*SHARP) < surface_of("sharpflat").value(*FLAT)),
    }


def _sharpness_at_the_end() -> dict:
    """The median sharpness at rest from random starts at three rates, and the largest part of the limit 2/rate."""
    starts, rates = random_starts("hyperbola", 4000), {"small": 0.05, "middle": 0.1, "large": 0.2}
    rest = {name: _rests("hyperbola", starts, rate)[0] for name, rate in rates.items()}
    medians = {name: float(np.median(found)) for name, found in rest.items()}
    return medians | {"most": max(float(rest[name].max() * rate / 2) for name, rate in rates.items())}


QUESTIONS = (
    Question(
        key="reachable_minima",
        text=T("Himmelblau with rate 0.02: which of its four minima can gradient descent still reach?"),
        options=(
            T("All four: they are equally deep"),
            T("(3, 2) and (−2.81, 3.13)"),
            T("(−3.78, −3.28) and (3.58, −1.85)"),
        ),
        answer=1,
        because=T(
            "{first} % of the starts end in (3, 2), {second} % in (−2.81, 3.13), {others} % in the other two: their "
            "largest eigenvalues are {sharp:.0f} and more, above 2/0.02 = {limit:.0f}, and every step there overshoots "
            "by more."
        ),
        measured=_too_sharp,
        right=_reached_index,
    ),
    Question(
        key="final_sharpness",
        text=T(
            "Every point of the hyperbola xy = 1 is a minimum. Start (4, 0.5), rate 0.15: how sharp is it at the end?"
        ),
        options=(T("As sharp as it began"), T("At the limit 2/0.15 = 13.3"), T("Flatter than the limit")),
        answer=2,
        because=T(
            "From sharpness {first} it is thrown out, and comes to rest at {final}, below the limit of {limit:.1f}. "
            "From 400 starts around this one: at {low:.1f} to {high:.1f}."
        ),
        measured=_final_sharpness,
        right=_sharpness_index,
    ),
    Question(
        key="line_search",
        text=T(
            "Ravine with condition number 100, random starts: the best rate in every single step, against the best "
            "constant rate. What does it gain?"
        ),
        options=(T("It mostly arrives in a tenth of the steps"), T("It halves the steps"), T("Next to nothing")),
        answer=0,
        because=T(
            "To a millionth of the first value it takes {search:.0f} steps in the median of 100 starts, the best "
            "constant rate {constant:.0f}. There are bad starts: from (100, 1) it takes {worst}, the constant rate "
            "{worst_constant}."
        ),
        measured=_line_search_steps,
        right=lambda search, constant, **_worst: (
            0
            if search < 0.1 * constant
            else 1
            if 0.4 < search / constant < 0.6
            else 2
            if search > 0.9 * constant
            else None
        ),
    ),
)

_RAVINE = {
    "surface": "ravine",
    "ravine_condition": 100.0,
    "ravine_angle": 0.0,
    "x": RAVINE_START[0],
    "y": RAVINE_START[1],
    "exact": True,
    "picture": "sweep",
}

CLAIMS = (
    Claim(
        key="update",
        text=T("Gradient descent repeats θ ← θ − η∇J(θ)."),
        verdict="shown",
        condition=T("So on a bowl each step multiplies the error along an eigenvector of the Hessian by 1 − ηλ."),
        reading=T("50 random bowls, rates and starts: every step agrees to {deviation:.0e} of the first error."),
        settings=_RAVINE | {"steps": 500, "lr_sgd": 0.0185},
        measured=_law_deviation,
        holds=lambda deviation: deviation < 1e-9,
    ),
    Claim(
        key="sensitive_to_the_rate",
        text=T("Gradient descent is sensitive to the learning rate: too small is slow, too large does not converge."),
        verdict="shown",
        condition=T("{count} surfaces, against the best rate of each."),
        reading=T(
            "A tenth of it takes {slower:.0f} times the steps in the median; at twice as much {over:.0f} % arrive."
        ),
        settings=_RAVINE | {"steps": 2000, "lr_sgd": 0.0201},
        measured=_tuned_rates,
        holds=lambda count, slower, least, over: slower > 5 and least > 2 and over < 20,
    ),
    Claim(
        key="convex_means_global",
        text=T("For convex problems gradient descent reaches the global optimum."),
        verdict=T("only if"),
        condition=T("The rate is below 2/λₘₐₓ, and there is no kink."),
        reading=T(
            "Of {runs} random bowls, starts and rates {below} arrive below the limit and {above} above it; into a "
            "valley with a kink {kink}."
        ),
        settings={
            "surface": "booth",
            "x": -8.0,
            "y": 8.0,
            "steps": 500,
            "exact": True,
            "lr_sgd": 0.12,
            "picture": "sweep",
        },
        measured=_convex_reach,
        holds=lambda runs, below, above, kink: below == runs and above == 0 and kink < runs / 10,
    ),
    Claim(
        key="local_optimum",
        text=T("On non-convex problems gradient descent finds a local optimum, with good generalisation."),
        verdict=T("only if"),
        condition=T("It is flat enough for the rate: λₘₐₓ < 2/η. Two parameters cannot show generalisation."),
        reading=T(
            "Himmelblau: {small:.0f} % of the starts find one at rate 0.01, {large:.0f} % at 0.02. On five surfaces "
            "{low:.0f} to {high:.0f} % find the lowest."
        ),
        settings={
            "surface": "himmelblau",
            "x": 0.0,
            "y": 0.0,
            "steps": 500,
            "exact": True,
            "lr_sgd": 0.02,
            "picture": "basins",
        },
        measured=_local_minima,
        holds=lambda small, large, sharp, low, high: small > 99 and sharp < 1 and large < 60 and 0 < low < high < 90,
    ),
    Claim(
        key="small_and_large_rates",
        text=T("A small rate is precise, but slow and easily stuck; a large one is fast, jumps out and oscillates."),
        verdict=T("only if"),
        condition=T("It jumps out of sharp wells only, here out of the better one."),
        reading=T(
            "Sharp well, 2/λₘₐₓ = {limit:.3f}: all rest up to {rests:.3f}, all leave from {leaves:.2f} on. In the "
            "flat one rate 0.01 is {slower:.0f} times slower than 0.1."
        ),
        settings={
            "surface": "sharpflat",
            "x": -1.4,
            "y": 0.05,
            "steps": 500,
            "exact": True,
            "lr_sgd": 0.2,
            "picture": "basins",
        },
        measured=_between_wells,
        holds=lambda limit, rests, restless, leaves, stays, lost, slower, better: (
            0.8 * limit < rests <= limit < leaves < stays and restless and lost == 0 and slower > 3 and better
        ),
    ),
    Claim(
        key="rate_and_fitting",
        text=T("A large learning rate underfits more easily, a small one overfits more easily."),
        verdict=T("only if"),
        condition=T("Two parameters cannot show fitting, only a reason for it: no rest in minima sharper than 2/η."),
        reading=T(
            "On the curve xy = 1, median sharpness of 4000 ends: {small:.1f} at rate 0.05, {middle:.1f} at 0.1, "
            "{large:.1f} at 0.2."
        ),
        settings={
            "surface": "hyperbola",
            "x": 4.0,
            "y": 0.5,
            "steps": 500,
            "exact": True,
            "lr_sgd": 0.2,
            "picture": "basins",
        },
        measured=_sharpness_at_the_end,
        holds=lambda small, middle, large, most: small > 1.05 * middle and middle > 1.05 * large and most < 1.01,
    ),
)
