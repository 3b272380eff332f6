"""Check what a caller passes to the engine, and bring it into the engine's form.

Every complaint is a ValueError of one sentence that names the argument, what it got and what is allowed.
"""

from importlib import import_module

import numpy as np

from core.engine import MAX_STEPS, REACH
from core.optimizers import optimizer as optimizer_named
from core.schedules import rates as schedule_rates
from core.schedules import schedule as schedule_named
from core.spec import Goal, Noise, Optimizer, Schedule, Surface


def checked_surface(surface: Surface | str) -> Surface:
    """Return the spec. A key is looked up in the package `surfaces`, which core knows by name alone."""
    return surface if isinstance(surface, Surface) else import_module("surfaces").surface(surface)


def checked_optimizer(optimizer: Optimizer | str) -> Optimizer:
    """Return the spec."""
    return optimizer if isinstance(optimizer, Optimizer) else optimizer_named(optimizer)


def checked_steps(steps: int) -> int:
    """Return the number of steps, 1 ... MAX_STEPS."""
    if isinstance(steps, bool) or not isinstance(steps, int | np.integer) or not 1 <= steps <= MAX_STEPS:
        raise ValueError(f"steps: got {steps!r}, allowed are whole numbers from 1 to {MAX_STEPS}")
    return int(steps)


def checked_points(name: str, points, shape: tuple[int, ...]) -> np.ndarray:
    """Return points as a float array with 2 rows; `shape` is (2,) for one point, (2, -1) for many."""
    try:
        array = np.asarray(points, dtype=float)
    except (TypeError, ValueError):
        array = np.empty(0)
    if array.ndim != len(shape) or array.shape[0] != 2 or array.size == 0:
        wanted = "two numbers (x, y)" if len(shape) == 1 else "an array of shape (2, N) with N at least 1"
        raise ValueError(f"{name}: got {_short(points)}, allowed is {wanted}")
    if not np.all(np.abs(array) <= REACH):
        raise ValueError(f"{name}: got {_short(points)}, allowed are finite coordinates from {-REACH:g} to {REACH:g}")
    return array


def checked_hyper(optimizer: Optimizer, lr, hyper: dict | None, lanes: int | None = None) -> dict[str, float | np.ndarray]:
    """Return every hyper-parameter, the learning rate first: floats, or arrays (lanes,) where `lanes` is given."""
    given = dict(hyper or {})
    if lr is not None:
        if "lr" in given:
            raise ValueError("lr: got it twice, as lr and in hyper; allowed is one of them")
        given["lr"] = lr
    known = {h.key: h for h in optimizer.hyper}
    for key in given.keys() - known:
        raise ValueError(f"hyper: got {key!r}, but {optimizer.key} has {', '.join(known)}")
    return {
        key: _checked_number(key, given[key], *h.allowed, lanes) if key in given else h.default for key, h in known.items()
    }


def checked_parameters(surface: Surface, parameters: dict | None, lanes: int | None = None) -> dict[str, float | np.ndarray]:
    """Return the parameters that override those of the surface: floats, or arrays (lanes,) where `lanes` is given."""
    known = {p.key: p for p in surface.parameters}
    for key in (parameters or {}).keys() - known:
        raise ValueError(f"parameters: got {key!r}, but {surface.key} has {', '.join(known) or 'none'}")
    return {key: _checked_number(key, v, *known[key].allowed, lanes) for key, v in (parameters or {}).items()}


def checked_schedule(schedule, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (factors (steps, columns), plateau settings); one of them is empty, both where there is no schedule.

    `schedule` is None, a key or spec, a pair of one of these and its settings, or an array of factors (steps,) or
    (steps, N).
    """
    no_rates, no_plateau = np.empty((0, 1)), np.empty(0)
    if schedule is None:
        return no_rates, no_plateau
    if isinstance(schedule, np.ndarray):
        rates = schedule.reshape(steps, -1) if schedule.ndim in (1, 2) and len(schedule) == steps else None
        if rates is None or not np.all(np.isfinite(rates)):
            raise ValueError(f"schedule: got {_short(schedule)}, allowed are {steps} finite factors, one for each step")
        return np.ascontiguousarray(rates, dtype=float), no_plateau
    chosen, settings = schedule if isinstance(schedule, tuple) else (schedule, {})
    spec = chosen if isinstance(chosen, Schedule) else schedule_named(chosen)
    if spec.reads_loss:
        known = {s.key: s for s in spec.settings}
        for key in settings.keys() - known:
            raise ValueError(f"schedule: got {key!r}, but {spec.key} has {', '.join(known)}")
        values = {key: _checked_number(key, settings.get(key, s.default), *s.allowed, None) for key, s in known.items()}
        return no_rates, np.array([values[k] for k in ("factor", "patience", "threshold", "cooldown", "min_lr")])
    return schedule_rates(spec, steps, settings).reshape(steps, 1), no_plateau


def checked_noise(noise, steps: int, lanes: range) -> tuple[np.ndarray, float | np.ndarray]:
    """Return (standard normal or given noise (0, 1 or lanes, steps, 2), sigma) for the runs `lanes` of an ensemble.

    `noise` is None, a Noise, or an array (steps, 2) for all or (N, steps, 2) for each run, taken as it is.
    """
    if noise is None:
        return np.empty((0, steps, 2)), 0.0
    if isinstance(noise, Noise):
        if not 0 <= noise.sigma <= 1e6 or isinstance(noise.seed, bool) or not 0 <= noise.seed < 2**63:
            raise ValueError(f"noise: got {noise}, allowed are sigma from 0 to 1e6 and a seed from 0 on")
        if noise.sigma == 0:
            return np.empty((0, steps, 2)), 0.0
        draws = [np.random.default_rng(noise.seed + i).standard_normal((steps, 2)) for i in lanes]
        return np.stack(draws), float(noise.sigma)
    array = np.asarray(noise, dtype=float)
    array = array[None] if array.ndim == 2 else array[lanes.start : lanes.stop]
    if array.ndim != 3 or array.shape[1:] != (steps, 2) or not np.all(np.isfinite(array)):
        raise ValueError(f"noise: got {_short(noise)}, allowed are finite numbers of shape ({steps}, 2) or (N, {steps}, 2)")
    return np.ascontiguousarray(array), 1.0


def checked_clip(clip_norm, lanes: int | None = None) -> float | np.ndarray | None:
    """Return the greatest length of a received gradient, or None."""
    return None if clip_norm is None else _checked_number("clip_norm", clip_norm, 1e-12, 1e12, lanes)


def checked_goal(goal: Goal | None) -> Goal | None:
    """Return the goal, or None."""
    if goal is not None and not isinstance(goal, Goal):
        raise ValueError(f"goal: got {_short(goal)}, allowed is a Goal or None")
    return goal


def _checked_number(name: str, value, low: float, high: float, lanes: int | None) -> float | np.ndarray:
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        array = np.array(np.nan)
    if array.ndim and (lanes is None or array.shape != (lanes,)):
        raise ValueError(f"{name}: got {_short(value)}, allowed is a number" + (f" or an array of shape ({lanes},)" if lanes else ""))
    if not np.all((array >= low) & (array <= high)):
        raise ValueError(f"{name}: got {_short(value)}, allowed are numbers from {low:g} to {high:g}")
    return array.astype(float) if array.ndim else float(array)


def _short(value) -> str:
    if isinstance(value, np.ndarray) and value.size > 4:
        return f"an array of shape {value.shape}"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
