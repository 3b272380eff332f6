"""Lion: a step of fixed length along the sign of a blend of the new gradient and the memory of old ones.

X. Chen et al., "Symbolic discovery of optimization algorithms", NeurIPS 2023, arXiv:2302.06675, with the
paper's default rate and decay rates. torch.optim has no such class.
"""

import numpy as np

from core.engine.spec import Hyper, Optimizer, State, learning_rate
from core.text import T


def step(x, g, m, c, lr, beta1, beta2, weight_decay):
    c = beta1 * m + (1 - beta1) * g  # remembered for the explanation only: m moves on
    m = beta2 * m + (1 - beta2) * g
    return x - lr * (np.sign(c) + weight_decay * x), m, c


def explain(x, c, lr, weight_decay):
    decay = -lr * weight_decay * x
    return {"direction": np.sign(c), "decay": decay, "rate": lr, "step": decay - lr * np.sign(c)}


LION = Optimizer(
    key="lion",
    title="Lion",
    step=step,
    explain=explain,
    state=(
        State("m", "m", T("Mean of the gradient")),
        State("c", "c", T("Blend of the mean and the new gradient")),
    ),
    hyper=(
        learning_rate(1e-4),
        Hyper("beta1", 0.9, r"\beta_1", T("Memory in the step"), (0.0, 0.999999), (0.0, 0.999), "near one"),
        Hyper("beta2", 0.99, r"\beta_2", T("Memory of the mean"), (0.0, 0.999999), (0.5, 0.9999), "near one"),
        Hyper("weight_decay", 0.0, r"\lambda", T("Weight decay (decoupled, on x)"), (0.0, 1e6), (0.0, 1.0)),
    ),
    latex=r"""
c_t = \beta_1 m_{t-1} + (1-\beta_1)\,g_t \qquad m_t = \beta_2 m_{t-1} + (1-\beta_2)\,g_t \\[4pt]
x_t = x_{t-1} - \eta\,(\operatorname{sign}(c_t) + \lambda\,x_{t-1})
""",
    momentum="m",
    text=T("Each coordinate moves exactly one learning rate a step; recent gradients vote on the direction."),
    source="Chen et al. 2023, arXiv:2302.06675",
    like="adam",
    part=0.1,
)
