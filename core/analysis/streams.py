"""Given gradients instead of a landscape: what an optimizer makes of a constant slope, of silence, of skewed batches.

The ground is a plane. Level, it adds nothing to the gradients that are fed; tilted, its slope is one of them.
"""

from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from core import descend, descend_many
from core.engine.descend import Trajectory
from core.engine.descend_many import Ensemble
from core.engine.spec import Optimizer, Parameter, Surface
from core.resolve import optimizer_of


def value(x, y, a, b):
    return a * x + b * y


def gradient(x, y, a, b):
    return a, b


def hessian(x, y, a, b):
    return 0.0, 0.0, 0.0


SLOPE = Surface(
    key="slope",
    title="Constant slope",
    formulas=(value, gradient, hessian),
    latex=r"a\,x + b\,y",
    domain=(-34.0, 4.0, -34.0, 4.0),
    minima=(),
    minimum=None,
    starts=((0.0, 0.0),),
    rates={"sgd": 0.1, "adam": 0.1},
    teaches="The gradient is the same everywhere: what differs along the way is the rate.",
    source="Duchi, Hazan & Singer 2011, jmlr.org/papers/v12/duchi11a.html",
    parameters=(
        Parameter("a", 1.0, "a", "Slope along x", (-1e3, 1e3)),
        Parameter("b", 0.1, "b", "Slope along y", (-1e3, 1e3)),
    ),
)
"""A plane, which has no minimum and is no test function: it stands beside the surfaces, not among them."""
LEVEL = SLOPE.with_parameters(a=0.0, b=0.0)


def feed(optimizer: Optimizer | str, gradients: np.ndarray, lr: float, start=(0.0, 0.0), **settings) -> Trajectory:
    """Run an optimizer on `gradients` (steps, 2), whatever its point; `settings` as for `descend`."""
    return descend(LEVEL, optimizer, start, len(gradients), lr, noise=gradients, **settings)


def feed_many(optimizer: Optimizer | str, gradients: np.ndarray, lr, start=(0.0, 0.0), **settings) -> Ensemble:
    """Run an optimizer on N streams of `gradients` (N, steps, 2); `settings` as for `descend_many`."""
    count, steps, _ = gradients.shape
    starts = np.repeat(np.array(start, dtype=float)[:, None], count, axis=1)
    return descend_many(LEVEL, optimizer, starts, steps, lr, noise=gradients, **settings)


def both(values: np.ndarray) -> np.ndarray:
    """Return a stream in which both coordinates receive the same: (steps,) -> (steps, 2)."""
    return np.column_stack([values, values])


def skewed(steps: int, count: int, seed: int = 0) -> np.ndarray:
    """Draw batches that disagree, (count, steps, 2): +0.1 nine times of ten and -0.9 once, 0 on average."""
    rare = np.random.default_rng(seed).random((count, steps, 2)) < 0.1
    return np.where(rare, -0.9, 0.1)


def repeated(cycle: Sequence[float], steps: int) -> np.ndarray:
    """Return a cycle of gradients, repeated for so many steps, (steps,)."""
    return np.resize(np.asarray(cycle, dtype=float), steps)


def confined(steps: np.ndarray, low: float, high: float, start: float = 0.0) -> np.ndarray:
    """Return where `steps` (T,) lead when the point is put back to the border it crosses, (T + 1,).

    As long as the gradients do not depend on the point, this is the method with a projection after each step.
    """
    return np.fromiter(accumulate(steps, lambda x, step: min(max(x + step, low), high), initial=start), float)


def lengths(optimizer: Optimizer | str, gradients: np.ndarray, **hyper: float) -> np.ndarray:
    """Return the steps on a stream of `gradients` (T,), in learning rates and against the gradient, (T,)."""
    spec = optimizer_of(optimizer)
    run = feed(spec, both(gradients), 1.0, hyper=hyper)
    return -np.diff(run.path[:, 0])
