"""Where Newton's method ends from many starts: on any critical point, for it solves ∇f = 0.

Y. Dauphin et al., "Identifying and attacking the saddle point problem in high-dimensional non-convex optimization",
NIPS 2014, arXiv:1406.2572 (Newton's attraction to saddles).
"""

import numpy as np

from core.analysis.basins import DIVERGED, LEFT, MOVING, NEAR, BasinMap
from core.analysis.critical_points import Atlas
from core.analysis.curvature import eigenvalues, window_axes
from core.engine.spec import Surface
from core.memory import remembered
from core.resolve import surface_of


def newton_many(surface: Surface | str, starts: np.ndarray, steps: int = 100) -> tuple[np.ndarray, np.ndarray]:
    """Return where plain Newton walks from `starts` (2, N) end, and the step (N,) at which each came to rest, or -1."""
    surface = surface_of(surface)
    final, rest = np.array(starts, dtype=float), np.full(np.shape(starts)[1], -1)
    x_low, x_high, y_low, y_high = surface.domain
    tiny = 1e-9 * np.hypot(x_high - x_low, y_high - y_low)
    walking = np.arange(rest.size)
    with np.errstate(all="ignore"):
        for step in range(steps + 1):
            at = final[:, walking]
            (p, q), (xx, xy, yy) = surface.gradient(*at), surface.hessian(*at)
            move = -np.stack([yy * p - xy * q, xx * q - xy * p]) / (xx * yy - xy * xy)
            arrived = np.hypot(*move) < tiny
            rest[walking[arrived]] = step
            final[:, walking] = at + move
            walking = walking[~arrived & np.isfinite(move).all(axis=0)]
    return final, rest


def newton_shares(surface: Surface | str, starts: np.ndarray) -> dict[str, float]:
    """Return which part of the Newton walks from `starts` rests on minima, saddles and maxima, told by eigenvalues."""
    surface = surface_of(surface)
    at, rest = newton_many(surface, starts)
    small, large = eigenvalues(*surface.hessian(*at))
    found = rest >= 0
    kinds = {"minimum": small > 0, "saddle": (small < 0) & (large > 0), "maximum": large < 0}
    return {kind: float(np.mean(found & holds)) for kind, holds in kinds.items()}


@remembered(8)
def newton_map(atlas: Atlas, size: int = 200, steps: int = 50) -> BasinMap:
    """Return the map of where Newton's method ends from every start of the window, and how soon."""
    x, y = window_axes(atlas.surface, size)
    starts = np.stack([np.tile(x, size), np.repeat(y, size)])
    final, rest = newton_many(atlas.surface, starts, steps)
    x_low, x_high, y_low, y_high = atlas.window
    away = np.hypot(*(final[:, :, None] - atlas.positions[:, None, :]))
    end = np.argmin(away, axis=1)
    end[away.min(axis=1) > NEAR * min(x_high - x_low, y_high - y_low)] = LEFT  # at rest outside the window
    end[rest < 0] = MOVING
    end[~np.isfinite(final).all(axis=0)] = DIVERGED
    soon = np.where(rest < 0, steps, rest)
    return BasinMap(atlas, None, x, y, end.reshape(size, size), soon.reshape(size, size), steps)
