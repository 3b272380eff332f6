"""The gradient compass: questions and claims on which way is down, and for how far."""

import numpy as np

from core.compass import best_direction, law_error, slope, step_slope
from core.lessons import Claim, Question

SURFACE, POINT = "rosenbrock", (-1.0, 1.5)
PLACE = {"surface": SURFACE, "x": -1.0, "y": 1.5}


def _steepest() -> tuple[float, float]:
    """Return the length of the gradient and its direction in radians."""
    f_x, f_y = slope(SURFACE, POINT, 0.0), slope(SURFACE, POINT, np.pi / 2)
    return float(np.hypot(f_x, f_y)), float(np.arctan2(f_y, f_x))


def _slopes_at_an_angle() -> dict:
    size, up = _steepest()
    return {"size": size, "along": slope(SURFACE, POINT, up + np.pi / 3)}


def _partial_derivatives() -> dict:
    """Slopes along the axes by central differences, as the definition has them, beside the gradient."""
    h = 1e-6
    east, north = (
        float(step_slope(SURFACE, POINT, a, h) - step_slope(SURFACE, POINT, a + np.pi, h)) / 2 for a in (0, np.pi / 2)
    )
    return {"east": east, "north": north, "f_x": slope(SURFACE, POINT, 0.0), "f_y": slope(SURFACE, POINT, np.pi / 2)}


def _law() -> dict:
    return {"size": _steepest()[0], "error": law_error(SURFACE, POINT)}


def _extremes() -> dict:
    """Directions of the greatest, zero and least slope among 3600, in degrees from the gradient."""
    _size, up = _steepest()
    angle = up + np.arange(3600) * np.pi / 1800
    measured = step_slope(SURFACE, POINT, angle, 1e-7)
    return {
        "greatest": float(np.argmax(measured)) / 10,
        "zero": float(np.argmin(np.abs(measured[:1800]))) / 10,
        "least": float(np.argmin(measured)) / 10,
    }


def _long_steps() -> dict:
    """How far the best direction is from the gradient's for three lengths, and what the longest step does."""
    before, best = _half_a_step(), {s: best_direction(SURFACE, POINT, s) for s in (0.05, 0.2, 0.5)}
    return {f"off_{round(100 * s)}": float(np.degrees(found.off)) for s, found in best.items()} | before


def _half_a_step() -> dict:
    best = best_direction(SURFACE, POINT, 0.5)
    down = best.steepest_angle
    before = best.steepest_value - 0.5 * step_slope(SURFACE, POINT, down, 0.5)
    return {
        "before": float(before),
        "steepest": best.steepest_value,
        "lowest": best.value,
        "off": float(np.degrees(best.off)),
    }


QUESTIONS = (
    Question(
        key="slope_at_60_degrees",
        text="In a direction 60° away from the gradient, how steep is the surface?",
        options=("As steep as along the gradient", "Half as steep", "A third less steep"),
        answer=1,
        because="The slope is |∇f| cos 60°: {along:.2f} where the gradient has {size:.2f}.",
        measured=_slopes_at_an_angle,
        right=lambda size, along: int(np.argmin(np.abs(np.array([1, 1 / 2, 2 / 3]) - along / size))),
    ),
    Question(
        key="half_a_step_down",
        text="Rosenbrock at (−1, 1.5): does a step of length 0.5 against the gradient lower f?",
        options=("Yes, that is the fastest way down", "No, it raises f"),
        answer=1,
        because=(
            "From {before:.2f} up to {steepest:.1f}. The best direction for this length is {off:.1f}° away "
            "and ends at {lowest:.2f}."
        ),
        measured=_half_a_step,
        right=lambda before, steepest, lowest, off: int(steepest > before),
    ),
)

CLAIMS = (
    Claim(
        key="partial_derivatives",
        text="Derivative, partial derivative, directional derivative: each is a rate along a line.",
        verdict="shown",
        condition="The partial derivatives are the slopes along the axes, at 0° and 90°.",
        reading="Measured by differences: {east:.4f} and {north:.4f}; the gradient is ({f_x:.4f}, {f_y:.4f}).",
        settings=PLACE | {"angle": 0, "length": -3.0},
        measured=_partial_derivatives,
        holds=lambda east, north, f_x, f_y: abs(east - f_x) < 1e-5 and abs(north - f_y) < 1e-5,
    ),
    Claim(
        key="cosine_law",
        text="The slope in any direction is f_x cos α + f_y cos β.",
        verdict="shown",
        condition="Where f is differentiable; at a kink it fails.",
        reading="In 24 directions the measured slope misses the law by at most {error:.1e}, where |∇f| = {size:.3f}.",
        settings=PLACE | {"angle": 87, "length": -3.0},
        measured=_law,
        holds=lambda size, error: error < 1e-9 * size,
    ),
    Claim(
        key="fastest_direction",
        text="The slope is |∇f| cos θ: greatest along the gradient, zero across it, least against it.",
        verdict="shown",
        condition="Steps of 1e-7 in 3600 directions, in degrees from the gradient.",
        reading="Greatest at {greatest:.1f}°, zero at {zero:.1f}°, least at {least:.1f}°.",
        settings=PLACE | {"angle": -153, "length": -3.0},
        measured=_extremes,
        holds=lambda greatest, zero, least: (
            min(greatest, 360 - greatest) < 0.2 and abs(zero - 90) < 0.2 and abs(least - 180) < 0.2
        ),
    ),
    Claim(
        key="steepest_descent",
        text="Against the gradient the function falls fastest.",
        verdict="only if",
        condition="Only if the step is short. The longer it is, the further away the best direction.",
        reading=(
            "The best direction is {off_5:.2f}° off for a step of 0.05, {off_20:.2f}° for 0.2, {off_50:.1f}° for 0.5. "
            "There f ends at {lowest:.2f} in the best direction, and against the gradient it rises from {before:.0f} "
            "to {steepest:.1f}."
        ),
        settings=PLACE | {"angle": -89, "length": -0.3},
        measured=_long_steps,
        holds=lambda off_5, off_20, off_50, before, steepest, lowest, off: (
            off_5 < 1 < off_20 < off_50 and lowest < before < steepest
        ),
    ),
)
