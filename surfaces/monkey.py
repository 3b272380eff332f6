"""The monkey saddle: three valleys and three ridges meet where the Hessian is zero.

D. Hilbert, S. Cohn-Vossen, "Anschauliche Geometrie", Springer 1932, chapter IV.
"""

from core.engine.spec import Surface
from core.text import T


def value(x, y):
    return x**3 - 3 * x * y**2


def gradient(x, y):
    return 3 * x**2 - 3 * y**2, -6 * x * y


def hessian(x, y):
    return 6 * x, -6 * y, -6 * x


MONKEY = Surface(
    key="monkey",
    title="Monkey saddle",
    formulas=(value, gradient, hessian),
    latex=r"x^3 - 3xy^2",
    domain=(-1.5, 1.5, -1.5, 1.5),
    minima=(),
    minimum=None,
    starts=((0.5, 0.01),),
    rates={"sgd": 0.02, "momentum": 0.004, "adam": 0.02},
    teaches=T("Both eigenvalues are zero at the centre, so the second derivatives cannot say what it is."),
    source="Hilbert & Cohn-Vossen 1932",
    bounded=True,
    isolated=1,
    proof=T("f_y = -6xy leaves the axes, and on both f_x vanishes only at the origin."),
)
