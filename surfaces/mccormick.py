"""McCormick's function: a sine along the diagonal on a slope, which falls forever outside the window.

M. Jamil, X.-S. Yang, "A literature survey of benchmark functions for global optimisation problems",
International Journal of Mathematical Modelling and Numerical Optimisation 4 (2013) 150-194,
arXiv:1308.4008. With u = x + y and v = x - y it is sin u + u/2 + (v - 1)^2: minima at v = 1, u = -2 pi/3 +
2 k pi, each period lower by pi.
"""

import numpy as np

from core.engine.spec import Surface
from core.text import T


def value(x, y):
    return np.sin(x + y) + (x - y) ** 2 - 1.5 * x + 2.5 * y + 1


def gradient(x, y):
    return np.cos(x + y) + 2 * (x - y) - 1.5, np.cos(x + y) - 2 * (x - y) + 2.5


def hessian(x, y):
    s = np.sin(x + y)
    return 2 - s, -2 - s, 2 - s


MCCORMICK = Surface(
    key="mccormick",
    title="McCormick",
    formulas=(value, gradient, hessian),
    latex=r"\sin(x+y) + (x-y)^2 - 1.5\,x + 2.5\,y + 1",
    domain=(-1.5, 4.0, -3.0, 4.0),
    minima=((0.5 - np.pi / 3, -0.5 - np.pi / 3),),
    minimum=-np.sqrt(0.75) - np.pi / 3,
    starts=((-1.0, 3.0), (3.0, 3.0)),
    rates={"sgd": 0.1, "momentum": 0.02, "adam": 0.1},
    teaches=T("Two minima in the window, parted by the line x + y = 2 pi/3; outside the window f has no floor."),
    source="Jamil & Yang 2013, arXiv:1308.4008",
    colour="log",
    bounded=True,
    isolated=3,
    proof=T("The sum of the slopes is 1 + 2 cos(x + y), their difference 4 (x - y - 1): closed form."),
)
