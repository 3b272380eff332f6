"""The frame around every lesson: the course in the navigation, the language, the question, the claims."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from teaching.contract import Lesson
from ui import controls, server
from ui import lesson as parts
from ui import page as current
from ui.compute import warm_up_in_the_background
from ui.i18n import _, choose_language

Course = Mapping[str, tuple[Lesson, ...]]
ICON = Path(__file__).with_name("icon.png")
"""A file of our own: Streamlit would fetch the picture of a named icon from a public server."""
MENU: dict = {"About": "Descent Lab: see how training works."}
"""Without an entry of its own Streamlit hides the menu, and with it the switch between light and dark."""


FORMER = "race"
"""The lesson that once stood at the bare address: links with its settings are sent on to it."""


def run(course: Course, home: Callable[[Mapping[str, StreamlitPage]], None]) -> None:
    """Show the page that was asked for; the bare address shows `home`."""
    server.prepare()
    # Before the navigation, or the browser fetches the icon of the page from a public server.
    st.set_page_config("Descent Lab", str(ICON), layout="wide", initial_sidebar_state=360, menu_items=MENU)
    choose_language()
    pages = {one.key: _page(one) for part in course.values() for one in part}
    menu = {_(part): [pages[one.key] for one in lessons] for part, lessons in course.items()}
    front = st.Page(partial(home, pages), title=_("All lessons"), icon=":material/home:", url_path="home", default=True)
    menu[""] = [front, *menu.get("", [])]
    shown = st.navigation(menu, position="top")
    if shown == front and (settings := current.settings_in_link()):
        st.switch_page(pages[FORMER], query_params=settings)
    st.set_page_config(f"{shown.title} · Descent Lab" if shown != front else "Descent Lab")
    try:
        shown.run()
    finally:
        warm_up_in_the_background()


def _page(one: Lesson) -> StreamlitPage:
    return st.Page(partial(show, one), title=_(one.title), icon=one.icon, url_path=one.key)


def show(one: Lesson) -> None:
    """Show a lesson: its question, what may be predicted, the experiment, and what the notes claim of it."""
    current.begin(one)
    parts.header(_(one.title), _(one.question))
    complaints = st.container()
    parts.predict_first(one)
    one.show()
    parts.claims(one)
    with complaints:
        current.complain()
    controls.arrow_keys()
    current.write_link()
