"""The cross-in-tray: four equal minima in a tray, cut by sharp creases along both axes.

S. K. Mishra, "Some new test functions for global optimization and performance of repulsive particle swarm
method", Munich Personal RePEc Archive, paper 2718, 2006. On a crease the part of the derivatives that comes
from the absolute value is taken as 0.
"""

import numpy as np

from core.engine.spec import Surface
from core.text import T


def value(x, y):
    r = np.sqrt(x**2 + y**2)
    return -0.0001 * (np.abs(np.sin(x) * np.sin(y)) * np.exp(np.abs(100 - r / np.pi)) + 1) ** 0.1


def gradient(x, y):
    r = np.sqrt(x**2 + y**2)
    u, v = (x / r, y / r) if r != 0 else (0.0, 0.0)
    k = -np.sign(100 - r / np.pi) / np.pi
    p, steep = np.sin(x) * np.sin(y), np.exp(np.abs(100 - r / np.pi))
    size, side = np.abs(p), np.sign(p)
    h_x = steep * (side * np.cos(x) * np.sin(y) + size * k * u)
    h_y = steep * (side * np.sin(x) * np.cos(y) + size * k * v)
    g = size * steep + 1
    return -0.00001 * g**-0.9 * h_x, -0.00001 * g**-0.9 * h_y


def hessian(x, y):
    r = np.sqrt(x**2 + y**2)
    u, v, w = (x / r, y / r, 1 / r) if r != 0 else (0.0, 0.0, 0.0)
    k = -np.sign(100 - r / np.pi) / np.pi
    p, steep = np.sin(x) * np.sin(y), np.exp(np.abs(100 - r / np.pi))
    size, side = np.abs(p), np.sign(p)
    p_x, p_y = side * np.cos(x) * np.sin(y), side * np.sin(x) * np.cos(y)
    p_xy = side * np.cos(x) * np.cos(y)
    h_x, h_y = steep * (p_x + size * k * u), steep * (p_y + size * k * v)
    h_xx = steep * (-size + 2 * p_x * k * u + size * (k**2 * u**2 + k * v**2 * w))
    h_xy = steep * (p_xy + p_x * k * v + p_y * k * u + size * (k**2 - k * w) * u * v)
    h_yy = steep * (-size + 2 * p_y * k * v + size * (k**2 * v**2 + k * u**2 * w))
    g = size * steep + 1
    return (
        -0.00001 * g**-0.9 * (h_xx - 0.9 * h_x**2 / g),
        -0.00001 * g**-0.9 * (h_xy - 0.9 * h_x * h_y / g),
        -0.00001 * g**-0.9 * (h_yy - 0.9 * h_y**2 / g),
    )


CROSSINTRAY = Surface(
    key="crossintray",
    title="Cross-in-tray",
    formulas=(value, gradient, hessian),
    latex=r"-10^{-4} \left(|\sin x \, \sin y| \, e^{\left|100 - \sqrt{x^2+y^2}/\pi\right|} + 1\right)^{0.1}",
    domain=(-10.0, 10.0, -10.0, 10.0),
    minima=(
        (-1.3494066171539107, -1.3494066171539107),
        (-1.3494066171539107, 1.3494066171539107),
        (1.3494066171539107, -1.3494066171539107),
        (1.3494066171539107, 1.3494066171539107),
    ),
    minimum=-2.062611870822737,
    starts=((4.0, -3.0),),
    rates={"sgd": 1.0, "momentum": 0.2, "adam": 0.05},
    teaches=T("Sharp creases fence every dip, so the path stays in the cell in which it starts."),
    source="Mishra 2006, MPRA paper 2718",
    kinks=T("The lines x = k pi and y = k pi, almost infinitely steep on both sides."),
)
