"""Recipes for the end of a run, over the same seeds: another optimizer, other batches, averages, clipped gradients.

Gradient descent on a quadratic is linear in its start and its noise, and so is every average of its points: the mean
of f at the average is then known exactly. B. T. Polyak, A. B. Juditsky, "Acceleration of Stochastic Approximation by
Averaging", SIAM J. Control Optim. 30 (1992) 838-855. Clipping: R. Pascanu, T. Mikolov, Y. Bengio, ICML 2013.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import NamedTuple

import numpy as np

from core import descend
from core.analysis.averages import exponential_average, schedule_free_average, tail_average, variance_ratio
from core.analysis.gradient_noise import stationary_covariance
from core.analysis.schedule_trials import SETTLED, Spread
from core.analysis.switching import Phase, switch_optimizers
from core.analysis.tuning import random_starts
from core.catalogue import Catalogue
from core.engine.batches import alternating, clocks, spend, staged
from core.engine.descend import Trajectory
from core.engine.descend_many import Ensemble
from core.engine.spec import Goal, Noise, Surface, gap, learning_rate
from core.memory import remembered
from core.optimizers import ALL_OPTIMIZERS
from core.resolve import surface_of
from core.text import T

MOST_STEPS = 5000
MOST_SAMPLES = 20_000
MOST_SEEDS = 400
MOST_BATCH = 1024
NEAR = 0.05
"""A clipped run has arrived this near to the minimum."""
FACTORS = (0.25, 0.5, 1.0, 2.0, 4.0)
"""What all rates of a recipe are multiplied by where everyone takes the best."""

AVERAGES: dict[str, tuple[Callable[..., np.ndarray], str]] = {
    "ema": (exponential_average, r"a_t = d\,a_{t-1} + (1 - d)\,x_t \qquad a_1 = x_1"),
    "tail": (tail_average, r"a_t = a_{t-1} + \tfrac{1}{t - t_0 + 1}(x_t - a_{t-1}) \qquad a_{t_0} = x_{t_0}"),
}
"""Averages of points, with their formula. That of schedule-free SGD belongs to its optimizer."""


@dataclass(frozen=True)
class Recipe:
    """A run with everything that is done to it."""

    key: str
    title: str
    phases: tuple[Phase, ...]
    average: tuple[str, float] | None = None
    """What is taken for the answer: ("ema", decay), ("tail", first step), ("free", beta); None: the last point."""
    sizes: tuple[int, ...] = ()
    """The batch of every step: the noise falls with its root. Empty: every step is one sample."""
    clip_norm: float | None = None
    clip_value: float | None = None

    @property
    def steps(self) -> int:
        return sum(phase.steps for phase in self.phases)

    @property
    def clock(self) -> np.ndarray:
        """(steps + 1,) samples seen after each step; without batches the steps."""
        return clocks(np.array(self.sizes)).samples if self.sizes else np.arange(self.steps + 1)

    @property
    def rates(self) -> str:
        """Its rates, one after the other."""
        return " → ".join(f"{phase.lr:g}" for phase in self.phases)

    def rows_at(self, moments: np.ndarray, points: int) -> np.ndarray:
        """Return the rows that a run with so many points shows at these moments of the clock, none after its end."""
        clock = self.clock[:points]
        if points <= self.steps:
            moments = moments[: np.searchsorted(moments, clock[-1]) + 1]
        return np.searchsorted(clock, moments, side="right") - 1

    def scaled(self, factor: float) -> "Recipe":
        """Return the recipe with all its rates multiplied."""
        phases = (replace(phase, lr=float(f"{factor * phase.lr:.3g}")) for phase in self.phases)
        return replace(self, phases=tuple(phases))


@dataclass(frozen=True)
class Case:
    """What all recipes have in common: where they run, from where, under which noise and over which seeds."""

    surface: Surface
    start: tuple[float, float]
    sigma: float = 0.0
    """Of one sample."""
    seed: int = 0
    seeds: int = MOST_SEEDS
    """Repetitions; without noise one is all."""
    scattered: bool = False
    """Whether every repetition has its own start, drawn from the window, instead of `start`."""

    @property
    def runs(self) -> int:
        return self.seeds if self.sigma else 1

    @property
    def lowest(self) -> float:
        return self.surface.minimum or 0.0

    def noise(self, recipe: Recipe) -> Noise | None:
        """Return the noise that a recipe sees in its first run."""
        if not self.sigma:
            return None
        sigma = tuple((self.sigma / np.sqrt(recipe.sizes)).tolist()) if recipe.sizes else self.sigma
        return Noise(sigma, self.seed)


def phase_titles(recipe: Recipe) -> dict[str, str]:
    """Return the phases of a recipe: their number from 0 -> number from 1, optimizer and rate."""
    return {
        str(k): f"{k + 1}: {ALL_OPTIMIZERS[phase.optimizer].title} {phase.lr:g}"
        for k, phase in enumerate(recipe.phases)
    }


def walk(case: Case, recipe: Recipe, goal: Goal | None = None) -> list[Trajectory]:
    """Run a recipe once and return every phase of it; after one that diverges there are no others."""
    point, done, noise = case.start, 0, case.noise(recipe)
    phases: list[Trajectory] = []
    for phase in recipe.phases:
        run = descend(
            case.surface,
            phase.optimizer,
            point,
            phase.steps,
            phase.lr,
            schedule=phase.schedule,
            noise=noise and replace(noise, skip=done),
            clip_norm=recipe.clip_norm,
            clip_value=recipe.clip_value,
            goal=goal,
        )
        phases.append(run)
        if run.status not in ("running", "converged"):
            break
        point, done = (float(run.path[-1, 0]), float(run.path[-1, 1])), done + phase.steps
    return phases


def answers(path: np.ndarray, recipe: Recipe) -> np.ndarray:
    """Return what a recipe would answer after every step, shaped like `path` (..., steps + 1, 2)."""
    if recipe.average is None:
        return path
    kind, setting = recipe.average
    if kind == "tail":
        return tail_average(path, min(int(setting), path.shape[-2] - 1))
    return exponential_average(path, setting) if kind == "ema" else schedule_free_average(path, setting)


def whole(phases: Sequence[Trajectory], recipe: Recipe) -> np.ndarray:
    """Return the answers (steps + 1, 2) over all phases of a `walk`."""
    return answers(np.concatenate([phases[0].path[:1], *(phase.path[1:] for phase in phases)]), recipe)


def turned(run: Trajectory) -> np.ndarray:
    """Return (steps,) the angle in degrees between the gradient and what the optimizer received."""
    (a, b), (c, d) = run.gradient[: len(run.received)].T, run.received.T
    return np.degrees(np.abs(np.arctan2(a * d - b * c, a * c + b * d)))


@remembered(128, T("Repeating over the seeds"))
def repeat(case: Case, recipe: Recipe) -> Spread:
    """Run a recipe over all seeds and return how far its answers are above the minimum."""
    runs = _many(case, recipe, record=True)
    assert runs.value is not None and runs.path is not None
    value = (
        runs.value if recipe.average is None else case.surface.value(*np.moveaxis(answers(runs.path, recipe), -1, 0))
    )
    above = gap(value, case.lowest)
    mean, (low, high) = above.mean(axis=0), np.quantile(above, (0.1, 0.9), axis=0)
    held = np.isin(runs.outcome, SETTLED)
    return Spread(mean, low, high, np.where(held, above[:, -1], np.nan), None, int(np.sum(~held)))


def _many(case: Case, recipe: Recipe, *, record: bool) -> Ensemble:
    starts = np.tile(np.array(case.start, dtype=float)[:, None], case.runs)
    if case.scattered:
        starts = random_starts(case.surface, case.runs, seed=case.seed + case.runs)  # a seed that no noise has
    clips = {"clip_norm": recipe.clip_norm, "clip_value": recipe.clip_value}
    return switch_optimizers(case.surface, recipe.phases, starts, noise=case.noise(recipe), record=record, **clips)  # type: ignore[arg-type]


class Score(NamedTuple):
    """How a recipe does at the best of its rates."""

    recipe: Recipe
    """With these rates."""
    factor: float
    """What its rates were multiplied by."""
    mean: float
    """Mean over the seeds of f above the minimum at the end; infinite where every factor loses a run."""
    error: float


def score(case: Case, recipe: Recipe, factors: tuple[float, ...] = FACTORS) -> Score:
    """Run a recipe with all its rates multiplied by each factor and return the best, over the same seeds."""
    return min((_scored(case, recipe, factor) for factor in factors), key=lambda found: found.mean)


def _scored(case: Case, recipe: Recipe, factor: float) -> Score:
    scaled = recipe.scaled(factor)
    runs = _many(case, scaled, record=recipe.average is not None)
    points = runs.final if runs.path is None else answers(runs.path, recipe)[:, -1].T
    final = gap(case.surface.value(*points), case.lowest)
    if not np.all(np.isin(runs.outcome, SETTLED) & np.isfinite(final)):
        return Score(scaled, factor, np.inf, 0.0)
    error = final.std(ddof=1) / np.sqrt(len(final)) if len(final) > 1 else 0.0
    return Score(scaled, factor, float(final.mean()), float(error))


@remembered(16, T("Tuning the rates"))
def scores(
    case: Case, recipes: tuple[Recipe, ...], progress: Callable[[float], None] = lambda part: None
) -> tuple[Score, ...]:
    """Return how every recipe does at the best of its rates, the best first."""
    found = []
    for k, recipe in enumerate(recipes):
        progress(k / len(recipes))
        found.append(score(case, recipe))
    return tuple(sorted(found, key=lambda one: one.mean))


# What theory gives for averages of gradient descent on a quadratic.


def weights(average: tuple[str, float] | None, steps: int) -> np.ndarray:
    """Return (steps + 1,) the weight of every point in the answer after the last step, for "ema", "tail" and None."""
    weight = np.zeros(steps + 1)
    if average is None:
        weight[-1] = 1.0
    elif average[0] == "ema":
        weight[1:] = (1 - average[1]) * average[1] ** np.arange(steps - 1, -1, -1)
        weight[1] = average[1] ** (steps - 1)
    else:
        weight[int(average[1]) :] = 1 / (steps + 1 - int(average[1]))
    return weight


def expected(case: Case, lr: float, weight: np.ndarray) -> np.ndarray:
    """Return the mean of f above the minimum at averages of SGD on a quadratic: (K,) for weights (steps + 1, K).

    Along an axis of curvature h with r = 1 - lr h, what happens in step s reaches the average with the weight
    c_s = w_s + r w_(s+1) + r^2 w_(s+2) ...: the start with c_0, the noise of every step with lr c_s.
    """
    curvatures, axes, at = _axes(case.surface)
    start = (axes.T @ (np.array(case.start) - at))[:, None]
    shrink = (1 - lr * curvatures)[:, None]
    reach, noise = weight[-1] * np.ones((2, 1)), 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        for own in weight[-2::-1]:
            noise = noise + reach**2
            reach = own + shrink * reach
        return curvatures @ ((reach * start) ** 2 + (lr * case.sigma) ** 2 * noise) / 2


def expected_end(case: Case, recipe: Recipe) -> float | None:
    """Return the mean of f above the minimum that theory gives a recipe of SGD with one rate; None for all others."""
    if len(recipe.phases) > 1 or recipe.phases[0].optimizer != "sgd" or recipe.sizes:
        return None
    return float(expected(case, recipe.phases[0].lr, weights(recipe.average, recipe.steps)[:, None])[0])


def is_stable(case: Case, lr: float) -> bool:
    """Say whether SGD with this rate settles around the minimum of a quadratic."""
    return bool(0 < lr * _axes(case.surface)[0][-1] < 2)


def settled(case: Case, lr: float, decay: float) -> float:
    """Return the mean of f above the minimum at an exponential average that has forgotten its start.

    Where the rate `is_stable`.
    """
    curvatures, _axes_of, _at = _axes(case.surface)
    variances = np.diag(stationary_covariance(np.diag(curvatures), case.sigma**2 * np.eye(2), lr))
    return float(sum(h * v * variance_ratio(decay, lr, h) for h, v in zip(curvatures, variances, strict=True)) / 2)


def _axes(surface: Surface) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    at = surface.minima[0]
    xx, xy, yy = surface.hessian(*at)
    return *np.linalg.eigh(np.array([[xx, xy], [xy, yy]])), np.array(at)


# The recipes of every experiment.


def _phases(*phases: Phase) -> tuple[Phase, ...]:
    return tuple(phase for phase in phases if phase.steps)


def _arrow(phases: Sequence[Phase]) -> str:
    return " → ".join(f"{ALL_OPTIMIZERS[phase.optimizer].title} {phase.lr:g}" for phase in phases)


def optimizer_switches(
    steps: int = 2000, switch: int = 25, *, lr_adam: float = 0.1, lr_sgd: float = 0.015, lr_last: float = 0.002
) -> tuple[Recipe, ...]:
    """Return Adam and what may follow it after `switch` percent of the run, and SGD with `lr_sgd` as the control.

    Adam itself goes on with 1.5 times the last rate of SGD.
    """
    before = steps * switch // 100
    after, fast, slow, last = steps - before, lr_adam, lr_sgd, lr_last
    rows = {
        "adam": _phases(Phase("adam", fast, steps)),
        "adam_sgd": _phases(Phase("adam", fast, before), Phase("sgd", last, after)),
        "adam_adam": _phases(Phase("adam", fast, before), Phase("adam", 1.5 * last, after)),
        "rmsprop_sgd": _phases(Phase("rmsprop", fast, before), Phase("sgd", last, after)),
        "sgd_sgd": _phases(Phase("sgd", slow, before), Phase("sgd", last, after)),
        "adam_sgd_high": _phases(Phase("adam", fast, before), Phase("sgd", slow, after)),
    }
    return tuple(Recipe(key, _arrow(phases), phases) for key, phases in rows.items())


def changing_batches(
    samples: int = 16_000, small: int = 4, large: int = 64, each: int = 20, *, lr_sgd: float = 0.1
) -> tuple[Recipe, ...]:
    """Return constant, alternating, growing and shrinking batches, and small ones whose rate falls instead."""
    middle = round((small * large) ** 0.5)
    rows = {
        "small": (f"B = {small}", (small,) * (samples // small)),
        "middle": (f"B = {middle}", (middle,) * (samples // middle)),
        "large": (f"B = {large}", (large,) * (samples // large)),
        "alternating": (f"B = {small} ⇄ {large}", spend(samples, alternating((small, large), each))),
        "growing": (f"B = {small} → {middle} → {large}", staged(samples, (small, middle, large))),
        "shrinking": (f"B = {large} → {middle} → {small}", staged(samples, (large, middle, small))),
    }
    made = [
        Recipe(key, title, (Phase("sgd", lr_sgd, len(sizes)),), sizes=sizes) for key, (title, sizes) in rows.items()
    ]
    steps = samples // small
    parts = (steps // 3, steps // 3, steps - 2 * (steps // 3))
    phases = _phases(*(Phase("sgd", lr_sgd * small**k / middle**k, part) for k, part in enumerate(parts)))
    title = f"B = {small}, η → {phases[-1].lr:.3g}"
    return (*made, Recipe("falling", title, phases, sizes=(small,) * steps))


def averages(
    steps: int = 4000, decay: float = 0.99, longer: float = 0.999, begin: int = 100, *, lr_sgd: float = 0.15
) -> tuple[Recipe, ...]:
    """Return momentum at the rate of SGD and at a tenth, SGD, three averages of its points, and schedule-free SGD.

    Momentum is an average too: of gradients, not of points. A tail begins at the last step at the latest.
    """
    lr, begin = lr_sgd, min(begin, steps)
    rates = ("momentum", lr), ("momentum_tenth", float(f"{lr / 10:.3g}"))
    sgd = (Phase("sgd", lr, steps),)
    return (
        *(Recipe(key, f"Momentum {own:g}", (Phase("momentum", own, steps),)) for key, own in rates),
        Recipe("sgd", f"SGD {lr:g}", sgd),
        Recipe("ema", f"EMA {decay:g}", sgd, ("ema", decay)),
        Recipe("ema_longer", f"EMA {longer:g}", sgd, ("ema", longer)),
        Recipe("tail", f"SWA {begin}", sgd, ("tail", begin)),
        Recipe("schedule_free", f"Schedule-free SGD {lr:g}", (Phase("schedule_free", lr, steps),), ("free", 0.9)),
    )


def clips(
    steps: int = 300,
    clip: float = 1.0,
    clip_wide: float = 5.0,
    clip_value: float = 1.0,
    *,
    lr_sgd: float = 0.5,
    lr_small: float = 0.001,
) -> tuple[Recipe, ...]:
    """Return SGD unclipped, clipped by norm in two ways and by value, and unclipped at the small rate."""
    phase = (Phase("sgd", lr_sgd, steps),)
    return (
        Recipe("unclipped", f"SGD {lr_sgd:g}", phase),
        Recipe("clip_norm", f"‖g‖ ≤ {clip:g}", phase, clip_norm=clip),
        Recipe("clip_wide", f"‖g‖ ≤ {clip_wide:g}", phase, clip_norm=clip_wide),
        Recipe("clip_value", f"|gᵢ| ≤ {clip_value:g}", phase, clip_value=clip_value),
        Recipe("small_rate", f"SGD {lr_small:g}", (Phase("sgd", lr_small, steps),)),
    )


def board(steps: int = 2000) -> tuple[Recipe, ...]:
    """Return recipes of every kind at rates from which `score` looks up and down."""
    constant = {"sgd": 0.004, "momentum": 0.0004, "adam": 0.012}
    cosine = {"sgd": 0.0085, "adam": 0.026}
    sgd = (Phase("sgd", 0.01, steps),)
    tail = steps // 4
    switches = [row for row in optimizer_switches(steps) if len(row.phases) == 2 and row.key != "adam_sgd_high"]
    return (
        *(Recipe(key, ALL_OPTIMIZERS[key].title, (Phase(key, lr, steps),)) for key, lr in constant.items()),
        *(
            replace(row, title=" → ".join(ALL_OPTIMIZERS[phase.optimizer].title for phase in row.phases))
            for row in switches
        ),
        *(
            Recipe(f"{key}_cosine", f"{ALL_OPTIMIZERS[key].title}, cosine", (Phase(key, lr, steps, "cosine"),))
            for key, lr in cosine.items()
        ),
        Recipe("ema", "SGD, EMA 0.99", sgd, ("ema", 0.99)),
        Recipe("tail", f"SGD, SWA {tail}", sgd, ("tail", tail)),
        Recipe("schedule_free", "Schedule-free SGD", (Phase("schedule_free", 0.1, steps),), ("free", 0.9)),
    )


def pick(recipes: Sequence[Recipe], key: str) -> Recipe:
    """Return the recipe of this key. Raises ValueError for an unknown one."""
    return Catalogue("recipe", recipes)[key]


def turn_of(gradient: tuple[float, float], *, norm: float | None = None, value: float | None = None) -> float:
    """Return the angle in degrees by which clipping turns a gradient, as the engine clips it."""
    flat = surface_of("bowl")
    raw = np.array([gradient], dtype=float)
    run = descend(flat, "sgd", flat.minima[0], 1, 0.0, noise=raw, clip_norm=norm, clip_value=value)
    return float(turned(replace(run, gradient=raw))[0])


# The experiments.


@dataclass(frozen=True)
class Knob:
    """A number that the recipes of an experiment are made of."""

    key: str
    text: str
    default: float
    """An int takes whole numbers."""
    low: float
    high: float
    slides: bool = False
    """Whether it is a slider in steps of one."""

    @property
    def step(self) -> float:
        """What the buttons beside the number add: a tenth of it, or for a part near one of what is missing."""
        if isinstance(self.default, int):
            return max(1, self.default // 10)
        return float(f"{(min(self.default, 1 - self.default) if self.default < 1 else self.default) / 10:.1g}")


def _rate(key: str, text: str, default: float) -> Knob:
    return Knob(key, text, default, *learning_rate(default).allowed)


def _steps(default: int) -> Knob:
    return Knob("steps", T("Steps"), default, 10, MOST_STEPS)


@dataclass(frozen=True)
class Experiment:
    """A question to a family of recipes, and what it begins with."""

    key: str
    title: str
    text: str
    """What to see, in one line."""
    family: str
    """Key of the surface."""
    start: tuple[float, float]
    sigma: float
    level: float
    """The goal: f this far above the minimum."""
    build: Callable[..., tuple[Recipe, ...]]
    """Makes the recipes; takes the knobs by their keys."""
    knobs: tuple[Knob, ...]
    """What can be set; the first is the length of the run."""
    parameters: Mapping[str, float] = field(default_factory=dict, hash=False)
    window: tuple[float, float, float, float] | None = None

    @property
    def surface(self) -> Surface:
        """Its surface with the window to draw: the same object at every call, so that figures are kept."""
        return _member(self)

    @property
    def defaults(self) -> dict[str, float]:
        """What its knobs begin with, by their keys."""
        return {knob.key: knob.default for knob in self.knobs}

    def case(self, **changes) -> Case:
        """Return what all recipes have in common, with 400 seeds, or with these changes."""
        return replace(Case(self.surface, self.start, self.sigma), **changes)


@cache
def _member(chosen: Experiment) -> Surface:
    member = surface_of(chosen.family).with_parameters(**chosen.parameters)
    return replace(member, domain=chosen.window) if chosen.window else member


STEEP, ROUND = {"condition": 100.0}, {"condition": 10.0}
EXPERIMENTS = Catalogue(
    "experiment",
    (
        Experiment(
            key="hand_over",
            title=T("Hand-over"),
            text=T(
                "One optimizer begins, another goes on. Watch what the new optimizer changes, and what "
                "the new rate does."
            ),
            family="ravine",
            start=(8.0, 1.0),
            sigma=1.0,
            level=0.1,
            build=optimizer_switches,
            knobs=(
                _steps(2000),
                Knob("switch", T("Hand over after this percent of the run"), 25, 0, 100, slides=True),
                _rate("lr_adam", T("First rate of Adam and RMSprop"), 0.1),
                _rate("lr_sgd", T("Rate of SGD"), 0.015),
                _rate("lr_last", T("Rate of SGD afterwards"), 0.002),
            ),
            parameters=STEEP,
            window=(-3.0, 9.0, -1.8, 1.8),
        ),
        Experiment(
            key="batches",
            title=T("Batches that change"),
            text=T(
                "All have the same number of samples. Small batches arrive early, and the last batches decide the end."
            ),
            family="ravine",
            start=(8.0, 3.0),
            sigma=3.0,
            level=1.0,
            build=changing_batches,
            knobs=(
                Knob("samples", T("Samples"), 16_000, 4 * MOST_BATCH, MOST_SAMPLES),
                _rate("lr_sgd", T("Rate of SGD"), 0.1),
                Knob("small", T("Small batch"), 4, 2, MOST_BATCH),
                Knob("large", T("Large batch"), 64, 2, MOST_BATCH),
                Knob("each", T("Steps before they change places"), 20, 1, MOST_STEPS),
            ),
            parameters=ROUND,
            window=(-3.0, 9.0, -3.5, 3.5),
        ),
        Experiment(
            key="averages",
            title=T("Averages"),
            text=T("Shadow copies of the same noisy run: they look at it and never touch it."),
            family="ravine",
            start=(8.0, 3.0),
            sigma=1.0,
            level=0.01,
            build=averages,
            knobs=(
                _steps(4000),
                _rate("lr_sgd", T("Rate of SGD"), 0.15),
                Knob("decay", T("Decay of the moving average"), 0.99, 0.0, 0.99999),
                Knob("longer", T("Decay of another"), 0.999, 0.0, 0.99999),
                Knob("begin", T("The tail begins at step"), 100, 1, MOST_STEPS),
            ),
            parameters=ROUND,
            window=(-3.0, 9.0, -3.5, 3.5),
        ),
        Experiment(
            key="clipping",
            title=T("Clipping"),
            text=T("The first gradient is more than two hundred long. Clipped, it is a step; as it is, it is a throw."),
            family="cliff",
            start=(2.6, 1.5),
            sigma=0.0,
            level=0.01,
            build=clips,
            knobs=(
                _steps(300),
                _rate("lr_sgd", T("Rate of SGD"), 0.5),
                Knob("clip", T("Longest gradient"), 1.0, 1e-6, 1e12),
                Knob("clip_wide", T("Longest gradient, another"), 5.0, 1e-6, 1e12),
                Knob("clip_value", T("Largest coordinate of the gradient"), 1.0, 1e-6, 1e12),
                _rate("lr_small", T("Small rate"), 0.001),
            ),
        ),
        Experiment(
            key="board",
            title=T("Score board"),
            text=T("Every recipe at the best of five settings of its rates, over the same seeds."),
            family="ravine",
            start=(8.0, 1.0),
            sigma=1.0,
            level=0.1,
            build=board,
            knobs=(_steps(2000),),
            parameters=STEEP,
        ),
    ),
)


def first_board() -> dict[str, list[float]]:
    """Return the score board as the page opens it, the best first: recipe -> factor, mean and error."""
    own = EXPERIMENTS["board"]
    return {row.recipe.key: [row.factor, row.mean, row.error] for row in scores(own.case(), own.build())}
