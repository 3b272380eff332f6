"""The squared error of one sigmoid neuron: a plateau wherever the neuron is saturated, most of all where it is wrong.

f(w, b) = mean of (sigma(w x + b) - y)^2 / 2 over 40 rows, x from -2 to 2 and y = 1 where x > 0. The gradient carries
the factor sigma (1 - sigma), which vanishes where the neuron is sure; the cross-entropy of the same neuron does not.

X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010,
PMLR 9, 249-256, figure 5.
"""

import numpy as np

from core.engine.data import Data
from core.engine.spec import Surface
from core.text import T
from surfaces.logistic_regression import logistic_regression


def value(w, b, x, y):
    z = w * x + b
    # sigma - y; with 1 - sigma as its own quotient nothing is lost where the neuron is sure.
    error = (1 - y) * (1 / (1 + np.exp(-z))) - y * (1 / (1 + np.exp(z)))
    return 0.5 * error**2


def gradient(w, b, x, y):
    z = w * x + b
    on, off = 1 / (1 + np.exp(-z)), 1 / (1 + np.exp(z))  # sigma and 1 - sigma
    slope = ((1 - y) * on - y * off) * on * off
    return slope * x, slope


def hessian(w, b, x, y):
    z = w * x + b
    on, off = 1 / (1 + np.exp(-z)), 1 / (1 + np.exp(z))
    bend = on * off * (on * off + ((1 - y) * on - y * off) * (off - on))
    return bend * x**2, bend * x, bend


_INPUTS = np.linspace(-2, 2, 40)
SIGNS = Data(np.column_stack([_INPUTS, _INPUTS > 0]))
_WINDOW = -14.0, 14.0, -8.0, 8.0
_STARTS = (-6.0, 0.5), (-12.0, 0.5)

NEURON_SQUARED = Surface(
    key="neuron_squared",
    title="Neuron, squared error",
    formulas=(value, gradient, hessian),
    latex=r"\frac1N \sum_{i=1}^N \tfrac12\left(\sigma(w x_i + b) - y_i\right)^2",
    domain=_WINDOW,
    minima=(),
    minimum=None,
    starts=_STARTS,
    rates={"sgd": 1.0, "momentum": 1.0, "adam": 0.1},
    teaches=T("A saturated neuron stands on a plateau though it is wrong: the loss made it, not the optimizer."),
    source="Glorot & Bengio 2010, PMLR 9:249-256",
    data=SIGNS,
)

NEURON_ENTROPY = logistic_regression(
    SIGNS,
    _WINDOW,
    key="neuron_entropy",
    title="Neuron, cross-entropy",
    starts=_STARTS,
    teaches=T("The same neuron on the same rows: with cross-entropy it is steep wherever the neuron is wrong."),
)
