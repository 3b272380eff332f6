"""Schaffer's function number 2: waves that follow hyperbolas, with deep grooves along both diagonals.

J. D. Schaffer, R. A. Caruana, L. J. Eshelman, R. Das, "A study of control parameters affecting online
performance of genetic algorithms for function optimization", ICGA 1989, pages 51-60; formula as in M.
Jamil, X.-S. Yang, "A literature survey of benchmark functions for global optimisation problems",
International Journal of Mathematical Modelling and Numerical Optimisation 4 (2013) 150-194,
arXiv:1308.4008. The window is smaller than usual, because the waves grow shorter outwards than a picture
can show.
"""

import numpy as np

from core.engine.spec import Surface
from core.text import T


def value(x, y):
    return 0.5 + (np.sin(x**2 - y**2) ** 2 - 0.5) / (1 + 0.001 * (x**2 + y**2)) ** 2


def gradient(x, y):
    d = 1 + 0.001 * (x**2 + y**2)
    wave = np.sin(2 * (x**2 - y**2)) / d**2
    fade = 0.002 * (np.sin(x**2 - y**2) ** 2 - 0.5) / d**3
    return 2 * x * (wave - fade), -2 * y * (wave + fade)


def hessian(x, y):
    d = 1 + 0.001 * (x**2 + y**2)
    wave = np.sin(2 * (x**2 - y**2)) / d**2
    fade = 0.002 * (np.sin(x**2 - y**2) ** 2 - 0.5) / d**3
    bend = 4 * np.cos(2 * (x**2 - y**2)) / d**2
    return (
        2 * (wave - fade) + 2 * x**2 * (bend - 0.008 * wave / d + 0.006 * fade / d),
        -2 * x * y * (bend - 0.006 * fade / d),
        -2 * (wave + fade) + 2 * y**2 * (bend + 0.008 * wave / d + 0.006 * fade / d),
    )


SCHAFFER2 = Surface(
    key="schaffer2",
    title="Schaffer 2",
    formulas=(value, gradient, hessian),
    latex=r"\tfrac12 + \frac{\sin^2(x^2-y^2) - \tfrac12}{\left(1 + 0.001\,(x^2+y^2)\right)^2}",
    domain=(-4.0, 4.0, -4.0, 4.0),
    minima=((0.0, 0.0),),
    minimum=0.0,
    starts=((3.0, 2.0),),
    rates={"sgd": 0.02, "momentum": 0.004, "adam": 0.05},
    teaches=T("Many grooves that are almost as low as the minimum: a small loss does not mean a near solution."),
    source="Schaffer et al. 1989; Jamil & Yang 2013, arXiv:1308.4008",
    isolated=41,
    proof=T(
        "Off the axes the slopes never vanish together; on each axis their roots are counted (interval arithmetic)."
    ),
)
