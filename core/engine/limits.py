"""Limits of a run, which widgets, checks and the loop share."""

MAX_STEPS = 100_000
"""Of one run."""
REACH = 1e6
"""A coordinate beyond this has diverged. No surface here has anything to find that far out."""
STEEPEST = 1e100
"""A gradient longer than this has diverged; its square must stay a finite double."""
