"""Rastrigin's function: a bowl under a grid of ripples, 121 minima in the window.

L. A. Rastrigin, "Systems of extremal control", Nauka, Moscow 1974; for any dimension in H. Mühlenbein, M.
Schomisch, J. Born, "The parallel genetic algorithm as function optimizer", Parallel Computing 17 (1991)
619-632, doi:10.1016/S0167-8191(05)80052-3.
"""

import numpy as np

from core.engine.spec import Surface
from core.text import T


def value(x, y):
    return 20 + x**2 - 10 * np.cos(2 * np.pi * x) + y**2 - 10 * np.cos(2 * np.pi * y)


def gradient(x, y):
    return 2 * x + 20 * np.pi * np.sin(2 * np.pi * x), 2 * y + 20 * np.pi * np.sin(2 * np.pi * y)


def hessian(x, y):
    return 2 + 40 * np.pi**2 * np.cos(2 * np.pi * x), 0.0, 2 + 40 * np.pi**2 * np.cos(2 * np.pi * y)


RASTRIGIN = Surface(
    key="rastrigin",
    title="Rastrigin",
    formulas=(value, gradient, hessian),
    latex=r"20 + x^2 - 10\cos 2\pi x + y^2 - 10\cos 2\pi y",
    domain=(-5.12, 5.12, -5.12, 5.12),
    minima=((0.0, 0.0),),
    minimum=0.0,
    starts=((-3.2, 2.7),),
    rates={"sgd": 0.002, "momentum": 0.0004, "adam": 0.1},
    teaches=T("121 minima: following the slope ends in the nearest one, almost never in the best."),
    source="Rastrigin 1974; Mühlenbein, Schomisch & Born 1991, doi:10.1016/S0167-8191(05)80052-3",
    isolated=441,
    proof=T("f is a sum of the same part in x and in y, whose slope has 21 roots (interval arithmetic)."),
)
