"""The language of a visitor: the browser's at first, then what the switch or the link says."""

from contextvars import ContextVar

import streamlit as st

from teaching.language import LANGUAGES, language_of, translated

_REFUSED = "_refused_language"
_LANGUAGE: ContextVar[str] = ContextVar("language")
"""Of this run of a page, and of the threads that compute for it. Asking the session 150 times a run costs 2 ms."""


def choose_language() -> None:
    """Show the switch in the sidebar, at first on the language of the link, or else of the browser."""
    if "lang" not in st.session_state:
        asked = st.query_params.get("lang", "")
        found = language_of(asked)
        st.session_state[_REFUSED] = "" if found else asked
        st.session_state["lang"] = found or _of_the_browser()
    options = {"options": list(LANGUAGES), "format_func": LANGUAGES.get, "required": True, "key": "lang"}
    st.sidebar.segmented_control("Language / 语言", **options)  # type: ignore[call-overload]
    _LANGUAGE.set(st.session_state["lang"])


def refused_language() -> dict[str, str]:
    """Return what a link asked for and what there is, where these differ; else nothing."""
    asked = st.session_state.get(_REFUSED)
    return {"asked": f"`{asked[:40]}`".replace("``", "`"), "names": ", ".join(LANGUAGES.values())} if asked else {}


def _of_the_browser() -> str:
    return language_of(st.context.locale or "en") or "en"


def language() -> str:
    """Return the code of the visitor's language."""
    known = _LANGUAGE.get("")
    if not known:  # a fragment, which begins without its page
        known = st.session_state.get("lang", "en")
        _LANGUAGE.set(known)
    return known


def language_link() -> dict[str, str]:
    """Return what a link must hold of the language: nothing where it is the browser's own."""
    return {} if language() == _of_the_browser() else {"lang": language()}


def _(message: str, **values) -> str:
    """Return `message`, a text or a `T`, in the visitor's language, with {names} replaced by `values`."""
    text = translated(message, language())
    return text.format(**values) if values else text
