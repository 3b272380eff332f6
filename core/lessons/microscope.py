"""The curvature microscope: questions and claims on what the second derivatives say about a point."""

from functools import cache

import numpy as np

from core.critical_points import Atlas, find, newton_walk
from core.curvature import model_error, quadratic_model
from core.lessons import Claim, Question
from core.traps import newton_shares
from core.tuning import random_starts


@cache
def _atlas(key: str) -> Atlas:
    return find(key)


def _highest_saddle() -> dict:
    saddle = max((p for p in _atlas("himmelblau").points if p.kind == "saddle"), key=lambda p: p.value)
    small, large = saddle.eigenvalues
    return {"small": small, "large": large, "x": saddle.x, "y": saddle.y}


def _count_on_six_hump_camel() -> dict:
    return {"points": len(_atlas("camel6").points)} | _atlas("camel6").counts


def _newton_on_himmelblau() -> dict:
    """Where Newton ends from the origin, and the shares in percent of random starts by kind."""
    walk = newton_walk("himmelblau", (0.0, 0.0))
    starts = random_starts("himmelblau", 2000, seed=0)
    shares = {kind: 100 * share for kind, share in newton_shares("himmelblau", starts).items()}
    error = float(np.sqrt(shares["minimum"] * (100 - shares["minimum"]) / starts.shape[1]))
    return {"where": walk.where, "steps": len(walk.path) - 1, "end": walk.path[-1], "error": error, **shares}


def _deviation_from_differences() -> dict:
    """The largest difference between Hessians and central differences of the gradient, beside the largest entry."""
    h, worst, found = 1e-5, 0.0, _atlas("himmelblau")
    for p in found.points:
        along_x = np.subtract(found.surface.gradient(p.x + h, p.y), found.surface.gradient(p.x - h, p.y)) / (2 * h)
        along_y = np.subtract(found.surface.gradient(p.x, p.y + h), found.surface.gradient(p.x, p.y - h)) / (2 * h)
        hessian = quadratic_model(found.surface, (p.x, p.y)).hessian
        worst = max(worst, float(np.abs([along_x, along_y] - hessian).max() / np.abs(hessian).max()))
    return {"points": len(found.points), "deviation": worst}


def _error_of_the_model() -> dict:
    """The least and the largest error, in percent of rho^2 |lambda|_max / 2, over the critical points of Himmelblau."""
    radius = np.array([0.01, 0.1, 0.3])
    errors = []
    for p in _atlas("himmelblau").points:
        error = model_error("himmelblau", quadratic_model("himmelblau", (p.x, p.y)), radius)
        errors.append(100 * error / (0.5 * radius**2 * np.abs(p.eigenvalues).max()))
    low, high = np.min(errors, axis=0), np.max(errors, axis=0)
    return {f"{end}_{k}": float(row[k]) for k in range(3) for end, row in (("low", low), ("high", high))}


def _rises(key: str, x: float, y: float) -> tuple[float, float]:
    """Return the lowest and the highest rise of the surface on a small circle around a point."""
    angle = np.linspace(0, 2 * np.pi, 720)
    surface = _atlas(key).surface
    rise = surface.value(x + 1e-4 * np.cos(angle), y + 1e-4 * np.sin(angle)) - surface.value(x, y)
    return float(rise.min()), float(rise.max())


def _signs_against_heights() -> dict:
    right = points = 0
    for key in ("himmelblau", "camel6"):
        for p in _atlas(key).points:
            low, high = _rises(key, p.x, p.y)
            kind = "minimum" if low > 0 else "maximum" if high < 0 else "saddle"
            right, points = right + (kind == p.kind), points + 1
    silent = {key: newton_walk(key, point).where for key, point in (("monkey", (0.0, 0.0)), ("hyperbola", (1.0, 1.0)))}
    return {
        "right": right,
        "points": points,
        "silent": sum(where == "degenerate" for where in silent.values()),
        "monkey": _rises("monkey", 0.0, 0.0)[0],
        "valley": _rises("hyperbola", 1.0, 1.0)[0],
    }


QUESTIONS = (
    Question(
        key="signs_of_eigenvalues",
        text="A critical point has the eigenvalues −50.6 and 20.3. What is it?",
        options=("A minimum", "A saddle", "A maximum"),
        answer=1,
        because=(
            "{small:.4g} and {large:.4g}: down along one direction, up along the other. "
            "It is the saddle of Himmelblau at ({x:.3f}, {y:.3f})."
        ),
        measured=_highest_saddle,
        right=lambda small, large, x, y: ("minimum", "saddle", "maximum").index(
            "minimum" if small > 0 else "maximum" if large < 0 else "saddle"
        ),
    ),
    Question(
        key="points_of_six_hump_camel",
        text="How many critical points has the six-hump camel in its window, and how many of them are minima?",
        options=("6, all of them minima", "9, of which 4 are minima", "15, of which 6 are minima"),
        answer=2,
        because=(
            "{points}: {minimum} minima, {saddle} saddles and {maximum} maxima. It is proven that there are no more."
        ),
        measured=_count_on_six_hump_camel,
        right=lambda points, minimum, saddle, maximum, degenerate: ((6, 6), (9, 4), (15, 6)).index((points, minimum)),
    ),
    Question(
        key="newton_from_the_origin",
        text="Newton's method starts on Himmelblau from (0, 0). Where does it end?",
        options=("In the nearest minimum", "On a saddle", "On the local maximum"),
        answer=2,
        because=(
            "On the maximum ({end[0]:.3f}, {end[1]:.3f}), after {steps} steps: it looks for any point without slope. "
            "Of 2000 random starts {minimum:.1f} % end in minima, {saddle:.1f} % on saddles and {maximum:.1f} % on the "
            "maximum (seed 0, ± {error:.1f} %)."
        ),
        measured=_newton_on_himmelblau,
        right=lambda where, **_others: ("minimum", "saddle", "maximum").index(where),
    ),
)

CLAIMS = (
    Claim(
        key="hessian_of_second_derivatives",
        text="The Hessian holds the second derivatives, H_ij = ∂²f / ∂x_i ∂x_j.",
        verdict="shown",
        condition="Compared with central differences of the gradient at the critical points of Himmelblau.",
        reading="Largest deviation at {points} points: {deviation:.1e} of the largest entry.",
        settings={"surface": "himmelblau", "x": 0.0, "y": 0.0, "map": "height", "snap": False, "blind": False},
        measured=_deviation_from_differences,
        holds=lambda points, deviation: points == 9 and 0 < deviation < 1e-7,
    ),
    Claim(
        key="taylor_at_a_critical_point",
        text="At a critical point θ′ the loss is L(θ) ≈ L(θ′) + ½ (θ − θ′)ᵀ H (θ − θ′).",
        verdict="only if",
        condition="Near the point: the error grows with the cube of the distance, the model itself with the square.",
        reading=(
            "Error on Himmelblau, beside ½ρ² times the larger eigenvalue: {low_0:.2f} to {high_0:.2f} % at a distance "
            "of 0.01, {low_1:.1f} to {high_1:.1f} % at 0.1 and {low_2:.1f} to {high_2:.1f} % at 0.3."
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
        holds=lambda low_0, high_0, low_1, high_1, low_2, high_2: (
            high_0 < 0.5 and 9 < high_1 / high_0 < 11 and low_2 > 10 * low_0
        ),
    ),
    Claim(
        key="signs_decide_the_type",
        text="vᵀHv > 0 is a minimum, vᵀHv < 0 a maximum, and both signs make a saddle.",
        verdict="only if",
        condition=(
            "The sign must be the same for every v ≠ 0, which the two eigenvalues decide. "
            "Where one of them is zero there is no answer."
        ),
        reading=(
            "The signs name {right} of {points} critical points as the heights around them do. They are silent at the "
            "centre of the monkey saddle and in the valley xy = 1. Yet on a circle of radius 0.0001 the lowest rise is "
            "{monkey:.0e} around the first, a saddle, and {valley:.0e} around the second, a minimum."
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
            right == points == 24 and silent == 2 and monkey < 0 <= valley
        ),
    ),
)
