"""Surfaces for tests of the engine: plain enough to know every outcome beforehand, some of them nasty."""

import numpy as np

from core.engine.spec import Surface


def toy(value, gradient, hessian, **facts) -> Surface:
    """Return a surface of which only the formulas, and the facts that are given, mean anything."""
    unknown = {
        "key": value.__name__,
        "title": "",
        "latex": "",
        "domain": (-1.0, 1.0, -1.0, 1.0),
        "minima": (),
        "minimum": None,
        "starts": ((0.5, 0.5),),
        "rates": {},
        "teaches": "",
        "source": "",
    }
    return Surface(formulas=(value, gradient, hessian), **{**unknown, **facts})


def bowl(x, y):
    return 0.5 * (x * x + 4 * y * y)


def bowl_gradient(x, y):
    return x, 4 * y


def bowl_hessian(x, y):
    return 1.0, 0.0, 4.0


def slope(x, y):
    return x + 0 * y


def slope_gradient(x, y):
    return 1.0, 0.0


def slope_hessian(x, y):
    return 0.0, 0.0, 0.0


def half_plane(x, y):
    return np.sqrt(x) + y * y


def half_plane_gradient(x, y):
    return 0.5 / np.sqrt(x), 2 * y


def half_plane_hessian(x, y):
    return -0.25 / x**1.5, 0.0, 2.0


BOWL = toy(bowl, bowl_gradient, bowl_hessian, minima=((0.0, 0.0),))
FENCED_BOWL = toy(bowl, bowl_gradient, bowl_hessian, minima=((0.0, 0.0),), bounded=True)
SLOPE = toy(slope, slope_gradient, slope_hessian)
"""Falls without end: a run with rate r moves by -r in x at every step."""
FENCED_SLOPE = toy(slope, slope_gradient, slope_hessian, bounded=True)
HALF_PLANE = toy(half_plane, half_plane_gradient, half_plane_hessian)
"""Means nothing for x < 0, where its formulas give NaN."""
