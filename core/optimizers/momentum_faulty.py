"""A momentum formula with a slip, kept to be found: the newest gradient is scaled and left out of the mean.

Neither the heavy ball (B. T. Polyak 1964, doi:10.1016/0041-5553(64)90137-5), nor a mean of gradients, nor
Nesterov's method. On a bowl of curvature L and with beta = 0.9 it is stable up to lr = 2.36 / L, the heavy
ball up to 3.8 / L.
"""

from core.engine.spec import Hyper, Optimizer, State, learning_rate
from core.text import T


def step(x, g, v, d, lr, beta):
    d = v + beta * g  # remembered for the explanation only: v moves on
    v = beta * v + (1 - beta) * g
    return x - lr * d, v, d


def explain(d, lr):
    return {"rate": lr, "step": -lr * d}


MOMENTUM_FAULTY = Optimizer(
    key="momentum_faulty",
    title="Momentum with a slip",
    step=step,
    explain=explain,
    state=(
        State("v", "v", T("Mean of the past gradients")),
        State("d", "d", T("Direction of the step")),
    ),
    hyper=(
        learning_rate(1e-3),
        Hyper("beta", 0.9, r"\beta", T("Memory of the mean"), (0.0, 0.999999), (0.0, 0.999), "near one"),
    ),
    latex=r"x_t = x_{t-1} - \eta\,(v_{t-1} + \beta\,g_t) \qquad v_t = \beta\,v_{t-1} + (1-\beta)\,g_t",
    momentum="v",
    text=T("Looks like momentum, but weighs the newest gradient by beta and adds the mean of the older ones."),
    source="Slip on Polyak 1964, doi:10.1016/0041-5553(64)90137-5",
)
