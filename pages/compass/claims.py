"""The gradient compass: questions and claims on which way is down, and for how far."""

from collections.abc import Iterator

import numpy as np

from core.analysis.directions import best_direction, law_error, slope, step_slope
from core.analysis.tuning import random_starts
from core.engine.spec import Surface
from core.resolve import surface_of
from core.text import T
from teaching.contract import Claim, Question

SURFACE, POINT = "rosenbrock", (-1.0, 1.5)
ELSEWHERE = (
    *(
        "bowl",
        "ravine",
        "ravine45",
        "booth",
        "matyas",
        "rosenbrock",
        "beale",
        "widening",
        "cliff",
        "hyperbola",
        "saddle",
    ),
    *("monkey", "doublewell", "sharpflat", "himmelblau", "camel3", "camel6", "styblinski", "branin", "mccormick"),
    *("goldstein", "easom", "michalewicz", "griewank", "rastrigin", "ackley", "levy13", "dropwave", "schaffer2"),
    *("l1valley", "crossintray", "holder", "bukin6", "eggholder"),
)
"""Surfaces at whose random points the laws are asked."""
PLACE = {"surface": SURFACE, "x": -1.0, "y": 1.5}


def _steepest() -> tuple[float, float]:
    """Return the length of the gradient and its direction in radians."""
    f_x, f_y = slope(SURFACE, POINT, 0.0), slope(SURFACE, POINT, np.pi / 2)
    return float(np.hypot(f_x, f_y)), float(np.arctan2(f_y, f_x))


def _points() -> Iterator[tuple[Surface, tuple[float, float], float]]:
    """Yield five random points of each surface, and the length of the gradient there; none lies on a kink."""
    for surface in map(surface_of, ELSEWHERE):
        for x, y in random_starts(surface, 5).T:
            yield surface, (float(x), float(y)), float(np.hypot(*surface.gradient(x, y)))


def _difference(surface: Surface | str, point: tuple[float, float], angle, h: float = 1e-6):
    """Return the slope along a line by central differences, as the definition has it."""
    return (step_slope(surface, point, angle, h) - step_slope(surface, point, angle + np.pi, h)) / 2


def _slopes_at_an_angle() -> dict:
    """Slopes at 60 degrees by differences: at the place of the page, and as parts of the gradient at random points."""
    size, up = _steepest()
    parts = []
    for surface, point, length in _points():
        f_x, f_y = surface.gradient(*point)
        parts.append(_difference(surface, point, np.arctan2(f_y, f_x) + np.pi / 3) / length)
    along = float(_difference(SURFACE, POINT, up + np.pi / 3))
    least, most = float(min(parts)), float(max(parts))
    where = {"points": len(parts), "surfaces": len(ELSEWHERE)}
    return {"size": size, "along": along, "least": least, "most": most} | where


def _part_of_the_gradient(size: float, along: float, least: float, most: float, **_where) -> int | None:
    parts = np.array([1, 1 / 2, 2 / 3])
    index = int(np.argmin(np.abs(parts - along / size)))
    return index if max(most - parts[index], parts[index] - least) < 1e-3 else None


def _partial_derivatives() -> dict:
    """Slopes along the axes by central differences beside the gradient: here, and the worst of all random points."""
    worst, points = 0.0, 0
    for surface, point, length in _points():
        off = _difference(surface, point, np.array([0, np.pi / 2])) - np.array(surface.gradient(*point))
        worst, points = max(worst, float(np.abs(off).max() / length)), points + 1
    east, north = _difference(SURFACE, POINT, np.array([0, np.pi / 2]))
    return {"east": float(east), "north": float(north), "worst": worst, "points": points}


def _law() -> dict:
    """How far measured slopes miss the law, in parts of the gradient: at random points, and on a kink."""
    misses = [law_error(surface, point) / length for surface, point, length in _points()]
    kink = (1.0, 0.0)
    angle = np.arange(24) * np.pi / 12
    off = np.abs(step_slope("l1valley", kink, angle, 1e-6) - slope("l1valley", kink, angle)).max()
    length = np.hypot(slope("l1valley", kink, 0.0), slope("l1valley", kink, np.pi / 2))
    return {"points": len(misses), "error": max(misses), "kink": float(off / length)}


def _extremes() -> dict:
    """How far the directions of the greatest, zero and least slope are off at random points, in degrees."""
    turn = np.arange(3600) * np.pi / 1800
    off = {"greatest": 0.0, "zero": 0.0, "least": 0.0}
    count = 0
    for surface, point, _length in _points():
        f_x, f_y = surface.gradient(*point)
        measured = _difference(surface, point, np.arctan2(f_y, f_x) + turn)
        found = np.array([np.argmax(measured), np.argmin(np.abs(measured[:1800])), np.argmin(measured)]) / 10
        misses = np.abs((found - np.array([0, 90, 180]) + 180) % 360 - 180)
        off = {name: max(off[name], float(miss)) for name, miss in zip(off, misses, strict=True)}
        count += 1
    return off | {"points": count}


def _long_steps() -> dict:
    """The median angle from the best direction to the gradient's, and how often f rises at the longest step.

    From 100 random points, the rises in percent.
    """
    off, rises = [], []
    for x, y in random_starts(SURFACE, 100).T:
        best = best_direction(SURFACE, (float(x), float(y)), np.array([0.001, 0.05, 0.5]))
        off.append(np.degrees(best.off))
        rises.append(np.asarray(best.steepest_value)[-1] > surface_of(SURFACE).value(x, y))
    short, middle, long = np.median(off, axis=0)
    return {"short": float(short), "middle": float(middle), "long": float(long), "rises": 100 * float(np.mean(rises))}


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
        text=T("In a direction 60° away from the gradient, how steep is the surface?"),
        options=(T("As steep as along the gradient"), T("Half as steep"), T("A third less steep")),
        answer=1,
        because=T(
            "The slope is |∇f| cos 60°: {along:.2f} where the gradient has {size:.2f}. "
            "At {points} random points of {surfaces} surfaces the part is {least:.4f} to {most:.4f}."
        ),
        measured=_slopes_at_an_angle,
        right=_part_of_the_gradient,
    ),
    Question(
        key="half_a_step_down",
        text=T("Rosenbrock at (−1, 1.5): does a step of length 0.5 against the gradient lower f?"),
        options=(T("Yes, that is the fastest way down"), T("No, it raises f")),
        answer=1,
        because=T(
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
        text=T("Derivative, partial derivative, directional derivative: each is a rate along a line."),
        verdict="shown",
        condition=T("The partial derivatives are the rates along the axes, at 0° and 90°."),
        reading=T(
            "By differences here: {east:.4f} and {north:.4f}. At {points} random points the gradient agrees to "
            "{worst:.0e} of its length."
        ),
        settings=PLACE | {"angle": 0, "step_length": 1e-3},
        measured=_partial_derivatives,
        errors={"worst": 1e-6},
        holds=lambda east, north, worst, points: worst < 1e-4,
    ),
    Claim(
        key="cosine_law",
        text=T("Where f is differentiable, the slope in any direction is f_x cos α + f_y cos β."),
        verdict="shown",
        condition=T("On a kink it fails."),
        reading=T(
            "At {points} random points the measured slopes miss the law by at most {error:.0e} of |∇f|, on a kink by "
            "{kink:.0f} times |∇f|."
        ),
        settings=PLACE | {"angle": 87, "step_length": 1e-3},
        measured=_law,
        errors={"error": 1e-6},
        holds=lambda points, error, kink: error < 1e-4 and kink > 0.1,
    ),
    Claim(
        key="fastest_direction",
        text=T("The slope is |∇f| cos θ: greatest along the gradient, zero across it, least against it."),
        verdict="shown",
        condition=T("3600 directions at {points} random points, in degrees from the law."),
        reading=T("Greatest slope within {greatest:.1f}°, zero within {zero:.1f}°, least within {least:.1f}°."),
        settings=PLACE | {"angle": -153, "step_length": 1e-3},
        measured=_extremes,
        holds=lambda greatest, zero, least, points: max(greatest, zero, least) < 0.5,
    ),
    Claim(
        key="steepest_descent",
        text=T("Against the gradient the function falls fastest."),
        verdict=T("only if"),
        condition=T("The step is short. A long one may end lower in another direction, and f may rise."),
        reading=T(
            "100 points of Rosenbrock, median angle to the best direction: {short:.2f}° for a step of 0.001, "
            "{long:.0f}° for 0.5, where f rises at {rises:.0f} %."
        ),
        settings=PLACE | {"angle": -89, "step_length": 0.5},
        measured=_long_steps,
        holds=lambda short, middle, long, rises: short < 0.1 < middle < long and long > 10 and rises > 5,
    ),
)
