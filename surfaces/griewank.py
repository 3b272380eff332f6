"""Griewank's function: a wide bowl under gentle waves; rough from afar, a few smooth dips from near.

A. O. Griewank, "Generalized descent for global optimization", Journal of Optimization Theory and
Applications 34 (1981) 11-39, doi:10.1007/BF00933356.
"""

import numpy as np

from core.engine.spec import Surface
from core.text import T


def value(x, y):
    return 1 + (x**2 + y**2) / 4000 - np.cos(x) * np.cos(y / np.sqrt(2))


def gradient(x, y):
    r = np.sqrt(0.5)
    return x / 2000 + np.sin(x) * np.cos(r * y), y / 2000 + r * np.cos(x) * np.sin(r * y)


def hessian(x, y):
    r = np.sqrt(0.5)
    c = np.cos(x) * np.cos(r * y)
    return 0.0005 + c, -r * np.sin(x) * np.sin(r * y), 0.0005 + 0.5 * c


GRIEWANK = Surface(
    key="griewank",
    title="Griewank",
    formulas=(value, gradient, hessian),
    latex=r"1 + \tfrac{1}{4000}(x^2 + y^2) - \cos x \, \cos\tfrac{y}{\sqrt 2}",
    domain=(-10.0, 10.0, -10.0, 10.0),
    minima=((0.0, 0.0),),
    minimum=0.0,
    starts=((-7.0, 6.0),),
    rates={"sgd": 0.3, "momentum": 0.06, "adam": 0.3},
    teaches=T("All the dips look alike: the bowl that makes one of them the best is too flat to feel."),
    source="Griewank 1981, doi:10.1007/BF00933356",
)
