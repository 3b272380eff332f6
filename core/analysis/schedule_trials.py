"""Schedules on trial: the same start, the same seeds and the same budget for everyone, beside what theory expects.

On a quadratic whose gradients carry noise, plain descent is a linear recursion, so that the mean of f is known in every
step and under every schedule: L. Bottou, F. E. Curtis, J. Nocedal, "Optimization Methods for Large-Scale Machine
Learning", SIAM Review 60 (2018) 223-311, arXiv:1606.04838, section 4.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np

from core import descend, descend_many
from core.analysis.gradient_noise import noise_floor
from core.analysis.sharpness import is_quadratic
from core.analysis.stability import METHODS, largest_rate
from core.analysis.tuning import first_rate
from core.catalogue import Catalogue
from core.engine.descend import Trajectory
from core.engine.descend_many import Ensemble
from core.engine.loop import RUNNING, STATUS
from core.engine.rates import checked_settings
from core.engine.spec import NOTHING, Goal, Noise, Optimizer, Schedule, Surface, gap
from core.memory import remembered
from core.resolve import surface_of
from core.schedules import SCHEDULES, rates
from core.text import T

MOST_STEPS = 5000
MOST_SEEDS = 400
SETTLED = (RUNNING, STATUS.index("converged"))
"""Outcomes of runs that neither diverged nor left the surface."""
Plan = tuple[Schedule | str, tuple[tuple[str, float], ...]]
"""A schedule and its settings, as a key of a cache."""


@dataclass(frozen=True)
class Variant:
    """A schedule as it stands on the page, where one schedule may stand twice with other settings."""

    key: str
    title: str
    schedule: str
    settings: Mapping[str, float] = field(default_factory=dict, hash=False)
    """What differs from the defaults of the schedule."""


VARIANTS = Catalogue(
    "variant",
    (
        Variant("constant", "Constant", "constant"),
        Variant("step", T("Step", "a schedule"), "step"),
        Variant("multi_step", "Multi-step", "multi_step"),
        Variant("exponential", "Exponential", "exponential", {"k": 0.0046052}),  # one percent is left after 1000 steps
        Variant("time_based", "Time-based", "time_based", {"k": 0.1}),
        Variant("linear", "Linear", "linear"),
        Variant("polynomial", "Polynomial", "polynomial"),
        Variant("cosine", "Cosine", "cosine"),
        Variant("warm_cosine", "Warm-up, cosine", "cosine", {"warm_up": 100}),
        Variant("short_cosine", "Short cosine", "cosine", {"length": 300}),
        Variant("cosine_restarts", "Cosine with restarts", "cosine_restarts"),
        Variant("warm_up", "Warm-up", "warm_up"),
        Variant("one_cycle", "One cycle", "one_cycle"),
        Variant("cyclic", "Cyclic", "cyclic"),
        Variant("plateau", "Reduce on plateau", "plateau", {"factor": 0.5, "patience": 20}),
        Variant("drawn", "Drawn", "drawn"),
    ),
)
"""Every schedule that can stand beside the others. The last is drawn by the reader."""


@dataclass(frozen=True)
class Case:
    """What everyone has in common: where they run, from where, how long, under which noise and over which seeds."""

    surface: Surface
    optimizer: str
    start: tuple[float, float]
    steps: int
    sigma: float = 0.0
    seed: int = 0
    seeds: int = MOST_SEEDS
    """Repetitions; without noise one is all."""
    barrier: float | None = None
    """A run whose x is below it has left the well it began in."""

    @property
    def lowest(self) -> float:
        """The value that gaps are counted from."""
        return self.surface.minimum or 0.0

    @property
    def runs(self) -> int:
        """How many runs it takes."""
        return self.seeds if self.sigma else 1

    def noise(self, number: int) -> Noise | None:
        """Return the noise of one of its runs."""
        return Noise(self.sigma, self.seed + number) if self.sigma else None

    @property
    def is_linear(self) -> bool:
        """Whether theory gives the mean in every step: plain descent on a quadratic."""
        return self.optimizer == "sgd" and is_quadratic(self.surface)


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
    variants: tuple[str, ...]
    """Who runs at first."""
    grid: tuple[float, ...]
    """Rates among which everyone chooses where the rates are tuned."""
    settings: Mapping[str, Mapping[str, float]] = field(default_factory=dict, hash=False)
    """By variant, what differs from its own settings."""
    parameters: Mapping[str, float] = field(default_factory=dict, hash=False)
    window: tuple[float, float, float, float] | None = None
    barrier: float | None = None
    seed: int = 0

    @property
    def surface(self) -> Surface:
        """Its surface with the window to draw: the same object at every call, so that figures are kept."""
        return _member(self)

    def defaults(self, variant: Variant) -> Mapping[str, float]:
        """Return the settings of a variant in this trial that differ from those of its schedule."""
        return {**variant.settings, **self.settings.get(variant.key, {})}

    def case(self, **changes) -> Case:
        """Return what everyone has in common here, with 400 seeds, or with these changes."""
        own = Case(self.surface, self.optimizer, self.start, self.steps, self.sigma, self.seed, barrier=self.barrier)
        return replace(own, **changes)

    def first_rate(self, optimizer: Optimizer) -> float:
        """Return the rate to begin with: its own, and for another optimizer what the surface suggests."""
        return self.lr if optimizer.key == self.optimizer else first_rate(self.surface, optimizer)

    def rates_for(self, optimizer: Optimizer) -> tuple[float, ...]:
        """Return the rates to tune over: the grid, for another optimizer scaled to its own first rate."""
        scale = self.first_rate(optimizer) / self.lr
        return tuple(float(f"{scale * rate:.3g}") for rate in self.grid)


@cache
def _member(chosen: Trial) -> Surface:
    member = surface_of(chosen.family).with_parameters(**chosen.parameters)
    return replace(member, domain=chosen.window) if chosen.window else member


TRIALS = Catalogue(
    "trial",
    (
        Trial(
            key="noise",
            title=T("Noisy gradients"),
            text=T(
                "Under noise a constant rate never arrives: it keeps a cloud around the minimum, as large as the rate."
            ),
            family="ravine",
            parameters={"condition": 10.0},
            window=(-3.0, 9.0, -3.5, 3.5),
            start=(8.0, 3.0),
            optimizer="sgd",
            lr=0.15,
            sigma=1.0,
            steps=1000,
            level=0.05,
            variants=("constant", "multi_step", "exponential", "time_based", "cosine", "cosine_restarts"),
            grid=(0.005, 0.008, 0.012, 0.02, 0.03, 0.05, 0.08, 0.12, 0.15),
        ),
        Trial(
            key="steep",
            title=T("Steep start"),
            text=T("Where the first curvature is the highest, a rate that is fine later throws the run out at once."),
            family="rosenbrock",
            start=(-1.5, 2.0),
            optimizer="momentum",
            lr=0.003,
            sigma=0.0,
            steps=400,
            level=1e-3,
            variants=("constant", "warm_up", "warm_cosine", "one_cycle"),
            settings={"warm_cosine": {"warm_up": 50}},
            grid=(0.0003, 0.0005, 0.0007, 0.001, 0.0014, 0.002, 0.003, 0.004, 0.006),
        ),
        Trial(
            key="wells",
            title=T("Two wells"),
            text=T("Noise carries a run over the barrier while the rate is high; a restart brings the high rate back."),
            family="doublewell",
            start=(0.9601496, 0.0),
            optimizer="sgd",
            lr=0.1,
            sigma=2.0,
            steps=1200,
            level=0.05,
            variants=("cosine_restarts", "cosine", "short_cosine"),
            settings={"cosine_restarts": {"period": 300}},
            grid=(0.02, 0.03, 0.04, 0.05, 0.07, 0.1, 0.12, 0.15),
            barrier=0.0754,
            seed=5,  # the first with which a restart gets out and a short cosine does not
        ),
    ),
)


def check(chosen: Schedule | str, steps: int, settings: Mapping[str, float] = NOTHING) -> None:
    """Raise ValueError where the settings of a schedule contradict one another or the length of the run."""
    row = SCHEDULES[chosen] if isinstance(chosen, str) else chosen
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

    @property
    def crossed_error(self) -> np.ndarray | None:
        """(steps + 1,) standard error of `crossed`."""
        return None if self.crossed is None else np.sqrt(self.crossed * (1 - self.crossed) / len(self.final))

    def first_below(self, level: float) -> int:
        """Return the first step at which the mean is below a level, -1 for never."""
        below = np.flatnonzero(self.mean < level)
        return int(below[0]) if below.size else -1


@remembered(128, T("Repeating over the seeds"))
def repeat(case: Case, lr: float, plan: Plan) -> Spread:
    """Run one schedule over all seeds."""
    runs = _many(case, np.full(case.runs, lr), plan, record=True)
    assert runs.value is not None and runs.path is not None
    above = gap(runs.value, case.lowest)
    mean, (low, high) = above.mean(axis=0), np.quantile(above, (0.1, 0.9), axis=0)
    crossed = None if case.barrier is None else np.mean(runs.path[:, :, 0] < case.barrier, axis=0)
    held = np.isin(runs.outcome, SETTLED)
    return Spread(mean, low, high, np.where(held, above[:, -1], np.nan), crossed, int(np.sum(~held)))


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


@remembered(128, T("Tuning the rates"))
def tune(case: Case, grid: tuple[float, ...], plan: Plan) -> Tuning:
    """Run one schedule at every rate of the grid, over the same seeds, in one call of the engine."""
    runs = _many(case, np.repeat(grid, case.runs), plan)
    final = gap(case.surface.value(*runs.final), case.lowest)
    final = np.where(np.isin(runs.outcome, SETTLED), final, np.inf)
    return Tuning(np.array(grid), final.reshape(len(grid), case.runs).mean(axis=1))


def _many(case: Case, lr: np.ndarray, plan: Plan, *, record: bool = False) -> Ensemble:
    """Run a schedule at each of these rates, the seeds in turn."""
    row, settings = plan
    starts = np.tile(np.array(case.start, dtype=float)[:, None], len(lr))
    noise = [Noise(case.sigma, case.seed + i % case.runs) for i in range(len(lr))] if case.sigma else None
    pair = (row, dict(settings))
    return descend_many(case.surface, case.optimizer, starts, case.steps, lr, schedule=pair, noise=noise, record=record)


@remembered(64)
def expected(case: Case, lr: float, plan: Plan) -> np.ndarray:
    """Return the mean of f above the minimum in every step, (steps + 1,), where the case `is_linear`.

    Along an axis of curvature h the mean shrinks by 1 - lr h in a step, and the variance by its square, to which
    (lr sigma)^2 is added. Exact for every schedule whose factors are known before the run.
    """
    at, (row, settings) = case.surface.minima[0], plan
    curvatures, axes = np.linalg.eigh(_hessian(case.surface, at))
    rate = lr * rates(row, case.steps, dict(settings))[:, None]
    shrink, gain = 1 - rate * curvatures, (rate * case.sigma) ** 2
    mean, variance = axes.T @ (np.array(case.start) - np.array(at)), np.zeros(2)
    values = [curvatures @ mean**2 / 2]
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(case.steps):
            mean, variance = shrink[t] * mean, shrink[t] ** 2 * variance + gain[t]
            values.append(curvatures @ (mean**2 + variance) / 2)
    return np.array(values)


def floor(case: Case, lr: float) -> float:
    """Return the mean of f above the minimum at which a constant rate ends; NaN where there is no theory or no end."""
    if not (case.is_linear and case.sigma):
        return float("nan")
    hessian = _hessian(case.surface, case.surface.minima[0])
    if not 0 < lr * np.linalg.eigvalsh(hessian)[-1] < 2:
        return float("nan")
    return noise_floor(hessian, case.sigma**2 * np.eye(2), lr)


def _hessian(surface: Surface, point: tuple[float, float]) -> np.ndarray:
    xx, xy, yy = surface.hessian(*point)
    return np.array([[xx, xy], [xy, yy]])


def tolerated(run: Trajectory) -> np.ndarray | None:
    """Return (steps,) the curvature from which on the rate of each step would be unstable; None without theory."""
    if run.optimizer.key not in ("sgd", *METHODS):
        return None
    method, beta = ("momentum", 0.0) if run.optimizer.key == "sgd" else (run.optimizer, run.hyper["momentum"])
    limit = float(largest_rate(method, beta))
    return np.divide(limit, run.rate, out=np.full(len(run.rate), np.nan), where=run.rate > 0)


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


@remembered(64, T("How long to warm up"))
def warm_ups(case: Case, lr: float, lengths: tuple[int, ...], level: float) -> WarmUps:
    """Run one constant rate after warm-ups of these lengths, without noise, in one call of the engine."""
    factors = np.stack([rates("warm_up", case.steps, {"warm_up": n}) for n in lengths], axis=1)
    goal = Goal("value below", case.lowest + level)
    starts = np.tile(np.array(case.start, dtype=float)[:, None], len(lengths))
    runs = descend_many(case.surface, case.optimizer, starts, case.steps, lr, schedule=factors, goal=goal, record=True)
    assert runs.value is not None
    held = np.isin(runs.outcome, SETTLED)
    peak = np.where(held, np.nanmax(runs.value[:, 1:], axis=1, initial=-np.inf), np.inf)
    reached = np.where(runs.first >= 0, runs.first, np.nan)
    return WarmUps(np.array(lengths), reached, peak, np.where(held, -1, runs.stopped_at))


@remembered(8, T("When the plateau rule drops the rate"))
def plateau_rates(case: Case, lr: float, plan: Plan) -> np.ndarray:
    """Return the rates (runs, steps) of a schedule that reads the loss; NaN after the end of a run."""
    row, settings = plan
    found = np.full((case.runs, case.steps), np.nan)
    for k in range(case.runs):
        run = descend(
            case.surface,
            case.optimizer,
            case.start,
            case.steps,
            lr,
            schedule=(row, dict(settings)),
            noise=case.noise(k),
        )
        found[k, : len(run.rate)] = run.rate
    return found


def _error(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.std(ddof=1) / np.sqrt(known.size)) if known.size > 1 else 0.0


def measured_in(key: str, name: str, *, settings: Mapping[str, float] = NOTHING, lr: float | None = None, **changes):
    """Return the Spread of a variant in a trial over 400 seeds, at the rate and with the settings of the trial."""
    where, row = TRIALS[key], VARIANTS[name]
    own = plan(row.schedule, {**where.defaults(row), **settings})
    return repeat(where.case(**changes), where.lr if lr is None else lr, own)
