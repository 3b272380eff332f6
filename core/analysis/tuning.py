"""A fair way to choose a learning rate: the same grid, the same starts and the same budget for everyone."""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from core import descend_many
from core.engine.spec import Goal, Optimizer, Surface
from core.resolve import optimizer_of, surface_of

RATES = 10.0 ** np.linspace(-6, 3, 37)
"""Four rates a decade over nine decades."""
STARTS = 24
"""Random starts in the window of the surface."""


@dataclass(frozen=True)
class RateSweep:
    """What every rate of a grid achieved from every start."""

    rates: np.ndarray
    """(R,)"""
    steps: np.ndarray
    """(R, N) steps until the goal held to the end; the whole budget where it did not."""
    reached: np.ndarray
    """(R,) part of the starts from which the goal was reached and kept."""
    best: int
    """Index of the rate that reaches the goal from most starts, and of those in the fewest steps on average, every
    failure counted as the whole budget; where no start reaches the goal, of that with the lowest median final value."""

    @property
    def mean_steps(self) -> np.ndarray:
        """(R,) steps on average."""
        return self.steps.mean(axis=1)

    @property
    def best_rate(self) -> float:
        """The chosen rate."""
        return float(self.rates[self.best])

    @property
    def works(self) -> bool:
        """Whether any rate reaches the goal from any start."""
        return bool(self.reached.any())

    @property
    def arrived(self) -> int:
        """From how many starts the chosen rate reaches the goal."""
        return round(float(self.reached[self.best]) * self.steps.shape[1])

    @property
    def decades(self) -> float:
        """How many decades of the grid reach the goal from every start."""
        spacing = np.log10(self.rates[1] / self.rates[0])
        return float(np.count_nonzero(self.reached == 1.0) * spacing)


def first_rate(surface: Surface, optimizer: Optimizer) -> float:
    """Return a rate at which the optimizer moves well from the first start: where a learner begins, not a tuned one."""
    if optimizer.key in surface.rates:
        return surface.rates[optimizer.key]
    if optimizer.like is None:
        return optimizer.part
    return float(f"{first_rate(surface, optimizer_of(optimizer.like)) * optimizer.part:.3g}")


def fine_rates(around: float, decades: int = 2, per_decade: int = 100) -> np.ndarray:
    """Return a fine grid of rates, whole decades from far below to far above a rate."""
    middle = int(np.floor(np.log10(around)))
    return np.logspace(middle - decades, middle + decades, 2 * decades * per_decade + 1)


def random_starts(surface: Surface | str, count: int = STARTS, seed: int = 0) -> np.ndarray:
    """Return (2, count) points drawn uniformly from the window of the surface."""
    x_low, x_high, y_low, y_high = surface_of(surface).domain
    draws = np.random.default_rng(seed).uniform(size=(count, 2)).T
    return np.array([[x_low], [y_low]]) + draws * np.array([[x_high - x_low], [y_high - y_low]])


def sweep_rates(
    surface: Surface | str,
    optimizer: Optimizer | str,
    *,
    goal: Goal,
    steps: int = 1000,
    rates: np.ndarray = RATES,
    starts: np.ndarray | None = None,
    seed: int = 0,
    executor: Executor | None = None,
    progress: Callable[[float], None] | None = None,
    **settings,
) -> RateSweep:
    """Run every rate from every start and return how long each took to the goal.

    `starts` is (2, N), by default `random_starts(surface, STARTS, seed)`; `settings` go to `descend_many`
    (hyper, schedule, noise, clip_norm, parameters). One call of the engine.
    """
    surface, optimizer = surface_of(surface), optimizer_of(optimizer)
    starts = random_starts(surface, STARTS, seed) if starts is None else np.asarray(starts, dtype=float)
    count = starts.shape[1]
    runs = descend_many(
        surface,
        optimizer,
        np.tile(starts, len(rates)),
        steps,
        np.repeat(rates, count),
        goal=goal,
        executor=executor,
        progress=progress,
        **settings,
    )
    held = runs.held.reshape(len(rates), count)
    taken = np.where(held >= 0, held, steps).astype(float)
    reached = (held >= 0).mean(axis=1)
    if reached.any():
        best = int(np.lexsort((taken.mean(axis=1), -reached))[0])
    else:
        final = (
            surface.with_parameters(**settings.get("parameters") or {}).value(*runs.final).reshape(len(rates), count)
        )
        lost = runs.lost.reshape(len(rates), count)
        best = int(np.argmin(np.median(np.where(lost, np.inf, final), axis=1)))
    return RateSweep(np.asarray(rates), taken, reached, best)
