"""Himmelblau's function: four minima of equal depth, and nine critical points in all.

D. M. Himmelblau, "Applied nonlinear programming", McGraw-Hill 1972.
"""

from core.engine.spec import Surface
from core.text import T


def value(x, y):
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


def gradient(x, y):
    a, b = x**2 + y - 11, x + y**2 - 7
    return 4 * x * a + 2 * b, 2 * a + 4 * y * b


def hessian(x, y):
    return 12 * x**2 + 4 * y - 42, 4 * (x + y), 12 * y**2 + 4 * x - 26


HIMMELBLAU = Surface(
    key="himmelblau",
    title="Himmelblau",
    formulas=(value, gradient, hessian),
    latex=r"(x^2 + y - 11)^2 + (x + y^2 - 7)^2",
    domain=(-6.0, 6.0, -6.0, 6.0),
    minima=(
        (3.0, 2.0),
        (-2.805118086952745, 3.131312518250573),
        (-3.779310253377747, -3.2831859912861696),
        (3.5844283403304917, -1.8481265269644036),
    ),
    minimum=0.0,
    starts=((0.0, 0.0),),
    rates={"sgd": 0.01, "momentum": 0.002, "adam": 0.1},
    teaches=T("Four equal minima: the start, the method and the rate together decide which one you reach."),
    source="Himmelblau 1972",
    colour="log",
    colour_offset=5.0,
    isolated=9,
    proof=T("Elimination of y leaves a polynomial of degree 9 in x; all its roots are real (Sturm) and in the window."),
)
