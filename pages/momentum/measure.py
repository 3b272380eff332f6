"""What momentum does on the way: the parts of a Nesterov step, zigzags, overshoot, and the gain in steeper valleys.

I. Sutskever, J. Martens, G. Dahl, G. Hinton, "On the importance of initialization and momentum in deep learning",
PMLR 28 (2013) 1139-1147 (Nesterov's method as momentum with a correction).
"""

from dataclasses import dataclass

import numpy as np

from core import descend
from core.analysis.curvature import directions
from core.analysis.stability import best, curvatures_at_minimum, settings, textbook_nesterov
from core.analysis.tuning import first_rate
from core.engine.descend import Trajectory
from core.engine.spec import Goal, Surface
from core.optimizers import ALL_OPTIMIZERS

FORMS = {"torch": "momentum", "average": "ema_momentum", "slip": "momentum_faulty"}
"""What is called momentum: the form -> the optimizer that has it."""
CONDITIONS = np.geomspace(10, 10_000, 13)
"""Condition numbers of the race for the square root."""


def begin_rate(chosen: Surface) -> float:
    """Return a rate to begin with; in a ravine one at which all bounce and Nesterov is still stable."""
    rate, curvatures = first_rate(chosen, ALL_OPTIMIZERS["momentum"]), curvatures_at_minimum(chosen)
    return min(rate, 1.2 / curvatures[1]) if chosen.parameters and curvatures else rate


SEEN = 0.01
"""The part of a picture below which a movement is not seen: four pixels of four hundred."""


def nesterov_parts(run: Trajectory) -> dict[str, np.ndarray]:
    """Split every step of a Nesterov run into its parts, (steps + 1, 2) each; row k belongs to the step from point k.

    step = beta * last step - lr * g - lr * beta * (g - last g): heavy ball and a correction that brakes where the
    gradient grows. The last row, from which no step follows, is NaN.
    """
    beta, lr, g = run.hyper["momentum"], run.rate[:, None], run.received
    nothing, open_end = np.zeros((1, 2)), np.full((1, 2), np.nan)
    last_step = np.concatenate([nothing, np.diff(run.path, axis=0)])[: len(g)]
    last_g = np.concatenate([nothing, g])[: len(g)]
    parts = {"carried": beta * last_step, "downhill": -lr * g, "correction": -lr * beta * (g - last_g)}
    return {name: np.concatenate([part, open_end]) for name, part in parts.items()}


def largest_gap(one: Trajectory, other: Trajectory) -> float:
    """Return the largest distance between the points of two runs after the same number of steps."""
    shared = min(len(one.path), len(other.path))
    return float(np.hypot(*(one.path[:shared] - other.path[:shared]).T).max())


def across(surface: Surface, path: np.ndarray) -> np.ndarray:
    """Return the coordinate of every point across the valley, from the first minimum along its steepest direction.

    Where there is no minimum, or no curvature at it, that is y.
    """
    return _coordinate(surface, path, 1)


def along(surface: Surface, path: np.ndarray) -> np.ndarray:
    """Return the coordinate of every point along the valley, at right angles to `across`."""
    return _coordinate(surface, path, 0)


def _coordinate(surface: Surface, path: np.ndarray, which: int) -> np.ndarray:
    """Return the coordinate along one of the eigenvectors at the first minimum, the flat one first."""
    if not surface.minima:
        return path[:, which]
    axes = directions(*surface.hessian(*surface.minima[0]))
    axis = axes[which] if np.isfinite(axes).all() else np.eye(2)[which]
    return (path - np.array(surface.minima[0])) @ axis


def visible(surface: Surface) -> float:
    """Return the least distance that is seen in a picture of the surface: SEEN of the longer side of its window."""
    x_low, x_high, y_low, y_high = surface.domain
    return SEEN * max(x_high - x_low, y_high - y_low)


def zigzags(values: np.ndarray, seen: float) -> int:
    """Return how often a coordinate changes sides of 0, counted only between places at least `seen` away from it."""
    sides = np.sign(values[np.abs(values) >= seen])
    return int(np.count_nonzero(sides[1:] != sides[:-1]))


def overshoot(values: np.ndarray, seen: float) -> float:
    """Return how far a coordinate went to the other side of 0 than it began on; 0 if never or by less than `seen`."""
    beyond = float((-np.sign(values[0]) * values).max())
    return beyond if beyond >= seen and beyond > 0 else 0.0


def settled(values: np.ndarray, within: float) -> int:
    """Return the first step since which |value| stays below `within`, -1 for never."""
    outside = np.flatnonzero(np.abs(values) >= within)
    since = int(outside[-1]) + 1 if outside.size else 0
    return since if since < len(values) else -1


@dataclass(frozen=True)
class Race:
    """Steps to a millionth of the first value in ravines of growing condition number, each method at its best."""

    conditions: np.ndarray
    steps: dict[str, np.ndarray]
    """Optimizer key -> (conditions,)."""

    def slope(self, key: str) -> float:
        """Return the exponent p of steps ~ condition^p, fitted over the steeper half."""
        half = len(self.conditions) // 2
        return float(np.polyfit(np.log(self.conditions[half:]), np.log(self.steps[key][half:]), 1)[0])


def race_condition_numbers(conditions: np.ndarray) -> Race:
    """Run gradient descent, heavy ball and Nesterov (textbook rate) from (-10, 1) on (x^2 + condition y^2) / 2."""
    steps = {
        key: np.array([_steps_to_a_millionth(key, float(condition)) for condition in conditions])
        for key in ("sgd", "momentum", "nesterov")
    }
    return Race(np.asarray(conditions, dtype=float), steps)


def _steps_to_a_millionth(key: str, condition: float) -> int:
    tuned = textbook_nesterov(1.0, condition) if key == "nesterov" else best(key, 1.0, condition)
    assert tuned is not None
    goal = Goal("value below", 1e-6 * (50 + 0.5 * condition))
    budget = int(4 * condition) + 100 if key == "sgd" else int(40 * condition**0.5) + 100
    hyper = settings(key, *tuned)
    return descend(
        "ravine", key, (-10.0, 1.0), budget, hyper=hyper, parameters={"condition": condition}, goal=goal
    ).first
