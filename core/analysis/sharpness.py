"""What one learning rate does to gradient descent: how the error shrinks, which minima hold, what a line search gains.

Near a minimum a step multiplies the error along each eigenvector of the Hessian by 1 - lr * eigenvalue: the sharpest
direction sets the limit of the rate, the flattest sets the time. B. T. Polyak, "Introduction to optimization",
Optimization Software 1987, section 1.4; exact line search: A. Cauchy 1847, and H. Akaike, "On a successive
transformation of probability distribution and its application to the analysis of the optimum gradient method", Annals
of the Institute of Statistical Mathematics 11 (1959) 1-16, doi:10.1007/BF01831719.
"""

from dataclasses import dataclass

import numpy as np

from core.analysis.critical_points import Atlas, CriticalPoint
from core.analysis.curvature import eigenvalues, quadratic_model
from core.engine.checks import checked_points, checked_steps
from core.engine.descend import Trajectory
from core.engine.spec import Surface
from core.resolve import surface_of

SETTLED = 0.1
"""The law of the error is drawn from where the Hessian differs from that of the minimum by less than this part."""


def sharpness(run: Trajectory) -> np.ndarray:
    """Return (steps + 1,) the largest eigenvalue of the Hessian along a run."""
    with np.errstate(all="ignore"):
        return eigenvalues(*run.surface.hessian(run.path[:, 0], run.path[:, 1]))[1]


def end_of(run: Trajectory, atlas: Atlas) -> CriticalPoint | None:
    """Return the minimum nearest to the last point of a run, of a run that is lost to its start.

    On a curve of minima it is the last point itself, once the run rests there; None where there is no end.
    """
    x, y = run.path[0 if run.lost else -1]
    minima = [point for point in atlas.points if point.kind == "minimum"]
    if minima:
        return min(minima, key=lambda point: np.hypot(point.x - x, point.y - y))
    if run.status != "converged" or not atlas.curves:
        return None
    small, large = eigenvalues(*run.surface.hessian(x, y))
    return CriticalPoint(float(x), float(y), float(run.value[-1]), (float(small), float(large)), "degenerate")


@dataclass(frozen=True, eq=False)
class EigenErrors:
    """The error of a run along the two eigenvectors of the Hessian at its end, the flat direction first."""

    eigenvalues: tuple[float, float]
    error: np.ndarray
    """(steps + 1, 2) distance along each eigenvector."""
    law: np.ndarray
    """(steps + 1, 2) |1 - lr * eigenvalue|^t from where the Hessian is that of the end; NaN before, and along a curve
    of minima."""


def eigen_errors(run: Trajectory, end: CriticalPoint) -> EigenErrors:
    """Return the error of a run of gradient descent along the eigenvectors at `end`, and the law it obeys near it."""
    model = quadratic_model(run.surface, (end.x, end.y))
    error = np.abs((run.path - np.array([end.x, end.y])) @ model.directions.T)
    with np.errstate(all="ignore"):
        bend = np.array(run.surface.hessian(run.path[:, 0], run.path[:, 1]))
        off = np.abs(bend - model.hessian[[0, 0, 1], [0, 1, 1]][:, None]).max(axis=0)
    near = np.flatnonzero(off <= SETTLED * np.abs(model.hessian).max())
    law = np.full(error.shape, np.nan)
    if near.size:
        since = int(near[0])
        factor = np.abs(1 - run.hyper["lr"] * model.eigenvalues)
        with np.errstate(over="ignore", under="ignore"):
            law[since:] = error[since] * factor ** np.arange(len(error) - since)[:, None]
    if end.kind == "degenerate":
        law[:, np.argmin(np.abs(model.eigenvalues))] = np.nan  # along a curve of minima there is no law
    small, large = model.eigenvalues
    return EigenErrors((float(small), float(large)), error, law)


@dataclass(frozen=True, eq=False)
class LineSearch:
    """Steepest descent that takes the best step each time."""

    path: np.ndarray
    """(steps + 1, 2)"""
    value: np.ndarray
    """(steps + 1,)"""
    rate: np.ndarray
    """(steps,) the rate that minimises f along the gradient."""
    cosine: np.ndarray
    """(steps,) of the angle between each gradient and the next one; zero in theory."""

    def first_below(self, level: float) -> int:
        """Return the first step at which f < level, -1 for never."""
        below = self.value < level
        return int(np.argmax(below)) if below.any() else -1


def is_quadratic(surface: Surface) -> bool:
    """Say whether the second derivatives are the same at the corners and in the middle of the window."""
    x_low, x_high, y_low, y_high = surface.domain
    x = np.array([x_low, x_high, x_low, x_high, (x_low + x_high) / 2])
    y = np.array([y_low, y_low, y_high, y_high, (y_low + y_high) / 2])
    bend = np.array(surface.hessian(x, y))
    return bool(np.all(np.ptp(bend, axis=1) <= 1e-12 * np.abs(bend).max()))


def line_search(surface: Surface | str, start: tuple[float, float], steps: int) -> LineSearch:
    """Run steepest descent with exact line search on a quadratic, where the best rate is g.g / g.Hg.

    It stops early where the gradient vanishes. Raises ValueError for a surface that is not a convex quadratic.
    """
    surface, steps = surface_of(surface), checked_steps(steps)
    point = checked_points("start", start, (2,))
    xx, xy, yy = surface.hessian(*point)
    if not (is_quadratic(surface) and eigenvalues(xx, xy, yy)[0] > 0):
        raise ValueError(f"surface: got {surface.key!r}, allowed are quadratics with one minimum")
    bend = np.array([[xx, xy], [xy, yy]])
    path: list[np.ndarray] = [point]
    rates: list[float] = []
    gradients = [np.array(surface.gradient(*point))]
    # A gradient below 1e-162 is at rest too: its square is no number but zero.
    while len(rates) < steps and (bent := gradients[-1] @ bend @ gradients[-1]) > 0:
        g = gradients[-1]
        rates.append(g @ g / bent)
        path.append(path[-1] - rates[-1] * g)
        gradients.append(np.array(surface.gradient(*path[-1])))
    way, slope = np.array(path), np.array(gradients)
    length = np.hypot(*slope.T)
    with np.errstate(invalid="ignore", divide="ignore"):
        cosine = np.abs((slope[1:] * slope[:-1]).sum(axis=1)) / (length[1:] * length[:-1])
    return LineSearch(way, surface.value(way[:, 0], way[:, 1]), np.array(rates), cosine)
