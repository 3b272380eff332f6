"""The eggholder: a huge rugged window whose lowest point lies on its border.

D. Whitley, S. Rana, J. Dzubera, K. E. Mathias, "Evaluating evolutionary algorithms", Artificial
Intelligence 85 (1996) 245-276, doi:10.1016/0004-3702(95)00124-7. On a crease the part of the derivatives
that comes from the absolute value is taken as 0.
"""

import numpy as np

from core.engine.spec import Surface
from core.text import T


def value(x, y):
    return -(y + 47) * np.sin(np.sqrt(np.abs(x / 2 + y + 47))) - x * np.sin(np.sqrt(np.abs(x - y - 47)))


def gradient(x, y):
    a, b = x / 2 + y + 47, x - y - 47
    p, q = np.sqrt(np.abs(a)), np.sqrt(np.abs(b))
    p_a = 0.5 * np.sign(a) / p if a != 0 else 0.0
    q_b = 0.5 * np.sign(b) / q if b != 0 else 0.0
    return (
        -0.5 * (y + 47) * np.cos(p) * p_a - np.sin(q) - x * np.cos(q) * q_b,
        -np.sin(p) - (y + 47) * np.cos(p) * p_a + x * np.cos(q) * q_b,
    )


def hessian(x, y):
    a, b = x / 2 + y + 47, x - y - 47
    p, q = np.sqrt(np.abs(a)), np.sqrt(np.abs(b))
    rise_a = 0.5 * np.sign(a) * np.cos(p) / p if a != 0 else 0.0
    rise_b = 0.5 * np.sign(b) * np.cos(q) / q if b != 0 else 0.0
    bend_a = -0.25 * (np.sin(p) + np.cos(p) / p) / p**2 if a != 0 else 0.0
    bend_b = -0.25 * (np.sin(q) + np.cos(q) / q) / q**2 if b != 0 else 0.0
    return (
        -0.25 * (y + 47) * bend_a - 2 * rise_b - x * bend_b,
        -0.5 * rise_a - 0.5 * (y + 47) * bend_a + rise_b + x * bend_b,
        -2 * rise_a - (y + 47) * bend_a - x * bend_b,
    )


EGGHOLDER = Surface(
    key="eggholder",
    title="Eggholder",
    formulas=(value, gradient, hessian),
    latex=r"-(y+47)\sin\sqrt{\left|\tfrac{x}{2}+y+47\right|} - x\sin\sqrt{\left|x-y-47\right|}",
    domain=(-512.0, 512.0, -512.0, 512.0),
    minima=((512.0, 404.2318051137578),),
    minimum=-959.6406627208509,
    starts=((200.0, 100.0),),
    rates={"sgd": 0.5, "momentum": 0.1, "adam": 5.0},
    teaches=T("The lowest point lies on the border and is no critical point: f would fall on beyond it."),
    source="Whitley et al. 1996, doi:10.1016/0004-3702(95)00124-7",
    bounded=True,
    kinks=T("The lines x/2 + y = -47 and x - y = 47, infinitely steep on both sides."),
)
