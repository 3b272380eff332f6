"""Thousands of runs at once: basins, sweeps over hyper-parameters, repetitions over seeds."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
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
from core.engine.descend import REST
from core.engine.evaluate import parameter_rows
from core.engine.kernels import LANES, STATE, VALUE, X
from core.engine.layout import Layout
from core.engine.spec import Goal, Noise, Optimizer, Schedule, Surface

CHUNK = 32 * LANES
"""Runs per call of the engine at most."""
CHUNK_STEPS = 3_000_000
"""Runs times steps per call, 3 to 100 ms, so that a progress bar moves and other callers get their turns."""
CHUNK_NUMBERS = 4_000_000
"""Numbers (of noise, of records) that one chunk may hold: 32 MB."""


@dataclass(frozen=True)
class Ensemble:
    """What happened in N runs."""

    final: np.ndarray
    """(2, N) last point; of a diverged run, and where a number ceased to be one, the last finite one."""
    outcome: np.ndarray
    """(N,) index in core.engine.loop.STATUS."""
    stopped_at: np.ndarray
    """(N,) step at which the run ended; for "converged" the step since which the gradient has been at rest."""
    first: np.ndarray
    """(N,) first step at which the goal held, -1 for never."""
    held: np.ndarray
    """(N,) first step since which the goal held to the end, -1 for never."""
    path: np.ndarray | None
    """(N, steps + 1, 2) where recorded, NaN after the end."""
    value: np.ndarray | None
    """(N, steps + 1) where recorded, NaN after the end."""
    state: dict[str, np.ndarray]
    """What the optimizer remembered at the end: (2, N) each, or (N,) for what the coordinates share."""

    @property
    def status(self) -> np.ndarray:
        """(N,) words: "running", "converged", "diverged", "left the box", "reached the goal" or "not a number"."""
        return np.array(loop.STATUS)[self.outcome]

    @property
    def lost(self) -> np.ndarray:
        """(N,) True where a run diverged or a number ceased to be one, so that its end means nothing."""
        return np.isin(self.status, loop.LOST)

    @property
    def failed(self) -> np.ndarray:
        """(N,) True where a run is lost or left the box."""
        return np.isin(self.status, loop.FAILED)


def descend_many(
    surface: Surface,
    optimizer: Optimizer,
    starts: np.ndarray,
    steps: int = 500,
    lr: float | np.ndarray | None = None,
    hyper: dict[str, float | np.ndarray] | None = None,
    schedule: Schedule | tuple | np.ndarray | None = None,
    noise: Noise | Sequence[Noise] | np.ndarray | None = None,
    clip_norm: float | np.ndarray | None = None,
    *,
    clip_value: float | np.ndarray | None = None,
    batches: Batches | Sequence[Batches] | None = None,
    parameters: dict[str, float | np.ndarray] | None = None,
    tolerance: float = REST,
    goal: Goal | None = None,
    stop_at_goal: bool = False,
    record: bool = False,
    executor: Executor | None = None,
    progress: Callable[[float], None] | None = None,
) -> Ensemble:
    """Run one optimizer from `starts` (2, N) and return an Ensemble of N outcomes.

    As `descend`, with `lr`, every hyper-parameter, surface parameter and both clips a number or an array (N,). A Noise
    or Batches gives run i the draws of seed + i, a sequence of N of them one to each run; `schedule` may be an array
    (steps, N). `stop_at_goal` ends a run where
    `goal` first holds, `record` keeps the paths. The runs are split into chunks and mapped over `executor` (threads:
    the kernels release the GIL); without one they run here, and `progress` is called with the part that is done.

    Raises ValueError that names the argument, what it got and what is allowed.
    """
    surface, optimizer, steps = checked_surface(surface), checked_optimizer(optimizer), checked_steps(steps)
    starts = np.ascontiguousarray(checked_points("starts", starts, (2, -1)))
    count = starts.shape[1]
    hyper = checked_hyper(optimizer, lr, hyper, count)
    parameters = checked_parameters(surface, parameters, count)
    rates, plateau = checked_schedule(schedule, steps, count)
    tolerance = checked_tolerance(tolerance)
    clip, clip_each = checked_clip("clip_norm", clip_norm, count), checked_clip("clip_value", clip_value, count)
    goal, drawn = checked_goal(goal), checked_batches(batches, surface, steps, count)

    def chunk(lanes: range | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        chosen = slice(lanes.start, lanes.stop) if isinstance(lanes, range) else lanes

        def own(values):
            return values[chosen] if isinstance(values, np.ndarray) else values

        draws, sigma = checked_noise(noise, steps, lanes, count)
        places, stream, rows_in_use = batch_places([drawn[i] for i in lanes] if drawn else [], surface.data, steps)
        done = loop.drive(
            surface,
            optimizer,
            starts[:, chosen],
            {key: own(values) for key, values in hyper.items()},
            steps,
            parameters=parameter_rows(surface, {key: own(values) for key, values in parameters.items()}),
            rates=rates if rates.shape[1] == 1 else np.ascontiguousarray(rates[:, chosen]),
            noise=draws,
            sigma=sigma,
            clip=own(clip),
            clip_value=own(clip_each),
            batches=places,
            stream=stream,
            plateau=plateau,
            tolerance=tolerance,
            goal=goal,
            stop_at_goal=stop_at_goal and goal is not None,
            keep=VALUE - X + 1 if record else 0,
        )
        del rows_in_use
        return done

    # Runs with the same batches stand side by side, so that a chunk draws them once.
    kinds = {own: k for k, own in enumerate(dict.fromkeys(drawn))}
    order = np.argsort([kinds[own] for own in drawn], kind="stable") if drawn else range(count)
    numbers = steps * (2 * (noise is not None) + 3 * record)
    numbers += 2 * sum(own.rows(steps) for own in kinds) // count
    size = min(CHUNK, max(LANES, CHUNK_STEPS // steps // LANES * LANES))
    if numbers > 0:
        size = max(1, min(size, CHUNK_NUMBERS // numbers))
    chunks = [order[begin : begin + size] for begin in range(0, count, size)]
    parts = []
    for part in (executor.map if executor else map)(chunk, chunks):
        parts.append(part)
        if progress:
            progress(len(parts) / len(chunks))
    out = np.concatenate([out for out, _ in parts])
    records = np.concatenate([kept for _, kept in parts]) if record else None
    if drawn:
        back = np.argsort(order)
        out, records = out[back], None if records is None else records[back]
    return Ensemble(
        final=out[:, loop.FINAL : loop.FINAL + 2].T.copy(),
        outcome=out[:, loop.OUTCOME].astype(int),
        stopped_at=out[:, loop.STOP].astype(int),
        first=out[:, loop.FIRST].astype(int),
        held=out[:, loop.HELD].astype(int),
        path=None if records is None else records[:, :, :2],
        value=None if records is None else records[:, :, VALUE - X],
        state=_state(optimizer, out[:, loop.OUTCOMES :].T),
    )


def _state(optimizer: Optimizer, rows: np.ndarray) -> dict[str, np.ndarray]:
    """Return the final state by key from the rows (states, N) of the engine."""
    layout = Layout(optimizer)
    places = {key: row - STATE for key, row in layout.rows.items()}
    return {key: rows[at] if key in layout.shared else rows[at : at + 2] for key, at in places.items()}
