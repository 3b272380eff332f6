"""Rprop: only the sign of the gradient counts; a step size per coordinate grows until the sign turns.

M. Riedmiller, H. Braun, "A direct adaptive method for faster backpropagation learning: the RPROP algorithm",
IEEE International Conference on Neural Networks (1993) 586-591, doi:10.1109/ICNN.1993.298623. As in
torch.optim.Rprop a coordinate whose gradient has turned rests for one step instead of going back (iRprop- of
Igel & Hüsken 2000), and the learning rate is nothing but the first step size.
"""

import numpy as np

from core.engine.spec import Hyper, Optimizer, State, learning_rate
from core.text import T


def step(x, g, g_last, size, started, lr, etaminus, etaplus, step_size_min, step_size_max):
    size = size if started > 0 else lr
    turn = g * g_last
    factor = etaplus if turn > 0 else etaminus if turn < 0 else 1.0
    size = min(max(size * factor, step_size_min), step_size_max)
    g = 0.0 if turn < 0 else g
    return x - size * np.sign(g), g, size, 1.0


def explain(g_last, size):
    return {"rate": size, "step": -size * np.sign(g_last)}


RPROP = Optimizer(
    key="rprop",
    title="Rprop",
    step=step,
    explain=explain,
    state=(
        State("g_last", "g", T("Gradient of the last step, 0 where it turned")),
        State("size", r"\Delta", T("Step size")),
        State("started", "s", T("0 before the first step, 1 after it"), shared=True),
    ),
    hyper=(
        learning_rate(1e-2, T("Learning rate (the first step size)")),
        Hyper("etaminus", 0.5, r"\eta^-", T("Factor when the gradient turns"), (1e-6, 0.999999), (0.1, 0.99)),
        Hyper("etaplus", 1.2, r"\eta^+", T("Factor while it keeps its sign"), (1.000001, 1e6), (1.01, 2.0)),
        Hyper("step_size_min", 1e-6, r"\Delta_{\min}", T("Smallest step size"), (0.0, 1e6), (1e-9, 1e-2), "log"),
        Hyper("step_size_max", 50.0, r"\Delta_{\max}", T("Largest step size"), (0.0, 1e6), (1e-2, 1e2), "log"),
    ),
    latex=r"""
\Delta_t = \min\left(\max\left(\Delta_{t-1} \begin{cases}
\eta^+ & g_t\,g_{t-1} > 0 \\ \eta^- & g_t\,g_{t-1} < 0 \\ 1 & \text{otherwise}
\end{cases},\ \Delta_{\min}\right),\ \Delta_{\max}\right) \qquad \Delta_0 = \eta \\[4pt]
g_t \leftarrow g_t\,[g_t\,g_{t-1} \ge 0] \qquad x_t = x_{t-1} - \Delta_t\,\operatorname{sign}(g_t)
""",
    text=T(
        "Longer steps while the gradient keeps its sign, shorter ones when it turns; its size is ignored. "
        "The learning rate is read once, before the first step: no schedule changes it later."
    ),
    source="Riedmiller & Braun 1993, doi:10.1109/ICNN.1993.298623",
    torch="Rprop",
    torch_arguments=lambda h: {
        "lr": h["lr"],
        "etas": (h["etaminus"], h["etaplus"]),
        "step_sizes": (h["step_size_min"], h["step_size_max"]),
    },
    like=None,
    part=0.01,
)
