"""A valley of straight slopes, |x| + 10 |y|: the gradient never shrinks, so the rate must.

N. Z. Shor, "Minimization methods for non-differentiable functions", Springer 1985,
doi:10.1007/978-3-642-82118-9. On an axis the subgradient 0 is taken for the coordinate that has none.
"""

import numpy as np

from core.engine.spec import Surface
from core.text import T


def value(x, y):
    return np.abs(x) + 10 * np.abs(y)


def gradient(x, y):
    return np.sign(x), 10 * np.sign(y)


def hessian(x, y):
    return 0.0, 0.0, 0.0


L1VALLEY = Surface(
    key="l1valley",
    title="L1 valley",
    formulas=(value, gradient, hessian),
    latex=r"|x| + 10\,|y|",
    domain=(-4.0, 4.0, -2.0, 2.0),
    minima=((0.0, 0.0),),
    minimum=0.0,
    starts=((-3.0, 1.5),),
    rates={"sgd": 0.035, "momentum": 0.01, "adam": 0.1},
    teaches=T("The slope is as steep next to the minimum as far away: a constant rate circles it forever."),
    source="Shor 1985, doi:10.1007/978-3-642-82118-9",
    kinks=T("Both axes."),
    isolated=0,
    proof=T("Wherever there is a slope, it is 1 or -1 along x."),
)
