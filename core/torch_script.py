"""Write a run as a short PyTorch script: the same path from torch.optim and autograd, in double precision.

The formula of the surface is the source that runs here with NumPy's functions exchanged for torch's;
nothing that a user typed becomes code but numbers. An optimizer without a twin in torch.optim becomes one
there: its own update rule, on tensors.
"""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from core.engine.batches import Batches
from core.engine.checks import (
    checked_batches,
    checked_clip,
    checked_hyper,
    checked_noise,
    checked_points,
    checked_steps,
)
from core.engine.evaluate import parameter_rows
from core.engine.spec import NOTHING, Noise, Optimizer, Schedule, Surface
from core.resolve import optimizer_of, surface_of
from core.schedules import SCHEDULES, torch_source

TORCH_DEFAULTS: dict[str, dict] = {
    "SGD": {"momentum": 0, "dampening": 0, "weight_decay": 0, "nesterov": False},
    "Adagrad": {"lr_decay": 0, "weight_decay": 0, "initial_accumulator_value": 0, "eps": 1e-10},
    "RMSprop": {"alpha": 0.99, "eps": 1e-8, "weight_decay": 0, "momentum": 0, "centered": False},
    "Adadelta": {"rho": 0.9, "eps": 1e-6, "weight_decay": 0},
    "Adam": {"betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0, "amsgrad": False},
    "AdamW": {"betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.01, "amsgrad": False},
    "NAdam": {"betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0, "momentum_decay": 0.004},
    "RAdam": {"betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0},
    "Adamax": {"betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0},
    "Rprop": {"etas": (0.5, 1.2), "step_sizes": (1e-6, 50)},
    "ASGD": {"lambd": 0.0001, "alpha": 0.75, "t0": 1000000.0, "weight_decay": 0},
}
"""Arguments that a script need not write, by class of torch.optim 2.13; it always writes the rate."""


def torch_script(
    surface: Surface | str,
    optimizer: Optimizer | str,
    *,
    start: tuple[float, float],
    steps: int,
    hyper: Mapping[str, float] = NOTHING,
    schedule: Schedule | str | None = None,
    schedule_settings: Mapping[str, float] | None = None,
    noise: Noise | None = None,
    clip_norm: float | None = None,
    clip_value: float | None = None,
    batches: Batches | None = None,
) -> str:
    """Return a self-contained Python script that repeats a run with PyTorch and prints where it ends.

    The arguments are those of `descend`, the learning rate among `hyper`. The list `path` of the script has
    the rows of `Trajectory.path`. Raises ValueError for what `descend` refuses.
    """
    surface, optimizer, steps = surface_of(surface), optimizer_of(optimizer), checked_steps(steps)
    x, y = checked_points("start", start, (2,)).tolist()
    values: dict = checked_hyper(optimizer, None, dict(hyper))
    checked_noise(noise, steps, range(1))
    clips = {
        "value": checked_clip("clip_value", clip_value),
        "norm": checked_clip("clip_norm", clip_norm),
    }
    checked_batches(batches, surface, steps)
    row = SCHEDULES[schedule] if isinstance(schedule, str) else schedule
    noisy = noise is not None and bool(np.any(noise.sigma))

    definition, construction, lr = _optimizer(optimizer, values, rewrite=row is None or not row.reads_loss)
    setup = [f"p = torch.tensor([{x!r}, {y!r}], requires_grad=True)", construction]
    if row:
        setup.append(torch_source(row, lr, steps, schedule_settings or {}))
    if noise and noisy:
        setup.append(f"noise = {_noise(noise, steps)}")
    if batches and surface.data:
        setup.append(_batches(batches, len(surface.data), steps))
    loss = "f(*p, rows[batches[t]])" if batches else "f(*p)"
    main = "\n".join([*setup, "", _loop(steps, loss, noisy, clips, row), END])
    formula = _surface(surface)
    helpers = [source for name, source in HELPERS.items() if f"{name}(" in formula]
    body = "\n\n\n".join(block for block in (*helpers, formula, definition, main) if block)
    return "\n\n".join([_heading(surface, optimizer), _imports(body), PRECISION, body])


HELPERS = {
    "root": """def root(x):
    # At 0 torch gives the root an infinite slope, and a path ends in "not a number"; 0 keeps it at rest.
    return torch.where(x > 0, torch.sqrt(torch.where(x > 0, x, 1.0)), 0.0)""",
    "larger": """def larger(a, b):
    # Where both are equal torch.maximum takes half of either slope, this that of b.
    return torch.where(a > b, a, b)""",
}
"""What a formula needs where torch's own function has another slope at a kink than the surface."""

PRECISION = "torch.set_default_dtype(torch.float64)\n"

END = """
x, y = path[-1]
print(f"after {len(path) - 1} steps: x = {x!r}, y = {y!r}, f = {f(*p).item()!r}")
"""


def _heading(surface: Surface, optimizer: Optimizer) -> str:
    lines = [f"{optimizer.title} on the surface {surface.title}, in double precision."]
    if surface.bounded:
        x_low, x_high, y_low, y_high = surface.domain
        window = f"{x_low:g} <= x <= {x_high:g}, {y_low:g} <= y <= {y_high:g}"
        lines.append(f"Descent Lab stops a run that leaves {window}; this script goes on.")
    return "\n".join(f"# {line}" for line in lines)


def _imports(body: str) -> str:
    lines = {
        "math.": "import math\n",
        "np.": "import numpy as np",
        "torch.": "import torch",
        "lr_scheduler.": "from torch.optim import lr_scheduler",
    }
    return "\n".join(line for name, line in lines.items() if re.search(rf"\b{re.escape(name)}", body))


def _noise(noise: Noise, steps: int) -> str:
    draws = f"np.random.default_rng({int(noise.seed)}).standard_normal(({noise.skip + steps}, 2))"
    draws = f"torch.from_numpy({draws}){f'[{noise.skip}:]' if noise.skip else ''}"
    if isinstance(noise.sigma, tuple):
        return f"torch.tensor({list(noise.sigma[noise.skip : noise.skip + steps])!r})[:, None] * {draws}"
    return f"{float(noise.sigma)!r} * {draws}"


def _batches(batches: Batches, rows: int, steps: int) -> str:
    sizes = (
        batches.sizes(rows, steps) if not batches.skip else replace(batches, skip=0).sizes(rows, batches.skip + steps)
    )
    equal = np.all(sizes == sizes[0])
    draw = {
        "replacement": f"rng.integers({rows}, size=sizes.sum())",
        "reshuffled": f"np.concatenate([rng.permutation({rows}) for _ in range({-(-int(sizes.sum()) // rows)})])",
        "fixed": f"np.arange(sizes.sum()) % {rows}",
    }[batches.sampling]
    later = f"[{batches.skip}:]" if batches.skip else ""
    return "\n".join(
        [
            f"sizes = np.{f'full({len(sizes)}, {sizes[0]})' if equal else f'array({sizes.tolist()!r})'}",
            *([] if batches.sampling == "fixed" else [f"rng = np.random.default_rng({int(batches.seed)})"]),
            f"drawn = {draw}",
            f"batches = np.split(drawn[: sizes.sum()], np.cumsum(sizes)[:-1]){later}",
        ]
    )


def _loop(steps: int, loss: str, noisy: bool, clips: Mapping[str, object], row: Schedule | None) -> str:
    lines = ["optimizer.zero_grad()", f"loss = {loss}", "loss.backward()"]
    if noisy:
        lines.append("p.grad += noise[t]")
    lines += [f"torch.nn.utils.clip_grad_{by}_([p], {most!r})" for by, most in clips.items() if most is not None]
    lines.append("optimizer.step()")
    if row:
        lines.append("scheduler.step(loss.item())" if row.reads_loss else "scheduler.step()")
    lines.append("path.append(p.tolist())")
    return "\n    ".join([f"path = [p.tolist()]\nfor t in range({steps}):", *lines])


def _surface(surface: Surface) -> str:
    """Return the source of `f(x, y)`: constants of its file above it, its parameters as defaults."""
    value = surface.formulas[0]
    if surface.data is not None:
        return _mean_over_rows(surface)
    names = list(inspect.signature(value).parameters)
    parameters = zip(names[2:], parameter_rows(surface), strict=True)
    defaults = "".join(f", {name}={float(number) + 0.0!r}" for name, number in parameters)  # no -0.0
    return _constants(value) + _differentiable(value, f"f({names[0]}, {names[1]}{defaults})")


def _mean_over_rows(surface: Surface) -> str:
    """Return the source of a loss from data: its rows, what one of them costs, and the mean."""
    value, rows = surface.formulas[0], [f"[{x!r}, {y!r}]" for x, y in surface.data.rows.tolist()]  # type: ignore[union-attr]
    lines = "\n".join(f"    {', '.join(rows[k : k + 3])}," for k in range(0, len(rows), 3))
    names = inspect.signature(value).parameters
    w, b, *_parameters, x, y = names
    head = f"loss_of_row({', '.join(names)})"
    given = ", ".join([w, b, *(f"{float(number)!r}" for number in parameter_rows(surface)), x, y])
    return (
        f"rows = torch.tensor([\n{lines}\n])\n\n\n"
        f"{_differentiable(value, head)}\n\n\n"
        f"def f({w}, {b}, rows=rows):\n    {x}, {y} = rows.T\n    return loss_of_row({given}).mean()"
    )


def _constants(formula: Callable) -> str:
    known = formula.__globals__
    used = [name for name in formula.__code__.co_names if isinstance(known.get(name), int | float)]
    return "".join(f"{name} = {known[name]!r}\n" for name in used) + ("\n\n" if used else "")


def _translated(formula: Callable, head: str) -> str:
    """Return the formula's source under another head, NumPy's names exchanged for torch's."""
    source = inspect.getsource(formula).rstrip()
    body = source[source.index("):") + 2 :]
    return f"def {head}:{re.sub(NUMPY_NAME, _torch_name, body)}"


def _differentiable(formula: Callable, head: str) -> str:
    """Return the formula's source for autograd: finite slopes far out, and at kinks those of the surface."""
    source = _translated(formula, head)
    source = re.sub(r"\(1 / \(1 \+ torch\.exp\(-(\w+)\)\)\)", r"torch.sigmoid(\1)", source)
    source = re.sub(r"\(1 / \(1 \+ torch\.exp\((\w+)\)\)\)", r"torch.sigmoid(-\1)", source)
    return source.replace("torch.sqrt(", "root(").replace("torch.maximum(", "larger(")


NUMPY_NAME = r"\bnp\.(\w+)(\(\d[\d.]*\))?"
"""A name of NumPy, with its argument where that is a plain number."""


def _torch_name(found: re.Match) -> str:
    name, number = found.groups()
    if number or name in ("pi", "e"):  # torch's functions take tensors, not numbers
        return f"math.{name}{number or ''}"
    return f"torch.{name}"


def _optimizer(optimizer: Optimizer, values: dict, rewrite: bool) -> tuple[str, str, float]:
    """Return (definitions, the line that builds `optimizer`, the learning rate it is given)."""
    if optimizer.key in REWRITTEN and rewrite:
        twin, arguments_of, why = REWRITTEN[optimizer.key]
        arguments = arguments_of(values)
        return "", f"# {why}\n{_construction(twin, arguments)}", arguments["lr"]
    own = optimizer.torch_arguments(values) if optimizer.torch_arguments else None
    if optimizer.torch and own:
        return "", _construction(optimizer.torch, own), own["lr"]
    prepared = optimizer.prepare(**values) if optimizer.prepare else values
    title = optimizer.title if optimizer.title.isascii() else optimizer.key.title()
    name = re.sub(r"\W|_", "", title)
    hyper = "".join(f", {key}={value!r}" for key, value in prepared.items())
    return _own_class(optimizer, name, prepared), f"optimizer = {name}([p]{hyper})", values["lr"]


def _ema_arguments(values: dict) -> dict:
    return {"lr": values["lr"] * (1 - values["beta"]), "momentum": values["beta"]}


REWRITTEN = {
    "ema_momentum": (
        "SGD",
        _ema_arguments,
        "A mean of gradients is 1 - beta times torch's velocity: the same path at that share of the rate.",
    ),
}
"""Optimizers that are one of torch.optim with another rate, exactly: class, arguments, reason. Reduction on
a plateau is the exception, because torch compares the rate itself with fixed numbers."""


def _construction(name: str, arguments: dict) -> str:
    lr, usual = arguments["lr"], TORCH_DEFAULTS[name]
    unusual = "".join(f", {k}={v!r}" for k, v in arguments.items() if k != "lr" and v != usual[k])
    if lr >= 0:
        return f"optimizer = torch.optim.{name}([p], lr={lr!r}{unusual})"
    late = f'optimizer.param_groups[0]["lr"] = {lr!r}  # torch refuses a negative rate in the line above only'
    return f"optimizer = torch.optim.{name}([p], lr=0.0{unusual})\n{late}"


def _own_class(optimizer: Optimizer, name: str, hyper: dict) -> str:
    """Return the source of the update rule and of a torch optimizer that applies it."""
    names = list(inspect.signature(optimizer.step).parameters)
    start = {s.key: hyper[s.start] if isinstance(s.start, str) else s.start for s in optimizer.state}
    memory = ", ".join(f'"{key}": {start[key]!r}' for key in names if key in start)
    rule = _constants(optimizer.step) + _translated(optimizer.step, f"update({', '.join(names)})")
    return f"{rule}\n\n\n{(WITH_MEMORY if memory else WITHOUT_MEMORY).format(name=name, memory=memory)}"


WITHOUT_MEMORY = '''class {name}(torch.optim.Optimizer):
    """torch.optim has none: the update rule above, for both coordinates at once."""

    def __init__(self, parameters, **hyper):
        super().__init__(parameters, hyper)

    @torch.no_grad()
    def step(self):
        (group,) = self.param_groups
        (p,) = group["params"]
        hyper = {{key: group[key] for key in self.defaults}}
        p.copy_(update(p, p.grad, **hyper))'''

WITH_MEMORY = '''class {name}(torch.optim.Optimizer):
    """torch.optim has none: the update rule above, for both coordinates at once."""

    def __init__(self, parameters, **hyper):
        super().__init__(parameters, hyper)
        self.memory = {{{memory}}}

    @torch.no_grad()
    def step(self):
        (group,) = self.param_groups
        (p,) = group["params"]
        hyper = {{key: group[key] for key in self.defaults}}
        x, *new = update(p, p.grad, **self.memory, **hyper)
        self.memory = dict(zip(self.memory, new))
        p.copy_(x)'''
