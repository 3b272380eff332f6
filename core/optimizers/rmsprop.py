"""RMSprop: the gradient divided by its recent root mean square.

T. Tieleman, G. Hinton, "Lecture 6.5 - RMSProp", COURSERA: Neural networks for machine learning (2012); the
centred form from A. Graves, "Generating sequences with recurrent neural networks", arXiv:1308.0850. Epsilon
stands outside the root and momentum comes after the division, as in torch.optim.RMSprop. The mean starts from
0 and nothing corrects for that: the first step is 1 / sqrt(1 - alpha) rates long. Where the gradient hardly changes,
rounding can make the centred v - m^2 negative; its root is then not a number and the run ends, as in torch.
"""

import numpy as np

from core.engine.spec import Hyper, Optimizer, State, learning_rate
from core.text import T


def step(x, g, m, v, b, lr, alpha, eps, weight_decay, momentum, centered):
    g = g + weight_decay * x
    m = alpha * m + (1 - alpha) * g
    v = alpha * v + (1 - alpha) * g * g
    b = momentum * b + g / (np.sqrt(v - centered * m * m) + eps)
    return x - lr * b, m, v, b


def explain(m, v, b, lr, eps, centered):
    return {"rate": lr / (np.sqrt(v - centered * m * m) + eps), "step": -lr * b}


RMSPROP = Optimizer(
    key="rmsprop",
    title="RMSprop",
    step=step,
    explain=explain,
    state=(
        State("m", "m", T("Mean of the gradient, used when centred")),
        State("v", "v", T("Mean of its square")),
        State("b", "b", T("Velocity")),
    ),
    hyper=(
        learning_rate(1e-2),
        Hyper("alpha", 0.99, r"\alpha", T("Memory of the square"), (0.0, 1.0), (0.5, 0.9999), "near one"),
        Hyper("eps", 1e-8, r"\varepsilon", T("Prevents division by zero"), (0.0, 1e6), (1e-12, 1e-2), "log"),
        Hyper("weight_decay", 0.0, r"\lambda", T("Weight decay (L2, in the gradient)"), (0.0, 1e6), (0.0, 1.0)),
        Hyper("momentum", 0.0, r"\beta", T("Share of the velocity kept"), (0.0, 1e6), (0.0, 0.999), "near one"),
        Hyper(
            "centered",
            0.0,
            "c",
            T("Centred: divide by the standard deviation, which rounding can leave undefined"),
            (0.0, 1.0),
            scale="switch",
        ),
    ),
    latex=r"""
g_t \leftarrow g_t + \lambda\,x_{t-1} \\[4pt]
m_t = \alpha\,m_{t-1} + (1-\alpha)\,g_t \qquad v_t = \alpha\,v_{t-1} + (1-\alpha)\,g_t^2 \\[4pt]
b_t = \beta\,b_{t-1} + \frac{g_t}{\sqrt{v_t - c\,m_t^2}+\varepsilon} \qquad x_t = x_{t-1} - \eta\,b_t
""",
    momentum="b",
    text=T("The gradient divided by its recent typical size, so steep and flat coordinates move equally fast."),
    source="Tieleman & Hinton 2012, lecture 6.5; Graves 2013, arXiv:1308.0850",
    torch="RMSprop",
    torch_arguments=lambda h: {
        **{key: h[key] for key in ("lr", "alpha", "eps", "weight_decay", "momentum")},
        "centered": bool(h["centered"]),
    },
    like="adam",
    part=0.1,  # its first step is ten rates long
)
