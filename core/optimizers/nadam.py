"""NAdam: Adam with Nesterov's look ahead and a momentum that warms up from half its value.

T. Dozat, "Incorporating Nesterov momentum into Adam", ICLR 2016 workshop,
openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ. Constants and order as in torch.optim.NAdam.
"""

import numpy as np

from core.engine.spec import Hyper, Optimizer, State, learning_rate
from core.text import T


def step(x, g, m, v, decay2, faded, mu_product, lr, beta1, beta2, eps, weight_decay, fade):
    g = g + weight_decay * x
    decay2 = decay2 * beta2
    faded = faded * fade
    mu = beta1 * (1 - faded / 2)
    mu_next = beta1 * (1 - faded * fade / 2)
    mu_product = mu_product * mu
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    m_hat = mu_next * m / (1 - mu_product * mu_next) + (1 - mu) * g / (1 - mu_product)
    v_hat = v / (1 - decay2)
    return x - lr * m_hat / (np.sqrt(v_hat) + eps), m, v, decay2, faded, mu_product


def explain(x, g, m, v, decay2, faded, mu_product, lr, beta1, eps, weight_decay, fade):
    g = g + weight_decay * x
    mu = beta1 * (1 - faded / 2)
    mu_next = beta1 * (1 - faded * fade / 2)
    m_hat = mu_next * m / (1 - mu_product * mu_next) + (1 - mu) * g / (1 - mu_product)
    v_hat = v / (1 - decay2)
    rate = lr / (np.sqrt(v_hat) + eps)
    return {"mu": mu, "m_hat": m_hat, "v_hat": v_hat, "rate": rate, "step": -rate * m_hat}


def prepare(momentum_decay, **others):
    """Take the power once per run, so that the formula needs only a running product."""
    return {**others, "fade": 0.96**momentum_decay}


NADAM = Optimizer(
    key="nadam",
    title="NAdam",
    step=step,
    explain=explain,
    prepare=prepare,
    state=(
        State("m", "m", T("Mean of the gradient")),
        State("v", "v", T("Mean of its square")),
        State("decay2", r"\beta_2^t", T("Weight of the start in v"), start=1.0, shared=True),
        State("faded", r"0.96^{t\psi}", T("What is left of the warm-up"), start=1.0, shared=True),
        State("mu_product", r"\textstyle\prod_i\mu_i", T("Weight of the start"), start=1.0, shared=True),
    ),
    hyper=(
        learning_rate(2e-3),
        Hyper("beta1", 0.9, r"\beta_1", T("Memory of the mean"), (0.0, 0.999999), (0.0, 0.999), "near one"),
        Hyper("beta2", 0.999, r"\beta_2", T("Memory of the square"), (0.0, 0.999999), (0.5, 0.9999), "near one"),
        Hyper("eps", 1e-8, r"\varepsilon", T("Prevents division by zero"), (0.0, 1e6), (1e-12, 1e-2), "log"),
        Hyper("weight_decay", 0.0, r"\lambda", T("Weight decay (L2, in the gradient)"), (0.0, 1e6), (0.0, 1.0)),
        Hyper("momentum_decay", 4e-3, r"\psi", T("Speed of the warm-up"), (0.0, 1e6), (1e-4, 1.0), "log"),
    ),
    latex=r"""
g_t \leftarrow g_t + \lambda\,x_{t-1} \\[4pt]
\mu_t = \beta_1\left(1 - \tfrac12\,0.96^{t\psi}\right) \qquad
m_t = \beta_1 m_{t-1} + (1-\beta_1)\,g_t \qquad v_t = \beta_2 v_{t-1} + (1-\beta_2)\,g_t^2 \\[4pt]
\hat m_t = \frac{\mu_{t+1}\,m_t}{1-\prod_{i=1}^{t+1}\mu_i} + \frac{(1-\mu_t)\,g_t}{1-\prod_{i=1}^{t}\mu_i}
\qquad \hat v_t = \frac{v_t}{1-\beta_2^t} \qquad
x_t = x_{t-1} - \eta\,\frac{\hat m_t}{\sqrt{\hat v_t}+\varepsilon}
""",
    momentum="m",
    text=T("Adam that counts the newest gradient twice, as Nesterov's momentum does, and so turns sooner."),
    source="Dozat 2016, openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ",
    torch="NAdam",
    torch_arguments=lambda h: {
        "lr": h["lr"],
        "betas": (h["beta1"], h["beta2"]),
        "eps": h["eps"],
        "weight_decay": h["weight_decay"],
        "momentum_decay": h["momentum_decay"],
    },
    like="adam",
)
