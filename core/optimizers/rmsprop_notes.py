"""RMSprop as many notes write it: epsilon inside the root, and a shorter memory.

T. Tieleman, G. Hinton, "Lecture 6.5 - RMSProp", COURSERA: Neural networks for machine learning (2012).
Adadelta told only by its denominator is this formula. With eps = 0, as some write it, a gradient of 0 at the
first step gives 0 / 0.
"""

import numpy as np

from core.engine.spec import Hyper, Optimizer, State, learning_rate
from core.text import T


def step(x, g, v, lr, alpha, eps, eps_inside):
    v = alpha * v + (1 - alpha) * g * g
    rate = lr / (np.sqrt(v + eps_inside * eps) + (1 - eps_inside) * eps)
    return x - rate * g, v


def explain(g, v, lr, eps, eps_inside):
    rate = lr / (np.sqrt(v + eps_inside * eps) + (1 - eps_inside) * eps)
    return {"rate": rate, "step": -rate * g}


RMSPROP_NOTES = Optimizer(
    key="rmsprop_notes",
    title="RMSprop (notes)",
    step=step,
    explain=explain,
    state=(State("v", "v", T("Mean of the squared gradient")),),
    hyper=(
        learning_rate(1e-3),
        Hyper("alpha", 0.9, r"\alpha", T("Memory of the square"), (0.0, 1.0), (0.5, 0.9999), "near one"),
        Hyper("eps", 1e-8, r"\varepsilon", T("Prevents division by zero"), (0.0, 1e6), (1e-12, 1e-2), "log"),
        Hyper("eps_inside", 1.0, "i", T("Epsilon inside the root"), (0.0, 1.0), scale="switch"),
    ),
    latex=r"""
v_t = \alpha\,v_{t-1} + (1-\alpha)\,g_t^2 \qquad
x_t = x_{t-1} - \frac{\eta}{\sqrt{v_t+i\,\varepsilon}+(1-i)\,\varepsilon}\,g_t
""",
    text=T("RMSprop with epsilon inside the root: very small gradients move it less than they should."),
    source="Tieleman & Hinton 2012, lecture 6.5",
    like="adam",
    part=0.1,
)
