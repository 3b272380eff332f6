"""Why a run makes no progress: a saddle, a worse minimum, a valley to infinity, a plateau; each has its own numbers.

J. D. Lee, M. Simchowitz, M. I. Jordan, B. Recht, "Gradient descent only converges to minimizers", COLT 2016,
arXiv:1602.04915.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core import descend_many
from core.analysis.stability import METHODS, spectral_radius
from core.engine.descend import Trajectory
from core.engine.spec import Goal, Noise, Optimizer
from core.memory import remembered
from core.optimizers import OPTIMIZERS
from core.text import T

OFFSETS = (1e-2, 1e-8, 1e-16, 0.0)
"""How far from the axis of symmetry the runs of the table start."""
AWAY = Goal("away", 0.5, weight=(0.0, 1.0))
"""A run has left the strict saddle when |y| is above one half."""
SEEDS = 200
WELL_STARTS = 401
DEEP, SHALLOW = (-1.0355787, 0.0), (0.9601496, 0.0)
"""Minima of the double well."""


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


@remembered(1)
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
    sigma: float,
    seed: int = 0,
    optimizer: Optimizer | str = "sgd",
    steps: int = 1000,
    offset: float = 0.0,
    count: int = SEEDS,
) -> Rescue:
    """Return how `count` runs with gradient noise leave the strict saddle from that far beside its axis."""
    noise = Noise(sigma, seed) if sigma else None
    starts = saddle_starts(np.full(count, offset))
    first = descend_many("saddle_bounded", optimizer, starts, steps, 0.05, noise=noise, goal=AWAY).first
    when = np.sort(np.where(first < 0, np.inf, first))
    reach = 0.98 * np.sqrt(count)
    low, high = when[int(count / 2 - reach)], when[int(np.ceil(count / 2 + reach))]
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


@remembered(8, T("Running {count} seeds for each strength"))
def rescues(seed: int, count: int = SEEDS) -> tuple[Rescue, ...]:
    """Return the rescue from the exact axis for noise of several strengths."""
    return tuple(noise_rescue(float(sigma), seed, count=count) for sigma in 10.0 ** np.arange(-10, 0))


@remembered(1)
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
