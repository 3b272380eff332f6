"""Two languages: English in the code and in the specs, Chinese in a gettext catalogue."""

import gettext
import threading
from functools import cache
from io import BytesIO
from pathlib import Path

import streamlit as st
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).parent.parent
CATALOGUE = ROOT / "locale" / "zh" / "LC_MESSAGES" / "messages.po"
LANGUAGES = {"English": "en", "中文": "zh"}
"""What the switch shows, the same in both languages, and the code."""


_THREAD = threading.local()


def choose_language() -> None:
    """Show the switch in the sidebar. The first choice is the browser's; the link keeps it.

    A link with settings but without a language was made in English, which is not written into links: its choices are
    English labels.
    """
    bare = not st.query_params
    if bare and "lang" not in st.session_state and (st.context.locale or "").lower().startswith("zh"):
        st.session_state["lang"] = "中文"
    st.sidebar.segmented_control(
        "Language / 语言", list(LANGUAGES), default="English", required=True, key="lang", bind="query-params"
    )
    # Each run of a page is a thread of its own; asking the session 150 times a run costs 2 ms.
    _THREAD.language = LANGUAGES.get(st.session_state["lang"], "en")


def language() -> str:
    """Return "en" or "zh"."""
    return getattr(_THREAD, "language", None) or LANGUAGES.get(st.session_state.get("lang", ""), "en")


def _(message: str, **values) -> str:
    """Return `message` in the language of this session, with {names} replaced by `values`."""
    translated = translation(language()).gettext(message) if message else ""
    return translated.format(**values) if values else translated


@cache
def translation(code: str) -> gettext.NullTranslations:
    """Return the catalogue of a language, compiled in memory so that no binary can be out of date."""
    if code == "en":
        return gettext.NullTranslations()
    compiled = BytesIO()
    with CATALOGUE.open("rb") as source:
        write_mo(compiled, read_po(source, locale=code))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
