"""Heavy ball: the velocity keeps most of itself at every step and gains the gradient.

B. T. Polyak, "Some methods of speeding up the convergence of iteration methods", USSR Computational
Mathematics and Mathematical Physics 4 (1964) 1-17, doi:10.1016/0041-5553(64)90137-5. As in torch.optim.SGD
the learning rate multiplies the velocity, and dampening spares the first gradient.
"""

from core.engine.spec import Hyper, Optimizer, State, learning_rate
from core.text import T


def step(x, g, v, started, lr, momentum, dampening, weight_decay):
    g = g + weight_decay * x
    v = momentum * v + (1 - dampening * started) * g
    return x - lr * v, v, 1.0


def explain(v, lr):
    return {"rate": lr, "step": -lr * v}


def prepare(momentum, dampening, **others):
    """Drop dampening without momentum: torch then keeps no velocity that it could dampen."""
    return {**others, "momentum": momentum, "dampening": dampening * (momentum != 0)}


MOMENTUM = Optimizer(
    key="momentum",
    title=T("Momentum"),
    step=step,
    explain=explain,
    prepare=prepare,
    state=(
        State("v", "v", T("Velocity")),
        State("started", "s", T("0 before the first step, 1 after it"), shared=True),
    ),
    hyper=(
        learning_rate(1e-3),
        Hyper("momentum", 0.9, r"\beta", T("Share of the velocity kept"), (0.0, 1e6), (0.0, 0.999), "near one"),
        Hyper("dampening", 0.0, r"\tau", T("Dampening: share of every later gradient that is left out")),
        Hyper("weight_decay", 0.0, r"\lambda", T("Weight decay (L2, in the gradient)"), (0.0, 1e6), (0.0, 1.0)),
    ),
    latex=r"""
g_t \leftarrow g_t + \lambda\,x_{t-1} \qquad
v_t = \beta\,v_{t-1} + (1-\tau\,[\beta \ne 0])\,g_t \quad (v_1 = g_1) \qquad x_t = x_{t-1} - \eta\,v_t
""",
    momentum="v",
    text=T("A heavy ball: it keeps rolling where the gradients agree and loses speed where they alternate."),
    source="Polyak 1964, doi:10.1016/0041-5553(64)90137-5",
    torch="SGD",
    torch_arguments=lambda h: {key: h[key] for key in ("lr", "momentum", "dampening", "weight_decay")},
    part=0.1,
)
