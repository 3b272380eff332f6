"""Give the parameters of a spec other values: a slope of 0.2 for leaky ReLU, a gain of 1.4 for orthogonal weights."""

from dataclasses import replace
from typing import Any, Protocol, TypeVar

from core.engine.spec import Hyper


class _Tunable(Protocol):
    @property
    def key(self) -> str: ...
    @property
    def parameters(self) -> tuple[Hyper, ...]: ...


Spec = TypeVar("Spec", bound=_Tunable)


def with_parameters(spec: Spec, **values: float) -> Spec:
    """Return the spec with these parameters. Raises ValueError for unknown or illegal ones."""
    known = {p.key: p for p in spec.parameters}
    for key, value in values.items():
        if key not in known:
            raise ValueError(f"{key}: got {value!r}, but {spec.key} has {', '.join(known) or 'no parameters'}")
        low, high = known[key].allowed
        if isinstance(value, bool | str) or value is None or not low <= value <= high:
            raise ValueError(f"{key}: got {value!r}, allowed are numbers from {low:g} to {high:g}")
    changed: Any = {"parameters": tuple(replace(p, default=values.get(p.key, p.default)) for p in spec.parameters)}
    return replace(spec, **changed)  # type: ignore[type-var]


def parameters_of(spec: _Tunable) -> dict[str, float]:
    """Return the values that the formulas of a spec are called with."""
    return {p.key: p.default for p in spec.parameters}


def whole(name: str, value: Any, low: int, high: int) -> int:
    """Return a whole number within its limits. Raises ValueError that names it, what it got and what is allowed."""
    if isinstance(value, bool) or not hasattr(value, "__index__") or not low <= value <= high:
        raise ValueError(f"{name}: got {value!r}, allowed are whole numbers from {low} to {high}")
    return int(value)
