"""Fields of numbers: what is typed, linked or set by the page is understood or refused with a sentence."""

import pytest
from streamlit.testing.v1 import AppTest

from ui import controls


def page() -> None:
    import streamlit as st

    from ui import controls

    def put() -> None:
        controls.put("x", 7.25)
        st.session_state["n"] = 8

    controls.read_link()
    st.button("Put", key="put", on_click=put)
    st.session_state["taken"] = (
        controls.number("X", "x", 2.0, -10.0, 10.0),
        controls.number("N", "n", 5, 1, 2**31),
        controls.number("Hidden", "hidden", 1.0, 0.0, 2.0, shown=False),
    )
    st.session_state["off"] = controls.number("Off", "off_or_more", 0.0, 1.0, 2.0, zero=True)
    st.session_state["held"] = controls.held("x", 2.0), controls.held("n", 5), controls.held("hidden", 1.0)
    controls.complain()


def open_fields(link: dict[str, str] | None = None, **session) -> AppTest:
    app = AppTest.from_function(page, default_timeout=60)
    for key, value in session.items():
        app.session_state[key] = value
    for key, value in (link or {}).items():
        app.query_params[key] = value
    return checked(app.run())


def checked(app: AppTest) -> AppTest:
    assert not app.exception, app.exception
    assert app.session_state["held"] == app.session_state["taken"]
    assert [type(value) for value in app.session_state["taken"]] == [float, int, float]
    return app


def typed(app: AppTest, key: str, text: str) -> AppTest:
    return checked(app.text_input(key=key).set_value(text).run())


@pytest.mark.parametrize(("text", "value"), [("0,25", 0.25), ("\u22123", -3.0), ("１ｅ－３", 1e-3), (" 5. ", 5.0)])
def test_typed_number_is_taken_and_written_plainly(text, value):
    app = typed(open_fields(), "x", text)
    assert app.session_state["taken"][0] == value
    assert float(app.text_input(key="x").value) == value
    assert not app.error and app.query_params["x"] == app.text_input(key="x").value


BAD = [
    ("x", "", "The field was empty. It stays 3."),
    ("x", "abc", "allowed are numbers from -10 to 10"),
    ("x", "nan", "allowed are numbers"),
    ("x", "10.5", "allowed are numbers from -10 to 10"),
    ("x", "1e999", "too large"),
    ("x", "1e-999", "too close to zero"),
    ("x", "1,234", "comma"),
    ("n", "2,5", "whole numbers"),
    ("n", "0", "numbers from 1 to 2147483648"),
    ("x", "`]<b>" + "9" * 300, "allowed are"),
]


@pytest.mark.parametrize(("key", "text", "reason"), BAD)
def test_typed_text_that_is_no_number_leaves_the_last_one(key, text, reason):
    app = typed(typed(open_fields(), "x", "3"), "n", "6")
    typed(app, key, text)
    assert app.session_state["taken"][:2] == (3.0, 6)
    assert (app.text_input(key="x").value, app.text_input(key="n").value) == ("3", "6")
    assert len(app.error) == 1 and reason in app.error[0].value and len(app.error[0].value) < 220
    assert app.query_params["x"] == "3"
    typed(app, key, "4")
    assert not app.error


@pytest.mark.parametrize(("text", "value"), [("0.25", 0.25), ("3", 3.0), ("3.0", 3.0), ("1e-7", 1e-7), ("0,25", 0.25)])
def test_link_sets_a_number(text, value):
    app = open_fields({"x": text})
    assert app.session_state["taken"][0] == value and not app.warning
    assert open_fields({"hidden": "0.5"}).session_state["taken"][2] == 0.5


@pytest.mark.parametrize(("key", "text"), [("x", "abc"), ("x", "11"), ("n", "2.5"), ("x", ""), ("hidden", "1e999")])
def test_link_that_asks_in_vain_gets_one_sentence_and_the_default(key, text):
    app = open_fields({key: text, "n" if key == "x" else "x": "6"})
    assert app.session_state["taken"] == ((2.0, 6, 1.0) if key == "x" else (6.0, 5, 1.0))
    assert len(app.warning) == 1 and f"The link asks for `{key}`" in app.warning[0].value
    if key != "hidden":
        assert app.text_input(key=key).value == {"x": "2", "n": "5"}[key]
        assert not typed(app, key, "4").warning


def test_page_may_set_a_number():
    app = open_fields(x=1.5, hidden=0.5)
    assert app.session_state["taken"] == (1.5, 5, 0.5)
    app.button(key="put").click().run()
    assert checked(app).session_state["taken"] == (7.25, 8, 0.5)
    assert app.text_input(key="x").value == "7.25" and app.query_params["n"] == "8"
    typed(app, "x", "zwei")
    assert app.session_state["taken"][0] == 7.25


def test_number_that_the_field_does_not_take_becomes_the_default():
    app = open_fields(x=1e9, n="2.5")
    assert app.session_state["taken"] == (2.0, 5, 1.0)


def test_number_that_the_page_has_put_outlives_a_late_message(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(controls, "monotonic", lambda: now[0])
    app = open_fields(x=1.5)
    app.button(key="put").click().run()
    assert checked(app).session_state["taken"][0] == 7.25
    typed(app, "x", "1.5")  # what the browser knew before: every message holds all widgets
    assert app.session_state["taken"][0] == 7.25 and app.text_input(key="x").value == "7.25"
    typed(app, "x", "3")
    typed(app, "x", "1.5")
    assert app.session_state["taken"][0] == 1.5
    app.button(key="put").click().run()
    now[0] += 2 * controls.LATE
    typed(app, "x", "1.5")
    assert app.session_state["taken"][0] == 1.5


def test_number_that_no_run_has_shown_yet_outlives_a_late_message():
    app = open_fields(x=1.5)
    app.session_state["_put"] = {"x": (1.5, 7.25, None)}  # the run that put it ended before the field
    typed(app, "x", "1.50")
    assert app.session_state["taken"][0] == 7.25 and app.text_input(key="x").value == "7.25"


@pytest.mark.parametrize(("text", "taken"), [("0", True), ("-0", True), ("1", True), ("0.5", False), ("-1", False)])
def test_zero_may_lie_outside_the_limits(text, taken):
    app = typed(typed(open_fields(), "off_or_more", "1.5"), "off_or_more", text)
    assert app.session_state["off"] == (float(text) if taken else 1.5)
    assert taken or "0, and numbers from 1 to 2" in app.error[0].value
