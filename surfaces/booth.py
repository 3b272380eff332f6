"""Booth's function: a tilted bowl, nine times steeper across than along.

M. Jamil, X.-S. Yang, "A literature survey of benchmark functions for global optimisation problems",
International Journal of Mathematical Modelling and Numerical Optimisation 4 (2013) 150-194,
arXiv:1308.4008.
"""

from core.engine.spec import Surface
from core.text import T


def value(x, y):
    return (x + 2 * y - 7) ** 2 + (2 * x + y - 5) ** 2


def gradient(x, y):
    a, b = x + 2 * y - 7, 2 * x + y - 5
    return 2 * a + 4 * b, 4 * a + 2 * b


def hessian(x, y):
    return 10.0, 8.0, 10.0


BOOTH = Surface(
    key="booth",
    title="Booth",
    formulas=(value, gradient, hessian),
    latex=r"(x + 2y - 7)^2 + (2x + y - 5)^2",
    domain=(-10.0, 10.0, -10.0, 10.0),
    minima=((1.0, 3.0),),
    minimum=0.0,
    starts=((-8.0, 8.0),),
    rates={"sgd": 0.1, "momentum": 0.02, "adam": 0.5},
    teaches=T("A tilted bowl with one minimum: everyone arrives, so compare the paths, not the winners."),
    source="Jamil & Yang 2013, arXiv:1308.4008",
    colour="log",
    isolated=1,
    proof=T("The gradient is linear with a regular matrix, so that it vanishes at one point only."),
)
