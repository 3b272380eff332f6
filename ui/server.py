"""Set up the server process, and let one page script run at a time.

Streamlit starts one thread per session. Under the interpreter lock, threads that all draw at once only
delay one another: thirty people who drag a slider see nothing until they stop. Served in turn, each run
has the processor to itself and everyone sees every few of their own pictures.

    st.App("script.py", lifespan=lifespan)   # set up before the first visitor; or, in the script itself,
    prepare()                                # set up by the first visitor

    with aside():                            # in a page: work of more than about 50 ms lets others pass
        ...
"""

from __future__ import annotations

import ctypes
import functools
import gc
import os
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

from streamlit import config, net_util
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner

PATIENCE = 0.5  # seconds a run may hold the gate before it is passed by
REST = 10.0  # seconds between two times that memory is given back, while there are visitors
HEAPS = 2  # that the C library may open, instead of eight for every processor
LARGE = 2**20  # bytes from which an array is mapped for itself, and leaves nothing behind


class Gate:
    """Let one thread through at a time, first come first served.

    The gate orders work, it protects no data. A thread that stays longer than `patience` seconds is
    passed by: a page that hangs delays the others once, and does not stop them.
    """

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._line: deque[threading.Event] = deque()  # the first in line is inside
        self._changing = threading.Lock()
        self._entered_at = 0.0
        self._mine = threading.local()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the gate and hold it; a thread that holds it already walks on."""
        if self._inside():
            yield
            return
        self._enter()
        try:
            yield
        finally:
            self._leave()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Leave the gate to others, and queue again afterwards; a thread outside walks on."""
        if not self._inside():
            yield
            return
        self._leave()
        try:
            yield
        finally:
            self._enter()

    def _inside(self) -> bool:
        return getattr(self._mine, "place", None) is not None

    def _enter(self) -> None:
        place = threading.Event()
        with self._changing:
            self._line.append(place)
            self._admit_first()
        while not place.wait(self._patience / 4):
            self._pass_by_overstayed()
        self._mine.place = place

    def _leave(self) -> None:
        place, self._mine.place = self._mine.place, None
        with self._changing:
            if place in self._line:  # it is not when this thread overstayed
                self._line.remove(place)
                self._admit_first()

    def _admit_first(self) -> None:
        if self._line and not self._line[0].is_set():
            self._entered_at = time.monotonic()
            self._line[0].set()

    def _pass_by_overstayed(self) -> None:
        with self._changing:
            if time.monotonic() - self._entered_at >= self._patience:
                self._line.popleft()
                self._admit_first()


# In a module, not in st.cache_resource: any visitor may clear the caches for everyone.
gate = Gate()
aside = gate.aside
turn = gate.turn


@functools.cache
def prepare() -> None:
    """Set this process up for many sessions; the second call does nothing.

    Call it when everything the pages import has been imported.
    """
    raise_descriptor_limit()
    send_small_packets_at_once()
    run_one_script_at_a_time()
    look_up_no_address()
    remember_options()
    hand_messages_over_together()
    collect_seldom()
    give_memory_back()


def collect_seldom() -> None:
    """Let the garbage collector rest for ten runs of a page instead of a third of one.

    What is imported now stays for good, and is taken out of every later collection. With Python's thresholds (700, 10,
    10) a class of sixty still waits for it a tenth of the time, up to 0.4 s at once, and finds little garbage.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 5, 20)


_visited = threading.Event()
"""Set by every run of a page, when it ends: it leaves something to tidy up."""


def give_memory_back() -> None:
    """Let free memory go back to the system, and see to it every 10 s in which somebody was here.

    The C library opens a heap for every few threads, and a session has a thread of its own. What lies free in a heap it
    keeps, up to 64 MB in each once large arrays have been freed, because it then takes these from the heap as well:
    half of what the process held after five hundred visits.
    """
    try:
        library = ctypes.CDLL(None)
        adjust, trim = library.mallopt, library.malloc_trim
    except (AttributeError, OSError, TypeError):
        return  # another C library than that of GNU
    m_trim_threshold, m_mmap_threshold, m_arena_max = -1, -3, -8
    adjust(m_arena_max, HEAPS)
    adjust(m_mmap_threshold, LARGE)
    adjust(m_trim_threshold, 4 * LARGE)

    def keep_house() -> None:
        while _visited.wait():
            time.sleep(REST)
            _visited.clear()
            with turn():
                gc.collect()
            trim(0)

    threading.Thread(target=keep_house, name="housekeeping", daemon=True).start()


@asynccontextmanager
async def lifespan(app: object) -> AsyncIterator[None]:
    """Prepare the process before the server accepts its first visitor, as `st.App` asks for it."""
    prepare()
    yield


def raise_descriptor_limit() -> None:
    """Allow as many open files as the system permits: a session costs four, and 1024 end at 251 sessions."""
    if sys.platform == "win32":
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError):
        return  # macOS reports "unlimited" and refuses it; its own limit is high enough for a class


def send_small_packets_at_once() -> None:
    """Set TCP_NODELAY on every TCP socket of this process; connections accepted later inherit it (Linux).

    asyncio sets the option only on sockets that name their protocol, and Streamlit's listening socket
    leaves it at 0. Without it a rerun waits for the client's delayed acknowledgement: 52 ms against 21.
    """
    if not sys.platform.startswith("linux"):
        return
    for name in os.listdir("/proc/self/fd"):
        try:
            held = socket.socket(fileno=int(name))
        except OSError:
            continue  # a file, a pipe, or closed meanwhile
        try:
            if held.family in (socket.AF_INET, socket.AF_INET6) and held.type == socket.SOCK_STREAM:
                held.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            continue
        finally:
            held.detach()  # the server owns it


def run_one_script_at_a_time() -> None:
    """Put every run of every session through the gate: whole pages, their callbacks, and single fragments.

    A fragment reruns without passing app.py, so the gate stands where both begin. The wait comes before
    the run reads its widgets, so requests that arrive meanwhile are merged and only the newest is drawn.
    """
    run = ScriptRunner._run_script
    if hasattr(run, "__wrapped__"):
        return

    @functools.wraps(run)
    def run_in_turn(self: ScriptRunner, *args: Any, **kwargs: Any) -> None:
        try:
            with turn():
                run(self, *args, **kwargs)
        finally:
            _visited.set()

    ScriptRunner._run_script = run_in_turn  # type: ignore[method-assign]


def remember_options() -> None:
    """Keep Streamlit from searching its configuration in every run: six sections, an eighth of the time of a run.

    The configuration of a process does not change: there is no watcher, and a new file needs a new start.
    """
    if not hasattr(config.get_options_for_section, "cache_info"):
        config.get_options_for_section = functools.cache(config.get_options_for_section)


def look_up_no_address() -> None:
    """Keep Streamlit from asking a public service for this machine's address.

    It does so, blocking the event loop for up to two seconds, whenever a WebSocket names a foreign
    origin. Without an answer the foreign origin is refused, as it would be anyway.
    """
    net_util.get_external_ip = lambda: None


def hand_messages_over_together() -> None:
    """Pass the messages of a run to the event loop in a few batches, not each alone: sixty a run.

    Streamlit wakes the loop twice for every message, each time with a system call for which the script gives up the
    interpreter lock and then waits to get it back.
    """
    AppSession._call_soon_on_event_loop = _call_soon_together  # type: ignore[assignment,method-assign]


def _call_soon_together(session: AppSession, callback: Callable[[], None]) -> None:
    waiting: deque[Callable[[], None]] = session.__dict__.setdefault("_waiting_callbacks", deque())
    waiting.append(callback)
    if session.__dict__.get("_loop_is_called"):
        return

    def call_all() -> None:
        # Before the work: who appends from now on calls the loop again, so nobody is forgotten.
        session.__dict__["_loop_is_called"] = False
        notify, session._message_enqueued_callback = session._message_enqueued_callback, None
        while waiting:
            try:
                waiting.popleft()()
            except Exception as error:
                session._event_loop.call_exception_handler({"message": "in a message of a run", "exception": error})
        session._message_enqueued_callback = notify
        if notify:
            notify()

    session.__dict__["_loop_is_called"] = True
    with suppress(RuntimeError):  # the loop of a server that stops is closed
        session._event_loop.call_soon_threadsafe(call_all)
