"""AMSGrad: Adam that divides by the largest mean square so far, so that no calm raises its rate again.

S. J. Reddi, S. Kale, S. Kumar, "On the convergence of Adam and beyond", ICLR 2018, arXiv:1904.09237. As in
torch.optim.Adam(amsgrad=True), the largest is taken before the correction for the start, so that the rate may
still rise while that correction fades, over some 1 / (1 - beta2) steps; the paper corrects nothing.
"""

import numpy as np

from core.engine.spec import Hyper, Optimizer, State, learning_rate
from core.text import T


def step(x, g, m, v, v_max, decay1, decay2, lr, beta1, beta2, eps, weight_decay):
    g = g + weight_decay * x
    decay1 = decay1 * beta1
    decay2 = decay2 * beta2
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    v_max = max(v_max, v)
    m_hat = m / (1 - decay1)
    v_hat = v_max / (1 - decay2)
    return x - lr * m_hat / (np.sqrt(v_hat) + eps), m, v, v_max, decay1, decay2


def explain(m, v_max, decay1, decay2, lr, eps):
    m_hat = m / (1 - decay1)
    v_hat = v_max / (1 - decay2)
    rate = lr / (np.sqrt(v_hat) + eps)
    return {"m_hat": m_hat, "v_hat": v_hat, "rate": rate, "step": -rate * m_hat}


AMSGRAD = Optimizer(
    key="amsgrad",
    title="AMSGrad",
    step=step,
    explain=explain,
    state=(
        State("m", "m", T("Mean of the gradient")),
        State("v", "v", T("Mean of its square")),
        State("v_max", r"v^{\max}", T("Largest v so far")),
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
v^{\max}_t = \max(v^{\max}_{t-1}, v_t) \qquad \hat m_t = \frac{m_t}{1-\beta_1^t} \qquad
\hat v_t = \frac{v^{\max}_t}{1-\beta_2^t} \qquad
x_t = x_{t-1} - \eta\,\frac{\hat m_t}{\sqrt{\hat v_t}+\varepsilon}
""",
    momentum="m",
    text=T("Adam that remembers the largest gradients: no late bursts, but one early cliff keeps it slow."),
    source="Reddi, Kale & Kumar 2018, arXiv:1904.09237",
    torch="Adam",
    torch_arguments=lambda h: {
        "lr": h["lr"],
        "betas": (h["beta1"], h["beta2"]),
        "eps": h["eps"],
        "weight_decay": h["weight_decay"],
        "amsgrad": True,
    },
    like="adam",
)
