"""Record the paths that torch.optim takes, for the tests to compare with. From a clean checkout:

    pip install torch==2.13.0
    python tests/reference/record_torch.py

writes optimizers.npz beside this file. "index" in it is JSON: the torch version, the default arguments of
every class, for every case what was run, and which cases were left out; path number k is the array "path<k>",
(STEPS + 1, 2), row 0 the start. This script imports nothing of the project: gradients come from autograd, and
every argument that a case does not name is torch's default. Doubles are torch's default type here, because
NAdam and ASGD keep numbers of their own in it.

Some paths are chaotic: RMSprop with its default rate hovers over Rosenbrock's valley and blows a change of
1e-12 in the start up to 2e-3 within 300 steps. Two correct programs differ there by their rounding alone, so
a case is left out when it amplifies such a change more than CHAOS times.
"""

import inspect
import json
import math
from pathlib import Path

import numpy as np
import torch

STEPS = 300
CHAOS = 1000
SMALL = 1e-12


def rosenbrock(x, y):
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def beale(x, y):
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


def himmelblau(x, y):
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


def ravine45(x, y):
    along, across = (x + y) / math.sqrt(2), (y - x) / math.sqrt(2)
    return 0.5 * (along**2 + 100 * across**2)


STARTS = {
    rosenbrock: (-1.5, 2.0),
    beale: (1.0, 1.5),
    himmelblau: (0.0, 0.0),
    ravine45: (-7.778, -6.364),
}

# Our key: the torch class, its fixed arguments, and what is recorded on every surface.
METHODS = {
    "sgd": ("SGD", {}, [{}, {"lr": 1.5e-3}, {"weight_decay": 0.3}]),
    "momentum": (
        "SGD",
        {"momentum": 0.9},
        [
            {},
            {"lr": 2e-3, "momentum": 0.5, "weight_decay": 0.2},
            {"dampening": 0.4, "momentum": 0.0},
            {"lr": 3e-3, "dampening": 0.9},
        ],
    ),
    "nesterov": (
        "SGD",
        {"momentum": 0.9, "nesterov": True},
        [{}, {"lr": 7e-4, "momentum": 0.5}, {"momentum": 0.8, "weight_decay": 0.3}],
    ),
    "adagrad": (
        "Adagrad",
        {},
        [
            {},
            {"lr": 0.5},
            {"lr": 0.5, "lr_decay": 0.01, "weight_decay": 0.1},
            {"lr": 1.0, "initial_accumulator_value": 2.0, "eps": 0.1},
        ],
    ),
    "rmsprop": (
        "RMSprop",
        {},
        [
            {},
            {"lr": 3e-3, "alpha": 0.9, "eps": 1e-3},
            {"lr": 2e-3, "momentum": 0.9, "weight_decay": 0.1},
            {"lr": 3e-3, "centered": True},
            {"lr": 3e-4, "centered": True, "momentum": 0.5, "alpha": 0.95},
        ],
    ),
    "adadelta": (
        "Adadelta",
        {},
        [{}, {"lr": 5.0, "rho": 0.99, "eps": 1e-3}, {"rho": 0.99, "eps": 1e-3, "weight_decay": 0.2}],
    ),
    "adam": (
        "Adam",
        {},
        [{}, {"lr": 0.1}, {"lr": 0.02, "betas": (0.5, 0.99), "eps": 1e-3}, {"lr": 0.05, "weight_decay": 0.5}],
    ),
    "amsgrad": (
        "Adam",
        {"amsgrad": True},
        [{}, {"lr": 0.1}, {"lr": 0.05, "betas": (0.5, 0.9), "eps": 1e-3, "weight_decay": 0.5}],
    ),
    "adamw": (
        "AdamW",
        {},
        [{}, {"lr": 0.1}, {"lr": 0.02, "betas": (0.8, 0.99), "eps": 1e-3, "weight_decay": 1.0}],
    ),
    "nadam": (
        "NAdam",
        {},
        [
            {},
            {"lr": 0.1},
            {"lr": 0.02, "betas": (0.5, 0.99), "eps": 1e-3, "momentum_decay": 0.1, "weight_decay": 0.5},
        ],
    ),
    "radam": (
        "RAdam",
        {},
        [
            {},
            {"lr": 2e-3},
            {"lr": 3e-3, "betas": (0.5, 0.9), "eps": 1e-3, "weight_decay": 0.5},
            {"lr": 2e-3, "betas": (0.9, 0.5)},
        ],
    ),
    "adamax": (
        "Adamax",
        {},
        [{}, {"lr": 0.1}, {"lr": 0.05, "betas": (0.5, 0.99), "eps": 0.1, "weight_decay": 0.5}],
    ),
    "rprop": ("Rprop", {}, [{}, {"lr": 0.1, "etas": (0.7, 1.1)}, {"lr": 0.2, "step_sizes": (1e-4, 0.3)}]),
    "asgd": (
        "ASGD",
        {},
        [
            {},
            {"lr": 1e-3},
            {"lr": 1e-3, "weight_decay": 0.3},
            {"lr": 1e-3, "lambd": 0.5, "alpha": 0.5, "t0": 50.0},
        ],
    ),
}
# With a learning rate that changes at every step, on one surface; whatever remembers an old rate shows here.
WARM_UP = [min(1.0, (t + 1) / 20) * 0.995**t for t in range(STEPS)]
# Noise on every gradient, then clipping by norm, as a training loop does it.
NOISY = {"sigma": 2.0, "seed": 7, "clip": 5.0}


def cases() -> list[dict]:
    """List what to run: everything on every surface, then the rate schedule, then noise with clipping."""
    found = []
    for key, (torch_class, fixed, variations) in METHODS.items():
        runs = [{"surface": surface, "arguments": fixed | more} for more in variations for surface in STARTS]
        runs.append({"surface": rosenbrock, "arguments": fixed | variations[-1], "factors": WARM_UP})
        runs.append({"surface": beale, "arguments": fixed | variations[0], **NOISY})
        found += [{"optimizer": key, "class": torch_class, **case} for case in runs]
    return found


def run(case: dict, change: float = 0.0) -> tuple[np.ndarray, np.ndarray | None, dict]:
    """Return the path (STEPS + 1, 2), averages (STEPS, 2) if there are any, and all torch arguments."""
    point = torch.nn.Parameter(torch.tensor(STARTS[case["surface"]]) + change)
    optimizer = getattr(torch.optim, case["class"])([point], **case["arguments"])
    group = optimizer.param_groups[0]
    arguments = {name: value for name, value in group.items() if name != "params"}
    noise = np.random.default_rng(case.get("seed", 0)).standard_normal((STEPS, 2))
    path, averages = [point.detach().numpy().copy()], []
    for t in range(STEPS):
        group["lr"] = arguments["lr"] * case["factors"][t] if "factors" in case else arguments["lr"]
        optimizer.zero_grad()
        case["surface"](point[0], point[1]).backward()
        if "sigma" in case:
            point.grad += case["sigma"] * torch.from_numpy(noise[t])
            torch.nn.utils.clip_grad_norm_([point], case["clip"])
        optimizer.step()
        path.append(point.detach().numpy().copy())
        if "ax" in optimizer.state[point]:
            averages.append(optimizer.state[point]["ax"].numpy().copy())
    return np.array(path), np.array(averages) if averages else None, arguments


def amplification(case: dict, path: np.ndarray) -> float:
    """Return how much a small change of the start grows, relative to the path's size; inf if it diverges."""
    if not np.all(np.abs(path) < 1e6):
        return math.inf
    size = np.maximum.accumulate(np.abs(path).max(axis=1))[1:, None]
    return float(np.max(np.abs(run(case, SMALL)[0] - path)[1:] / size) / SMALL)


def class_defaults(name: str) -> dict:
    """Return the arguments of a torch.optim class and their defaults."""
    parameters = inspect.signature(getattr(torch.optim, name)).parameters.values()
    return {p.name: p.default for p in parameters if p.name != "params"}


def main() -> None:
    """Run every case and write optimizers.npz."""
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    arrays, kept, left_out = {}, [], []
    for case in cases():
        path, averages, arguments = run(case)
        growth = amplification(case, path)
        facts = {**case, "surface": case["surface"].__name__, "torch_arguments": arguments}
        if growth > CHAOS:
            left_out.append(facts)
            print(f"left out, {growth:.0e}: {facts['optimizer']}, {facts['surface']}, {case['arguments']}")
            continue
        arrays[f"path{len(kept)}"] = path
        if averages is not None:
            arrays[f"average{len(kept)}"] = averages
        kept.append(facts)
    defaults = {name: class_defaults(name) for name in sorted({case["class"] for case in kept})}
    about = {"torch": torch.__version__, "steps": STEPS, "defaults": defaults}
    index = {**about, "cases": kept, "left_out": left_out}
    file = Path(__file__).with_name("optimizers.npz")
    np.savez_compressed(file, index=np.array(json.dumps(index)), **arrays)
    print(f"{len(kept)} paths with torch {torch.__version__}, {file.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
