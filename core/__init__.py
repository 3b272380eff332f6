"""The laboratory: optimizers, schedules and the engine that runs them. NumPy and Numba; no interface, no surface."""

import os

# Before NumPy is imported: matrix products of the networks are small, two threads for one cost more than they bring,
# and many visitors share them. On a busy machine a pass of 50 layers took 7 s with the default instead of 0.6.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from core.descent import Trajectory, descend
from core.ensemble import Ensemble, descend_many
from core.optimizers import OPTIMIZERS
from core.schedules import SCHEDULES
from core.spec import Goal, Noise

__all__ = ["OPTIMIZERS", "SCHEDULES", "Ensemble", "Goal", "Noise", "Trajectory", "descend", "descend_many"]
