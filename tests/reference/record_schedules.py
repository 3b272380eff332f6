"""Record what torch's own schedulers do, for tests/test_schedules.py.

    pip install torch==2.13.0
    python -m tests.reference.record_schedules

`SEEN` are the cases: base rate, schedule and settings, each with the scheduler that torch's documentation
gives for it over N steps, written out by hand: nothing in this file comes from the code under test.
"""

import math
import warnings
from pathlib import Path

FILE = Path(__file__).with_name("schedules.npz")
N = 1000

SEEN = {
    "constant": (0.1, "constant", {}, lambda s, o: s.ConstantLR(o, factor=1.0)),
    "step": (0.1, "step", {}, lambda s, o: s.StepLR(o, 200, 0.1)),
    "step odd": (3.0, "step", {"period": 7, "gamma": 0.93}, lambda s, o: s.StepLR(o, 7, 0.93)),
    "multi_step": (0.1, "multi_step", {}, lambda s, o: s.MultiStepLR(o, [500, 750], 0.1)),
    "multi_step odd": (
        0.1,
        "multi_step",
        {"first": 0.001, "second": 0.999, "gamma": 0.3},
        lambda s, o: s.MultiStepLR(o, [1, 999], 0.3),
    ),
    "multi_step twice": (
        0.1,
        "multi_step",
        {"first": 0.4, "second": 0.4, "gamma": 0.5},
        lambda s, o: s.MultiStepLR(o, [400, 400], 0.5),
    ),
    "multi_step at once": (
        0.1,
        "multi_step",
        {"first": 0.0, "second": 1.0, "gamma": 0.5},
        lambda s, o: s.MultiStepLR(o, [0, 1000], 0.5),
    ),
    "exponential": (0.1, "exponential", {}, lambda s, o: s.ExponentialLR(o, math.exp(-0.005))),
    "exponential fast": (0.1, "exponential", {"k": 0.4}, lambda s, o: s.ExponentialLR(o, math.exp(-0.4))),
    "time_based": (0.1, "time_based", {}, lambda s, o: s.LambdaLR(o, lambda t: 1 / (1 + 0.01 * t))),
    "time_based fast": (
        0.1,
        "time_based",
        {"k": 2.5},
        lambda s, o: s.LambdaLR(o, lambda t: 1 / (1 + 2.5 * t)),
    ),
    "linear": (0.1, "linear", {}, lambda s, o: s.LinearLR(o, 1.0, 0.0, 1000)),
    "linear short": (0.1, "linear", {"length": 37, "least": 0.2}, lambda s, o: s.LinearLR(o, 1.0, 0.2, 37)),
    "linear long": (0.1, "linear", {"length": 3000}, lambda s, o: s.LinearLR(o, 1.0, 0.0, 3000)),
    "polynomial": (0.1, "polynomial", {}, lambda s, o: s.PolynomialLR(o, 1000, 2.0)),
    "polynomial root": (
        0.1,
        "polynomial",
        {"length": 333, "power": 0.5},
        lambda s, o: s.PolynomialLR(o, 333, 0.5),
    ),
    "cosine": (0.1, "cosine", {}, lambda s, o: s.CosineAnnealingLR(o, 1000)),
    "cosine long": (
        0.1,
        "cosine",
        {"length": 1500, "least": 0.25},
        lambda s, o: s.CosineAnnealingLR(o, 1500, 0.025),
    ),
    "cosine short": (
        0.1,
        "cosine",
        {"length": 300, "least": 0.01},
        lambda s, o: s.SequentialLR(o, [s.CosineAnnealingLR(o, 300, 0.001), s.ConstantLR(o, 0.01, N)], [300]),
    ),
    "cosine_restarts": (0.1, "cosine_restarts", {}, lambda s, o: s.CosineAnnealingWarmRestarts(o, 250)),
    "cosine_restarts odd": (
        0.1,
        "cosine_restarts",
        {"period": 3, "growth": 3, "least": 0.05},
        lambda s, o: s.CosineAnnealingWarmRestarts(o, 3, 3, 0.005),
    ),
    "warm_up": (0.1, "warm_up", {}, lambda s, o: s.LambdaLR(o, lambda t: min(1, (t + 1) / 50))),
    "warm_up whole": (
        0.1,
        "warm_up",
        {"warm_up": 1000},
        lambda s, o: s.LambdaLR(o, lambda t: min(1, (t + 1) / 1000)),
    ),
    "warm_up one": (0.1, "warm_up", {"warm_up": 1}, lambda s, o: s.LambdaLR(o, lambda t: 1.0)),
    "warm_up then cosine": (
        0.1,
        "cosine",
        {"warm_up": 100, "least": 0.1},
        lambda s, o: s.SequentialLR(
            o, [s.LinearLR(o, 1 / 100, total_iters=99), s.CosineAnnealingLR(o, 900, 0.01)], [100]
        ),
    ),
    "warm_up then step": (
        0.1,
        "step",
        {"warm_up": 13, "period": 50, "gamma": 0.7},
        lambda s, o: s.SequentialLR(o, [s.LinearLR(o, 1 / 13, total_iters=12), s.StepLR(o, 50, 0.7)], [13]),
    ),
    "one_cycle": (0.1, "one_cycle", {}, lambda s, o: s.OneCycleLR(o, 0.1, 1000, cycle_momentum=False)),
    "one_cycle odd": (
        2.0,
        "one_cycle",
        {"pct_start": 0.123, "div_factor": 3.0, "final_div_factor": 7.0},
        lambda s, o: s.OneCycleLR(
            o, 2.0, 1000, pct_start=0.123, div_factor=3.0, final_div_factor=7.0, cycle_momentum=False
        ),
    ),
    "one_cycle no rise": (
        0.1,
        "one_cycle",
        {"pct_start": 0.0},
        lambda s, o: s.OneCycleLR(o, 0.1, 1000, pct_start=0.0, cycle_momentum=False),
    ),
    "cyclic": (0.1, "cyclic", {}, lambda s, o: s.CyclicLR(o, 0.01, 0.1, 100, cycle_momentum=False)),
    "cyclic odd": (
        0.5,
        "cyclic",
        {"period": 7, "least": 0.4},
        lambda s, o: s.CyclicLR(o, 0.2, 0.5, 3.5, cycle_momentum=False),
    ),
}

# Base rate, points (part of the run, factor) drawn by hand, and the same lines for torch.
DRAWN = {
    "drawn": (
        0.1,
        ((0.4, 1.0), (0.0, 0.1), (0.2, 1.0), (1.0, 0.0)),
        lambda s, o: s.LambdaLR(o, lambda t: min(0.1 + 0.9 * t / 200, 1.0, (1000 - t) / 600)),
    ),
}

# Gradient descent on (x^2 + 10 y^2) / 2 from (8, 3) with noise of standard deviation 1, seed 0: its loss
# stalls.
PLATEAU = {
    "plateau": (0.15, {}),
    "plateau patient": (0.15, {"factor": 0.5, "patience": 25, "threshold": 0.01, "cooldown": 15}),
    "plateau floor": (0.15, {"factor": 0.3, "patience": 3, "threshold": 0.0, "cooldown": 2, "min_lr": 0.01}),
    "plateau at once": (0.15, {"patience": 0, "factor": 0.9}),
}


def record() -> dict:
    """Return every recorded array, (N,) learning rates each, and the version of torch."""
    import torch
    from torch.optim import lr_scheduler

    torch.set_default_dtype(torch.float64)
    found = {"torch": torch.__version__.split("+")[0]}
    for name, (lr, *_, scheduler_of) in (SEEN | DRAWN).items():
        o = torch.optim.SGD([torch.zeros(2, requires_grad=True)], lr=lr)
        scheduler = scheduler_of(lr_scheduler, o)
        seen = []
        for _ in range(N):
            seen.append(o.param_groups[0]["lr"])
            o.step()
            scheduler.step() if len(seen) < N else None
        found[name] = seen
    for name, (lr, settings) in PLATEAU.items():
        found[name], found[f"{name} path"] = plateau_run(torch, lr, settings)
    return found


def plateau_run(torch, lr: float, settings: dict):
    """Return the learning rate of every step (N,) and the path (N + 1, 2)."""
    import numpy as np

    noise = torch.from_numpy(np.random.default_rng(0).standard_normal((N, 2)))
    p = torch.tensor([8.0, 3.0], requires_grad=True)
    o = torch.optim.SGD([p], lr=lr)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(o, **settings)
    seen, path = [], [p.tolist()]
    for t in range(N):
        o.zero_grad()
        loss = (p[0] ** 2 + 10 * p[1] ** 2) / 2
        loss.backward()
        p.grad += noise[t]
        seen.append(o.param_groups[0]["lr"])
        o.step()
        scheduler.step(loss.item())
        path.append(p.tolist())
    return seen, path


if __name__ == "__main__":
    import numpy as np

    warnings.simplefilter("ignore")
    np.savez_compressed(FILE, **record())
    print(f"{FILE.name}: {FILE.stat().st_size} bytes")
