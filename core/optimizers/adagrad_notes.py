"""Adagrad as many notes write it: epsilon inside the root, where it acts as a threshold on the gradient.

J. Duchi, E. Hazan, Y. Singer, JMLR 12 (2011) 2121-2159. With eps = 1e-8, gradients far below 1e-4 count as
nothing.
"""

import numpy as np

from core.engine.spec import Hyper, Optimizer, State, learning_rate
from core.text import T


def step(x, g, total, lr, eps, eps_inside):
    total = total + g * g
    rate = lr / (np.sqrt(total + eps_inside * eps) + (1 - eps_inside) * eps)
    return x - rate * g, total


def explain(g, total, lr, eps, eps_inside):
    rate = lr / (np.sqrt(total + eps_inside * eps) + (1 - eps_inside) * eps)
    return {"rate": rate, "step": -rate * g}


ADAGRAD_NOTES = Optimizer(
    key="adagrad_notes",
    title="Adagrad (notes)",
    step=step,
    explain=explain,
    state=(State("total", "G", T("Sum of the squared gradients")),),
    hyper=(
        learning_rate(1e-2),
        Hyper("eps", 1e-8, r"\varepsilon", T("Prevents division by zero"), (0.0, 1e6), (1e-12, 1e-2), "log"),
        Hyper("eps_inside", 1.0, "i", T("Epsilon inside the root"), (0.0, 1.0), scale="switch"),
    ),
    latex=r"""
G_t = G_{t-1} + g_t^2 \qquad
x_t = x_{t-1} - \frac{\eta}{\sqrt{G_t+i\,\varepsilon}+(1-i)\,\varepsilon}\,g_t
""",
    text=T("Adagrad with epsilon inside the root: very small gradients move it less than they should."),
    source="Duchi, Hazan & Singer 2011, jmlr.org/papers/v12/duchi11a.html",
    like="adam",
    part=5.0,
)
