"""The Styblinski-Tang function: the same double well along x and along y, which makes four wells.

M. A. Styblinski, T.-S. Tang, "Experiments in nonconvex optimization: stochastic approximation with function
smoothing and simulated annealing", Neural Networks 3 (1990) 467-483, doi:10.1016/0893-6080(90)90029-K.
"""

from core.engine.spec import Surface
from core.text import T


def value(x, y):
    return 0.5 * (x**4 - 16 * x**2 + 5 * x + y**4 - 16 * y**2 + 5 * y)


def gradient(x, y):
    return 2 * x**3 - 16 * x + 2.5, 2 * y**3 - 16 * y + 2.5


def hessian(x, y):
    return 6 * x**2 - 16, 0.0, 6 * y**2 - 16


STYBLINSKI = Surface(
    key="styblinski",
    title="Styblinski-Tang",
    formulas=(value, gradient, hessian),
    latex=r"\tfrac12\,(x^4 - 16x^2 + 5x + y^4 - 16y^2 + 5y)",
    domain=(-5.0, 5.0, -5.0, 5.0),
    minima=((-2.903534027771177, -2.903534027771177),),
    minimum=-78.33233140754282,
    starts=((0.0, -0.5),),
    rates={"sgd": 0.01, "momentum": 0.002, "adam": 0.1},
    teaches=T("Four wells, one of them the lowest: about a quarter of all starts lead gradient descent there."),
    source="Styblinski & Tang 1990, doi:10.1016/0893-6080(90)90029-K",
    colour="log",
    colour_offset=10.0,
    isolated=9,
    proof=T("f is a sum of the same part in x and in y, whose slope has three roots (Sturm)."),
)
