"""The frame around every page: the list of pages, the language, and the way back for cold deep links."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from core.text import T
from core.warm import warm
from surfaces import DATA_SURFACES, SURFACES
from ui import server
from ui.i18n import _, choose_language


class PageRow(NamedTuple):
    """A page: its script, its title in English, its icon and its place in the address, named as the script.

    Under another name, Streamlit would show "Page not found" to the first visitor of a process who comes by a link.
    """

    script: str
    title: str
    icon: str
    url: str


ICON = Path(__file__).with_name("icon.png")
"""A file of our own: Streamlit would fetch the picture of a named icon from a public server."""
MENU: dict = {"About": "Descent Lab: see how training works."}
"""Without an entry of its own Streamlit hides the menu, and with it the switch between light and dark."""
COURSE: Mapping[str, tuple[PageRow, ...]] = {
    "": (PageRow("pages/race.py", T("Optimizer race"), ":material/flag:", "race"),),
    T("Landscape"): (
        PageRow("pages/compass.py", T("Gradient compass"), ":material/explore:", "compass"),
        PageRow("pages/microscope.py", T("Curvature microscope"), ":material/search:", "microscope"),
        PageRow("pages/step_size.py", T("One step size"), ":material/straighten:", "step_size"),
    ),
    T("Motion"): (
        PageRow("pages/momentum.py", T("Momentum and Nesterov"), ":material/roller_skating:", "momentum"),
        PageRow("pages/traps.py", T("Traps"), ":material/trip_origin:", "traps"),
        PageRow("pages/coordinates.py", T("A rate per coordinate"), ":material/tune:", "coordinates"),
        PageRow("pages/fine_print.py", T("Adam's fine print"), ":material/contract:", "fine_print"),
    ),
    T("Noise and time"): (
        PageRow("pages/batches.py", T("Noise and batch size"), ":material/grain:", "batches"),
        PageRow("pages/schedules.py", T("Schedules"), ":material/trending_down:", "schedules"),
        PageRow("pages/recipes.py", T("Averages, hand-overs, safety belts"), ":material/health_and_safety:", "recipes"),
    ),
    T("Networks"): (
        PageRow("pages/activations.py", T("Activation gallery"), ":material/show_chart:", "activations"),
        PageRow("pages/depth.py", T("Depth lab"), ":material/layers:", "depth"),
        PageRow("pages/normalisation.py", T("Normalisation lab"), ":material/equalizer:", "normalisation"),
    ),
}
"""The parts of the course with their pages, in order. A new page is a script in pages/ and a row here."""
PAGES = tuple(row for rows in COURSE.values() for row in rows)


def run() -> None:
    """Show the chosen page. This is all that app.py does."""
    server.prepare()
    _configure()
    choose_language()
    st.session_state["_through_app"] = True
    page = _navigation()
    _turn_to(page)
    try:
        page.run()
    finally:
        warm_up_in_the_background()


def _configure() -> None:
    """Set icon and layout: before the navigation, or the browser fetches the icon of the page from a public server."""
    st.set_page_config("Descent Lab", str(ICON), layout="wide", initial_sidebar_state=360, menu_items=MENU)


def _navigation() -> StreamlitPage:
    menu = {_(part): [_entry(row) for row in rows] for part, rows in COURSE.items() if rows}
    # The first page stands at the bare address, where Streamlit no longer knows its name; links by name are kept alive.
    menu[""] = [_entry(PAGES[0], url_path="start", default=True), _entry(PAGES[0], visibility="hidden")]
    return st.navigation(menu, position="top")


def _entry(row: PageRow, **style: Any) -> StreamlitPage:
    return st.Page(row.script, **{"title": _(row.title), "icon": row.icon, "url_path": row.url} | style)


def _turn_to(page: StreamlitPage) -> None:
    """Let every page begin with its own settings: those left over from another page would stand in their way."""
    if st.session_state.get("_page", page.url_path) != page.url_path:
        for key in set(st.session_state) - {"lang", "_through_app"}:
            del st.session_state[key]
    st.session_state["_page"] = page.url_path


def enter() -> None:
    """Stand at the top of every page: send a visitor who came past app.py back through it.

    While a folder pages/ exists and nobody has called st.navigation yet, Streamlit serves the bare script behind a deep
    link, without language and navigation. The mark is taken away here, so that it holds for one run only.
    """
    if not st.session_state.pop("_through_app", False):
        _configure()
        _navigation()
        st.rerun()


_warm = threading.Event()
"""Set when every kernel of this process is ready."""
_free = threading.Lock()
"""Held while a page computes: the warm-up then waits before its next kernel."""


@cache
def warm_up_in_the_background() -> None:
    """Load or compile every kernel once per process, after the first page is drawn and while nobody computes."""

    def let_pages_pass() -> None:
        with _free:
            return

    def work_through() -> None:
        warm(SURFACES + DATA_SURFACES, let_pages_pass)
        _warm.set()

    threading.Thread(target=work_through, name="warm-up", daemon=True).start()


@contextmanager
def work(message: str) -> Iterator[None]:
    """Surround what a page computes: while kernels may still have to compile, let others pass and say so."""
    if _warm.is_set():
        yield
        return
    with server.aside(), st.spinner(message), _free:
        yield
