"""Bukin's function number 6: a curved ridge of infinite steepness that almost nobody can follow.

A. D. Bukin, "New minimization strategies for non-smooth functions", Budker Institute of Nuclear Physics,
preprint BUDKER-INP-1997-79, Novosibirsk 1997; as in Z. K. Silagadze, "Finding two-dimensional peaks",
Physics of Particles and Nuclei Letters 4 (2007) 73-80, arXiv:physics/0402085. 100 sqrt|y - x^2/100| is
written 10 sqrt|100 y - x^2|, which is exactly zero on the ridge in binary arithmetic too. On the ridge, and
at x = -10, the part of the derivatives that comes from the absolute value is taken as 0.
"""

import numpy as np

from core.engine.spec import Surface
from core.text import T


def value(x, y):
    return 10 * np.sqrt(np.abs(100 * y - x**2)) + 0.01 * np.abs(x + 10)


def gradient(x, y):
    u = 100 * y - x**2
    slope = 5 * np.sign(u) / np.sqrt(np.abs(u)) if u != 0 else 0.0
    return -2 * x * slope + 0.01 * np.sign(x + 10), 100 * slope


def hessian(x, y):
    u = 100 * y - x**2
    slope, bend = (5 * np.sign(u) / np.sqrt(np.abs(u)), -2.5 / np.abs(u) ** 1.5) if u != 0 else (0.0, 0.0)
    return 4 * x**2 * bend - 2 * slope, -200 * x * bend, 10000 * bend


BUKIN6 = Surface(
    key="bukin6",
    title="Bukin 6",
    formulas=(value, gradient, hessian),
    latex=r"100\sqrt{\left|y - 0.01\,x^2\right|} + 0.01\,|x + 10|",
    domain=(-15.0, -5.0, -3.0, 3.0),
    minima=((-10.0, 1.0),),
    minimum=0.0,
    starts=((-12.0, 2.0),),
    rates={"sgd": 1e-5, "momentum": 1e-6, "adam": 0.05},
    teaches=T("Infinitely steep on both sides of a curved crease: every step jumps across it, and nobody converges."),
    source="Bukin 1997; Silagadze 2007, arXiv:physics/0402085",
    colour="log",
    colour_offset=20.0,
    bounded=True,
    kinks=T("The crease 100 y = x^2, infinitely steep on both sides, and the line x = -10."),
    isolated=0,
    proof=T("Wherever there is a slope, its size along y is 500 / sqrt(|100y - x^2|), never zero."),
)
