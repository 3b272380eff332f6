"""Adagrad: a rate per coordinate that shrinks with all the gradients the coordinate has seen.

J. Duchi, E. Hazan, Y. Singer, "Adaptive subgradient methods for online learning and stochastic optimization",
Journal of Machine Learning Research 12 (2011) 2121-2159. Epsilon stands outside the root, as in
torch.optim.Adagrad.
"""

import numpy as np

from core.engine.spec import Hyper, Optimizer, State, learning_rate
from core.text import T


def step(x, g, total, t, lr, lr_decay, weight_decay, initial_accumulator_value, eps):
    g = g + weight_decay * x
    total = total + g * g
    rate = lr / (1 + t * lr_decay) / (np.sqrt(initial_accumulator_value + total) + eps)
    return x - rate * g, total, t + 1


def explain(x, g, total, t, lr, lr_decay, weight_decay, initial_accumulator_value, eps):
    rate = lr / (1 + (t - 1) * lr_decay) / (np.sqrt(initial_accumulator_value + total) + eps)
    return {"rate": rate, "step": -rate * (g + weight_decay * x)}


ADAGRAD = Optimizer(
    key="adagrad",
    title="Adagrad",
    step=step,
    explain=explain,
    state=(
        State("total", "G", T("Sum of the squared gradients")),
        State("t", "t", T("Steps taken"), shared=True),
    ),
    hyper=(
        learning_rate(1e-2),
        Hyper("lr_decay", 0.0, r"\delta", T("Decay of the rate: 1 / (1 + t decay)"), (0.0, 1e6), (0.0, 1.0)),
        Hyper("weight_decay", 0.0, r"\lambda", T("Weight decay (L2, in the gradient)"), (0.0, 1e6), (0.0, 1.0)),
        Hyper("initial_accumulator_value", 0.0, "A", T("Sum before the first step"), (0.0, 1e6), (0.0, 10.0)),
        Hyper("eps", 1e-10, r"\varepsilon", T("Prevents division by zero"), (0.0, 1e6), (1e-12, 1e-2), "log"),
    ),
    latex=r"""
g_t \leftarrow g_t + \lambda\,x_{t-1} \\[4pt]
G_t = G_{t-1} + g_t^2 \qquad
x_t = x_{t-1} - \frac{\eta}{1+(t-1)\,\delta}\,\frac{g_t}{\sqrt{A + G_t}+\varepsilon}
""",
    text=T("Every coordinate has its own rate, which only falls: the more gradient seen, the smaller."),
    source="Duchi, Hazan & Singer 2011, jmlr.org/papers/v12/duchi11a.html",
    torch="Adagrad",
    torch_arguments=lambda h: {
        key: h[key] for key in ("lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps")
    },
    like="adam",
    part=5.0,
)
