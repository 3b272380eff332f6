"""One ReLU neuron that must learn ReLU: a flat region where it is silent for every row of the data.

f(w, b) = mean of (relu(w x + b) - relu(x))^2 over 21 rows, x from -1 to 1. Where b <= -|w| the neuron is dead and the
gradient exactly zero. A leaky neuron keeps a slope there.

A. L. Maas, A. Y. Hannun, A. Y. Ng, "Rectifier Nonlinearities Improve Neural Network Acoustic Models", ICML 2013.
"""

import numpy as np

from core.engine.data import Data
from core.engine.spec import Point, Surface
from core.text import T


def value(w, b, slope, x, y):
    z = w * x + b
    return (np.maximum(z, slope * z) - y) ** 2


def gradient(w, b, slope, x, y):
    z = w * x + b
    rise = 1.0 if z > 0 else slope
    error = 2 * (rise * z - y) * rise
    return error * x, error


def hessian(w, b, slope, x, y):
    rise = 1.0 if w * x + b > 0 else slope
    bend = 2 * rise**2
    return bend * x**2, bend * x, bend


_INPUTS = np.linspace(-1, 1, 21)
RAMP = Data(np.column_stack([_INPUTS, np.maximum(_INPUTS, 0)]))


def _best(slope: float) -> Point:
    """Return the minimum: least squares with the neuron active for x >= 0 (b comes out positive) and not below."""
    rise = np.where(RAMP.x >= 0, 1.0, slope)
    columns = rise[:, None] * np.column_stack([RAMP.x, np.ones(len(RAMP))])
    w, b = np.linalg.lstsq(columns, RAMP.y, rcond=None)[0].tolist()
    return w, b


def _neuron(key: str, title: str, slope: float, latex: str, teaches: str, minimum: Point) -> Surface:
    w, b = minimum
    return Surface(
        key=key,
        title=title,
        formulas=(value, gradient, hessian),
        latex=latex,
        domain=(-2.0, 2.0, -2.0, 2.0),
        minima=(minimum,),
        minimum=float(np.mean(value(w, b, slope, RAMP.x, RAMP.y))),
        starts=((0.5, -1.0), (0.5, 1.0)),
        rates={"sgd": 0.5, "momentum": 0.1, "adam": 0.05},
        teaches=teaches,
        source="Maas et al. 2013",
        colour="log",
        colour_offset=0.01,
        kinks=T("On the lines w x + b = 0, one for every row of the data."),
        prepare=lambda: (slope,),
        data=RAMP,
    )


DEAD_RELU = _neuron(
    "dead_relu",
    "ReLU neuron",
    0.0,
    r"\frac1N \sum_{i=1}^N \left(\max(0, w x_i + b) - y_i\right)^2",
    T("Where the neuron is silent for every row the ground is exactly flat: no optimizer gets away."),
    (1.0, 0.0),
)
LEAKY_RELU = _neuron(
    "leaky_relu",
    "Leaky ReLU neuron",
    0.01,
    r"\frac1N \sum_{i=1}^N \left(\max(z_i, 0.01\,z_i) - y_i\right)^2 \qquad z_i = w x_i + b",
    T("A slope of 0.01 where ReLU has none is enough to find the way out of the flat region."),
    _best(0.01),
)
