"""The six-hump camel: six minima, seven saddles and two maxima in one small window.

L. C. W. Dixon, G. P. Szegö, "The global optimization problem: an introduction", in "Towards global
optimisation 2", North-Holland 1978, pages 1-15.
"""

from core.engine.spec import Surface
from core.text import T


def value(x, y):
    return (4 - 2.1 * x**2 + x**4 / 3) * x**2 + x * y + (4 * y**2 - 4) * y**2


def gradient(x, y):
    return 8 * x - 8.4 * x**3 + 2 * x**5 + y, x - 8 * y + 16 * y**3


def hessian(x, y):
    return 8 - 25.2 * x**2 + 10 * x**4, 1.0, 48 * y**2 - 8


CAMEL6 = Surface(
    key="camel6",
    title="Six-hump camel",
    formulas=(value, gradient, hessian),
    latex=r"\left(4 - 2.1\,x^2 + \tfrac13 x^4\right) x^2 + xy + (4y^2 - 4)\,y^2",
    domain=(-2.1, 2.1, -1.2, 1.2),
    minima=((-0.08984201310031806, 0.7126564030207396), (0.08984201310031806, -0.7126564030207396)),
    minimum=-1.0316284534898774,
    starts=((-1.0, -1.0),),
    rates={"sgd": 0.03, "momentum": 0.006, "adam": 0.1},
    teaches=T("Fifteen critical points, two of them the lowest: where a run ends depends on where it starts."),
    source="Dixon & Szegö 1978",
    colour="log",
    colour_offset=0.5,
    isolated=15,
    proof=T(
        "Elimination of x leaves a polynomial of degree 15 in y; all its roots are real (Sturm) and in the window."
    ),
)
