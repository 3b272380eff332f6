"""One step size: questions and claims on how large the learning rate may be, and what it decides."""

import numpy as np

from core import Noise, descend, descend_many
from core.basins import BasinMap, basin_map
from core.critical_points import find
from core.curvature import stable_rate
from core.lessons import Claim, Question
from core.spec import Goal
from core.step_size import eigen_errors, line_search, sharpness
from core.tuning import random_starts

RAVINE_START = (-10.0, 1.0)
RAVINE_GOAL = Goal("value below", 1e-4)
WORST_START = (100.0, 1.0)
"""From here steepest descent on the ravine with condition number 100 is as slow as it can be."""
RUNS = 400


def _percent(part: float, digits: int = 1) -> float:
    return round(100 * part, digits)


def _minima_reached(found: BasinMap) -> list[float]:
    """Return what part of the window ends in each minimum, in percent, the flattest minimum first."""
    minima = [(p.eigenvalues[1], k) for k, p in enumerate(found.atlas.points) if p.kind == "minimum"]
    return [_percent(found.share(k)) for _sharpness, k in sorted(minima)]


def _too_sharp() -> dict:
    """Which minima of Himmelblau still have a basin at rate 0.02: the flattest two, and the others."""
    flattest, flat, sharp, sharpest = _minima_reached(basin_map("himmelblau", "sgd", 200, 500, 0.02))
    return {"flattest": flattest, "flat": flat, "sharp": round(sharp + sharpest, 1)}


def _reached_index(flattest: float, flat: float, sharp: float) -> int:
    if sharp > 1:
        return 0
    return 1 if min(flattest, flat) > 1 else 2


def _final_sharpness() -> dict:
    run = descend("hyperbola", "sgd", (4.0, 0.5), 2000, 0.15)
    along = sharpness(run)
    return {"first": round(float(along[0]), 1), "final": round(float(along[-1]), 2), "limit": 2 / 0.15}


def _line_search_steps() -> dict:
    search = line_search("ravine", WORST_START, 1000)
    goal = Goal("value below", 1e-6 * float(search.value[0]))
    best = descend("ravine", "sgd", WORST_START, 1000, 2 / 101, goal=goal)
    return {
        "search": search.first_below(goal.level),
        "constant": best.first,
        "cosine": float(search.cosine[: search.first_below(goal.level)].max()),
    }


def _ravine_steps() -> dict:
    steps = {
        name: descend("ravine", "sgd", RAVINE_START, 20_000, rate, goal=RAVINE_GOAL)
        for name, rate in (("slow", 0.001), ("best", 0.0198), ("late", 0.0199), ("never", 0.02), ("over", 0.0201))
    }
    rest = {name: run.first for name, run in steps.items()}
    return rest | {"diverged_at": steps["over"].stopped_at if steps["over"].status == "diverged" else -1}


def _law_deviation() -> dict:
    run = descend("ravine", "sgd", RAVINE_START, 500, 0.0185)
    found = eigen_errors(run, find("ravine").points[0])
    return {"deviation": float(np.abs(found.error / found.law - 1).max())}


def _convex_reach() -> dict:
    def reached(surface: str, rate: float, minimum: tuple[float, float]) -> tuple[int, float]:
        goal = Goal("near", 1e-3, (minimum,))
        runs = descend_many(surface, "sgd", random_starts(surface, RUNS), 1000, rate, goal=goal)
        return int((runs.held >= 0).sum()), float(np.median(runs.first))

    booth, booth_steps = reached("booth", 0.1, (1.0, 3.0))
    matyas, matyas_steps = reached("matyas", 1.0, (0.0, 0.0))
    over, _steps = reached("booth", 0.12, (1.0, 3.0))
    return {
        "runs": RUNS,
        "booth": booth,
        "booth_steps": booth_steps,
        "matyas": matyas,
        "matyas_steps": matyas_steps,
        "over": over,
        "limit": float(stable_rate(18.0)),
    }


def _local_minima() -> dict:
    shares = _minima_reached(basin_map("himmelblau", "sgd", 200, 500, 0.01))
    starts = random_starts("styblinski", RUNS)
    near = Goal("near", 0.1, ((-2.903534, -2.903534),))
    best = float(np.mean(descend_many("styblinski", "sgd", starts, 2000, 0.01, goal=near).held >= 0))
    return {
        "least": min(shares),
        "most": max(shares),
        "best": _percent(best),
        "error": _percent(np.sqrt(best * (1 - best) / RUNS)),
    } | _too_sharp()


def _where_it_ends() -> dict:
    """Run the sharp and the flat well at rates from small to large; where is x at the end, and does it still move?"""
    numbers: dict = {}
    for name, rate in (("small", 0.04), ("middle", 0.1), ("large", 0.2), ("huge", 0.8)):
        run = descend("sharpflat", "sgd", (-1.4, 0.05), 3000, rate)
        numbers[f"{name}_x"] = round(float(run.path[-1, 0]), 2)
        numbers[f"{name}_rests"] = run.status == "converged"
        numbers[f"{name}_value"] = round(float(run.value[-1]), 3)
    return numbers | _left_by_noise()


def _left_by_noise() -> dict:
    """Percent of runs with gradient noise 2 at rate 0.05 that are more than 1 away from their well at the end."""
    numbers = {}
    for name, well in (("sharp", (-1.498567, 0.0)), ("flat", (1.458459, 0.0))):
        starts = np.tile(np.array(well)[:, None], RUNS)
        final = descend_many("sharpflat", "sgd", starts, 2000, 0.05, noise=Noise(2.0, 0)).final
        part = float(np.mean(np.hypot(final[0] - well[0], final[1] - well[1]) > 1))
        numbers[f"left_{name}"] = _percent(part)
        numbers[f"error_{name}"] = _percent(np.sqrt(part * (1 - part) / RUNS))
    return numbers


def _sharpness_at_the_end() -> dict:
    numbers: dict = {}
    for name, rate in (("small", 0.12), ("middle", 0.15), ("large", 0.2)):
        run = descend("hyperbola", "sgd", (4.0, 0.5), 3000, rate)
        numbers[name] = round(float(sharpness(run)[-1]), 2)
        numbers[f"{name}_limit"] = round(2 / rate, 1)
    return numbers | {"diverges": descend("hyperbola", "sgd", (4.0, 0.5), 3000, 0.3).status == "diverged"}


QUESTIONS = (
    Question(
        key="reachable_minima",
        text="Himmelblau with rate 0.02: which of its four minima can gradient descent still reach?",
        options=("All four: they are equally deep", "(3, 2) and (−2.81, 3.13)", "(−3.78, −3.28) and (3.58, −1.85)"),
        answer=1,
        because=(
            "{flat} % of the starts end in (3, 2), {flattest} % in (−2.81, 3.13), {sharp} % in the other two: their "
            "largest eigenvalues are above 2/0.02 = 100, and every step there overshoots by more."
        ),
        measured=_too_sharp,
        right=_reached_index,
    ),
    Question(
        key="final_sharpness",
        text="Every point of the hyperbola xy = 1 is a minimum. Start (4, 0.5), rate 0.15: how sharp is it at the end?",
        options=("As sharp as it began", "At the limit 2/0.15 = 13.3", "Much flatter than the limit"),
        answer=2,
        because="From sharpness {first} it is thrown out, and comes to rest at {final}, well below {limit:.1f}.",
        measured=_final_sharpness,
        right=lambda first, final, limit: 0 if final > 0.95 * first else 1 if final > 0.9 * limit else 2,
    ),
    Question(
        key="line_search",
        text="Ravine with condition number 100, start (100, 1): what does the best rate in every single step gain?",
        options=("It arrives in a few steps", "It halves the steps", "Next to nothing"),
        answer=2,
        because=(
            "To a millionth of the first value it takes {search} steps, the best constant rate {constant}. Every "
            "gradient is orthogonal to the one before (|cos| at most {cosine:.0e}): the zigzag stays."
        ),
        measured=_line_search_steps,
        right=lambda search, constant, cosine: 0 if search < 20 else 1 if search < 0.6 * constant else 2,
    ),
)

_RAVINE = {
    "surface": "ravine",
    "ravine_log_condition": 2.0,
    "ravine_angle": 0.0,
    "x": RAVINE_START[0],
    "y": RAVINE_START[1],
    "exact": True,
    "picture": "sweep",
}

CLAIMS = (
    Claim(
        key="update",
        text="Gradient descent repeats θ ← θ − η∇J(θ).",
        verdict="shown",
        condition="On a bowl each step multiplies the error along an eigenvector of the Hessian by 1 − ηλ.",
        reading="Largest relative deviation from that law in 500 steps: {deviation:.0e}.",
        settings=_RAVINE | {"steps": 500, "lr_sgd": 0.0185},
        measured=_law_deviation,
        holds=lambda deviation: deviation < 1e-9,
    ),
    Claim(
        key="sensitive_to_the_rate",
        text="Gradient descent is sensitive to the learning rate: too small is slow, too large diverges.",
        verdict="shown",
        condition="On the ravine the limit is 2/λₘₐₓ = 0.02, and the best rate is just below it.",
        reading=(
            "Steps to f < 0.0001: {slow} at 0.001, {best} at 0.0198, {late} at 0.0199; never at 0.02; at 0.0201 it has "
            "left all bounds in step {diverged_at}."
        ),
        settings=_RAVINE | {"steps": 2000, "lr_sgd": 0.0201},
        measured=_ravine_steps,
        holds=lambda slow, best, late, never, over, diverged_at: (
            0 < best < late < slow and never == over == -1 and diverged_at > 0
        ),
    ),
    Claim(
        key="convex_means_global",
        text="For convex problems gradient descent reaches the global optimum.",
        verdict="only if",
        condition="Only with a rate below 2/λₘₐₓ. Then from every start.",
        reading=(
            "Booth at 0.1: {booth} of {runs} random starts arrive, after {booth_steps:.0f} steps in the median; Matyas "
            "at 1: {matyas}, after {matyas_steps:.0f}. Booth at 0.12, above its limit of {limit:.3f}: {over}."
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
        holds=lambda runs, booth, matyas, over, booth_steps, matyas_steps, limit: (
            booth == matyas == runs and over == 0 and 0.1 < limit < 0.12 and booth_steps < matyas_steps
        ),
    ),
    Claim(
        key="local_optimum",
        text="On non-convex problems gradient descent finds a local optimum, with good generalisation.",
        verdict="only if",
        condition=(
            "A local one, yes, if it is flat enough for the rate: λₘₐₓ < 2/η. Which one, the start decides; the best "
            "is no likelier than the others. No surface of two parameters can show generalisation."
        ),
        reading=(
            "Himmelblau at 0.01: each of the four minima takes {least} to {most} % of the starts. At 0.02 two of them "
            "take {flattest} and {flat} %, the two that are too sharp {sharp} %. Styblinski-Tang: {best} ± {error} % "
            "end in the global minimum, one of four."
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
        holds=lambda least, most, best, error, flattest, flat, sharp: (
            least > 20 and most < 30 and sharp < 1 and min(flat, flattest) > 20 and abs(best - 25) < 3 * error
        ),
    ),
    Claim(
        key="small_and_large_rates",
        text="A small rate is precise, but slow and easily stuck; a large one is fast, jumps out and oscillates.",
        verdict="shown",
        condition=(
            "Between a sharp and a flat well. Jumping out is no virtue of its own: here the sharp well is the better."
        ),
        reading=(
            "From inside the sharp well: rate 0.04 rests there (f = {small_value}), 0.1 rattles about x = {middle_x}, "
            "0.2 and 0.8 end in the flat well at x = {large_x} (f = {large_value}). With gradient noise 2 and rate "
            "0.05, {left_sharp} ± {error_sharp} % leave the sharp well and {left_flat} ± {error_flat} % the flat one "
            "(400 runs each, seed 0)."
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
        measured=_where_it_ends,
        holds=lambda **n: (
            n["small_rests"]
            and n["small_x"] == -1.5
            and not n["middle_rests"]
            and abs(n["middle_x"] + 1.5) < 0.4
            and n["large_rests"]
            and n["huge_rests"]
            and n["large_x"] == n["huge_x"] == 1.46
            and n["large_value"] > n["small_value"]
            and n["left_sharp"] - 3 * n["error_sharp"] > n["left_flat"] + 3 * n["error_flat"]
        ),
    ),
    Claim(
        key="rate_and_fitting",
        text="A large learning rate underfits, a small one overfits.",
        verdict="only if",
        condition=(
            "Two parameters cannot show generalisation. They show the mechanism behind the saying: at a large rate "
            "gradient descent cannot rest in sharp minima."
        ),
        reading=(
            "On the curve xy = 1, from (4, 0.5): rate 0.12 ends at sharpness {small} (limit {small_limit}), 0.15 "
            "at {middle} ({middle_limit}), 0.2 at {large} ({large_limit}); 0.3 diverges."
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
        holds=lambda small, small_limit, middle, middle_limit, large, large_limit, diverges: (
            diverges
            and small < small_limit
            and middle < middle_limit
            and large < large_limit
            and small > middle > large
        ),
    ),
)
