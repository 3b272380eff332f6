"""Basin maps: where an optimizer ends from every start of a window, and how soon.

The border between two basins of gradient descent with a small rate is a ridge of the surface; with a large rate, or
with momentum, it becomes a fractal, and minima that are too sharp for the rate vanish from the map.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from core.arguments import checked_optimizer, checked_steps, checked_surface
from core.critical_points import Atlas, find, member
from core.curvature import window_axes
from core.engine import STATUS
from core.ensemble import descend_many
from core.spec import Goal, Optimizer, Surface

MOVING, DIVERGED, LEFT = -1, -2, -3
"""Ends that are no critical point: used up its steps elsewhere, diverged, left a surface with borders."""
NEAR = 0.01
"""A run has arrived when it is this near to its end, in parts of the shorter side of the window of the atlas."""
MOST_STEPS = 400 * 400 * 2000
"""Starts times steps that one map may cost."""


@dataclass(frozen=True)
class BasinMap:
    """Where the runs from every point of a window ended; row i, column k belongs to the start (x[k], y[i])."""

    atlas: Atlas
    optimizer: Optimizer
    x: np.ndarray
    y: np.ndarray
    end: np.ndarray
    """(len(y), len(x)) index in `atlas.points`, then in `atlas.curves` counted on; MOVING, DIVERGED or LEFT."""
    steps: np.ndarray
    """(len(y), len(x)) the first step near to the end; on a curve the step since which the run rests; where there is no
    end, the step at which the run stopped."""
    budget: int
    """Steps that each run had."""

    def share(self, end: int) -> float:
        """Return the part of the window from which runs end there."""
        return float(np.mean(self.end == end))

    @property
    def ends(self) -> dict[int, float]:
        """Every end that was reached, with its share, the largest first."""
        found, count = np.unique(self.end, return_counts=True)
        return {int(found[k]): float(count[k] / self.end.size) for k in np.argsort(-count, kind="stable")}


def basin_map(
    surface: Surface | str,
    optimizer: Optimizer | str,
    size: int = 200,
    steps: int = 500,
    lr: float | None = None,
    hyper: Mapping[str, float] | None = None,
    *,
    parameters: Mapping[str, float] | None = None,
    window: tuple[float, float, float, float] | None = None,
    atlas: Atlas | None = None,
    executor: Executor | None = None,
    progress: Callable[[float], None] | None = None,
) -> BasinMap:
    """Return the BasinMap of an optimizer from `size` x `size` starts in the window, by default that of the surface.

    A run ends at a critical point when its last step is within NEAR of it, or within a third of the way to the nearest
    other one where they lie closer. `atlas` saves the search for these points. The runs are mapped over `executor`,
    and `progress` is called with the part that is done. Raises ValueError for more than MOST_STEPS starts times
    steps, and as `descend_many`.
    """
    surface, optimizer, steps = checked_surface(surface), checked_optimizer(optimizer), checked_steps(steps)
    surface = member(surface, parameters)
    x, y = window_axes(surface, size, window)
    if size * size * steps > MOST_STEPS:
        raise ValueError(f"steps: got {steps} from {size} x {size} starts, allowed are {MOST_STEPS // size**2} there")
    atlas = find(surface, window=surface.domain) if atlas is None else atlas
    starts = np.stack([np.tile(x, size), np.repeat(y, size)])

    def run(chosen: np.ndarray, begin: float, share: float, goal: Goal | None = None):
        part = (lambda done: progress(begin + share * done)) if progress else None
        return descend_many(
            surface,
            optimizer,
            starts[:, chosen],
            steps,
            lr,
            dict(hyper or {}),
            goal=goal,
            stop_at_goal=True,
            executor=executor,
            progress=part,
        )

    everyone = np.arange(starts.shape[1])
    runs = run(everyone, 0.0, 0.7)
    spots, owner, near = _targets(atlas)
    end = _nearest_end(runs.final, spots, owner, near)
    end[runs.outcome == STATUS.index("diverged")] = DIVERGED
    end[runs.outcome == STATUS.index("left the box")] = LEFT
    soon = np.where(runs.outcome == STATUS.index("running"), steps, runs.stopped_at)
    # Once more, until each run comes near its own end. To ask for every end at every step would take longer.
    done = 0.7
    for k in np.unique(end[(end >= 0) & (end < len(atlas.points))]):
        chosen = np.flatnonzero(end == k)
        goal = Goal("near", near[k], ((atlas.points[k].x, atlas.points[k].y),))
        share = 0.3 * chosen.size / everyone.size
        soon[chosen] = run(chosen, done, share, goal).first
        done += share
    if progress:
        progress(1.0)
    shape = (size, size)
    return BasinMap(atlas, optimizer, x, y, end.reshape(shape), soon.reshape(shape), steps)


def difference(one: BasinMap, other: BasinMap) -> np.ndarray:
    """Return (rows, columns) True where two maps of the same window end differently.

    Raises ValueError for maps of different surfaces or different starts.
    """
    same = one.atlas.surface.key == other.atlas.surface.key and one.atlas.points == other.atlas.points
    if not (same and np.array_equal(one.x, other.x) and np.array_equal(one.y, other.y)):
        raise ValueError("other: got a map of another surface or window, allowed is one with the same starts")
    return one.end != other.end


def _targets(atlas: Atlas) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the points of all ends (2, N), the end each belongs to (N,), and how near to it is near (N,)."""
    spots = np.hstack([atlas.positions, *(curve.points for curve in atlas.curves)])
    count = len(atlas.points)
    sizes = [1] * count + [curve.points.shape[1] for curve in atlas.curves]
    owner = np.repeat(np.arange(count + len(atlas.curves)), sizes)
    x_low, x_high, y_low, y_high = atlas.window
    near = np.full(spots.shape[1], NEAR * min(x_high - x_low, y_high - y_low))
    apart = np.abs(np.subtract.outer(*2 * [atlas.positions[0] + 1j * atlas.positions[1]]))
    np.fill_diagonal(apart, np.inf)
    near[:count] = np.minimum(near[:count], apart.min(axis=1, initial=np.inf) / 3)
    return spots, owner, near


def _nearest_end(final: np.ndarray, spots: np.ndarray, owner: np.ndarray, near: np.ndarray) -> np.ndarray:
    """Return for every point of (2, N) the end it is near to, MOVING where there is none."""
    end = np.full(final.shape[1], MOVING)
    distance = np.full(final.shape[1], np.inf)
    order = np.argsort(final[0], kind="stable")
    sorted_x = final[0][order]
    for k in range(spots.shape[1]):
        # Only the runs in the strip around the spot can be near to it.
        low, high = np.searchsorted(sorted_x, [spots[0, k] - near[k], spots[0, k] + near[k]], side="left")
        strip = order[low : high + 1]
        to_spot = np.hypot(final[0, strip] - spots[0, k], final[1, strip] - spots[1, k])
        closer = (to_spot <= near[k]) & (to_spot < distance[strip])
        end[strip[closer]] = owner[k]
        distance[strip[closer]] = to_spot[closer]
    return end
