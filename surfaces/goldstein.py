"""The Goldstein-Price function: slopes from 0 to 47,000 in one window, with minima of 3, 30, 84 and 840.

A. A. Goldstein, J. F. Price, "On descent from local minima", Mathematics of Computation 25 (1971) 569-574.
It is a product of one quartic in s = x + y and one in t = 2x - 3y, and is written so here.
"""

from core.engine.spec import Surface
from core.text import T


def value(x, y):
    s, t = x + y, 2 * x - 3 * y
    return (1 + (s + 1) ** 2 * (19 - 14 * s + 3 * s**2)) * (30 + t**2 * (18 - 16 * t + 3 * t**2))


def gradient(x, y):
    s, t = x + y, 2 * x - 3 * y
    a, a_s = 1 + (s + 1) ** 2 * (19 - 14 * s + 3 * s**2), 12 * (s + 1) * (s - 1) * (s - 2)
    b, b_t = 30 + t**2 * (18 - 16 * t + 3 * t**2), 12 * t * (t - 1) * (t - 3)
    return a_s * b + 2 * a * b_t, a_s * b - 3 * a * b_t


def hessian(x, y):
    s, t = x + y, 2 * x - 3 * y
    a, a_s = 1 + (s + 1) ** 2 * (19 - 14 * s + 3 * s**2), 12 * (s + 1) * (s - 1) * (s - 2)
    b, b_t = 30 + t**2 * (18 - 16 * t + 3 * t**2), 12 * t * (t - 1) * (t - 3)
    a_ss, b_tt = 12 * (3 * s**2 - 4 * s - 1), 12 * (3 * t**2 - 8 * t + 3)
    return (
        a_ss * b + 4 * a_s * b_t + 4 * a * b_tt,
        a_ss * b - a_s * b_t - 6 * a * b_tt,
        a_ss * b - 6 * a_s * b_t + 9 * a * b_tt,
    )


GOLDSTEIN = Surface(
    key="goldstein",
    title="Goldstein-Price",
    formulas=(value, gradient, hessian),
    latex=r"\left[1 + (s+1)^2 (19 - 14s + 3s^2)\right] \left[30 + t^2 (18 - 16t + 3t^2)\right], "
    r"\quad s = x + y, \quad t = 2x - 3y",
    domain=(-2.0, 2.0, -2.0, 2.0),
    minima=((0.0, -1.0),),
    minimum=3.0,
    starts=((-1.5, -0.5),),
    rates={"sgd": 1e-5, "momentum": 2e-6, "adam": 0.1},
    teaches=T("Slopes in the tens of thousands: a rate must fit the scale of f, unless the method removes it."),
    source="Goldstein & Price 1971",
    colour="log",
    colour_offset=10.0,
    isolated=9,
    proof=T("f = A(x + y) B(2x - 3y) with positive A and B, whose slopes have the roots -1, 1, 2 and 0, 1, 3."),
)
