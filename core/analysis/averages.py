"""Averages of a path: shadow copies that never touch it, and what they do to its noise.

Exponential moving average and stochastic weight averaging as torch.optim.swa_utils.AveragedModel keeps them, updated
after every step: P. Izmailov et al., "Averaging Weights Leads to Wider Optima and Better Generalization", UAI 2018,
arXiv:1803.05407. `decay` is the weight of the old average, as in `get_ema_avg_fn`; some texts call 1 - decay alpha.
"""

import numpy as np


def exponential_average(path: np.ndarray, decay: float, begin: int = 1) -> np.ndarray:
    """Return the moving average after every step, shaped like `path` (..., steps + 1, 2).

    It is set to the point after step `begin`, and later steps mix a part 1 - decay in; before, it is the path itself.
    AveragedModel begins with step 1; 0 begins with the start.
    """
    if not 0 <= decay <= 1:
        raise ValueError(f"decay: got {decay!r}, allowed are numbers from 0 to 1")
    average = _copy(path, begin)
    for t in range(begin + 1, path.shape[-2]):
        average[..., t, :] = decay * average[..., t - 1, :] + (1 - decay) * path[..., t, :]
    return average


def tail_average(path: np.ndarray, begin: int = 1) -> np.ndarray:
    """Return the mean of all points since step `begin`, after every step; the path itself before that.

    Shaped like `path` (..., steps + 1, 2). The last row of it is what stochastic weight averaging keeps.
    """
    average = _copy(path, begin)
    count = np.arange(1, path.shape[-2] - begin + 1)[:, None]
    average[..., begin:, :] = np.cumsum(average[..., begin:, :], axis=-2) / count
    return average


def schedule_free_average(path: np.ndarray, beta: float) -> np.ndarray:
    """Return the mean that schedule-free SGD answers with, after every step, from the path of y it was made with.

    Shaped like `path` (..., steps + 1, 2). Of y_t = (1 - beta) z_t + beta a_t and a_t = a_{t-1} + (z_t - a_{t-1}) / t.
    """
    average = np.array(path, dtype=float)
    for t in range(1, path.shape[-2]):
        before = (1 - beta) * (t - 1) * average[..., t - 1, :]
        average[..., t, :] = (path[..., t, :] + before) / ((1 - beta) * t + beta)
    return average


def variance_ratio(decay: float, lr: float, curvature: float) -> float:
    """Return the variance of an exponential average over that of the points, once both are stationary.

    The points x_t = rho x_{t-1} + noise, rho = 1 - lr * curvature, are correlated: rho^k over k steps. Summed with the
    weights of the average that gives (1 - d)(1 + d rho) / ((1 + d)(1 - d rho)).
    """
    rho = 1 - lr * curvature
    return (1 - decay) * (1 + decay * rho) / ((1 + decay) * (1 - decay * rho))


def _copy(path: np.ndarray, begin: int) -> np.ndarray:
    steps = path.shape[-2] - 1
    if not 0 <= begin <= steps:
        raise ValueError(f"begin: got {begin!r}, allowed are steps from 0 to {steps}")
    return np.array(path, dtype=float)
