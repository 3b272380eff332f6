"""Nesterov's accelerated gradient: momentum that looks ahead, and so brakes before the ground rises.

Y. E. Nesterov, "A method of solving a convex programming problem with convergence rate O(1/k^2)", Soviet
Mathematics Doklady 27 (1983) 372-376, in the form of I. Sutskever, J. Martens, G. Dahl, G. Hinton, "On the
importance of initialization and momentum in deep learning", PMLR 28 (2013) 1139-1147. As in
torch.optim.SGD(nesterov=True), x is the point looked ahead to, at which the gradient is taken.
"""

from core.engine.spec import Hyper, Optimizer, State, learning_rate
from core.text import T


def step(x, g, v, lr, momentum, weight_decay):
    g = g + weight_decay * x
    v = momentum * v + g
    return x - lr * (g + momentum * v), v


def explain(x, g, v, lr, momentum, weight_decay):
    return {"rate": lr, "step": -lr * (g + weight_decay * x + momentum * v)}


NESTEROV = Optimizer(
    key="nesterov",
    title="Nesterov",
    step=step,
    explain=explain,
    state=(State("v", "v", T("Velocity")),),
    hyper=(
        learning_rate(1e-3),
        Hyper("momentum", 0.9, r"\beta", T("Share of the velocity kept"), (0.0, 1e6), (0.0, 0.999), "near one"),
        Hyper("weight_decay", 0.0, r"\lambda", T("Weight decay (L2, in the gradient)"), (0.0, 1e6), (0.0, 1.0)),
    ),
    latex=r"""
g_t \leftarrow g_t + \lambda\,x_{t-1} \qquad
v_t = \beta\,v_{t-1} + g_t \qquad x_t = x_{t-1} - \eta\,(g_t + \beta\,v_t)
""",
    momentum="v",
    text=T("Momentum that steps to where it will be and corrects itself there, so it overshoots less."),
    source="Nesterov 1983; Sutskever et al. 2013, proceedings.mlr.press/v28/sutskever13.html",
    torch="SGD",
    # torch refuses nesterov=True without momentum; the formula is then plain SGD.
    torch_arguments=lambda h: {
        "lr": h["lr"],
        "momentum": h["momentum"],
        "weight_decay": h["weight_decay"],
        "nesterov": bool(h["momentum"] > 0),
    },
    like="momentum",
)
