"""Where a key becomes a thing: below here a surface, an optimizer and a schedule are values and nothing is looked up.

The package `surfaces` stands above the core. It is imported here alone, and only when somebody names one of its
surfaces; whoever passes the surface itself never needs it.
"""

from core.engine.spec import Optimizer, Surface
from core.optimizers import ALL_OPTIMIZERS
from core.schedules import SCHEDULES


def surface_of(surface: Surface | str) -> Surface:
    """Return the surface, looked up where it is a key. Raises ValueError for an unknown one."""
    if isinstance(surface, Surface):
        return surface
    from surfaces import ALL_SURFACES

    return ALL_SURFACES.find(surface)


def optimizer_of(optimizer: Optimizer | str) -> Optimizer:
    """Return the optimizer, looked up where it is a key. Raises ValueError for an unknown one."""
    return optimizer if isinstance(optimizer, Optimizer) else ALL_OPTIMIZERS.find(optimizer)


def schedule_of(schedule):
    """Return a schedule as the engine takes it: a key becomes its row, alone or paired with settings."""
    if isinstance(schedule, str):
        return SCHEDULES[schedule]
    if isinstance(schedule, tuple) and len(schedule) == 2 and isinstance(schedule[0], str):
        return SCHEDULES[schedule[0]], schedule[1]
    return schedule
