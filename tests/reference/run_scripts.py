"""Run every generated PyTorch script with the real torch and keep where it went.

    pip install torch==2.13.0        next to requirements-dev.txt
    python -m tests.reference.run_scripts

Each script is kept as a fingerprint and a few points of its path. A generator that writes another script
therefore fails tests/test_torch_script.py until the scripts have been run again.
"""

import contextlib
import hashlib
import inspect
import io
import json
import runpy
import tempfile
import warnings
from pathlib import Path

import numpy as np

from core import OPTIMIZERS, SCHEDULES, Noise, Trajectory, descend
from core.optimizers import VARIANTS
from core.torch_script import TORCH_DEFAULTS, torch_script
from surfaces import SURFACES

FILE = Path(__file__).with_name("scripts.npz")
STEPS = 120
ROWS = (1, 10, 60, 120)
"""The rows of the path that are kept."""

# Rates as multiples of what a surface gives for adam; every other optimizer takes the rate for sgd.
ADAPTIVE = {"adagrad": 3.0, "adadelta": 100.0, "rprop": 0.3, "lion": 0.3}
ADAPTIVE |= dict.fromkeys(("rmsprop", "sign_sgd", "rmsprop_notes", "adagrad_notes"), 0.5)
ADAPTIVE |= dict.fromkeys(("adam", "amsgrad", "adamw", "nadam", "radam", "adamax", "adam_notes"), 1.0)

UNUSUAL = {
    "sgd": {"weight_decay": 0.1},
    "momentum": {"momentum": 0.5, "dampening": 0.3, "weight_decay": 0.01},
    "ema_momentum": {"beta": 0.5},
    "nesterov": {"momentum": 0.5, "weight_decay": 0.01},
    "adagrad": {"lr_decay": 0.01, "weight_decay": 0.01, "initial_accumulator_value": 0.5, "eps": 1e-3},
    "rmsprop": {"alpha": 0.9, "eps": 1e-4, "weight_decay": 0.01, "momentum": 0.5, "centered": 1.0},
    "adadelta": {"rho": 0.8, "eps": 1e-3, "weight_decay": 0.01},
    "adam": {"beta1": 0.5, "beta2": 0.9, "eps": 1e-3, "weight_decay": 0.01},
    "amsgrad": {"beta1": 0.5, "beta2": 0.9, "eps": 1e-3, "weight_decay": 0.01},
    "adamw": {"beta1": 0.5, "beta2": 0.9, "eps": 1e-3, "weight_decay": 0.3},
    "nadam": {"beta1": 0.5, "beta2": 0.9, "momentum_decay": 0.1, "weight_decay": 0.01},
    "radam": {"beta1": 0.5, "beta2": 0.9, "eps": 1e-3, "weight_decay": 0.01},
    "adamax": {"beta1": 0.5, "beta2": 0.9, "eps": 1e-3, "weight_decay": 0.01},
    "rprop": {"etaminus": 0.3, "etaplus": 1.5, "step_size_min": 1e-3, "step_size_max": 0.5},
    "asgd": {"lambd": 0.01, "alpha": 0.5, "t0": 20.0, "weight_decay": 0.01},
    "lion": {"beta1": 0.5, "beta2": 0.8, "weight_decay": 0.3},
    "sign_sgd": {"lr": 0.03},
    "momentum_faulty": {"beta": 0.5},
    "adagrad_notes": {"eps_inside": 1.0, "eps": 1e-3},
    "rmsprop_notes": {"alpha": 0.9, "eps_inside": 1.0, "eps": 1e-3},
    "adam_notes": {"correct_first": 0.0, "eps_inside": 1.0, "eps": 1e-3, "weight_decay": 0.1},
}

SETTINGS = {
    "cosine": [{"length": 50, "least": 0.1}, {"length": 200}],
    "plateau": [{"patience": 2, "factor": 0.5, "cooldown": 3}, {"patience": 1, "min_lr": 1e-4}],
}
WARM = {"warm_up": 20}


def cases() -> dict[str, dict]:
    """Return the arguments of every script by name: all pairs, and every option somewhere."""
    every = (*OPTIMIZERS, *VARIANTS)
    found = {f"{s.key} {o.key}": _case(s, o) for s in SURFACES for o in every}
    by_key = {s.key: s for s in SURFACES}
    beale, rosenbrock = by_key["beale"], by_key["rosenbrock"]
    for o in every:
        found[f"beale {o.key} unusual"] = _case(beale, o, UNUSUAL.get(o.key))
        found[f"beale {o.key} noise clip"] = _case(beale, o, noise=Noise(0.5, seed=3), clip_norm=0.8)
        found[f"beale {o.key} cosine"] = _case(beale, o, schedule="cosine", schedule_settings=WARM)
    sgd, adam, ema = (next(o for o in OPTIMIZERS if o.key == key) for key in ("sgd", "adam", "ema_momentum"))
    for row in SCHEDULES:
        named = {s.key for s in row.settings}
        for k, settings in enumerate([{}, *([WARM] if "warm_up" in named else []), *SETTINGS.get(row.key, [])]):
            for o in (sgd, adam, ema):
                found[f"rosenbrock {o.key} {row.key} {k}"] = _case(
                    rosenbrock, o, noise=Noise(0.1, seed=k), schedule=row.key, schedule_settings=settings
                )
        if "warm_up" in named:
            found[f"rosenbrock sgd {row.key} all warm-up"] = _case(
                rosenbrock, sgd, schedule=row.key, schedule_settings={"warm_up": STEPS}
            )
    for lr in (0.0, -1e-4):
        for o in (sgd, adam, ema):
            found[f"rosenbrock {o.key} lr {lr}"] = _case(rosenbrock, o, {"lr": lr}, schedule="linear")
    return found


def _case(surface, optimizer, hyper=None, **others) -> dict:
    times = ADAPTIVE.get(optimizer.key)
    lr = surface.rates["adam"] * times if times else surface.rates["sgd"]
    run = {"start": surface.starts[0], "steps": STEPS, "hyper": {"lr": lr, **(hyper or {})}}
    return {"surface": surface, "optimizer": optimizer, **run, **others}


def script_of(case: dict) -> str:
    """Return the generated script of a case."""
    return torch_script(**case)


def engine_path(case: dict) -> np.ndarray:
    """Return the path of the same run by the engine, up to where it stopped."""
    return _run(case).path


def shaken_path(case: dict, seed: int) -> np.ndarray:
    """Return the path of the same run with errors like those of rounding in every gradient."""
    errors = 1e-15 * max(_run(case).gradient_norm[0], 1.0)
    noise = errors * np.random.default_rng(seed).standard_normal((STEPS, 2))
    given = case.get("noise")
    if given:
        noise += given.sigma * np.random.default_rng(given.seed).standard_normal((STEPS, 2))
    return _run({**case, "noise": noise}).path


def _run(case: dict) -> Trajectory:
    arguments = {k: v for k, v in case.items() if k != "schedule_settings"}
    if case.get("schedule_settings"):
        arguments["schedule"] = (case["schedule"], case["schedule_settings"])
    return descend(**arguments)


def fingerprint(script: str) -> str:
    """Return a short hash of a script."""
    return hashlib.sha256(script.encode()).hexdigest()[:16]


def kept_rows(path: np.ndarray) -> np.ndarray:
    """Return the points of a path that are kept, (rows, 2), NaN after its end."""
    return np.stack([path[row] if row < len(path) else np.full(2, np.nan) for row in ROWS])


def differences(points: np.ndarray, path: np.ndarray) -> np.ndarray:
    """Return the distance of each kept point from a path, over the largest coordinate up to there.

    Zero after the end of the path: the engine stops where a run diverges or leaves its box.
    """
    size = np.array([np.abs(path[: row + 1]).max() for row in ROWS])
    return np.where(np.array(ROWS) < len(path), np.abs(kept_rows(path) - points).max(axis=1) / size, 0.0)


def unexplained(points: np.ndarray, case: dict) -> float:
    """Return the greatest difference among the points that rounding leaves alone.

    Close to a minimum or a crease some optimizers are chaotic: rounding errors grow to visible ones, here as
    between any two machines. A point counts unless a run with such errors misses it by 1e-12.
    """
    path = engine_path(case)
    missed = [differences(kept_rows(shaken_path(case, seed)), path) for seed in range(4)]
    alone = np.max(missed, axis=0) < 1e-12
    return float(differences(points, path)[alone].max(initial=0.0))


def torch_path(script: str) -> np.ndarray:
    """Run a script and return its path, (STEPS + 1, 2)."""
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        file = Path(folder) / "script.py"
        file.write_text(script)
        return np.array(runpy.run_path(str(file))["path"])


def torch_defaults() -> dict:
    """Return the default arguments of the optimizers in the installed torch."""
    import torch

    signatures = {name: inspect.signature(getattr(torch.optim, name)).parameters for name in TORCH_DEFAULTS}
    return {name: {k: signatures[name][k].default for k in usual} for name, usual in TORCH_DEFAULTS.items()}


def main() -> None:
    warnings.simplefilter("error")
    names, prints, points, worst = [], [], [], []
    for name, case in cases().items():
        script = script_of(case)
        path = torch_path(script)
        names.append(name)
        prints.append(fingerprint(script))
        points.append(kept_rows(path))
        worst.append(unexplained(points[-1], case))
    kept = {"names": names, "prints": prints, "points": points}
    np.savez_compressed(FILE, **kept, defaults=json.dumps(torch_defaults()))
    print(f"{len(names)} scripts, {FILE.stat().st_size} bytes. The worst that rounding does not explain:")
    for k in np.argsort(worst)[::-1][:10]:
        print(f"{worst[k]:9.1e}  {names[k]}")


if __name__ == "__main__":
    main()
