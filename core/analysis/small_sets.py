"""Small sets of noisy rows and the line behind them: what is learnt from a few rows, tried on unseen ones."""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from core.engine.data import Data
from core.engine.spec import Surface
from core.resolve import surface_of

SETS, SPREAD = 100, 0.5
"""How many sets, and the standard deviation of their true weights."""


@lru_cache(maxsize=8)
def small_sets(rows: int, seed: int = 0) -> tuple[tuple[Surface, np.ndarray], ...]:
    """Return SETS losses of `rows` rows y = w x + b with noise 1, each with its true (w, b)."""
    rng, sets = np.random.default_rng(seed), []
    for _ in range(SETS):
        x, truth = rng.standard_normal(rows), SPREAD * rng.standard_normal(2)
        data = Data(np.column_stack([x, truth[0] * x + truth[1] + rng.standard_normal(rows)]))
        sets.append((replace(surface_of("linear_regression"), data=data), truth))
    return tuple(sets)


def unseen_error(points: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return the mean squared error (N,) of lines at `points` (2, N) on unseen rows, above the noise; x is normal."""
    return np.sum((points - truth[:, None]) ** 2, axis=0)
