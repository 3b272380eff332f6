"""What an optimizer, a surface and a schedule are: values that carry their formula and every fact about it.

Controls, legends, documentation, tests and generated PyTorch scripts are derived from these; nothing repeats them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np

from core.engine.data import Data
from core.engine.evaluate import evaluate
from core.text import T

Point = tuple[float, float]
NOTHING: Mapping = MappingProxyType({})


@dataclass(frozen=True)
class Hyper:
    """A number that the user sets before the run.

    `allowed` are the closed limits that the formula accepts, `shown` the range a slider offers. `scale` is how a
    slider moves: "linear", "log", "near one" (log in 1 - value, for decay rates) or "switch" (0 or 1).
    """

    key: str
    default: float
    symbol: str
    text: str
    allowed: Point = (-1e6, 1e6)
    shown: Point = (0.0, 1.0)
    scale: str = "linear"


def learning_rate(default: float, text: str = T("Learning rate")) -> Hyper:
    """The first hyper-parameter of every optimizer. Zero and negative rates are legal: they teach."""
    return Hyper("lr", default, r"\eta", text, shown=(1e-6, 1e2), scale="log")


@dataclass(frozen=True)
class State:
    """A number that an optimizer remembers: one per coordinate, or one per run where `shared`.

    `start` is its value before the first step.
    """

    key: str
    symbol: str
    text: str
    start: float = 0.0
    shared: bool = False


@dataclass(frozen=True)
class Optimizer:
    """An update rule for one coordinate, with the facts about it.

    `step(x, g, *state, *hyper)` takes them by the names that `state` and `hyper` declare, in any order, and returns
    the new x followed by the new state in the order of its arguments. `explain(x, g, ...)` takes any of the same
    names, *after* the step but for x, and returns the numbers of the formula: at least "rate" (effective rate of the
    coordinate) and "step" (the displacement). `prepare(**hyper)` may replace hyper-parameters by what the formula
    takes.
    """

    key: str
    title: str
    step: Callable
    hyper: tuple[Hyper, ...]
    state: tuple[State, ...] = ()
    explain: Callable = field(kw_only=True)
    prepare: Callable | None = None
    latex: str = ""
    text: str = ""
    source: str = ""
    momentum: str | None = None
    """The state that remembers a direction; it points uphill like the gradient."""
    torch: str | None = None
    """Class in torch.optim; None where there is no twin."""
    torch_arguments: Callable | None = None
    """Maps our hyper-parameters (a dict) to the keyword arguments of the torch class, or to None where it cannot."""
    like: str | None = "sgd"
    """Whose rate a learner begins with where a surface names none for it; None for the same rate on every surface."""
    part: float = 1.0
    """How much of that rate, or the rate itself where `like` is None."""

    def __post_init__(self):
        if [s.shared for s in self.state] != sorted(s.shared for s in self.state):
            raise ValueError(f"{self.key}: shared state must stand behind the state of the coordinates")


@dataclass(frozen=True)
class Parameter:
    """A number that picks one member of a family of surfaces."""

    key: str
    default: float
    symbol: str
    text: str
    allowed: Point
    scale: str = "linear"


def gap(value, lowest: float):
    """Return heights above the lowest value; what rounding puts below it is on it."""
    return np.maximum(value - lowest, 0.0)


@dataclass(frozen=True)
class Surface:
    """A function of two variables with its derivatives and the facts about it.

    `formulas` are `value(x, y, *parameters)`, `gradient` -> (f_x, f_y) and `hessian` -> (f_xx, f_xy, f_yy), each for
    one point. `prepare(**parameters)` may replace the parameters of a family by the ones the formulas take. With
    `data` the formulas are those of one row and take it as their last two arguments; f is the mean over all rows.
    """

    key: str
    title: str
    formulas: tuple[Callable, Callable, Callable]
    latex: str
    domain: tuple[float, float, float, float]
    """x low, x high, y low, y high of the window that is drawn."""
    minima: tuple[Point, ...]
    """Every global minimum inside the domain."""
    minimum: float | None
    """The value there; None where the function is unbounded below or has no minimum."""
    starts: tuple[Point, ...]
    """Starting points worth teaching with, the best first."""
    rates: dict[str, float] = field(hash=False)
    """Learning rates that behave well from the first start, by optimizer key; at least "sgd" and "adam"."""
    teaches: str
    """One line: what to see here."""
    source: str
    colour: str = "linear"
    """Colour and height scale: "linear" or "log" (of value - minimum + `colour_offset`)."""
    colour_offset: float = 1.0
    bounded: bool = False
    """True where the function means something only inside the domain: a run that leaves it stops."""
    kinks: str = ""
    """Where the derivatives do not exist, in one line; empty for a smooth surface."""
    valley: str = ""
    """The equation of a curve of minima; empty where the minima are single points. `minima` then lists some of it."""
    parameters: tuple[Parameter, ...] = ()
    prepare: Callable | None = None
    isolated: int | None = None
    """How many isolated critical points the domain holds, where that is proven for every parameter; else None."""
    proof: str = ""
    """How it was proven, in one sentence."""
    data: Data | None = None
    """The rows of a loss from data."""

    def value(self, x, y):
        """Return f at (x, y), scalars or arrays that broadcast."""
        return self._derivative(0, x, y)[0]

    def gradient(self, x, y):
        """Return (f_x, f_y) at (x, y), scalars or arrays that broadcast."""
        return self._derivative(1, x, y)

    def hessian(self, x, y):
        """Return (f_xx, f_xy, f_yy) at (x, y), scalars or arrays that broadcast."""
        return self._derivative(2, x, y)

    def with_parameters(self, **values: float) -> "Surface":
        """Return the member of the family with these parameters. Raises ValueError for unknown or illegal ones."""
        known = {p.key: p for p in self.parameters}
        for key, value in values.items():
            if key not in known:
                raise ValueError(f"parameters: {self.key} has no {key!r}; it has {', '.join(known) or 'none'}")
            low, high = known[key].allowed
            if not low <= value <= high:
                raise ValueError(f"parameters: {key} = {value!r} is outside {low:g} ... {high:g}")
        return replace(
            self, parameters=tuple(replace(p, default=values.get(p.key, p.default)) for p in self.parameters)
        )

    def _derivative(self, order: int, x, y):
        return evaluate(self, order, x, y)


@dataclass(frozen=True)
class Schedule:
    """A factor on the learning rate at every step.

    `factor(t, steps, **settings)` takes the steps 0 ... steps - 1 as an array and returns the factors.
    A schedule that reads the loss (`reads_loss`) has no such array: the engine runs it.
    """

    key: str
    title: str
    factor: Callable | None
    settings: tuple[Hyper, ...] = ()
    latex: str = ""
    text: str = ""
    source: str = ""
    torch: Callable | None = None
    """(lr, steps, **settings) -> the source of a torch.optim.lr_scheduler that does the same on `optimizer`."""
    reads_loss: bool = False


@dataclass(frozen=True)
class Goal:
    """A condition on one point of a run.

    kind "value below": f < level. "near": distance to one of `targets` < level. "away": distance from all `targets`
    > level. `weight` scales the squared coordinates in the distance: (0, 1) looks at y only.
    """

    kind: str
    level: float
    targets: tuple[Point, ...] = field(default=((0.0, 0.0),))
    weight: Point = (1.0, 1.0)

    KINDS = ("none", "value below", "near", "away")

    def __post_init__(self):
        if self.kind not in self.KINDS[1:]:
            raise ValueError(f"goal: kind {self.kind!r} is not one of {', '.join(self.KINDS[1:])}")
        if not isinstance(self.level, int | float | np.number) or not np.isfinite(self.level):
            raise ValueError(f"goal: level {self.level!r} is not a finite number")


@dataclass(frozen=True)
class Noise:
    """Gaussian noise on every gradient: its standard deviation, one number or one for every step, and a NumPy seed.

    Run i of an ensemble draws `default_rng(seed + i).standard_normal((steps, 2))`, so that any of its runs can be
    repeated alone, in NumPy or in PyTorch. `skip` leaves out the draws of that many steps: a run that goes on.
    """

    sigma: float | tuple[float, ...]
    seed: int = 0
    skip: int = 0

    def __post_init__(self):
        if isinstance(self.sigma, np.ndarray | list):
            object.__setattr__(self, "sigma", tuple(np.ravel(self.sigma).tolist()))
