"""The curvature microscope: questions and claims on what the second derivatives say about a point."""

import numpy as np

from core.analysis.critical_points import Atlas, find, newton_walk
from core.analysis.curvature import error_growth, model_error, quadratic_model
from core.analysis.newton import newton_shares
from core.analysis.tuning import random_starts
from core.engine.spec import Surface
from core.memory import remembered
from core.resolve import surface_of
from core.text import T
from teaching.contract import Claim, Question

SMOOTH = (
    *("beale", "rosenbrock", "widening", "cliff", "saddle_bounded", "monkey_bounded", "doublewell", "sharpflat"),
    *("himmelblau", "camel3", "camel6", "styblinski", "branin", "mccormick", "goldstein"),
)
"""Smooth surfaces that are no parabolas, with few critical points."""


@remembered(len(SMOOTH), T("Looking for critical points"))
def _atlas(key: str) -> Atlas:
    return find(key)


def _proven() -> list[Atlas]:
    """Return the atlases whose lists are proven complete, on smooth surfaces."""
    return [_atlas(key) for key in SMOOTH if _atlas(key).complete]


def _highest_saddle() -> dict:
    saddle = max((p for p in _atlas("himmelblau").points if p.kind == "saddle"), key=lambda p: p.value)
    small, large = saddle.eigenvalues
    return {"small": small, "large": large, "x": saddle.x, "y": saddle.y}


def _kind_of_the_saddle(small: float, large: float, x: float, y: float) -> int | None:
    if (round(small, 1), round(large, 1)) != (-50.6, 20.3):  # another point than the one in the question
        return None
    return 0 if small > 0 else 2 if large < 0 else 1


def _count_on_six_hump_camel() -> dict:
    found = _atlas("camel6")
    return {"points": len(found.points), "proven": found.complete} | found.counts


def _newton_on_himmelblau() -> dict:
    """Where Newton ends from the origin, and the shares in percent of random starts by kind."""
    walk = newton_walk("himmelblau", (0.0, 0.0))
    starts = random_starts("himmelblau", 2000, seed=0)
    shares = {kind: 100 * share for kind, share in newton_shares("himmelblau", starts).items()}
    error = float(np.sqrt(shares["minimum"] * (100 - shares["minimum"]) / starts.shape[1]))
    return {"where": walk.where, "steps": len(walk.path) - 1, "end": walk.path[-1], "error": error, **shares}


def _deviation_from_differences() -> dict:
    """The largest difference between Hessians and central differences of the gradient, beside the largest entry."""
    worst, count = 0.0, 0
    for surface in map(surface_of, SMOOTH):
        for x, y in random_starts(surface, 10).T:
            h = 1e-5
            along_x = np.subtract(surface.gradient(x + h, y), surface.gradient(x - h, y)) / (2 * h)
            along_y = np.subtract(surface.gradient(x, y + h), surface.gradient(x, y - h)) / (2 * h)
            hessian = quadratic_model(surface, (float(x), float(y))).hessian
            worst = max(worst, float(np.abs([along_x, along_y] - hessian).max() / np.abs(hessian).max()))
            count += 1
    return {"points": count, "deviation": worst}


def _error_of_the_model() -> dict:
    """The least order of the error near critical points, and its size on Himmelblau in percent of rho^2 |lambda| / 2.

    The size is the largest over the points at a distance of 0.01, and the least at 0.3.
    """
    orders = []
    for found in _proven():
        for p in found.points:
            orders.append(error_growth(found.surface, quadratic_model(found.surface, (p.x, p.y)), 1.0).order)
    radius = np.array([0.01, 0.3])
    errors = []
    for p in _atlas("himmelblau").points:
        error = model_error("himmelblau", quadratic_model("himmelblau", (p.x, p.y)), radius)
        errors.append(100 * error / (0.5 * radius**2 * np.abs(p.eigenvalues).max()))
    near, far = np.max(errors, axis=0)[0], np.min(errors, axis=0)[1]
    return {"points": len(orders), "order": float(np.min(orders)), "near": float(near), "far": float(far)}


def _rises(surface: Surface, x: float, y: float) -> tuple[float, float]:
    """Return the lowest and the highest rise of the surface on a small circle around a point."""
    angle = np.linspace(0, 2 * np.pi, 720)
    rise = surface.value(x + 1e-4 * np.cos(angle), y + 1e-4 * np.sin(angle)) - surface.value(x, y)
    return float(rise.min()), float(rise.max())


def _signs_against_heights() -> dict:
    """How many points the signs name as the heights around them do, and the lowest rise where they are silent."""
    right = points = 0
    for found in _proven():
        for p in found.points:
            if p.kind == "degenerate":
                continue
            low, high = _rises(found.surface, p.x, p.y)
            kind = "minimum" if low > 0 else "maximum" if high < 0 else "saddle"
            right, points = right + (kind == p.kind), points + 1
    silent = {"monkey": (0.0, 0.0), "hyperbola": (1.0, 1.0)}
    ends = [newton_walk(key, point).where for key, point in silent.items()]
    lowest = {key: _rises(surface_of(key), *point)[0] for key, point in silent.items()}
    return {
        "right": right,
        "points": points,
        "silent": ends.count("degenerate"),
        "monkey": lowest["monkey"],
        "valley": lowest["hyperbola"],
    }


QUESTIONS = (
    Question(
        key="signs_of_eigenvalues",
        text=T("A critical point has the eigenvalues −50.6 and 20.3. What is it?"),
        options=(T("A minimum"), T("A saddle"), T("A maximum")),
        answer=1,
        because=T(
            "{small:.4g} and {large:.4g}: down along one direction, up along the other. "
            "It is the saddle of Himmelblau at ({x:.3f}, {y:.3f})."
        ),
        measured=_highest_saddle,
        right=_kind_of_the_saddle,
    ),
    Question(
        key="points_of_six_hump_camel",
        text=T("How many critical points has the six-hump camel in its window, and how many of them are minima?"),
        options=(T("6, all of them minima"), T("9, of which 4 are minima"), T("15, of which 6 are minima")),
        answer=2,
        because=T(
            "{points}: {minimum} minima, {saddle} saddles and {maximum} maxima. It is proven that there are no more."
        ),
        measured=_count_on_six_hump_camel,
        right=lambda points, minimum, proven, **_others: (
            {(6, 6): 0, (9, 4): 1, (15, 6): 2}.get((points, minimum)) if proven else None
        ),
    ),
    Question(
        key="newton_from_the_origin",
        text=T("Newton's method starts on Himmelblau from (0, 0). Where does it end?"),
        options=(T("In the nearest minimum"), T("On a saddle"), T("On the local maximum")),
        answer=2,
        because=T(
            "On the maximum ({end[0]:.3f}, {end[1]:.3f}), after {steps} steps: it looks for any point without slope. "
            "Of 2000 random starts {minimum:.1f} % end in minima, {saddle:.1f} % on saddles and {maximum:.1f} % on the "
            "maximum (seed 0, ± {error:.1f} %)."
        ),
        measured=_newton_on_himmelblau,
        right=lambda where, **_others: {"minimum": 0, "saddle": 1, "maximum": 2}.get(where),
    ),
)

CLAIMS = (
    Claim(
        key="hessian_of_second_derivatives",
        text=T("The Hessian holds the second derivatives, H_ij = ∂²f / ∂x_i ∂x_j."),
        verdict="shown",
        condition=T("Compared with central differences of the gradient at {points} random points of smooth surfaces."),
        reading=T("Largest deviation: {deviation:.0e} of the largest entry."),
        settings={"surface": "himmelblau", "x": 0.0, "y": 0.0, "map": "height", "snap": False, "blind": False},
        measured=_deviation_from_differences,
        errors={"deviation": 1e-7},
        holds=lambda points, deviation: 0 < deviation < 1e-6,
    ),
    Claim(
        key="taylor_at_a_critical_point",
        text=T("At a critical point θ′ the loss is L(θ) ≈ L(θ′) + ½ (θ − θ′)ᵀ H (θ − θ′)."),
        verdict=T("only if"),
        condition=T(
            "Near the point: the error grows like the cube of the distance or faster ({points} critical points)."
        ),
        reading=T(
            "Himmelblau, error beside the model: below {near:.1f} % at a distance of 0.01, above {far:.0f} % at 0.3."
        ),
        settings={
            "surface": "himmelblau",
            "x": 3.0,
            "y": 2.0,
            "map": "height",
            "model": True,
            "snap": False,
            "blind": False,
        },
        measured=_error_of_the_model,
        holds=lambda points, order, near, far: order > 2.9 and far > 10 * near,
    ),
    Claim(
        key="signs_decide_the_type",
        text=T("vᵀHv > 0 is a minimum, vᵀHv < 0 a maximum, and both signs make a saddle."),
        verdict=T("only if"),
        condition=T("For every v ≠ 0. Where an eigenvalue is zero there is no answer."),
        reading=T(
            "Right at {right} of {points} critical points. Silent at the monkey saddle, which falls, and in the "
            "valley xy = 1, which does not."
        ),
        settings={
            "surface": "monkey",
            "x": 0.0,
            "y": 0.0,
            "map": "signs",
            "model": True,
            "snap": False,
            "blind": False,
        },
        measured=_signs_against_heights,
        holds=lambda right, points, silent, monkey, valley: (
            right == points > 0 and silent == 2 and monkey < 0 <= valley
        ),
    ),
)
