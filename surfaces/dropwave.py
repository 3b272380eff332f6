"""The drop wave: rings of equal height around one minimum, as after a drop falls into water.

M. Molga, C. Smutnicki, "Test functions for optimization needs", 2005.
"""

import numpy as np

from core.engine.spec import Surface
from core.text import T


def value(x, y):
    r = np.sqrt(x**2 + y**2)
    return -(1 + np.cos(12 * r)) / (0.5 * r**2 + 2)


def gradient(x, y):
    r = np.sqrt(x**2 + y**2)
    d = 0.5 * r**2 + 2
    wave = 12 * np.sin(12 * r) / r if r != 0 else 144.0
    rise = wave / d + (1 + np.cos(12 * r)) / d**2  # f'(r) / r, finite at the centre
    return x * rise, y * rise


def hessian(x, y):
    r = np.sqrt(x**2 + y**2)
    d = 0.5 * r**2 + 2
    u, v, wave = (x / r, y / r, 12 * np.sin(12 * r) / r) if r != 0 else (0.0, 0.0, 144.0)
    rise = wave / d + (1 + np.cos(12 * r)) / d**2
    bend = (144 * np.cos(12 * r) - wave) / d - 2 * r**2 * (wave / d**2 + (1 + np.cos(12 * r)) / d**3)
    return rise + u**2 * bend, u * v * bend, rise + v**2 * bend  # bend = f''(r) - f'(r) / r


DROPWAVE = Surface(
    key="dropwave",
    title="Drop wave",
    formulas=(value, gradient, hessian),
    latex=r"-\frac{1 + \cos\left(12\sqrt{x^2+y^2}\right)}{\tfrac12 (x^2+y^2) + 2}",
    domain=(-5.12, 5.12, -5.12, 5.12),
    minima=((0.0, 0.0),),
    minimum=-1.0,
    starts=((1.5, 1.2),),
    rates={"sgd": 0.02, "momentum": 0.004, "adam": 0.05},
    teaches=T("Whole circles of critical points: a run stops on a ring, and moving along it changes nothing."),
    source="Molga & Smutnicki 2005",
)
