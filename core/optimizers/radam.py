"""RAdam: Adam that divides by the size of the gradient only once it has seen enough gradients to know it.

L. Liu et al., "On the variance of the adaptive learning rate and beyond", ICLR 2020, arXiv:1908.03265. As in
torch.optim.RAdam the division starts at rho > 5 (paper: 4), and epsilon is added before the correction of the
root.
"""

import numpy as np

from core.engine.spec import Hyper, Optimizer, State, learning_rate
from core.text import T


def step(x, g, m, v, t, decay1, decay2, lr, beta1, beta2, eps, weight_decay):
    g = g + weight_decay * x
    t = t + 1
    decay1 = decay1 * beta1
    decay2 = decay2 * beta2
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    m_hat = m / (1 - decay1)
    rho_limit = 2 / (1 - beta2) - 1
    rho = rho_limit - 2 * t * decay2 / (1 - decay2)
    if rho > 5:
        r = np.sqrt((rho - 4) * (rho - 2) * rho_limit / ((rho_limit - 4) * (rho_limit - 2) * rho))
        rate = lr * r * np.sqrt(1 - decay2) / (np.sqrt(v) + eps)
    else:
        rate = lr
    return x - rate * m_hat, m, v, t, decay1, decay2


def explain(m, v, t, decay1, decay2, lr, beta2, eps):
    m_hat = m / (1 - decay1)
    rho_limit = 2 / (1 - beta2) - 1
    rho = rho_limit - 2 * t * decay2 / (1 - decay2)
    with np.errstate(all="ignore"):  # neither number is used, nor always exists, at the steps where rho <= 5
        r = np.sqrt((rho - 4) * (rho - 2) * rho_limit / ((rho_limit - 4) * (rho_limit - 2) * rho))
        adaptive = lr * r * np.sqrt(1 - decay2) / (np.sqrt(v) + eps)
    rate = np.where(rho > 5, adaptive, lr)
    return {"m_hat": m_hat, "rho": rho, "r": np.where(rho > 5, r, 0.0), "rate": rate, "step": -rate * m_hat}


RADAM = Optimizer(
    key="radam",
    title="RAdam",
    step=step,
    explain=explain,
    state=(
        State("m", "m", T("Mean of the gradient")),
        State("v", "v", T("Mean of its square")),
        State("t", "t", T("Steps taken"), shared=True),
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
m_t = \beta_1 m_{t-1} + (1-\beta_1)\,g_t \qquad v_t = \beta_2 v_{t-1} + (1-\beta_2)\,g_t^2 \qquad
\hat m_t = \frac{m_t}{1-\beta_1^t} \\[4pt]
\rho_\infty = \frac{2}{1-\beta_2} - 1 \qquad \rho_t = \rho_\infty - \frac{2\,t\,\beta_2^t}{1-\beta_2^t} \qquad
r_t = \sqrt{\frac{(\rho_t-4)(\rho_t-2)\,\rho_\infty}{(\rho_\infty-4)(\rho_\infty-2)\,\rho_t}} \\[4pt]
x_t = x_{t-1} - \eta\,\hat m_t \begin{cases}
r_t\,\dfrac{\sqrt{1-\beta_2^t}}{\sqrt{v_t}+\varepsilon} & \rho_t > 5 \\ 1 & \text{otherwise}
\end{cases}
""",
    momentum="m",
    text=T("Plain momentum for the first few steps, then Adam with a built-in warm-up."),
    source="Liu et al. 2020, arXiv:1908.03265",
    torch="RAdam",
    torch_arguments=lambda h: {
        "lr": h["lr"],
        "betas": (h["beta1"], h["beta2"]),
        "eps": h["eps"],
        "weight_decay": h["weight_decay"],
    },
    like="adam",
    part=0.02,  # its first steps are plain momentum
)
