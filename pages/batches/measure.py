"""What a batch size buys: the same descent with batches of several sizes, on three time axes, and their noise.

Linear scaling of the rate: P. Goyal et al., "Accurate, Large Minibatch SGD", 2017, arXiv:1706.02677; by the root:
A. Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014, arXiv:1404.5997. Rate over
batch as a temperature: S. Jastrzębski et al., "Three Factors Influencing Minima in SGD", 2017, arXiv:1711.04623.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from math import ceil
from typing import Any, NamedTuple

import numpy as np

from core import descend, descend_many
from core.analysis import gradient_noise
from core.analysis.gradient_noise import (
    batch_covariance,
    gradient_cloud,
    row_covariance,
    row_noise,
)
from core.engine.batches import Batches, Clocks, clocks
from core.engine.descend import Trajectory
from core.engine.limits import MAX_STEPS
from core.engine.spec import Goal, Noise, Surface
from core.memory import remembered
from core.resolve import surface_of
from core.schedules import rates as schedule_rates
from core.text import T

RULES = ("same", "root", "linear")
TIME_AXES = ("updates", "samples", "seconds")
REPEATING = T("Repeating over seeds")
SEEDS = 100
"""Repetitions where nothing else is said."""
MOST_WORK = 100_000_000
"""Rows that the repetitions of one question may look at: about half a second."""
MOST_DRAWN = 4_000_000
"""Rows that the batches of one run may hold: they are laid out in memory, 16 bytes each."""
Progress = Callable[[float], None]


class Estimate(NamedTuple):
    """A Monte-Carlo number and its standard error."""

    value: float
    error: float


def estimate(values: np.ndarray) -> Estimate:
    """Return the mean of independent repetitions with its standard error."""
    return Estimate(float(np.mean(values)), float(np.std(values) / np.sqrt(len(values))))


def _counted(items: Sequence[Any], progress: Progress) -> Iterator[Any]:
    """Yield the items and tell before each which part is done."""
    for k, item in enumerate(items):
        progress(k / len(items))
        yield item


class Plan(NamedTuple):
    """One descent with several batch sizes, each at its own rate."""

    surface: Surface
    sizes: tuple[int, ...]
    rates: tuple[float, ...]
    sampling: str
    seed: int
    rows: int
    """How many rows a full batch holds; 0 where a batch is only a level of noise."""

    def batches(self, k: int) -> Batches:
        """Return how the rows of the k-th size are drawn."""
        return Batches(self.sizes[k], self.sampling, self.seed)

    def with_sizes(self, keep: Callable[[int, float], bool]) -> "Plan":
        """Return the plan with those (size, rate) alone that `keep` accepts."""
        kept = [pair for pair in self.each() if keep(*pair)]
        return self._replace(sizes=tuple(s for s, _rate in kept), rates=tuple(r for _size, r in kept))

    def each(self) -> list[tuple[int, float]]:
        """Return (size, rate) of each."""
        return list(zip(self.sizes, self.rates, strict=True))


# Side by side.


def scaled_rate(lr: float, size: int, rule: str, most: float = np.inf) -> float:
    """Return the rate for a batch of this size, where `lr` is that of a single sample: at most `most`.

    "same" leaves it, "root" multiplies it by the square root of the size, "linear" by the size.
    """
    if rule not in RULES:
        raise ValueError(f"rule: got {rule!r}, allowed are {', '.join(RULES)}")
    factor = {"same": 1.0, "root": np.sqrt(size), "linear": size}[rule]
    return lr if rule == "same" else float(min(lr * factor, max(most, lr)))


def updates_within(axis: str, budget: float, size: int, rows: int, least: float, throughput: float) -> int:
    """Return how many updates with batches of this size a budget on this time axis buys, 1 ... `most_updates`.

    The budget is a number of updates, of epochs ("samples") or of seconds of the model in `clocks`.
    """
    if axis not in TIME_AXES:
        raise ValueError(f"axis: got {axis!r}, allowed are {', '.join(TIME_AXES)}")
    per_update = clocks(np.array([size]), least, throughput).seconds[-1]
    bought = {"updates": budget, "samples": budget * ceil(rows / size), "seconds": budget / per_update}[axis]
    return int(min(max(round(bought), 1), most_updates(size)))


def most_updates(size: int) -> int:
    """Return how many updates with batches of this size a run may have."""
    return max(1, min(MAX_STEPS, MOST_DRAWN // size))


def repetitions(steps: int, size: int, rows: int, least: int = 5, most: int = SEEDS) -> int:
    """Return how often runs with batches of `size` from `rows` rows are repeated: what MOST_WORK allows.

    The value after every step looks at all rows; to draw a row costs about ten looks.
    """
    return int(np.clip(MOST_WORK // (steps * (rows + 10 * size)), least, most))


class Walk(NamedTuple):
    """The run of one size, and what its steps have cost."""

    size: int
    rate: float
    run: Trajectory
    times: Clocks

    def rows_at(self, axis: str, moments: np.ndarray) -> np.ndarray:
        """Return the row of the run at each moment of a time axis; a diverged run has none after its end."""
        times = getattr(self.times, axis)[: len(self.run.path)]
        if self.run.lost:
            moments = moments[moments <= times[-1]]
        return np.searchsorted(times, moments * (1 + 1e-12), side="right") - 1


def walk(plan: Plan, k: int, start: Sequence[float], steps: int, least: float = 1e-3, throughput: float = 32e3) -> Walk:
    """Run SGD with batches of the k-th size of a plan; the last two are those of `clocks`."""
    batches, rate = plan.batches(k), plan.rates[k]
    run = descend(plan.surface, "sgd", (start[0], start[1]), steps, rate, batches=batches)
    return Walk(plan.sizes[k], rate, run, clocks(batches.sizes(plan.rows, steps), least, throughput))


class Arrival(NamedTuple):
    """Updates to the goal over seeds; a run that misses it counts as infinitely many."""

    median: float
    low: float
    """The first decile."""
    high: float
    """The last decile."""
    reached: float
    """Part of the runs that reach it."""
    final: Estimate
    """Value at the end of the budget."""
    seeds: int


@remembered(256, REPEATING)
def arrival(
    surface: Surface,
    start: tuple[float, float],
    batches: Batches,
    lr: float,
    steps: int,
    level: float,
    most: int = SEEDS,
) -> Arrival:
    """Run SGD with these batches over seeds and return when f falls below `level`, and where it is after `steps`."""
    full = batches.sampling != "replacement" and batches.size == len(surface.data or ())
    size = int(np.max(batches.size))
    seeds = 1 if full else repetitions(steps, size, len(surface.data or ()), most=most)
    starts = np.tile(np.array(start, dtype=float)[:, None], seeds)
    goal = Goal("value below", level)
    runs = descend_many(surface, "sgd", starts, steps, lr, batches=batches, goal=goal)
    first = np.where(runs.first >= 0, runs.first, np.inf)
    low, median, high = np.quantile(first, (0.1, 0.5, 0.9), method="lower") if seeds > 1 else np.repeat(first, 3)
    if seeds > 1 and np.isfinite(first).all():
        median = np.median(first)
    final = surface.value(*runs.final)
    final[np.isin(runs.status, ("diverged", "left the box"))] = np.inf
    ended = estimate(final) if np.isfinite(final).all() else Estimate(np.inf, np.nan)
    return Arrival(float(median), float(low), float(high), float(np.mean(runs.first >= 0)), ended, seeds)


@remembered(64, REPEATING)
def arrivals(
    plan: Plan, start: tuple[float, float], steps: tuple[int, ...], level: float, progress: Progress
) -> tuple[Arrival, ...]:
    """Return when each size of a plan arrives, each after its own number of steps."""
    return tuple(
        arrival(plan.surface, start, plan.batches(k), plan.rates[k], steps[k], level)
        for k in _counted(range(len(plan.sizes)), progress)
    )


# The gradient of a batch.


class Spread(NamedTuple):
    """How far the gradients of batches stray from that of all data, at one point."""

    measured: Estimate
    """Mean squared distance."""
    theory: float
    """sigma^2 / B, without replacement times (N - B) / (N - 1)."""
    angle: float
    """Median angle between the two gradients, in degrees."""
    batches: int
    """How many batches were measured."""


@remembered(512, REPEATING)
def spread(surface: Surface, point: tuple[float, float], batches: Batches, count: int = 1000) -> Spread:
    """Return the spread of `count` batch gradients at a point, beside theory."""
    cloud, true = gradient_cloud(surface, point, batches, count), np.array(surface.gradient(*point))
    cosine = cloud @ true / np.maximum(np.hypot(*cloud.T) * np.hypot(*true), 1e-300)
    size, rows = int(np.max(batches.size)), len(surface.data or ())
    covariance = batch_covariance(row_covariance(surface, point), size, rows, _dealt(batches))
    return Spread(
        measured=estimate(np.sum((cloud - true) ** 2, axis=1)),
        theory=float(np.trace(covariance)),
        angle=float(np.degrees(np.median(np.arccos(np.clip(cosine, -1, 1))))),
        batches=count,
    )


def _dealt(batches: Batches) -> str:
    """Return how single batches are drawn: the first one in the order of the data is no draw, so it is left out."""
    return "replacement" if batches.sampling == "replacement" else "reshuffled"


@remembered(64, REPEATING)
def spreads(plan: Plan, point: tuple[float, float], progress: Progress) -> dict[int, Spread]:
    """Return the spread of every power of two and of the full batch, by size."""
    sizes = sorted({2**k for k in range(plan.rows.bit_length())} | {plan.rows})
    dealt, count = _dealt(plan.batches(0)), repetitions(30, plan.rows, 0, 200, 1000)
    return {
        size: spread(plan.surface, point, Batches(size, dealt, plan.seed), count) for size in _counted(sizes, progress)
    }


def ellipse(
    center: Sequence[float] | np.ndarray, covariance: np.ndarray, sigmas: float = 2.0, points: int = 73
) -> np.ndarray:
    """Return a closed curve (points, 2) at so many standard deviations from the center."""
    values, vectors = np.linalg.eigh(covariance)
    angle = np.linspace(0, 2 * np.pi, points)
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    return np.array(center) + sigmas * (circle * np.sqrt(np.maximum(values, 0))) @ vectors.T


# Around the minimum.

STATIONARY_RUNS = 60
MOST_BURN_IN = 3000


def burn_in(surface: Surface, lr: float) -> int:
    """Return when the noise is stationary: after three times 1 / (lr lambda_min) steps, 300 to MOST_BURN_IN."""
    curvature = np.linalg.eigvalsh(hessian_at_minimum(surface))[0]
    return int(np.clip(3 / (lr * curvature) if lr * curvature > 0 else MOST_BURN_IN, 300, MOST_BURN_IN))


def hessian_at_minimum(surface: Surface | str) -> np.ndarray:
    """Return the Hessian (2, 2) at the first minimum."""
    surface = surface_of(surface)
    xx, xy, yy = surface.hessian(*surface.minima[0])
    return np.array([[xx, xy], [xy, yy]], dtype=float)


def stationary_covariance(surface: Surface | str, lr: float, size: int, sampling: str = "replacement") -> np.ndarray:
    """Return the stationary covariance (2, 2) of SGD around the minimum with independent batches of this size.

    Exact on a quadratic whose noise is the same everywhere; elsewhere that of the quadratic model at the minimum.
    Raises ValueError for a rate at which plain descent does not converge.
    """
    surface = surface_of(surface)
    covariance = row_covariance(surface, surface.minima[0])
    rows = len(surface.data) if surface.data else 1
    return gradient_noise.stationary_covariance(
        hessian_at_minimum(surface), batch_covariance(covariance, size, rows, sampling), lr
    )


@remembered(256, REPEATING)
def stationary_radius2(
    surface: Surface, batches: Batches, lr: float, *, epoch_end: bool = False, runs: int = STATIONARY_RUNS
) -> Estimate:
    """Return the mean squared distance from the minimum, after a burn-in, over seeds that begin there.

    `epoch_end` looks at the last point of every epoch alone. NaN where such batches would not fit into memory.
    """
    best, formed = np.array(surface.minima[0]), burn_in(surface, lr)
    size, rows = int(np.max(batches.size)), len(surface.data or ())
    if 5 * formed > most_updates(size):
        return Estimate(np.nan, np.nan)
    seeds = 1 if batches.sampling == "fixed" else repetitions(5 * formed, size, rows, most=runs)
    starts = np.tile(best[:, None], seeds)
    found = descend_many(surface, "sgd", starts, 5 * formed, lr, batches=batches, record=True)
    assert found.path is not None
    epoch = -(-rows // size) if epoch_end else 1
    first = -(-formed // epoch) * epoch
    with np.errstate(over="ignore"):
        radius2 = np.sum((found.path[:, first::epoch] - best) ** 2, axis=-1).mean(axis=1)
    return estimate(radius2)


@remembered(64, REPEATING)
def stationary_radii(plan: Plan, samplings: tuple[str, ...], progress: Progress) -> dict[str, tuple[Estimate, ...]]:
    """Return the mean squared distance from the minimum of every size, by the way rows are drawn."""
    found: dict[str, tuple[Estimate, ...]] = dict.fromkeys(samplings, ())
    for name, k in _counted([(name, k) for name in samplings for k in range(len(plan.sizes))], progress):
        batches = Batches(plan.sizes[k], name, plan.seed)
        found[name] += (stationary_radius2(plan.surface, batches, plan.rates[k]),)
    return found


# Out of a well.

WELL = "doublewell"
WELLS = {"shallow": (0.9601496, 0.0), "deep": (-1.0355787, 0.0)}
BARRIER = 0.0754
"""x of the maximum between the wells."""
ESCAPE_RUNS = 400


def same_time(plan: Plan, steps: int) -> tuple[int, ...]:
    """Return updates for every size such that rate x updates is that of the first in `steps`."""
    first = plan.rates[0]
    return tuple(
        max(1, min(round(steps * first / rate), MAX_STEPS)) if first and rate else steps for rate in plan.rates
    )


@remembered(256, REPEATING)
def ends_of(well: str, size: int, lr: float, steps: int, sigma: float, seed: int = 0) -> np.ndarray:
    """Return x at the end of ESCAPE_RUNS runs from the bottom of a well, (runs,), NaN where one diverged.

    The gradient carries noise sigma / sqrt(size): that of a batch of samples with noise sigma each.
    """
    starts = np.tile(np.array(WELLS[well])[:, None], ESCAPE_RUNS)
    runs = descend_many(WELL, "sgd", starts, steps, lr, noise=Noise(sigma / np.sqrt(size), seed))
    ends = np.where(runs.status == "diverged", np.nan, runs.final[0])
    ends.setflags(write=False)
    return ends


def crossed(well: str, size: int, lr: float, steps: int, sigma: float, seed: int = 0) -> Estimate:
    """Return which part of the runs from one well ends in the other, with its binomial error."""
    ends = ends_of(well, size, lr, steps, sigma, seed)
    beyond = ends < BARRIER if well == "shallow" else ends > BARRIER
    return estimate(beyond.astype(float))


@remembered(64, REPEATING)
def crossings(plan: Plan, steps: tuple[int, ...], sigma: float, progress: Progress) -> dict[str, tuple[Estimate, ...]]:
    """Return which part of the runs of every size crosses, by the well where they begin."""
    found: dict[str, tuple[Estimate, ...]] = dict.fromkeys(WELLS, ())
    for well, k in _counted([(well, k) for well in WELLS for k in range(len(plan.sizes))], progress):
        found[well] += (crossed(well, plan.sizes[k], plan.rates[k], steps[k], sigma, plan.seed),)
    return found


# Off a saddle.

SADDLE = "saddle_bounded"
SADDLE_START = (1.0, 0.0)
SADDLE_ROWS = 64
AWAY = Goal("away", 0.5, weight=(0.0, 1.0))
"""A run has left the saddle when |y| is above one half."""


@remembered(16)
def saddle_rows(sigma: float = 0.3, seed: int = 0) -> np.ndarray:
    """Return how the gradient of each of SADDLE_ROWS rows differs from the mean before centring, (rows, 2)."""
    return sigma * np.random.default_rng(seed).standard_normal((SADDLE_ROWS, 2))


@remembered(128, REPEATING)
def leaving(size: int, lr: float, steps: int, sampling: str = "reshuffled", seed: int = 0) -> np.ndarray:
    """Return the step at which each of SEEDS runs leaves the saddle from its axis of symmetry, (SEEDS,), -1: never."""
    noise = row_noise(saddle_rows(), Batches(size, sampling, seed), steps, SEEDS)
    starts = np.tile(np.array(SADDLE_START)[:, None], SEEDS)
    first = descend_many(SADDLE, "sgd", starts, steps, lr, noise=noise, goal=AWAY, stop_at_goal=True).first
    first.setflags(write=False)
    return first


@remembered(64, REPEATING)
def leavings(plan: Plan, steps: int, progress: Progress) -> tuple[np.ndarray, ...]:
    """Return `leaving` of every size of a plan."""
    return tuple(leaving(*pair, steps, plan.sampling, plan.seed) for pair in _counted(plan.each(), progress))


# Batch size x schedule.


class Grid(NamedTuple):
    """One run for every schedule and every size from one seed, and the end of several seeds."""

    paths: np.ndarray
    """(schedules, sizes, steps + 1, 2), of the first seed."""
    final: list[list[Estimate]]
    """Value at the end, mean over the seeds, by schedule and size."""
    seeds: int


@remembered(32, REPEATING)
def grid(plan: Plan, schedules: tuple[str, ...], start: tuple[float, float], steps: int) -> Grid:
    """Run every schedule at its defaults with every size of the plan in one call of the engine."""
    factors = [schedule_rates(key, steps, {}) for key in schedules]
    cells = len(factors) * len(plan.sizes)
    seeds = repetitions(steps * cells, sum(plan.sizes) // len(plan.sizes), plan.rows, 2, 20)
    lanes = [(f, k, s) for f in range(len(factors)) for k in range(len(plan.sizes)) for s in range(seeds)]
    runs = descend_many(
        plan.surface,
        "sgd",
        np.tile(np.array(start, dtype=float)[:, None], len(lanes)),
        steps,
        np.array([plan.rates[k] for _f, k, _s in lanes]),
        schedule=np.column_stack([factors[f] for f, _k, _s in lanes]),
        batches=[replace(plan.batches(k), seed=plan.seed + s) for _f, k, s in lanes],
        record=True,
    )
    shape = (len(factors), len(plan.sizes), seeds)
    paths = np.reshape(runs.path, (*shape, steps + 1, 2))[:, :, 0]  # type: ignore[arg-type]
    with np.errstate(over="ignore", invalid="ignore"):
        ends = np.where(runs.status == "diverged", np.inf, plan.surface.value(*runs.final)).reshape(shape)
        return Grid(paths, [[estimate(cell) for cell in row] for row in ends], seeds)
