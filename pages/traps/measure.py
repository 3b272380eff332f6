"""Why a run makes no progress: a saddle, a worse minimum, a valley to infinity, a plateau; each has its own numbers.

J. D. Lee, M. Simchowitz, M. I. Jordan, B. Recht, "Gradient descent only converges to minimizers", COLT 2016,
arXiv:1602.04915; Y. Dauphin et al., "Identifying and attacking the saddle point problem in high-dimensional
non-convex optimization", NIPS 2014, arXiv:1406.2572 (Newton's attraction to saddles).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache

import numpy as np

from core import descend_many
from core.analysis.basins import DIVERGED, LEFT, MOVING, NEAR, BasinMap
from core.analysis.critical_points import Atlas
from core.analysis.curvature import eigenvalues, window_axes
from core.analysis.stability import METHODS, spectral_radius
from core.engine.descend import Trajectory
from core.engine.spec import Goal, Noise, Optimizer, Surface
from core.optimizers import OPTIMIZERS
from core.resolve import surface_of
from core.text import T

OFFSETS = (1e-2, 1e-8, 1e-16, 0.0)
"""How far from the axis of symmetry the runs of the table start."""
AWAY = Goal("away", 0.5, weight=(0.0, 1.0))
"""A run has left the strict saddle when |y| is above one half."""
SEEDS = 200
WELL_STARTS = 401
DEEP, SHALLOW = (-1.0355787, 0.0), (0.9601496, 0.0)
"""Minima of the double well."""


@dataclass(frozen=True)
class Trap:
    """An experiment on one way of making no progress."""

    key: str
    title: str
    text: str
    """What to see, in one line."""
    surfaces: tuple[str, ...]
    """Keys; more than one are shown side by side."""
    start: tuple[float, float]
    steps: int
    rates: Mapping[str, float]
    """Who runs here at first, and at which rate."""
    goal: Goal | None
    """When a run has left the trap; None where only `accuracy` can tell."""
    left: str
    """The same in words."""
    watch: str
    """The quantity that shows the trap, in words."""
    log: bool = True
    """Whether it is drawn on a logarithmic axis."""
    window: tuple[float, float, float, float] | None = None
    """What to draw of the surface, where its own window is too small."""

    def members(self) -> tuple[Surface, ...]:
        """Return its surfaces with the window to draw: the same objects at every call, so that figures are kept."""
        return _members(self.surfaces, self.window)

    def watched(self, run: Trajectory) -> np.ndarray:
        """Return (steps + 1,) the quantity that shows the trap."""
        if self.key == "saddle":
            return np.abs(run.path[:, 1])
        if self.key == "flat":
            return np.hypot(*run.path.T)
        if self.key == "plateau":
            return np.hypot(*(run.path - np.pi).T)
        if self.key == "neuron":
            return accuracy(run)
        return run.path[:, 0]

    def step_out(self, run: Trajectory) -> int:
        """Return the first step at which the run has left the trap, -1 for never.

        Where leaving means arriving elsewhere, it counts from when it stays: a run may roll through.
        """
        if self.goal:
            return run.held if self.goal.kind == "near" else run.first
        solved = np.flatnonzero(accuracy(run) == 1)
        return int(solved[0]) if solved.size else -1


@cache
def _members(keys: tuple[str, ...], window: tuple[float, float, float, float] | None) -> tuple[Surface, ...]:
    found = tuple(surface_of(key) for key in keys)
    return tuple(replace(surface, domain=window) for surface in found) if window else found


TRAPS = (
    Trap(
        key="saddle",
        title=T("Saddle"),
        text=T("The closer the start is to the axis of symmetry, the longer a saddle holds a run."),
        surfaces=("saddle_bounded",),
        start=(1.0, 1e-8),
        steps=800,
        rates=dict.fromkeys(("sgd", "momentum", "nesterov", "ema_momentum", "adagrad", "rmsprop", "adam"), 0.05),
        goal=AWAY,
        left=T("|y| above 0.5"),
        watch=T("|y|, distance from the axis"),
    ),
    Trap(
        key="flat",
        title=T("Flat saddle"),
        text=T("No curvature at the monkey saddle: the slope fades with the square of the distance."),
        surfaces=("monkey_bounded",),
        start=(0.01, 0.001),
        steps=2500,
        rates=dict.fromkeys(("sgd", "momentum", "adam"), 0.05),
        goal=Goal("away", 0.5),
        left=T("distance from the saddle > 0.5"),
        watch=T("Distance from the saddle"),
    ),
    Trap(
        key="wells",
        title=T("Two wells"),
        text=T("Momentum rolls out of a well, be it the worse or the better one."),
        surfaces=("doublewell",),
        start=(1.8, 0.5),
        steps=500,
        rates=dict.fromkeys(("sgd", "momentum", "nesterov", "ema_momentum", "adam"), 0.01),
        goal=Goal("near", 0.05, (DEEP,)),
        left=T("within 0.05 of the deep minimum"),
        watch=T("x, the deep well at −1.04"),
        log=False,
    ),
    Trap(
        key="valley",
        title=T("Valley to infinity"),
        text=T(
            "A run that stays in this valley falls for ever: no minimum is in it. Momentum may roll out, to (3, 0.5)."
        ),
        surfaces=("beale",),
        start=(-2.0, 2.0),
        steps=20_000,
        rates={"sgd": 0.001, "momentum": 0.001, "rmsprop": 0.01, "adam": 0.05},
        goal=Goal("near", 0.05, ((3.0, 0.5),)),
        left=T("within 0.05 of the minimum (3, 0.5)"),
        watch=T("x, the minimum at 3"),
        log=False,
        window=(-30.0, 5.0, -1.0, 4.0),
    ),
    Trap(
        key="plateau",
        title=T("Plateau"),
        text=T("Almost no slope at the start, and small false minima on the way to the needle."),
        surfaces=("easom",),
        start=(0.0, 0.0),
        steps=1000,
        rates={"sgd": 0.1, "momentum": 0.1, "adam": 0.05, "rprop": 0.05},
        goal=Goal("near", 0.05, ((np.pi, np.pi),)),
        left=T("within 0.05 of the minimum (π, π)"),
        watch=T("Distance from the minimum"),
    ),
    Trap(
        key="neuron",
        title=T("Saturated neuron"),
        text=T("The same neuron on the same data with two losses: the squared error makes the plateau."),
        surfaces=("neuron_squared", "neuron_entropy"),
        start=(-6.0, 0.5),
        steps=800,
        rates={"sgd": 1.0, "momentum": 1.0, "adam": 0.1},
        goal=None,
        left=T("every example on the right side"),
        watch=T("Part of the examples on the right side"),
        log=False,
    ),
)


def trap(key: str) -> Trap:
    """Return the trap with this key. Raises ValueError for an unknown one."""
    for candidate in TRAPS:
        if candidate.key == key:
            return candidate
    raise ValueError(f"trap: {key!r} is not one of {', '.join(t.key for t in TRAPS)}")


def accuracy(run: Trajectory) -> np.ndarray:
    """Return (steps + 1,) the part of the rows that a neuron with the weights of the path puts on the right side."""
    w, b = run.path.T
    rows = run.surface.data
    if rows is None:
        raise ValueError(f"surface: {run.surface.key} has no rows to be right about")
    return np.mean((w[:, None] * rows.x + b[:, None] > 0) == (rows.y > 0.5), axis=1)


def saddle_starts(offsets) -> np.ndarray:
    """Return the starts (2, N) at x = 1 that far from the axis of the strict saddle."""
    return np.stack([np.ones(len(offsets)), np.asarray(offsets, dtype=float)])


@cache
def race_table() -> dict[str, np.ndarray]:
    """Return for every optimizer the steps (4,) to leave the strict saddle from OFFSETS, all at rate 0.05."""
    return {optimizer.key: escapes(optimizer) for optimizer in OPTIMIZERS}


def escapes(optimizer: Optimizer | str, offsets=OFFSETS, lr: float = 0.05, steps: int = 2000) -> np.ndarray:
    """Return the step (N,) at which the optimizer leaves the strict saddle from these offsets, -1 for never."""
    runs = descend_many("saddle_bounded", optimizer, saddle_starts(offsets), steps, lr, goal=AWAY, stop_at_goal=True)
    return runs.first


def growth(run: Trajectory) -> float:
    """Return the factor by which |y| grows per step near the strict saddle, measured between 100 |y_0| and 0.01.

    NaN where |y| does not grow through that range, or does so in a few steps.
    """
    y = np.abs(run.path[:, 1])
    near = np.flatnonzero((y > 100 * y[0]) & (y < 0.01))
    if y[0] == 0 or near.size < 4:
        return float("nan")
    return float((y[near[-1]] / y[near[0]]) ** (1 / (near[-1] - near[0])))


def growth_in_theory(run: Trajectory) -> float:
    """Return the factor that the linear theory gives for the same run; NaN for methods that are not linear."""
    if run.optimizer.key not in ("sgd", *METHODS):
        return float("nan")
    beta = run.hyper.get("momentum", run.hyper.get("beta", 0.0))
    return float(spectral_radius(run.optimizer, run.hyper["lr"], beta, [-1.0]))


@dataclass(frozen=True)
class Rescue:
    """When noise carries runs off the saddle on or beside whose axis they start."""

    sigma: float
    escaped: float
    """Part of the runs."""
    median: float
    """Step; NaN where fewer than half escape."""
    low: float
    high: float
    """Interval that holds the median of all seeds with 95 % confidence (order statistics)."""


def noise_rescue(
    sigma: float, seed: int = 0, optimizer: Optimizer | str = "sgd", steps: int = 1000, offset: float = 0.0
) -> Rescue:
    """Return how SEEDS runs with gradient noise leave the strict saddle from that far beside its axis."""
    noise = Noise(sigma, seed) if sigma else None
    starts = saddle_starts(np.full(SEEDS, offset))
    first = descend_many("saddle_bounded", optimizer, starts, steps, 0.05, noise=noise, goal=AWAY).first
    when = np.sort(np.where(first < 0, np.inf, first))
    reach = 0.98 * np.sqrt(SEEDS)
    low, high = when[int(SEEDS / 2 - reach)], when[int(np.ceil(SEEDS / 2 + reach))]
    median = float(np.median(when))
    return Rescue(sigma, float(np.mean(first >= 0)), median if np.isfinite(median) else float("nan"), low, high)


@dataclass(frozen=True)
class Wells:
    """Where runs from many starts in the double well end, beside gradient descent from the same starts."""

    deep: float
    """Part that ends in the deep well."""
    rescued: float
    """Part that ends there and would not without this method."""
    lost: float
    """Part that ends in the shallow well and would not without."""


def wells(optimizer: Optimizer | str, lr: float = 0.01, hyper: Mapping[str, float] | None = None) -> Wells:
    """Return what a method makes of WELL_STARTS starts in the double well, x from -2 to 2, y = 0.5."""
    starts = np.stack([np.linspace(-2, 2, WELL_STARTS), np.full(WELL_STARTS, 0.5)])

    def ends_deep(optimizer, lr, hyper=None):
        final = descend_many("doublewell", optimizer, starts, 3000, lr, dict(hyper or {})).final
        return np.hypot(*(final.T - DEEP).T) < np.hypot(*(final.T - SHALLOW).T)

    deep, plain = ends_deep(optimizer, lr, hyper), ends_deep("sgd", 0.01)
    return Wells(*(float(part.mean()) for part in (deep, deep & ~plain, ~deep & plain)))


def valley_floor() -> float:
    """Return the height towards which Beale's valley falls as x goes to minus infinity.

    With u = x (y - 1) fixed, its three terms become 1.5 + u, 2.25 + 2 u and 2.625 + 3 u; the best u is least squares.
    """
    constant, slope = np.array([1.5, 2.25, 2.625]), np.array([1.0, 2.0, 3.0])
    u = -(constant @ slope) / (slope @ slope)
    return float(np.sum((constant + slope * u) ** 2))


@lru_cache(maxsize=8)
def rescues(seed: int) -> tuple[Rescue, ...]:
    """Return the rescue from the exact axis for noise of several strengths."""
    return tuple(noise_rescue(float(sigma), seed) for sigma in 10.0 ** np.arange(-10, 0))


@cache
def distances_and_escapes(steps: int = 30_000) -> dict[str, np.ndarray]:
    """Return how long gradient descent takes to leave a strict and a flat saddle from many distances along y = x / 10.

    "distance" (N,), "strict" and "flat" (N,) steps, NaN for never.
    """
    distance = np.geomspace(1e-3, 1e-1, 21)
    flat = np.stack([distance, distance / 10])
    goal = Goal("away", 0.5)
    runs = descend_many("monkey_bounded", "sgd", flat, steps, 0.05, goal=goal, stop_at_goal=True)
    strict = escapes("sgd", distance, steps=steps)
    return {"distance": distance} | {
        key: np.where(first < 0, np.nan, first.astype(float))
        for key, first in (("strict", strict), ("flat", runs.first))
    }


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


@lru_cache(maxsize=8)
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
