"""Numbers that are measured once and kept beside their lesson, in `pages/<lesson>/measured.json`.

A page opens with the recorded numbers; whoever doubts them measures again. Every number has an error within which it
must come out again: what its claim states, three standard errors where it names one (`floor` and `floor_error`), else
what rounding may change on another processor.
"""

import json
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from time import process_time
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from core.memory import remembered
from core.text import T
from teaching.contract import Lesson

FOLDER = Path(__file__).parent.parent / "pages"
RELATIVE, ABSOLUTE = 1e-6, 1e-9
"""What rounding may change."""
PANEL = 1e-3
"""What rounding may change of a panel, relative: it holds what networks have become after hundreds of updates."""
QUICK = 0.5
"""Seconds of CPU up to which a measure belongs to every run of the tests."""


class Measure(NamedTuple):
    """Something that a lesson measures: its name in the file, how, and the errors that are stated."""

    name: str
    run: Callable[[], Mapping[str, Any]]
    errors: Mapping[str, float] = MappingProxyType({})
    relative: float = RELATIVE


class Record(NamedTuple):
    """What was measured, and how many seconds of CPU it took."""

    numbers: dict[str, Any]
    seconds: float


def measures(lesson: Lesson) -> Iterator[Measure]:
    """Yield everything that a lesson measures: claims, questions and panels."""
    for claim in lesson.claims:
        yield Measure(f"claim {claim.key}", claim.measure, claim.errors)
    for question in lesson.questions:
        yield Measure(f"question {question.key}", question.measured, question.errors)
    for name, panel in lesson.panels.items():
        yield Measure(f"panel {name}", panel, relative=PANEL)


def run(measure: Measure) -> Record:
    """Measure now."""
    begin = process_time()
    numbers = {name: plain(value) for name, value in measure.run().items()}
    return Record(numbers, round(process_time() - begin, 3))


@cache
def recorded(key: str) -> dict[str, Record]:
    """Return what is recorded for the lesson of this key, by the names of `measures`."""
    path = FOLDER / key / "measured.json"
    if not path.exists():
        return {}
    return {name: Record(**row) for name, row in json.loads(path.read_text())["measures"].items()}


def numbers(lesson: str, name: str, run: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return what is recorded under this name of `measures`; where nothing is, measure it, once for everyone."""
    known = recorded(lesson).get(name)
    return known.numbers if known else _measured_here(lesson, name, run)


@remembered(1000, T("Measuring: {name}"))
def _measured_here(lesson: str, name: str, run: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    return run()


@remembered(100, T("Measuring every claim of this page"))
def again(lesson: Lesson, progress: Callable[[float], None] = lambda part: None) -> dict[str, Mapping[str, Any]]:
    """Measure every claim of a lesson here and now; return its numbers by the keys of the claims."""
    found: dict[str, Mapping[str, Any]] = {}
    for k, claim in enumerate(lesson.claims):
        progress(k / len(lesson.claims))
        found[claim.key] = claim.measure()
    return found


def write(lesson: Lesson, found: Mapping[str, Record]) -> None:
    """Record what was found, with what it was measured with."""
    measures = {name: record._asdict() for name, record in found.items()}
    content = {"measured with": tools(), "measures": measures}
    (FOLDER / lesson.key / "measured.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    recorded.cache_clear()


def tools() -> dict[str, str]:
    """Return what numbers may depend on: versions and the instructions of the processor."""
    return {
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "numba": version("numba"),
        "processor": platform.machine(),
    }


def differences(measure: Measure, before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return a sentence for every number that is off by more than its error."""
    if set(before) != set(now):
        return [f"{measure.name}: other numbers than recorded: {', '.join(sorted(set(before) ^ set(now)))}"]
    return [
        f"{measure.name}: {name} was {before[name]!r} and is {now[name]!r}, off by more than {error:g}"
        for name in before
        for error in [stated_error(measure, name, before)]
        if not _agree(before[name], now[name], measure.relative, error)
    ]


def stated_error(measure: Measure, name: str, numbers: Mapping[str, Any]) -> float:
    """Return the error that is stated for a number; 0 where only rounding may change it."""
    if name in measure.errors:
        return measure.errors[name]
    error = numbers.get(f"{name}_error", 0.0)
    return 3 * error if isinstance(error, int | float) else 0.0


def _agree(before: Any, now: Any, relative: float, error: float) -> bool:
    if isinstance(before, str | bool) or before is None:
        return before == now
    one, other = np.asarray(before, dtype=float), np.asarray(now, dtype=float)
    return one.shape == other.shape and np.allclose(one, other, relative, max(error, ABSOLUTE), equal_nan=True)


def rounded(values: Any) -> Any:
    """Return numbers with six significant digits, as many as a picture shows: what a panel records."""
    array = np.asarray(values, dtype=float)
    return np.array([float(f"{value:.6g}") for value in array.flat]).reshape(array.shape).tolist()


def plain(value: Any) -> Any:
    """Return a number, a text or a nest of lists of them, as JSON keeps it. Raises TypeError for anything else."""
    if isinstance(value, np.generic | np.ndarray):
        return plain(value.tolist())
    if isinstance(value, bool | int | float | str) or value is None:
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, Sequence):
        return [plain(part) for part in value]
    raise TypeError(f"measured: got {value!r}, allowed are numbers, texts and lists of them")
