"""The cross-entropy of one sigmoid neuron, or logistic regression: convex, and steep wherever the neuron is wrong.

f(w, b) = mean of log(1 + e^z) - y z over the rows (x, y) of the data, z = w x + b, labels y from 0 to 1. Labels that a
threshold separates have no minimum: w grows for ever, like a power of the logarithm or of the time.

D. R. Cox, "The Regression Analysis of Binary Sequences", Journal of the Royal Statistical Society B 20 (1958)
215-242, doi:10.1111/j.2517-6161.1958.tb00292.x; label smoothing C. Szegedy et al. 2016, arXiv:1512.00567.
"""

import numpy as np

from core.engine.data import Data, two_classes
from core.engine.spec import Point, Surface
from core.text import T


def value(w, b, x, y):
    z = w * x + b
    # log(1 + e^z) - y z; a difference would lose what is left where the neuron is sure.
    return (1 - y) * np.logaddexp(0 * z, z) + y * np.logaddexp(0 * z, -z)


def gradient(w, b, x, y):
    z = w * x + b
    error = (1 - y) * (1 / (1 + np.exp(-z))) - y * (1 / (1 + np.exp(z)))
    return error * x, error


def hessian(w, b, x, y):
    z = w * x + b
    bend = 1 / (1 + np.exp(-z)) * (1 / (1 + np.exp(z)))
    return bend * x**2, bend * x, bend


WIDE = 2.5
"""Half sides of a window, in parts of the ellipse on which the loss is about that of predicting one half."""
NEWTON_STEPS = 100


def logistic_regression(
    data: Data,
    domain: tuple[float, float, float, float] | None = None,
    *,
    key: str = "logistic_regression",
    title: str = "Logistic regression",
    starts: tuple[Point, ...] = (),
    teaches: str = T("The convex loss of a classifier; a batch of rows estimates its gradient."),
) -> Surface:
    """Return the cross-entropy of a neuron on `data`, labels from 0 to 1, with its minimum where there is one.

    Raises ValueError for other labels and for constant inputs.
    """
    if not np.all((data.y >= 0) & (data.y <= 1)):
        raise ValueError(f"data: got labels from {data.y.min():g} to {data.y.max():g}, allowed are labels from 0 to 1")
    if np.ptp(data.x) == 0:
        raise ValueError(f"data: got x = {data.x[0]:g} in every row, allowed are inputs that differ")
    minimum = None if _separable(data) else _minimum(data)
    if domain is None:
        domain = _window(data, minimum)
    x_low, x_high, y_low, y_high = domain
    stable = 8 / float(np.linalg.eigvalsh(_moments(data, np.ones(len(data))))[1])  # the sigmoid bends by 1/4 at most
    return Surface(
        key=key,
        title=title,
        formulas=(value, gradient, hessian),
        latex=r"\frac1N \sum_{i=1}^N \left(\log\left(1 + e^{z_i}\right) - y_i z_i\right) \qquad z_i = w x_i + b",
        domain=domain,
        minima=() if minimum is None else (minimum,),
        minimum=None if minimum is None else float(np.mean(value(*minimum, data.x, data.y))),
        starts=starts or ((x_low + 0.1 * (x_high - x_low), y_high - 0.1 * (y_high - y_low)),),
        rates={"sgd": 0.1 * stable, "momentum": 0.02 * stable, "adam": 0.01 * (x_high - x_low)},
        teaches=teaches,
        source="Cox 1958, doi:10.1111/j.2517-6161.1958.tb00292.x",
        isolated=0 if minimum is None else 1,
        proof=T("The loss is strictly convex; labels that a threshold separates leave it without a minimum."),
        data=data,
    )


def smoothed(data: Data, smoothing: float) -> Data:
    """Return the rows with labels moved by `smoothing` towards one half: y (1 - smoothing) + smoothing / 2."""
    return Data(np.column_stack([data.x, data.y * (1 - smoothing) + smoothing / 2]))


def _separable(data: Data) -> bool:
    zeros, ones = data.x[data.y == 0], data.x[data.y == 1]
    if len(zeros) + len(ones) < len(data):
        return False
    return not len(zeros) or not len(ones) or zeros.max() <= ones.min() or ones.max() <= zeros.min()


def _minimum(data: Data) -> Point:
    """Return the minimum by Newton's method, halving steps that raise the loss."""
    w, b = 0.0, 0.0
    with np.errstate(over="ignore"):
        for _ in range(NEWTON_STEPS):
            slope = np.mean(gradient(w, b, data.x, data.y), axis=1)
            bends = _moments(data, hessian(w, b, data.x, data.y)[2])
            dw, db = np.linalg.lstsq(bends, slope, rcond=None)[0].tolist()
            loss = np.mean(value(w, b, data.x, data.y))
            while np.mean(value(w - dw, b - db, data.x, data.y)) > loss + 1e-12:
                dw, db = dw / 2, db / 2
            w, b = w - dw, b - db
            if max(abs(dw), abs(db)) <= 1e-14 * (1 + max(abs(w), abs(b))):
                break
    return w, b


def _moments(data: Data, weight: np.ndarray) -> np.ndarray:
    """Return the weighted second moments (2, 2) of (x, 1)."""
    columns = np.column_stack([data.x, np.ones(len(data))])
    return columns.T @ (columns * weight[:, None]) / len(data)


def _window(data: Data, minimum: Point | None) -> tuple[float, float, float, float]:
    if minimum is None:
        wide, high = 12 / max(float(np.std(data.x)), 1e-3), 8.0
        return -wide, wide, -high, high
    w, b = minimum
    won = max(float(np.log(2) - np.mean(value(w, b, data.x, data.y))), 1e-3)
    inverse = np.linalg.inv(_moments(data, hessian(w, b, data.x, data.y)[2]))
    wide, high = (WIDE * np.sqrt(2 * won * np.diag(inverse))).tolist()
    return w - wide, w + wide, b - high, b + high


LOGISTIC_REGRESSION = logistic_regression(two_classes(), (-6.0, 10.0, -9.0, 7.0))
