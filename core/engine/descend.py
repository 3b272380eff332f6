"""One optimizer from one start: the run with everything that happened in it."""

from dataclasses import dataclass

import numpy as np

from core.engine import loop
from core.engine.batches import Batches, batch_places
from core.engine.checks import (
    checked_batches,
    checked_clip,
    checked_goal,
    checked_hyper,
    checked_noise,
    checked_optimizer,
    checked_parameters,
    checked_points,
    checked_schedule,
    checked_steps,
    checked_surface,
    checked_tolerance,
)
from core.engine.evaluate import parameter_rows
from core.engine.kernels import GRADIENT, RECEIVED, VALUE, X
from core.engine.layout import Layout
from core.engine.not_a_number import cause_in_gradient, cause_in_step
from core.engine.spec import Goal, Noise, Optimizer, Schedule, Surface

REST = 1e-8
"""A gradient at most this long counts as rest: a run that ends there, or beyond there, has converged."""


@dataclass(frozen=True)
class Trajectory:
    """What happened in one run.

    Row k of `path`, `value`, `gradient`, `gradient_norm` and of every array in `state` belongs to the point after k
    steps, row 0 to the start; row k of `received` (the gradient of the batch, with noise and clipping) and `rate` to
    step k + 1.
    After divergence, or where a number ceased to be one, the finite rows are kept.
    """

    surface: Surface
    optimizer: Optimizer
    hyper: dict[str, float]
    path: np.ndarray
    """(steps + 1, 2)"""
    value: np.ndarray
    gradient: np.ndarray
    """(steps + 1, 2), the true gradient."""
    received: np.ndarray
    """(steps, 2)"""
    rate: np.ndarray
    """(steps,) learning rate with its schedule."""
    state: dict[str, np.ndarray]
    """(steps + 1, 2) each, or (steps + 1,) for what the coordinates share."""
    status: str
    """"running" (the steps were used up), "converged", "diverged", "left the box" or "not a number"."""
    stopped_at: int
    """The step at which it ended; for "converged" the step since which the gradient has been at rest."""
    first: int
    """The first step at which the goal held, -1 for never or no goal."""
    held: int
    """The first step since which the goal held to the end, -1 for never or no goal."""
    undefined: str = ""
    """For "not a number" what ceased to be one: "x", "y", "f_x" or "f_y"."""
    cause: str = ""
    """Why, one of core.engine.not_a_number.CAUSES; "" where that is not known."""

    @property
    def lost(self) -> bool:
        """True where the run diverged or a number ceased to be one, so that its end means nothing."""
        return self.status in loop.LOST

    @property
    def failed(self) -> bool:
        """True where the run is lost or left the box."""
        return self.status in loop.FAILED

    @property
    def gradient_norm(self) -> np.ndarray:
        return np.hypot(self.gradient[:, 0], self.gradient[:, 1])

    def explain(self, step: int) -> dict[str, np.ndarray]:
        """Return the numbers of the formula in step 1 ... len(rate), (2,) each, from the optimizer's `explain`."""
        if not isinstance(step, int | np.integer) or not 1 <= step <= len(self.rate):
            raise ValueError(f"step: got {step!r}, allowed are whole numbers from 1 to {len(self.rate)}")
        return self._explained(slice(step - 1, step), slice(step, step + 1), lambda values: values[0])

    def explained(self) -> dict[str, np.ndarray]:
        """Return the numbers of the formula in every step, (steps, 2) each."""
        return self._explained(slice(0, len(self.rate)), slice(1, len(self.rate) + 1), lambda values: values)

    def _explained(self, before: slice, after: slice, pick) -> dict[str, np.ndarray]:
        hyper = {**self.hyper, "lr": self.rate[before, None]}
        hyper = self.optimizer.prepare(**hyper) if self.optimizer.prepare else hyper
        state = {key: a[after] if a.ndim == 2 else a[after, None] for key, a in self.state.items()}
        known = {"x": self.path[before], "g": self.received[before], **state, **hyper}
        names = self.optimizer.explain.__code__.co_varnames[: self.optimizer.explain.__code__.co_argcount]
        shape = self.received[before].shape
        return {
            k: pick(np.broadcast_to(v, shape))
            for k, v in self.optimizer.explain(**{n: known[n] for n in names}).items()
        }


def descend(
    surface: Surface,
    optimizer: Optimizer,
    start: tuple[float, float] | None = None,
    steps: int = 500,
    lr: float | None = None,
    hyper: dict[str, float] | None = None,
    schedule: Schedule | tuple | np.ndarray | None = None,
    noise: Noise | np.ndarray | None = None,
    clip_norm: float | None = None,
    *,
    clip_value: float | None = None,
    batches: Batches | None = None,
    parameters: dict[str, float] | None = None,
    tolerance: float = REST,
    goal: Goal | None = None,
) -> Trajectory:
    """Run one optimizer on one surface and return its Trajectory.

    `surface` and `optimizer` are a spec or its key. `start` defaults to the first start of the surface, `lr` and every
    hyper-parameter to those of torch.optim. `schedule` is a key or spec of SCHEDULES, a pair (key or spec, settings),
    or an array (steps,) of factors on the rate. `batches` are the rows of a loss from data that the gradient of a step
    sees; `noise` is a Noise or an array (steps, 2) added to it; `clip_value` then limits each of its parts, and
    `clip_norm` its length. Value and gradient of the Trajectory are those of all data. `parameters` pick a member of a
    family of surfaces. A run does not stop when it has converged (some optimizers leave again); it stops where it
    diverges, leaves a bounded surface, or meets a number that is none.

    Raises ValueError that names the argument, what it got and what is allowed.
    """
    surface, optimizer, steps = checked_surface(surface), checked_optimizer(optimizer), checked_steps(steps)
    values = checked_hyper(optimizer, lr, hyper)
    point = checked_points("start", surface.starts[0] if start is None else start, (2,))
    rates, plateau = checked_schedule(schedule, steps)
    draws, sigma = checked_noise(noise, steps, range(1))
    places, stream, rows_in_use = batch_places(checked_batches(batches, surface, steps), surface.data, steps)
    layout = Layout(optimizer)
    chosen = parameter_rows(surface, checked_parameters(surface, parameters))
    out, record = loop.drive(
        surface,
        optimizer,
        point[:, None],
        values,
        steps,
        parameters=chosen,
        rates=rates,
        noise=draws,
        sigma=sigma,
        clip=checked_clip("clip_norm", clip_norm),
        clip_value=checked_clip("clip_value", clip_value),
        batches=places,
        stream=stream,
        plateau=plateau,
        tolerance=checked_tolerance(tolerance),
        goal=checked_goal(goal),
        stop_at_goal=False,
        keep=layout.rate + 1 - X,
    )
    del rows_in_use
    outcome = out[0]
    stop = steps if outcome[loop.OUTCOME] in (loop.RUNNING, loop.CONVERGED) else int(outcome[loop.STOP])
    rows = everything = record[0, : stop + 1]
    if not np.isfinite(rows[-1, : RECEIVED - X]).all():
        finite = np.isfinite(rows[:, : RECEIVED - X]).all(axis=1)
        rows = rows[: max(1, int(np.argmin(finite)))]  # the start is always there, even where nothing is defined

    def pair(row: int) -> np.ndarray:
        return np.ascontiguousarray(rows[:, row - X : row - X + 2])

    state = {key: rows[:, row - X].copy() if key in layout.shared else pair(row) for key, row in layout.rows.items()}
    undefined = cause = ""
    if outcome[loop.OUTCOME] == loop.NOT_A_NUMBER:
        undefined, cause = _undefined(surface, chosen, optimizer, values, everything)
    return Trajectory(
        surface=surface,
        optimizer=optimizer,
        hyper=values,
        path=pair(X),
        value=rows[:, VALUE - X].copy(),
        gradient=pair(GRADIENT),
        received=pair(RECEIVED)[1:],
        rate=rows[1:, layout.rate - X].copy(),
        state=state,
        status=loop.STATUS[int(outcome[loop.OUTCOME])],
        stopped_at=int(outcome[loop.STOP]),
        first=int(outcome[loop.FIRST]),
        held=int(outcome[loop.HELD]),
        undefined=undefined,
        cause=cause,
    )


def _undefined(
    surface: Surface, parameters: tuple, optimizer: Optimizer, hyper: dict[str, float], rows: np.ndarray
) -> tuple[str, str]:
    """Return which number in the last of the engine's rows is none, and why."""
    names = {X: "x", X + 1: "y", GRADIENT: "f_x", GRADIENT + 1: "f_y"}
    row = next(row for row in names if np.isnan(rows[-1, row - X]))
    if row >= GRADIENT:
        return names[row], cause_in_gradient(surface, rows[-1, 0], rows[-1, 1], parameters)
    d, layout = row - X, Layout(optimizer)
    places = {key: at - X + (0 if key in layout.shared else d) for key, at in {"x": X, **layout.rows}.items()}
    step = int(np.argmax(np.isnan(rows[:, list(places.values())]).any(axis=1)))  # the point may follow its state later
    hyper = {**hyper, "lr": rows[step, -1]}
    known = optimizer.prepare(**hyper) if optimizer.prepare else hyper
    before = {key: rows[step - 1, place] for key, place in places.items()}
    return names[row], cause_in_step(optimizer, {**known, **before, "g": rows[step, RECEIVED - X + d]})
