"""Matyas' function: a shallow plate along the diagonal, 25 times steeper across than along.

M. Jamil, X.-S. Yang, "A literature survey of benchmark functions for global optimisation problems",
International Journal of Mathematical Modelling and Numerical Optimisation 4 (2013) 150-194,
arXiv:1308.4008.
"""

from core.engine.spec import Surface
from core.text import T


def value(x, y):
    return 0.26 * (x**2 + y**2) - 0.48 * x * y


def gradient(x, y):
    return 0.52 * x - 0.48 * y, 0.52 * y - 0.48 * x


def hessian(x, y):
    return 0.52, -0.48, 0.52


MATYAS = Surface(
    key="matyas",
    title="Matyas",
    formulas=(value, gradient, hessian),
    latex=r"0.26\,(x^2 + y^2) - 0.48\,xy",
    domain=(-10.0, 10.0, -10.0, 10.0),
    minima=((0.0, 0.0),),
    minimum=0.0,
    starts=((-9.0, 5.0),),
    rates={"sgd": 1.5, "momentum": 0.3, "adam": 0.5},
    teaches=T("A shallow diagonal valley: a learning rate above 1 is right where the curvature is at most 1."),
    source="Jamil & Yang 2013, arXiv:1308.4008",
    colour="log",
    colour_offset=0.1,
    isolated=1,
    proof=T("The gradient is linear with a regular matrix, so that it vanishes at one point only."),
)
