"""A sharp and a flat well side by side; the sharp one is the lower of the two.

Made for this question, which N. S. Keskar et al., "On large-batch training for deep learning:
generalization gap and sharp minima", ICLR 2017, arXiv:1609.04836, asked of networks.
"""

import numpy as np

from core.engine.spec import Surface
from core.text import T


def value(x, y):
    sharp = np.exp(-((x + 1.5) ** 2 + y**2) / 0.045)
    flat = 0.9 * np.exp(-((x - 1.5) ** 2 + y**2) / 1.28)
    return 1 - sharp - flat + 0.02 * (x**2 + y**2)


def gradient(x, y):
    sharp = np.exp(-((x + 1.5) ** 2 + y**2) / 0.045) * 2 / 0.045
    flat = 0.9 * np.exp(-((x - 1.5) ** 2 + y**2) / 1.28) * 2 / 1.28
    return sharp * (x + 1.5) + flat * (x - 1.5) + 0.04 * x, (sharp + flat + 0.04) * y


def hessian(x, y):
    sharp = np.exp(-((x + 1.5) ** 2 + y**2) / 0.045) * 2 / 0.045
    flat = 0.9 * np.exp(-((x - 1.5) ** 2 + y**2) / 1.28) * 2 / 1.28
    return (
        sharp * (1 - (x + 1.5) ** 2 * 2 / 0.045) + flat * (1 - (x - 1.5) ** 2 * 2 / 1.28) + 0.04,
        -y * (sharp * (x + 1.5) * 2 / 0.045 + flat * (x - 1.5) * 2 / 1.28),
        sharp * (1 - y**2 * 2 / 0.045) + flat * (1 - y**2 * 2 / 1.28) + 0.04,
    )


SHARPFLAT = Surface(
    key="sharpflat",
    title="Sharp and flat well",
    formulas=(value, gradient, hessian),
    latex=r"1 - e^{-((x+1.5)^2+y^2)/0.045} - 0.9\,e^{-((x-1.5)^2+y^2)/1.28} + 0.02\,(x^2+y^2)",
    domain=(-3.0, 3.0, -2.0, 2.0),
    minima=((-1.4985668049836394, 0.0),),
    minimum=0.04415888959511037,
    starts=((-1.4, 0.05),),
    rates={"sgd": 0.02, "momentum": 0.004, "adam": 0.05},
    teaches=T("A large rate cannot rest in the sharp well and ends in the flat one, which here is the worse."),
    source="After Keskar et al. 2017, arXiv:1609.04836",
    isolated=3,
    proof=T("f_y is y times a positive number; on y = 0 the slope f_x has three roots (interval arithmetic)."),
)
