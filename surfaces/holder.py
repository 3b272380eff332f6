"""The Hölder table: four equal minima near the corners of a table that is cut by creases.

S. K. Mishra, "Some new test functions for global optimization and performance of repulsive particle swarm
method", Munich Personal RePEc Archive, paper 2718, 2006. On a crease the part of the derivatives that comes
from the absolute value is taken as 0.
"""

import numpy as np

from core.engine.spec import Surface
from core.text import T


def value(x, y):
    r = np.sqrt(x**2 + y**2)
    return -np.abs(np.sin(x) * np.cos(y)) * np.exp(np.abs(1 - r / np.pi))


def gradient(x, y):
    r = np.sqrt(x**2 + y**2)
    u, v = (x / r, y / r) if r != 0 else (0.0, 0.0)
    k = -np.sign(1 - r / np.pi) / np.pi
    p, steep = np.sin(x) * np.cos(y), np.exp(np.abs(1 - r / np.pi))
    size, side = np.abs(p), np.sign(p)
    return (
        -steep * (side * np.cos(x) * np.cos(y) + size * k * u),
        -steep * (-side * np.sin(x) * np.sin(y) + size * k * v),
    )


def hessian(x, y):
    r = np.sqrt(x**2 + y**2)
    u, v, w = (x / r, y / r, 1 / r) if r != 0 else (0.0, 0.0, 0.0)
    k = -np.sign(1 - r / np.pi) / np.pi
    p, steep = np.sin(x) * np.cos(y), np.exp(np.abs(1 - r / np.pi))
    size, side = np.abs(p), np.sign(p)
    p_x, p_y = side * np.cos(x) * np.cos(y), -side * np.sin(x) * np.sin(y)
    p_xy = -side * np.cos(x) * np.sin(y)
    return (
        -steep * (-size + 2 * p_x * k * u + size * (k**2 * u**2 + k * v**2 * w)),
        -steep * (p_xy + p_x * k * v + p_y * k * u + size * (k**2 - k * w) * u * v),
        -steep * (-size + 2 * p_y * k * v + size * (k**2 * v**2 + k * u**2 * w)),
    )


HOLDER = Surface(
    key="holder",
    title="Hölder table",
    formulas=(value, gradient, hessian),
    latex=r"-|\sin x \, \cos y| \, e^{\left|1 - \sqrt{x^2+y^2}/\pi\right|}",
    domain=(-10.0, 10.0, -10.0, 10.0),
    minima=(
        (-8.055023475736563, -9.664590019241272),
        (-8.055023475736563, 9.664590019241272),
        (8.055023475736563, -9.664590019241272),
        (8.055023475736563, 9.664590019241272),
    ),
    minimum=-19.208502567886732,
    starts=((4.0, 4.0), (7.0, 9.0)),
    rates={"sgd": 0.05, "momentum": 0.01, "adam": 0.1},
    teaches=T("The lowest points sit near the corners, and creases keep every path in its own cell."),
    source="Mishra 2006, MPRA paper 2718",
    kinks=T("The lines x = k pi and y = (k + 1/2) pi, and the circle r = pi."),
)
