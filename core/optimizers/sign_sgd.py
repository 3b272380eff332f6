"""signSGD: every coordinate moves one learning rate against the sign of its gradient.

J. Bernstein, Y.-X. Wang, K. Azizzadenesheli, A. Anandkumar, "signSGD: compressed optimisation for non-convex
problems", PMLR 80 (2018) 560-569, arXiv:1802.04434. torch.optim has no such class; the default rate is that
of torch.optim.SGD and of Adam, which takes the same step where the gradient does not change.
"""

import numpy as np

from core.engine.spec import Optimizer, learning_rate
from core.text import T


def step(x, g, lr):
    return x - lr * np.sign(g)


def explain(g, lr):
    return {"rate": lr, "step": -lr * np.sign(g)}


SIGN_SGD = Optimizer(
    key="sign_sgd",
    title="signSGD",
    step=step,
    explain=explain,
    hyper=(learning_rate(1e-3),),
    latex=r"x_t = x_{t-1} - \eta\,\operatorname{sign}(g_t)",
    text=T("The same step length everywhere: it crosses plateaus and cliffs alike, and hovers at the end."),
    source="Bernstein et al. 2018, arXiv:1802.04434",
    like="adam",
    part=0.1,
)
