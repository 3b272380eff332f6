"""Lévy's function number 13: hundreds of small wells in a valley with ripples.

A. V. Levy, A. Montalvo, "The tunneling algorithm for the global minimization of functions", SIAM Journal on
Scientific and Statistical Computing 6 (1985) 15-29, doi:10.1137/0906002.
"""

import numpy as np

from core.engine.spec import Surface
from core.text import T


def value(x, y):
    return (
        np.sin(3 * np.pi * x) ** 2
        + (x - 1) ** 2 * (1 + np.sin(3 * np.pi * y) ** 2)
        + (y - 1) ** 2 * (1 + np.sin(2 * np.pi * y) ** 2)
    )


def gradient(x, y):
    u, v = x - 1, y - 1
    return (
        3 * np.pi * np.sin(6 * np.pi * x) + 2 * u * (1 + np.sin(3 * np.pi * y) ** 2),
        3 * np.pi * u**2 * np.sin(6 * np.pi * y)
        + 2 * v * (1 + np.sin(2 * np.pi * y) ** 2)
        + 2 * np.pi * v**2 * np.sin(4 * np.pi * y),
    )


def hessian(x, y):
    u, v = x - 1, y - 1
    return (
        18 * np.pi**2 * np.cos(6 * np.pi * x) + 2 * (1 + np.sin(3 * np.pi * y) ** 2),
        6 * np.pi * u * np.sin(6 * np.pi * y),
        18 * np.pi**2 * u**2 * np.cos(6 * np.pi * y)
        + 2 * (1 + np.sin(2 * np.pi * y) ** 2)
        + 8 * np.pi * v * np.sin(4 * np.pi * y)
        + 8 * np.pi**2 * v**2 * np.cos(4 * np.pi * y),
    )


LEVY13 = Surface(
    key="levy13",
    title="Lévy 13",
    formulas=(value, gradient, hessian),
    latex=r"\sin^2 3\pi x + (x-1)^2 (1 + \sin^2 3\pi y) + (y-1)^2 (1 + \sin^2 2\pi y)",
    domain=(-4.0, 4.0, -4.0, 4.0),
    minima=((1.0, 1.0),),
    minimum=0.0,
    starts=((-2.0, 2.5),),
    rates={"sgd": 0.001, "momentum": 0.0008, "adam": 0.1},
    teaches=T("At least 504 minima: far from the best one the wells are deep, near it they are shallow."),
    source="Levy & Montalvo 1985, doi:10.1137/0906002",
    colour="log",
)
