"""Rows of the table of state that several lessons have, made from the catalogues of what the laboratory holds."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from core.analysis.tuning import first_rate
from core.engine.limits import MAX_STEPS, REACH
from core.engine.spec import Hyper, Optimizer, Parameter, Schedule, Surface
from core.resolve import surface_of
from core.text import T
from surfaces import SURFACES
from teaching.controls import Choice, Control, Number, State, Switch

STEPS = 500
"""Steps of a run where a lesson says nothing else."""
MOST_SEED = 2**31
SURFACE_TITLES = {surface.key: surface.title for surface in SURFACES}


def power_of_ten(text: str) -> float:
    """Return the number that a slider on a log scale once put into the link by its exponent."""
    return float(f"{10 ** float(text):.3g}")


def surface_rows(default: str, titles: Mapping[str, str] = SURFACE_TITLES) -> Iterator[Control]:
    """The choice of a surface, and the parameters of every family among them."""
    yield Choice("surface", T("Surface"), default, options=titles)
    for key in titles:
        yield from (parameter_row(key, parameter) for parameter in surface_of(key).parameters)


def parameter_row(surface: str, parameter: Parameter) -> Number:
    """One parameter of a family of surfaces."""
    key = f"{surface}_{parameter.key}"
    low, high = parameter.allowed
    former = {f"{surface}_log_{parameter.key}": power_of_ten} if parameter.scale == "log" else {}
    return Number(
        key,
        parameter.text,
        parameter.default,
        low=low,
        high=high,
        symbol=parameter.symbol,
        scale=parameter.scale,
        former=former,
    )


def surface_in(state: State) -> Surface:
    """Return the surface that the state describes, with its parameters."""
    chosen = surface_of(state["surface"])
    if not chosen.parameters:
        return chosen
    return chosen.with_parameters(**{p.key: state[f"{chosen.key}_{p.key}"] for p in chosen.parameters})


def start_rows(start: Callable[[State], tuple[float, float]] | None = None, *, random: bool = True) -> Iterator[Number]:
    """Where a run begins, by default at the first start of the surface, and the seed of a random start."""
    where = start or (lambda state: surface_of(state["surface"]).starts[0])
    for k, name in enumerate("xy"):
        text = T("Start x") if name == "x" else T("Start y")
        yield Number(name, text, lambda state, k=k: float(where(state)[k]), low=-REACH, high=REACH)
    if random:
        yield Number("start_seed", T("Seed"), 0, low=0, high=MOST_SEED, help=T("Seed of the random start"))


def rate_row(key: str, default: Callable[[State], float] | float, hyper: Hyper, text: str = "", of: str = "") -> Number:
    """A learning rate, `lr_<key>` in the link. Zero and negative rates are legal: they teach."""
    low, high = hyper.allowed
    return Number(
        f"lr_{key}",
        text or hyper.text,
        default,
        low=low,
        high=high,
        symbol=hyper.symbol,
        of=of,
        scale="log",
        shown=hyper.shown,
        former={f"rate_{key}": power_of_ten},
    )


def rates_of(optimizers: Iterable[Optimizer]) -> Iterator[Number]:
    """The learning rate of each optimizer, by default one that moves well on the surface."""
    for optimizer in optimizers:
        default = lambda state, optimizer=optimizer: first_rate(surface_of(state["surface"]), optimizer)  # noqa: E731
        yield rate_row(optimizer.key, default, optimizer.hyper[0], of=optimizer.title)


def hyper_row(key: str, hyper: Hyper, of: str = "", default: Any = None) -> Control:
    """A hyper-parameter or a setting, by the facts of its spec."""
    value = hyper.default if default is None else default
    if hyper.scale == "switch":
        return Switch(key, hyper.text, bool(value), symbol=hyper.symbol, of=of)
    low, high = hyper.allowed
    return Number(
        key, hyper.text, value, low=low, high=high, symbol=hyper.symbol, of=of, scale=hyper.scale, shown=hyper.shown
    )


def hypers_of(optimizers: Iterable[Optimizer]) -> Iterator[Control]:
    """Every hyper-parameter but the rate, `<optimizer>_<name>` in the link."""
    for optimizer in optimizers:
        for hyper in optimizer.hyper[1:]:
            yield hyper_row(f"{optimizer.key}_{hyper.key}", hyper, optimizer.title)


def hyper_in(state: State, optimizer: Optimizer) -> dict[str, float]:
    """Return the hyper-parameters of an optimizer but for the rate, as the state has them."""
    return {hyper.key: float(state[f"{optimizer.key}_{hyper.key}"]) for hyper in optimizer.hyper[1:]}


def settings_of(schedules: Iterable[Schedule]) -> Iterator[Control]:
    """Every setting of each schedule, `<schedule>_<name>` in the link."""
    for schedule in schedules:
        for setting in schedule.settings:
            yield hyper_row(f"{schedule.key}_{setting.key}", setting, schedule.title)


def settings_in(state: State, schedule: Schedule) -> dict[str, float]:
    """Return the settings of a schedule as the state has them."""
    return {setting.key: state[f"{schedule.key}_{setting.key}"] for setting in schedule.settings}


def steps_row(default: Any = STEPS, most: int = MAX_STEPS, step: int = 100) -> Number:
    """How long a run is."""
    return Number("steps", T("Steps"), default, low=1, high=most, step=step, whole=True)


def goal_row(default: Any, step: float = 1e-4) -> Number:
    """How far above the minimum a run has arrived."""
    return Number("goal", T("Goal: this far above the minimum"), default, low=1e-12, high=1e6, step=step)


def noise_rows(sigma: Callable[[State], float] | float = 0.0) -> tuple[Number, Number]:
    """Gradient noise, by default `sigma`, and its seed."""
    return (
        Number("sigma", T("Gradient noise, standard deviation"), sigma, low=0.0, high=1e6),
        Number("seed", T("Seed of the noise"), 0, low=0, high=MOST_SEED),
    )


def inspector_rows(titles: Mapping[str, str], first: str | Callable[[State], str] = "adam") -> tuple[Choice, Number]:
    """Whose step is looked at, and which."""
    hint = T("Pausing or scrubbing the player sets the step.")
    default = first if callable(first) or first in titles else next(iter(titles))
    return (
        Choice("inspect", T("Optimizer"), default, options=titles),
        Number("step", T("Step"), 1, low=0, high=MAX_STEPS, help=hint),
    )
