"""Widgets built from specs, their place in the link, and one sentence for what a link asks in vain.

The state of a page is the state of its widgets, and every widget is bound to the link under its key. Streamlit drops
a value of the link that a widget cannot take; the functions here compare, and say so.
"""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from math import floor, inf, isfinite, log10
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple, TypeVar

import streamlit as st

from core.engine.spec import Hyper, Optimizer, learning_rate
from core.numerals import NotRead, read, written
from ui.i18n import _, language
from ui.palette import Ink, ink, shades

Number = TypeVar("Number", int, float)
_ASKED, _REFUSED, _CHOSEN = "_asked_by_link", "_refused_from_link", "_chosen"
_SHOWN, _UNREAD, _STEPS = "_shown", "_unread", "_steps"
"""Of every field: what it showed last, a sentence for a text that was not taken, and the step of its arrow keys."""
_PUT = "_put"
_ARROWS = st.components.v2.component(
    "number_arrows", js=Path(__file__).with_name("arrows.js").read_text(encoding="utf-8"), isolate_styles=False
)
LATE = 1.0
"""Seconds in which a message may come that the browser sent before it saw what the page had put into a widget."""
_NOT_OURS = ("embed", "embed_options")


def read_link() -> None:
    """Remember what the link holds; the first call of a page, before any widget."""
    st.session_state.setdefault(_ASKED, {key: st.query_params.get_all(key) for key in st.query_params})
    st.session_state.setdefault(_REFUSED, {})
    for kept in (_CHOSEN, _SHOWN, _UNREAD, _STEPS, _PUT):
        st.session_state.setdefault(kept, {})


def asked(beginning: str) -> bool:
    """Say whether the link sets anything whose name begins so; remembered for the session."""
    return st.session_state.setdefault(
        f"{_ASKED}_{beginning}", any(k.startswith(beginning) for k in st.session_state[_ASKED])
    )


def complain() -> None:
    """Show one sentence for everything the link asked in vain; the last call of a page, after all widgets."""
    asked, refused = st.session_state[_ASKED], st.session_state[_REFUSED]
    for key in [key for key in asked if key not in (*_NOT_OURS, "lang")]:
        refused[key] = (
            None,
            _("The link sets {key}, which this page does not have; it is ignored.", key=_quoted(key)),
        )
        del asked[key]
    # A complaint is settled as soon as its widget is used.
    for key in [
        key
        for key, (value, _text) in refused.items()
        if value is not None and st.session_state.get(key, value) != value
    ]:
        del refused[key]
    for _value, text in refused.values():
        st.warning(text, icon=":material/link_off:")
    with st.sidebar:
        _ARROWS(key="arrows", data=dict(st.session_state[_STEPS]))


@contextmanager
def drawer(label: str, key: str, icon: str) -> Iterator[bool]:
    """Hold what few need at once; give whether it is open.

    Widgets in a closed drawer are shown only where they are not at their default (`shown=`): a value at its default is
    not in the link either, so nothing is lost, and every widget costs the server a good part of a millisecond a rerun.
    """
    box = st.expander(label, icon=icon, key=key, on_change="rerun")
    with box:
        yield bool(box.open)


def number(
    label: str,
    key: str,
    default: float,
    low: float,
    high: float,
    *,
    step: float | None = None,
    zero: bool = False,
    help: str | None = None,
    shown: bool = True,
) -> float:
    """Show a number that the link keeps. An int default takes whole numbers; `zero` is taken though it lies outside.

    Arrow up and down move by `step`. A field of text, because browsers drop a comma and a minus sign from a number box
    before anyone sees them. What is typed is read or refused; under its key the session holds the text, or the number
    that the page has set (`held`).
    """
    field = _Field(key, default, low, high, zero)
    _keep_put(key)
    if key in st.session_state:
        field.settle()
    if not shown and not _is_set(key, default):
        return default
    st.text_input(
        label, written(default), key=key, bind="query-params", help=help, on_change=_take_typed, args=(field,)
    )
    st.session_state[_STEPS][key] = step or (1 if isinstance(default, int) else 0.1)
    text = st.session_state[key]
    try:
        value = field.read(text)
    except ValueError as error:  # of a link: its text is in the field already, and leaves it in another run
        _refuse(key, written(default), text, str(error), written(default))
        st.session_state[_ASKED].pop(key, None)
        st.rerun()
    st.session_state[_ASKED].pop(key, None)
    st.session_state[_SHOWN][key] = value
    kept, sentence = st.session_state[_UNREAD].get(key, ("", ""))
    if sentence and kept == text:
        st.error(sentence)
    return value


def held(key: str, default: Number) -> Number:
    """Return the number in the field with this key, whether or not it is shown, of the kind of its default."""
    value = st.session_state.get(key, default)
    if isinstance(value, str):
        try:
            value = read(value)
        except NotRead:
            return default
    return type(default)(value)


def put(key: str, value: float) -> None:
    """Set a widget to a number, and see to it that it stays (`_keep_put`)."""
    st.session_state[key] = value
    st.session_state[_PUT][key] = (st.session_state[_SHOWN].get(key), value, None)


def _keep_put(key: str) -> None:
    """Put a number into a widget again where a late message of the browser has brought back the one before.

    Every message holds the values of all widgets as the browser knows them: one that was under way while the page set
    a widget brings the old value, and ends the run that was about to show the new one.
    """
    if key not in st.session_state[_PUT]:
        return
    before, after, sent = st.session_state[_PUT].pop(key)
    found = held(key, after)
    if found in (before, after) and (sent is None or monotonic() - sent < LATE):
        st.session_state[_PUT][key] = (before, after, sent or monotonic())
        st.session_state[key] = after


class _Field(NamedTuple):
    """What a field of text takes."""

    key: str
    default: float
    low: float
    high: float
    zero: bool

    @property
    def allowed(self) -> str:
        limits = {"low": f"{self.low:.10g}", "high": f"{self.high:.10g}"}
        return (
            _("0, and numbers from {low} to {high}", **limits)
            if self.zero
            else _("numbers from {low} to {high}", **limits)
        )

    def read(self, text: str) -> float:
        """Return the number that a text says. Raises ValueError, half a sentence, where the field does not take it."""
        try:
            value = read(text)
        except NotRead as error:
            raise ValueError(_not_read(error, self.allowed)) from None
        if not self.low <= value <= self.high and not (self.zero and value == 0):
            raise ValueError(_("allowed are {what}", what=self.allowed))
        if not isinstance(self.default, int):
            return value
        if not value.is_integer():
            raise ValueError(_("allowed are whole numbers"))
        return int(value)

    def settle(self) -> None:
        """Turn a number that the page has set into text, and text that the field does not take into its default."""
        found = st.session_state[self.key]
        text = found if isinstance(found, str) else written(found)
        try:
            self.read(text)
        except ValueError:
            text = written(self.default)
        if text != found:
            st.session_state[self.key] = text


def _take_typed(field: _Field) -> None:
    """Write what was typed as it was understood, or put the last number back and say why."""
    typed = st.session_state[field.key]
    try:
        st.session_state[field.key] = written(field.read(typed))
        st.session_state[_UNREAD].pop(field.key, None)
    except ValueError as error:
        kept = written(st.session_state[_SHOWN].get(field.key, field.default))
        if typed.strip():
            said = {"typed": _quoted(typed), "reason": error, "kept": kept}
            sentence = _("{typed} is not taken: {reason}. It stays {kept}.", **said)
        else:
            sentence = _("The field was empty. It stays {kept}.", kept=kept)
        st.session_state[field.key], st.session_state[_UNREAD][field.key] = kept, (kept, sentence)


def _not_read(error: NotRead, allowed: str) -> str:
    """Return why a text is no number, in the reader's language."""
    return {
        "empty": _("the field is empty"),
        "not a number": _("allowed are {what}", what=allowed),
        "two readings": _("the comma may be a decimal comma or part thousands; write a point, or no comma"),
        "too large": _("the number is too large"),
        "too small": _("the number is too close to zero"),
    }[error.reason]


def switch(label: str, key: str, default: bool = False, *, shown: bool = True) -> bool:
    """Show an on-off switch that the link keeps."""
    if not shown and not _is_set(key, default):
        return default
    value = st.toggle(label, value=default, key=key, bind="query-params")
    _compare(key, value, lambda text: text.lower() == str(value).lower(), "true, false", str(value).lower())
    return value


def choice(
    label: str,
    options: Mapping[str, str],
    key: str,
    default: str,
    *,
    on_change: Callable | None = None,
    widget: Callable = st.selectbox,
    shown: bool = True,
    **style,
) -> str:
    """Show one choice of `options` (key -> label) that the link keeps by its label; return the key.

    Labels in the reader's language are new options to Streamlit when the language changes: the choice is then put
    back by hand.
    """
    if not shown and not _is_set(key, default):
        return default
    _keep_through_languages(key)
    start = {"index": list(options).index(default)} if widget in (st.selectbox, st.radio) else {"default": default}
    if widget is st.segmented_control:
        style = {"wrap": True} | style  # in a narrow column the last ones would else be cut
    value = widget(
        label,
        list(options),
        format_func=lambda option: options.get(option, option),
        key=key,
        bind="query-params",
        on_change=on_change or "rerun",
        **start,
        **style,
    )
    value = value if value in options else default  # a changed client may send anything
    st.session_state[_CHOSEN][key] = (language(), value)
    _compare(key, value, lambda text: text == options[value], ", ".join(options.values()), options[value])
    return value


def choices(
    label: str,
    options: Mapping[str, str],
    key: str,
    default: Sequence[str],
    *,
    most: int,
) -> list[str]:
    """Show switches for up to `most` of `options` (key -> label, the same in every language); return the keys."""
    value = st.pills(
        label,
        list(options),
        selection_mode="multi",
        default=list(default),
        format_func=lambda option: options.get(option, option),
        key=key,
        bind="query-params",
    )
    value = [v for v in value if v in options]
    asked = st.session_state[_ASKED].pop(key, None)
    unknown = [text for text in asked or () if text not in options.values()]
    if unknown:
        shown = ", ".join(options[v] for v in value)
        reason = _("the known ones are {names}", names=", ".join(options.values()))
        _refuse(key, value, ", ".join(unknown), reason, shown)
    if not value:
        st.info(_("Choose at least one."))
    elif len(value) > most:
        st.info(_("At most {most} fit in one picture; shown are the first {most}.", most=most))
    return value[:most]


def rate_widget(label: str, key: str, default: float, hyper: Hyper, *, exact: bool) -> float:
    """Show a learning rate: as the number itself, or as a slider on a log scale that moves in steps of 12 %.

    The slider's place for the default stands for exactly the default. The number may also be zero or negative.
    """
    if exact:
        value = number(rf"{label} $\;{hyper.symbol}$", f"lr_{key}", default, *hyper.allowed, step=_a_tenth_of(default))
    else:
        value = log_slider(label, hyper.symbol, f"rate_{key}", default, *hyper.shown)
    if value == 0:
        st.caption(_("A rate of 0 stands still."))
    elif value < 0:
        st.caption(_("A negative rate climbs."))
    return value


def slider(
    label: str,
    key: str,
    default: float,
    low: float,
    high: float,
    *,
    step: float,
    help: str | None = None,
    on_change: Callable | None = None,
) -> float:
    """Show a number that the link keeps as a slider. An int default takes whole numbers."""
    kind = int if isinstance(default, int) else float
    style: dict[str, Any] = {"on_change": on_change or "rerun", "help": help}
    style |= {} if kind is int else {"format": "%.4g"}
    _keep_put(key)
    value = st.slider(label, kind(low), kind(high), default, step=kind(step), key=key, bind="query-params", **style)
    st.session_state[_SHOWN][key] = value
    allowed = _("numbers from {low} to {high}", low=f"{low:g}", high=f"{high:g}")
    _compare(key, value, lambda text: _as_number(text) == value, allowed, f"{value:g}")
    return value


def log_slider(label: str, symbol: str, key: str, default: float, low: float, high: float) -> float:
    """Show a positive number as a slider on a log scale that moves in steps of 12 %; the link keeps its place.

    The slider's place for the default stands for exactly the default.
    """
    lowest, highest, middle = (round(log10(value), 2) for value in (low, high, min(max(default, low), high)))

    def value_at(place: float) -> float:
        return default if place == middle else _three_digits(10**place)

    _keep_put(key)
    # The label shows the value and comes before the widget, which alone takes the place out of a link.
    linked = _as_number(st.session_state[_ASKED].get(key, [""])[-1])
    shown = value_at(linked if lowest <= linked <= highest else st.session_state.get(key, middle))
    label = rf"{label} $\;{symbol}={shown:.4g}$"
    place = st.slider(label, lowest, highest, middle, step=0.05, format="10^%.2f", key=key, bind="query-params")
    st.session_state[_SHOWN][key] = place
    allowed = _("numbers from {low} to {high}", low=f"{lowest:g}", high=f"{highest:g}")
    _compare(key, place, lambda text: _as_number(text) == place, allowed, f"{place:g}")
    return value_at(place)


def rate(optimizer: Optimizer, default: float, *, exact: bool, drawn: bool = True) -> float:
    """Show the learning rate of one optimizer, with its line where that is `drawn`."""
    label = f"{swatch(optimizer.key)} {optimizer.title}" if drawn else optimizer.title
    return rate_widget(label, optimizer.key, default, optimizer.hyper[0], exact=exact)


def _slider_place(value: float, hyper: Hyper) -> float:
    low, high = hyper.shown
    return round(log10(min(max(value, low), high)), 2)


def set_rate(key: str, value: float) -> None:
    """Put a learning rate into both of its widgets, of which one is shown."""
    put(f"lr_{key}", float(value))
    if value > 0:
        put(f"rate_{key}", _slider_place(value, learning_rate(value)))


def hyper_numbers(optimizer: Optimizer, *, shown: bool) -> dict[str, float]:
    """Return the hyper-parameters but for the rate, shown as their specs say."""
    values = {}
    for hyper in optimizer.hyper[1:]:
        key, label = f"{optimizer.key}_{hyper.key}", f"{optimizer.title}: ${hyper.symbol}$ {_(hyper.text)}"
        if hyper.scale == "switch":
            values[hyper.key] = float(switch(label, key, bool(hyper.default), shown=shown))
        else:
            step = _a_tenth_of(hyper.default or 0.1)
            values[hyper.key] = number(label, key, float(hyper.default), *hyper.allowed, step=step, shown=shown)
    return values


def _is_set(key: str, default: float | str) -> bool:
    if key in st.session_state[_ASKED]:
        return True
    if isinstance(default, int | float) and not isinstance(default, bool):
        return held(key, default) != default
    return st.session_state.get(key, default) != default


def setting_number(prefix: str, hyper: Hyper, *, shown: bool) -> float:
    """Show one setting of a schedule as its spec says."""
    label = f"${hyper.symbol}$ {_(hyper.text)}"
    return number(label, f"{prefix}_{hyper.key}", hyper.default, *hyper.allowed, shown=shown)


@cache
def swatch(line: str | Ink) -> str:
    """Return the line of an optimizer, or any other, as a picture in Markdown; the name beside it says the rest.

    A picture sees no style of the page, only whether what surrounds it is light or dark.
    """
    style = ink(line) if isinstance(line, str) else line
    light, dark = shades(style.color)
    picture = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="12">'
        f"<style>line{{stroke:{light}}}@media(prefers-color-scheme:dark){{line{{stroke:{dark}}}}}</style>"
        f'<line x2="40" y1="6" y2="6" stroke-width="3" stroke-dasharray="{" ".join(map(str, style.pixels))}"/></svg>'
    )
    return f"![](data:image/svg+xml;base64,{b64encode(picture.encode()).decode()})"


def _keep_through_languages(key: str) -> None:
    kept = st.session_state[_CHOSEN].get(key)
    if kept and kept[0] != language():
        st.session_state[key] = kept[1]


def _compare(key: str, value, agrees: Callable[[str], bool], allowed: str, shown: str) -> None:
    asked = st.session_state[_ASKED].pop(key, None)
    if asked and not agrees(asked[-1]):
        _refuse(key, value, asked[-1], _("allowed are {what}", what=allowed), shown)


def _refuse(key: str, value, asked: str, reason: str, shown: str) -> None:
    text = _(
        "The link asks for {key} = {asked}, but {reason}. Shown is {shown}.",
        key=_quoted(key),
        asked=_quoted(asked),
        reason=reason,
        shown=shown,
    )
    st.session_state[_REFUSED][key] = (value, text)


def _quoted(text: str) -> str:
    """Return foreign text as code that cannot break out of its quotes, cut to a readable length."""
    clean = "".join(c for c in text if c.isprintable() and c != "`")
    return f"`{clean if len(clean) <= 40 else clean[:40] + '…'}`"


def _as_number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return inf


def _three_digits(value: float) -> float:
    return float(f"{value:.3g}")


def _a_tenth_of(value: float) -> float:
    """Return a power of ten about a tenth of `value`: the step of the arrow keys in a field."""
    return 10.0 ** (floor(log10(abs(value))) - 1) if value and isfinite(value) else 0.1
