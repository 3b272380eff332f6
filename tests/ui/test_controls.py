"""Widgets made from rows: what is typed, linked or set by the page is understood or refused with a sentence."""

import pytest
from streamlit.testing.v1 import AppTest

from ui import page as current


def page() -> None:
    import streamlit as st

    from teaching.contract import Lesson
    from teaching.controls import Choice, Number, Table
    from ui import controls, page

    table = Table(
        Choice("kind", "Kind", "one", options={"one": "The first", "two": "The second"}),
        Number("x", "X", lambda state: 2.0 if state["kind"] == "one" else 9.0, low=-10.0, high=10.0),
        Number("n", "N", 5, low=1, high=2**31),
        Number("hidden", "Hidden", 1.0, low=0.0, high=2.0),
        Number("lr_own", "Rate", 0.1, low=-1e6, high=1e6, symbol="\\eta", scale="log", shown=(1e-6, 1e2)),
        Number("off_or_more", "Off", 0.0, low=1.0, high=2.0, zero=True),
    )
    page.begin(Lesson("fields", "Fields", "Which?", "", show=lambda: None, controls=table))
    st.button("Put", key="put", on_click=lambda: page.update(x=7.25, n=8))
    controls.show("kind", widget=st.segmented_control, required=True, then=lambda: page.reset("x"))
    for key in ("x", "n", "off_or_more"):
        controls.show(key)
    controls.show("hidden", drawn=False)
    controls.rate("own", exact=False)
    st.session_state["taken"] = dict(page.state())
    page.complain()
    controls.arrow_keys()
    page.write_link()


def open_fields(link: dict[str, str] | None = None) -> AppTest:
    app = AppTest.from_function(page, default_timeout=60)
    for key, value in (link or {}).items():
        app.query_params[key] = value
    return checked(app.run())


def checked(app: AppTest) -> AppTest:
    assert not app.exception, app.exception
    taken = app.session_state["taken"]
    assert [type(taken[key]) for key in ("x", "n", "hidden")] == [float, int, float]
    return app


def typed(app: AppTest, key: str, text: str) -> AppTest:
    return checked(app.text_input(key=key).set_value(text).run())


@pytest.mark.parametrize(("text", "value"), [("0,25", 0.25), ("\u22123", -3.0), ("１ｅ－３", 1e-3), (" 5. ", 5.0)])
def test_typed_number_is_taken_and_written_plainly(text, value):
    app = typed(open_fields(), "x", text)
    assert app.session_state["taken"]["x"] == value
    assert float(app.text_input(key="x").value) == value
    assert not app.error and app.query_params["x"] == app.text_input(key="x").value


BAD = [
    ("x", "", "the field is empty. It stays 3."),
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
    taken = app.session_state["taken"]
    assert (taken["x"], taken["n"]) == (3.0, 6)
    assert (app.text_input(key="x").value, app.text_input(key="n").value) == ("3", "6")
    assert len(app.error) == 1 and reason in app.error[0].value and len(app.error[0].value) < 220
    assert app.query_params["x"] == "3"
    typed(app, key, "4")
    assert not app.error


@pytest.mark.parametrize(("text", "value"), [("0.25", 0.25), ("3", 3.0), ("3.0", 3.0), ("1e-7", 1e-7), ("0,25", 0.25)])
def test_link_sets_a_number(text, value):
    app = open_fields({"x": text})
    assert app.session_state["taken"]["x"] == value and not app.warning
    assert open_fields({"hidden": "0.5"}).session_state["taken"]["hidden"] == 0.5


@pytest.mark.parametrize(("key", "text"), [("x", "abc"), ("x", "11"), ("n", "2.5"), ("x", ""), ("hidden", "1e999")])
def test_link_that_asks_in_vain_gets_one_sentence_and_the_default(key, text):
    app = open_fields({key: text, "n" if key == "x" else "x": "6"})
    taken = app.session_state["taken"]
    assert (taken["x"], taken["n"], taken["hidden"]) == ((2.0, 6, 1.0) if key == "x" else (6.0, 5, 1.0))
    assert len(app.warning) == 1 and f"The link asks for `{key}`" in app.warning[0].value
    if key != "hidden":
        assert app.text_input(key=key).value == {"x": "2", "n": "5"}[key]
        assert not typed(app, key, "4").warning, "a complaint is settled as soon as its widget is used"


def test_link_may_name_an_option_by_its_label():
    assert open_fields({"kind": "The second"}).session_state["taken"]["kind"] == "two"
    assert open_fields({"kind": "TWO"}).session_state["taken"]["kind"] == "two"


def test_page_may_set_a_number_and_the_link_follows():
    app = open_fields({"x": "1.5", "hidden": "0.5"})
    app.button(key="put").click().run()
    taken = checked(app).session_state["taken"]
    assert (taken["x"], taken["n"], taken["hidden"]) == (7.25, 8, 0.5)
    assert app.text_input(key="x").value == "7.25"
    assert dict(app.query_params) == {"x": "7.25", "n": "8", "hidden": "0.5"}
    typed(app, "x", "zwei")
    assert app.session_state["taken"]["x"] == 7.25


def test_default_that_follows_another_control_is_not_in_the_link():
    app = open_fields({"x": "1.5"})
    app.button_group(key="kind").set_value("two").run()
    assert checked(app).session_state["taken"]["x"] == 9.0
    assert app.text_input(key="x").value == "9"
    assert dict(app.query_params) == {"kind": "two"}


def test_number_that_the_page_has_set_outlives_a_late_message(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(current, "monotonic", lambda: now[0])
    app = open_fields({"x": "1.5"})
    app.button(key="put").click().run()
    typed(app, "x", "1.5")  # what the browser knew before: every message holds all widgets
    assert app.session_state["taken"]["x"] == 7.25 and app.text_input(key="x").value == "7.25"
    typed(app, "x", "3")
    typed(app, "x", "1.5")
    assert app.session_state["taken"]["x"] == 1.5
    app.button(key="put").click().run()
    now[0] += 2 * current.LATE
    typed(app, "x", "1.5")
    assert app.session_state["taken"]["x"] == 1.5


@pytest.mark.parametrize(("text", "taken"), [("0", True), ("-0", True), ("1", True), ("0.5", False), ("-1", False)])
def test_zero_may_lie_outside_the_limits(text, taken):
    app = typed(typed(open_fields(), "off_or_more", "1.5"), "off_or_more", text)
    assert app.session_state["taken"]["off_or_more"] == (float(text) if taken else 1.5)
    assert taken or "0, and numbers from 1 to 2" in app.error[0].value


def test_slider_on_a_log_scale_keeps_the_exact_default_and_three_digits_elsewhere():
    app = open_fields()
    assert "0.1" in app.slider(key="lr_own").label
    app.slider(key="lr_own").set_value(-2.0).run()
    assert app.session_state["taken"]["lr_own"] == 0.01 and app.query_params["lr_own"] == "0.01"
    app.slider(key="lr_own").set_value(-1.0).run()
    assert app.session_state["taken"]["lr_own"] == 0.1 and "lr_own" not in app.query_params


@pytest.mark.parametrize(("rate", "said"), [("0", "stands still"), ("-0.5", "climbs")])
def test_rate_that_is_on_no_slider_gets_a_field(rate, said):
    app = open_fields({"lr_own": rate})
    assert app.text_input(key="lr_own").value == rate
    assert said in app.caption[0].value


def test_widget_begins_with_what_it_shows():
    """A browser that is told of a widget first in a later run has only what the widget begins with."""
    app = open_fields({"kind": "two", "x": "3.5", "n": "6", "lr_own": "0.01"})
    for _run in range(2):
        fields = {key: app.text_input(key=key).proto.default for key in ("x", "n", "off_or_more")}
        assert fields == {"x": "3.5", "n": "6", "off_or_more": "0"}
        assert list(app.slider(key="lr_own").proto.default) == [-2.0]
        assert list(app.button_group(key="kind").proto.default) == [1]
        checked(app.run())
