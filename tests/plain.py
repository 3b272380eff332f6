"""The engine once more, as a plain loop over one run: slow, short, and without a compiler. An oracle for tests."""

import inspect
import math

import numpy as np

from core.schedules import SCHEDULES


def plain_descent(
    surface,
    optimizer,
    start,
    steps,
    hyper,
    *,
    parameters=None,
    factors=None,
    noise=None,
    clip=None,
    clip_value=None,
    plateau=None,
):
    """Return (path (steps + 1, 2), last state by key). `noise` (steps, 2) is added as it is; `plateau` are settings."""
    value, gradient, _ = surface.formulas
    member = {p.key: p.default for p in surface.parameters} | (parameters or {})
    member = list(surface.prepare(**member) if surface.prepare else member.values())
    hyper = {h.key: h.default for h in optimizer.hyper} | hyper
    hyper = optimizer.prepare(**hyper) if optimizer.prepare else dict(hyper)
    names = list(inspect.signature(optimizer.step).parameters)[2:]
    remembered = [name for name in names if name not in hyper]
    begin = {s.key: hyper[s.start] if isinstance(s.start, str) else s.start for s in optimizer.state}
    memory = [dict(begin), dict(begin)]  # each coordinate keeps its own copy of what they share
    lowered = Plateau(hyper["lr"], **plateau) if plateau is not None else None
    base_rate = hyper["lr"]
    point = [float(start[0]), float(start[1])]
    path = [tuple(point)]
    with np.errstate(all="ignore"):
        for t in range(steps):
            loss = value(*point, *member)
            g = [float(part) for part in gradient(*point, *member)]
            if noise is not None:
                g = [g[0] + noise[t][0], g[1] + noise[t][1]]
            if clip_value is not None:
                g = [min(max(part, -clip_value), clip_value) for part in g]
            if clip is not None:
                shrink = min(clip / (math.hypot(*g) + 1e-6), 1.0)
                g = [g[0] * shrink, g[1] * shrink]
            if factors is not None:
                hyper["lr"] = base_rate * factors[t]
            if lowered:
                hyper["lr"] = lowered.rate
            for d in range(2):
                known = {**memory[d], **hyper}
                result = optimizer.step(point[d], g[d], *[known[name] for name in names])
                point[d], *new = result if remembered else (result,)
                memory[d] = dict(zip(remembered, new, strict=True))
            if lowered:
                lowered.step(loss)
            path.append(tuple(point))
    last = {s.key: memory[0][s.key] if s.shared else [m[s.key] for m in memory] for s in optimizer.state}
    return np.array(path, dtype=float), last


class Plateau:
    """torch.optim.lr_scheduler.ReduceLROnPlateau with mode "min" and threshold_mode "rel", retold."""

    def __init__(self, rate, **settings):
        spec = next(s for s in SCHEDULES if s.reads_loss)
        for key, number in ({s.key: s.default for s in spec.settings} | settings).items():
            setattr(self, key, number)
        self.rate = rate
        self.best = math.inf
        self.bad_epochs = 0
        self.resting = 0

    def step(self, loss):
        if loss < self.best * (1 - self.threshold):
            self.best, self.bad_epochs = loss, 0
        else:
            self.bad_epochs += 1
        if self.resting > 0:
            self.resting -= 1
            self.bad_epochs = 0
        if self.bad_epochs > self.patience:
            lower = max(self.rate * self.factor, self.min_lr)
            if self.rate - lower > 1e-8:
                self.rate = lower
            self.resting, self.bad_epochs = self.cooldown, 0
