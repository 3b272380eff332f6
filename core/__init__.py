"""The laboratory: optimizers, schedules and the engine that runs them. NumPy and Numba; no interface, no surface."""

from core.descent import Trajectory, descend
from core.ensemble import Ensemble, descend_many
from core.optimizers import OPTIMIZERS
from core.schedules import SCHEDULES
from core.spec import Goal, Noise

__all__ = ["OPTIMIZERS", "SCHEDULES", "Ensemble", "Goal", "Noise", "Trajectory", "descend", "descend_many"]
