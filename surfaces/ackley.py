"""Ackley's function: ripples on a funnel whose lowest point is a tip, where no gradient exists.

D. H. Ackley, "A connectionist machine for genetic hillclimbing", Kluwer 1987,
doi:10.1007/978-1-4613-1997-9. At the origin the part of the derivatives that comes from the tip is taken as
0.
"""

import numpy as np

from core.engine.spec import Surface
from core.text import T


def value(x, y):
    s = np.sqrt(0.5 * (x**2 + y**2))
    ripples = np.exp(0.5 * (np.cos(2 * np.pi * x) + np.cos(2 * np.pi * y)))
    return 20 * (1 - np.exp(-0.2 * s)) + (np.e - ripples)


def gradient(x, y):
    s = np.sqrt(0.5 * (x**2 + y**2))
    u, v = (x / s, y / s) if s != 0 else (0.0, 0.0)
    funnel = np.exp(-0.2 * s)
    ripples = np.exp(0.5 * (np.cos(2 * np.pi * x) + np.cos(2 * np.pi * y)))
    return (
        2 * funnel * u + np.pi * np.sin(2 * np.pi * x) * ripples,
        2 * funnel * v + np.pi * np.sin(2 * np.pi * y) * ripples,
    )


def hessian(x, y):
    s = np.sqrt(0.5 * (x**2 + y**2))
    u, v, w = (x / s, y / s, 1 / s) if s != 0 else (0.0, 0.0, 0.0)
    funnel = np.exp(-0.2 * s)
    ripples = np.pi**2 * np.exp(0.5 * (np.cos(2 * np.pi * x) + np.cos(2 * np.pi * y)))
    sin_x, sin_y = np.sin(2 * np.pi * x), np.sin(2 * np.pi * y)
    return (
        funnel * (v**2 * w - 0.2 * u**2) + ripples * (2 * np.cos(2 * np.pi * x) - sin_x**2),
        -funnel * (w + 0.2) * u * v - ripples * sin_x * sin_y,
        funnel * (u**2 * w - 0.2 * v**2) + ripples * (2 * np.cos(2 * np.pi * y) - sin_y**2),
    )


ACKLEY = Surface(
    key="ackley",
    title="Ackley",
    formulas=(value, gradient, hessian),
    latex=r"-20\,e^{-0.2\sqrt{(x^2+y^2)/2}} - e^{(\cos 2\pi x + \cos 2\pi y)/2} + e + 20",
    domain=(-5.0, 5.0, -5.0, 5.0),
    minima=((0.0, 0.0),),
    minimum=0.0,
    starts=((-3.0, 2.5),),
    rates={"sgd": 0.02, "momentum": 0.004, "adam": 0.1},
    teaches=T("A funnel that points home, covered with ripples that stop whoever follows the slope."),
    source="Ackley 1987, doi:10.1007/978-1-4613-1997-9",
    kinks=T("The origin, which is the minimum: a tip of slope 2√2 in every direction."),
)
