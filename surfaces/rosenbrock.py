"""Rosenbrock's banana: a curved valley whose floor falls slowly towards (1, 1).

H. H. Rosenbrock, "An automatic method for finding the greatest or least value of a function", The Computer
Journal 3 (1960) 175-184, doi:10.1093/comjnl/3.3.175.
"""

from core.engine.spec import Surface
from core.text import T


def value(x, y):
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def gradient(x, y):
    r = y - x**2
    return -2 * (1 - x) - 400 * x * r, 200 * r


def hessian(x, y):
    return 2 - 400 * (y - 3 * x**2), -400 * x, 200.0


ROSENBROCK = Surface(
    key="rosenbrock",
    title="Rosenbrock",
    formulas=(value, gradient, hessian),
    latex=r"(1-x)^2 + 100\,(y-x^2)^2",
    domain=(-2.0, 2.0, -1.0, 3.0),
    minima=((1.0, 1.0),),
    minimum=0.0,
    starts=((-1.5, 2.0), (1.8, 2.5)),
    rates={"sgd": 0.001, "momentum": 0.001, "adam": 0.1},
    teaches=T("A curved valley: easy to find, slow to follow to its end."),
    source="Rosenbrock 1960, doi:10.1093/comjnl/3.3.175",
    colour="log",
    isolated=1,
    proof=T("f_y = 0 leaves y = x^2, where f_x = 2 (x - 1)."),
)
