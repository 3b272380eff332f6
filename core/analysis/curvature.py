"""What second derivatives say about a point: eigenvalues, their directions, the quadratic model, maps of a window.

G. H. Golub, C. F. Van Loan, "Matrix Computations", 4th edition, Johns Hopkins 2013, section 8.5 (the Jacobi rotation);
T. J. Dekker, "A floating-point technique for extending the available precision", Numerische Mathematik 18
(1971) 224-242, doi:10.1007/BF01397083 (the exact product).
"""

from dataclasses import dataclass

import numpy as np

from core.engine.checks import checked_points
from core.engine.spec import Surface
from core.resolve import surface_of

SPLITTER = 2.0**27 + 1
"""Cuts a double into two halves of 26 bits, whose products are exact (Dekker 1971)."""
ROUNDINGS = 100
"""An error of the model is seen where it is so many times the rounding of the values."""
NEAR = 40
"""The order of the error is that of the radii up to this one of 51, a tenth of the longest."""


def eigenvalues(xx, xy, yy) -> tuple[np.ndarray, np.ndarray]:
    """Return (smallest, largest) eigenvalue of the symmetric matrices [[xx, xy], [xy, yy]], scalars or arrays.

    Both are accurate to a few units in the last place of the matrix as given, also where they nearly coincide or differ
    by twelve orders of magnitude: the larger one in size is a sum without cancellation, the other the determinant
    divided by it, and the determinant is computed with twice the digits. What is not finite gives NaN.
    """
    (xx, xy, yy), exponent = _scaled(xx, xy, yy)
    mean, radius = 0.5 * (xx + yy), np.hypot(0.5 * (xx - yy), xy)
    larger = np.where(mean < 0, mean - radius, mean + radius)
    smaller = _determinant(xx, xy, yy) / np.where(larger == 0, 1.0, larger)
    return np.ldexp(np.minimum(larger, smaller), exponent), np.ldexp(np.maximum(larger, smaller), exponent)


def directions(xx, xy, yy) -> tuple[np.ndarray, np.ndarray]:
    """Return the orthogonal unit eigenvectors (2, ...) of the smallest and of the largest eigenvalue.

    Where the eigenvalues coincide every direction is one, and the axes are returned. What is not finite gives NaN.
    """
    (xx, xy, yy), _ = _scaled(xx, xy, yy)
    # The turn from the nearer axis, at most 45 degrees: its sine keeps all digits where the matrix is nearly diagonal.
    turn = 0.5 * np.arctan2(2 * xy, np.abs(xx - yy))
    sine, cosine = np.sin(turn), np.cos(turn)
    along_x, along_y = np.stack([cosine, sine]), np.stack([-sine, cosine])
    upright = np.stack([cosine, -sine]), np.stack([sine, cosine])
    return np.where(xx > yy, along_y, upright[0]), np.where(xx > yy, along_x, upright[1])


def _scaled(xx, xy, yy) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], np.ndarray]:
    """Return the entries divided by a power of two, so that no product overflows, and its exponent."""
    xx, xy, yy = np.broadcast_arrays(*(np.asarray(entry, dtype=float) for entry in (xx, xy, yy)))
    largest = np.maximum(np.maximum(np.abs(xx), np.abs(xy)), np.abs(yy))
    finite = np.isfinite(largest)
    exponent = np.frexp(np.where(finite, largest, 1.0))[1]
    xx, xy, yy = (np.where(finite, np.ldexp(entry, -exponent), np.nan) for entry in (xx, xy, yy))
    return (xx, xy, yy), exponent


def _determinant(xx, xy, yy):
    first, first_rest = _exact_product(xx, yy)
    second, second_rest = _exact_product(xy, xy)
    return (first - second) + (first_rest - second_rest)


def _exact_product(a, b):
    """Return the rounded product and what rounding took from it."""
    a_high = SPLITTER * a - (SPLITTER * a - a)
    b_high = SPLITTER * b - (SPLITTER * b - b)
    a_low, b_low = a - a_high, b - b_high
    product = a * b
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def stable_rate(largest):
    """Return 2 / lambda_max: with a larger learning rate, gradient descent leaves a minimum with this eigenvalue.

    Infinite where no eigenvalue is positive: nothing limits the rate. Polyak 1964, doi:10.1016/0041-5553(64)90137-5.
    """
    largest = np.asarray(largest, dtype=float)
    with np.errstate(divide="ignore", over="ignore"):
        return np.where(largest > 0, 2 / np.abs(largest), np.where(np.isnan(largest), np.nan, np.inf))[()]


@dataclass(frozen=True)
class QuadraticModel:
    """The parabola, saddle or trough that touches a surface at one point: q = f + g.d + d.H d / 2."""

    point: tuple[float, float]
    value: float
    gradient: np.ndarray
    """(2,)"""
    hessian: np.ndarray
    """(2, 2)"""

    @property
    def eigenvalues(self) -> np.ndarray:
        """(2,), the smallest first."""
        return np.array(eigenvalues(*self._entries))

    @property
    def directions(self) -> np.ndarray:
        """(2, 2): row k is the unit eigenvector of eigenvalue k."""
        return np.array(directions(*self._entries))

    @property
    def newton_step(self) -> np.ndarray | None:
        """(2,) step to the critical point of the model; None where it has none or more than one."""
        small, large = self.eigenvalues
        if min(abs(small), abs(large)) <= np.finfo(float).eps * max(abs(small), abs(large)):
            return None
        return -(self.directions.T @ (self.directions @ self.gradient / self.eigenvalues))

    def __call__(self, x, y):
        """Return the model at (x, y), scalars or arrays that broadcast."""
        u, v = x - self.point[0], y - self.point[1]
        xx, xy, yy = self._entries
        return (
            self.value + self.gradient[0] * u + self.gradient[1] * v + 0.5 * (xx * u * u + 2 * xy * u * v + yy * v * v)
        )

    @property
    def _entries(self) -> tuple[float, float, float]:
        return self.hessian[0, 0], self.hessian[0, 1], self.hessian[1, 1]


def quadratic_model(surface: Surface | str, point: tuple[float, float]) -> QuadraticModel:
    """Return the quadratic model of the surface at `point`. Raises ValueError for what is not a point."""
    surface = surface_of(surface)
    x, y = (float(number) for number in checked_points("point", point, (2,)))
    xx, xy, yy = surface.hessian(x, y)
    return QuadraticModel((x, y), surface.value(x, y), np.array(surface.gradient(x, y)), np.array([[xx, xy], [xy, yy]]))


def model_error(surface: Surface | str, model: QuadraticModel, radius, samples: int = 360) -> np.ndarray:
    """Return how far the model is from the surface on circles around its point: max |f - q| for each radius."""
    surface = surface_of(surface)
    angle = np.linspace(0, 2 * np.pi, samples, endpoint=False)
    radius = np.asarray(radius, dtype=float)
    x = model.point[0] + radius[..., None] * np.cos(angle)
    y = model.point[1] + radius[..., None] * np.sin(angle)
    return np.abs(surface.value(x, y) - model(x, y)).max(axis=-1)


@dataclass(frozen=True)
class ErrorGrowth:
    """How the error of a quadratic model grows with the distance from its point."""

    radius: np.ndarray
    """(N,) rising."""
    error: np.ndarray
    """(N,) max |f - q| on each circle; NaN where rounding hides it."""
    order: float
    """The power of the distance with which it grows near the point; NaN where rounding hides it all."""

    def cube(self) -> np.ndarray:
        """Return the cubic law (N,) through the first error that is seen."""
        seen = np.flatnonzero(np.isfinite(self.error))
        if seen.size == 0:
            return np.full(self.radius.size, np.nan)
        return self.error[seen[0]] * (self.radius / self.radius[seen[0]]) ** 3


def error_growth(surface: Surface | str, model: QuadraticModel, reach: float) -> ErrorGrowth:
    """Return how the error of the model grows up to the distance `reach`, over five decades.

    Taylor's theorem gives order 3 where third derivatives exist, more where they vanish; W. Rudin, "Principles of
    Mathematical Analysis", 3rd edition, 1976, theorem 5.15. The order is fitted over the first decade that is seen.
    """
    surface = surface_of(surface)
    radius = np.geomspace(1e-5 * reach, reach, 51)
    angle = np.arange(8)[:, None] * np.pi / 4
    with np.errstate(all="ignore"):
        around = surface.value(model.point[0] + radius * np.cos(angle), model.point[1] + radius * np.sin(angle))
        size = np.abs(around).max(axis=0)
        error = model_error(surface, model, radius)
        # Near the point the formula may cancel: its terms are as large as the values elsewhere.
        x, y = window_axes(surface, 9)
        usual = np.nanmedian(np.abs(surface.value(x[None, :], y[:, None])))
        error = np.where(error > ROUNDINGS * np.finfo(float).eps * np.maximum(size, usual), error, np.nan)
    seen = np.flatnonzero(np.isfinite(error[: NEAR + 1]))[:11]
    order = np.polyfit(np.log(radius[seen]), np.log(error[seen]), 1)[0] if seen.size > 3 else np.nan
    return ErrorGrowth(radius, error, float(order))


@dataclass(frozen=True)
class CurvatureMap:
    """The eigenvalues of the Hessian over a window; row i, column k belongs to (x[k], y[i])."""

    x: np.ndarray
    y: np.ndarray
    smallest: np.ndarray
    """(len(y), len(x))"""
    largest: np.ndarray
    """(len(y), len(x))"""

    @property
    def negative(self) -> np.ndarray:
        """How many eigenvalues are negative: 0 where f is convex, 1 like a saddle, 2 concave; -1 undefined."""
        count = (self.smallest < 0).astype(int) + (self.largest < 0)
        return np.where(np.isfinite(self.smallest) & np.isfinite(self.largest), count, -1)


LARGEST_MAP = 400
"""Points a side of a map."""


def window_axes(surface: Surface, size: int, window: tuple[float, float, float, float] | None = None):
    """Return (x, y), `size` coordinates each from border to border of the window, by default that of the surface.

    Raises ValueError for a size outside 2 ... LARGEST_MAP and for a window without area.
    """
    if isinstance(size, bool) or not isinstance(size, int | np.integer) or not 2 <= size <= LARGEST_MAP:
        raise ValueError(f"size: got {size!r}, allowed are whole numbers from 2 to {LARGEST_MAP}")
    x_low, x_high, y_low, y_high = checked_window(surface, window)
    return np.linspace(x_low, x_high, size), np.linspace(y_low, y_high, size)


def checked_window(surface: Surface, window) -> tuple[float, float, float, float]:
    """Return (x low, x high, y low, y high), by default the domain. Raises ValueError for a window without area."""
    if window is None:
        return surface.domain
    try:
        x_low, x_high, y_low, y_high = (float(number) for number in window)
    except (TypeError, ValueError):
        raise ValueError(f"window: got {window!r}, allowed are four numbers: x low, x high, y low, y high") from None
    if not (np.all(np.isfinite([x_low, x_high, y_low, y_high])) and x_low < x_high and y_low < y_high):
        raise ValueError(f"window: got {window!r}, allowed are finite borders, each low one below its high one")
    return x_low, x_high, y_low, y_high


def curvature_map(
    surface: Surface | str,
    size: int = 200,
    *,
    window: tuple[float, float, float, float] | None = None,
) -> CurvatureMap:
    """Return the eigenvalues of the Hessian on `size` x `size` points of the window, by default that of the surface."""
    surface = surface_of(surface)
    x, y = window_axes(surface, size, window)
    smallest, largest = eigenvalues(*surface.hessian(x[None, :], y[:, None]))
    return CurvatureMap(x, y, smallest, largest)
