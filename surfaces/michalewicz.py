"""Michalewicz' function: steep ditches in a plain so flat that the slope tells nothing.

Z. Michalewicz, "Genetic algorithms + data structures = evolution programs", Springer, 3rd edition 1996,
doi:10.1007/978-3-662-03315-9. Steepness m = 10.
"""

import numpy as np

from core.engine.spec import Surface
from core.text import T


def value(x, y):
    return -np.sin(x) * np.sin(x**2 / np.pi) ** 20 - np.sin(y) * np.sin(2 * y**2 / np.pi) ** 20


def gradient(x, y):
    s, c, d = np.sin(x**2 / np.pi), np.cos(x**2 / np.pi), 2 * x / np.pi
    p, q, e = np.sin(2 * y**2 / np.pi), np.cos(2 * y**2 / np.pi), 4 * y / np.pi
    return (
        -np.cos(x) * s**20 - 20 * np.sin(x) * s**19 * c * d,
        -np.cos(y) * p**20 - 20 * np.sin(y) * p**19 * q * e,
    )


def hessian(x, y):
    s, c, d = np.sin(x**2 / np.pi), np.cos(x**2 / np.pi), 2 * x / np.pi
    p, q, e = np.sin(2 * y**2 / np.pi), np.cos(2 * y**2 / np.pi), 4 * y / np.pi
    bend_x = 19 * s**18 * c**2 * d**2 - s**20 * d**2 + s**19 * c * 2 / np.pi
    bend_y = 19 * p**18 * q**2 * e**2 - p**20 * e**2 + p**19 * q * 4 / np.pi
    return (
        np.sin(x) * s**20 - 40 * np.cos(x) * s**19 * c * d - 20 * np.sin(x) * bend_x,
        0.0,
        np.sin(y) * p**20 - 40 * np.cos(y) * p**19 * q * e - 20 * np.sin(y) * bend_y,
    )


MICHALEWICZ = Surface(
    key="michalewicz",
    title="Michalewicz",
    formulas=(value, gradient, hessian),
    latex=r"-\sin x \, \sin^{20}\tfrac{x^2}{\pi} - \sin y \, \sin^{20}\tfrac{2y^2}{\pi}",
    domain=(0.0, np.pi, 0.0, np.pi),
    minima=((2.2029055201726093, np.pi / 2),),
    minimum=-1.8013034100985525,
    starts=((2.0, 1.3), (1.0, 0.5)),
    rates={"sgd": 0.005, "momentum": 0.001, "adam": 0.02},
    teaches=T("Most of the window is flat: there a tiny gradient means no information, not a minimum."),
    source="Michalewicz 1996, doi:10.1007/978-3-662-03315-9",
)
