"""Adadelta: RMSprop whose rate is the recent root mean square of its own steps.

M. D. Zeiler, "ADADELTA: an adaptive learning rate method", arXiv:1212.5701. The learning rate, 1 in the
paper, is an addition of torch.optim.Adadelta.
"""

import numpy as np

from core.engine.spec import Hyper, Optimizer, State, learning_rate
from core.text import T


def step(x, g, v, u, ratio, lr, rho, eps, weight_decay):
    g = g + weight_decay * x
    v = rho * v + (1 - rho) * g * g
    ratio = np.sqrt(u + eps) / np.sqrt(v + eps)  # remembered for the explanation only: u moves on
    d = ratio * g
    u = rho * u + (1 - rho) * d * d
    return x - lr * d, v, u, ratio


def explain(x, g, ratio, lr, weight_decay):
    return {"rate": lr * ratio, "step": -lr * ratio * (g + weight_decay * x)}


ADADELTA = Optimizer(
    key="adadelta",
    title="Adadelta",
    step=step,
    explain=explain,
    state=(
        State("v", "v", T("Mean of the squared gradient")),
        State("u", "u", T("Mean of the squared step")),
        State("ratio", "r", T("Size of recent steps over size of recent gradients")),
    ),
    hyper=(
        learning_rate(1.0),
        Hyper("rho", 0.9, r"\rho", T("Memory of both means"), (0.0, 1.0), (0.5, 0.9999), "near one"),
        Hyper("eps", 1e-6, r"\varepsilon", T("Square of the first steps"), (0.0, 1e6), (1e-12, 1e-2), "log"),
        Hyper("weight_decay", 0.0, r"\lambda", T("Weight decay (L2, in the gradient)"), (0.0, 1e6), (0.0, 1.0)),
    ),
    latex=r"""
g_t \leftarrow g_t + \lambda\,x_{t-1} \\[4pt]
v_t = \rho\,v_{t-1} + (1-\rho)\,g_t^2 \qquad
d_t = \frac{\sqrt{u_{t-1}+\varepsilon}}{\sqrt{v_t+\varepsilon}}\,g_t \\[4pt]
u_t = \rho\,u_{t-1} + (1-\rho)\,d_t^2 \qquad x_t = x_{t-1} - \eta\,d_t
""",
    text=T("It chooses its rate from how far it has been moving, and so starts with tiny steps."),
    source="Zeiler 2012, arXiv:1212.5701",
    torch="Adadelta",
    torch_arguments=lambda h: {key: h[key] for key in ("lr", "rho", "eps", "weight_decay")},
    like=None,
)
