"""Basin maps: where an optimizer ends from every start of a window, and how soon.

The border between two basins of gradient descent with a small rate is a ridge of the surface; with a large rate, or
with momentum, it becomes a fractal, and minima that are too sharp for the rate vanish from the map.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from core import descend_many
from core.analysis.critical_points import Atlas, find, member
from core.analysis.curvature import window_axes
from core.engine.checks import checked_steps
from core.engine.descend_many import Ensemble
from core.engine.loop import CONVERGED, NOT_A_NUMBER, RUNNING
from core.engine.loop import DIVERGED as DIVERGED_RUN
from core.engine.loop import LEFT as LEFT_RUN
from core.engine.spec import Goal, Optimizer, Surface
from core.resolve import optimizer_of, surface_of

MOVING, DIVERGED, LEFT, NO_NUMBER = -1, -2, -3, -4
"""Ends that are no critical point: used up its steps elsewhere, diverged, left a surface with borders, met a number
that is none."""
NEAR = 0.01
"""A run has arrived when it is this near to its end, in parts of the shorter side of the window of the atlas."""
STAGE = 60
"""Steps after which runs without memory are asked whether they still move; cycles of 2, 3, 4, 5 and 6 fit in. Shorter
stages cost cheap surfaces more than they save: of the time of dear ones, 60 saves half (Ackley) to a sixth (Lévy)."""
MOST_STEPS = 400 * 400 * 2000
"""Starts times steps that one map may cost."""


@dataclass(frozen=True, eq=False)
class BasinMap:
    """Where the runs from every point of a window ended; row i, column k belongs to the start (x[k], y[i])."""

    atlas: Atlas
    optimizer: Optimizer | None
    """None where the runs are walks of Newton's method, which is none of OPTIMIZERS."""
    x: np.ndarray
    y: np.ndarray
    end: np.ndarray
    """(len(y), len(x)) index in `atlas.points`, then in `atlas.curves` counted on; or one of the four above."""
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
    surface, optimizer, steps = surface_of(surface), optimizer_of(optimizer), checked_steps(steps)
    surface = member(surface, parameters)
    x, y = window_axes(surface, size, window)
    if size * size * steps > MOST_STEPS:
        raise ValueError(f"steps: got {steps} from {size} x {size} starts, allowed are {MOST_STEPS // size**2} there")
    atlas = find(surface, window=surface.domain) if atlas is None else atlas
    starts = np.stack([np.tile(x, size), np.repeat(y, size)])

    def run(points: np.ndarray, steps: int, begin: float, share: float, goal: Goal | None = None) -> Ensemble:
        part = (lambda done: progress(begin + share * done)) if progress else None
        return descend_many(
            surface,
            optimizer,
            points,
            steps,
            lr,
            dict(hyper or {}),
            goal=goal,
            stop_at_goal=True,
            executor=executor,
            progress=part,
        )

    final, outcome, soon = _run_in_stages(run, starts, steps, steps if optimizer.state else STAGE)
    spots, owner, near = _targets(atlas)
    end = _nearest_end(final, spots, owner, near)
    end[outcome == DIVERGED_RUN] = DIVERGED
    end[outcome == LEFT_RUN] = LEFT
    end[outcome == NOT_A_NUMBER] = NO_NUMBER
    # Once more, until each run comes near its own end. To ask for every end at every step would take longer.
    done = 0.7
    for k in np.unique(end[(end >= 0) & (end < len(atlas.points))]):
        chosen = np.flatnonzero(end == k)
        goal = Goal("near", near[k], ((atlas.points[k].x, atlas.points[k].y),))
        share = 0.3 * chosen.size / end.size
        soon[chosen] = run(starts[:, chosen], steps, done, share, goal).first
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


def _run_in_stages(
    run: Callable[..., Ensemble], starts: np.ndarray, steps: int, stage: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the last points (2, N) of all runs, how they ended, and the step at which they stopped or came to rest.

    An optimizer without memory that is back at the very point of a stage before goes round for ever, most often on the
    spot. Such a run needs only the steps that are left over after all whole stages, and ends as if it took all.
    """
    count = starts.shape[1]
    final, outcome = starts.copy(), np.full(count, RUNNING)
    soon = np.zeros(count, dtype=int)
    moving = np.arange(count)
    for begin in range(0, steps, stage):
        last = begin + stage >= steps
        now = np.flatnonzero((outcome == RUNNING) | (outcome == CONVERGED)) if last else moving
        if now.size == 0:
            continue
        runs = run(final[:, now], min(stage, steps - begin), 0.7 * begin / steps, 0.7 * stage / steps)
        moved = (runs.final != final[:, now]).any(axis=0)
        final[:, now], outcome[now] = runs.final, runs.outcome
        fresh = (runs.outcome != CONVERGED) | (runs.stopped_at > 0)  # not at rest since an earlier stage
        soon[now[fresh]] = begin + runs.stopped_at[fresh]
        moving = now[moved & ((runs.outcome == RUNNING) | (runs.outcome == CONVERGED))]
    soon[outcome == RUNNING] = steps
    return final, outcome, soon


def _nearest_end(final: np.ndarray, spots: np.ndarray, owner: np.ndarray, near: np.ndarray) -> np.ndarray:
    """Return for every point of (2, N) the end it is near to, MOVING where there is none."""
    end = np.full(final.shape[1], MOVING)
    if spots.size == 0:
        return end
    # In square cells as wide as the longest reach, only the spots of the nine cells around a point can be near to it;
    # three cells of one row follow one another in the order of their numbers.
    corner, width = spots.min(axis=1, keepdims=True), near.max()
    column, row = np.floor((spots - corner) / width)
    order = np.lexsort((column, row))
    across = column.max() + 4
    number = (row * across + column)[order]
    at_column, at_row = np.floor((final - corner) / width)
    inside = np.flatnonzero((at_column >= -1) & (at_column < across - 2) & (at_row >= -1) & (at_row <= row.max() + 1))
    distance = np.full(final.shape[1], np.inf)
    for beside in (-1, 0, 1):
        middle = (at_row[inside] + beside) * across + at_column[inside]
        first, last = np.searchsorted(number, [middle - 1, middle + 2])
        for k in range(int((last - first).max(initial=0))):
            some = first + k < last
            points, chosen = inside[some], order[first[some] + k]
            to_spot = np.hypot(*(final[:, points] - spots[:, chosen]))
            closer = (to_spot <= near[chosen]) & (to_spot < distance[points])
            end[points[closer]] = owner[chosen[closer]]
            distance[points[closer]] = to_spot[closer]
    return end
