"""Widgets made from the rows of the table of state: `show("steps")` draws the row and returns its value.

A widget is a view of the state: it shows what the state holds, and tells it what the reader does. Whether it is on the
screen changes nothing.
"""

from base64 import b64encode
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from math import floor, isfinite, log10
from pathlib import Path
from typing import Any

import streamlit as st

from core.numerals import NotRead, read, written
from teaching.controls import Choice, Choices, Number, Refused, Switch
from ui import page
from ui.i18n import _
from ui.page import quoted, state
from ui.palette import Ink, ink, shades

_SENTENCES = "_sentences"
"""For every field of text: what it showed, and why what was typed was not taken."""
Change = Callable[[], None]
_ARROWS = st.components.v2.component(
    "number_arrows", js=Path(__file__).with_name("arrows.js").read_text(encoding="utf-8"), isolate_styles=False
)


@contextmanager
def drawer(label: str, key: str, icon: str) -> Iterator[bool]:
    """Hold what few need at once; give whether it is open. A widget in a closed drawer is not drawn."""
    box = st.expander(label, icon=icon, key=key, on_change="rerun")
    with box:
        yield bool(box.open)


def asked_for(what: Hashable, label: str, key: str) -> bool:
    """Say whether the reader has asked for `what`, which takes long to compute; show the button that asks if not."""
    asked = f"_{key}"
    if st.session_state.get(asked) == what:
        return True
    st.button(label, key=key, icon=":material/play_arrow:", on_click=st.session_state.update, args=({asked: what},))
    return False


def show(key: str, *, drawn: bool = True, then: Change | None = None, widget: Callable | None = None, **style: Any):
    """Draw the control with this key, unless it is not `drawn`, and return its value.

    `then` is called after the reader has changed it. `widget` is another Streamlit element than the usual one; `label`
    and whatever else is in `style` go to it.
    """
    row = state().table[key]
    if drawn:
        style.setdefault("label", label_of(key))
        style.setdefault("help", _(row.help) or None)
        _DRAW[type(row)](key, row, then, widget, style)
    return state()[key]


def label_of(key: str, *, letter: bool = True) -> str:
    """Return the name of a control: whose it is, its letter, its meaning."""
    row = state().table[key]
    of = f"{_(row.of)}: " if row.of else ""
    symbol = f"${row.symbol}$ " if row.symbol and letter else ""
    return f"{of}{symbol}{_(row.text)}"


def _sync(key: str, shown: Any) -> Any:
    """Let a widget show this, whatever the browser believes; return it, as what the widget begins with.

    The session is told once. A browser that gets two runs in one message sees only the second, and builds a widget that
    is new to it from what it begins with.
    """
    if key not in st.session_state or st.session_state[key] != shown:
        st.session_state[key] = shown
    return shown


def _told(key: str, value: Callable[[Any], Any], then: Change | None) -> Change:
    """Return what a widget calls when the reader has changed it; `value` makes a value of what the widget holds."""

    def tell() -> None:
        try:
            page.take(key, value(st.session_state[key]))
        except Refused:
            return  # a changed client may send anything
        if then:
            then()

    return tell


def _field(key: str, row: Number, then: Change | None, widget: Callable | None, style: dict[str, Any]) -> None:
    """Draw a number as a field of text: browsers drop a comma and a minus sign from a number box."""
    sentences = st.session_state.setdefault(_SENTENCES, {})
    style["value"] = _sync(key, written(state()[key]))

    def tell() -> None:
        typed = st.session_state[key]
        try:
            page.take(key, read(typed))
            sentences.pop(key, None)
        except (NotRead, Refused) as error:
            sentences[key] = (written(state()[key]), _not_taken(key, typed, error))
            return
        if then:
            then()

    st.text_input(key=key, on_change=tell, **style)
    kept, sentence = sentences.get(key, ("", ""))
    if sentence and kept == written(state()[key]):
        st.error(sentence)


def _not_taken(key: str, typed: str, error: NotRead | Refused) -> str:
    now = state()
    row = now.table[key]
    if isinstance(error, NotRead):
        try:
            row.checked(None, now)
        except Refused as limits:
            allowed = _(limits.reason, **limits.values)
        reason = {
            "empty": _("the field is empty"),
            "two readings": _("the comma may be a decimal comma or part thousands; write a point, or no comma"),
            "too large": _("the number is too large"),
            "too small": _("the number is too close to zero"),
        }.get(error.reason, allowed)
    else:
        reason = _(error.reason, **error.values)
    kept = written(now[key])
    return _("{typed} is not taken: {reason}. It stays {kept}.", typed=quoted(typed), reason=reason, kept=kept)


def slider(key: str, *, then: Change | None = None, step: Any = None, **style: Any) -> float:
    """Draw a number as a slider on its scale and return it. What does not fit on the slider gets a field."""
    row = state().table[key]
    assert isinstance(row, Number)
    low, high = row.shown or row.limits(state())
    value = state()[key]
    if not low <= value <= high:
        return show(key, then=then, **style)
    style.setdefault("label", label_of(key, letter=row.scale != "log"))
    style.setdefault("help", _(row.help) or None)
    if row.scale == "log":
        _log_slider(key, row, low, high, then, style)
    else:
        kind: Any = int if row.whole else float
        step = kind(step or row.step or (1 if row.whole else 0.01))
        style["value"] = _sync(key, kind(value))
        style |= {} if row.whole else {"format": "%.4g"}
        tell = _told(key, kind, then)
        st.slider(min_value=kind(low), max_value=kind(high), step=step, key=key, on_change=tell, **style)
    return state()[key]


def _log_slider(key: str, row: Number, low: float, high: float, then: Change | None, style: dict[str, Any]) -> None:
    """Draw a positive number on a log scale that moves in steps of 12 %; the label shows the number itself."""
    value, default = state()[key], state().default(key)
    lowest, highest = round(log10(low), 2), round(log10(high), 2)

    def place_of(number: float) -> float:
        return min(max(round(log10(number) / 0.05) * 0.05, lowest), highest)

    def value_at(place: float) -> float:
        # The default's place stands for exactly the default.
        return (
            default if low <= default <= high and abs(place - place_of(default)) < 1e-9 else float(f"{10**place:.3g}")
        )

    style["label"] = rf"{style['label']} $\;{row.symbol}={value:.4g}$"
    style["value"] = _sync(key, round(place_of(value), 2))
    tell = _told(key, lambda place: value_at(float(place)), then)
    st.slider(min_value=lowest, max_value=highest, step=0.05, format="10^%.2f", key=key, on_change=tell, **style)


def _switch(key: str, row: Switch, then: Change | None, widget: Callable | None, style: dict[str, Any]) -> None:
    style["value"] = _sync(key, state()[key])
    (widget or st.toggle)(key=key, on_change=_told(key, bool, then), **style)


def _choice(key: str, row: Choice, then: Change | None, widget: Callable | None, style: dict[str, Any]) -> None:
    options = row.choices(state())
    first = _sync(key, state()[key])
    if widget is st.segmented_control:
        style["default"] = first
        style.setdefault("wrap", True)  # in a narrow column the last ones would else be cut
    else:
        style["index"] = list(options).index(first)
    labels = {option: _(label) for option, label in options.items()}
    (widget or st.selectbox)(
        options=list(options),
        format_func=lambda option: labels.get(option, option),
        key=key,
        on_change=_told(key, lambda option: option, then),
        **style,
    )


def pick(key: str, among: Mapping[str, str], first: str | None = None, *, drawn: bool = True, **style: Any) -> Any:
    """Draw a choice of which only these options are there now; return it, or `first` where none of them is chosen."""
    value: Any = state()[key] if state()[key] in among else first
    if drawn:
        _sync(key, value)
        style = {
            "label": label_of(key),
            "index": list(among).index(value) if value in among else None,
            "options": list(among),
            "format_func": lambda option: _(among.get(option, option)),
        } | style
        select: Any = st.selectbox
        select(key=key, on_change=_told(key, lambda option: option, None), **style)
    return value


def _choices(key: str, row: Choices, then: Change | None, widget: Callable | None, style: dict[str, Any]) -> None:
    options = row.choices(state())
    first = _sync(key, list(state()[key]))
    labels = {option: _(label) for option, label in options.items()}
    st.pills(
        options=list(options),
        default=first,
        selection_mode="multi",
        format_func=lambda option: labels.get(option, option),
        key=key,
        on_change=_told(key, tuple, then),
        **style,
    )
    chosen = state()[key]
    if not chosen:
        st.info(_("Choose at least one."))
    elif len(chosen) > row.most:
        st.info(_("At most {most} fit in one picture; shown are the first {most}.", most=row.most))


def chosen(key: str, **style: Any) -> list[str]:
    """Draw a choice of several and return those that are shown."""
    row = state().table[key]
    assert isinstance(row, Choices)
    return list(show(key, **style))[: row.most]


def rate(key: str, *, exact: bool, name: str = "", **style: Any) -> float:
    """Draw a learning rate as a slider or, `exact`, as the number itself, and say what zero and less mean.

    `name` stands before its letter instead of the words of the row: the line of a run and its title.
    """
    if name:
        style["label"] = rf"{name} $\;{state().table[f'lr_{key}'].symbol}$" if exact else name
    value = show(f"lr_{key}", **style) if exact else slider(f"lr_{key}", **style)
    if value == 0:
        st.caption(_("A rate of 0 stands still."))
    elif value < 0:
        st.caption(_("A negative rate climbs."))
    return value


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


def arrow_keys() -> None:
    """Let arrow up and down move the number in a field by its step; once, at the end of a page."""
    steps = {key: _step_of(row) for key, row in state().table.items() if isinstance(row, Number)}
    with st.sidebar:
        _ARROWS(key="_arrow_keys", data=steps)


def _step_of(row: Number) -> float:
    """Return the step of the arrow keys: a power of ten about a tenth of the default where the row says nothing."""
    if row.step or row.whole:
        return row.step or 1
    value = state().default(row.key)
    return 10.0 ** (floor(log10(abs(value))) - 1) if value and isfinite(value) else 0.1


_DRAW: Mapping[type, Callable[..., None]] = {Number: _field, Switch: _switch, Choice: _choice, Choices: _choices}
