"""The factors of a schedule on the learning rate, one for every step, and the check of its settings."""

from collections.abc import Mapping

import numpy as np

from core.engine.limits import MAX_STEPS
from core.engine.spec import NOTHING, Hyper, Schedule


def rates(chosen: Schedule, steps: int, settings: Mapping[str, float] = NOTHING) -> np.ndarray:
    """Return the factor on the base rate in every step, (steps,).

    Settings that are left out take their defaults. Raises ValueError for an illegal setting, and for a
    schedule that reads the loss: its factors are not known before the run.
    """
    warm_up, own = checked_settings(chosen, steps, settings)
    if chosen.factor is None:
        raise ValueError(f"schedule: got {chosen.key}, allowed are schedules that do not read the loss")
    rise = (np.arange(warm_up) + 1) / max(warm_up, 1)
    rest = np.arange(steps - warm_up)
    return np.concatenate([rise, chosen.factor(rest, max(len(rest), 1), **own)])


def checked_settings(row: Schedule, steps: int, settings: Mapping[str, float]) -> tuple[int, dict]:
    """Return the warm-up in steps, and every setting of the schedule's own formula.

    A setting whose default is an int takes whole numbers only. Raises ValueError that names the setting,
    what it got and what is allowed.
    """
    if isinstance(steps, bool) or not isinstance(steps, int | np.integer) or not 1 <= steps <= MAX_STEPS:
        raise ValueError(f"steps: got {steps!r}, allowed are whole numbers from 1 to {MAX_STEPS}")
    known = {s.key: s for s in row.settings}
    for key in settings.keys() - known:
        raise ValueError(f"schedule: got {key!r}, but {row.key} has {', '.join(known) or 'no settings'}")
    own = {key: _checked_number(s, settings.get(key, s.default)) for key, s in known.items()}
    warm_up = int(own.pop("warm_up", 0))
    if warm_up > steps:
        raise ValueError(f"warm_up: got {warm_up}, allowed are at most the {steps} steps of the run")
    return warm_up, own


def _checked_number(setting: Hyper, value: object) -> float:
    low, high = setting.allowed
    whole = isinstance(setting.default, int)
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = np.nan
    if not low <= number <= high or (whole and number != int(number)):
        kind = "whole numbers" if whole else "numbers"
        raise ValueError(f"{setting.key}: got {value!r}, allowed are {kind} from {low:g} to {high:g}")
    return int(number) if whole else number
