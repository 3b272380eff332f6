"""Averaged SGD: ordinary steps, and beside them the mean of all points since step t0.

B. T. Polyak, A. B. Juditsky, "Acceleration of stochastic approximation by averaging", SIAM Journal on Control
and Optimization 30 (1992) 838-855, doi:10.1137/0330046; rate after W. Xu, arXiv:1107.2490. As in
torch.optim.ASGD the mean is kept beside the path and never fed back, and a step uses the rate that the step
before it computed.
"""

from core.engine.spec import Hyper, Optimizer, State, learning_rate
from core.text import T


def step(x, g, ax, t, eta, eta_next, lr, lambd, alpha, t0, weight_decay):
    eta = eta_next if t > 0 else lr
    x = x - eta * (g + weight_decay * x) - eta * lambd * x
    mu = 1 / max(1.0, t - t0)
    ax = x if mu == 1 else ax + mu * (x - ax)
    t = t + 1
    eta_next = lr / (1 + lambd * lr * t) ** alpha
    return x, ax, t, eta, eta_next


def explain(x, g, ax, eta, lambd, weight_decay):
    return {"average": ax, "rate": eta, "step": -eta * (g + weight_decay * x) - eta * lambd * x}


ASGD = Optimizer(
    key="asgd",
    title="ASGD",
    step=step,
    explain=explain,
    state=(
        State("ax", r"\bar x", T("Mean of the points since step t0")),
        State("t", "t", T("Steps taken"), shared=True),
        State("eta", r"\eta_t", T("Rate of this step"), shared=True),
        State("eta_next", r"\eta_{t+1}", T("Rate of the next step"), shared=True),
    ),
    hyper=(
        learning_rate(1e-2),
        Hyper("lambd", 1e-4, r"\lambda", T("Decay (decoupled, on x)"), (0.0, 1e6), (1e-6, 1.0), "log"),
        Hyper("alpha", 0.75, r"\alpha", T("Power with which the rate falls"), shown=(0.0, 1.0)),
        Hyper("t0", 1e6, "t_0", T("Step after which averaging begins"), (0.0, 1e6), (1.0, 1e6), "log"),
        Hyper("weight_decay", 0.0, r"\omega", T("Weight decay (L2, in the gradient)"), (0.0, 1e6), (0.0, 1.0)),
    ),
    latex=r"""
g_t \leftarrow g_t + \omega\,x_{t-1} \qquad
\eta_t = \frac{\eta}{(1 + \lambda\,\eta\,(t-1))^{\alpha}} \qquad
x_t = (1 - \lambda\,\eta_t)\,x_{t-1} - \eta_t\,g_t \\[4pt]
\bar x_t = \bar x_{t-1} + \mu_t\,(x_t - \bar x_{t-1}) \qquad \mu_t = \frac{1}{\max(1,\ t - 1 - t_0)}
""",
    text=T("SGD that also keeps the mean of its points: the path jitters around a minimum, the mean settles."),
    source="Polyak & Juditsky 1992, doi:10.1137/0330046",
    torch="ASGD",
    torch_arguments=lambda h: {key: h[key] for key in ("lr", "lambd", "alpha", "t0", "weight_decay")},
)
