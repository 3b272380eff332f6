"""The state of the page that is shown: read from the link, kept for the session, written back into the link.

Every change of a run becomes one entry of the browser's history, and Back restores it. The link holds what differs
from the defaults, all of it, whether or not its widget is on the screen. What it asks in vain gets a sentence.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from time import monotonic
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from teaching.contract import Lesson
from teaching.controls import Link, Refusal, State
from ui.i18n import _, language_link, refused_language

_STATE = "_state"
_FOREIGN = ("lang", "embed", "embed_options")
"""Names in a link that are no control of a page."""
LATE = 1.5
"""Seconds in which a message may come that the browser sent before it saw what the page had set."""


def begin(lesson: Lesson) -> None:
    """Take the state of a page from the link, where the reader has just come or goes back in the history."""
    context = get_script_run_ctx()
    kept = st.session_state.get(_STATE)
    if kept and kept["page"] == lesson.key and not (context and context.is_history_navigation):
        kept["table"] = lesson.controls
        return
    read, refused = lesson.controls.read(settings_in_link())
    st.session_state[_STATE] = {
        "page": lesson.key,
        "table": lesson.controls,
        "changed": read.changed,
        "link": {**read.link(), **language_link()},
        "refused": refused,
        "set": {},
    }


def settings_in_link() -> dict[str, list[str]]:
    """Return what the address asks of a page."""
    return {key: st.query_params.get_all(key) for key in st.query_params if key not in _FOREIGN}


def state() -> State:
    """Return the state of the page; what it is given stays."""
    kept = st.session_state[_STATE]
    return State(kept["table"], kept["changed"])


def key() -> str:
    """Return the address of the page."""
    return st.session_state[_STATE]["page"]


@contextmanager
def _by_the_page() -> Iterator[State]:
    """Give the state to change, and remember what the page has changed, and when."""
    now = state()
    before = {key: now[key] for key in now}
    yield now
    moment = monotonic()
    changed = [key for key in now if now[key] != before[key]]
    st.session_state[_STATE]["set"] |= {key: (before[key], moment) for key in changed}
    for key in changed:
        settle(key)


def update(settings: Mapping[str, Any] | None = None, **more: Any) -> None:
    """Set several controls at once, as the page and not as the reader does it."""
    with _by_the_page() as now:
        now.update({**(settings or {}), **more})


def open_with(settings: Mapping[str, Any]) -> None:
    """Begin afresh with these settings, as their link does."""
    with _by_the_page() as now:
        now.reset()
        now.update(settings)


def reset(*keys: str) -> None:
    """Give these controls their defaults again; without keys, all."""
    with _by_the_page() as now:
        now.reset(*keys)


def keep(*keys: str) -> None:
    """Give all controls but these their defaults again: another experiment begins."""
    reset(*(key for key in state() if key not in keys))


def take(key: str, value: Any) -> None:
    """Set one control as its widget says. Raises Refused.

    Every message of the browser holds the values of all widgets as it knows them: one that was under way while the
    page set a control brings the old value back, and is not believed.
    """
    now, noted = state(), st.session_state[_STATE]["set"]
    value = now.table[key].checked(value, now)
    if key in noted:
        before, since = noted.pop(key)
        if value == before and monotonic() - since < LATE:
            noted[key] = (before, since)
            return
    now.changed[key] = value
    now.forget_defaults()
    settle(key)


def settle(key: str) -> None:
    """Withdraw the complaint about a control: its widget has been used."""
    kept = st.session_state[_STATE]
    kept["refused"] = [refusal for refusal in kept["refused"] if refusal.key != key]


def write_link() -> None:
    """Bring the link up to date: one entry of the history for all that has changed."""
    kept = st.session_state.get(_STATE)
    if not kept:
        return
    link: Link = {**state().link(), **language_link()}
    if link != kept["link"]:
        kept["link"] = link
        foreign = {key: st.query_params.get_all(key) for key in st.query_params if key in _FOREIGN and key != "lang"}
        st.query_params.from_dict({**foreign, **link})


def fragment(function: Callable[..., None]) -> Callable[..., None]:
    """Decorate a part of a page that a change inside it draws alone, and that brings the link up to date."""

    @wraps(function)
    def run(*arguments: Any, **settings: Any) -> None:
        function(*arguments, **settings)
        write_link()

    return st.fragment(run)


def complain() -> None:
    """Show a sentence for everything that the link asked in vain."""
    if asked := refused_language():
        text = _("The link asks for the language {asked}, which is not here; known are {names}.", **asked)
        st.warning(text, icon=":material/link_off:")
    for refusal in st.session_state[_STATE]["refused"]:
        st.warning(_sentence(refusal), icon=":material/link_off:")


def _sentence(refusal: Refusal) -> str:
    if refusal.key is None or refusal.error is None:
        return _("The link sets {key}, which this page does not have; it is ignored.", key=quoted(refusal.name))
    now = state()
    return _(
        "The link asks for {key} = {asked}, but {reason}. Shown is {shown}.",
        key=quoted(refusal.name),
        asked=quoted(refusal.asked),
        reason=_(refusal.error.reason, **refusal.error.values),
        shown=quoted(str(now.table[refusal.key].write(now[refusal.key]))),
    )


def quoted(text: str) -> str:
    """Return foreign text as code that cannot break out of its quotes, cut to a readable length."""
    clean = "".join(c for c in text if c.isprintable() and c != "`")
    return f"`{clean if len(clean) <= 40 else clean[:40] + '…'}`"
