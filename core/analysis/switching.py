"""One optimizer begins and another goes on: the next one starts where the last one stood, and remembers nothing.

N. S. Keskar, R. Socher, "Improving Generalization Performance by Switching from Adam to SGD", 2017, arXiv:1712.07628.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from core import descend_many
from core.engine.batches import Batches
from core.engine.checks import checked_batches, checked_points, checked_steps
from core.engine.descend_many import Ensemble
from core.engine.loop import CONVERGED, RUNNING
from core.engine.spec import Goal, Noise, Schedule, Surface
from core.resolve import surface_of


@dataclass(frozen=True)
class Phase:
    """What an optimizer does until the next one takes over."""

    optimizer: str
    """Its key."""
    lr: float
    steps: int
    schedule: Schedule | str | tuple | np.ndarray | None = None
    hyper: Mapping[str, float] = field(default_factory=dict, hash=False)


def switch_optimizers(
    surface: Surface | str,
    phases: Sequence[Phase],
    starts: np.ndarray,
    *,
    noise: Noise | None = None,
    batches: Batches | None = None,
    clip_norm: float | None = None,
    clip_value: float | None = None,
    goal: Goal | None = None,
    record: bool = False,
) -> Ensemble:
    """Run the phases one after the other from `starts` (2, N) and return one Ensemble over all their steps.

    Noise and batches go on where the phase before stopped: a single phase cut in two sees the same draws. A run that
    diverges or leaves the surface takes no part in later phases; `state` is that of the last optimizer.
    """
    surface = surface_of(surface)
    if not phases:
        raise ValueError("phases: got none, allowed is at least one")
    final = np.array(checked_points("starts", starts, (2, -1)))
    count, steps = final.shape[1], sum(checked_steps(phase.steps) for phase in phases)
    drawn = checked_batches(batches, surface, steps, count)
    whole = _nothing_yet(final, steps, record)
    done, alive = 0, np.arange(count)
    for phase in phases:
        runs = descend_many(
            surface,
            phase.optimizer,
            final[:, alive],
            phase.steps,
            phase.lr,
            dict(phase.hyper),
            phase.schedule,
            [replace(noise, seed=noise.seed + int(i), skip=noise.skip + done) for i in alive] if noise else None,
            clip_norm,
            clip_value=clip_value,
            batches=[replace(drawn[i], skip=drawn[i].skip + done) for i in alive] if drawn else None,
            goal=goal,
            record=record,
        )
        final[:, alive] = runs.final
        _append(whole, runs, alive, done)
        done += phase.steps
        alive = alive[np.isin(runs.outcome, (RUNNING, CONVERGED))]
        if not alive.size:
            break
    return replace(whole, state=runs.state)


def _nothing_yet(final: np.ndarray, steps: int, record: bool) -> Ensemble:
    count = final.shape[1]
    never = np.full(count, -1)
    return Ensemble(
        final=final,
        outcome=np.full(count, RUNNING),
        stopped_at=never.copy(),
        first=never.copy(),
        held=never.copy(),
        path=np.full((count, steps + 1, 2), np.nan) if record else None,
        value=np.full((count, steps + 1), np.nan) if record else None,
        state={},
    )


def _append(whole: Ensemble, runs: Ensemble, alive: np.ndarray, done: int) -> None:
    """Write what the runs `alive` did from step `done` on into the whole."""
    whole.outcome[alive] = runs.outcome
    whole.stopped_at[alive] = runs.stopped_at + done
    whole.first[alive] = np.where((whole.first[alive] < 0) & (runs.first >= 0), runs.first + done, whole.first[alive])
    # A goal that holds from the first point of a phase on has held since whenever it did in the phase before.
    since_before = (runs.held == 0) & (whole.held[alive] >= 0)
    here = np.where(runs.held >= 0, runs.held + done, -1)
    whole.held[alive] = np.where(since_before, whole.held[alive], here)
    if whole.path is not None and whole.value is not None:
        after = slice(done, done + runs.value.shape[1])  # type: ignore[union-attr]
        whole.path[alive, after] = runs.path
        whole.value[alive, after] = runs.value
