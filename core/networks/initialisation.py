"""How the weights of a layer are drawn before training: one function and one row each.

A draw is `(rng, fan_out, fan_in, **parameters)` -> weights (fan_out, fan_in), as `torch.nn.init` fills the weight of a
torch.nn.Linear. Biases start at zero, except in PyTorch's default. The random numbers are NumPy's, so that they
are the same on every platform; PyTorch draws others from the same distributions.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from core.catalogue import Catalogue
from core.engine.spec import Hyper
from core.networks.parameters import parameters_of
from core.text import T


@dataclass(frozen=True)
class Initialisation:
    """A way to draw weights, with what the theory of wide layers needs to know about it."""

    key: str
    title: str
    draw: Callable
    """(rng, fan_out, fan_in, **parameters) -> (fan_out, fan_in)."""
    variance: Callable | None
    """(fan_out, fan_in, **parameters) -> variance of one weight; None where weights are not random."""
    latex: str
    text: str
    source: str
    parameters: tuple[Hyper, ...] = ()
    draws_biases: bool = False
    """Whether biases are drawn too, from the same uniform distribution as the weights."""
    torch: Callable = field(kw_only=True)
    """(**parameters) -> the source that fills `weight`; empty where torch.nn.Linear already did."""

    def weights(self, rng: np.random.Generator, fan_out: int, fan_in: int) -> np.ndarray:
        """Draw the weights of a layer, (fan_out, fan_in)."""
        return self.draw(rng, fan_out, fan_in, **parameters_of(self))

    def biases(self, rng: np.random.Generator, fan_out: int, fan_in: int) -> np.ndarray:
        """Draw the biases of a layer, (fan_out,)."""
        return torch_default(rng, fan_out, fan_in)[:, 0] if self.draws_biases else np.zeros(fan_out)

    def variances(self, fan_out: int, fan_in: int) -> tuple[float, float] | None:
        """Return the variance of a weight and of a bias, or None where they are not random."""
        if self.variance is None:
            return None
        weight = self.variance(fan_out, fan_in, **parameters_of(self))
        return weight, weight if self.draws_biases else 0.0


def normal(rng, fan_out, fan_in, std):
    return std * rng.standard_normal((fan_out, fan_in))


def uniform(rng, fan_out, fan_in, limit):
    return rng.uniform(-limit, limit, (fan_out, fan_in))


def torch_default(rng, fan_out, fan_in):
    limit = 1 / math.sqrt(fan_in)
    return rng.uniform(-limit, limit, (fan_out, fan_in))


def xavier(rng, fan_out, fan_in, gain):
    return gain * math.sqrt(2 / (fan_in + fan_out)) * rng.standard_normal((fan_out, fan_in))


def he(rng, fan_out, fan_in):
    return math.sqrt(2 / fan_in) * rng.standard_normal((fan_out, fan_in))


def lecun(rng, fan_out, fan_in):
    return math.sqrt(1 / fan_in) * rng.standard_normal((fan_out, fan_in))


def orthogonal(rng, fan_out, fan_in, gain):
    long, short = max(fan_out, fan_in), min(fan_out, fan_in)
    q, r = np.linalg.qr(rng.standard_normal((long, short)))
    q = q * np.sign(np.diag(r))  # without the signs, some rotations would be drawn more often than others
    return gain * (q if fan_out >= fan_in else q.T)


def constant(rng, fan_out, fan_in, level):
    return np.full((fan_out, fan_in), level)


_GAIN = Hyper("gain", 1.0, "g", T("Factor on every weight"), (0.0, 100.0), (0.1, 3.0))

INITIALISATIONS = Catalogue(
    "initialisation",
    (
        Initialisation(
            key="normal",
            title="Normal",
            draw=normal,
            variance=lambda fan_out, fan_in, std: std**2,
            latex=r"w \sim N(0, s^2)",
            text=T("The same spread for every layer, whatever its width: right for one width only."),
            source="Krizhevsky, Sutskever & Hinton 2012 (s = 0.01)",
            parameters=(Hyper("std", 0.01, "s", T("Standard deviation of a weight"), (0.0, 1e3), (1e-3, 10.0), "log"),),
            torch=lambda std: f"torch.nn.init.normal_(weight, std={std!r})",
        ),
        Initialisation(
            key="uniform",
            title="Uniform",
            draw=uniform,
            variance=lambda fan_out, fan_in, limit: limit**2 / 3,
            latex=r"w \sim U(-a, a)",
            text=T("Any value within the limits is as likely as any other; only the variance a²/3 matters in the end."),
            source="Rumelhart, Hinton & Williams 1986, doi:10.1038/323533a0 (small random weights)",
            parameters=(Hyper("limit", 0.05, "a", T("Largest size of a weight"), (0.0, 1e3), (1e-3, 10.0), "log"),),
            torch=lambda limit: f"torch.nn.init.uniform_(weight, -{limit!r}, {limit!r})",
        ),
        Initialisation(
            key="torch_default",
            title="PyTorch's default",
            draw=torch_default,
            variance=lambda fan_out, fan_in: 1 / (3 * fan_in),
            latex=r"w, b \sim U\left(-\tfrac{1}{\sqrt{n_\text{in}}},\ \tfrac{1}{\sqrt{n_\text{in}}}\right)",
            text=T(
                "What torch.nn.Linear does when nobody says otherwise: a third of the variance that keeps a signal "
                "alive."
            ),
            source="torch.nn.Linear, https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html",
            draws_biases=True,
            torch=lambda: "",
        ),
        Initialisation(
            key="xavier",
            title="Xavier",
            draw=xavier,
            variance=lambda fan_out, fan_in, gain: gain**2 * 2 / (fan_in + fan_out),
            latex=r"w \sim N\left(0,\ \tfrac{2 g^2}{n_\text{in} + n_\text{out}}\right)",
            text=T("Keeps signal and gradient where the slope is one at zero, as that of tanh."),
            source="Glorot & Bengio 2010",
            parameters=(_GAIN,),
            torch=lambda gain: f"torch.nn.init.xavier_normal_(weight, gain={gain!r})",
        ),
        Initialisation(
            key="he",
            title="He",
            draw=he,
            variance=lambda fan_out, fan_in: 2 / fan_in,
            latex=r"w \sim N\left(0,\ \tfrac{2}{n_\text{in}}\right)",
            text=T("Twice the variance, because a ReLU throws half of it away."),
            source="He et al. 2015, arXiv:1502.01852",
            torch=lambda: "torch.nn.init.kaiming_normal_(weight, nonlinearity='relu')",
        ),
        Initialisation(
            key="lecun",
            title="LeCun",
            draw=lecun,
            variance=lambda fan_out, fan_in: 1 / fan_in,
            latex=r"w \sim N\left(0,\ \tfrac{1}{n_\text{in}}\right)",
            text=T("The sum that reaches a unit is as large as one of its inputs: what SELU was made for."),
            source="LeCun, Bottou, Orr & Müller 1998, doi:10.1007/3-540-49430-8_2",
            torch=lambda: "torch.nn.init.kaiming_normal_(weight, nonlinearity='linear')",
        ),
        Initialisation(
            key="orthogonal",
            title="Orthogonal",
            draw=orthogonal,
            variance=lambda fan_out, fan_in, gain: gain**2 / max(fan_out, fan_in),
            latex=r"W = g\,Q, \quad Q^\top Q = I",
            text=T("A random rotation: it stretches no direction more than another, in any number of linear layers."),
            source="Saxe, McClelland & Ganguli 2014, arXiv:1312.6120",
            parameters=(_GAIN,),
            torch=lambda gain: f"torch.nn.init.orthogonal_(weight, gain={gain!r})",
        ),
        Initialisation(
            key="constant",
            title="Constant",
            draw=constant,
            variance=None,
            latex=r"w = c",
            text=T("Every unit of a layer is the same and receives the same gradient, so they stay the same for ever."),
            source="Rumelhart, Hinton & Williams 1986, doi:10.1038/323533a0 (the need to break symmetry)",
            parameters=(Hyper("level", 0.1, "c", T("Every weight"), (-1e3, 1e3), (-1.0, 1.0)),),
            torch=lambda level: f"torch.nn.init.constant_(weight, {level!r})",
        ),
    ),
)
