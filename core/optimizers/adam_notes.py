"""Adam and AdamW as notes write them: without a correction for the start, or with epsilon inside the root.

D. P. Kingma, J. Ba, arXiv:1412.6980; I. Loshchilov, F. Hutter, arXiv:1711.05101. With all three switches as
in the paper (1, 1, 0) this is AdamW. With eps = 0, as some write it, a gradient of 0 at the first step gives
0 / 0.
"""

import numpy as np

from core.engine.spec import Hyper, Optimizer, State, learning_rate
from core.text import T


def step(x, g, m, v, decay1, decay2, lr, beta1, beta2, eps, weight_decay, correct_first, correct_second, eps_inside):
    decay1 = decay1 * beta1
    decay2 = decay2 * beta2
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    m_hat = m / (1 - correct_first * decay1)
    v_hat = v / (1 - correct_second * decay2)
    size = np.sqrt(v_hat + eps_inside * eps) + (1 - eps_inside) * eps
    return x - lr * (weight_decay * x + m_hat / size), m, v, decay1, decay2


def explain(x, m, v, decay1, decay2, lr, eps, weight_decay, correct_first, correct_second, eps_inside):
    m_hat = m / (1 - correct_first * decay1)
    v_hat = v / (1 - correct_second * decay2)
    rate = lr / (np.sqrt(v_hat + eps_inside * eps) + (1 - eps_inside) * eps)
    decay = -lr * weight_decay * x
    return {"m_hat": m_hat, "v_hat": v_hat, "decay": decay, "rate": rate, "step": decay - rate * m_hat}


ADAM_NOTES = Optimizer(
    key="adam_notes",
    title="Adam (notes)",
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
        Hyper("weight_decay", 0.0, r"\lambda", T("Weight decay (decoupled, on x)"), (0.0, 1e6), (0.0, 1.0)),
        Hyper("correct_first", 1.0, "a", T("Correct m for its start"), (0.0, 1.0), scale="switch"),
        Hyper("correct_second", 1.0, "b", T("Correct v for its start"), (0.0, 1.0), scale="switch"),
        Hyper("eps_inside", 1.0, "i", T("Epsilon inside the root"), (0.0, 1.0), scale="switch"),
    ),
    latex=r"""
m_t = \beta_1 m_{t-1} + (1-\beta_1)\,g_t \qquad v_t = \beta_2 v_{t-1} + (1-\beta_2)\,g_t^2 \\[4pt]
\hat m_t = \frac{m_t}{1-a\,\beta_1^t} \qquad \hat v_t = \frac{v_t}{1-b\,\beta_2^t} \qquad
x_t = x_{t-1} - \eta\left(\lambda\,x_{t-1} + \frac{\hat m_t}{\sqrt{\hat v_t+i\,\varepsilon}+(1-i)\,\varepsilon}\right)
""",
    momentum="m",
    text=T("Adam with switches for three details that decide its first steps and its smallest gradients."),
    source="Kingma & Ba 2015, arXiv:1412.6980",
    like="adam",
)
