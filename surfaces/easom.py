"""Easom's function: one narrow hole in a plain that is flat to eight digits.

E. E. Easom, "A survey of global optimization techniques", M. Eng. thesis, University of Louisville, 1990.
"""

import numpy as np

from core.engine.spec import Surface
from core.text import T


def value(x, y):
    return -np.cos(x) * np.cos(y) * np.exp(-((x - np.pi) ** 2) - (y - np.pi) ** 2)


def gradient(x, y):
    u, v = x - np.pi, y - np.pi
    hole = np.exp(-(u**2) - v**2)
    return (
        hole * (np.sin(x) + 2 * u * np.cos(x)) * np.cos(y),
        hole * (np.sin(y) + 2 * v * np.cos(y)) * np.cos(x),
    )


def hessian(x, y):
    u, v = x - np.pi, y - np.pi
    hole = np.exp(-(u**2) - v**2)
    return (
        hole * np.cos(y) * ((3 - 4 * u**2) * np.cos(x) - 4 * u * np.sin(x)),
        -hole * (np.sin(x) + 2 * u * np.cos(x)) * (np.sin(y) + 2 * v * np.cos(y)),
        hole * np.cos(x) * ((3 - 4 * v**2) * np.cos(y) - 4 * v * np.sin(y)),
    )


EASOM = Surface(
    key="easom",
    title="Easom",
    formulas=(value, gradient, hessian),
    latex=r"-\cos x \, \cos y \; e^{-(x-\pi)^2 - (y-\pi)^2}",
    domain=(0.0, 6.0, 0.0, 6.0),
    minima=((np.pi, np.pi),),
    minimum=-1.0,
    starts=((2.0, 2.0), (0.0, 0.0)),
    rates={"sgd": 0.1, "momentum": 0.02, "adam": 0.05},
    teaches=T("A needle in a plain: on its rim everyone falls in, a little further out nobody feels it."),
    source="Easom 1990",
    isolated=13,
    proof=T("f = -g(x) g(y): g' has three roots and g two (interval arithmetic), which makes 9 + 4 points."),
)
