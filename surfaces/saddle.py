"""The plainest saddle: down along y, up along x, and no minimum anywhere.

Y. N. Dauphin et al., "Identifying and attacking the saddle point problem in high-dimensional non-convex
optimization", NeurIPS 2014, arXiv:1406.2572.
"""

from core.engine.spec import Surface
from core.text import T


def value(x, y):
    return 0.5 * (x**2 - y**2)


def gradient(x, y):
    return x, -y


def hessian(x, y):
    return 1.0, 0.0, -1.0


SADDLE = Surface(
    key="saddle",
    title=T("Saddle"),
    formulas=(value, gradient, hessian),
    latex=r"\tfrac12\,(x^2 - y^2)",
    domain=(-2.0, 2.0, -2.0, 2.0),
    minima=(),
    minimum=None,
    starts=((1.0, 1e-3),),
    rates={"sgd": 0.05, "momentum": 0.01, "adam": 0.05},
    teaches=T("A start almost on the ridge: the fall begins slowly, and only a start exactly on it stays."),
    source="Dauphin et al. 2014, arXiv:1406.2572",
    bounded=True,
    isolated=1,
    proof=T("The gradient is linear with a regular matrix, so that it vanishes at one point only."),
)
