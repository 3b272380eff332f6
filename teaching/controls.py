"""The table of state: everything that a reader can set on a page is a row of it.

The widget with its limits, the place in the link, the words for what a link asks in vain, and the check of what a
claim sets: all follow from the row. A default may be a function of the state, for it often depends on the surface.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, NamedTuple

from core.numerals import NotRead, read, written
from core.text import T
from teaching.language import spellings

Link = dict[str, str | list[str]]


class Refused(ValueError):
    """A value that a control does not take; `reason` is half a sentence, with {names} for `values`."""

    def __init__(self, reason: T, **values: Any):
        super().__init__(reason.format(**values))
        self.reason, self.values = reason, values


@dataclass(frozen=True)
class Control:
    """A thing that a reader can set."""

    key: str
    """Its name in the link and in the state."""
    text: str
    """What it means."""
    default: Any
    """A value, or a function of the state."""
    symbol: str = field(default="", kw_only=True)
    """Its letter in LaTeX."""
    of: str = field(default="", kw_only=True)
    """Whose it is, where a page has several of the same meaning: a title."""
    help: str = field(default="", kw_only=True)
    former: Mapping[str, Callable[[str], Any]] = field(default_factory=dict, kw_only=True)
    """Names that older links give it, with what makes a value of their text."""

    def checked(self, value: Any, state: "State") -> Any:
        """Return the value as the state holds it. Raises Refused."""
        raise NotImplementedError

    def read(self, texts: Sequence[str], state: "State") -> Any:
        """Return the value that a link gives. Raises Refused."""
        raise NotImplementedError

    def write(self, value: Any) -> str | list[str]:
        """Return what a link holds of a value."""
        return str(value)


NUMBERS, WHOLE = T("allowed are numbers from {low} to {high}"), T("allowed are whole numbers from {low} to {high}")
ZERO_TOO = T("allowed are 0, and numbers from {low} to {high}")


@dataclass(frozen=True)
class Number(Control):
    """A number; whole where its default is an int. The limits are those of the code that takes it.

    `scale` is how a slider moves: "linear", "log" or "near one" (log in 1 - value); `shown` is its range, where that is
    less than what is allowed, and `step` how far an arrow key goes. `zero` is taken though it lies outside.
    """

    low: float = field(kw_only=True)
    high: float | Callable[["State"], float] = field(kw_only=True)
    unit: str = field(default="", kw_only=True)
    scale: str = field(default="linear", kw_only=True)
    shown: tuple[float, float] | None = field(default=None, kw_only=True)
    step: float | None = field(default=None, kw_only=True)
    whole: bool = field(default=False, kw_only=True)
    zero: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        if isinstance(self.default, int) and not isinstance(self.default, bool):
            object.__setattr__(self, "whole", True)

    def limits(self, state: "State") -> tuple[float, float]:
        """Return the least and the largest value now."""
        return self.low, self.high(state) if callable(self.high) else self.high

    def checked(self, value: Any, state: "State") -> float:
        low, high = self.limits(state)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        fits = is_number and (low <= value <= high or (self.zero and value == 0))
        if not fits or not isfinite(value) or (self.whole and value != int(value)):
            reason = ZERO_TOO if self.zero else WHOLE if self.whole else NUMBERS
            raise Refused(reason, low=written(low), high=written(high))
        return int(value) if self.whole else float(value)

    def read(self, texts: Sequence[str], state: "State") -> float:
        try:
            number = read(texts[-1])
        except NotRead:
            return self.checked(None, state)
        return self.checked(number, state)

    def write(self, value: float) -> str:
        return written(value)


@dataclass(frozen=True)
class Switch(Control):
    """Something that is on or off."""

    def checked(self, value: Any, state: "State") -> bool:
        if value not in (True, False):
            raise Refused(T("allowed are true and false"))
        return bool(value)

    def read(self, texts: Sequence[str], state: "State") -> bool:
        word = texts[-1].strip().casefold()
        return self.checked({"true": True, "1": True, "false": False, "0": False}.get(word), state)

    def write(self, value: bool) -> str:
        return str(value).lower()


ONE_OF = T("allowed are {names}")


@dataclass(frozen=True)
class Choice(Control):
    """One of several options: key -> label."""

    options: Mapping[str, str] | Callable[["State"], Mapping[str, str]] = field(kw_only=True)

    def choices(self, state: "State") -> Mapping[str, str]:
        """Return the options now."""
        return self.options(state) if callable(self.options) else self.options

    def checked(self, value: Any, state: "State") -> str:
        options = self.choices(state)
        if value not in options:
            raise Refused(ONE_OF, names=", ".join(options))
        return value

    def read(self, texts: Sequence[str], state: "State") -> str:
        return self.checked(_option(texts[-1], self.choices(state)), state)


@dataclass(frozen=True)
class Choices(Control):
    """Several of several options, at most `most` of which are shown at a time."""

    options: Mapping[str, str] | Callable[["State"], Mapping[str, str]] = field(kw_only=True)
    most: int = field(kw_only=True)

    def choices(self, state: "State") -> Mapping[str, str]:
        """Return the options now."""
        return self.options(state) if callable(self.options) else self.options

    def checked(self, value: Any, state: "State") -> tuple[str, ...]:
        options = self.choices(state)
        if isinstance(value, str) or any(one not in options for one in value):
            raise Refused(ONE_OF, names=", ".join(options))
        return tuple(value)

    def read(self, texts: Sequence[str], state: "State") -> tuple[str, ...]:
        options = self.choices(state)
        return self.checked([_option(text, options) for text in texts if text], state)

    def write(self, value: Sequence[str]) -> list[str]:
        return list(value) or [""]


def _option(asked: str, options: Mapping[str, str]) -> str | None:
    """Return the option that a link names by its key, or by its label in any language."""
    plain = asked.strip().casefold()
    return next(
        (key for key, label in options.items() if plain == str(key).casefold() or plain in spellings(label)), None
    )


class Table(Mapping[str, Control]):
    """The controls of a page by key, in the order in which they are read: what others depend on comes first."""

    def __init__(self, *rows: Control | Iterable[Control]):
        flat = [row for group in rows for row in ([group] if isinstance(group, Control) else group)]
        self._rows = {row.key: row for row in flat}
        self._former = {name: row for row in flat for name in row.former}
        names = [row.key for row in flat] + list(self._former)
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"controls: two of the name {', '.join(sorted(twice))}")

    def __getitem__(self, key: str) -> Control:
        return self._rows[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def state(self, settings: Mapping[str, Any]) -> "State":
        """Return the state with these settings. Raises ValueError that names the one that is unknown or not taken."""
        state = State(self)
        state.update(settings)
        return state

    def read(self, link: Mapping[str, Sequence[str]]) -> tuple["State", list["Refusal"]]:
        """Return the state that a link describes, and what it asks in vain."""
        state, refused = State(self), []
        asked = {key: texts for key, texts in link.items() if texts}
        for key, row in self._rows.items():
            for name in (key, *row.former):
                if name not in asked:
                    continue
                texts = asked.pop(name)
                try:
                    value = row.read(texts, state) if name == key else row.checked(row.former[name](texts[-1]), state)
                    state.changed[key] = value
                except Refused as error:
                    refused.append(Refusal(name, ", ".join(texts), error, key))
                except (ValueError, OverflowError):
                    refused.append(Refusal(name, ", ".join(texts), Refused(T("it does not understand this")), key))
        refused += [Refusal(name, ", ".join(texts), None, None) for name, texts in asked.items()]
        state.forget_defaults()
        return state, refused


class Refusal(NamedTuple):
    """What a link asked in vain: its name and text, why, and the control it was meant for; None where none is."""

    name: str
    asked: str
    error: Refused | None
    key: str | None


class State(Mapping[str, Any]):
    """The value of every control of a page: what was set, and the defaults of the table for the rest."""

    def __init__(self, table: Table, changed: dict[str, Any] | None = None):
        self.table = table
        self.changed: dict[str, Any] = {} if changed is None else changed

    def __getitem__(self, key: str) -> Any:
        return self.changed[key] if key in self.changed else self.default(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self.table)

    def __len__(self) -> int:
        return len(self.table)

    def default(self, key: str) -> Any:
        """Return the default of a control as things stand."""
        default = self.table[key].default
        return default(self) if callable(default) else default

    def update(self, settings: Mapping[str, Any]) -> None:
        """Set several controls. Raises ValueError that names the one that is unknown or not taken."""
        if unknown := [key for key in settings if key not in self.table]:
            raise ValueError(f"settings: got {', '.join(unknown)}, which this page does not have")
        for key in sorted(settings, key=list(self.table).index):
            try:
                self.changed[key] = self.table[key].checked(settings[key], self)
            except Refused as error:
                raise ValueError(f"{key}: got {settings[key]!r}, {error}") from None
        self.forget_defaults()

    def reset(self, *keys: str) -> None:
        """Give these controls their defaults again; without keys, all of them."""
        for key in keys or tuple(self.changed):
            self.changed.pop(key, None)

    def keep(self, *keys: str) -> None:
        """Give all controls but these their defaults again."""
        for key in self.changed.keys() - set(keys):
            del self.changed[key]

    def forget_defaults(self) -> None:
        """Drop what was set to its default, so that it follows its default from now on."""
        for key in [key for key, value in self.changed.items() if value == self.default(key)]:
            del self.changed[key]

    def link(self) -> Link:
        """Return what a link must hold so that it opens this state."""
        return {key: self.table[key].write(self.changed[key]) for key in self.table if key in self.changed}
