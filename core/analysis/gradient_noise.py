"""How much the gradient of a batch strays from that of all data, and how far from the minimum that keeps a run.

S. Mandt, M. Hoffman, D. Blei, "Stochastic Gradient Descent as Approximate Bayesian Inference", JMLR 18 (2017) 1-35,
arXiv:1704.04289; variance of a sample without replacement: W. G. Cochran, "Sampling Techniques", Wiley 1977, chapter 2.
"""

from dataclasses import replace

import numpy as np

from core.engine.batches import Batches, batch_places
from core.engine.checks import checked_batches, checked_points
from core.engine.evaluate import evaluate
from core.engine.spec import Surface
from core.resolve import surface_of


def gradient_cloud(
    surface: Surface | str, point: tuple[float, float], batches: Batches, count: int = 500
) -> np.ndarray:
    """Return the gradients of `count` batches at a point, (count, 2): batch i with the seed + i of `batches`."""
    surface = surface_of(surface)
    x, y = checked_points("point", point, (2,))
    places, stream, rows_in_use = batch_places(checked_batches(batches, surface, 1, count), surface.data, 1)
    cloud = evaluate(surface, 1, np.full(count, x), np.full(count, y), places[stream, 0])
    del rows_in_use
    return np.column_stack(cloud)


def row_noise(deviations: np.ndarray, batches: Batches, steps: int, count: int) -> np.ndarray:
    """Return the noise of batches on any surface, (count, steps, 2), where row i of the data tilts it by deviations[i].

    `deviations` (rows, 2) are taken from their mean, so that a full batch has no noise: not even that of rounding.
    """
    deviations = np.asarray(deviations, dtype=float)
    deviations = deviations - deviations.mean(axis=0)
    rows = len(deviations)
    sizes = batches.sizes(rows, steps)
    first = np.append(0, np.cumsum(sizes)[:-1])
    noise = np.empty((count, steps, 2))
    for i in range(count):
        drawn = replace(batches, seed=batches.seed + i).indices(rows, steps)
        noise[i] = np.add.reduceat(deviations[drawn], first) / sizes[:, None]
    if batches.sampling != "replacement":
        noise[:, sizes == rows] = 0.0
    return noise


def row_covariance(surface: Surface | str, point: tuple[float, float]) -> np.ndarray:
    """Return the covariance (2, 2) of the gradients of single rows at a point; its trace is sigma^2."""
    surface = surface_of(surface)
    rows = 1 if surface.data is None else len(surface.data)
    each = Batches(tuple([1] * rows), "fixed")
    places, _stream, _rows = batch_places(checked_batches(each, surface, rows), surface.data, rows)
    x, y = checked_points("point", point, (2,))
    gradients = np.stack(evaluate(surface, 1, np.full(rows, x), np.full(rows, y), places[0]))
    return np.cov(gradients, bias=True)


def batch_covariance(covariance: np.ndarray, size: int, rows: int, sampling: str = "replacement") -> np.ndarray:
    """Return the covariance of the gradient of a batch: C / B, and without replacement C / B (N - B) / (N - 1)."""
    left = 1.0 if sampling == "replacement" else (rows - size) / max(rows - 1, 1)
    return covariance / size * left


def stationary_covariance(hessian: np.ndarray, covariance: np.ndarray, lr: float) -> np.ndarray:
    """Return the stationary covariance (2, 2) of SGD on a quadratic whose gradients carry noise of this covariance.

    It solves S = (1 - lr H) S (1 - lr H) + lr^2 C; for a small rate that is lr times the solution of H S + S H = C, the
    Lyapunov equation. Raises ValueError for a rate at which plain descent does not converge.
    """
    hessian = np.asarray(hessian, dtype=float)
    curvatures, axes = np.linalg.eigh(hessian)
    if not (curvatures[0] > 0 and 0 < lr * curvatures[1] < 2):
        raise ValueError(f"lr: got {lr!r}, allowed are rates above 0 and below 2 / lambda_max = {2 / curvatures[1]:g}")
    # Along the axes of the Hessian, where a tiny rate divides by nothing that rounds to zero.
    lost = np.add.outer(curvatures, curvatures) - lr * np.outer(curvatures, curvatures)
    along = lr * (axes.T @ covariance @ axes) / lost
    return axes @ along @ axes.T


def noise_floor(hessian: np.ndarray, covariance: np.ndarray, lr: float) -> float:
    """Return the mean of f above the minimum of a quadratic, where SGD with a constant rate stays for ever.

    On an axis of curvature h with noise sigma that is lr sigma^2 / (2 (2 - lr h)), summed over both axes.
    """
    return float(np.trace(hessian @ stationary_covariance(hessian, covariance, lr)) / 2)
