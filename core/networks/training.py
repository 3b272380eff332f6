"""Train stacks of small networks on the optimizer kernels of the engine: a parameter is a coordinate, and so a lane.

The formula of an optimizer is compiled for blocks of 64 lanes of two coordinates. A network of P parameters takes
P / 128 blocks, the last one filled up with zeros; all networks of a stack, one for every learning rate and seed, are
updated by one call a step.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.engine.batches import Batches
from core.engine.checks import checked_hyper
from core.engine.kernels import GRADIENT, LANES, STATE, X, address, call_update, kernel, workspaces
from core.engine.layout import Layout
from core.engine.spec import Optimizer
from core.networks.activations import Activation
from core.networks.initialisation import Initialisation
from core.networks.layers import LOSSES, squared_error
from core.networks.network import Network, Running, backward, forward, fresh, initial
from core.networks.parameters import parameters_of, whole, with_parameters
from core.resolve import optimizer_of

MAX_STEPS, MAX_ROWS, MAX_NUMBERS = 20_000, 10_000, 2_000_000
DIVERGED = 1e6
"""A loss above this is called infinite."""
RECORDS = 60
"""How often the loss on all data is measured during a run, besides before its first step."""


def two_moons(rows: int = 256, noise: float = 0.1, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return two interlocking half circles: points (rows, 2), every other one of class 1, and labels (rows, 1).

    `noise` is the standard deviation of what is added to every coordinate.
    """
    rows = whole("rows", rows, 2, MAX_ROWS)
    if not 0 <= noise <= 10:
        raise ValueError(f"noise: got {noise!r}, allowed are numbers from 0 to 10")
    rng = np.random.default_rng(seed)
    label = np.arange(rows) % 2
    angle = rng.uniform(0, np.pi, rows)
    # The upper moon around (0, 0), the lower one around (1, 1/2).
    points = np.stack([np.cos(angle), np.sin(angle)], 1) * np.where(label, -1, 1)[:, None]
    points += np.where(label[:, None], [1.0, 0.5], 0.0) + noise * rng.standard_normal((rows, 2))
    return points, label[:, None].astype(float)


def sine(rows: int = 64, frequency: float = 3.0) -> tuple[np.ndarray, np.ndarray]:
    """Return evenly spaced x in -1 ... 1, (rows, 1), and sin(frequency x), (rows, 1)."""
    x = np.linspace(-1, 1, whole("rows", rows, 2, MAX_ROWS))[:, None]
    return x, np.sin(frequency * x)


class Stepper:
    """An optimizer that moves a stack of parameter rows (networks, count) with the kernels of the engine.

    Raises ValueError for hyper-parameters that are illegal, or neither one number nor one per network.
    """

    def __init__(
        self, optimizer: Optimizer | str, parameters: np.ndarray, lr: float | np.ndarray, hyper: dict | None = None
    ):
        chosen = optimizer_of(optimizer)
        networks, self.count = parameters.shape
        known = checked_hyper(chosen, lr, hyper, networks)
        known = chosen.prepare(**known) if chosen.prepare else known
        layout = Layout(chosen)
        self._kernel = layout.kernel(tuple(known))
        per_network = -(-self.count // (2 * LANES))
        # (networks, blocks of a network, rows of a workspace, pitch)
        self._rows = workspaces(networks, per_network, rows=layout.rate + len(known))
        for r, value in enumerate([*layout.start, *known.values()], STATE):
            self._rows[:, :, r] = np.reshape(value, (-1, 1, 1))
        self._put(X, parameters)

    @property
    def parameters(self) -> np.ndarray:
        """The parameters (networks, count) as they are now."""
        return self._rows[:, :, X : X + 2, :LANES].reshape(len(self._rows), -1)[:, : self.count]

    def step(self, gradient: np.ndarray) -> None:
        """Move every network by one step of the optimizer, given its gradient (networks, count)."""
        self._put(GRADIENT, gradient)
        _update(self._rows.reshape(-1, *self._rows.shape[2:]), self._kernel)

    def _put(self, row: int, values: np.ndarray) -> None:
        filled = np.zeros((len(values), self._rows.shape[1] * 2 * LANES))
        filled[:, : self.count] = values
        self._rows[:, :, row : row + 2, :LANES] = filled.reshape(len(values), -1, 2, LANES)


@kernel("void(float64[:,:,::1], intp)")
def _update(blocks, update):
    for k in range(blocks.shape[0]):
        call_update(update, LANES, 1, address(blocks[k]))


@dataclass(frozen=True)
class Training:
    """What happened to one network for every learning rate (R) and seed (S)."""

    steps: np.ndarray
    """(K,) the steps after which the loss was measured, 0 first."""
    loss: np.ndarray
    """(R, S, K) on all data, with the statistics of all data in batch normalisation; infinite above DIVERGED."""
    evaluation: np.ndarray
    """(R, S) the last loss with the running statistics that a finished network is used with."""
    accuracy: np.ndarray
    """(R, S) part of the labels on the right side of 1/2, in evaluation; NaN for squared error."""
    parameters: np.ndarray
    """(R, S, count) after the last step."""
    running: Running
    """Running statistics, (R S, 1, units) each."""

    @property
    def final(self) -> np.ndarray:
        """(R, S) the last loss."""
        return self.loss[..., -1]

    @property
    def diverged(self) -> np.ndarray:
        """(R, S) whether the last loss is infinite."""
        return ~np.isfinite(self.final)


def train(
    network: Network,
    start: Initialisation | np.ndarray,
    x: np.ndarray,
    target: np.ndarray,
    *,
    loss: str = "cross entropy",
    optimizer: Optimizer | str = "sgd",
    lr: float | Sequence[float] | np.ndarray = 0.1,
    hyper: dict | None = None,
    steps: int = 300,
    batch: int | None = None,
    sampling: str = "reshuffled",
    seeds: Sequence[int] = range(5),
    progress: Callable[[float], None] | None = None,
) -> Training:
    """Train one network for every learning rate and seed on x (rows, inputs) and target (rows, outputs).

    A seed draws the first parameters (or they are `start` itself, (seeds, count)) and the batches, whatever the
    rate. `batch` None takes all rows in every step. `progress` is called with the part that is done. Raises
    ValueError that names the argument, what it got and what is allowed.
    """
    rates, first, size = _checked(network, start, x, target, loss, lr, steps, batch, seeds)
    parameters = np.tile(first, (len(rates), 1))
    stepper = Stepper(optimizer, parameters, np.repeat(rates, len(seeds)), hyper)
    running = fresh(network, len(parameters))
    cuts, streams = _batches(len(x), size, sampling, steps, seeds)
    if running and np.diff(cuts, prepend=0, append=len(streams[0])).min() < 2:
        raise ValueError(f"batch: got {size}, which leaves a batch of one row; batch normalisation needs two")
    measured = np.unique(np.linspace(0, steps, RECORDS + 1).round().astype(int))
    losses = []
    draws = [np.split(stream, cuts) for stream in streams]
    for t in range(steps + 1):
        parameters = stepper.parameters
        if t in measured:
            losses.append(_loss(network, parameters, x, target, loss))
            if progress:
                progress(t / steps)
        if t == steps:
            break
        chosen = np.tile([draw[t] for draw in draws], (len(rates), 1))
        done = forward(network, parameters, x[chosen], running)
        running = done.running
        with np.errstate(all="ignore"):
            gradient = LOSSES[loss](done.output, target[chosen])[1]
        stepper.step(backward(network, parameters, done, gradient))
    shape = len(rates), len(seeds)
    used = forward(network, parameters, x, running, training=False).output
    with np.errstate(all="ignore"):
        right = ((used > 0) == (target > 0.5)).mean((1, 2)) if loss == "cross entropy" else np.full(len(used), np.nan)
        evaluation = _or_infinite(LOSSES[loss](used, target)[0])
    return Training(
        steps=measured,
        loss=np.stack(losses, -1).reshape(*shape, -1),
        evaluation=evaluation.reshape(shape),
        accuracy=right.reshape(shape),
        parameters=parameters.reshape(*shape, -1),
        running=running,
    )


def _checked(network, start, x, target, loss, lr, steps, batch, seeds) -> tuple[np.ndarray, np.ndarray, int]:
    """Return learning rates (R,), first parameters (S, count), and the size of a batch."""
    rates = np.atleast_1d(np.asarray(lr, dtype=float))
    whole("steps", steps, 1, MAX_STEPS)
    for name, array, width in (("x", x, network.widths[0]), ("target", target, network.widths[-1])):
        if np.ndim(array) != 2 or array.shape[1] != width or len(array) != len(x):
            raise ValueError(f"{name}: got shape {np.shape(array)}, allowed is ({len(x)}, {width})")
    if loss not in LOSSES:
        raise ValueError(f"loss: got {loss!r}, allowed are {', '.join(LOSSES)}")
    for seed in seeds:
        whole("seed", seed, 0, 2**63 - 1)
    size = len(x) if batch is None else whole("batch", batch, 1, len(x))
    if not 1 <= rates.size * len(seeds) * network.count <= MAX_NUMBERS:
        allowed = MAX_NUMBERS // network.count
        raise ValueError(f"seeds: got {rates.size} rates x {len(seeds)} seeds, allowed are 1 to {allowed} networks")
    if not isinstance(start, np.ndarray):
        return rates, initial(network, start, seeds), size
    if start.shape != (len(seeds), network.count):
        raise ValueError(f"start: got shape {start.shape}, allowed is {(len(seeds), network.count)}")
    return rates, start, size


def _batches(rows: int, size: int, sampling: str, steps: int, seeds) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return where to cut the streams of rows into batches, and one stream for every seed."""
    if size == rows and sampling != "replacement":
        sampling = "fixed"  # the order within a full batch changes nothing but the rounding
    batches = [Batches(size, sampling, int(seed)) for seed in seeds]
    return np.cumsum(batches[0].sizes(rows, steps))[:-1], [own.indices(rows, steps) for own in batches]


def _loss(network, parameters, x, target, loss) -> np.ndarray:
    done = forward(network, parameters, x)
    with np.errstate(all="ignore"):
        return _or_infinite(LOSSES[loss](done.output, target)[0])


def _or_infinite(loss: np.ndarray) -> np.ndarray:
    return np.where(loss <= DIVERGED, loss, np.inf)


def learn_slope(
    chosen: Activation, target: float, x: np.ndarray, lr: float = 0.1, steps: int = 100, optimizer: str = "sgd"
) -> np.ndarray:
    """Let an activation learn its parameter from outputs that another value of it made; return it, (steps + 1,).

    The loss is the mean squared error over the inputs x (rows,). Raises ValueError unless the parameter is learned.
    """
    if not chosen.learned:
        raise ValueError(f"activation: got {chosen.key}, allowed are those that learn a parameter")
    (name,) = parameters_of(chosen)
    wanted = with_parameters(chosen, **{name: target}).value(x)
    stepper = Stepper(optimizer, np.array([[parameters_of(chosen)[name]]]), lr)
    path = [stepper.parameters[0, 0]]
    for _ in range(whole("steps", steps, 1, MAX_STEPS)):
        _, gradient = squared_error(_given(chosen, path[-1]).value(x)[:, None], wanted[:, None])
        stepper.step(np.array([[gradient[:, 0] @ chosen.learned(x, path[-1])]]))
        path.append(stepper.parameters[0, 0])
    return np.array(path)


def _given(chosen: Activation, value: float) -> Activation:
    """Return the activation with a learned value, which nothing keeps within the limits of a slider."""
    return replace(chosen, parameters=(replace(chosen.parameters[0], default=value),))
