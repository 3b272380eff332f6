"""Schedules on trial: the same start, the same seeds and the same budget for everyone, beside what theory expects.

On a quadratic whose gradients carry noise, plain descent is a linear recursion, so that the mean of f is known in every
step and under every schedule: L. Bottou, F. E. Curtis, J. Nocedal, "Optimization Methods for Large-Scale Machine
Learning", SIAM Review 60 (2018) 223-311, arXiv:1606.04838, section 4.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache

import numpy as np

from core.arguments import checked_surface
from core.descent import descend
from core.engine import RUNNING, STATUS
from core.ensemble import Ensemble, descend_many
from core.schedules import checked_settings, rates, schedule
from core.spec import NOTHING, Goal, Noise, Optimizer, Schedule, Surface
from core.tuning import first_rate

MOST_STEPS = 5000
MOST_SEEDS = 400
SETTLED = (RUNNING, STATUS.index("converged"))
"""Outcomes of runs that neither diverged nor left the surface."""
Plan = tuple[Schedule | str, tuple[tuple[str, float], ...]]
"""A schedule and its settings, as a key of a cache."""


@dataclass(frozen=True)
class Line:
    """A schedule as it stands on the page, where one schedule may stand twice with other settings."""

    key: str
    title: str
    schedule: str
    settings: Mapping[str, float] = field(default_factory=dict, hash=False)
    """What differs from the defaults of the schedule."""


LINES = (
    Line("constant", "Constant", "constant"),
    Line("step", "Step", "step"),
    Line("multi_step", "Multi-step", "multi_step"),
    Line("exponential", "Exponential", "exponential", {"k": 0.0046052}),  # one percent is left after 1000 steps
    Line("time_based", "Time-based", "time_based", {"k": 0.1}),
    Line("linear", "Linear", "linear"),
    Line("polynomial", "Polynomial", "polynomial"),
    Line("cosine", "Cosine", "cosine"),
    Line("warm_cosine", "Warm-up, cosine", "cosine", {"warm_up": 100}),
    Line("short_cosine", "Short cosine", "cosine", {"length": 300}),
    Line("cosine_restarts", "Cosine with restarts", "cosine_restarts"),
    Line("warm_up", "Warm-up", "warm_up"),
    Line("one_cycle", "One cycle", "one_cycle"),
    Line("cyclic", "Cyclic", "cyclic"),
    Line("plateau", "Reduce on plateau", "plateau", {"factor": 0.5, "patience": 20}),
    Line("drawn", "Drawn", "drawn"),
)
"""Every schedule that can stand beside the others. The last is drawn by the reader."""


@dataclass(frozen=True)
class Trial:
    """An experiment on what schedules are good for."""

    key: str
    title: str
    text: str
    """What to see, in one line."""
    family: str
    """Key of the surface."""
    start: tuple[float, float]
    optimizer: str
    lr: float
    sigma: float
    steps: int
    level: float
    """The goal: f this far above the minimum."""
    lines: tuple[str, ...]
    """Who runs at first."""
    grid: tuple[float, ...]
    """Rates among which everyone chooses where the rates are tuned."""
    settings: Mapping[str, Mapping[str, float]] = field(default_factory=dict, hash=False)
    """By line, what differs from its own settings."""
    parameters: Mapping[str, float] = field(default_factory=dict, hash=False)
    window: tuple[float, float, float, float] | None = None
    barrier: float | None = None
    """A run whose x is below it has left the well it began in."""

    @property
    def surface(self) -> Surface:
        """Its surface with the window to draw: the same object at every call, so that figures are kept."""
        return _member(self)

    def defaults(self, line: Line) -> Mapping[str, float]:
        """Return the settings of a line in this trial that differ from those of its schedule."""
        return {**line.settings, **self.settings.get(line.key, {})}

    def first_rate(self, optimizer: Optimizer) -> float:
        """Return the rate to begin with: its own, and for another optimizer what the surface suggests."""
        return self.lr if optimizer.key == self.optimizer else first_rate(self.surface, optimizer)

    def rates_for(self, optimizer: Optimizer) -> tuple[float, ...]:
        """Return the rates to tune over: the grid, for another optimizer scaled to its own first rate."""
        scale = self.first_rate(optimizer) / self.lr
        return tuple(float(f"{scale * rate:.3g}") for rate in self.grid)


@cache
def _member(chosen: Trial) -> Surface:
    member = checked_surface(chosen.family).with_parameters(**chosen.parameters)
    return replace(member, domain=chosen.window) if chosen.window else member


TRIALS = (
    Trial(
        key="noise",
        title="Noisy gradients",
        text="Under noise a constant rate never arrives: it keeps a cloud around the minimum, as large as the rate.",
        family="ravine",
        parameters={"condition": 10.0},
        window=(-3.0, 9.0, -3.5, 3.5),
        start=(8.0, 3.0),
        optimizer="sgd",
        lr=0.15,
        sigma=1.0,
        steps=1000,
        level=0.05,
        lines=("constant", "multi_step", "exponential", "time_based", "cosine", "cosine_restarts"),
        grid=(0.005, 0.008, 0.012, 0.02, 0.03, 0.05, 0.08, 0.12, 0.15),
    ),
    Trial(
        key="steep",
        title="Steep start",
        text="Where the first curvature is the highest, a rate that is fine later throws the run out at once.",
        family="rosenbrock",
        start=(-1.5, 2.0),
        optimizer="momentum",
        lr=0.003,
        sigma=0.0,
        steps=400,
        level=1e-3,
        lines=("constant", "warm_up", "warm_cosine", "one_cycle"),
        settings={"warm_cosine": {"warm_up": 50}},
        grid=(0.0003, 0.0005, 0.0007, 0.001, 0.0014, 0.002, 0.003, 0.004, 0.006),
    ),
    Trial(
        key="wells",
        title="Two wells",
        text="Noise carries a run over the barrier while the rate is high; a restart brings the high rate back.",
        family="doublewell",
        start=(0.9601496, 0.0),
        optimizer="sgd",
        lr=0.1,
        sigma=2.0,
        steps=1200,
        level=0.05,
        lines=("cosine_restarts", "cosine", "short_cosine"),
        settings={"cosine_restarts": {"period": 300}},
        grid=(0.02, 0.03, 0.04, 0.05, 0.07, 0.1, 0.12, 0.15),
        barrier=0.0754,
    ),
)


def trial(key: str) -> Trial:
    """Return the trial of this key. Raises ValueError for an unknown one."""
    for candidate in TRIALS:
        if candidate.key == key:
            return candidate
    raise ValueError(f"trial: got {key!r}, allowed are {', '.join(t.key for t in TRIALS)}")


def line(key: str) -> Line:
    """Return the line of this key. Raises ValueError for an unknown one."""
    for candidate in LINES:
        if candidate.key == key:
            return candidate
    raise ValueError(f"line: got {key!r}, allowed are {', '.join(row.key for row in LINES)}")


def check(chosen: Schedule | str, steps: int, settings: Mapping[str, float] = NOTHING) -> None:
    """Raise ValueError where the settings of a schedule contradict one another or the length of the run."""
    row = schedule(chosen) if isinstance(chosen, str) else chosen
    (checked_settings if row.reads_loss else rates)(row, steps, settings)


def plan(chosen: Schedule | str, settings: Mapping[str, float] = NOTHING) -> Plan:
    """Return a schedule with its settings as `repeat` and `tune` take it."""
    return chosen, tuple(settings.items())


@dataclass(frozen=True, eq=False)
class Spread:
    """What a schedule did over many seeds. A step in which a run no longer exists has no mean: NaN."""

    mean: np.ndarray
    """(steps + 1,) mean of f above the minimum."""
    low: np.ndarray
    """(steps + 1,) above the lowest tenth of the runs."""
    high: np.ndarray
    final: np.ndarray
    """(seeds,) f above the minimum at the end; NaN for a run that diverged or left the surface."""
    crossed: np.ndarray | None
    """(steps + 1,) part of the runs beyond the barrier."""
    lost: int
    """Runs that diverged or left the surface."""

    @property
    def error(self) -> float:
        """Standard error of the last mean."""
        return _error(self.final)

    def first_below(self, level: float) -> int:
        """Return the first step at which the mean is below a level, -1 for never."""
        below = np.flatnonzero(self.mean < level)
        return int(below[0]) if below.size else -1


@lru_cache(maxsize=128)
def repeat(
    surface: Surface,
    optimizer: str,
    start: tuple[float, float],
    steps: int,
    lr: float,
    plan: Plan,
    sigma: float,
    seed: int,
    count: int,
    barrier: float | None = None,
) -> Spread:
    """Run one schedule from one start over the seeds seed ... seed + count - 1; without noise one run is all."""
    runs = _many(surface, optimizer, start, steps, np.full(count if sigma else 1, lr), plan, sigma, seed, record=True)
    assert runs.value is not None and runs.path is not None
    gap = runs.value - (surface.minimum or 0.0)
    low, mean, high = np.quantile(gap, 0.1, axis=0), gap.mean(axis=0), np.quantile(gap, 0.9, axis=0)
    crossed = None if barrier is None else np.mean(runs.path[:, :, 0] < barrier, axis=0)
    held = np.isin(runs.outcome, SETTLED)
    return Spread(mean, low, high, np.where(held, gap[:, -1], np.nan), crossed, int(np.sum(~held)))


@dataclass(frozen=True, eq=False)
class Tuning:
    """What every rate of a grid achieved with one schedule."""

    rates: np.ndarray
    final: np.ndarray
    """(R,) mean of f above the minimum at the end; infinite where a run diverged or left the surface."""

    @property
    def best_rate(self) -> float:
        """The rate with the lowest mean."""
        return float(self.rates[np.argmin(self.final)])

    @property
    def best(self) -> float:
        """The mean it reaches."""
        return float(self.final.min())


@lru_cache(maxsize=128)
def tune(
    surface: Surface,
    optimizer: str,
    start: tuple[float, float],
    steps: int,
    grid: tuple[float, ...],
    plan: Plan,
    sigma: float,
    seed: int,
    count: int,
) -> Tuning:
    """Run one schedule at every rate of the grid, over the same seeds, in one call of the engine."""
    count = count if sigma else 1
    runs = _many(surface, optimizer, start, steps, np.repeat(grid, count), plan, sigma, seed, seeds=count)
    final = surface.value(*runs.final) - (surface.minimum or 0.0)
    final = np.where(np.isin(runs.outcome, SETTLED), final, np.inf)
    return Tuning(np.array(grid), final.reshape(len(grid), count).mean(axis=1))


def _many(
    surface: Surface,
    optimizer: str,
    start: tuple[float, float],
    steps: int,
    lr: np.ndarray,
    plan: Plan,
    sigma: float,
    seed: int,
    *,
    seeds: int = MOST_SEEDS,
    record: bool = False,
) -> Ensemble:
    row, settings = plan
    starts = np.tile(np.array(start, dtype=float)[:, None], len(lr))
    noise = [Noise(sigma, seed + i % seeds) for i in range(len(lr))] if sigma else None
    pair = (row, dict(settings))
    return descend_many(surface, optimizer, starts, steps, lr, schedule=pair, noise=noise, record=record)


@lru_cache(maxsize=64)
def expected(surface: Surface, start: tuple[float, float], steps: int, lr: float, plan: Plan, sigma: float):
    """Return the mean of f above the minimum in every step, (steps + 1,), of SGD with noisy gradients on a quadratic.

    Along an axis of curvature h the mean shrinks by 1 - lr h in a step, and the variance by its square, to which
    (lr sigma)^2 is added. Exact for every schedule whose factors are known before the run.
    """
    at = surface.minima[0]
    xx, xy, yy = surface.hessian(*at)
    bends, axes = np.linalg.eigh([[xx, xy], [xy, yy]])
    row, settings = plan
    rate = lr * rates(row, steps, dict(settings))[:, None]
    shrink, gain = 1 - rate * bends, (rate * sigma) ** 2
    mean, variance = axes.T @ (np.array(start) - np.array(at)), np.zeros(2)
    values = [bends @ mean**2 / 2]
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(steps):
            mean, variance = shrink[t] * mean, shrink[t] ** 2 * variance + gain[t]
            values.append(bends @ (mean**2 + variance) / 2)
    return np.array(values)


def histogram(finals: Sequence[np.ndarray], bins: int = 30) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return the edges (bins + 1,) on a logarithmic scale, and for each array the part of it in every bin."""
    positive = [final[final > 0] for final in finals]
    everything = np.concatenate([*positive, np.empty(0)])
    if not everything.size:
        return np.empty(0), []
    low, high = np.log10(everything.min()), np.log10(everything.max())
    edges = np.logspace(low, max(high, low + 1e-3), bins + 1)
    edges[0], edges[-1] = everything.min(), max(everything.max(), edges[-1])
    return edges, [np.histogram(own, edges)[0] / len(final) for own, final in zip(positive, finals, strict=True)]


@dataclass(frozen=True, eq=False)
class WarmUps:
    """What warm-ups of different lengths made of the same run."""

    lengths: np.ndarray
    reached: np.ndarray
    """(N,) step since which f stays below the goal, NaN for never."""
    peak: np.ndarray
    """(N,) the highest f after the start; infinite for a run that diverged."""
    diverged_at: np.ndarray
    """(N,) step at which the run diverged or left the surface, -1 for never."""


@lru_cache(maxsize=64)
def warm_ups(
    surface: Surface,
    optimizer: str,
    start: tuple[float, float],
    steps: int,
    lr: float,
    lengths: tuple[int, ...],
    level: float,
) -> WarmUps:
    """Run one constant rate after warm-ups of these lengths, without noise, in one call of the engine."""
    count = len(lengths)
    factors = np.stack([rates("warm_up", steps, {"warm_up": n}) for n in lengths], axis=1)
    goal = Goal("value below", (surface.minimum or 0.0) + level)
    starts = np.tile(np.array(start, dtype=float)[:, None], count)
    runs = descend_many(surface, optimizer, starts, steps, lr, schedule=factors, goal=goal, record=True)
    assert runs.value is not None
    held = np.isin(runs.outcome, SETTLED)
    peak = np.where(held, np.nanmax(runs.value[:, 1:], axis=1, initial=-np.inf), np.inf)
    reached = np.where(runs.first >= 0, runs.first, np.nan)
    return WarmUps(np.array(lengths), reached, peak, np.where(held, -1, runs.stopped_at))


@lru_cache(maxsize=32)
def plateau_rates(
    surface: Surface,
    optimizer: str,
    start: tuple[float, float],
    steps: int,
    lr: float,
    plan: Plan,
    sigma: float,
    seed: int,
    count: int,
) -> np.ndarray:
    """Return the rates (count, steps) of a schedule that reads the loss, one row a seed; NaN after the end of a run."""
    row, settings = plan
    found = np.full((count, steps), np.nan)
    for k in range(count):
        noise = Noise(sigma, seed + k) if sigma else None
        run = descend(surface, optimizer, start, steps, lr, schedule=(row, dict(settings)), noise=noise)
        found[k, : len(run.rate)] = run.rate
    return found


def _error(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.std(ddof=1) / np.sqrt(known.size)) if known.size > 1 else 0.0


def measured_in(key: str, name: str, **changes) -> Spread:
    """Return what a line of a trial does over 400 seeds from 0 on, at the rate and with the settings of the trial."""
    where, row = trial(key), line(name)
    values = {"lr": where.lr, "sigma": where.sigma, "settings": where.defaults(row), "steps": where.steps} | changes
    own = plan(row.schedule, values["settings"])
    surface, barrier = where.surface, where.barrier
    steps, lr, sigma = values["steps"], values["lr"], values["sigma"]
    return repeat(surface, where.optimizer, where.start, steps, lr, own, sigma, 0, MOST_SEEDS, barrier)
