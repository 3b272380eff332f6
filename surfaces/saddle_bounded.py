"""A saddle between two minima: who leaves it first?

Y. Nesterov, "Introductory lectures on convex optimization", Springer 2004, section 1.2.3; taken up by J. D.
Lee, M. Simchowitz, M. I. Jordan, B. Recht, "Gradient descent only converges to minimizers", COLT 2016,
arXiv:1602.04915.
"""

from core.engine.spec import Surface
from core.text import T


def value(x, y):
    return x**2 / 2 - y**2 / 2 + y**4 / 4


def gradient(x, y):
    return x, y**3 - y


def hessian(x, y):
    return 1.0, 0.0, 3 * y**2 - 1


SADDLE_BOUNDED = Surface(
    key="saddle_bounded",
    title="Saddle with two minima",
    formulas=(value, gradient, hessian),
    latex=r"\tfrac12 x^2 - \tfrac12 y^2 + \tfrac14 y^4",
    domain=(-2.0, 2.0, -1.6, 1.6),
    minima=((0.0, -1.0), (0.0, 1.0)),
    minimum=-0.25,
    starts=((1.0, 1e-8),),
    rates={"sgd": 0.05, "momentum": 0.05, "adam": 0.05},
    teaches=T("The time to leave a saddle grows with the logarithm of how close the start is to its ridge."),
    source="Nesterov 2004, section 1.2.3; Lee et al. 2016, arXiv:1602.04915",
    isolated=3,
    proof=T("f is a sum of a part in x and a part in y, whose slopes have one root and three."),
)
