"""A message of a player that is gone, or of a picture that is gone, changes nothing and breaks nothing."""

from types import SimpleNamespace

import pytest

from tests.pages import held, open_page
from ui import frame, player
from ui.frame import PAGES


class Messages:
    """Stands for the player in the browser: keeps the callbacks of every player, to call them when they are late."""

    def __init__(self, monkeypatch):
        self.callbacks: dict[str, list] = {}
        self.contexts: dict[str, dict] = {}
        self.late: list = []
        real = player._message
        self.context: dict = {}
        monkeypatch.setattr(player, "_message", lambda header, blocks: (self.context.update(header), real(header, blocks))[1])
        monkeypatch.setattr(player, "_COMPONENT", self.mount)
        configure = frame._configure
        monkeypatch.setattr(frame, "_configure", lambda: (self.arrive(), configure()))

    def mount(self, key, data, **callbacks):
        self.callbacks[key] = list(callbacks.values())
        self.contexts[key] = dict(self.context["context"])

    def arrive(self):
        """Call what is late, as Streamlit does: before the script runs."""
        for callback in self.late:
            callback()
        self.late = []


@pytest.fixture
def messages(monkeypatch) -> Messages:
    return Messages(monkeypatch)


WITH_PLAYER = [page for page in PAGES if page.url not in ("depth", "normalisation")]


def starts(app) -> list:
    return [held(app, key) for key in ("x", "y") if key in app.session_state]


@pytest.mark.parametrize("page", WITH_PLAYER, ids=lambda page: page.url)
def test_message_of_a_player_that_is_gone(messages, page):
    link = {"lab": "Learning"} if page.url == "activations" else {}
    app = open_page(page.script, link=link)
    if page.url == "activations":
        return
    assert messages.callbacks
    before = starts(app)
    messages.late = [callback for key in messages.callbacks for callback in messages.callbacks[key]]
    app.run()
    assert not app.exception, app.exception
    assert starts(app) == before and "step" not in app.session_state
