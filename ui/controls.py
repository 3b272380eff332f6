"""Widgets built from specs, their place in the link, and one sentence for what a link asks in vain.

The state of a page is the state of its widgets, and every widget is bound to the link under its key. Streamlit drops
a value of the link that a widget cannot take; the functions here compare, and say so.
"""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from math import floor, inf, isfinite, log10
from typing import Any

import streamlit as st

from core.spec import Hyper, Optimizer, learning_rate
from ui.i18n import _, language
from ui.palette import Ink, ink, shades

_ASKED, _REFUSED, _CHOSEN = "_asked_by_link", "_refused_from_link", "_chosen"
_NOT_OURS = ("embed", "embed_options")


def read_link() -> None:
    """Remember what the link holds; the first call of a page, before any widget."""
    st.session_state.setdefault(_ASKED, {key: st.query_params.get_all(key) for key in st.query_params})
    st.session_state.setdefault(_REFUSED, {})
    st.session_state.setdefault(_CHOSEN, {})


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
        key for key, (value, _text) in refused.items() if value is not None and st.session_state.get(key) != value
    ]:
        del refused[key]
    for _value, text in refused.values():
        st.warning(text, icon=":material/link_off:")


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
    help: str | None = None,
    shown: bool = True,
) -> float:
    """Show a number that the link keeps. An int default takes whole numbers."""
    if not shown and not _is_set(key, default):
        return default
    whole = isinstance(default, int)
    kind = int if whole else float
    st.number_input(
        label,
        kind(max(low, -(2**53) + 1) if whole else low),
        kind(min(high, 2**53 - 1) if whole else high),
        kind(default),
        step=kind(step or (1 if whole else 0.1)),
        format="%d" if whole else "%.10g",
        key=key,
        bind="query-params",
        help=help,
    )
    value = st.session_state[key]
    value = kind(default) if value is None else value
    allowed = _("numbers from {low} to {high}", low=f"{low:g}", high=f"{high:g}")
    _compare(key, value, lambda text: _as_number(text) == value, allowed, f"{value:.10g}")
    return value


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
    value = st.slider(label, kind(low), kind(high), default, step=kind(step), key=key, bind="query-params", **style)
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

    # The label shows the value and comes before the widget, which alone takes the place out of a link.
    linked = _as_number(st.session_state[_ASKED].get(key, [""])[-1])
    shown = value_at(linked if lowest <= linked <= highest else st.session_state.get(key, middle))
    label = rf"{label} $\;{symbol}={shown:.4g}$"
    place = st.slider(label, lowest, highest, middle, step=0.05, format="10^%.2f", key=key, bind="query-params")
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
    st.session_state[f"lr_{key}"] = float(value)
    if value > 0:
        st.session_state[f"rate_{key}"] = _slider_place(value, learning_rate(value))


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
    return key in st.session_state[_ASKED] or st.session_state.get(key, default) != default


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
    """Return a power of ten about a tenth of `value`: the step of the buttons beside a number."""
    return 10.0 ** (floor(log10(abs(value))) - 1) if value and isfinite(value) else 0.1
