"""Check what a caller passes to the engine, and bring it into the engine's form.

Every complaint is a ValueError of one sentence that names the argument, what it got and what is allowed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from core.engine.batches import Batches
from core.engine.limits import MAX_STEPS, REACH
from core.engine.rates import checked_settings
from core.engine.rates import rates as schedule_rates
from core.engine.spec import Goal, Hyper, Noise, Optimizer, Schedule, Surface

CLIP_LIMITS = 1e-12, 1e12
"""The shortest and the longest gradient that may be clipped to."""


def checked_surface(surface: Surface) -> Surface:
    """Return the surface."""
    if not isinstance(surface, Surface):
        raise ValueError(f"surface: got {_short(surface)}, allowed is a Surface")
    return surface


def checked_optimizer(optimizer: Optimizer) -> Optimizer:
    """Return the optimizer."""
    if not isinstance(optimizer, Optimizer):
        raise ValueError(f"optimizer: got {_short(optimizer)}, allowed is an Optimizer")
    return optimizer


def checked_steps(steps: int) -> int:
    """Return the number of steps, 1 ... MAX_STEPS."""
    if isinstance(steps, bool) or not isinstance(steps, int | np.integer) or not 1 <= steps <= MAX_STEPS:
        raise ValueError(f"steps: got {steps!r}, allowed are whole numbers from 1 to {MAX_STEPS}")
    return int(steps)


def checked_points(name: str, points, shape: tuple[int, ...]) -> np.ndarray:
    """Return points as a float array with 2 rows; `shape` is (2,) for one point, (2, -1) for many."""
    array = _numbers(points)
    if array is None or array.ndim != len(shape) or array.shape[0] != 2 or array.size == 0:
        wanted = "two numbers (x, y)" if len(shape) == 1 else "an array of shape (2, N) with N at least 1"
        raise ValueError(f"{name}: got {_short(points)}, allowed is {wanted}")
    if not np.all(np.abs(array) <= REACH):
        raise ValueError(f"{name}: got {_short(points)}, allowed are finite coordinates from {-REACH:g} to {REACH:g}")
    return array


def checked_hyper(optimizer: Optimizer, lr, hyper: dict | None, lanes: int | None = None) -> dict:
    """Return every hyper-parameter, the learning rate first: floats, or arrays (lanes,) where `lanes` is given."""
    given = dict(_mapping("hyper", hyper))
    if lr is not None:
        if "lr" in given:
            raise ValueError("lr: got it twice, as lr and in hyper; allowed is one of them")
        given["lr"] = lr
    known = {h.key: h for h in optimizer.hyper}
    for key in given.keys() - known:
        raise ValueError(f"hyper: got {key!r}, but {optimizer.key} has {', '.join(known)}")
    return {key: _checked_hyper(h, given[key], lanes) if key in given else h.default for key, h in known.items()}


def _checked_hyper(hyper: Hyper, value, lanes: int | None) -> float | np.ndarray:
    """Return one number, or (lanes,) of them; a switch takes 0 or 1."""
    number = _checked_number(hyper.key, value, *hyper.allowed, lanes)
    if hyper.scale == "switch" and not np.all((number == 0) | (number == 1)):
        raise ValueError(f"{hyper.key}: got {_short(value)}, allowed are 0 and 1: it is a switch")
    return number


def checked_parameters(
    surface: Surface, parameters: dict | None, lanes: int | None = None
) -> dict[str, float | np.ndarray]:
    """Return the parameters that override those of the surface: floats, or arrays (lanes,) where `lanes` is given."""
    known = {p.key: p for p in surface.parameters}
    given = _mapping("parameters", parameters)
    for key in given.keys() - known:
        raise ValueError(f"parameters: got {key!r}, but {surface.key} has {', '.join(known) or 'none'}")
    return {key: _checked_number(key, v, *known[key].allowed, lanes) for key, v in given.items()}


def checked_schedule(schedule, steps: int, lanes: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return (factors (steps, 1 or lanes), plateau settings); one of them is empty, both where there is no schedule.

    `schedule` is None, a Schedule, a pair of one and its settings, or an array of factors (steps,) or
    (steps, lanes).
    """
    no_rates, no_plateau = np.empty((0, 1)), np.empty(0)
    if schedule is None:
        return no_rates, no_plateau
    if isinstance(schedule, np.ndarray):
        rates = _numbers(schedule)
        if rates is None or rates.shape not in ((steps,), (steps, 1), (steps, lanes)) or not np.all(np.isfinite(rates)):
            raise ValueError(
                f"schedule: got {_short(schedule)}, allowed are finite factors, one for each of {steps} steps"
            )
        return np.ascontiguousarray(rates.reshape(steps, -1)), no_plateau
    chosen, settings = schedule if isinstance(schedule, tuple) and len(schedule) == 2 else (schedule, None)
    if not isinstance(chosen, Schedule):
        raise ValueError(f"schedule: got {_short(schedule)}, allowed is a schedule, or a pair of it and its settings")
    settings = _mapping("schedule", settings)
    if chosen.reads_loss:
        _warm_up, values = checked_settings(chosen, steps, settings)
        return no_rates, np.array(
            [values[k] for k in ("factor", "patience", "threshold", "cooldown", "min_lr")], dtype=float
        )
    return schedule_rates(chosen, steps, settings).reshape(steps, 1), no_plateau


def checked_noise(noise, steps: int, lanes: Sequence[int] | np.ndarray, count: int = 1) -> tuple[np.ndarray, float]:
    """Return (draws (0, 1 or lanes, steps, 2), their standard deviation) for the runs `lanes` of `count`.

    `noise` is None, a Noise, a sequence with one Noise for each run, or an array (steps, 2) for all or
    (count, steps, 2) for each run, taken as it is.
    """
    if noise is None:
        return np.empty((0, steps, 2)), 0.0
    if isinstance(noise, Noise):
        scale, seed = _checked_scale(noise, steps)
        if not np.any(scale):
            return np.empty((0, steps, 2)), 0.0
        draws = np.stack([_draws(seed + i, noise.skip, steps) for i in lanes])
        return (draws, scale) if isinstance(scale, float) else (draws * scale, 1.0)
    if isinstance(noise, Sequence) and noise and all(isinstance(own, Noise) for own in noise):
        if len(noise) != count:
            raise ValueError(f"noise: got {len(noise)} of them, allowed is one for each of {count} runs")
        scales = [_checked_scale(noise[i], steps) for i in lanes]
        own = [scale * _draws(seed, noise[i].skip, steps) for i, (scale, seed) in zip(lanes, scales, strict=True)]
        return np.stack(own), 1.0
    array = _numbers(noise)
    if array is None or array.shape not in ((steps, 2), (count, steps, 2)) or not np.all(np.isfinite(array)):
        raise ValueError(
            f"noise: got {_short(noise)}, allowed are finite numbers of shape ({steps}, 2) or ({count}, {steps}, 2)"
        )
    chosen = slice(lanes.start, lanes.stop) if isinstance(lanes, range) else lanes
    array = array[None] if array.ndim == 2 else array[chosen]
    return np.ascontiguousarray(array), 1.0


def _checked_scale(noise: Noise, steps: int) -> tuple[float | np.ndarray, int]:
    """Return (the standard deviation, or (steps, 1) of them; the seed)."""
    for name, value in (("seed", noise.seed), ("skip", noise.skip)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or not 0 <= value < 2**63:
            raise ValueError(f"noise: {name}: got {_short(value)}, allowed are whole numbers from 0 on")
    if not isinstance(noise.sigma, tuple):
        return _checked_number("noise: sigma", noise.sigma, 0.0, 1e6, None), int(noise.seed)
    needed = noise.skip + steps
    if len(noise.sigma) < needed:
        raise ValueError(f"noise: sigma: got {len(noise.sigma)} numbers, allowed is one for each of {needed} steps")
    scale = _checked_number("noise: sigma", np.array(noise.sigma), 0.0, 1e6, len(noise.sigma))
    return scale[noise.skip : needed, None], int(noise.seed)


def _draws(seed: int, skip: int, steps: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((skip + steps, 2))[skip:]


def checked_batches(batches, surface: Surface, steps: int, count: int = 1) -> list[Batches]:
    """Return the Batches of each of `count` runs, none where there are none.

    `batches` is None, a Batches of which run i takes seed + i, or a sequence with one for each run.
    """
    if batches is None:
        return []
    if surface.data is None:
        raise ValueError(f"batches: got some for {surface.key}, allowed are surfaces that are losses from data")
    if isinstance(batches, Batches):
        chosen = [replace(batches, seed=int(batches.seed) + i) for i in range(count)]
    elif isinstance(batches, Sequence) and len(batches) == count and all(isinstance(own, Batches) for own in batches):
        chosen = list(batches)
    else:
        raise ValueError(f"batches: got {_short(batches)}, allowed is a Batches, or one for each of {count} runs")
    for own in dict.fromkeys(replace(own, seed=0) for own in chosen):
        own.sizes(len(surface.data), steps)  # complains
    return chosen


def checked_clip(name: str, limit, lanes: int | None = None) -> float | np.ndarray | None:
    """Return the greatest length (`clip_norm`) or part (`clip_value`) of a received gradient, or None."""
    return None if limit is None else _checked_number(name, limit, *CLIP_LIMITS, lanes)


def checked_tolerance(tolerance) -> float:
    """Return the length of a gradient at rest."""
    return _checked_number("tolerance", tolerance, 0.0, 1e6, None)


def checked_goal(goal: Goal | None) -> Goal | None:
    """Return the goal, or None."""
    if goal is None:
        return None
    if not isinstance(goal, Goal):
        raise ValueError(f"goal: got {_short(goal)}, allowed is a Goal or None")
    targets, weight = _numbers(goal.targets), _numbers(goal.weight)
    if targets is None or targets.ndim != 2 or targets.shape[1] != 2 or not np.all(np.isfinite(targets)):
        raise ValueError(f"goal: targets: got {_short(goal.targets)}, allowed are one or more finite points")
    if weight is None or weight.shape != (2,) or not np.all((weight >= 0) & (weight < np.inf)):
        raise ValueError(f"goal: weight: got {_short(goal.weight)}, allowed are two numbers from 0 on")
    return goal


def _checked_number(name: str, value, low: float, high: float, lanes: int | None):
    if type(value) is float and low <= value <= high:
        return value
    array = _numbers(value)
    if array is None or (array.ndim and (lanes is None or array.shape != (lanes,))):
        also = f" or an array of shape ({lanes},)" if lanes else ""
        raise ValueError(f"{name}: got {_short(value)}, allowed is a number{also}")
    if not np.all((array >= low) & (array <= high)):
        raise ValueError(f"{name}: got {_short(value)}, allowed are numbers from {low:g} to {high:g}")
    return array if array.ndim else float(array)


def _numbers(value) -> np.ndarray | None:
    """Return `value` as a float array, or None where it is something else. Text does not count as a number."""
    try:
        array = np.asarray(value)
        return array.astype(float) if array.dtype.kind in "fiub" or _big(array) else None
    except (TypeError, ValueError, OverflowError):
        return None


def _big(array: np.ndarray) -> bool:
    """Say whether NumPy kept whole numbers too long for its own types as Python's."""
    return array.dtype == object and all(isinstance(number, int) for number in array.flat)


def _mapping(name: str, value) -> Mapping:
    if value is not None and not isinstance(value, Mapping):
        raise ValueError(f"{name}: got {_short(value)}, allowed is a mapping from names to numbers")
    return value or {}


def _short(value) -> str:
    if isinstance(value, np.ndarray) and value.size > 4:
        return f"an array of shape {value.shape}"
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else text[:57] + "..."
