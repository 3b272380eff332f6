"""The laboratory: optimizers, schedules and the engine that runs them. NumPy and Numba; no interface.

`descend` and `descend_many` take a surface, an optimizer and a schedule as values or by their keys.
"""

import os

# Before NumPy is imported: matrix products of the networks are small, two threads for one cost more than they bring,
# and many visitors share them. On a busy machine a pass of 50 layers took 7 s with the default instead of 0.6.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import TypeVar

from core.engine import descend as one
from core.engine import descend_many as many
from core.engine.descend import Trajectory
from core.engine.descend_many import Ensemble
from core.engine.spec import Goal, Noise
from core.optimizers import OPTIMIZERS
from core.resolve import optimizer_of, schedule_of, surface_of
from core.schedules import SCHEDULES

__all__ = ["OPTIMIZERS", "SCHEDULES", "Ensemble", "Goal", "Noise", "Trajectory", "descend", "descend_many"]

Outcome = TypeVar("Outcome")


def _by_key(function: Callable[..., Outcome]) -> Callable[..., Outcome]:
    """Let keys stand for surface, optimizer and schedule."""
    names = signature(function)

    @wraps(function)
    def with_keys(*arguments, **settings) -> Outcome:
        given = names.bind(*arguments, **settings).arguments
        for name, find in (("surface", surface_of), ("optimizer", optimizer_of), ("schedule", schedule_of)):
            if name in given:
                given[name] = find(given[name])
        return function(**given)

    return with_keys


descend = _by_key(one.descend)
descend_many = _by_key(many.descend_many)
