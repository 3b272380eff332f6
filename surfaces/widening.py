"""A valley that widens on the way down: the rate that is too large at the start is fine later.

The picture behind warm-up in J. Gilmer et al., "A loss curvature perspective on training instability in
deep learning", 2021, arXiv:2110.04369.
"""

import numpy as np

from core.engine.spec import Surface
from core.text import T


def value(x, y):
    return 0.5 * (1 + 40 * np.exp(-y)) * x**2 + 0.05 * (y - 6) ** 2


def gradient(x, y):
    return (1 + 40 * np.exp(-y)) * x, -20 * np.exp(-y) * x**2 + 0.1 * (y - 6)


def hessian(x, y):
    return 1 + 40 * np.exp(-y), -40 * np.exp(-y) * x, 20 * np.exp(-y) * x**2 + 0.1


WIDENING = Surface(
    key="widening",
    title="Widening valley",
    formulas=(value, gradient, hessian),
    latex=r"\tfrac12\,(1 + 40\,e^{-y})\,x^2 + 0.05\,(y-6)^2",
    domain=(-2.0, 2.0, -1.0, 8.0),
    minima=((0.0, 6.0),),
    minimum=0.0,
    starts=((1.0, 0.0),),
    rates={"sgd": 0.3, "momentum": 0.06, "adam": 0.1},
    teaches=T("Curvature falls from 41 to 1.1 along the path: a high rate needs a warm-up, then it is safe."),
    source="After Gilmer et al. 2021, arXiv:2110.04369",
    colour="log",
    colour_offset=0.1,
    isolated=1,
    proof=T("f_x = 0 leaves x = 0, where f_y = (y - 6) / 10."),
)
