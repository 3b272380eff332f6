"""Small fully connected networks, many at a time: their parameters as one row of numbers per network.

A network is a value that names its widths and layers. Its parameters are a row of `count` numbers, in the order in
which torch.nn.Sequential lists them; a stack of networks (seeds, learning rates) is an array (networks, count), and
one matrix product per layer serves them all.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from core.networks.activations import Activation
from core.networks.initialisation import Initialisation
from core.networks.layers import LOSSES, dense, dense_backward, scaled, scaled_backward
from core.networks.normalisation import Normalisation, Normalised, evaluate, normalise, normalise_backward, updated
from core.networks.parameters import parameters_of, whole

MAX_WIDTH, MAX_LAYERS, MAX_PARAMETERS = 256, 32, 200_000
PLACES = ("before", "after")


@dataclass(frozen=True)
class Slot:
    """Where a parameter stands in the row of its network."""

    name: str
    """As in the state_dict of the torch.nn.Sequential of the same layers."""
    kind: str
    """"weight", "bias", "scale", "shift" or "slope"."""
    shape: tuple[int, ...]
    begin: int

    @property
    def end(self) -> int:
        """Where the next one begins."""
        return self.begin + math.prod(self.shape)


@dataclass(frozen=True)
class Network:
    """Widths (inputs, hidden ..., outputs), the activation of the hidden layers, and their normalisation, if any.

    Raises ValueError for widths and depths that do not fit, and for a normalisation that needs images.
    """

    widths: tuple[int, ...]
    activation: Activation
    normalisation: Normalisation | None = None
    place: str = "before"
    """Where the normalisation stands: "before" or "after" the activation."""

    def __post_init__(self):
        if not 2 <= len(self.widths) <= MAX_LAYERS + 1:
            raise ValueError(f"widths: got {len(self.widths)} of them, allowed are 2 to {MAX_LAYERS + 1}")
        for width in self.widths:
            whole("width", width, 1, MAX_WIDTH)
        if self.place not in PLACES:
            raise ValueError(f"place: got {self.place!r}, allowed are {', '.join(PLACES)}")
        norm = self.normalisation
        if norm and norm.dense_axis is None:
            raise ValueError(f"normalisation: got {norm.key}, allowed are batch, layer and rms: there are no images")
        if self.count > MAX_PARAMETERS:
            raise ValueError(f"widths: got {self.count} parameters, allowed are at most {MAX_PARAMETERS}")

    @cached_property
    def steps(self) -> tuple[tuple[str, tuple[Slot, ...]], ...]:
        """The layers in order: ("dense", "norm" or "activation", its parameters)."""
        norm = [("norm", ("scale", "shift") if self._centred else ("scale",))] if self.normalisation else []
        unit = [("activation", ("slope",) if self.activation.learned else ())]
        hidden = norm + unit if self.place == "before" else unit + norm
        found: list[tuple[str, tuple[Slot, ...]]] = []
        begin = 0
        for k, (fan_in, fan_out) in enumerate(pairwise(self.widths)):
            last = k == len(self.widths) - 2
            for layer, kinds in [("dense", ("weight", "bias")), *([] if last else hidden)]:
                slots = []
                for kind in kinds:
                    shape = {"weight": (fan_out, fan_in), "slope": (1,)}.get(kind, (fan_out,))
                    word = "bias" if kind in ("bias", "shift") else "weight"
                    slots.append(Slot(f"{len(found)}.{word}", kind, shape, begin))
                    begin = slots[-1].end
                found.append((layer, tuple(slots)))
        return tuple(found)

    @cached_property
    def slots(self) -> tuple[Slot, ...]:
        """Every parameter in order."""
        return tuple(slot for _, slots in self.steps for slot in slots)

    @property
    def count(self) -> int:
        """Number of parameters."""
        return self.slots[-1].end

    @property
    def _centred(self) -> bool:
        return self.normalisation is not None and self.normalisation.centred


def views(slots: tuple[Slot, ...], parameters: np.ndarray) -> list[np.ndarray]:
    """Return the parameters (networks, count) as arrays (networks, *shape) that share their memory."""
    return [parameters[:, s.begin : s.end].reshape(len(parameters), *s.shape) for s in slots]


def initial(
    network: Network, start: Initialisation, seeds: Sequence[int], hidden_bias: float | None = None
) -> np.ndarray:
    """Draw the parameters of one network for each seed, (seeds, count). Scales start at 1, shifts at 0.

    `hidden_bias` replaces the biases of all hidden layers.
    """
    rows = np.zeros((len(seeds), network.count))
    for row, seed in zip(rows, seeds, strict=True):
        rng = np.random.default_rng(seed)
        for layer, slots in network.steps:
            shapes = [slot.shape for slot in slots]
            if layer == "dense":
                drawn = [start.weights(rng, *shapes[0]), start.biases(rng, *shapes[0])]
            elif layer == "norm":
                drawn = [np.ones(shapes[0]), np.zeros(shapes[0])]
            else:
                drawn = [np.array(list(parameters_of(network.activation).values()))]
            for slot, values in zip(slots, drawn, strict=False):
                row[slot.begin : slot.end] = values.ravel()
    if hidden_bias is not None:
        for slot in [slot for slot in network.slots if slot.kind == "bias"][:-1]:
            rows[:, slot.begin : slot.end] = hidden_bias
    return rows


Running = list[tuple[np.ndarray, np.ndarray]]
"""Running mean and variance of every normalisation layer, (networks, 1, units) each."""


def fresh(network: Network, networks: int) -> Running:
    """Return the running statistics of networks that have seen nothing: mean 0, variance 1."""
    if not network.normalisation or not network.normalisation.needs_batch:
        return []
    shapes = [(networks, 1, width) for width in network.widths[1:-1]]
    return [(np.zeros(shape), np.ones(shape)) for shape in shapes]


@dataclass(frozen=True)
class Pass:
    """What a forward pass computed, and what the way back needs of it."""

    output: np.ndarray
    """(networks, batch, outputs)"""
    tape: list[tuple]
    """The input of every layer, and what it noted down."""
    running: Running
    """Running statistics after this batch."""

    def sums(self, network: Network) -> list[np.ndarray]:
        """Return what reached the activation of every hidden layer, (networks, batch, units)."""
        return [x for (layer, _), (x, _) in zip(network.steps, self.tape, strict=True) if layer == "activation"]


def forward(
    network: Network, parameters: np.ndarray, x: np.ndarray, running: Running | None = None, training: bool = True
) -> Pass:
    """Send inputs (batch, inputs), or (networks, batch, inputs), through a stack of networks.

    In training batch normalisation uses the statistics of the batch and notes them in the running ones, where these
    are given; in evaluation it uses the running ones.
    """
    tape: list[tuple] = []
    seen: Running = []
    norms = 0
    x = np.broadcast_to(x, (len(parameters), *x.shape[-2:]))
    with np.errstate(all="ignore"):
        for layer, slots in network.steps:
            own = views(slots, parameters)
            noted: Any = None
            before = x
            if layer == "dense":
                x = dense(x, *own)
            elif layer == "activation":
                x = _unit(network, own).value(x)
            else:
                statistics = running[norms] if running else None
                norms += 1
                x, noted = _normalised(network.normalisation, x, statistics, training)  # type: ignore[arg-type]
                if statistics:
                    seen.append(updated(statistics, noted, x.shape[-2]) if training else statistics)
                x = scaled(x, own[0], own[1] if len(own) > 1 else np.zeros_like(own[0]))
            tape.append((before, noted))
    return Pass(x, tape, seen)


def backward(network: Network, parameters: np.ndarray, done: Pass, gradient: np.ndarray) -> np.ndarray:
    """Return the gradient with respect to every parameter, (networks, count), given that of the outputs.

    `done` comes from a forward pass in training.
    """
    result = np.empty_like(parameters)
    with np.errstate(all="ignore"):
        for (layer, slots), (x, noted) in zip(network.steps[::-1], done.tape[::-1], strict=True):
            own, into = views(slots, parameters), views(slots, result)
            found: tuple[np.ndarray, ...]
            if layer == "dense":
                gradient, *found = dense_backward(gradient, x, own[0])  # type: ignore[assignment]
            elif layer == "norm":
                gradient, *found = scaled_backward(gradient, noted.value, own[0])  # type: ignore[assignment]
                gradient = normalise_backward(gradient, noted)
            else:
                unit = network.activation.learned
                found = ((gradient * unit(x, None)).sum((-1, -2))[:, None],) if unit else ()
                gradient = gradient * _unit(network, own).slope(x)
            for target, values in zip(into, found, strict=False):
                target[...] = values
    return result


def loss_and_gradient(
    network: Network, parameters: np.ndarray, x: np.ndarray, target: np.ndarray, loss: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return the loss (networks,) of a batch in training, and its gradient (networks, count)."""
    done = forward(network, parameters, x)
    with np.errstate(all="ignore"):
        value, gradient = LOSSES[loss](done.output, target)
    return value, backward(network, parameters, done, gradient)


def silent_units(network: Network, parameters: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return the part of the hidden units whose sum is negative for every input, (networks,): dead ones under ReLU."""
    done = forward(network, parameters, x)
    return np.concatenate([(z <= 0).all(axis=1) for z in done.sums(network)], axis=1).mean(axis=1)


def spread_of_units(network: Network, parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how far the units of the first layer differ, (networks,), and the rank of their weights, (networks,).

    The spread is the largest distance between the weights and bias of two units; 0 means that all are the same.
    """
    weight, bias = views(network.slots[:2], parameters)
    units = np.concatenate([weight, bias[..., None]], axis=-1)
    return np.ptp(units, axis=1).max(axis=-1), np.linalg.matrix_rank(units, tol=1e-9)


def _unit(network: Network, own: list[np.ndarray]) -> Activation:
    """Return the activation, with the slope that the networks have learned where they learn one."""
    if not own:
        return network.activation
    learned = replace(network.activation.parameters[0], default=own[0][:, None, :])  # type: ignore[arg-type]
    return replace(network.activation, parameters=(learned,))


def _normalised(
    chosen: Normalisation, x: np.ndarray, statistics: tuple[np.ndarray, np.ndarray] | None, training: bool
) -> tuple[np.ndarray, Normalised | None]:
    if chosen.needs_batch and not training:
        if statistics is None:
            raise ValueError("running: got None, allowed in evaluation are the running statistics of a training")
        return evaluate(x, *statistics), None
    done = normalise(x, chosen.dense_axis, chosen.centred)  # type: ignore[arg-type]
    return done.value, done
