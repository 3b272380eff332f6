"""Run every generated PyTorch script with the real torch and keep where it went.

    pip install torch==2.13.0        next to requirements-dev.txt
    python -m tests.reference.run_scripts

Each script is kept as a fingerprint and a few points of its path, or the numbers that it prints. A generator that
writes another script therefore fails tests/test_torch_script.py until the scripts have been run again.
"""

import contextlib
import hashlib
import inspect
import io
import itertools
import json
import runpy
import tempfile
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np

from core import OPTIMIZERS, SCHEDULES, Noise, Trajectory, descend
from core.engine.batches import SAMPLING, Batches
from core.networks import normalisation
from core.networks.activations import ACTIVATIONS
from core.networks.initialisation import INITIALISATIONS
from core.networks.normalisation import NORMALISATIONS
from core.networks.parameters import with_parameters
from core.optimizers import VARIANTS
from core.torch_script import TORCH_DEFAULTS, torch_script
from pages.activations.measure import torch_values
from pages.depth import measure as depth
from pages.fine_print.measure import FAMILY
from pages.normalisation.measure import running_after
from pages.recipes import measure as recipes
from surfaces import DATA_SURFACES, SURFACES

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
    return found | {f"edge: {name}": case for name, case in edges().items()}


KINKS = {
    "dropwave": [(0.0, 0.0), (0.0, 1.0)],
    "ackley": [(0.0, 0.0)],
    "crossintray": [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0)],
    "holder": [(0.0, 0.0), (0.0, 1.0), (np.pi, 0.0)],
    "bukin6": [(-10.0, 1.0), (0.0, 0.0), (-10.0, 2.0)],
    "eggholder": [(0.0, -47.0), (47.0, 0.0)],
    "l1valley": [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0)],
    "dead_relu": [(0.5, 0.0), (0.0, 0.0), (1.0, -0.5)],
    "leaky_relu": [(0.5, 0.0), (0.0, 0.0), (-1.0, 0.0)],
}
"""Points where a root or an absolute value has no derivative, or a neuron stands between on and off."""


def edges() -> dict[str, dict]:
    """Return runs at the limits of every setting, at kinks, from data, and by everything else a page can set."""
    by_key = {s.key: s for s in (*SURFACES, *DATA_SURFACES)}
    known = {o.key: o for o in (*OPTIMIZERS, *VARIANTS, *FAMILY)}
    rosenbrock, beale, sgd = by_key["rosenbrock"], by_key["beale"], known["sgd"]
    found = {}
    for row in SCHEDULES:
        usual = {h.key: h.default for h in row.settings}
        for settings in _settings_at_limits(row):
            for steps in (1, 2, 10):
                if (usual | settings).get("warm_up", 0) <= steps:
                    plan = {"schedule": row.key, "schedule_settings": settings}
                    found[f"{row.key} {settings} {steps} steps"] = _case(rosenbrock, sgd, steps=steps, **plan)
    for key, points in KINKS.items():
        for point in points:
            for name in ("sgd", "adam", "momentum", "rprop", "sign_sgd"):
                found[f"{key} {point} {name}"] = _case(by_key[key], known[name], start=point, steps=20)
    for o in known.values():
        for h in o.hyper[1:]:
            for value in sorted({*h.allowed, *h.shown}):
                found[f"{o.key} {h.key} {value:g}"] = _case(beale, o, {h.key: value, "lr": 1e-3}, steps=20)
        switches = [h.key for h in o.hyper if h.scale == "switch"]
        for chosen in itertools.product((0.0, 1.0), repeat=len(switches)):
            hyper = dict(zip(switches, chosen, strict=True)) | (
                {"weight_decay": 0.1} if "decoupled" in switches else {}
            )
            found[f"{o.key} {hyper}"] = _case(beale, o, {**hyper, "lr": 1e-3}, steps=20)
    for s in DATA_SURFACES:
        far = tuple(40.0 * edge for edge in s.domain[::2])
        found[f"{s.key} from {far}"] = _case(s, sgd, start=far, steps=20)
        for sampling, size in itertools.product(SAMPLING, (1, 7, len(s.data), (1, 3, len(s.data)) * 10)):
            batches = Batches(size, sampling, 3, 0 if isinstance(size, tuple) else 2)
            both = {"noise": Noise(0.1, 2, skip=3), "clip_norm": 0.5, "clip_value": 0.4}
            found[f"{s.key} {sampling} {size!r:.20}"] = _case(s, known["adam"], steps=30, batches=batches, **both)
    for experiment in recipes.EXPERIMENTS:
        case = experiment.case()
        for recipe in experiment.build(**{knob.key: knob.default for knob in experiment.knobs}):
            done = 0
            for k, phase in enumerate(recipe.phases):
                noise = case.noise(recipe)
                found[f"{experiment.key} {recipe.key} {k}"] = {
                    "surface": case.surface, "optimizer": known[phase.optimizer], "start": case.start,
                    "steps": min(phase.steps, STEPS), "hyper": {"lr": phase.lr}, "schedule": phase.schedule,
                    "noise": noise and replace(noise, skip=done),
                    "clip_norm": recipe.clip_norm, "clip_value": recipe.clip_value,
                }  # fmt: skip
                done += phase.steps
    return found


def _settings_at_limits(row) -> list[dict]:
    """Return the defaults, every setting at its limits, and where pieces of a schedule have no length."""
    special = {
        "one_cycle": [{"pct_start": 1 / n} for n in (2, 10)] + [{"pct_start": 0.0999999}, {"pct_start": 0.2}],
        "multi_step": [{"first": 0.5, "second": 1.0}, {"first": 0.25, "second": 0.75}, {"first": 0.0, "second": 0.0}],
    }
    limits = [{h.key: value} for h in row.settings for value in h.allowed if h.key != "warm_up"]
    if row.key == "multi_step":
        limits = [{"gamma": 0.0}, {"gamma": 1.0}]
    warm = [{"warm_up": n} for n in (0, 1, 2, 10) if "warm_up" in {h.key for h in row.settings}]
    return [{}, *limits, *warm, *special.get(row.key, [])]


def printed() -> dict[str, tuple[str, np.ndarray | None]]:
    """Return (script, what it prints by our formulas) of every script that is not a run, by name.

    Where torch draws other random numbers than NumPy there are no numbers of ours.
    """
    found: dict[str, tuple[str, np.ndarray | None]] = {}
    for row in ACTIVATIONS:
        values = [{}] + [{h.key: value} for h in row.parameters for value in (*h.allowed, *h.shown)]
        for parameters in values:
            chosen, x = with_parameters(row, **parameters), np.linspace(-5.0, 5.0, 13)
            numbers = np.concatenate([x, chosen.value(x), chosen.slope(x)])
            found[f"{row.key} {parameters}"] = (torch_values(chosen, 5.0), numbers)
    x = np.random.default_rng(0).normal(2.0, 3.0, (3, 4, 2, 2))
    for row in NORMALISATIONS:
        for seen in (None, 0, 1, 10):
            done = normalisation.normalise_images(row, x)
            output = done.value
            if seen is not None and row.needs_batch:
                output = normalisation.evaluate(x, *running_after(done, x[:, 0].size, seen))
            found[f"{row.key} {seen}"] = (normalisation.torch_script(row, x, seen), output.ravel())
    for unit in ACTIVATIONS:
        found[f"depth {unit.key}"] = (depth.torch_script(unit, INITIALISATIONS[0], "none", 3, 8, 16, 1.0), None)
    for start in INITIALISATIONS:
        for norm in ("none", "batch", "layer", "rms"):
            found[f"depth {start.key} {norm}"] = (depth.torch_script(ACTIVATIONS[1], start, norm, 3, 8, 16, 1.0), None)
    return found


def printed_by_torch(script: str) -> np.ndarray:
    """Run a script of `printed` and return its numbers: x, y and slope, y alone, or those of the lines it prints."""
    known, said = _run_script(script)
    if "slope" in known:
        return np.concatenate([known[name].detach().numpy() for name in ("x", "y", "slope")])
    return known["y"].detach().numpy().ravel() if "y" in known else np.array(said.split(), dtype=float)


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
    steps, given = case["steps"], case.get("noise")
    noise = errors * np.random.default_rng(seed).standard_normal((steps, 2))
    if given:
        sigma = given.sigma[given.skip :][:steps] if isinstance(given.sigma, tuple) else given.sigma
        draws = np.random.default_rng(given.seed).standard_normal((given.skip + steps, 2))[given.skip :]
        noise += np.reshape(sigma, (-1, 1)) * draws
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
    size = np.array([np.abs(path[: row + 1]).max() or 1.0 for row in ROWS])
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
    """Run a script and return its path, (steps + 1, 2)."""
    return np.array(_run_script(script)[0]["path"])


def _run_script(script: str) -> tuple[dict, str]:
    """Run a script and return its variables and what it printed."""
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()) as said:
        file = Path(folder) / "script.py"
        file.write_text(script)
        return runpy.run_path(str(file)), said.getvalue()


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
    others = {name: (fingerprint(script), printed_by_torch(script)) for name, (script, _) in printed().items()}
    kept["other_names"], kept["other_prints"] = list(others), [mark for mark, _ in others.values()]
    kept |= {f"printed {name}": numbers for name, (_, numbers) in others.items()}
    np.savez_compressed(FILE, **kept, defaults=json.dumps(torch_defaults()))
    print(f"{len(names)} scripts, {FILE.stat().st_size} bytes. The worst that rounding does not explain:")
    for k in np.argsort(worst)[::-1][:10]:
        print(f"{worst[k]:9.1e}  {names[k]}")


if __name__ == "__main__":
    main()
