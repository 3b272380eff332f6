"""A message of a player that is gone, or of a picture that is gone, changes nothing and breaks nothing."""

import json
from types import SimpleNamespace

import pytest

from pages import LESSONS
from tests.pages import open_page, state_of
from ui import frame
from ui.player import player

LINKS = {"activations": {"lab": "neuron"}, "recipes": {"part": "clipping"}}
"""Where the player is, on pages that do not begin with it."""
WITH_PLAYER = [key for key in LESSONS if key not in ("depth", "normalisation")]
PLACE = {"x": 0.125, "y": 0.25}


class Players:
    """Stand for the players in the browser: keep what they were sent, and call back when the test says."""

    def __init__(self, monkeypatch):
        self.callbacks: dict[str, list] = {}
        self.context: dict[str, dict] = {}
        self.late: list = []
        choose = frame.choose_language
        monkeypatch.setattr(player, "_COMPONENT", self.mount)
        monkeypatch.setattr(frame, "choose_language", lambda: (self.arrive(), choose())[1])

    def mount(self, key: str, data: bytes, **callbacks) -> None:
        header = json.loads(data[4 : 4 + int.from_bytes(data[:4], "little")])
        self.context[key], self.callbacks[key] = header["context"], list(callbacks.values())

    def arrive(self) -> None:
        """Call back before the script runs, as Streamlit does."""
        for callback in self.late:
            callback()
        self.late = []

    def send(self, app, **message) -> None:
        """Let every player say this in the next run; without a message it is gone."""
        self.late = [callback for callbacks in self.callbacks.values() for callback in callbacks]
        for key in self.callbacks if message else ():
            app.session_state[key] = SimpleNamespace(**({"start": None, "step": None, "fallback": False} | message))
        app.run()
        assert not app.exception, app.exception


@pytest.fixture
def players(monkeypatch) -> Players:
    return Players(monkeypatch)


def state(app) -> dict:
    return dict(state_of(app))


@pytest.mark.parametrize("key", WITH_PLAYER)
def test_only_a_message_of_what_is_there_counts(players, key):
    app = open_page(key, link=LINKS.get(key))
    assert players.callbacks and all(players.context.values())
    before = state(app)
    players.send(app)
    assert state(app) == before
    gone = dict.fromkeys(next(iter(players.context.values())), "gone")
    players.send(app, start=PLACE | {"context": gone}, step={"step": 3, "context": gone})
    assert state(app) == before
    context = next(iter(players.context.values()))
    players.send(app, start=PLACE | {"context": context}, step={"step": 3, "context": context})
    assert state(app) != before, "what is there counts"
