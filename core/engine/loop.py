"""The one loop that runs every optimizer on every surface, one run or a million, in blocks of lanes.

A block is a workspace of `LANES` columns, one run each, and these rows:

    Hessian | parameters | x, y | f | f_x, f_y | received gradient | state | hyper-parameters | sigma, clips | notes

Each run has its own start, hyper-parameters, surface parameters, batches and noise; all take the same number of steps.
A batch is nothing but other parameters of the surface, for the gradient that a run receives: where its rows stand in
memory, and how many. A run that leaves the finite world or its box is taken out of its block by moving the last column
into its place.
"""

import numpy as np

from core.engine.kernels import (
    COUNT,
    DATA,
    EVENT,
    GRADIENT,
    LANES,
    LIMITS,
    PARAMETERS,
    PREVIOUS,
    RECEIVED,
    STATE,
    VALUE,
    X,
    address,
    call_surface,
    call_update,
    kernel,
    part,
    surface_kernel,
    with_known_shape,
    workspaces,
)
from core.engine.layout import Layout
from core.engine.limits import REACH, STEEPEST
from core.engine.spec import Goal, Optimizer, Surface

RUNNING, CONVERGED, DIVERGED, LEFT, REACHED, NOT_A_NUMBER = range(6)
STATUS = ("running", "converged", "diverged", "left the box", "reached the goal", "not a number")
LOST = ("diverged", "not a number")
"""Of these runs the end means nothing."""
FAILED = (*LOST, "left the box")
"""These runs end before their steps are used up, and not because they have arrived."""

# Columns of the outcome of a run.
FINAL, OUTCOME, STOP, FIRST, HELD, OUTCOMES = 0, 2, 3, 4, 5, 6
# Rows after the hyper-parameters.
SIGMA, CLIP, CLIP_VALUE, BASE_RATE, CALM, HIT, SINCE, MARGIN = 0, 1, 2, 3, 4, 5, 6, 7
LANE, BEST, BAD, COOLDOWN, SCALE, NOTES = 8, 9, 10, 11, 12, 13

# The parts of the loop, in the order in which they are called. `w` is the workspace, `n` the columns in use.


@part
def _set_limits(w, box, tolerance):
    """Tell the gradient within which limits all is well."""
    for k in range(2):
        low, high = box[2 * k], box[2 * k + 1]
        w[LIMITS, 2 * k] = 2.0 / (high - low)
        w[LIMITS, 2 * k + 1] = -(high + low) / (high - low)
    w[LIMITS, 4], w[LIMITS, 5] = 1.0 / (STEEPEST * STEEPEST), tolerance * tolerance


@part
def _begin_block(w, n, begin, column, own_rows, own, rate, notes):
    """Put n runs, the first of them number `begin`, at their starts."""
    for r in range(column.shape[0]):
        for b in range(n):
            w[r, b] = column[r]
    for k in range(own_rows.shape[0]):
        for b in range(n):
            w[own_rows[k], b] = own[k, begin + b]
    for b in range(n):
        w[notes + BASE_RATE, b] = w[rate, b]
        w[notes + CALM, b] = 0.0
        w[notes + HIT, b] = -1.0
        w[notes + SINCE, b] = 0.0
        w[notes + LANE, b] = begin + b
        w[PREVIOUS, b] = w[X, b]
        w[PREVIOUS + 1, b] = w[X + 1, b]
        w[notes + BEST, b] = np.inf
        w[notes + BAD, b] = 0.0
        w[notes + COOLDOWN, b] = 0.0
        w[notes + SCALE, b] = 1.0


@part
def _count_events(w, n, box, tolerance):
    """Return how many runs are beyond a limit, and how many at rest.

    Loads stand before the choices, so that LLVM turns these into selects and the loop vectorises.
    """
    x_low, x_high, y_low, y_high = box[0], box[1], box[2], box[3]
    beyond = 0
    resting = 0
    for b in range(n):
        x, y, gx, gy = w[X, b], w[X + 1, b], w[GRADIENT, b], w[GRADIENT + 1, b]
        slope2 = gx * gx + gy * gy
        inside = (x >= x_low) & (x <= x_high) & (y >= y_low) & (y <= y_high) & (slope2 <= STEEPEST * STEEPEST)
        beyond += 0 if inside else 1
        resting += 1 if slope2 <= tolerance * tolerance else 0
    return beyond, resting


@part
def _note_rest(w, n, calm, restless, now, tolerance):
    """Note since which step each run has been at rest, where no run was at rest before step `restless`."""
    for b in range(n):
        slope2 = w[GRADIENT, b] * w[GRADIENT, b] + w[GRADIENT + 1, b] * w[GRADIENT + 1, b]
        since_before = max(w[calm, b], restless)
        w[calm, b] = since_before if slope2 <= tolerance * tolerance else now


@part
def _measure_margin(w, n, margin, goal, level, targets):
    """Write by how much the goal holds, or how far from it a run is: a number below zero."""
    if goal == 1:
        for b in range(n):
            w[margin, b] = level - w[VALUE, b]
    else:
        for b in range(n):
            w[margin, b] = np.inf
        for k in range(targets.shape[0]):
            x_target, y_target, x_weight, y_weight = targets[k, 0], targets[k, 1], targets[k, 2], targets[k, 3]
            for b in range(n):
                u, v, nearest = w[X, b] - x_target, w[X + 1, b] - y_target, w[margin, b]
                squared = x_weight * u * u + y_weight * v * v
                w[margin, b] = squared if squared < nearest else nearest
        side = -1.0 if goal == 2 else 1.0
        for b in range(n):
            w[margin, b] = side * (w[margin, b] - level * level)


@part
def _note_goal(w, n, notes, now):
    """Note when the goal held first and since when it holds; return how many runs have reached it just now."""
    hit, since = notes + HIT, notes + SINCE
    reached = 0
    for b in range(n):
        holds, missed, first = w[notes + MARGIN, b] > 0.0, w[since, b], w[hit, b]
        w[since, b] = missed if holds else now
        new = holds & (first < 0.0)
        w[hit, b] = now - 1.0 if new else first
        reached += 1 if new else 0
    return reached


@part
def _record_rows(w, n, lane, t, record):
    for b in range(n):
        for r in range(record.shape[2]):
            record[int(w[lane, b]), t, r] = w[X + r, b]


@part
def _spread_shared(w, n, first_shared, notes):
    """Give every run what all share, of which column 0 alone was kept up to date."""
    for r in range(first_shared, notes):
        for b in range(1, n):
            w[r, b] = w[r, 0]


@part
def _judge(w, b, box):
    """Return how the run in column b has ended, or RUNNING."""
    x, y = w[X, b], w[X + 1, b]
    gx, gy = abs(w[GRADIENT, b]), abs(w[GRADIENT + 1, b])
    slope2 = gx * gx + gy * gy
    steepest2 = STEEPEST * STEEPEST
    # Beyond a limit comes first: where one number overflows, others soon are none (0 times infinity).
    if abs(x) > REACH or abs(y) > REACH or gx > STEEPEST or gy > STEEPEST or slope2 > steepest2:
        return DIVERGED
    if not (abs(x) <= REACH and abs(y) <= REACH and slope2 <= steepest2):
        return NOT_A_NUMBER
    if not (box[0] <= x <= box[1] and box[2] <= y <= box[3]):
        return LEFT
    return RUNNING


@part
def _write_outcome(w, b, t, outcome, goal, states, notes, out):
    x, y, since = w[X, b], w[X + 1, b], w[notes + SINCE, b]
    finite = np.isfinite(x) and np.isfinite(y)
    row = out[int(w[notes + LANE, b])]
    row[FINAL] = x if finite else w[PREVIOUS, b]
    row[FINAL + 1] = y if finite else w[PREVIOUS + 1, b]
    row[OUTCOME] = outcome
    row[STOP] = w[notes + CALM, b] if outcome == CONVERGED else t
    row[FIRST] = w[notes + HIT, b]
    row[HELD] = since if goal > 0 and since <= t else -1.0
    for r in range(states):
        row[OUTCOMES + r] = w[STATE + r, b]


@part
def _take_out_ended(w, n, t, last, restless, box, goal, stop_at_goal, states, notes, out):
    """Write the outcome of every run that has ended, move the last column into its place; return how many are left."""
    calm = notes + CALM
    for b in range(n):
        w[calm, b] = max(w[calm, b], restless)
    b = 0
    while b < n:
        outcome = _judge(w, b, box)
        if outcome == RUNNING and stop_at_goal and w[notes + HIT, b] >= 0.0:
            outcome = REACHED
        if outcome == RUNNING and last and w[calm, b] <= t:
            outcome = CONVERGED
        if outcome == RUNNING and not last:
            b += 1
            continue
        _write_outcome(w, b, t, outcome, goal, states, notes, out)
        n -= 1
        for r in range(notes + NOTES):
            w[r, b] = w[r, n]
    return n


@part
def _read_batch(w, n, lane, t, batches, stream):
    """Let the surface of each run be the loss of its batch."""
    for b in range(n):
        place = stream[int(w[lane, b])]
        w[DATA, b] = batches[place, t, 0]
        w[COUNT, b] = batches[place, t, 1]


@part
def _read_all_data(w, n, column):
    for b in range(n):
        w[DATA, b] = column[DATA]
        w[COUNT, b] = column[COUNT]


@part
def _add_noise(w, n, notes, t, noise):
    for b in range(n):
        index = int(w[notes + LANE, b]) if noise.shape[0] > 1 else 0
        w[GRADIENT, b] += w[notes + SIGMA, b] * noise[index, t, 0]
        w[GRADIENT + 1, b] += w[notes + SIGMA, b] * noise[index, t, 1]


@part
def _clip(w, n, notes):
    for b in range(n):
        # torch.nn.utils.clip_grad_value_
        most = w[notes + CLIP_VALUE, b]
        w[GRADIENT, b] = min(max(w[GRADIENT, b], -most), most)
        w[GRADIENT + 1, b] = min(max(w[GRADIENT + 1, b], -most), most)
        # torch.nn.utils.clip_grad_norm_, with its 1e-6
        length = np.sqrt(w[GRADIENT, b] ** 2 + w[GRADIENT + 1, b] ** 2)
        shrink = min(w[notes + CLIP, b] / (length + 1e-6), 1.0)
        w[GRADIENT, b] *= shrink
        w[GRADIENT + 1, b] *= shrink


@part
def _keep_received(w, n):
    for b in range(n):
        w[RECEIVED, b] = w[GRADIENT, b]
        w[RECEIVED + 1, b] = w[GRADIENT + 1, b]


@part
def _set_rate(w, n, rate, notes, t, rates):
    """Set the learning rate of step t: the rate of the run, what a plateau has left of it, and the schedule."""
    if rates.shape[0] > 0:
        for b in range(n):
            factor = rates[t, int(w[notes + LANE, b]) if rates.shape[1] > 1 else 0]
            w[rate, b] = w[notes + BASE_RATE, b] * w[notes + SCALE, b] * factor
    else:
        for b in range(n):
            w[rate, b] = w[notes + BASE_RATE, b] * w[notes + SCALE, b]


@part
def _watch_plateau(w, n, notes, plateau):
    """torch.optim.lr_scheduler.ReduceLROnPlateau, mode "min", threshold_mode "rel"."""
    base, best, bad = notes + BASE_RATE, notes + BEST, notes + BAD
    cooldown, scale = notes + COOLDOWN, notes + SCALE
    factor, patience, threshold, rest, least = plateau[0], plateau[1], plateau[2], plateau[3], plateau[4]
    for b in range(n):
        if w[VALUE, b] < w[best, b] * (1.0 - threshold):
            w[best, b] = w[VALUE, b]
            w[bad, b] = 0.0
        else:
            w[bad, b] += 1.0
        if w[cooldown, b] > 0.0:
            w[cooldown, b] -= 1.0
            w[bad, b] = 0.0
        if w[bad, b] > patience:
            w[cooldown, b] = rest
            w[bad, b] = 0.0
            reduced = max(w[base, b] * w[scale, b] * factor, least)
            if w[base, b] * w[scale, b] - reduced > 1e-8:
                w[scale, b] = reduced / w[base, b]


@kernel(
    "void(float64[:,::1], intp, intp, float64[::1], intp[::1], float64[:,::1], intp, intp, intp, intp, "
    "intp, float64[:,::1], float64[:,:,::1], float64[:,:,::1], intp[::1], float64[::1], "
    "float64[::1], float64, intp, float64, float64[:,::1], boolean, boolean, float64[:,:,::1], float64[:,::1])"
)
def _drive(
    workspace,  # (ROWS, PITCH) scratch; the caller owns it, because Numba frees its own arrays after their last mention
    surface,  # address of the surface kernel
    update,  # address of the update kernel
    column,  # what every run starts with, up to and with the row CLIP_VALUE
    own_rows,  # rows in which the runs differ: x, y and more
    own,  # (rows, N) their values there
    states,  # rows of state
    own_states,  # how many of them belong to one coordinate; the others are shared
    hypers,  # rows of hyper-parameters, the learning rate first
    steps,
    alike,  # 1 where all runs of a block agree in what an update shares: its shared state and its hyper-parameters
    rates,  # (steps, 1 or N) factors on the learning rate; 0 rows for none
    noise,  # (1 or N, steps, 2) standard normal numbers; 0 lanes for none
    batches,  # (K, steps, 2) address and count of the rows of every batch of K streams; 0 streams for none
    stream,  # (N,) which of them a run reads
    plateau,  # factor, patience, threshold, cooldown, least rate; empty for none
    box,  # x low, x high, y low, y high
    tolerance,  # a gradient at most this long is at rest
    goal,  # index in Goal.KINDS
    level,
    targets,  # (K, 4): x, y and the weights of the squared distance
    stop_at_goal,
    clipped,
    record,  # (N, steps + 1, rows to keep); 0 lanes for none
    out,  # (N, OUTCOMES + states)
):
    first_shared, rate = STATE + own_states, STATE + states
    notes = rate + hypers
    here = address(workspace)
    w = with_known_shape(workspace)
    count = own.shape[1]
    recorded, noisy, batched = record.shape[0] > 0, noise.shape[0] > 0, batches.shape[0] > 0
    watched = plateau.shape[0] > 0
    values_needed = goal == 1 or watched or (recorded and record.shape[2] > 2)
    _set_limits(w, box, tolerance)

    for begin in range(0, count, LANES):
        n = min(LANES, count - begin)
        _begin_block(w, n, begin, column, own_rows, own, rate, notes)
        restless = 0.0  # the step since which not every run of the block is restless
        for t in range(steps + 1):
            call_surface(surface, n, 1, here)
            if values_needed:
                call_surface(surface, n, 0, here)

            # How is every run? Only rare endings take the slow path.
            now, last = float(t) + 1.0, t == steps
            ended, resting = 0, 0
            if w[LIMITS, EVENT] > 0.0:
                ended, resting = _count_events(w, n, box, tolerance)
            if resting == 0:
                restless = now  # one number for the block instead of a store for every run
            else:
                _note_rest(w, n, notes + CALM, restless, now, tolerance)
            if goal > 0:
                _measure_margin(w, n, notes + MARGIN, goal, level, targets)
                reached = _note_goal(w, n, notes, now)
                ended += reached if stop_at_goal else 0
            if recorded:
                _record_rows(w, n, notes + LANE, t, record)
            if ended > 0 or last:
                if alike:
                    _spread_shared(w, n, first_shared, notes)
                n = _take_out_ended(w, n, t, last, restless, box, goal, stop_at_goal, states, notes, out)
            if last or n == 0:
                break

            # The gradient that each run receives.
            if batched:
                _read_batch(w, n, notes + LANE, t, batches, stream)
                call_surface(surface, n, 1, here)
                if watched:
                    call_surface(surface, n, 0, here)  # a training loop shows its scheduler the loss of the batch
                _read_all_data(w, n, column)
            if noisy:
                _add_noise(w, n, notes, t, noise)
            if clipped:
                _clip(w, n, notes)
            if recorded:
                _keep_received(w, n)

            if watched or rates.shape[0] > 0:
                _set_rate(w, n, rate, notes, t, rates)
            call_update(update, n, alike, here)
            if watched:
                _watch_plateau(w, n, notes, plateau)


def drive(
    surface: Surface,
    optimizer: Optimizer,
    start: np.ndarray,
    hyper: dict,
    steps: int,
    *,
    parameters: tuple,
    rates: np.ndarray,
    noise: np.ndarray,
    sigma: np.ndarray | float,
    clip: np.ndarray | float | None,
    clip_value: np.ndarray | float | None,
    batches: np.ndarray,
    stream: np.ndarray,
    plateau: np.ndarray,
    tolerance: float,
    goal: Goal | None,
    stop_at_goal: bool,
    keep: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Run the engine on checked arguments; return (out (N, OUTCOMES + states), record (N, steps + 1, `keep` rows)).

    `start` is (2, N), every hyper-parameter (the learning rate first), surface parameter, sigma and both clips a float
    or an array (N,). Run i reads `batches[stream[i]]`; whoever made these addresses keeps the rows alive. State is laid
    out per coordinate first, then shared. `keep` is how many rows of the workspace to record from row X on: 0 nothing,
    3 the path and its value, STATE - X + states + 1 everything down to the learning rate.
    """
    hyper = optimizer.prepare(**hyper) if optimizer.prepare else hyper
    layout = Layout(optimizer)
    begin = dict(enumerate(start, X)) | dict(enumerate(parameters, PARAMETERS))
    if surface.data is not None:
        begin |= {DATA: surface.data.address, COUNT: float(len(surface.data))}
    limits = (np.inf if limit is None else limit for limit in (clip, clip_value))
    begin |= dict(enumerate((*layout.start, *hyper.values(), sigma, *limits), STATE))
    notes = layout.rate + len(hyper)
    column = np.zeros(notes + BASE_RATE)
    own = {}
    for r, values in begin.items():
        if isinstance(values, np.ndarray):
            own[r] = values
        else:
            column[r] = values
    count = start.shape[1]
    common = range(layout.first_shared, notes)
    differ = rates.shape[1] > 1 or plateau.size or not own.keys().isdisjoint(common) or keep > common.start - X
    alike = int(count == 1 or not differ)
    box = np.array(surface.domain if surface.bounded else (-REACH, REACH, -REACH, REACH))
    targets = np.array([(*target, *goal.weight) for target in goal.targets]) if goal else np.empty((0, 4))
    out = np.empty((count, OUTCOMES + layout.states))
    record = np.full((count if keep else 0, steps + 1, keep), np.nan)
    _drive(
        workspaces(),
        surface_kernel(surface.formulas, surface.data is not None),
        layout.kernel(tuple(hyper)),
        column,
        np.array(list(own)),
        np.stack(list(own.values())),
        layout.states,
        2 * len(layout.own),
        len(hyper),
        steps,
        alike,
        rates,
        noise,
        batches,
        stream,
        plateau,
        box,
        tolerance,
        Goal.KINDS.index(goal.kind) if goal else 0,
        goal.level if goal else 0.0,
        targets,
        stop_at_goal,
        clip is not None or clip_value is not None,
        record,
        out,
    )
    return out, record
