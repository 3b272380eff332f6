"""What a rate per coordinate is worth: turned axes, rates that are off, rare features, batches that disagree."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from core import descend_many
from core.analysis.streams import SLOPE, feed_many, skewed
from core.analysis.tuning import RATES, RateSweep, sweep_rates
from core.engine.batches import Batches
from core.engine.data import Data
from core.engine.spec import Goal, Point, Surface
from core.memory import remembered
from core.optimizers import ALL_OPTIMIZERS
from core.resolve import surface_of
from core.text import T

GRADIENT_METHODS = ("sgd", "adagrad", "rmsprop", "adadelta", "adam", "amsgrad")
"""Methods whose step is a rate times a gradient or a mean of gradients."""
SIGN_METHODS = ("rprop", "lion")
"""Methods whose step ignores how long the gradient is."""
METHODS = {key: ALL_OPTIMIZERS[key].title for key in (*GRADIENT_METHODS, *SIGN_METHODS)}
FIELD = ("sgd", "adagrad", "rmsprop", "adadelta", "adam")
"""Those of METHODS that the page begins with."""


def adjustable(keys: Iterable[str]) -> dict[str, str]:
    """Return those of these methods, with their titles, that have more to set than a rate."""
    return {key: METHODS[key] for key in keys if len(ALL_OPTIMIZERS[key].hyper) > 1}


STEPS = 300


@dataclass(frozen=True)
class Ground:
    """What the methods walk on, with the noise of its gradients and a rate at which each of them moves well."""

    key: str
    surface: Surface
    sigma: float
    rates: Mapping[str, float]


def _grounds() -> tuple[Ground, ...]:
    """Return a constant slope, a bowl, the same bowl with noise, a tilted bowl, and a ravine that can be turned."""
    bowl = replace(surface_of("bowl"), domain=(-6.5, 6.5, -6.5, 6.5), starts=((5.0, 1.0),))
    ravine = replace(surface_of("ravine"), domain=(-12.0, 6.0, -12.0, 6.0))
    usual = dict.fromkeys((*GRADIENT_METHODS, *SIGN_METHODS), 0.1) | {"adadelta": 1.0, "rprop": 0.01}
    return (
        Ground("slope", SLOPE, 0.0, usual),
        Ground("bowl", bowl, 0.0, usual | {"adagrad": 0.5}),
        Ground("noisy", bowl, 1.0, usual | {"adagrad": 0.5, "rmsprop": 0.05}),
        Ground("booth", surface_of("booth"), 0.0, usual | {"sgd": 0.05}),
        Ground("ravine", ravine, 0.0, usual | RAVINE_RATES),
    )


RAVINE_RATES = {"sgd": 0.0198, "adagrad": 3.0, "rmsprop": 0.03, "lion": 0.05}
GROUNDS = {ground.key: ground for ground in _grounds()}
LEVEL = 1e-4
"""A run down the ravine is over below this value."""
ALONG, ACROSS = -10.0, 1.0
"""Where it starts, measured along and across the ravine."""


def turned_start(angle):
    """Return the start (x, y) on the ravine turned by `angle` degrees, a number or an array."""
    turn = np.radians(angle)
    return ALONG * np.cos(turn) - ACROSS * np.sin(turn), ALONG * np.sin(turn) + ACROSS * np.cos(turn)


def first_start(ground: Ground, angle: float) -> Point:
    """Return where runs on a ground begin; on the ravine the place turns with it."""
    if ground.key != "ravine":
        return ground.surface.starts[0]
    x, y = turned_start(angle)
    return round(float(x), 4), round(float(y), 4)


def steps_by_angle(optimizer: str, lr: float, angles: np.ndarray, steps: int = 5000) -> np.ndarray:
    """Return the steps down the ravine (condition number 100) turned by each angle in degrees, NaN for never."""
    starts = np.array(turned_start(angles))
    goal = Goal("value below", LEVEL)
    runs = descend_many("ravine", optimizer, starts, steps, lr, goal=goal, parameters={"angle": angles})
    return np.where(runs.first >= 0, runs.first, np.nan)


ANGLES = np.linspace(0.0, 90.0, 31)


@remembered(64, T("Turning the ravine"))
def turned_steps(rates: tuple[tuple[str, float], ...]) -> dict[str, np.ndarray]:
    """Return the steps down the ravine turned by each of ANGLES, for every (optimizer, rate)."""
    return {key: steps_by_angle(key, lr, ANGLES) for key, lr in rates}


ROBUST_SURFACES = ("rosenbrock", "beale", "ravine", "ravine45", "himmelblau", "goldstein")
ROBUST_METHODS = ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "nadam", "rprop")
ROBUST_STEPS = 5000
NEAR = 0.05


def robustness(surface: str, optimizer: str, steps: int = ROBUST_STEPS) -> RateSweep:
    """Return which rates bring the first start of a surface within NEAR of a minimum, to stay there."""
    spec = surface_of(surface)
    start = np.array(spec.starts[:1], dtype=float).T
    return sweep_rates(spec, optimizer, goal=Goal("near", NEAR, spec.minima), steps=steps, starts=start)


@remembered(1, T("Trying every rate of a grid for every method"))
def all_robustness(progress: Callable[[float], None] = lambda part: None) -> dict[tuple[str, str], RateSweep]:
    """Return `robustness` by surface and optimizer."""
    sweeps: dict[tuple[str, str], RateSweep] = {}
    for pair in product(ROBUST_SURFACES, ROBUST_METHODS):
        sweeps[pair] = robustness(*pair)
        progress(len(sweeps) / (len(ROBUST_SURFACES) * len(ROBUST_METHODS)))
    return sweeps


def at_the_edge(sweep: RateSweep) -> bool:
    """Say whether the first or the last rate of the grid works, so that there may be more beyond."""
    return bool(sweep.reached[0] == 1.0 or sweep.reached[-1] == 1.0)


DECADES = float(np.log10(RATES[-1] / RATES[0]))

RARE_ROWS, RARE_EVERY = 1000, 50
"""The feature is there in one row of fifty. More rows would only slow down the exact loss beside each step."""
RARE_WEIGHT, DENSE_WEIGHT = 3.0, 1.0
RARE_RATES = (
    ("sgd", 0.1, False),
    ("adagrad", 1.0, False),
    ("rmsprop", 0.01, False),
    ("adadelta", 10.0, False),
    ("adam", 0.01, False),
    ("rmsprop", 0.7, True),
    ("adam", 0.8, True),
)
"""Rates, constant or falling like 1/√t, at which the dense weight ends about equally exact, so that the rare one can be
compared."""
RARE_STEPS = 6000
REPEATS = 20


def rare_surface(seed: int, every: int = RARE_EVERY) -> Surface:
    """Return the loss of y = 3 m + 1 with noise 0.1, where the feature m is 1 in one row of `every` and else 0.

    The weight of m learns from those rows alone; the constant, a feature of every row, learns from all.
    """
    present = (np.arange(RARE_ROWS) % every == 0).astype(float)
    noise = np.random.default_rng(seed).standard_normal(RARE_ROWS)
    target = RARE_WEIGHT * present + DENSE_WEIGHT + 0.1 * noise
    return replace(
        surface_of("linear_regression"),
        data=Data(np.column_stack([present, target])),
        minima=((RARE_WEIGHT, DENSE_WEIGHT),),
        domain=(-1.0, 5.0, -1.0, 3.0),
    )


@dataclass(frozen=True)
class Rare:
    """How well a rare feature is learnt beside one of every row, over REPEATS runs."""

    optimizer: str
    lr: float
    path: np.ndarray
    """(REPEATS, steps + 1) weight of the rare feature."""
    arrived: np.ndarray
    """(REPEATS,) first step at which it is within 0.3 of the true one; all steps where it never is."""
    dense_error: float
    """Mean distance of the other weight from the true one in the second half of the runs."""


def rare_feature(
    optimizer: str,
    lr: float,
    seed: int = 0,
    *,
    falling: bool = False,
    every: int = RARE_EVERY,
    hyper: tuple[tuple[str, float], ...] = (),
) -> Rare:
    """Learn from one row at a time, at a rate that may fall like 1/√t; run i draws its rows with seed + i."""
    steps = RARE_STEPS * max(1, every // RARE_EVERY)
    schedule = 1 / np.sqrt(np.arange(1, steps + 1)) if falling else None
    goal = Goal("near", 0.3, ((RARE_WEIGHT, 0.0),), weight=(1.0, 0.0))
    batches = Batches(1, "replacement", seed)
    starts = np.zeros((2, REPEATS))
    settings: dict = {"batches": batches, "schedule": schedule, "goal": goal, "record": True}
    runs = descend_many(rare_surface(seed, every), optimizer, starts, steps, lr, dict(hyper), **settings)
    assert runs.path is not None
    dense = np.abs(runs.path[:, steps // 2 :, 1] - DENSE_WEIGHT).mean()
    arrived = np.where(runs.first >= 0, runs.first, steps)
    return Rare(optimizer, lr, runs.path[:, :, 0], arrived, float(dense))


@dataclass(frozen=True)
class RareCurve:
    """What is shown of a `Rare`, in a thirtieth of its numbers."""

    optimizer: str
    lr: float
    falling: bool
    steps: np.ndarray
    mean: np.ndarray
    spread: np.ndarray
    """Mean and standard deviation of the weight over the runs after these steps."""
    arrived: tuple[float, float]
    """Mean and standard error of the steps until it is right."""
    dense_error: float


@remembered(8, T("Learning a rare feature from streams of rows"))
def rare_curves(seed: int, progress: Callable[[float], None] = lambda part: None) -> list[RareCurve]:
    """Learn a rare feature by each of RARE_RATES."""
    steps, rows = np.arange(0, RARE_STEPS + 1, 30), []
    for key, lr, falling in RARE_RATES:
        rare = rare_feature(key, lr, seed, falling=falling)
        path, arrived = rare.path[:, steps], mean_and_error(rare.arrived)
        rows.append(RareCurve(key, lr, falling, steps, path.mean(axis=0), path.std(axis=0), arrived, rare.dense_error))
        progress(len(rows) / len(RARE_RATES))
    return rows


SKEWED_STEPS = 2000
SKEWED_RATE = 0.01
SKEWED_METHODS: Sequence[tuple[str, dict]] = (
    ("sgd", {}),
    ("adagrad", {}),
    ("adam", {}),
    ("rmsprop", {}),
    ("rmsprop", {"alpha": 0.9}),
    ("lion", {}),
    ("sign_sgd", {}),
    ("rprop", {}),
)


def drift(
    optimizer: str, hyper: tuple[tuple[str, float], ...] = (), seed: int = 0, repeats: int = REPEATS
) -> np.ndarray:
    """Return where skewed batches of mean 0 carry a point that should stay, (2 repeats, steps + 1).

    Both coordinates of every run count: they receive independent streams.
    """
    stream = skewed(SKEWED_STEPS, repeats, seed)
    runs = feed_many(optimizer, stream, SKEWED_RATE, hyper=dict(hyper), record=True)
    assert runs.path is not None
    return runs.path.transpose(0, 2, 1).reshape(2 * repeats, -1)


@dataclass(frozen=True)
class Drift:
    """What is shown of a `drift`."""

    optimizer: str
    hyper: Mapping[str, float]
    steps: np.ndarray
    distance: np.ndarray
    """Root mean square of the distance from the start after these steps."""
    end: tuple[float, float]
    """Mean and standard error of where it ends."""
    spread: float
    """Standard deviation of where it ends."""


@remembered(8, T("Following batches that disagree"))
def drifts(seed: int) -> list[Drift]:
    """Follow skewed batches by each of SKEWED_METHODS."""
    steps, rows = np.unique(np.geomspace(1, SKEWED_STEPS, 120).astype(int)), []
    for key, hyper in SKEWED_METHODS:
        path = drift(key, tuple(hyper.items()), seed)
        distance, ends = np.sqrt((path[:, steps] ** 2).mean(axis=0)), path[:, -1]
        rows.append(Drift(key, hyper, steps, distance, mean_and_error(ends), float(ends.std())))
    return rows


def mean_and_error(values: np.ndarray) -> tuple[float, float]:
    """Return the mean of independent values and its standard error."""
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))
