"""The three-hump camel: a global minimum between two shallower ones.

L. C. W. Dixon, G. P. Szegö, "Towards global optimisation 2", North-Holland 1978; formula and window as in
M. Jamil, X.-S. Yang, "A literature survey of benchmark functions for global optimisation problems",
International Journal of Mathematical Modelling and Numerical Optimisation 4 (2013) 150-194,
arXiv:1308.4008.
"""

from core.engine.spec import Surface
from core.text import T


def value(x, y):
    return 2 * x**2 - 1.05 * x**4 + x**6 / 6 + x * y + y**2


def gradient(x, y):
    return 4 * x - 4.2 * x**3 + x**5 + y, x + 2 * y


def hessian(x, y):
    return 4 - 12.6 * x**2 + 5 * x**4, 1.0, 2.0


CAMEL3 = Surface(
    key="camel3",
    title="Three-hump camel",
    formulas=(value, gradient, hessian),
    latex=r"2x^2 - 1.05\,x^4 + \tfrac16 x^6 + xy + y^2",
    domain=(-2.5, 2.5, -2.5, 2.5),
    minima=((0.0, 0.0),),
    minimum=0.0,
    starts=((2.0, 1.5),),
    rates={"sgd": 0.05, "momentum": 0.01, "adam": 0.1},
    teaches=T("Gradient descent stops in the first dip it meets; momentum and Adam roll through it."),
    source="Dixon & Szegö 1978; Jamil & Yang 2013, arXiv:1308.4008",
    colour="log",
    colour_offset=0.1,
    isolated=5,
    proof=T("f_y = 0 leaves y = -x/2, where f_x is a polynomial of degree 5; all its roots are real (Sturm)."),
)
