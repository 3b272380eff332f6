"""The depth laboratory: what became of a signal, in a word; the grid of networks; equal units that are trained.

D. Rumelhart, G. Hinton, R. Williams 1986, doi:10.1038/323533a0 (equal units must be told apart before training).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from core.memory import remembered
from core.networks.activations import ACTIVATIONS, Activation
from core.networks.initialisation import INITIALISATIONS, Initialisation
from core.networks.moments import Inputs
from core.networks.network import Network, initial, spread_of_units
from core.networks.parameters import parameters_of, with_parameters
from core.networks.signal import MAX_NUMBERS, NORMALISED, Layer, Signal, grid, propagate
from core.networks.training import sine, train
from core.text import T
from teaching.record import rounded

LIMIT = 100.0
"""A signal or gradient that changes by less than this factor, up or down, is called alive."""
SURVIVES, VANISHES, EXPLODES, ZERO, INFINITE, UNKNOWN = KINDS = (
    "survives",
    "vanishes",
    "explodes",
    "zero",
    "infinite",
    "unknown",
)

ROWS = ("sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu", "silu", "gelu", "identity")
"""Activations of the grid."""
COLUMNS: tuple[tuple[str, Initialisation], ...] = (
    ("N(0, 0.01²)", INITIALISATIONS["normal"]),
    ("N(0, 1)", with_parameters(INITIALISATIONS["normal"], std=1.0)),
    ("PyTorch", INITIALISATIONS["torch_default"]),
    ("Xavier, LeCun", INITIALISATIONS["xavier"]),
    ("He", INITIALISATIONS["he"]),
    ("Orthogonal", INITIALISATIONS["orthogonal"]),
    ("Orthogonal √2", with_parameters(INITIALISATIONS["orthogonal"], gain=1.4142)),
)
"""Initialisations of the grid. All layers are as wide as their input, so LeCun and Xavier are the same."""
GRID_WIDTH, SAMPLES = 128, 32
"""The most units of a network in the grid, and its samples: as many as everywhere, unless the visitor sets others."""


@dataclass(frozen=True)
class Verdict:
    """What became of a signal on its way."""

    kind: str
    """One of KINDS."""
    factor: float = np.nan
    """What came out over what went in."""
    place: int | None = None
    """After how many layers it was lost for good: exactly zero, infinite, or beyond LIMIT."""
    layers: int = 1

    @property
    def per_layer(self) -> float:
        """The factor of one layer, if all of them had the same."""
        return float(self.factor ** (1 / self.layers))


def verdict(sizes: np.ndarray) -> Verdict:
    """Judge the sizes of a signal, (layers + 1,), in the order in which it passed the layers."""
    layers = len(sizes) - 1
    if np.isnan(sizes).all():
        return Verdict(UNKNOWN, layers=layers)
    finite = np.isfinite(sizes)
    if not finite[-1]:
        return Verdict(INFINITE, np.inf, int(np.argmin(finite)), layers)
    factors = sizes / sizes[0]
    if factors[-1] == 0:
        return Verdict(ZERO, 0.0, _stays(factors == 0), layers)
    if factors[-1] < 1 / LIMIT:
        return Verdict(VANISHES, factors[-1], _stays(factors < 1 / LIMIT), layers)
    if factors[-1] > LIMIT:
        return Verdict(EXPLODES, factors[-1], _stays(factors > LIMIT), layers)
    return Verdict(SURVIVES, factors[-1], None, layers)


def _stays(lost: np.ndarray) -> int:
    """Return from where on all are true."""
    return len(lost) - int(np.argmin(lost[::-1]))


def most_samples(depth: int, width: int) -> int:
    """Return how many samples fit into memory on their way through a network."""
    return MAX_NUMBERS // (depth * width)


@remembered(128, T("Sending {batch} samples through {depth} layers"))
def measured(
    unit: Activation,
    start: Initialisation,
    norm: str,
    depth: int = 50,
    width: int = 128,
    batch: int = SAMPLES,
    seed: int = 0,
    std: float = 1.0,
) -> Signal:
    """Return what `propagate` measures in one network with normal inputs of this deviation."""
    return propagate(
        unit, start, norm, depth=depth, width=width, batch=batch, seed=seed, inputs=Inputs(std=std), jacobian=True
    )


GRIDS = {"gradient": "gradient_ratio", "signal": "signal", "deviation": "std"}
"""What a grid can show -> its name in a Cell."""


@remembered(64, T("Measuring every activation with every initialisation"))
def grid_of(
    norm: str, depth: int, width: int, seed: int, std: float, progress: Callable[[float], None]
) -> dict[str, np.ndarray]:
    """Return the three grids of GRIDS, (ROWS, COLUMNS) each."""
    starts = [start for _title, start in COLUMNS]
    settings: dict[str, Any] = {"depth": depth, "width": width, "batch": SAMPLES, "seed": seed}
    cells = grid(ROWS, starts, norm, **settings, inputs=Inputs(std=std), progress=progress)
    return {key: np.array([[getattr(cell, name) for cell in row] for row in cells]) for key, name in GRIDS.items()}


RECORDED = {"depth": 50, "width": GRID_WIDTH, "seed": 0, "std": 1.0}
"""The networks of the grids that are recorded, one grid for every normalisation."""


def grid_numbers(norm: str) -> dict[str, Any]:
    """Return the grids of RECORDED with this normalisation, for the record."""
    return {key: rounded(values) for key, values in grid_of(norm, **RECORDED).items()}


def histograms(
    layers: Sequence[Layer], depth: int, low: float, high: float, *, relative: bool = False, cells: int = 80
) -> tuple[np.ndarray, np.ndarray]:
    """Return middles (cells,) of equal cells from `low` to `high`, and the part of each layer in each, (cells, depth).

    `relative` measures from the mean of a layer, in its own deviations. Layers that were not reached are NaN.
    """
    ends = np.linspace(low, high, cells + 1)
    parts = np.full((cells, depth), np.nan)
    for k, layer in enumerate(layers):
        edges = layer.edges
        if relative:
            if layer.std == 0:
                continue
            edges = (edges - layer.mean) / layer.std
        below = np.append(0.0, np.cumsum(layer.counts)) / layer.counts.sum()
        parts[:, k] = np.diff(np.interp(ends, edges, below, left=0.0, right=1.0))
    return (ends[1:] + ends[:-1]) / 2, parts


SYMMETRY = ("equal", "zero", "random", "alone")
UNITS, RATE = 16, 0.1
"""The network that learns sin(3x): 1-16-1 with tanh, trained by SGD on all 64 points in every step."""


@dataclass(frozen=True)
class Learning:
    """How one network learned."""

    steps: np.ndarray
    """(K,) 0 first."""
    loss: np.ndarray
    """(K,)"""
    spread: np.ndarray
    """(K,) largest distance between the weights and bias of two units."""


@remembered(32, T("Training four networks for {steps} steps"))
def symmetry(
    level: float = 0.5, seed: int = 0, steps: int = 5000, progress: Callable[[float], None] = lambda part: None
) -> dict[str, Learning]:
    """Train one network from equal weights, from zeros, from random weights, and a single random unit.

    A unit whose weights are all zero gets no gradient: 15 of them beside a random one leave it alone. A run goes on
    where the last one stopped: SGD has no memory, and a batch is all points.
    """
    x, target = sine()
    tanh, equal, random = ACTIVATIONS["tanh"], INITIALISATIONS["constant"], INITIALISATIONS["xavier"]
    network = Network((1, UNITS, 1), tanh)
    parameters = np.zeros((4, network.count))
    parameters[0] = initial(network, with_parameters(equal, level=level), [0])
    parameters[2] = initial(network, random, [seed])
    parameters[3, [slot.begin for slot in network.slots]] = initial(Network((1, 1, 1), tanh), random, [seed])
    marks = np.unique(np.append(0, np.geomspace(1, steps, 30).round().astype(int)))
    losses, spreads = [], []
    for mark, span in zip(marks, np.diff(marks, append=steps + 1), strict=True):
        progress(mark / steps)
        # The loss is that before the first of these steps; the last one only asks for it.
        end = train(network, parameters, x, target, loss="squared error", lr=RATE, steps=int(span), seeds=range(4))
        losses.append(end.loss[0, :, 0])
        spreads.append(spread_of_units(network, parameters)[0])
        parameters = end.parameters[0]
    rows = zip(SYMMETRY, np.transpose(losses), np.transpose(spreads), strict=True)
    return {name: Learning(marks, loss, spread) for name, loss, spread in rows}


def symmetry_numbers() -> dict[str, Any]:
    """Return the four runs that the page opens with, for the record."""
    runs = symmetry()
    columns = {
        f"{name}_{part}": rounded(getattr(run, part)) for name, run in runs.items() for part in ("loss", "spread")
    }
    return {"steps": runs["equal"].steps} | columns


def recorded_symmetry(numbers: Mapping[str, Any]) -> dict[str, Learning]:
    """Return the four runs that `symmetry_numbers` wrote down."""
    steps = np.array(numbers["steps"])
    return {
        name: Learning(steps, np.array(numbers[f"{name}_loss"]), np.array(numbers[f"{name}_spread"]))
        for name in SYMMETRY
    }


PANELS = {f"grid {norm}": partial(grid_numbers, norm) for norm in NORMALISED} | {"symmetry": symmetry_numbers}


def torch_script(
    unit: Activation, start: Initialisation, norm: str, depth: int, width: int, batch: int, std: float
) -> str:
    """Return a script that sends a batch through the same network in PyTorch, and prints what the charts show.

    PyTorch draws other random numbers from the same distributions.
    """
    fill = start.torch(**parameters_of(start))
    drawn = [f"    {fill}"] if fill else []
    zero = [] if start.draws_biases else ["    torch.nn.init.zeros_(layer.bias)"]
    normed = {
        "none": [],
        "batch": ["    z = torch.nn.functional.batch_norm(z, None, None, training=True)"],
        "layer": ["    z = torch.nn.functional.layer_norm(z, (width,))"],
        "rms": ["    z = torch.nn.functional.rms_norm(z, (width,), eps=1e-5)"],
    }[norm]
    return "\n".join(
        [
            "import torch",
            "",
            "torch.manual_seed(0)",
            "torch.set_default_dtype(torch.float64)",
            f"depth, width, batch = {depth}, {width}, {batch}",
            f"unit = {unit.torch(**parameters_of(unit))}",
            f"h = ({std!r} * torch.randn(batch, width)).requires_grad_()",
            "seen = [h]",
            "for _ in range(depth):",
            "    layer = torch.nn.Linear(width, width)",
            "    weight = layer.weight",
            *drawn,
            *zero,
            "    z = layer(h)",
            *normed,
            "    h = unit(z)",
            "    h.retain_grad()",
            "    seen.append(h)",
            "h.backward(torch.randn(batch, width))",
            "for k, h in enumerate(seen):",
            "    signal = (h - h.mean(0)).square().mean().sqrt()",
            "    gradient = h.grad.square().mean().sqrt()",
            "    print(k, h.std().item(), signal.item(), gradient.item())",
            "",
        ]
    )
