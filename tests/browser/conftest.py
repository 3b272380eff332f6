"""A running app and a real Chromium for what only a browser shows."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

ROOT = Path(__file__).parents[2]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-unsafe-swiftshader",  # WebGL without a graphics card
]


@contextmanager
def running_app(script: str = "app.py") -> Iterator[str]:
    """Start the app as `make run` does, or another script of the project, and give its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "streamlit", "run", script, f"--server.port={port}"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, env=environment) as server:
        try:
            for _attempt in range(300):
                try:
                    urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()
                    break
                except OSError:
                    time.sleep(0.1)
            yield address
        finally:
            server.terminate()


@pytest.fixture(scope="session")
def app() -> Iterator[str]:
    with running_app() as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM") or "chromium", args=ARGUMENTS)


class Visitor:
    """A page with everything that it complained about and asked for."""

    def __init__(self, page: Page):
        self.page = page
        self.errors: list[str] = []
        self.requests: list[str] = []
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))

    def _note(self, message: ConsoleMessage) -> None:
        """Keep an error of the console, but for two addresses that Streamlit tries in vain on every later page."""
        if message.type == "error" and "/_stcore/" not in message.location["url"]:
            self.errors.append(message.text)

    def open(self, address: str, player: bool = True) -> "Visitor":
        """Open an address and wait for the page, and for the paths where it has a player.

        The first visitor of a process may have to wait for the compiler.
        """
        self.page.goto(address)
        self.settle()
        if not player:
            return self
        self.page.wait_for_selector(".trajectory-player[data-tracks]", timeout=240_000)
        self.page.wait_for_function(
            "() => { const p = document.querySelector('.trajectory-player').player;"
            " return p.views.length && p.views.every(v => v.ready) && p.curves.every(c => c.current) }",
            timeout=60_000,
        )
        return self

    def settle(self) -> None:
        """Wait until the page has its title and nothing runs."""
        self.page.wait_for_selector("h1", timeout=240_000)
        self.page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=240_000)

    def data(self, name: str) -> str | None:
        """Return one of the data attributes of the player."""
        return self.page.get_attribute(".trajectory-player", f"data-{name}")

    def frame(self) -> int:
        return int(self.data("frame") or -1)

    def wait_for(self, condition: str, timeout: int = 20_000) -> None:
        """Wait for a condition on `p`, the player."""
        self.page.wait_for_function(
            f"() => {{ const p = document.querySelector('.trajectory-player').player; return {condition} }}",
            timeout=timeout,
        )

    def pixel(self, x: float, y: float, plane: int = 0) -> tuple[float, float]:
        """Return where a point of the surface lies on the screen, in one of the planes."""
        return self.page.evaluate(
            """([x, y, plane]) => {
              const view = document.querySelector('.trajectory-player').player.planes[plane];
              const { xaxis, yaxis } = view.chart._fullLayout;
              const box = view.root.getBoundingClientRect();
              return [box.left + xaxis._offset + xaxis.d2p(x), box.top + yaxis._offset + yaxis.d2p(y)];
            }""",
            [x, y, plane],
        )

    def number(self, label: str) -> float:
        return float(self.page.input_value(f"input[aria-label='{label}']"))


@pytest.fixture(scope="session")
def contexts() -> dict[tuple, BrowserContext]:
    """The contexts by their options: a window that is not the first of its context has the program at hand."""
    return {}


@pytest.fixture
def visit(browser: Browser, app: str, contexts: dict[tuple, BrowserContext]):
    """Open a page in a new window: visit("race?lang=中文", player=, width=, height=, **context options)."""
    windows = []

    def open_window(
        query: str = "", *, player: bool = True, width: int = 1400, height: int = 1000, **options
    ) -> Visitor:
        key = tuple(sorted(options.items()))
        if key not in contexts:
            contexts[key] = browser.new_context(**options)
        window = contexts[key].new_page()
        windows.append(window)
        window.set_viewport_size({"width": width, "height": height})
        return Visitor(window).open(f"{app}/{query}", player)

    yield open_window
    for window in windows:
        window.evaluate("localStorage.clear()")
        window.close()
    for context in contexts.values():
        context.clear_cookies()
