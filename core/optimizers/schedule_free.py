"""Schedule-free SGD: gradients at a point between the fast iterate z and the mean of all z, and no schedule.

A. Defazio, X. Yang, H. Mehta, K. Mishchenko, A. Khaled, A. Cutkosky, "The Road Less Scheduled", NeurIPS 2024,
arXiv:2405.15682. The path is that of y, where the gradient is taken; the answer is the mean, kept beside it. As in
the authors' package schedulefree the mean begins with the first z after the start, not with the start itself. Where the
rate changes, paper and package weigh z_t by its square; here all weigh alike, which is the same at one rate.
"""

from core.engine.spec import Hyper, Optimizer, State, learning_rate
from core.text import T


def step(x, g, z, average, t, lr, beta):
    z = (z if t > 0 else x) - lr * g
    t = t + 1
    average = average + (z - average) / t
    return (1 - beta) * z + beta * average, z, average, t


def explain(x, g, z, average, lr, beta):
    return {"average": average, "rate": lr, "step": (1 - beta) * z + beta * average - x}


SCHEDULE_FREE = Optimizer(
    key="schedule_free",
    title="Schedule-free SGD",
    step=step,
    explain=explain,
    state=(
        State("z", "z", T("Fast iterate: plain SGD with the gradients seen at y")),
        State("average", r"\bar x", T("Mean of the fast iterates: the answer")),
        State("t", "t", T("Steps taken"), shared=True),
    ),
    hyper=(
        learning_rate(1.0),
        Hyper(
            "beta", 0.9, r"\beta", T("How near to the mean the gradient is taken"), (0.0, 1.0), (0.0, 0.999), "near one"
        ),
    ),
    latex=r"""
z_t = z_{t-1} - \eta\,g(y_{t-1}) \qquad \bar x_t = \bar x_{t-1} + \tfrac1t (z_t - \bar x_{t-1}) \\[4pt]
y_t = (1 - \beta)\,z_t + \beta\,\bar x_t \qquad z_0 = y_0
""",
    text=T(
        "It needs no schedule: the mean of its points settles by itself, while the points keep moving. "
        "All points count alike; during a warm-up the authors weigh them by the square of the rate."
    ),
    source="Defazio et al. 2024, arXiv:2405.15682",
)
