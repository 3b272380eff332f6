"""Adam: a mean of the gradient over the root of a mean of its square, both corrected for their start.

D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015, arXiv:1412.6980. The place of
epsilon and the order of operations are those of torch.optim.Adam.
"""

import numpy as np

from core.engine.spec import Hyper, Optimizer, State, learning_rate
from core.text import T


def step(x, g, m, v, decay1, decay2, lr, beta1, beta2, eps, weight_decay):
    g = g + weight_decay * x
    decay1 = decay1 * beta1
    decay2 = decay2 * beta2
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    m_hat = m / (1 - decay1)
    v_hat = v / (1 - decay2)
    return x - lr * m_hat / (np.sqrt(v_hat) + eps), m, v, decay1, decay2


def explain(m, v, decay1, decay2, lr, eps):
    m_hat = m / (1 - decay1)
    v_hat = v / (1 - decay2)
    rate = lr / (np.sqrt(v_hat) + eps)
    return {"m_hat": m_hat, "v_hat": v_hat, "rate": rate, "step": -rate * m_hat}


ADAM = Optimizer(
    key="adam",
    title="Adam",
    step=step,
    explain=explain,
    state=(
        State("m", "m", T("Mean of the gradient")),
        State("v", "v", T("Mean of its square")),
        State("decay1", r"\beta_1^t", T("Weight of the start in m"), start=1.0, shared=True),
        State("decay2", r"\beta_2^t", T("Weight of the start in v"), start=1.0, shared=True),
    ),
    hyper=(
        learning_rate(1e-3),
        Hyper("beta1", 0.9, r"\beta_1", T("Memory of the mean"), (0.0, 0.999999), (0.0, 0.999), "near one"),
        Hyper("beta2", 0.999, r"\beta_2", T("Memory of the square"), (0.0, 0.999999), (0.5, 0.9999), "near one"),
        Hyper("eps", 1e-8, r"\varepsilon", T("Prevents division by zero"), (0.0, 1e6), (1e-12, 1e-2), "log"),
        Hyper("weight_decay", 0.0, r"\lambda", T("Weight decay (L2, in the gradient)"), (0.0, 1e6), (0.0, 1.0)),
    ),
    latex=r"""
g_t \leftarrow g_t + \lambda\,x_{t-1} \\[4pt]
m_t = \beta_1 m_{t-1} + (1-\beta_1)\,g_t \qquad v_t = \beta_2 v_{t-1} + (1-\beta_2)\,g_t^2 \\[4pt]
\hat m_t = \frac{m_t}{1-\beta_1^t} \qquad \hat v_t = \frac{v_t}{1-\beta_2^t} \qquad
x_t = x_{t-1} - \eta\,\frac{\hat m_t}{\sqrt{\hat v_t}+\varepsilon}
""",
    momentum="m",
    text=T("The mean gradient over its typical size: each coordinate moves about one learning rate a step."),
    source="Kingma & Ba 2015, arXiv:1412.6980",
    torch="Adam",
    torch_arguments=lambda h: {
        "lr": h["lr"],
        "betas": (h["beta1"], h["beta2"]),
        "eps": h["eps"],
        "weight_decay": h["weight_decay"],
    },
)
