"""A visitor over the protocol of a browser: opens a lesson by a link, moves widgets, and leaves."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

from teaching.contract import Lesson
from teaching.controls import Choice, Choices, Control, Number, State, Switch

PATIENCE = 300.0
"""Seconds after which a run counts as lost."""
KINDS = {
    "slider": "double_array_value",
    "text_input": "string_value",
    "checkbox": "bool_value",
    "selectbox": "string_value",
    "button_group": "string_array_value",
}
"""Widgets that a visitor moves, and the field of a message that holds their value."""


@dataclass(frozen=True)
class Widget:
    """A widget as the browser knows it, and the part of the page that its change draws alone."""

    kind: str
    element: Any
    fragment: str

    @property
    def key(self) -> str:
        """Return the key of its control; a widget that is none has another."""
        return self.element.id.rsplit("-", 1)[-1]


class Visitor:
    """One session. `errors` holds what went wrong in it."""

    def __init__(self, port: int, lesson: Lesson, state: State):
        self._port, self._lesson, self._state = port, lesson, state
        self._query = urlencode(state.link(), doseq=True)
        self._values: dict[str, tuple[str, Any]] = {}
        self.widgets: dict[str, Widget] = {}
        self.errors: list[str] = []

    def __enter__(self) -> "Visitor":
        address = f"ws://127.0.0.1:{self._port}/_stcore/stream"
        self._connection = connect(
            address, subprotocols=["streamlit", "x"], max_size=None, compression=None, ping_interval=None
        )
        self._socket = self._connection.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._connection.__exit__(*error)

    def run(self, fragment: str = "") -> None:
        """Ask for the page, or a part of it, and wait until it is drawn."""
        message = BackMsg()
        asked = message.rerun_script
        asked.page_name, asked.query_string, asked.fragment_id = self._lesson.key, self._query, fragment
        asked.widget_states.SetInParent()
        for id, (field, value) in self._values.items():
            _fill(asked.widget_states.widgets.add(id=id), field, value)
        self._socket.send(message.SerializeToString())
        while True:
            answer = ForwardMsg.FromString(self._socket.recv(timeout=PATIENCE))
            if self._is_last(answer):
                return

    def move(self, random: Random) -> None:
        """Move one of the widgets, as far as there are any, and wait until the page has followed."""
        if not self.widgets:
            return
        widget = self.widgets[random.choice(sorted(self.widgets))]
        value = _moved(widget, self._lesson, self._state, random)
        if value is not None:
            self._values[widget.element.id] = (KINDS[widget.kind], value)
            self.run(widget.fragment)

    def _is_last(self, answer: ForwardMsg) -> bool:
        """Read a message; return whether the run ends with it."""
        kind = answer.WhichOneof("type")
        if kind == "page_info_changed":
            self._query = answer.page_info_changed.query_string
        elif kind == "delta":
            self._read(answer)
        elif kind == "script_finished":
            if answer.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                return False
            if answer.script_finished not in (
                ForwardMsg.FINISHED_SUCCESSFULLY,
                ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY,
            ):
                self.errors.append(f"/{self._lesson.key}?{self._query}: the run did not finish")
            return True
        return False

    def _read(self, answer: ForwardMsg) -> None:
        element = answer.delta.new_element
        kind = element.WhichOneof("type")
        if kind == "exception":
            self.errors.append(f"/{self._lesson.key}?{self._query}: {element.exception.message}")
        elif kind in KINDS:
            widget = Widget(kind, getattr(element, kind), answer.delta.fragment_id)
            if not widget.element.disabled:
                self.widgets[widget.key] = widget


def _fill(widget: Any, field: str, value: Any) -> None:
    if field.endswith("array_value"):
        getattr(widget, field).data.extend(value)
    else:
        setattr(widget, field, value)


def _moved(widget: Widget, lesson: Lesson, state: State, random: Random) -> Any:
    """Return another value for a widget, None where it has none."""
    element, row = widget.element, lesson.controls.get(widget.key)
    if widget.kind == "slider":
        steps = round((element.max - element.min) / element.step)
        return [element.min + element.step * random.randint(0, steps)]
    if widget.kind == "text_input":
        return row.write(some_value(row, state, random)) if isinstance(row, Number) else None
    if widget.kind == "checkbox":
        return not element.value
    if widget.kind == "selectbox":
        return random.choice(element.options) if element.options else None
    return [random.choice(element.options).content] if row and element.options else None


def some_state(lesson: Lesson, random: Random) -> State:
    """Return a state of a lesson as a link may give it: some choices and numbers are others than at first."""
    state = State(lesson.controls)
    for key, row in lesson.controls.items():
        if random.random() < (0.25 if isinstance(row, Number) else 0.5):
            state.update({key: some_value(row, state, random)})
    return state


def some_value(row: Control, state: Mapping[str, Any], random: Random) -> Any:
    """Return a value that a control takes and that a visitor would choose: none that computes for minutes."""
    if isinstance(row, Choice):
        return random.choice(list(row.choices(state)))
    if isinstance(row, Choices):
        options = list(row.choices(state))
        return tuple(random.sample(options, min(len(options), random.randint(1, row.most))))
    if isinstance(row, Switch):
        return random.random() < 0.5
    return _some_number(row, state, random)


def _some_number(row: Number, state: State, random: Random) -> float:
    low, high = row.limits(state)
    if row.shown:
        low, high = row.shown
    else:
        # A number box has no range that is shown: what is near the default is what people type.
        far = 2 * abs(state.default(row.key)) + 1
        low, high = max(low, -far), min(high, far)
    if row.scale == "log" and low > 0:
        value = math.exp(random.uniform(math.log(low), math.log(high)))
    else:
        value = random.uniform(low, high)
    allowed_low, allowed_high = row.limits(state)
    value = min(max(value, allowed_low), allowed_high)
    return round(value) if row.whole else float(f"{value:.4g}")
