"""Does a signal survive many layers? A real forward and a real backward pass through a random network.

Every layer is h -> f(norm(W h + b)). A batch of normal numbers goes in; a random gradient comes back from the end. What
is measured per layer stands beside the prediction for infinitely wide layers.

B. Poole et al. 2016, arXiv:1606.05340, and S. Schoenholz et al. 2017, arXiv:1611.01232 (without normalisation);
G. Yang et al. 2019, arXiv:1902.08129 (with batch normalisation).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from core.networks.activations import ACTIVATIONS, Activation, facts
from core.networks.initialisation import INITIALISATIONS, Initialisation
from core.networks.moments import STANDARD, Inputs, moments
from core.networks.normalisation import EPS, NORMALISATIONS, Normalised, normalise, normalise_backward
from core.networks.parameters import whole

MAX_DEPTH, MAX_WIDTH, MAX_BATCH = 100, 512, 4096
MAX_NUMBERS = 16_000_000
"""Largest depth x width x batch: 128 MB, because the way back needs what every layer saw."""
KEPT = 2_000_000
"""Weights that are kept for the way back, 16 MB; where there are more (100 layers of 512 units: 200 MB), they are drawn
twice."""
BINS = 40
NORMALISED = ("none", "batch", "layer", "rms")
FINITE, INFINITE, ZERO, UNKNOWN = "finite", "infinite", "zero", "unknown"
RESOLVED = 1e-13
"""A singular value below this part of the largest is rounding."""


@dataclass(frozen=True)
class Direction:
    """How one pass went: "finite"; "infinite" or "zero" from `layer` on; "unknown" behind an infinite forward pass."""

    state: str = FINITE
    layer: int | None = None


@dataclass(frozen=True)
class Layer:
    """What was measured in the activations of one layer."""

    mean: float
    std: float
    """Standard deviation over units and samples together."""
    signal: float
    """Standard deviation over the samples alone (root mean square over the units): biases make units differ, but only
    this tells one sample from another."""
    dead: float
    """Part of the units whose slope is exactly zero for every sample."""
    saturated: float
    """Part of all (unit, sample) pairs on a saturated side of the activation, where the slope is not exactly zero."""
    counts: np.ndarray
    """(BINS,) histogram of the activations"""
    edges: np.ndarray
    """(BINS + 1,)"""


@dataclass(frozen=True)
class Theory:
    """The same for infinitely wide layers, (depth + 1,) each; infinite where a square is too large for a double."""

    std: np.ndarray
    gradient: np.ndarray


@dataclass(frozen=True)
class Signal:
    """What was measured in layers 0 (the input) ... depth."""

    layers: tuple[Layer, ...]
    """Layers 1 ... depth; fewer where the signal became infinite."""
    std: np.ndarray
    """(depth + 1,) of the activations over units and samples, layer 0 the input; infinite behind an infinity."""
    signal: np.ndarray
    """(depth + 1,) of the activations over samples alone; see Layer."""
    gradient: np.ndarray
    """(depth + 1,) root mean square of the gradient with respect to the activations, about 1 in the last layer; NaN
    where it is unknown."""
    forward: Direction
    backward: Direction
    theory: Theory | None
    """None where the weights are not random."""
    log_singular: np.ndarray | None
    """(k,) log10 of the k largest singular values of the Jacobian of the whole network at the first sample; the other
    width - k are zero or below RESOLVED of the largest. None if not asked for, or not finite."""

    @property
    def gradient_ratio(self) -> float:
        """The gradient at the input over the gradient in the last layer."""
        return float(self.gradient[0] / self.gradient[-1])


def propagate(
    chosen: Activation | str,
    start: Initialisation | str,
    norm: str = "none",
    *,
    depth: int = 50,
    width: int = 128,
    batch: int = 256,
    seed: int = 0,
    inputs: Inputs = STANDARD,
    jacobian: bool = False,
) -> Signal:
    """Send a batch forward and a random gradient back through `depth` layers of `width` units; return a Signal.

    `norm` is "none", "batch", "layer" or "rms", before the activation, with scale 1 and shift 0. Raises ValueError
    that names the argument, what it got and what is allowed.
    """
    unit = ACTIVATIONS[chosen] if isinstance(chosen, str) else chosen
    start = INITIALISATIONS[start] if isinstance(start, str) else start
    depth, width = whole("depth", depth, 1, MAX_DEPTH), whole("width", width, 1, MAX_WIDTH)
    batch, seed = whole("batch", batch, 2, MAX_BATCH), whole("seed", seed, 0, 2**63 - 1)
    if depth * width * batch > MAX_NUMBERS:
        allowed = MAX_NUMBERS // (depth * width)
        raise ValueError(f"batch: got {batch}, allowed for {depth} layers of {width} units are at most {allowed}")
    if norm not in NORMALISED:
        raise ValueError(f"norm: got {norm!r}, allowed are {', '.join(NORMALISED)}")

    def weights(layer: int) -> np.ndarray:
        # From a seed of its own, so that the way back can draw it again.
        return start.weights(np.random.default_rng([seed, layer]), width, width)

    if depth * width**2 <= KEPT:
        weights = cache(weights)

    def biases(layer: int) -> np.ndarray:
        return start.biases(np.random.default_rng([seed, layer, 1]), width, width)

    x = inputs.sample(batch * width, seed).reshape(batch, width)
    with np.errstate(all="ignore"):
        sums, layers, forward = _forward(unit, norm, x, depth, weights, biases)
        std = [_deviation(x), *(layer.std for layer in layers)]
        signal = [_between_samples(x), *(layer.signal for layer in layers)]
        gradient, log_singular, backward = np.full(depth + 1, np.nan), None, Direction(UNKNOWN)
        if forward.state != INFINITE:
            end = np.random.default_rng([seed, depth + 1]).standard_normal(x.shape)
            gradient, log_singular, backward = _backward(unit, norm, sums, end, weights, jacobian)
    lost = [math.inf] * (depth - len(layers))
    return Signal(
        layers=tuple(layers),
        std=np.array(std + lost),
        signal=np.array(signal + lost),
        gradient=gradient,
        forward=forward,
        backward=backward,
        theory=theory(unit, start, norm, depth, width, inputs),
        log_singular=log_singular,
    )


def _forward(unit, norm, x, depth, weights, biases) -> tuple[list, list[Layer], Direction]:
    """Return the (normalised) sums of every layer, what was measured there, and how it went."""
    measure = _measuring(unit)
    sums: list[tuple[np.ndarray, Normalised | None]] = []
    layers: list[Layer] = []
    zero_from = None
    h = x
    for layer in range(1, depth + 1):
        z = h @ weights(layer).T + biases(layer)
        done = normalise(z, *_NORMS[norm]) if norm != "none" else None
        z = done.value if done else z
        sums.append((z, done))
        h = unit.value(z)
        largest = _size(h)
        if not largest < math.inf:
            return sums, layers, Direction(INFINITE, layer)
        if largest > 0:
            zero_from = None
        elif zero_from is None:
            zero_from = layer
        layers.append(measure(z, h))
    return sums, layers, Direction(ZERO, zero_from) if zero_from else Direction()


def _backward(unit, norm, sums, end, weights, jacobian) -> tuple[np.ndarray, np.ndarray | None, Direction]:
    """Return the size of the gradient in layers 0 ... depth, the singular values, and how it went."""
    depth = len(sums)
    gradient = np.full(depth + 1, np.nan)
    gradient[depth] = _root_mean_square(end)
    rows, scale = np.eye(end.shape[1]), 0.0  # the Jacobian from here to the end is 10^scale times `rows`
    g, state = end, Direction()
    for layer in range(depth, 0, -1):
        z, done = sums[layer - 1]
        w = weights(layer)
        g = g * unit.slope(z)
        g = (normalise_backward(g, done) if done else g) @ w
        gradient[layer - 1] = _root_mean_square(g)
        if state.state == FINITE and not 0 < gradient[layer - 1] < math.inf:
            state = Direction(ZERO if gradient[layer - 1] == 0 else INFINITE, layer - 1)
        if jacobian:
            rows = _first_sample(norm, rows * unit.slope(z[0]), done) @ w
            largest = _size(rows) or 1.0
            rows, scale = rows / largest, scale + math.log10(largest)
    if not jacobian or not math.isfinite(scale):
        return gradient, None, state
    values = np.linalg.svd(rows, compute_uv=False)
    return gradient, np.log10(values[values > RESOLVED * values[0]]) + scale, state


def _first_sample(norm: str, rows: np.ndarray, done: Normalised | None) -> np.ndarray:
    """Send gradients (n, width) of the first sample alone back through the normalisation of its layer."""
    if not done:
        return rows
    if norm == "batch":  # the other samples stay as they are, and its own part in the statistics is 1 / batch
        own = 1 - (1 + done.value[0] ** 2) / len(done.value)
        return rows * own * done.inverse
    return normalise_backward(rows, replace(done, value=done.value[:1], inverse=done.inverse[:1]))


_NORMS = {key: (NORMALISATIONS[key].dense_axis or 0, NORMALISATIONS[key].centred) for key in NORMALISED[1:]}


def _measuring(unit: Activation) -> Callable[[np.ndarray, np.ndarray], Layer]:
    known = facts(unit)
    sides, may_be_flat = known.saturated, bool(known.flat)

    def measure(z: np.ndarray, h: np.ndarray) -> Layer:
        flat = unit.slope(z) == 0 if may_be_flat else np.zeros((1, 1), bool)
        saturated = sum(float(np.mean((z > low) & (z < high) & ~flat)) for low, high in sides)
        low, high = float(h.min()), float(h.max())
        # A little wider than the extremes, so that rounding loses none of them, also where all are the same.
        middle = low / 2 + high / 2
        half = (high / 2 - low / 2) * (1 + 1e-9) + max(1e-9 * abs(middle), 1e-300)
        counts, edges = np.histogram(h, BINS, (middle - half, middle + half))
        dead = float(flat.all(axis=0).mean())
        return Layer(float(h.mean()), _deviation(h), _between_samples(h), dead, saturated, counts, edges)

    return measure


def _size(x: np.ndarray) -> float:
    """Return the largest absolute value; NaN where there is one."""
    return float(max(x.max(), -x.min()))


def _root_mean_square(x: np.ndarray) -> float:
    """Return the root mean square, also where the squares leave the range of doubles."""
    size = _size(x)
    return size * math.sqrt(np.square(x / size).mean()) if 0 < size < math.inf else size


def _deviation(x: np.ndarray) -> float:
    """Return the standard deviation, also where the squares leave the range of doubles."""
    size = _size(x)
    return size * float((x / size).std()) if 0 < size < math.inf else size


def _between_samples(x: np.ndarray) -> float:
    """Return the deviation over the samples alone, also where their sum leaves the range of doubles."""
    size = _size(x)
    return size * _root_mean_square(x / size - (x / size).mean(axis=0)) if 0 < size < math.inf else size


def theory(unit: Activation, start: Initialisation, norm: str, depth: int, width: int, inputs: Inputs) -> Theory | None:
    """Return what infinitely wide layers (and batches) do, or None where the weights are not random.

    The sums that reach the units are then normal with a variance that every layer hands to the next, and the slopes
    are independent of the gradient that they multiply.
    """
    variances = start.variances(width, width)
    if variances is None:
        return None
    weight, bias = width * variances[0], variances[1]
    std, factor = [inputs.std], [1.0]
    signal = inputs.std**2 + (0 if norm == "batch" else inputs.mean**2)  # a batch takes its own mean out
    for _ in range(depth):
        variance = weight * signal + (0 if norm == "batch" else bias)
        divisor = 1.0 if norm == "none" else variance + EPS
        if not variance / divisor < 1e300:
            std.append(math.inf)
            factor.append(math.inf)
            continue
        found = moments(unit, Inputs(std=math.sqrt(variance / divisor)))
        std.append(math.sqrt(found.variance))
        factor.append(math.sqrt(weight * found.slope_square / divisor))
        signal = found.variance if norm == "batch" else found.square
    with np.errstate(over="ignore", under="ignore"):
        gradient = np.append(np.cumprod(factor[:0:-1])[::-1], 1.0)
    return Theory(np.array(std), gradient)


@dataclass(frozen=True)
class Cell:
    """One network of a grid: its last activations, and the gradient at its input over that in its last layer."""

    std: float
    signal: float
    gradient_ratio: float
    forward: Direction
    backward: Direction


def grid(
    units: Sequence[Activation | str],
    starts: Sequence[Initialisation | str],
    norm: str = "none",
    *,
    progress: Callable[[float], None] | None = None,
    **settings,
) -> list[list[Cell]]:
    """Propagate every activation (rows) with every initialisation (columns); `settings` go to `propagate`.

    `progress` is called with the part that is done.
    """
    cells: list[list[Cell]] = []
    for unit in units:
        cells.append([])
        for start in starts:
            found = propagate(unit, start, norm, **settings)
            ends = float(found.std[-1]), float(found.signal[-1]), found.gradient_ratio
            cells[-1].append(Cell(*ends, found.forward, found.backward))
            if progress:
                progress((len(starts) * (len(cells) - 1) + len(cells[-1])) / (len(units) * len(starts)))
    return cells
