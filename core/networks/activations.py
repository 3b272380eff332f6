"""Activation functions: what a unit makes of the sum that reaches it, with slope and second derivative.

An activation is three functions, of arrays of any shape, and one row of ACTIVATIONS. Where a function has a kink, its
slope there is the one that PyTorch uses. The formulas are the textbook's; `Activation` calls them so that an
exponential may overflow to infinity and the quotient still comes out right, without a warning. PyTorch's gradient of
the hard sigmoid multiplies by a sixth in single precision and is that much off.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

import numpy as np

from core.catalogue import Catalogue
from core.engine.kernels import kernel
from core.engine.spec import Hyper
from core.networks.parameters import parameters_of
from core.text import T

FAR = 1e50
"""Beyond this the derivatives of every activation are those of a straight line, and powers of x still are finite."""

# The constants for which mean 0 and variance 1 are a fixed point; see fixed_point in core.networks.moments.
SELU_SCALE = 1.0507009873554804934193349852946
SELU_ALPHA = 1.6732632423543772848170429916717
GELU_CUBE = 0.044715


@dataclass(frozen=True)
class Activation:
    """A function of one number with its derivatives and the facts that cannot be computed from them.

    `formulas` are `value(x, **parameters)`, its slope and its curvature (second derivative); each takes and returns
    an array. Use the methods, which keep silent about overflow.
    """

    key: str
    title: str
    formulas: tuple[Callable, Callable, Callable]
    latex: str
    text: str
    source: str
    parameters: tuple[Hyper, ...] = ()
    breaks: tuple[float, ...] = ()
    """Where one piece of the formula ends and the next begins: the slope or the curvature may jump there."""
    learned: Callable | None = None
    """Derivative of the value with respect to the one parameter, where a network learns it."""
    torch: Callable = field(kw_only=True)
    """(**parameters) -> the source of the torch module that does the same."""

    def value(self, x: np.ndarray | float) -> np.ndarray:
        """Return f(x), of the shape of x."""
        return self._call(0, np.asarray(x, dtype=float))

    def slope(self, x: np.ndarray | float) -> np.ndarray:
        """Return f'(x), of the shape of x."""
        return self._call(1, np.clip(np.asarray(x, dtype=float), -FAR, FAR))

    def curvature(self, x: np.ndarray | float) -> np.ndarray:
        """Return f''(x), of the shape of x."""
        return self._call(2, np.clip(np.asarray(x, dtype=float), -FAR, FAR))

    def _call(self, order: int, x: np.ndarray) -> np.ndarray:
        # "invalid" as well: np.where computes both of its branches.
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            return self.formulas[order](x, **parameters_of(self))


def identity(x):
    return x * 1.0


def identity_slope(x):
    return np.ones_like(x)


def zero(x, **parameters):
    return np.zeros_like(x)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def sigmoid_slope(x):
    return sigmoid(x) * sigmoid(-x)  # not s (1 - s), which is 0 beyond x = 37


def sigmoid_curvature(x):
    return -sigmoid_slope(x) * np.tanh(x / 2)


def tanh(x):
    return np.tanh(x)


def tanh_slope(x):
    return (1 / np.cosh(x)) ** 2


def tanh_curvature(x):
    return -2 * np.tanh(x) * tanh_slope(x)


def hard_sigmoid(x):
    return np.clip(x / 6 + 1 / 2, 0, 1)


def hard_sigmoid_slope(x):
    return np.where((x > -3) & (x < 3), 1 / 6, 0.0)


def softsign(x):
    return x / (1 + np.abs(x))


def softsign_slope(x):
    return 1 / (1 + np.abs(x)) ** 2


def softsign_curvature(x):
    return -2 * np.sign(x) / (1 + np.abs(x)) ** 3


def relu(x):
    return np.maximum(x, 0)


def relu_slope(x):
    return np.where(x > 0, 1.0, 0.0)


def leaky_relu(x, alpha):
    return np.where(x > 0, x, alpha * x)


def leaky_relu_slope(x, alpha):
    return np.where(x > 0, 1.0, alpha)


def prelu_learned(x, alpha):
    return np.minimum(x, 0)


def elu(x, alpha):
    return np.where(x > 0, x, alpha * np.expm1(x))


def elu_slope(x, alpha):
    return np.where(x > 0, 1.0, alpha * np.exp(x))


def elu_curvature(x, alpha):
    return np.where(x > 0, 0.0, alpha * np.exp(x))


def selu(x):
    return SELU_SCALE * np.where(x > 0, x, SELU_ALPHA * np.expm1(x))


def selu_slope(x):
    return SELU_SCALE * np.where(x > 0, 1.0, SELU_ALPHA * np.exp(x))


def selu_curvature(x):
    return SELU_SCALE * np.where(x > 0, 0.0, SELU_ALPHA * np.exp(x))


def softplus(x, beta):
    return np.logaddexp(0, beta * x) / beta


def softplus_slope(x, beta):
    return sigmoid(beta * x)


def softplus_curvature(x, beta):
    return beta * sigmoid_slope(beta * x)


def silu(x, beta):
    return x * sigmoid(beta * x)


def silu_slope(x, beta):
    return sigmoid(beta * x) + beta * x * sigmoid_slope(beta * x)


def silu_curvature(x, beta):
    return 2 * beta * sigmoid_slope(beta * x) + beta**2 * x * sigmoid_curvature(beta * x)


def gelu(x):
    return x * normal_cdf(x)


def gelu_slope(x):
    return normal_cdf(x) + x * normal_density(x)


def gelu_curvature(x):
    return (2 - x**2) * normal_density(x)


def gelu_tanh(x):
    return x * sigmoid(2 * _cubic(x))  # (1 + tanh u) / 2 without the difference


def gelu_tanh_slope(x):
    u = 2 * _cubic(x)
    return sigmoid(u) + x * sigmoid_slope(u) * 2 * _cubic_slope(x)


def gelu_tanh_curvature(x):
    u, rise = 2 * _cubic(x), 2 * _cubic_slope(x)
    bend = math.sqrt(2 / math.pi) * 12 * GELU_CUBE * x
    return sigmoid_slope(u) * (2 * rise + x * bend) + x * sigmoid_curvature(u) * rise**2


def _cubic(x):
    return math.sqrt(2 / math.pi) * (x + GELU_CUBE * x * x * x)


def _cubic_slope(x):
    return math.sqrt(2 / math.pi) * (1 + 3 * GELU_CUBE * x**2)


def mish(x):
    return x * np.tanh(np.logaddexp(0, x))


def mish_slope(x):
    bent = np.logaddexp(0, x)
    return np.tanh(bent) + x * tanh_slope(bent) * sigmoid(x)


def mish_curvature(x):
    bent = np.logaddexp(0, x)
    rise = tanh_slope(bent) * sigmoid(x)
    bend = rise * (sigmoid(-x) - 2 * np.tanh(bent) * sigmoid(x))
    return 2 * rise + x * bend


def hard_swish(x):
    return x * np.clip(x / 6 + 1 / 2, 0, 1)


def hard_swish_slope(x):
    return np.where(x <= -3, 0.0, np.where(x < 3, x / 3 + 1 / 2, 1.0))


def hard_swish_curvature(x):
    return np.where((x > -3) & (x < 3), 1 / 3, 0.0)


def normal_density(x):
    """Return the density of the standard normal distribution."""
    return np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)


def normal_cdf(x: np.ndarray) -> np.ndarray:
    """Return the probability that a standard normal number is below x: (1 + erf(x / sqrt(2))) / 2. NumPy has no erf."""
    out = np.empty(np.shape(x))
    _normal_cdf(np.array(x, dtype=float).ravel(), out.reshape(-1))  # a copy: the kernel takes no read-only array
    return out


@kernel("void(float64[::1], float64[::1])")
def _normal_cdf(x, out):
    for i in range(len(x)):
        out[i] = 0.5 * math.erfc(-0.7071067811865476 * x[i])


_ALPHA = Hyper("alpha", 0.01, r"\alpha", T("Slope on the left"), (-1.0, 1.0), (0.0, 1.0))
_SHARPNESS = Hyper("beta", 1.0, r"\beta", T("Sharpness of the bend"), (0.1, 10.0), (0.1, 10.0), "log")
_X_IF = r"\begin{cases} x & x > 0 \\ "

ACTIVATIONS = Catalogue(
    "activation",
    (
        Activation(
            key="identity",
            title="Identity",
            formulas=(identity, identity_slope, zero),
            latex=r"f(x) = x",
            text=T("Nothing happens: a deep network of it is one linear map."),
            source="The yardstick: slope 1 everywhere",
            torch=lambda: "torch.nn.Identity()",
        ),
        Activation(
            key="sigmoid",
            title="Sigmoid",
            formulas=(sigmoid, sigmoid_slope, sigmoid_curvature),
            latex=r"f(x) = \frac{1}{1 + e^{-x}}",
            text=T("Squeezes every number into a probability; its slope is never above a quarter."),
            source="Rumelhart, Hinton & Williams 1986, doi:10.1038/323533a0",
            torch=lambda: "torch.nn.Sigmoid()",
        ),
        Activation(
            key="tanh",
            title="Tanh",
            formulas=(tanh, tanh_slope, tanh_curvature),
            latex=r"f(x) = \frac{e^x - e^{-x}}{e^x + e^{-x}}",
            text=T("A sigmoid around zero with slope one in the middle; it still saturates on both sides."),
            source="LeCun, Bottou, Orr & Müller 1998, doi:10.1007/3-540-49430-8_2",
            torch=lambda: "torch.nn.Tanh()",
        ),
        Activation(
            key="hard_sigmoid",
            title="Hard sigmoid",
            formulas=(hard_sigmoid, hard_sigmoid_slope, zero),
            latex=r"f(x) = \min\left(\max\left(\tfrac{x}{6} + \tfrac12, 0\right), 1\right)",
            text=T("Three straight lines instead of an exponential: cheap, and exactly flat outside."),
            source="Courbariaux, Bengio & David 2015, arXiv:1511.00363; width 6: Howard et al. 2019, arXiv:1905.02244",
            breaks=(-3.0, 3.0),
            torch=lambda: "torch.nn.Hardsigmoid()",
        ),
        Activation(
            key="softsign",
            title="Softsign",
            formulas=(softsign, softsign_slope, softsign_curvature),
            latex=r"f(x) = \frac{x}{1 + |x|}",
            text=T("Saturates like tanh, but slowly: the slope falls with a power of x instead of an exponential."),
            source="Bergstra et al. 2009, Quadratic polynomials learn better image features; Glorot & Bengio 2010",
            breaks=(0.0,),
            torch=lambda: "torch.nn.Softsign()",
        ),
        Activation(
            key="relu",
            title="ReLU",
            formulas=(relu, relu_slope, zero),
            latex=r"f(x) = \max(0, x)",
            text=T("Passes what is positive unchanged and blocks the rest, gradient included."),
            source="Nair & Hinton 2010; Glorot, Bordes & Bengio 2011",
            breaks=(0.0,),
            torch=lambda: "torch.nn.ReLU()",
        ),
        Activation(
            key="leaky_relu",
            title="Leaky ReLU",
            formulas=(leaky_relu, leaky_relu_slope, zero),
            latex=r"f(x) = " + _X_IF + r"\alpha x & x \le 0 \end{cases}",
            text=T("A ReLU that lets a little through on the left, so that the gradient never stops."),
            source="Maas, Hannun & Ng 2013",
            parameters=(_ALPHA,),
            breaks=(0.0,),
            torch=lambda alpha: f"torch.nn.LeakyReLU({alpha!r})",
        ),
        Activation(
            key="prelu",
            title="PReLU",
            formulas=(leaky_relu, leaky_relu_slope, zero),
            latex=r"f(x) = " + _X_IF + r"\alpha x & x \le 0 \end{cases} \qquad \alpha \text{ learned}",
            text=T("A leaky ReLU whose slope on the left is learned like a weight."),
            source="He et al. 2015, arXiv:1502.01852",
            parameters=(
                Hyper("alpha", 0.25, r"\alpha", T("Slope on the left, where learning starts"), (-1.0, 1.0), (-1, 1)),
            ),
            breaks=(0.0,),
            learned=prelu_learned,
            torch=lambda alpha: f"torch.nn.PReLU(init={alpha!r})",
        ),
        Activation(
            key="elu",
            title="ELU",
            formulas=(elu, elu_slope, elu_curvature),
            latex=r"f(x) = " + _X_IF + r"\alpha(e^x - 1) & x \le 0 \end{cases}",
            text=T("Bends down to a floor on the left, which pulls the mean of its outputs towards zero."),
            source="Clevert, Unterthiner & Hochreiter 2016, arXiv:1511.07289",
            parameters=(Hyper("alpha", 1.0, r"\alpha", T("Depth of the floor"), (0.0, 10.0), (0.0, 3.0)),),
            breaks=(0.0,),
            torch=lambda alpha: f"torch.nn.ELU(alpha={alpha!r})",
        ),
        Activation(
            key="selu",
            title="SELU",
            formulas=(selu, selu_slope, selu_curvature),
            latex=r"f(x) = \lambda" + _X_IF + r"\alpha(e^x - 1) & x \le 0 \end{cases}"
            r"\qquad \lambda \approx 1.0507,\ \alpha \approx 1.6733",
            text=T(
                "An ELU with two constants for which mean 0 and variance 1 reproduce themselves, layer after layer."
            ),
            source="Klambauer et al. 2017, arXiv:1706.02515",
            breaks=(0.0,),
            torch=lambda: "torch.nn.SELU()",
        ),
        Activation(
            key="softplus",
            title="Softplus",
            formulas=(softplus, softplus_slope, softplus_curvature),
            latex=r"f(x) = \tfrac{1}{\beta}\ln\left(1 + e^{\beta x}\right)",
            text=T("A ReLU with a round corner; its slope is the sigmoid."),
            source="Dugas et al. 2001. PyTorch replaces it by x where beta x is above a threshold",
            parameters=(_SHARPNESS,),
            torch=lambda beta: f"torch.nn.Softplus(beta={beta!r}, threshold=40)",
        ),
        Activation(
            key="silu",
            title="SiLU (Swish)",
            formulas=(silu, silu_slope, silu_curvature),
            latex=r"f(x) = x\,\sigma(\beta x) = \frac{x}{1 + e^{-\beta x}}",
            text=T("A number times its own sigmoid: it dips below zero before it lets through."),
            source="Elfwing, Uchibe & Doya 2018, arXiv:1702.03118; Ramachandran, Zoph & Le 2017, arXiv:1710.05941",
            parameters=(_SHARPNESS,),
            torch=lambda beta: "torch.nn.SiLU()" if beta == 1 else f"lambda x: x * torch.sigmoid({beta!r} * x)",
        ),
        Activation(
            key="gelu",
            title="GELU",
            formulas=(gelu, gelu_slope, gelu_curvature),
            latex=r"f(x) = x\,\Phi(x) = \tfrac{x}{2}\left(1 + \operatorname{erf}\tfrac{x}{\sqrt2}\right)",
            text=T("A number times the probability that a normal number is smaller."),
            source="Hendrycks & Gimpel 2016, arXiv:1606.08415",
            torch=lambda: "torch.nn.GELU()",
        ),
        Activation(
            key="gelu_tanh",
            title="GELU (tanh)",
            formulas=(gelu_tanh, gelu_tanh_slope, gelu_tanh_curvature),
            latex=r"f(x) = \tfrac{x}{2}\left(1 + \tanh\left(\sqrt{\tfrac{2}{\pi}}\,(x + 0.044715\,x^3)\right)\right)",
            text=T("GELU without the error function: at most 0.0005 away from it."),
            source="Hendrycks & Gimpel 2016, arXiv:1606.08415",
            torch=lambda: "torch.nn.GELU(approximate='tanh')",
        ),
        Activation(
            key="mish",
            title="Mish",
            formulas=(mish, mish_slope, mish_curvature),
            latex=r"f(x) = x \tanh\left(\ln\left(1 + e^x\right)\right)",
            text=T("Like SiLU, with a slightly deeper dip."),
            source="Misra 2019, arXiv:1908.08681",
            torch=lambda: "torch.nn.Mish()",
        ),
        Activation(
            key="hard_swish",
            title="Hard swish",
            formulas=(hard_swish, hard_swish_slope, hard_swish_curvature),
            latex=r"f(x) = x \min\left(\max\left(\tfrac{x}{6} + \tfrac12, 0\right), 1\right)",
            text=T("SiLU without an exponential: exactly zero on the left, exactly x on the right."),
            source="Howard et al. 2019, arXiv:1905.02244",
            breaks=(-3.0, 3.0),
            torch=lambda: "torch.nn.Hardswish()",
        ),
    ),
)


Interval = tuple[float, float]

# Fine around zero, where all the bends are, and out to +-1000, where everything is over.
_GRID = np.sinh(np.linspace(-7.6, 7.6, 8001))
NEARLY_FLAT = 0.01
"""A function is called saturated where its slope is below this part of its largest, on the way to zero."""


@dataclass(frozen=True)
class Facts:
    """What a curve tells, computed from its formulas. A position is an x, an interval a pair of them; both may be
    infinite. Where many x share an extreme, the one nearest to 0 is given."""

    low: float
    high: float
    """The range, infinite where the function is not bounded."""
    low_reached: bool
    high_reached: bool
    """Whether the ends of the range are values of the function, or only limits."""
    minimum: Interval | None
    """(x, f(x)) of the lowest point, where the function falls before it rises."""
    least_slope: Interval
    """(x, f'(x)); x is infinite where it is only a limit."""
    largest_slope: Interval
    kinks: tuple[tuple[float, float, float], ...]
    """(x, slope on the left, slope on the right)."""
    smoothness: str
    """"C0" with a kink, "C1" where only the second derivative jumps, "smooth" where neither does."""
    flat: tuple[Interval, ...]
    """Where the slope is exactly zero: a unit that stays there for every input is dead."""
    saturated: tuple[Interval, ...]
    """Where the slope dies out, from where it is below NEARLY_FLAT of the largest for good. Includes what is flat."""
    falling: tuple[Interval, ...]
    """Where the slope is negative: the function is not monotone."""


@lru_cache(maxsize=256)
def facts(chosen: Activation) -> Facts:
    """Compute the facts about an activation with its present parameters."""
    turns = [x for x in _crossings(chosen.slope, chosen.breaks) if x not in chosen.breaks]
    bends = [x for x in _crossings(chosen.curvature, chosen.breaks) if x not in chosen.breaks]
    # On both sides of a break, but named after the break itself.
    points = [(x, x) for x in (0.0, *turns, *bends)] + [(b, side) for b in chosen.breaks for side in _sides(b)]
    points.sort(key=lambda p: abs(p[0]))
    values = [(x, float(chosen.value(at))) for x, at in points] + _limits(chosen.value)
    slopes = [(x, float(chosen.slope(at))) for x, at in points] + _limits(chosen.slope)
    low, high = min(values, key=lambda p: p[1]), max(values, key=lambda p: p[1])
    largest = max(slopes, key=lambda p: p[1])
    slopes_at = [(b, *chosen.slope(_sides(b)).tolist()) for b in chosen.breaks]
    kinks = [(b, left, right) for b, left, right in slopes_at if abs(right - left) > 1e-9]
    bent = any(np.ptp(chosen.curvature(_sides(b))) > 1e-9 for b in chosen.breaks)
    pieces = _pieces([*turns, *chosen.breaks])
    falling = [piece for piece in pieces if chosen.slope(_inside(piece)) < 0]
    return Facts(
        low=low[1],
        high=high[1],
        low_reached=math.isfinite(low[0]),
        high_reached=math.isfinite(high[0]),
        minimum=low if falling and math.isfinite(low[0]) else None,
        least_slope=min(slopes, key=lambda p: p[1]),
        largest_slope=largest,
        kinks=tuple(kinks),
        smoothness="C0" if kinks else "C1" if bent else "smooth",
        flat=tuple(piece for piece in pieces if chosen.slope(_inside(piece)) == 0),
        saturated=_saturated(chosen, NEARLY_FLAT * largest[1]),
        falling=tuple(falling),
    )


def _crossings(function: Callable, breaks: tuple[float, ...]) -> list[float]:
    """Return where a function changes its sign, by bisection; a break itself where it jumps. Rounding is ignored."""
    y = function(_GRID)
    change = (np.sign(y[:-1]) * np.sign(y[1:]) < 0) & (np.maximum(np.abs(y[:-1]), np.abs(y[1:])) > 1e-10)
    left, right = _GRID[:-1][change], _GRID[1:][change]
    side = np.sign(function(left))
    for _ in range(60):
        middle = (left + right) / 2
        same = np.sign(function(middle)) == side
        left, right = np.where(same, middle, left), np.where(same, right, middle)
    exact = _GRID[1:-1][(y[1:-1] == 0) & (y[:-2] * y[2:] < 0)]
    found = [*map(float, (left + right) / 2), *map(float, exact)]
    return [next((b for b in breaks if abs(x - b) < 1e-9), x) for x in found]


def _limits(function: Callable) -> list[Interval]:
    """Return (x, limit) at both infinities: there is none between 1e-30 and 1e30 that is not a plain number."""
    found = []
    for x in (-math.inf, math.inf):
        y = float(function(math.copysign(FAR, x)))
        found.append((x, math.copysign(math.inf, y) if abs(y) > 1e30 else y if abs(y) > 1e-30 else 0.0))
    return found


def _sides(x: float) -> np.ndarray:
    """Return the nearest numbers below and above, (2,); around 0 normal ones, which no processor takes for 0."""
    step = max(np.spacing(abs(x)), 1e-300)
    return np.array([x - step, x + step])


def _pieces(points: list[float]) -> list[Interval]:
    ends = [-math.inf, *sorted(points), math.inf]
    return list(pairwise(ends))


def _inside(piece: Interval) -> float:
    low, high = piece
    if math.isinf(low):
        return high - 1 if math.isfinite(high) else 0.0
    return (low + high) / 2 if math.isfinite(high) else low + 1


def _saturated(chosen: Activation, least: float) -> tuple[Interval, ...]:
    ends = sorted(_crossings(lambda x: np.abs(chosen.slope(x)) - least, chosen.breaks))
    (_, left), (_, right) = _limits(chosen.slope)
    found = []
    if left == 0:
        found.append((-math.inf, ends[0]))
    if right == 0:
        found.append((ends[-1], math.inf))
    return tuple(found)
