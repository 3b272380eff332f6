"""Momentum as a mean of the gradient: the path of the heavy ball at 1 / (1 - beta) times its rate.

B. T. Polyak 1964, doi:10.1016/0041-5553(64)90137-5, with the new gradient weighted by 1 - beta, as many
textbooks write it. torch.optim has no such class; the default rate is that of torch.optim.SGD, so that the
heavy ball and this form start from one number and differ by the factor 1 - beta alone.
"""

from core.engine.spec import Hyper, Optimizer, State, learning_rate
from core.text import T


def step(x, g, m, lr, beta):
    m = beta * m + (1 - beta) * g
    return x - lr * m, m


def explain(m, lr):
    return {"rate": lr, "step": -lr * m}


EMA_MOMENTUM = Optimizer(
    key="ema_momentum",
    title="EMA momentum",
    step=step,
    explain=explain,
    state=(State("m", "m", T("Mean of the gradient")),),
    hyper=(
        learning_rate(1e-3),
        Hyper("beta", 0.9, r"\beta", T("Memory of the mean"), (0.0, 0.999999), (0.0, 0.999), "near one"),
    ),
    latex=r"m_t = \beta\,m_{t-1} + (1-\beta)\,g_t \qquad x_t = x_{t-1} - \eta\,m_t",
    momentum="m",
    text=T("Momentum as a mean of recent gradients: smoother than SGD, but no faster at the same rate."),
    source="Polyak 1964, doi:10.1016/0041-5553(64)90137-5",
)
