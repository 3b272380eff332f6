"""Which way is down, and for how far: slopes in every direction, and the best direction for a step of a given length.

The slope in a direction is |grad f| cos(angle to the gradient), which makes the gradient the steepest way up; W. Rudin,
"Principles of Mathematical Analysis", 3rd edition, McGraw-Hill 1976, section 9.18. It is a statement about an
infinitely short step. For a step that has a length, the best direction is found here by trying all of them.

Angles are in radians, counter-clockwise from the x axis.
"""

from dataclasses import dataclass

import numpy as np

from core.arguments import checked_points, checked_surface
from core.curvature import quadratic_model
from core.spec import Surface

DIRECTIONS = 1440
"""Directions tried at first: four a degree."""
DIPS = 8
"""How many of the lowest dips between them are searched further."""


def slope(surface: Surface | str, point: tuple[float, float], angle):
    """Return the slope at `point` in the directions `angle`, a number or an array: f_x cos + f_y sin."""
    surface = checked_surface(surface)
    f_x, f_y = surface.gradient(*checked_points("point", point, (2,)))
    return f_x * np.cos(angle) + f_y * np.sin(angle)


@dataclass(frozen=True)
class BestDirection:
    """The lowest point at a given distance, beside the one in the direction of steepest descent."""

    angle: float
    """Towards the lowest point, -pi ... pi."""
    value: float
    """f there."""
    steepest_angle: float
    """Against the gradient, -pi ... pi; NaN where the gradient is zero."""
    steepest_value: float
    """f at that distance against the gradient."""

    @property
    def off(self) -> float:
        """The angle between the two, 0 ... pi."""
        return float(abs((self.angle - self.steepest_angle + np.pi) % (2 * np.pi) - np.pi))


def best_direction(surface: Surface | str, point: tuple[float, float], length: float) -> BestDirection:
    """Return the direction in which a step of this length ends lowest: the global minimum of f on a circle.

    All directions are tried, four a degree, and the lowest dips searched down to 1e-8; a dip narrower than half a
    degree may be missed. Raises ValueError for a length that is not positive and finite.
    """
    surface = checked_surface(surface)
    x, y = checked_points("point", point, (2,))
    if not (isinstance(length, int | float | np.number) and 0 < length < np.inf):
        raise ValueError(f"length: got {length!r}, allowed are positive numbers")

    def height(angle):
        f = surface.value(x + length * np.cos(angle), y + length * np.sin(angle))
        return np.where(np.isnan(f), np.inf, f)

    angle = _lowest_on_circle(height)
    f_x, f_y = surface.gradient(x, y)
    steepest = float(np.arctan2(-f_y, -f_x)) if f_x or f_y else float("nan")
    return BestDirection(angle, float(height(angle)), steepest, float(height(steepest)) if f_x or f_y else float("nan"))


def _lowest_on_circle(height) -> float:
    """Return the angle of the global minimum of `height`, which takes an array of angles."""
    spacing = 2 * np.pi / DIRECTIONS
    angle = np.arange(DIRECTIONS) * spacing - np.pi
    f = height(angle)
    dips = np.flatnonzero((f <= np.roll(f, 1)) & (f <= np.roll(f, -1)))
    best = angle[dips[np.argsort(f[dips], kind="stable")][:DIPS]]
    # Zoom into every dip at once, by a factor of five a time. Kinks do not disturb it, as they would Newton's method.
    ruler = np.linspace(-1, 1, 11)
    rows = np.arange(best.size)
    while spacing > 1e-9:
        tried = best[:, None] + spacing * ruler
        best = tried[rows, np.argmin(height(tried), axis=1)]
        spacing /= 5
    lowest = best[np.argmin(height(best))]
    return float((lowest + np.pi) % (2 * np.pi) - np.pi)


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
    surface = checked_surface(surface)
    if not (isinstance(reach, int | float | np.number) and 0 < reach < np.inf):
        raise ValueError(f"reach: got {reach!r}, allowed are positive numbers")
    model = quadratic_model(surface, point)
    distance = np.linspace(-reach, reach, samples)
    x, y = model.point[0] + distance * np.cos(angle), model.point[1] + distance * np.sin(angle)
    tangent = model.value + distance * slope(surface, point, angle)
    return Slice(distance, surface.value(x, y), tangent, model(x, y))
