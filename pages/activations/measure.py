"""Activations beside one another: curves to draw, what comes out of a distribution, a dead neuron, a learned slope.

The shapes stand in core.networks.activations, the expectations in core.networks.moments; here is what only a
comparison needs.
A. L. Maas, A. Y. Hannun, A. Y. Ng, "Rectifier Nonlinearities Improve Neural Network Acoustic Models", ICML 2013;
K. He et al. 2015, arXiv:1502.01852 (PReLU); G. Klambauer et al. 2017, arXiv:1706.02515 (SELU).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from core import OPTIMIZERS
from core.engine.descend import Trajectory
from core.engine.spec import Hyper, Surface
from core.memory import remembered
from core.networks.activations import ACTIVATIONS, Activation, facts
from core.networks.initialisation import INITIALISATIONS
from core.networks.moments import Inputs, chain, length_path, moments, sample_moments
from core.networks.network import Network, silent_units
from core.networks.parameters import parameters_of, with_parameters
from core.networks.signal import propagate
from core.networks.training import learn_slope, sine, train
from core.resolve import surface_of
from core.text import T
from teaching.record import rounded

TITLES = {row.key: row.title for row in ACTIVATIONS}
OPTIMIZER_TITLES = {optimizer.key: optimizer.title for optimizer in OPTIMIZERS}
LABS = {
    "shapes": T("Shapes"),
    "statistics": T("Statistics"),
    "chain": T("Chain of layers"),
    "neuron": T("Dead neuron"),
    "learned": T("Learned slope"),
}
MOST_LAYERS = 100
SAMPLES = 20_000
"""Inputs that are drawn to check the integrals."""
BINS = 120
NEURONS = ("dead_relu", "leaky_relu")
"""The surfaces of one neuron, whose parameters are (w, b)."""
TARGETS = (1.0, 0.5, 0.0, -0.3, -1.0)
"""Slopes to be learned."""
NEAR = 1e-3
"""A slope is learned when it is this close to its target for good."""
LOST = 10.0
"""A slope larger than this has diverged."""
DEATH_RATES = (0.05, 0.1, 0.2, 0.4)


def parameter_key(row: Activation, parameter: Hyper) -> str:
    """Return the name of a parameter in the link, where `silu_beta` once was an exponent of ten."""
    return f"{row.key}_sharpness" if parameter.scale == "log" else f"{row.key}_{parameter.key}"


def sampled(chosen: Activation, order: int, reach: float, points: int = 601) -> tuple[np.ndarray, np.ndarray]:
    """Return x from -reach to reach and a derivative of this order (0 to 2) there; NaN where it jumps."""
    formula = (chosen.value, chosen.slope, chosen.curvature)[order]
    inside = np.array([b for b in chosen.breaks if abs(b) < reach])
    sides = np.concatenate([inside - 1e-9, inside + 1e-9])
    x = np.unique(np.concatenate([np.linspace(-reach, reach, points), inside, sides]))
    y = formula(x)
    for b in inside:
        left, right = formula(b - 1e-9), formula(b + 1e-9)
        if abs(right - left) > 1e-6:
            y[x == b] = np.nan
    return x, y


@dataclass(frozen=True)
class Outputs:
    """What comes out of an activation for a sample of inputs."""

    edges: np.ndarray
    """(BINS + 1,)"""
    share: np.ndarray
    """(BINS,) part of the sample in each bin, without that of `atoms`."""
    atoms: tuple[tuple[float, float], ...]
    """(value, part of the sample) for every value that a whole interval of inputs is sent to."""


def outputs(chosen: Activation, z: np.ndarray, edges: np.ndarray) -> Outputs:
    """Count the outputs for inputs z (N,) in bins; where the function is flat they are all one number, an atom."""
    y = chosen.value(z)
    spread = np.ones(len(z), dtype=bool)
    atoms: dict[float, float] = {}
    for low, high in facts(chosen).flat:
        held = (z > low) & (z < high)
        if held.any():
            value = float(y[held][0])
            atoms[value] = atoms.get(value, 0.0) + float(held.mean())
        spread &= ~held
    return Outputs(edges, np.histogram(y[spread], edges)[0] / len(z), tuple(atoms.items()))


def common_edges(rows: Sequence[Activation], z: np.ndarray) -> np.ndarray:
    """Return (BINS + 1,) edges that hold the inputs and the outputs of everyone."""
    ends = [z.min(), z.max()]
    for row in rows:
        y = row.value(z)
        ends += [y.min(), y.max()]
    low, high = min(ends), max(ends)
    return np.linspace(low, high, BINS + 1) if high > low else np.linspace(low - 0.5, high + 0.5, BINS + 1)


@dataclass(frozen=True)
class Statistic:
    """A mean over the inputs, three times."""

    exact: float
    sample: float
    error: float
    """Standard error of the sample mean."""


def statistics(chosen: Activation, inputs: Inputs, z: np.ndarray) -> dict[str, Statistic]:
    """Return the "mean" of f, its "square" and its "slope_square" over inputs, and over a sample z (N,)."""
    exact, found = moments(chosen, inputs), sample_moments(chosen, z)
    value, slope = chosen.value(z), chosen.slope(z)
    terms = {"mean": value, "square": value**2, "slope_square": slope**2}
    return {
        name: Statistic(getattr(exact, name), getattr(found, name), float(of.std() / math.sqrt(len(z))))
        for name, of in terms.items()
    }


@dataclass(frozen=True)
class Chain:
    """One number on its way through equal units, and a signal on its way through wide random layers."""

    value: np.ndarray
    """(n + 1,) after 0 ... n layers"""
    product: np.ndarray
    """(n + 1,) of the slopes, weights included"""
    bound: float
    """What the product cannot exceed: the n-th power of the largest slope times the weight."""
    wide: np.ndarray
    """(n + 1,) root mean square of the signal in wide layers"""


@dataclass(frozen=True)
class Course:
    """Where the number starts and what every layer does besides the activation."""

    x: float = 0.0
    layers: int = 10
    weight: float = 1.0
    bias: float = 0.0
    std: float = 1.0
    """Of the inputs of the wide layers."""
    weight_variance: float = 1.0
    """Of a weight of the wide layers, times the number of inputs: 1 is LeCun's, 2 is He's."""


def through(chosen: Activation, course: Course) -> Chain:
    """Send one number through n units f(weight x + bias), and a signal through n wide layers."""
    values, products = chain(chosen, np.array([course.x]), course.layers, course.weight, course.bias)
    known = facts(chosen)
    steepest = abs(course.weight) * max(abs(known.largest_slope[1]), abs(known.least_slope[1]))
    with np.errstate(over="ignore", under="ignore"):
        bound = float(np.float64(steepest) ** course.layers)
    wide = wide_layers(chosen, course.std, course.layers, course.weight_variance)
    return Chain(values[:, 0], products[:, 0], bound, wide)


@remembered(256)
def wide_layers(chosen: Activation, std: float, layers: int, weight_variance: float) -> np.ndarray:
    """Return the root mean square of the signal after 0 ... n layers, (n + 1,), when layers are infinitely wide."""
    path = length_path(chosen, weight_variance * std**2, layers + 1, weight_variance)
    return np.sqrt(path / weight_variance)


@remembered(64, T("Sending a batch through a real network"))
def real_layers(
    chosen: Activation, std: float, layers: int, weight_variance: float, width: int = 128, seed: int = 0
) -> np.ndarray:
    """Return the same, measured in one random network with normal weights and 64 inputs; inf where it overflows."""
    start = with_parameters(INITIALISATIONS["normal"], std=math.sqrt(weight_variance / width))
    found = propagate(chosen, start, depth=layers, width=width, batch=64, seed=seed, inputs=Inputs(std=std))
    mean = np.array([0.0, *(layer.mean for layer in found.layers)])
    return np.hypot(found.std[: len(mean)], mean)


@cache
def neuron(key: str) -> Surface:
    """Return the surface of one neuron with a window that also shows where an oversized step lands."""
    return replace(surface_of(key), domain=(-2.0, 2.0, -4.0, 2.0))


def silent_below(key: str, w: np.ndarray) -> np.ndarray:
    """Return the bias (N,) up to which a neuron with these weights is silent: its sum is positive for no row."""
    rows = neuron(key).data
    assert rows is not None
    return -(w[:, None] * rows.x).max(axis=1)


def silent_since(run: Trajectory) -> int:
    """Return the step from which on the sum w x + b is positive for no row of the data, -1 if the neuron is awake."""
    w, b = run.path.T
    rows = run.surface.data
    if rows is None:
        raise ValueError(f"surface: {run.surface.key} has no rows to be silent for")
    awake = np.flatnonzero((w[:, None] * rows.x + b[:, None] > 0).any(axis=1))
    first = int(awake[-1]) + 1 if awake.size else 0
    return first if first < len(run.path) else -1


@dataclass(frozen=True)
class Deaths:
    """What became of 1-32-1 networks on sin(3x) at one learning rate."""

    rate: float
    silent: float
    """Part of the hidden units whose sum is positive for no row."""
    error: float
    """Standard error of that part over the seeds."""
    loss: float
    """Median over the seeds."""


@remembered(16, T("Training small networks"))
def deaths(
    key: str,
    rates: tuple[float, ...] = DEATH_RATES,
    seeds: int = 20,
    steps: int = 1000,
) -> tuple[Deaths, ...]:
    """Train 1-32-1 networks with this activation, He's weights and plain gradient descent; count the silent units."""
    x, target = sine()
    network = Network((1, 32, 1), ACTIVATIONS[key])
    end = train(
        network,
        INITIALISATIONS["he"],
        x,
        target,
        loss="squared error",
        lr=list(rates),
        steps=steps,
        seeds=range(seeds),
    )
    found = []
    for rate, rows, loss in zip(rates, end.parameters, end.final, strict=True):
        parts = np.array([silent_units(network, row[None], x).mean() for row in rows])
        error = float(parts.std(ddof=1) / math.sqrt(seeds)) if seeds > 1 else math.nan
        found.append(Deaths(float(rate), float(parts.mean()), error, float(np.median(loss))))
    return tuple(found)


def deaths_of_both() -> dict[str, Any]:
    """Return the deaths of ReLU and leaky networks as columns over DEATH_RATES, for the record."""
    return {
        f"{key}_{name}": rounded([getattr(row, name) for row in deaths(key)])
        for key in ("relu", "leaky_relu")
        for name in ("silent", "error", "loss")
    }


PANELS = {"deaths": deaths_of_both}


PAIRS = np.linspace(-2, 2, 40)
"""Inputs from which a slope is learned."""


@remembered(128)
def learned(start: float, target: float, lr: float = 0.1, steps: int = 100) -> np.ndarray:
    """Let PReLU learn its slope by gradient descent on the squared error over PAIRS; return it, (steps + 1,)."""
    with np.errstate(over="ignore", invalid="ignore"):
        return learn_slope(with_parameters(ACTIVATIONS["prelu"], alpha=start), target, PAIRS, lr, steps)


def learned_at(path: np.ndarray, target: float) -> int:
    """Return the first step from which a slope stays within NEAR of its target, -1 for never."""
    apart = np.flatnonzero(~(np.abs(path - target) < NEAR))
    first = int(apart[-1]) + 1 if apart.size else 0
    return first if first < len(path) else -1


def lost_at(path: np.ndarray) -> int:
    """Return the first step at which a slope has diverged, -1 for never."""
    lost = np.flatnonzero(~(np.abs(path) <= LOST))
    return int(lost[0]) if lost.size else -1


def torch_values(chosen: Activation, reach: float) -> str:
    """Return a PyTorch script that prints x, f(x) and f'(x) of an activation, as the page has them."""
    source = chosen.torch(**parameters_of(chosen))
    return f"""import torch

torch.set_default_dtype(torch.float64)
f = {source}
x = torch.linspace({-reach!r}, {reach!r}, 13, requires_grad=True)
y = f(x)
(slope,) = torch.autograd.grad(y.sum(), x)
for row in zip(x.tolist(), y.tolist(), slope.tolist()):
    print("x = %8.4f   f = %18.15f   slope = %18.15f" % row)
"""
