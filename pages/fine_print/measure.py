"""What the small differences between formulas called Adam do: first steps, epsilon, bursts, decay, which solution."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from core import descend, descend_many
from core.analysis.small_sets import small_sets, unseen_error
from core.analysis.streams import LEVEL, both, confined, feed, feed_many, lengths, repeated
from core.engine.batches import Batches
from core.engine.data import Data
from core.engine.descend import Trajectory
from core.engine.spec import Goal, Noise, Optimizer, Surface
from core.memory import remembered
from core.optimizers.adam_general import ADAM_GENERAL
from core.resolve import surface_of
from core.text import T


def adam(key: str, title: str, *, twin: bool = False, **hyper: float) -> Optimizer:
    """Return the Adam with switches as an optimizer of its own, with other defaults; a `twin` is torch.optim.Adam."""
    changed = tuple(replace(h, default=hyper.get(h.key, h.default)) for h in ADAM_GENERAL.hyper)
    spec = replace(ADAM_GENERAL, key=key, title=title, hyper=changed)
    return replace(spec, torch="Adam", torch_arguments=_torch_arguments) if twin else spec


def _torch_arguments(h: Mapping[str, float]) -> dict | None:
    if not (h["correct_first"] and h["correct_second"]) or h["eps_inside"] or h["decoupled"]:
        return None
    arguments = {"lr": h["lr"], "betas": (h["beta1"], h["beta2"]), "eps": h["eps"], "weight_decay": h["weight_decay"]}
    return arguments | ({"amsgrad": True} if h["amsgrad"] else {})


FAMILY = (
    adam("adam_torch", "Adam", twin=True),
    adam("adam_m", "m̂→m", correct_first=0.0),
    adam("adam_none", "m̂→m, v̂→v", correct_first=0.0, correct_second=0.0),
    adam("adam_long", "m̂→m, v̂→v, β₂=0.9999", correct_first=0.0, correct_second=0.0, beta2=0.9999),
    adam("adam_inside", "√(v̂+ε)", eps_inside=1.0),
    adam("adam_ams", "AMSGrad", twin=True, amsgrad=1.0),
)
"""The formula of torch.optim.Adam, and others that go by the same name."""
OWN = adam("my_adam", "MyAdam")
"""The one that a reader puts together."""
VARIANTS = {o.key: o.title for o in FAMILY}
FIELD = ("adam_torch", "adam_m", "adam_none", "adam_ams")
"""Those of VARIANTS that the page begins with."""
STEPS = 3000
EPS_HIGHEST = ADAM_GENERAL.hyper[3].allowed[1]


def at_scale(hyper: Mapping[str, float], scale: float) -> dict[str, float]:
    """Return the hyper-parameters with which Adam does to f what these would do to `scale` f.

    Epsilon is all that Adam compares the gradient with, or inside the root its square.
    """
    eps = hyper["eps"] / scale ** (2 if hyper.get("eps_inside") else 1)
    return {**hyper, "eps": min(eps, EPS_HIGHEST)}


def first_steps(hyper: Mapping[str, float], steps: int = 20) -> np.ndarray:
    """Return the lengths of the first steps on a constant gradient of 1, in learning rates, (steps,)."""
    return lengths(ADAM_GENERAL, np.ones(steps), **{k: v for k, v in hyper.items() if k != "lr"})


GRADIENTS = np.logspace(-12, 0, 49)
SCALES = np.logspace(-12, 3, 61)


@remembered(4, T("Taking first steps"))
def step_by_gradient(eps: float, inside: bool) -> np.ndarray:
    """Return the first step in learning rates for each of GRADIENTS."""
    stream = np.repeat(GRADIENTS[:, None, None], 2, axis=2)
    runs = feed_many(ADAM_GENERAL, stream, 1.0, hyper={"eps": eps, "eps_inside": float(inside)})
    return -runs.final[0]


@remembered(4, T("Rescaling all gradients"))
def deviation_by_scale(eps: float, inside: bool) -> np.ndarray:
    """Return how far the path of Adam on Beale's function moves when it is scaled by each of SCALES; NaN for not."""
    hyper: dict = {"eps": eps, "eps_inside": float(inside)}
    at_scales = np.array([at_scale(hyper, c)["eps"] for c in SCALES])
    starts = np.repeat(np.array([[1.0], [1.5]]), len(SCALES), axis=1)
    runs = descend_many("beale", ADAM_GENERAL, starts, 1000, 0.05, hyper | {"eps": at_scales}, record=True)
    reference = descend("beale", ADAM_GENERAL, (1.0, 1.5), 1000, 0.05, hyper).path
    assert runs.path is not None
    moved = np.abs(runs.path - reference).max(axis=(1, 2))
    return np.where(moved > 0, moved, np.nan)


@dataclass(frozen=True)
class Burst:
    """A run that was done, and what happened afterwards."""

    done: int
    """First step below 1e-10."""
    back: int
    """First step after that above 0.05, -1 for never."""
    highest: float
    """The largest value after that."""


def burst(run: Trajectory) -> Burst:
    """Return whether a run that was done left again; `done` is -1 where it never was."""
    below = np.flatnonzero(run.value < 1e-10)
    if not below.size:
        return Burst(-1, -1, float("nan"))
    done = int(below[0])
    above = np.flatnonzero(run.value[done:] > 0.05)
    return Burst(done, done + int(above[0]) if above.size else -1, float(run.value[done:].max()))


@dataclass(frozen=True)
class CounterExample:
    """An online problem on [-1, 1] whose best point is -1: seldom a large push to it, often a small push away."""

    cycle: tuple[float, ...]
    beta1: float
    beta2: float
    lr: float
    """Learning rate at the first step; it falls like 1 / sqrt(t)."""
    steps: int


SMALL = CounterExample((3.0, -1.0, -1.0), 0.0, 0.1, 0.5, 10_000)
LARGE = CounterExample((1010.0, *[-10.0] * 100), 0.9, 0.99, 0.1, 100_000)
"""The small one in the paper's proof, beta2 = 1 / (1 + 3^2), and the scale of its experiment."""


@remembered(8, T("Adding up what Adam gets wrong"))
def counter_example(case: CounterExample, amsgrad: bool) -> np.ndarray:
    """Return the point after every step from 0, (steps + 1,). Reddi, Kale & Kumar 2018, section 3."""
    hyper = {"beta1": case.beta1, "beta2": case.beta2, "amsgrad": float(amsgrad)}
    rates = 1 / np.sqrt(np.arange(1, case.steps + 1))
    run = feed(ADAM_GENERAL, both(repeated(case.cycle, case.steps)), case.lr, hyper=hyper, schedule=rates)
    return confined(np.diff(run.path[:, 0]), -1.0, 1.0)


DECAYS = (("SGD + L2", "sgd"), ("Adam + L2", "adam"), ("AdamW", "adamw"))
"""Three ways to let weights decay. For plain SGD, L2 and decoupled decay are the same."""
NOISES = (0.1, 10.0)
"""Standard deviation of the gradients of two weights that nothing needs."""
DECAY_STEPS = 6000
DECAY_RUNS = 100


@dataclass(frozen=True)
class Decay:
    """How two irrelevant weights fade from 1, over DECAY_RUNS runs."""

    mean: np.ndarray
    """(steps + 1, 2)"""
    half_life: tuple[float, float]
    """The first step at which the mean is below 1/2; infinite where it never is."""
    error: tuple[float, float]
    """Standard error of the half-life: that of the mean there, over the pace at which a weight should fade."""


def half_life(lr: float, weight_decay: float) -> float:
    """Return the steps in which decoupled decay halves a weight without gradient."""
    return float(np.log(0.5) / np.log1p(-lr * weight_decay)) if 0 < lr * weight_decay < 1 else float("inf")


def decay(key: str, lr: float, weight_decay: float, seed: int = 0) -> Decay:
    """Let weights whose gradients are nothing but noise fade."""
    noise = np.stack([np.random.default_rng(seed + i).standard_normal((DECAY_STEPS, 2)) for i in range(DECAY_RUNS)])
    starts = np.ones((2, DECAY_RUNS))
    runs = descend_many(
        LEVEL, key, starts, DECAY_STEPS, lr, {"weight_decay": weight_decay}, noise=noise * NOISES, record=True
    )
    assert runs.path is not None
    mean, spread = runs.path.mean(axis=0), runs.path.std(axis=0, ddof=1)
    halves, errors = [], []
    for d in range(2):
        below = np.flatnonzero(mean[:, d] < 0.5)
        halves.append(float(below[0]) if below.size else float("inf"))
        at = below[0] if below.size else -1
        errors.append(float(spread[at, d] / np.sqrt(DECAY_RUNS) / max(0.5 * lr * weight_decay, 1e-300)))
    return Decay(mean, (halves[0], halves[1]), (errors[0], errors[1]))


@remembered(16, T("Letting weights fade"))
def decays(lr: float, weight_decay: float, seed: int) -> dict[str, Decay]:
    """Let the weights fade by each of DECAYS."""
    return {key: decay(key, lr, weight_decay, seed) for _title, key in DECAYS}


@cache
def wanted() -> Surface:
    """Return ((w - 1)^2 100 + (b - 1)^2) / 2 as the loss of a line through two rows."""
    return replace(
        surface_of("linear_regression"),
        data=Data(np.array([[10.0, 11.0], [-10.0, -9.0]])),
        domain=(-0.2, 1.4, -0.2, 1.4),
        minima=((1.0, 1.0),),
        minimum=0.0,
        starts=((0.0, 0.0),),
    )


SET_STRENGTHS = np.append(0.0, 0.05 * 2.0 ** np.arange(8))


def unseen_errors(key: str, size: int | None, seed: int = 0) -> np.ndarray:
    """Return the error on unseen rows that each weight decay of SET_STRENGTHS leaves, (sets, N).

    Five rows are all there is to learn from, in batches of `size` or all at once.
    """
    decays: dict = {"weight_decay": SET_STRENGTHS}
    starts, errors = np.zeros((2, len(SET_STRENGTHS))), []
    for k, (surface, truth) in enumerate(small_sets(5, seed)):
        batches = None if size is None else Batches(size, "reshuffled", seed + k)
        runs = descend_many(surface, key, starts, 2000, 0.02, decays, schedule="cosine", batches=batches)
        errors.append(unseen_error(runs.final, truth))
    return np.array(errors)


STRENGTHS = np.round(np.logspace(-1, 1, 25), 6)


@remembered(len(DECAYS), T("Looking where the decay of weights leads"))
def ends_by_strength(key: str) -> np.ndarray:
    """Return where each of DECAYS ends on `wanted` at each weight decay of STRENGTHS, (2, N)."""
    starts = np.zeros((2, len(STRENGTHS)))
    lr = 0.005 if key == "sgd" else 0.01
    return descend_many(wanted(), key, starts, 20_000, lr, {"weight_decay": STRENGTHS}).final


def ridge(strength: float | np.ndarray) -> tuple:
    """Return the exact minimum of `wanted` with the penalty strength (w^2 + b^2) / 2."""
    return 100 / (100 + strength), 1 / (1 + strength)


@cache
def underdetermined() -> Surface:
    """Return (3 w + b - 1)^2 / 2, the loss of one row: every point of a line is a solution."""
    return replace(
        surface_of("linear_regression"),
        data=Data(np.array([[3.0, 1.0]])),
        domain=(-0.1, 0.5, -0.1, 0.5),
        minima=((0.3, 0.1), (0.25, 0.25)),
        minimum=0.0,
        starts=((0.0, 0.0),),
        valley="3w + b = 1",
        isolated=None,
        proof="",
        colour_offset=1e-3,
    )


EQUALS_RATES = {
    "sgd": 0.01,
    "momentum": 0.01,
    "adagrad": 0.1,
    "rmsprop": 0.001,
    "adam": 0.01,
    "lion": 0.0005,
}


def solution(key: str, start: tuple[float, float] = (0.0, 0.0)) -> Trajectory:
    """Run a method until it has a solution of `underdetermined`."""
    return descend(underdetermined(), key, start, 3000, EQUALS_RATES[key])


@remembered(1, T("Looking for solutions"))
def solutions() -> dict[str, Trajectory]:
    """Return `solution` of every method."""
    return {key: solution(key) for key in EQUALS_RATES}


MEMORIES = ((0.9, 0.999), (0.9, 0.99), (0.9, 0.9), (0.9, 0.5), (0.0, 0.999), (0.99, 0.9), (0.99, 0.5))


@dataclass(frozen=True)
class Memory:
    """What the two memories of Adam lead to on Rosenbrock's function."""

    near: int
    """First step within 0.05 of the minimum, -1 for never in 5000."""
    value: float
    """The value at the end."""
    reversals: int
    """How often x turns back in the first 400 steps."""


def memory(beta1: float, beta2: float) -> Memory:
    """Run Adam at rate 0.05 from (-1.5, 2)."""
    goal = Goal("near", 0.05, ((1.0, 1.0),))
    hyper = {"beta1": beta1, "beta2": beta2}
    run = descend("rosenbrock", "adam", (-1.5, 2.0), 5000, 0.05, hyper, goal=goal)
    signs = np.sign(np.diff(run.path[:401, 0]))
    return Memory(run.first, float(run.value[-1]), int(np.count_nonzero(signs[1:] != signs[:-1])))


@remembered(1, T("Trying memories"))
def memories() -> dict[tuple[float, float], Memory]:
    """Return `memory` of each of MEMORIES."""
    return {betas: memory(*betas) for betas in MEMORIES}


WARM_UP = ("warm_up", {"warm_up": 10})
EARLY = (("adam", None), ("radam", None), ("adam", WARM_UP))
SPREAD_RUNS = 4000


@remembered(8, T("Scattering runs by noise"))
def early_spread(seed: int = 0) -> tuple[tuple[float, float], ...]:
    """Return how far pure noise scatters the methods of EARLY in ten steps of rate 1, with the standard error."""
    spreads = []
    for key, schedule in EARLY:
        starts = np.zeros((2, SPREAD_RUNS))
        ends = descend_many(LEVEL, key, starts, 10, 1.0, noise=Noise(1.0, seed), schedule=schedule).final
        spread = float(ends.std())
        spreads.append((spread, spread / np.sqrt(2 * ends.size)))
    return tuple(spreads)
