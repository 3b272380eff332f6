"""Adam with every switch on which its namesakes differ: corrections for the start, epsilon, AMSGrad, weight decay.

D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015, arXiv:1412.6980; S. J. Reddi, S. Kale,
S. Kumar, "On the convergence of Adam and beyond", ICLR 2018, arXiv:1904.09237; I. Loshchilov, F. Hutter, "Decoupled
weight decay regularization", ICLR 2019, arXiv:1711.05101. As it stands by default this is torch.optim.Adam; as there,
AMSGrad takes the largest mean square before the correction for the start.
"""

import numpy as np

from core.engine.spec import Hyper, Optimizer, State, learning_rate
from core.text import T


def step(
    x,
    g,
    m,
    v,
    v_max,
    decay1,
    decay2,
    lr,
    beta1,
    beta2,
    eps,
    weight_decay,
    correct_first,
    correct_second,
    eps_inside,
    amsgrad,
    decoupled,
):
    g = g + (1 - decoupled) * weight_decay * x
    decay1 = decay1 * beta1
    decay2 = decay2 * beta2
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    v_max = v_max + (v > v_max) * (v - v_max)  # the larger one, in words that a tensor understands as well
    m_hat = m / (1 - correct_first * decay1)
    v_hat = (v_max if amsgrad > 0 else v) / (1 - correct_second * decay2)
    size = np.sqrt(v_hat + eps_inside * eps) + (1 - eps_inside) * eps
    return x - lr * (decoupled * weight_decay * x + m_hat / size), m, v, v_max, decay1, decay2


def explain(
    x,
    m,
    v,
    v_max,
    decay1,
    decay2,
    lr,
    eps,
    weight_decay,
    correct_first,
    correct_second,
    eps_inside,
    amsgrad,
    decoupled,
):
    m_hat = m / (1 - correct_first * decay1)
    v_hat = np.where(amsgrad > 0, v_max, v) / (1 - correct_second * decay2)
    rate = lr / (np.sqrt(v_hat + eps_inside * eps) + (1 - eps_inside) * eps)
    decay = -lr * decoupled * weight_decay * x
    return {"m_hat": m_hat, "v_hat": v_hat, "decay": decay, "rate": rate, "step": decay - rate * m_hat}


ADAM_GENERAL = Optimizer(
    key="adam_general",
    title="Adam with switches",
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
        Hyper("eps", 1e-8, r"\varepsilon", T("Prevents division by zero"), (0.0, 1e15), (1e-12, 1e-2), "log"),
        Hyper("weight_decay", 0.0, r"\lambda", T("Weight decay"), (0.0, 1e6), (0.0, 1.0)),
        Hyper("correct_first", 1.0, "a", T("Correct m for its start"), (0.0, 1.0), scale="switch"),
        Hyper("correct_second", 1.0, "b", T("Correct v for its start"), (0.0, 1.0), scale="switch"),
        Hyper("eps_inside", 0.0, "i", T("Epsilon inside the root"), (0.0, 1.0), scale="switch"),
        Hyper("amsgrad", 0.0, "s", T("AMSGrad: divide by the largest v so far"), (0.0, 1.0), scale="switch"),
        Hyper("decoupled", 0.0, "d", T("Decay decoupled from the gradient"), (0.0, 1.0), scale="switch"),
    ),
    latex=r"""
\tilde g_t = g_t + (1-d)\,\lambda\,x_{t-1} \qquad
m_t = \beta_1 m_{t-1} + (1-\beta_1)\,\tilde g_t \qquad v_t = \beta_2 v_{t-1} + (1-\beta_2)\,\tilde g_t^2 \\[4pt]
\hat m_t = \frac{m_t}{1-a\,\beta_1^t} \qquad
\hat v_t = \frac{(1-s)\,v_t + s\,\max_{k \le t} v_k}{1-b\,\beta_2^t} \\[4pt]
x_t = x_{t-1} - \eta\left(d\,\lambda\,x_{t-1}
+ \frac{\hat m_t}{\sqrt{\hat v_t+i\,\varepsilon}+(1-i)\,\varepsilon}\right)
""",
    momentum="m",
    text=T("One formula for Adam, AMSGrad, AdamW and what notes call by these names."),
    source="Kingma & Ba 2015, arXiv:1412.6980; Reddi, Kale & Kumar 2018; Loshchilov & Hutter 2019",
    like="adam",
)
