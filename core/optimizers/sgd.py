"""Gradient descent: a step against the gradient, its length set by one number.

A. Cauchy, "Méthode générale pour la résolution des systèmes d'équations simultanées", Comptes rendus 25
(1847) 536-538; with noisy gradients H. Robbins, S. Monro, "A stochastic approximation method", Annals of
Mathematical Statistics 22 (1951) 400-407, doi:10.1214/aoms/1177729586. Weight decay as in torch.optim.SGD.
"""

from core.engine.spec import Hyper, Optimizer, learning_rate
from core.text import T


def step(x, g, lr, weight_decay):
    return x - lr * (g + weight_decay * x)


def explain(x, g, lr, weight_decay):
    return {"rate": lr, "step": -lr * (g + weight_decay * x)}


SGD = Optimizer(
    key="sgd",
    title="SGD",
    step=step,
    explain=explain,
    hyper=(
        learning_rate(1e-3),
        Hyper("weight_decay", 0.0, r"\lambda", T("Weight decay (L2, in the gradient)"), (0.0, 1e6), (0.0, 1.0)),
    ),
    latex=r"g_t \leftarrow g_t + \lambda\,x_{t-1} \qquad x_t = x_{t-1} - \eta\,g_t",
    text=T("Walk against the gradient: the steeper the ground, the longer the step."),
    source="Robbins & Monro 1951, doi:10.1214/aoms/1177729586",
    torch="SGD",
    torch_arguments=lambda h: {"lr": h["lr"], "weight_decay": h["weight_decay"]},
)
