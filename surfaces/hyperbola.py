"""The smallest two-layer network, 1/2 (1 - x y)^2: its minima form a curve, from flat to arbitrarily sharp.

Y. Wang, M. Chen, T. Zhao, M. Tao, "Large learning rate tames homogeneity: convergence and balancing
effect", ICLR 2022, arXiv:2110.03677. Every point of x y = 1 is a minimum, with curvature x^2 + y^2 across
the curve and none along it; `minima` lists some of them.
"""

from core.engine.spec import Surface
from core.text import T


def value(x, y):
    return 0.5 * (1 - x * y) ** 2


def gradient(x, y):
    r = 1 - x * y
    return -r * y, -r * x


def hessian(x, y):
    return y**2, 2 * x * y - 1, x**2


HYPERBOLA = Surface(
    key="hyperbola",
    title="Hyperbola",
    formulas=(value, gradient, hessian),
    latex=r"\tfrac12\,(1 - xy)^2",
    domain=(-1.0, 5.0, -1.0, 5.0),
    minima=((1.0, 1.0), (0.25, 4.0), (0.5, 2.0), (2.0, 0.5), (4.0, 0.25)),
    minimum=0.0,
    valley="x y = 1",
    starts=((4.0, 0.5),),
    rates={"sgd": 0.12, "momentum": 0.024, "adam": 0.05},
    teaches=T("Every point of the curve xy = 1 is a minimum; a larger rate can only rest where it is flatter."),
    source="Wang et al. 2022, arXiv:2110.03677",
    colour="log",
    colour_offset=0.1,
)
