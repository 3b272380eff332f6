"""When does momentum converge on a quadratic, and how fast? Answered by the matrix of one step, and by runs.

On a quadratic every method here is linear: one step multiplies (x, memory) by a matrix, coordinate by coordinate along
the eigenvectors of the Hessian. The run converges where every eigenvalue of that matrix is smaller than one in size,
and the largest of them is the factor by which the distance shrinks per step. The matrix is read off the update rule
that runs, not written down a second time.

B. T. Polyak 1964, doi:10.1016/0041-5553(64)90137-5; L. Lessard, B. Recht, A. Packard, "Analysis and design of
optimization algorithms via integral quadratic constraints", SIAM Journal on Optimization 26 (2016) 57-95,
arXiv:1408.3595, proposition 1 (the best rates and betas).
"""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from core import descend_many
from core.analysis.curvature import eigenvalues
from core.engine.spec import Goal, Optimizer, Surface
from core.engine.threads import threads
from core.resolve import optimizer_of, surface_of

METHODS = ("momentum", "ema_momentum", "nesterov", "momentum_faulty")
"""Keys of the methods with one memory, whose share of it is kept per step (beta)."""
BETAS = np.linspace(0.0, 0.99, 200)
RATES = np.geomspace(0.1, 6.0, 200)
"""The rates of a diagram, in parts of 1 / lambda_max; an average takes rates ten times as large."""


def settings(optimizer: Optimizer | str, lr, beta) -> dict:
    """Return the hyper-parameters of a method for this rate and share of memory; SGD has no memory."""
    shares = {h.key for h in optimizer_of(optimizer).hyper} & {"momentum", "beta"}
    return {"lr": lr, **dict.fromkeys(shares, beta)}


def iteration_matrix(optimizer: Optimizer | str, lr, beta, curvature) -> np.ndarray:
    """Return the matrix (..., 2, 2) by which one step multiplies (x, memory) on a parabola of this curvature.

    Its columns are what the update rule makes of the unit vectors; lr, beta and curvature are numbers or arrays.
    SGD has no memory, and a matrix (..., 1, 1).
    Raises ValueError for an optimizer that is not linear.
    """
    optimizer = optimizer_of(optimizer)
    if optimizer.key not in ("sgd", *METHODS):
        raise ValueError(f"optimizer: {optimizer.key!r} is not linear; known are sgd, {', '.join(METHODS)}")
    lr, beta, curvature = np.broadcast_arrays(*(np.asarray(a, dtype=float) for a in (lr, beta, curvature)))
    hyper = {h.key: h.default for h in optimizer.hyper} | settings(optimizer, lr, beta)
    start = {s.key: float(s.shared) for s in optimizer.state}  # what the coordinates share counts: a run under way
    order = [name for name in inspect.signature(optimizer.step).parameters if name in start]
    rows = [0] if optimizer.momentum is None else [0, 1 + order.index(optimizer.momentum)]
    columns = []
    for unit in (None, optimizer.momentum)[: len(rows)]:
        x = float(unit is None)
        result = optimizer.step(x, curvature * x, **(start | ({unit: 1.0} if unit else {})), **hyper)
        result = result if isinstance(result, tuple) else (result,)
        columns.append(np.stack([np.broadcast_to(result[row], lr.shape) for row in rows], axis=-1))
    return np.stack(columns, axis=-1)


def spectral_radius(optimizer: Optimizer | str, lr, beta, curvatures: Sequence[float]) -> np.ndarray:
    """Return the factor by which the distance to the minimum shrinks (below 1) or grows per step, in the long run.

    It is the largest over the eigenvalues of the Hessian in `curvatures`; lr and beta are numbers or arrays.
    """
    return np.max([_largest_eigenvalue(iteration_matrix(optimizer, lr, beta, c)) for c in curvatures], axis=0)


def _largest_eigenvalue(matrix: np.ndarray) -> np.ndarray:
    """Return the size of the larger eigenvalue of (..., 2, 2) or (..., 1, 1) real matrices."""
    if matrix.shape[-1] == 1:
        return np.abs(matrix[..., 0, 0])
    half_trace = 0.5 * (matrix[..., 0, 0] + matrix[..., 1, 1])
    determinant = matrix[..., 0, 0] * matrix[..., 1, 1] - matrix[..., 0, 1] * matrix[..., 1, 0]
    squared = half_trace**2 - determinant
    return np.where(squared < 0, np.sqrt(np.abs(determinant)), np.abs(half_trace) + np.sqrt(np.maximum(squared, 0.0)))


def largest_rate(optimizer: Optimizer | str, beta, curvature: float = 1.0):
    """Return the rate from which on a method diverges on a parabola of this curvature; beta a number or an array."""
    beta = np.asarray(beta, dtype=float)
    with np.errstate(divide="ignore"):
        product = _LARGEST_PRODUCT[optimizer_of(optimizer).key](beta)
    return np.broadcast_to(product / curvature, beta.shape)[()]


def _faulty_limit(beta):
    """Return the smaller of the two limits that bind: a real eigenvalue at -1, or a complex pair on the circle."""
    real, pair = beta**2 + 2 * beta - 1, 1 - beta - beta**2
    return np.minimum(
        np.where(real > 0, 2 * (1 + beta) / np.abs(real), np.inf), np.where(pair > 0, (1 - beta) / np.abs(pair), np.inf)
    )


_LARGEST_PRODUCT = {
    "sgd": lambda beta: 2.0,
    "momentum": lambda beta: 2 * (1 + beta),
    "ema_momentum": lambda beta: 2 * (1 + beta) / (1 - beta),
    "nesterov": lambda beta: 2 * (1 + beta) / (1 + 2 * beta),
    "momentum_faulty": _faulty_limit,
}
"""Limits of rate times curvature."""


def best(optimizer: Optimizer | str, smallest: float, largest: float) -> tuple[float, float] | None:
    """Return (rate, beta) that converge fastest on a quadratic with these eigenvalues; None where none are known."""
    key, condition = optimizer_of(optimizer).key, largest / smallest
    if key == "sgd":
        return 2 / (smallest + largest), 0.0
    if key == "nesterov":
        root = sqrt(3 * condition + 1)
        return 4 / (3 * largest + smallest), (root - 2) / (root + 2)
    if key == "momentum_faulty":
        return None
    rate, beta = 4 / (sqrt(largest) + sqrt(smallest)) ** 2, ((sqrt(condition) - 1) / (sqrt(condition) + 1)) ** 2
    return (rate, beta) if key == "momentum" else (rate / (1 - beta), beta)


def textbook_nesterov(smallest: float, largest: float) -> tuple[float, float]:
    """Return Nesterov's (rate, beta) for any convex function with these curvatures; quadratics allow a little more."""
    root = sqrt(largest / smallest)
    return 1 / largest, (root - 1) / (root + 1)


def curvatures_at_minimum(surface: Surface | str) -> tuple[float, float] | None:
    """Return (smallest, largest) eigenvalue at the first global minimum; None where the theory has none to use.

    That is where there is no minimum, where it has a kink, or where it is flat in some direction.
    """
    surface = surface_of(surface)
    if not surface.minima or surface.kinks or surface.minimum is None:
        return None
    small, large = (float(value) for value in eigenvalues(*surface.hessian(*surface.minima[0])))
    return (small, large) if np.isfinite(large) and small > 1e-9 * large > 0 else None


@dataclass(frozen=True, eq=False)
class StabilityMap:
    """What a method does at every rate and beta; row i, column k belongs to (rates[k], betas[i])."""

    optimizer: Optimizer
    rates: np.ndarray
    betas: np.ndarray
    steps: np.ndarray
    """(betas, rates) steps to the goal, at most `budget`; NaN where the method diverges."""
    budget: int
    radius: np.ndarray | None = None
    """(betas, rates) factor per step, where the map comes from the theory."""
    curvatures: tuple[float, float] | None = None

    @property
    def best(self) -> tuple[float, float]:
        """(rate, beta) with the fewest steps on the grid."""
        row, column = np.unravel_index(np.nanargmin(self.steps), self.steps.shape)
        return float(self.rates[column]), float(self.betas[row])


def diagram_rates(surface: Surface | str, optimizer: Optimizer | str) -> np.ndarray:
    """Return the rates of a diagram, about 1 / lambda_max or, without a theory, about the first rate of SGD."""
    surface = surface_of(surface)
    curvatures = curvatures_at_minimum(surface)
    middle = 1 / curvatures[1] if curvatures else surface.rates["sgd"]
    return RATES * middle * (10 if optimizer_of(optimizer).key == "ema_momentum" else 1)


def theory_map(
    optimizer: Optimizer | str,
    curvatures: tuple[float, float],
    rates: np.ndarray,
    shrink: float,
    *,
    betas: np.ndarray = BETAS,
    budget: int = 500,
) -> StabilityMap:
    """Return the spectral radius over rates and betas, and in how many steps the value becomes `shrink` times smaller.

    The value shrinks with the square of the distance, so that radius^(2 steps) = 1 / shrink.
    """
    radius = spectral_radius(optimizer, rates[None, :], betas[:, None], curvatures)
    inside = np.clip(radius, 1e-12, 1 - 1e-12)
    steps = np.where(radius < 1, np.minimum(np.log(shrink) / (-2 * np.log(inside)), budget), np.nan)
    return StabilityMap(optimizer_of(optimizer), rates, betas, steps, budget, radius, curvatures)


def measured_map(
    surface: Surface | str,
    optimizer: Optimizer | str,
    start: tuple[float, float],
    rates: np.ndarray,
    goal: Goal,
    *,
    betas: np.ndarray = BETAS,
    budget: int = 500,
) -> StabilityMap:
    """Return since which step a run from `start` stays at the goal, for every rate and beta: one call of the engine."""
    optimizer = optimizer_of(optimizer)
    lr, beta = (grid.ravel() for grid in np.meshgrid(rates, betas))
    starts = np.tile(np.array(start, dtype=float)[:, None], lr.size)
    hyper = settings(optimizer, lr, beta)
    runs = descend_many(surface, optimizer, starts, budget, hyper=hyper, goal=goal, executor=threads())
    steps = np.where(runs.held >= 0, runs.held, budget).astype(float)
    steps[runs.failed] = np.nan
    return StabilityMap(optimizer, rates, betas, steps.reshape(len(betas), len(rates)), budget)


def diagrams(
    surface: Surface | str, optimizer: Optimizer | str, level: float, budget: int = 500
) -> tuple[StabilityMap | None, StabilityMap]:
    """Return the map of the theory, None where there is none, and that of runs from the first start of the surface.

    Both count the steps until the value is less than `level` above the minimum.
    """
    surface = surface_of(surface)
    if surface.minimum is None:
        raise ValueError(f"surface: {surface.key} has no minimum to reach")
    start, curvatures, rates = surface.starts[0], curvatures_at_minimum(surface), diagram_rates(surface, optimizer)
    goal = Goal("value below", surface.minimum + level)
    measured = measured_map(surface, optimizer, start, rates, goal, budget=budget)
    if curvatures is None:
        return None, measured
    shrink = max(float(surface.value(*start) - surface.minimum) / level, 1.0)
    return theory_map(optimizer, curvatures, rates, shrink, budget=budget), measured


def measured_limit(optimizer: Optimizer | str, beta: float, *, steps: int = 20_000) -> float:
    """Return the largest rate that does not grow on the parabola x^2 / 2, found by runs: four rounds of 64 rates."""
    low, high = 0.0, 4.0 / (1 - beta)
    for _round in range(4):
        rates = np.linspace(low, high, 65)[1:]
        start = np.tile([[1.0], [0.0]], len(rates))
        hyper = settings(optimizer, rates, beta)
        runs = descend_many("bowl", optimizer, start, steps, hyper=hyper)
        grown = np.abs(runs.final[0]) > 1
        first = int(np.argmax(grown)) if grown.any() else len(rates) - 1
        low, high = float(rates[first - 1]) if first else low, float(rates[first])
    return 0.5 * (low + high)
