"""Record what torch makes of losses from data, mini-batches, averages, a hand-over and clipping. From a clean checkout:

    pip install torch==2.13.0 schedulefree==1.4.1
    python tests/reference/record_noise.py

writes noise.npz beside this file. This script imports nothing of the project: gradients come from autograd, averages
from torch.optim.swa_utils, schedule-free SGD from the package of its authors. Rows of data and batches are drawn here
with NumPy, as the docstrings of the project say they are drawn there.
"""

import json
from pathlib import Path

import numpy as np
import schedulefree
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, leaky_relu, mse_loss
from torch.optim.lr_scheduler import ReduceLROnPlateau
from torch.optim.swa_utils import AveragedModel, get_ema_avg_fn

STEPS = 200


def noisy_line() -> np.ndarray:
    rng = np.random.default_rng(0)
    x = rng.standard_normal(256)
    return np.column_stack([x, 2 * x - 1 + 0.5 * rng.standard_normal(256)])


def two_classes() -> np.ndarray:
    rng = np.random.default_rng(0)
    x = rng.standard_normal(256)
    return np.column_stack([x, 2 * x - 1 + rng.standard_normal(256) > 0])


def signs() -> np.ndarray:
    x = np.linspace(-2, 2, 40)
    return np.column_stack([x, x > 0])


def ramp() -> np.ndarray:
    x = np.linspace(-1, 1, 21)
    return np.column_stack([x, np.maximum(x, 0)])


# Key of the surface: its rows, what a row costs, the start.
LOSSES = {
    "linear_regression": (noisy_line, lambda z, y: 0.5 * mse_loss(z, y), (-3.0, 4.0)),
    "logistic_regression": (two_classes, binary_cross_entropy_with_logits, (-4.0, 5.0)),
    "neuron_squared": (signs, lambda z, y: 0.5 * mse_loss(torch.sigmoid(z), y), (-3.0, 0.5)),
    "neuron_entropy": (signs, binary_cross_entropy_with_logits, (-6.0, 0.5)),
    "dead_relu": (ramp, lambda z, y: mse_loss(torch.relu(z), y), (0.53, 0.97)),
    "leaky_relu": (ramp, lambda z, y: mse_loss(leaky_relu(z, 0.01), y), (0.51, -1.03)),
}


def stream(rows: int, size: int, sampling: str, seed: int) -> list[np.ndarray]:
    """Return the rows of every batch."""
    rng, batches = np.random.default_rng(seed), []
    if sampling == "replacement":
        return np.split(rng.integers(rows, size=STEPS * size), STEPS)
    while len(batches) < STEPS:
        order = rng.permutation(rows) if sampling == "reshuffled" else np.arange(rows)
        batches += np.split(order, range(size, rows, size))
    return batches[:STEPS]


def descend(key: str, make, size: int, sampling: str, *, clip: float | None = None, plateau: dict | None = None):
    """Return (path (STEPS + 1, 2), gradients (STEPS, 2), losses of all data (STEPS + 1,))."""
    rows, loss, start = LOSSES[key]
    x, y = torch.tensor(rows().astype(float)).T
    point = torch.nn.Parameter(torch.tensor(start))
    optimizer = make([point])
    scheduler = ReduceLROnPlateau(optimizer, **plateau) if plateau else None
    path, gradients, losses = [point.detach().numpy().copy()], [], [loss(point[0] * x + point[1], y).item()]
    for batch in stream(len(x), size, sampling, 5):
        optimizer.zero_grad()
        now = loss(point[0] * x[batch] + point[1], y[batch])
        now.backward()
        if clip:
            torch.nn.utils.clip_grad_value_([point], clip)
        optimizer.step()
        if scheduler:
            scheduler.step(now.item())
        path.append(point.detach().numpy().copy())
        gradients.append(point.grad.numpy().copy())
        losses.append(loss(point[0] * x + point[1], y).item())
    return np.array(path), np.array(gradients), np.array(losses)


def averaged(path: np.ndarray, **how) -> np.ndarray:
    """Return what AveragedModel keeps after every step (STEPS, 2)."""

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.point = torch.nn.Parameter(torch.tensor(path[0]))

    model = Model()
    average, kept = AveragedModel(model, **how), []
    for row in path[1:]:
        model.point.data = torch.tensor(row)
        average.update_parameters(model)
        kept.append(average.module.point.detach().numpy().copy())
    return np.array(kept)


def handed_over() -> np.ndarray:
    """Return the path of Adam for 80 steps, then momentum from the first step on."""
    point = torch.nn.Parameter(torch.tensor([-3.0, 4.0]))
    x, y = torch.tensor(noisy_line()).T
    path = [point.detach().numpy().copy()]
    stages = [(torch.optim.Adam, {"lr": 0.1}, 80), (torch.optim.SGD, {"lr": 0.01, "momentum": 0.9}, STEPS - 80)]
    batches = iter(stream(256, 16, "reshuffled", 9))
    for make, arguments, steps in stages:
        optimizer = make([point], **arguments)
        for _ in range(steps):
            batch = next(batches)
            optimizer.zero_grad()
            (0.5 * mse_loss(point[0] * x[batch] + point[1], y[batch])).backward()
            optimizer.step()
            path.append(point.detach().numpy().copy())
    return np.array(path)


def schedule_free(lr: float, beta: float) -> tuple[np.ndarray, np.ndarray]:
    """Return (path of y, path of the average) of schedule-free SGD on batches, (STEPS + 1, 2) each."""
    point = torch.nn.Parameter(torch.tensor([-3.0, 4.0]))
    x, y = torch.tensor(noisy_line()).T
    optimizer = schedulefree.SGDScheduleFree([point], lr=lr, momentum=beta)
    optimizer.train()
    path, averages = [point.detach().numpy().copy()], [point.detach().numpy().copy()]
    for batch in stream(256, 16, "replacement", 5):
        optimizer.zero_grad()
        (0.5 * mse_loss(point[0] * x[batch] + point[1], y[batch])).backward()
        optimizer.step()
        path.append(point.detach().numpy().copy())
        optimizer.eval()
        averages.append(point.detach().numpy().copy())
        optimizer.train()
    return np.array(path), np.array(averages)


# What is run on every loss: our key of the optimizer, its hyper-parameters, size, sampling.
RUNS = [
    ("sgd", {"lr": 0.1}, 16, "replacement"),
    ("momentum", {"lr": 0.02}, 7, "reshuffled"),
    ("adam", {"lr": 0.05}, 10, "fixed"),
    ("adam", {"lr": 0.02}, 1, "reshuffled"),
]
CLASSES = {
    "sgd": lambda lr: lambda p: torch.optim.SGD(p, lr=lr),
    "momentum": lambda lr: lambda p: torch.optim.SGD(p, lr=lr, momentum=0.9),
    "adam": lambda lr: lambda p: torch.optim.Adam(p, lr=lr),
}
CLIP = 0.3
PLATEAU = {"factor": 0.5, "patience": 3, "threshold": 0.01}


def main() -> None:
    """Run everything and write noise.npz."""
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    arrays, cases = {}, []
    for key in LOSSES:
        for optimizer, hyper, size, sampling in RUNS:
            cases.append({"surface": key, "optimizer": optimizer, "hyper": hyper, "size": size, "sampling": sampling})
    for more in ({"clip": CLIP}, {"plateau": PLATEAU}):
        shared = {"surface": "linear_regression", "optimizer": "sgd", "hyper": {"lr": 0.2}, "size": 8}
        cases.append({**shared, "sampling": "replacement", **more})
    for k, case in enumerate(cases):
        make = CLASSES[case["optimizer"]](**case["hyper"])
        more = {name: case[name] for name in ("clip", "plateau") if name in case}
        run = descend(case["surface"], make, case["size"], case["sampling"], **more)
        arrays |= {f"{name}{k}": values for name, values in zip(("path", "gradient", "loss"), run, strict=True)}
    arrays["ema"] = averaged(arrays["path0"], avg_fn=get_ema_avg_fn(0.9))
    arrays["mean"] = averaged(arrays["path0"])
    arrays["handed_over"] = handed_over()
    for k, (lr, beta) in enumerate(((0.3, 0.9), (1.0, 0.5))):
        arrays[f"free_path{k}"], arrays[f"free_average{k}"] = schedule_free(lr, beta)
    index = {"torch": torch.__version__, "schedulefree": "1.4.1", "start": {k: v[2] for k, v in LOSSES.items()}}
    file = Path(__file__).with_name("noise.npz")
    np.savez_compressed(file, index=np.array(json.dumps({**index, "cases": cases})), **arrays)
    print(f"{len(cases)} runs with torch {torch.__version__}, {file.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
