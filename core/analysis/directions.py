"""Which way is down, and for how far: slopes in every direction, and the best direction for a step of a given length.

The slope in a direction is |grad f| cos(angle to the gradient), which makes the gradient the steepest way up; W. Rudin,
"Principles of Mathematical Analysis", 3rd edition, McGraw-Hill 1976, section 9.18. It is a statement about an
infinitely short step. For a step that has a length, the best direction is found here by trying all of them.

Angles are in radians, counter-clockwise from the x axis.
"""

from dataclasses import dataclass

import numpy as np

from core.analysis.curvature import quadratic_model
from core.engine.checks import checked_points
from core.engine.spec import Surface
from core.resolve import surface_of

DIRECTIONS = 1440
"""Directions tried at first: four a degree."""
DIPS = 8
"""How many of the lowest dips between them are searched further."""


def slope(surface: Surface | str, point: tuple[float, float], angle):
    """Return the slope at `point` in the directions `angle`, a number or an array: f_x cos + f_y sin."""
    surface = surface_of(surface)
    f_x, f_y = surface.gradient(*checked_points("point", point, (2,)))
    return f_x * np.cos(angle) + f_y * np.sin(angle)


def step_slope(surface: Surface | str, point: tuple[float, float], angle, length: float):
    """Return the mean slope of a step that has a length: the change of f over it, divided by the length.

    `angle` is a number or an array. As the length goes to zero this becomes `slope`, where the surface is smooth.
    """
    surface = surface_of(surface)
    x, y = checked_points("point", point, (2,))
    there = surface.value(x + length * np.cos(angle), y + length * np.sin(angle))
    return (there - surface.value(x, y)) / length


def law_error(surface: Surface | str, point: tuple[float, float], h: float = 1e-6) -> float:
    """Return how far the slopes measured in 24 directions, by differences over +-h, are away from the cosine law."""
    angle = np.arange(24) * np.pi / 12
    measured = (step_slope(surface, point, angle, h) - step_slope(surface, point, angle + np.pi, h)) / 2
    return float(np.abs(measured - slope(surface, point, angle)).max())


def is_kink(surface: Surface | str, point: tuple[float, float]) -> bool:
    """Say whether the slopes around `point` disagree with the gradient however short the steps are.

    Where a surface is smooth, the disagreement of a step shrinks with its length.
    """
    surface = surface_of(surface)
    x_low, x_high, y_low, y_high = surface.domain
    length = 1e-4 * min(x_high - x_low, y_high - y_low)
    angle = np.arange(24) * np.pi / 12 + 0.1

    def disagreement(length):
        return np.abs(step_slope(surface, point, angle, length) - slope(surface, point, angle)).max()

    far, near = disagreement(length), disagreement(length / 10)
    rounding = 1e-12 * abs(surface.value(*point)) / length
    return bool(near > 0.5 * far and near > max(rounding, 1e-6 * np.hypot(*surface.gradient(*point))))


@dataclass(frozen=True)
class BestDirection:
    """The lowest point at a given distance, beside the one in the direction of steepest descent.

    Numbers for one length, arrays (N,) for N of them.
    """

    angle: float | np.ndarray
    """Towards the lowest point, -pi ... pi."""
    value: float | np.ndarray
    """f there."""
    steepest_angle: float
    """Against the gradient, -pi ... pi; NaN where the gradient is zero."""
    steepest_value: float | np.ndarray
    """f at that distance against the gradient."""

    @property
    def off(self) -> float | np.ndarray:
        """The angle between the two, 0 ... pi."""
        return np.abs((self.angle - self.steepest_angle + np.pi) % (2 * np.pi) - np.pi)


def best_direction(surface: Surface | str, point: tuple[float, float], length: float | np.ndarray) -> BestDirection:
    """Return the direction in which a step of this length ends lowest: the global minimum of f on a circle.

    All directions are tried, four a degree, and the lowest dips searched down to 1e-8; a dip narrower than half a
    degree may be missed. An array of lengths (N,) is N circles. Raises ValueError for a length that is not positive
    and finite.
    """
    surface = surface_of(surface)
    x, y = checked_points("point", point, (2,))
    try:
        radius = np.asarray(length)
        legal = radius.dtype.kind in "fiu" and radius.ndim <= 1 and bool(np.all((radius > 0) & (radius < np.inf)))
    except (TypeError, ValueError):
        legal = False
    if not legal:
        raise ValueError(f"length: got {length!r}, allowed are positive numbers")

    def height(angle):
        """Return f for angles (N, ...) on the N circles."""
        r = radius.reshape(-1, *[1] * (np.ndim(angle) - 1))
        f = surface.value(x + r * np.cos(angle), y + r * np.sin(angle))
        return np.where(np.isnan(f), np.inf, f)

    angle = _lowest_on_circles(height, radius.size)
    f_x, f_y = surface.gradient(x, y)
    steepest = float(np.arctan2(-f_y, -f_x)) if f_x or f_y else float("nan")
    there = height(np.full(radius.size, steepest)) if f_x or f_y else np.full(radius.size, np.nan)
    value = height(angle)
    if radius.ndim == 0:
        return BestDirection(float(angle[0]), float(value[0]), steepest, float(there[0]))
    return BestDirection(angle, value, steepest, there)


def _lowest_on_circles(height, count: int) -> np.ndarray:
    """Return the angles (count,) of the global minima of `height`, which takes angles (count, ...), row by row."""
    spacing = 2 * np.pi / DIRECTIONS
    angle = np.tile(np.arange(DIRECTIONS) * spacing - np.pi, (count, 1))
    f = height(angle)
    dip = (f <= np.roll(f, 1, axis=1)) & (f <= np.roll(f, -1, axis=1))
    lowest = np.argsort(np.where(dip, f, np.inf), axis=1, kind="stable")[:, :DIPS]
    best = np.take_along_axis(angle, lowest, axis=1)
    # Zoom into every dip at once, by a factor of five a time. Kinks do not disturb it, as they would Newton's method.
    ruler = np.linspace(-1, 1, 11)
    while spacing > 1e-9:
        tried = best[:, :, None] + spacing * ruler
        nearer = np.argmin(height(tried), axis=2)
        best = np.take_along_axis(tried, nearer[:, :, None], axis=2)[:, :, 0]
        spacing /= 5
    lowest = np.argmin(height(best), axis=1)
    return (best[np.arange(count), lowest] + np.pi) % (2 * np.pi) - np.pi


@dataclass(frozen=True)
class Slice:
    """The surface along a straight line, with what the derivatives at its middle predict."""

    distance: np.ndarray
    """(N,) from the point, negative backwards."""
    value: np.ndarray
    """(N,) f."""
    tangent: np.ndarray
    """(N,) f + slope * distance."""
    parabola: np.ndarray
    """(N,) the same with the curvature along the line."""


def slice_along(
    surface: Surface | str, point: tuple[float, float], angle: float, reach: float, samples: int = 201
) -> Slice:
    """Return the surface along the line through `point` in direction `angle`, from -reach to reach.

    Raises ValueError for a reach that is not positive and finite.
    """
    surface = surface_of(surface)
    if not (isinstance(reach, int | float | np.number) and 0 < reach < np.inf):
        raise ValueError(f"reach: got {reach!r}, allowed are positive numbers")
    model = quadratic_model(surface, point)
    distance = np.linspace(-reach, reach, samples)
    x, y = model.point[0] + distance * np.cos(angle), model.point[1] + distance * np.sin(angle)
    tangent = model.value + distance * slope(surface, point, angle)
    return Slice(distance, surface.value(x, y), tangent, model(x, y))
