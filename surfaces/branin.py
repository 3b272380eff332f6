"""Branin's function: three equal minima; the usual test for searching with few evaluations.

F. H. Branin, "Widely convergent method for finding multiple solutions of simultaneous nonlinear equations",
IBM Journal of Research and Development 16 (1972) 504-522, doi:10.1147/rd.165.0504. The minima lie at x =
-pi, pi, 3 pi; f = 5/(4 pi).
"""

import numpy as np

from core.engine.spec import Surface
from core.text import T


def value(x, y):
    u = y - 5.1 / (4 * np.pi**2) * x**2 + 5 / np.pi * x - 6
    return u**2 + 10 * (1 - 1 / (8 * np.pi)) * np.cos(x) + 10


def gradient(x, y):
    u = y - 5.1 / (4 * np.pi**2) * x**2 + 5 / np.pi * x - 6
    u_x = 5 / np.pi - 5.1 / (2 * np.pi**2) * x
    return 2 * u * u_x - 10 * (1 - 1 / (8 * np.pi)) * np.sin(x), 2 * u


def hessian(x, y):
    u = y - 5.1 / (4 * np.pi**2) * x**2 + 5 / np.pi * x - 6
    u_x = 5 / np.pi - 5.1 / (2 * np.pi**2) * x
    return 2 * u_x**2 - 5.1 / np.pi**2 * u - 10 * (1 - 1 / (8 * np.pi)) * np.cos(x), 2 * u_x, 2.0


BRANIN = Surface(
    key="branin",
    title="Branin",
    formulas=(value, gradient, hessian),
    latex=r"\left(y - \tfrac{5.1}{4\pi^2} x^2 + \tfrac{5}{\pi} x - 6\right)^2 "
    r"+ 10\left(1 - \tfrac{1}{8\pi}\right)\cos x + 10",
    domain=(-5.0, 10.0, 0.0, 15.0),
    minima=((-np.pi, 12.275), (np.pi, 2.275), (3 * np.pi, 2.475)),
    minimum=1.25 / np.pi,
    starts=((0.0, 10.0),),
    rates={"sgd": 0.02, "momentum": 0.004, "adam": 0.2},
    teaches=T("Three minima of the same depth: the usual test for a search that may try only a few points."),
    source="Branin 1972, doi:10.1147/rd.165.0504",
    colour="log",
    colour_offset=2.0,
    isolated=5,
    proof=T("f_y = 0 leaves a parabola, on which f_x is a multiple of sin x."),
)
