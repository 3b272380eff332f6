"""A gentle bowl that ends at a cliff, where one gradient throws a run far away.

A picture of the exploding gradients of R. Pascanu, T. Mikolov, Y. Bengio, "On the difficulty of training
recurrent neural networks", ICML 2013, arXiv:1211.5063.
"""

import numpy as np

from core.engine.spec import Surface
from core.text import T


def value(x, y):
    return 0.1 * (x - 1) ** 2 + 0.1 * y**2 + np.exp(6 * (x - 2))


def gradient(x, y):
    return 0.2 * (x - 1) + 6 * np.exp(6 * (x - 2)), 0.2 * y


def hessian(x, y):
    return 0.2 + 36 * np.exp(6 * (x - 2)), 0.0, 0.2


CLIFF = Surface(
    key="cliff",
    title="Cliff",
    formulas=(value, gradient, hessian),
    latex=r"0.1\,(x-1)^2 + 0.1\,y^2 + e^{6(x-2)}",
    domain=(-3.0, 3.0, -3.0, 3.0),
    minima=((0.9461642330715696, 0.0),),
    minimum=0.00208435454435824,
    starts=((2.6, 1.5),),
    rates={"sgd": 0.5, "momentum": 0.02, "adam": 0.1},
    teaches=T("A step taken on the cliff throws the run far away; clipping the gradient prevents it."),
    source="After Pascanu, Mikolov & Bengio 2013, arXiv:1211.5063",
    colour="log",
    colour_offset=0.1,
    isolated=1,
    proof=T("The surface is strictly convex, and a strictly convex surface has at most one."),
)
