"""Adamax: Adam that divides by the largest recent gradient instead of the root of its mean square.

D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015, arXiv:1412.6980, section 7.1.
Epsilon, which the paper does not need, is added to the gradient's size as in torch.optim.Adamax.
"""

from core.engine.spec import Hyper, Optimizer, State, learning_rate
from core.text import T


def step(x, g, m, u, decay1, lr, beta1, beta2, eps, weight_decay):
    g = g + weight_decay * x
    decay1 = decay1 * beta1
    m = beta1 * m + (1 - beta1) * g
    u = max(beta2 * u, abs(g) + eps)
    m_hat = m / (1 - decay1)
    return x - lr * m_hat / u, m, u, decay1


def explain(m, u, decay1, lr):
    m_hat = m / (1 - decay1)
    return {"m_hat": m_hat, "rate": lr / u, "step": -lr * m_hat / u}


ADAMAX = Optimizer(
    key="adamax",
    title="Adamax",
    step=step,
    explain=explain,
    state=(
        State("m", "m", T("Mean of the gradient")),
        State("u", "u", T("Largest recent size of the gradient")),
        State("decay1", r"\beta_1^t", T("Weight of the start in m"), start=1.0, shared=True),
    ),
    hyper=(
        learning_rate(2e-3),
        Hyper("beta1", 0.9, r"\beta_1", T("Memory of the mean"), (0.0, 0.999999), (0.0, 0.999), "near one"),
        Hyper("beta2", 0.999, r"\beta_2", T("Memory of the size"), (0.0, 0.999999), (0.5, 0.9999), "near one"),
        Hyper("eps", 1e-8, r"\varepsilon", T("Prevents division by zero"), (0.0, 1e6), (1e-12, 1e-2), "log"),
        Hyper("weight_decay", 0.0, r"\lambda", T("Weight decay (L2, in the gradient)"), (0.0, 1e6), (0.0, 1.0)),
    ),
    latex=r"""
g_t \leftarrow g_t + \lambda\,x_{t-1} \\[4pt]
m_t = \beta_1 m_{t-1} + (1-\beta_1)\,g_t \qquad u_t = \max(\beta_2 u_{t-1},\ |g_t| + \varepsilon) \\[4pt]
\hat m_t = \frac{m_t}{1-\beta_1^t} \qquad x_t = x_{t-1} - \eta\,\frac{\hat m_t}{u_t}
""",
    momentum="m",
    text=T("Adam measured against the largest recent gradient: a coordinate moves about one learning rate at most."),
    source="Kingma & Ba 2015, arXiv:1412.6980",
    torch="Adamax",
    torch_arguments=lambda h: {
        "lr": h["lr"],
        "betas": (h["beta1"], h["beta2"]),
        "eps": h["eps"],
        "weight_decay": h["weight_decay"],
    },
    like="adam",
)
