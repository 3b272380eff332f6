"""The squared error of a line through data: the loss that every lesson on noise starts with.

f(w, b) = mean of (w x + b - y)^2 / 2 over the rows (x, y) of the data: a quadratic bowl whose Hessian is the second
moments of (x, 1), so that inputs far from mean 0 make it a ravine.

A. M. Legendre, "Nouvelles méthodes pour la détermination des orbites des comètes", Paris 1805; as the loss of
stochastic approximation L. Bottou, F. E. Curtis, J. Nocedal, "Optimization Methods for Large-Scale Machine
Learning", SIAM Review 60 (2018) 223-311, doi:10.1137/16M1080173.
"""

import numpy as np

from core.engine.data import Data, noisy_line
from core.engine.spec import Surface
from core.text import T


def value(w, b, x, y):
    return 0.5 * (w * x + b - y) ** 2


def gradient(w, b, x, y):
    error = w * x + b - y
    return error * x, error


def hessian(w, b, x, y):
    return x**2, x, 1.0


WIDE = 2.5
"""Half sides of a window, in parts of the ellipse on which the loss is that of predicting 0."""


def linear_regression(data: Data, domain: tuple[float, float, float, float] | None = None) -> Surface:
    """Return the loss of a line through `data`, with its least-squares solution. Raises ValueError for constant inputs.

    The window, by default, lies around the solution and grows with the spread of the targets.
    """
    if np.ptp(data.x) == 0:
        raise ValueError(f"data: got x = {data.x[0]:g} in every row, allowed are inputs that differ")
    columns = np.column_stack([data.x, np.ones(len(data))])
    moments = columns.T @ columns / len(data)
    w, b = np.linalg.lstsq(columns, data.y, rcond=None)[0].tolist()
    minimum = float(np.mean(value(w, b, data.x, data.y)))
    if domain is None:
        explained = max(float(np.mean(data.y**2)) - 2 * minimum, 1e-6)
        wide, high = (WIDE * np.sqrt(explained * np.diag(np.linalg.inv(moments)))).tolist()
        domain = (w - wide, w + wide, b - high, b + high)
    x_low, x_high, y_low, y_high = domain
    stable = 2 / float(np.linalg.eigvalsh(moments)[1])
    return Surface(
        key="linear_regression",
        title="Linear regression",
        formulas=(value, gradient, hessian),
        latex=r"\frac1N \sum_{i=1}^N \tfrac12\,(w x_i + b - y_i)^2",
        domain=domain,
        minima=((w, b),),
        minimum=minimum,
        starts=((x_low + 0.1 * (x_high - x_low), y_high - 0.1 * (y_high - y_low)),),
        rates={"sgd": 0.05 * stable, "momentum": 0.01 * stable, "adam": 0.01 * (x_high - x_low)},
        teaches=T("The loss of a line through data: a bowl, whose gradient a batch of rows can only estimate."),
        source="Bottou et al. 2018, doi:10.1137/16M1080173",
        colour="log",
        isolated=1,
        proof=T("The gradient is linear with a regular matrix, so that it vanishes at one point only."),
        data=data,
    )


LINEAR_REGRESSION = linear_regression(noisy_line(), (-4.0, 6.0, -5.0, 5.0))
