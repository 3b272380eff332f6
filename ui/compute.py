"""How a visitor waits: outside the gate, so that others pass, and told after a moment what takes so long.

What is computed once for everyone is `core.memory`; this is what a page adds to it. Kernels that are not there yet are
waited for as well.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core import memory
from core.warm import warm
from surfaces import DATA_SURFACES, SURFACES
from ui import server
from ui.i18n import _

SOON, EVERY = 0.3, 0.2
"""Seconds after which a visitor is told what takes so long, and between two words of how far it is."""


def wait(pending: memory.Pending) -> Any:
    """Wait for a value outside the gate and show how far it is. A visitor who leaves stops waiting."""
    if pending.done() or get_script_run_ctx(suppress_warning=True) is None:
        return pending.result()
    with server.aside():
        if _arrives(pending, SOON):
            return pending.result()
        place = st.empty()
        message = _(pending.message, **pending.values)
        while not _arrives(pending, EVERY):
            place.progress(min(max(float(pending.part), 0.0), 1.0), message)
        place.empty()
    return pending.result()


memory.wait_by(wait)


def _arrives(pending: memory.Pending, seconds: float) -> bool:
    try:
        pending.exception(seconds)
    except TimeoutError:
        return pending.done()
    return True


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
        server.collect_seldom()  # the kernels are there now, and stay as well

    threading.Thread(target=work_through, name="warm-up", daemon=True).start()


@contextmanager
def compiling() -> Iterator[None]:
    """Surround what calls kernels: while they may still have to compile, let others pass and say so."""
    if _warm.is_set():
        yield
        return
    with server.aside(), st.spinner(_("Compiling the formulas (only after an update)")), _free:
        yield
