"""The server process: its settings, its sockets, and one script at a time, asked of a running server."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
import tomllib
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from streamlit import config
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.scriptrunner import RerunData, RerunException, StopException
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.process import python
from ui.server import Gate, prepare

ROOT = Path(__file__).parents[2]
SETTINGS = {
    f"{section}.{name}": value
    for section, values in tomllib.loads((ROOT / ".streamlit/config.toml").read_text()).items()
    if section != "theme"
    for name, value in values.items()
}

# ---- the gate alone ----


def in_threads(work: Callable[[int], Any], count: int) -> list[Any]:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))


def test_gate_admits_one_at_a_time() -> None:
    gate, inside, seen = Gate(), [], []

    def work(number: int) -> None:
        for _ in range(20):
            with gate.turn():
                inside.append(number)
                time.sleep(0.0005)
                seen.append(len(inside))
                inside.remove(number)

    in_threads(work, 8)
    assert seen == [1] * 160


def test_gate_is_first_come_first_served() -> None:
    gate, order, threads = Gate(patience=10), [], []

    def work(number: int) -> None:
        with gate.turn():
            order.append(number)

    with gate.turn():
        for number in range(10):
            threads.append(threading.Thread(target=work, args=(number,)))
            threads[-1].start()
            wait_until(lambda: len(gate._line) == number + 2)  # noqa: B023 - called at once
    for thread in threads:
        thread.join()
    assert order == list(range(10))


@pytest.mark.parametrize("error", [ValueError(), StopException(), RerunException(RerunData())], ids=type)
@pytest.mark.parametrize("leave_first", [False, True])
def test_gate_is_free_after_an_exception(error: BaseException, leave_first: bool) -> None:
    gate = Gate(patience=60)
    last = gate.aside if leave_first else gate.turn

    def fail() -> None:
        with gate.turn(), last():
            raise error

    with pytest.raises(type(error)):
        fail()
    assert enters(gate)


def test_gate_lets_the_same_thread_in_again() -> None:
    gate = Gate(patience=60)
    with gate.turn():
        with gate.turn():
            pass
        assert not enters(gate, within=0.3)
    assert enters(gate)


def test_aside_leaves_and_returns() -> None:
    gate = Gate(patience=60)
    with gate.turn():
        with gate.aside():
            assert enters(gate)
        assert not enters(gate, within=0.3)
    with gate.aside():  # outside the gate it has no effect
        assert enters(gate)


def test_gate_passes_by_who_stays_too_long() -> None:
    gate, hang = Gate(patience=1.5), threading.Event()

    def stay() -> None:
        with gate.turn():
            hang.wait(30)

    stayer = threading.Thread(target=stay)
    stayer.start()
    wait_until(lambda: bool(gate._line))
    start = time.monotonic()
    with gate.turn():
        waited = time.monotonic() - start
        hang.set()
        stayer.join()  # its late exit must not let a third one in
        assert not enters(gate, within=0.3)
    assert 1 < waited < 10
    assert enters(gate)


def enters(gate: Gate, within: float = 10) -> bool:
    """Say whether a fresh thread gets through the gate in that many seconds."""
    done = threading.Event()

    def walk() -> None:
        with gate.turn():
            done.set()

    threading.Thread(target=walk, daemon=True).start()
    return done.wait(within)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


# ---- a running server ----

# Counts what must not happen, from inside the server. Imported once, so it outlives every run.
PROBE = """
import gc, json, os, resource, socket, threading, time, tomllib
from contextlib import contextmanager
import requests
import streamlit as st
from streamlit.runtime.runtime import Runtime

collections, lookups, running, together, wakes = [], [], [], [0], []
loop = Runtime.instance()._get_async_objs().eventloop
wake = loop.call_soon_threadsafe
loop.call_soon_threadsafe = lambda *a, **k: (wakes.append(a), wake(*a, **k))[1]
collect = gc.collect
gc.collect = lambda *a: (collections.append(a), collect(*a))[1]

def refuse(url, **options):
    lookups.append(url)
    raise OSError("no network in this test")

requests.get = refuse

@contextmanager
def watch():
    running.append(threading.get_ident())
    together[0] = max(together[0], len(running))
    time.sleep(0.02)
    try:
        yield
    finally:
        running.remove(threading.get_ident())

def nodelay():
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            held = socket.socket(fileno=int(name))
        except OSError:
            continue
        try:
            if held.type == socket.SOCK_STREAM and held.family != socket.AF_UNIX:
                found.append((held.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN),
                              held.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)))
        finally:
            held.detach()
    return sorted(found)

def report(names):
    st.text(json.dumps({
        "collections": len(collections), "lookups": lookups, "together": together[0], "nodelay": nodelay(),
        "wakes": len(wakes), "thresholds": gc.get_threshold(),
        "descriptors": resource.getrlimit(resource.RLIMIT_NOFILE), "frozen": gc.get_freeze_count(),
        "settings": {name: st.get_option(name) for name in names}}))
"""

PAGE = """
import streamlit as st
import probe
{prepare}
def moved():
    with probe.watch():
        pass

@st.fragment
def part():
    with probe.watch():
        st.slider("part", 0, 100)

with probe.watch():
    st.slider("whole", 0, 100, on_change=moved)
part()
for number in range(50):
    st.text(number)
probe.report({names})
"""

LAUNCHER = """
import streamlit as st
from ui.server import lifespan
app = st.App("page.py", lifespan=lifespan)
"""


class Server:
    """A Streamlit server in a process of its own, with the project's configuration."""

    def __init__(self, folder: Path, script: str, **environment: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        path = os.pathsep.join([str(ROOT), str(folder)])
        streamlit = [sys.executable, "-m", "streamlit", "run"]
        self.log = folder / "log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*streamlit, str(folder / script), f"--server.port={self.port}"],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": path, **environment},
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard_limit())),
            )
        wait_until(self.healthy)

    def healthy(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        address = f"http://127.0.0.1:{self.port}/_stcore/health"
        with contextlib.suppress(OSError), urllib.request.urlopen(address) as answer:
            return answer.status == 200
        return False

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(timeout=10)


def hard_limit() -> int:
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


class Session:
    """One visitor: sends what a browser sends, and keeps the sliders and the last report."""

    def __init__(self, port: int, origin: str | None = None) -> None:
        address = f"ws://127.0.0.1:{port}/_stcore/stream"
        self.connection = connect(address, subprotocols=["streamlit", "x"], origin=origin, max_size=None)
        self.sliders: dict[str, str] = {}
        self.fragment = ""
        self.report: dict[str, Any] = {}

    def run(self, move: str = "", value: float = 0, fragment: str = "") -> None:
        message = BackMsg()
        message.rerun_script.fragment_id = fragment
        message.rerun_script.widget_states.SetInParent()
        if move:
            state = message.rerun_script.widget_states.widgets.add(id=self.sliders[move])
            state.double_array_value.data.append(value)
        self.socket.send(message.SerializeToString())
        while True:
            answer = ForwardMsg.FromString(self.socket.recv(timeout=30))
            if answer.WhichOneof("type") == "delta":
                self._read(answer)
            if answer.WhichOneof("type") == "script_finished":
                return

    def _read(self, answer: ForwardMsg) -> None:
        element = answer.delta.new_element
        if element.WhichOneof("type") == "slider":
            self.sliders[element.slider.label] = element.slider.id
            if element.slider.label == "part":
                self.fragment = answer.delta.fragment_id
        if element.WhichOneof("type") == "text":
            self.report = json.loads(element.text.body)

    def __enter__(self) -> Session:
        self.socket = self.connection.__enter__()
        self.run()
        return self

    def __exit__(self, *error: Any) -> None:
        self.connection.__exit__(*error)


@contextlib.contextmanager
def serving(folder: Path, script: str, prepared: bool = True, **environment: str) -> Iterator[Server]:
    setup = "from ui.server import prepare\nprepare()" if prepared and script == "page.py" else ""
    (folder / "probe.py").write_text(PROBE)
    (folder / "page.py").write_text(PAGE.format(prepare=setup, names=list(SETTINGS)))
    (folder / "launcher.py").write_text(LAUNCHER)
    server = Server(folder, script, **environment)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module", params=["page.py", "launcher.py"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A prepared server, once as a plain script and once as st.App with the lifespan."""
    with serving(tmp_path_factory.mktemp("server"), request.param) as running:
        with Session(running.port):
            pass  # a plain script prepares the process when its first visitor comes
        yield running


@pytest.fixture(scope="module")
def bare_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Streamlit as it comes: shows that each of these tests can fail."""
    with serving(
        tmp_path_factory.mktemp("bare"), "page.py", prepared=False, STREAMLIT_RUNNER_POST_SCRIPT_GC="true"
    ) as running:
        yield running


@pytest.mark.parametrize("name", SETTINGS)
def test_setting_exists_in_the_pinned_streamlit(name: str) -> None:
    assert name in config.get_config_options()


def test_settings_are_in_force(server: Server) -> None:
    with Session(server.port) as session:
        assert session.report["settings"] == SETTINGS
    assert "not a valid config option" not in server.log.read_text()


def test_theme_is_known(server: Server) -> None:
    themes = tomllib.loads((ROOT / ".streamlit/config.toml").read_text())["theme"]
    for name, value in themes.items():
        names = [f"theme.{name}.{key}" for key in value] if isinstance(value, dict) else [f"theme.{name}"]
        assert set(names) <= set(config.get_config_options())


def test_no_collection_after_a_run(server: Server, bare_server: Server) -> None:
    def collections(port: int) -> int:
        with Session(port) as session:
            before = session.report["collections"]
            for value in range(5):
                session.run("whole", value)
            return session.report["collections"] - before

    assert collections(server.port) == 0
    assert collections(bare_server.port) >= 4


def test_many_messages_wake_the_sender_a_few_times(server: Server, bare_server: Server) -> None:
    def wakes(port: int) -> int:
        with Session(port) as session:
            before = session.report["wakes"]
            session.run("whole", 1)
            return session.report["wakes"] - before

    assert wakes(bare_server.port) > 50
    assert wakes(server.port) < 25


def test_imports_are_frozen(server: Server, bare_server: Server) -> None:
    with Session(server.port) as session, Session(bare_server.port) as bare:
        assert session.report["thresholds"][0] > bare.report["thresholds"][0]
        assert session.report["frozen"] > 50_000
        assert bare.report["frozen"] == 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="accepted sockets inherit it on Linux")
def test_accepted_connections_send_small_packets_at_once(server: Server, bare_server: Server) -> None:
    def options(port: int) -> list[list[int]]:
        with Session(port) as first, Session(port) as second:
            first.run("whole", 1)
            assert len(second.report["nodelay"]) >= 3
            return second.report["nodelay"]

    assert {listening for listening, _ in options(server.port)} == {0, 1}
    assert all(nodelay for _, nodelay in options(server.port))
    assert not any(nodelay for _, nodelay in options(bare_server.port))


def test_descriptors_are_raised(server: Server, bare_server: Server) -> None:
    with Session(server.port) as session, Session(bare_server.port) as bare:
        assert session.report["descriptors"] == [hard_limit(), hard_limit()]
        assert bare.report["descriptors"][0] == 256


def most_together(port: int) -> int:
    """Let six visitors move both sliders at once; return how many scripts were seen inside together."""
    ready = threading.Barrier(6)

    def visit(number: int) -> int:
        with Session(port) as session:
            assert session.fragment  # or the reruns below would be of the whole page
            ready.wait(20)
            for value in range(1, 4):
                session.run("whole", value)
                session.run("part", value, fragment=session.fragment)
            session.run()
            return session.report["together"]

    return max(in_threads(visit, 6))


def test_one_script_runs_at_a_time(server: Server, bare_server: Server) -> None:
    assert most_together(server.port) == 1
    assert most_together(bare_server.port) > 1


def test_foreign_origin_is_refused_without_a_lookup(server: Server, bare_server: Server) -> None:
    def lookups(port: int) -> list[str]:
        with Session(port):
            pass  # the page notes lookups once it has run
        with pytest.raises(InvalidStatus), Session(port, origin="http://elsewhere.example"):
            pass
        with Session(port) as session:
            return session.report["lookups"]

    assert lookups(server.port) == []
    assert lookups(bare_server.port) != []


def test_printed_address_is_local(server: Server) -> None:
    assert f"http://localhost:{server.port}" in server.log.read_text()
    assert "External URL" not in server.log.read_text()


@pytest.mark.parametrize("script", ["page.py", "launcher.py"])
def test_server_stops_when_told(tmp_path: Path, script: str) -> None:
    with serving(tmp_path, script) as running, Session(running.port):
        start = time.monotonic()
        # st.App lets uvicorn raise the signal again once it has shut down; the container turns that into 0.
        assert running.stop() in (0, -signal.SIGTERM)
        assert time.monotonic() - start < 5
    assert "Traceback" not in running.log.read_text()


def test_prepare_works_once() -> None:
    prepare()
    assert prepare() is None
    assert prepare.cache_info().misses == 1


BEGIN = """
import asyncio, sys
import app

async def begin():
    async with app.lifespan(app.app):
        print("pages.race.view" in sys.modules)

asyncio.run(begin())
"""


def test_lessons_are_imported_before_the_first_visitor() -> None:
    assert python("-c", BEGIN).split()[-1] == "True"


# ---- memory goes back to the system ----

MAPPED = """
import ctypes
import numpy as np
from ui import server

names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()
Info = type("Info", (ctypes.Structure,), {{"_fields_": [(name, ctypes.c_size_t) for name in names]}})
library = ctypes.CDLL(None)
library.mallinfo2.restype = Info
{prepare}
np.ones(2**21)  # 16 MB come and go: now the C library would take smaller arrays from its heap
before = library.mallinfo2().hblks
kept = [np.ones(2**18) for _ in range(5)]
print(library.mallinfo2().hblks - before)
"""

KEPT = """
import gc, time, weakref
from ui import server

class Part: ...

server.REST = 0.01
server.collect_seldom()
{prepare}
part = Part()
part.itself, gone = part, weakref.ref(part)
del part
server._visited.set()
for _ in range({times}):
    time.sleep(0.05)
    if gone() is None:
        break
print(gone() is None)
"""
GNU = platform.libc_ver()[0] == "glibc"


@pytest.mark.skipif(not GNU, reason="mallopt is of the GNU C library")
def test_large_arrays_leave_nothing_in_the_heap() -> None:
    assert python("-c", MAPPED.format(prepare="")).strip() == "0"
    assert python("-c", MAPPED.format(prepare="server.give_memory_back()")).strip() == "5"


@pytest.mark.skipif(not GNU, reason="mallopt is of the GNU C library")
def test_garbage_is_collected_while_there_are_visitors() -> None:
    assert python("-c", KEPT.format(prepare="", times=4)).strip() == "False"
    assert python("-c", KEPT.format(prepare="server.give_memory_back()", times=400)).strip() == "True"
