"""What an activation does to a distribution of inputs: mean, mean square, mean squared slope, and what follows.

The expectations are integrals, computed with Gauss-Legendre rules on pieces that end where the formula of the
activation or the density changes; a single Gauss-Hermite rule would err in the third digit at every kink.

K. He et al. 2015, arXiv:1502.01852 (gain); B. Poole et al. 2016, arXiv:1606.05340 (length map); S. Schoenholz et al.
2017, arXiv:1611.01232 (slope map); G. Klambauer et al. 2017, arXiv:1706.02515 (fixed point of SELU).
"""

import math
from dataclasses import dataclass

import numpy as np

from core.networks.activations import Activation

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
_POWERS = 2.0 ** np.arange(-3, 12)


@dataclass(frozen=True)
class Inputs:
    """A distribution of numbers: kind "normal" or "uniform", with this mean and standard deviation."""

    kind: str = "normal"
    mean: float = 0.0
    std: float = 1.0

    KINDS = ("normal", "uniform")

    def __post_init__(self):
        if self.kind not in self.KINDS:
            raise ValueError(f"kind: got {self.kind!r}, allowed are {', '.join(self.KINDS)}")
        if not abs(self.mean) <= 1e3:
            raise ValueError(f"mean: got {self.mean!r}, allowed are numbers from -1000 to 1000")
        if not 0 <= self.std <= 1e150:
            raise ValueError(f"std: got {self.std!r}, allowed are numbers from 0 to 1e150, whose square is finite")

    def density(self, x: np.ndarray) -> np.ndarray:
        """Return the density at x; the standard deviation must be positive."""
        u = (np.asarray(x, dtype=float) - self.mean) / self.std
        if self.kind == "normal":
            return np.exp(-(u**2) / 2) / (self.std * math.sqrt(2 * math.pi))
        return np.where(np.abs(u) <= math.sqrt(3), 1 / (self.std * 2 * math.sqrt(3)), 0.0)

    def sample(self, count: int, seed: int = 0) -> np.ndarray:
        """Return (count,) numbers drawn with this NumPy seed."""
        rng = np.random.default_rng(seed)
        u = rng.standard_normal(count) if self.kind == "normal" else rng.uniform(-math.sqrt(3), math.sqrt(3), count)
        return self.mean + self.std * u

    def rule(self, breaks: tuple[float, ...] = ()) -> tuple[np.ndarray, np.ndarray]:
        """Return (nodes, weights) such that the sum of weights * f(nodes) is the mean of f over this distribution."""
        if self.std == 0:
            return np.array([self.mean]), np.ones(1)
        reach = (12 if self.kind == "normal" else math.sqrt(3)) * self.std
        low, high = self.mean - reach, self.mean + reach
        own = self.mean + self.std * np.arange(-12, 13)  # the density bends at this scale, activations near zero
        ends = np.unique([low, high, *np.clip([*own, 0.0, *_POWERS, *-_POWERS, *breaks], low, high)])
        half = np.diff(ends)[:, None] / 2
        x = ((ends[:-1] + ends[1:])[:, None] / 2 + half * _NODES).ravel()
        return x, (half * _WEIGHTS).ravel() * self.density(x)


STANDARD = Inputs()
"""Normal with mean 0 and standard deviation 1."""


@dataclass(frozen=True)
class Moments:
    """Statistics of the outputs f(z) and of the slopes f'(z)."""

    mean: float
    square: float
    """E f(z)^2"""
    slope_square: float
    """E f'(z)^2"""

    @property
    def variance(self) -> float:
        """Variance of f(z)."""
        return max(self.square - self.mean**2, 0.0)

    @property
    def gain(self) -> float:
        """The factor on weights of variance 1/n that keeps the mean square of a layer at 1; infinite for f = 0."""
        return 1 / math.sqrt(self.square) if self.square > 0 else math.inf


def moments(activation: Activation, inputs: Inputs = STANDARD) -> Moments:
    """Return the exact moments of an activation over a distribution of inputs, by quadrature."""
    x, weights = inputs.rule(activation.breaks)
    value, slope = activation.value(x), activation.slope(x)
    return Moments(float(weights @ value), float(weights @ value**2), float(weights @ slope**2))


def sample_moments(activation: Activation, z: np.ndarray) -> Moments:
    """Return the moments of an activation over a sample of inputs."""
    value, slope = activation.value(z), activation.slope(z)
    return Moments(float(value.mean()), float((value**2).mean()), float((slope**2).mean()))


def chain(
    activation: Activation, x: np.ndarray, layers: int, weight: float = 1.0, bias: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Send numbers x (...,) through n equal layers f(weight x + bias) of one unit each.

    Return their values and the products of the slopes, weights included, after 0 ... n layers: (n + 1, ...) each.
    """
    values = [np.asarray(x, dtype=float)]
    products = [np.ones_like(values[0])]
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        for _ in range(layers):
            z = weight * values[-1] + bias
            values.append(activation.value(z))
            products.append(products[-1] * weight * activation.slope(z))
    return np.stack(values), np.stack(products)


def next_length(
    activation: Activation, length: float, weight_variance: float = 1.0, bias_variance: float = 0.0
) -> tuple[float, float]:
    """Return what one wide random layer makes of inputs whose mean square is `length`, and its slope factor.

    q -> s E f(sqrt(q) z)^2 + b for z ~ N(0, 1), where s is the number of inputs times the variance of a weight and b
    the variance of a bias; q is the mean square of the sums that reach the units. The slope factor s E f'(sqrt(q) z)^2
    is what the mean square of a gradient is multiplied by on its way back.
    """
    found = moments(activation, Inputs(std=math.sqrt(length)))
    return weight_variance * found.square + bias_variance, weight_variance * found.slope_square


def length_path(
    activation: Activation, length: float, layers: int, weight_variance: float = 1.0, bias_variance: float = 0.0
) -> np.ndarray:
    """Return the mean square of the sums in layers 1 ... n, (n,), when that of the first is `length`."""
    path = [length]
    while len(path) < layers:
        path.append(next_length(activation, path[-1], weight_variance, bias_variance)[0])
    return np.array(path)


@dataclass(frozen=True)
class Pair:
    """Two outputs of a layer as the inputs of one linear unit: what their mean does to learning."""

    condition: float
    """Condition number of E a a^T, the curvature of the squared error in the two weights."""
    same_sign: float
    """Part of the samples in which both weights receive gradients of the same sign."""


def pair(activation: Activation, centred: bool = False, samples: int = 2000, seed: int = 0) -> Pair:
    """Measure how the outputs a = f(z) of two independent normal inputs z serve as inputs of a linear unit.

    `centred` subtracts the exact mean of f(z) first.
    """
    z = np.random.default_rng(seed).standard_normal((samples, 2))
    a = activation.value(z) - (moments(activation).mean if centred else 0.0)
    least, largest = np.linalg.eigvalsh(a.T @ a / samples)
    # The gradient in weight i is error * a_i: its sign relative to the other weight does not depend on the error.
    return Pair(float(largest / least), float((a[:, 0] * a[:, 1] > 0).mean()))


def pair_condition(activation: Activation) -> float:
    """Return the condition number that `pair` measures, for infinitely many samples: 1 + 2 mean^2 / variance."""
    found = moments(activation)
    return 1 + 2 * found.mean**2 / found.variance
