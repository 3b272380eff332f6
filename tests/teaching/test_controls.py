"""The table of state: what a link says is understood or refused, and what is set comes back from the link."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text import T
from teaching.controls import Choice, Choices, Number, Switch, Table
from teaching.rows import power_of_ten

STARTS = {"beale": 1.5, "booth": -4.0}
TABLE = Table(
    Choice("surface", T("Surface"), "beale", options={"beale": "Beale", "booth": T("Bowl")}),
    Number("x", T("Start x"), lambda state: STARTS[state["surface"]], low=-1e6, high=1e6),
    Number("steps", T("Steps"), 500, low=1, high=100_000),
    Number("lr", T("Learning rate"), 0.1, low=-1e6, high=1e6, scale="log", former={"rate": power_of_ten}),
    Switch("exact", T("Type exact rates"), False),
    Choices("race", T("Optimizers"), ("sgd",), options={"sgd": "SGD", "adam": "Adam"}, most=8),
)


def test_defaults_follow_what_they_depend_on():
    state = TABLE.state({"surface": "booth"})
    assert state["x"] == -4.0
    assert state.link() == {"surface": "booth"}


def test_what_equals_its_default_is_not_in_the_link():
    assert TABLE.state({"surface": "booth", "x": -4.0, "steps": 500, "exact": False}).link() == {"surface": "booth"}


@pytest.mark.parametrize("word", ["booth", "BOOTH", "Bowl", "bowl", "碗", " booth "])
def test_option_is_understood_by_its_key_and_by_its_label_in_every_language(word):
    assert TABLE.read({"surface": [word]})[0]["surface"] == "booth"


@pytest.mark.parametrize(
    ("link", "value"),
    [
        ({"x": ["0.25"]}, 0.25),
        ({"x": ["0,25"]}, 0.25),
        ({"x": ["\u22120.25"]}, -0.25),
        ({"x": ["1", "2"]}, 2.0),
        ({"x": ["-4e-3"]}, -0.004),
    ],
)
def test_number_is_understood_as_people_write_it(link, value):
    assert TABLE.read(link)[0]["x"] == value


def test_older_name_is_understood():
    state, refused = TABLE.read({"rate": ["-2.00"]})
    assert (state["lr"], refused) == (0.01, [])
    assert state.link() == {"lr": "0.01"}


@pytest.mark.parametrize(
    ("link", "name"),
    [
        ({"x": ["abc"]}, "x"),
        ({"x": ["nan"]}, "x"),
        ({"x": ["1e7"]}, "x"),
        ({"steps": ["1.5"]}, "steps"),
        ({"steps": ["0"]}, "steps"),
        ({"surface": ["nowhere"]}, "surface"),
        ({"exact": ["perhaps"]}, "exact"),
        ({"race": ["sgd", "horse"]}, "race"),
        ({"rate": ["fast"]}, "rate"),
        ({"rate": ["400"]}, "rate"),
        ({"nonsense": ["1"]}, "nonsense"),
    ],
)
def test_what_is_asked_in_vain_is_named_and_leaves_the_default(link, name):
    state, refused = TABLE.read(link)
    assert [refusal.name for refusal in refused] == [name]
    assert state.changed == {}


VALUES = st.fixed_dictionaries(
    {},
    optional={
        "surface": st.sampled_from(["beale", "booth"]),
        "x": st.floats(-1e6, 1e6),
        "steps": st.integers(1, 100_000),
        "lr": st.floats(-1e6, 1e6),
        "exact": st.booleans(),
        "race": st.lists(st.sampled_from(["sgd", "adam"]), unique=True).map(tuple),
    },
)


@given(VALUES)
def test_every_state_comes_back_from_its_link(settings):
    state = TABLE.state(settings)
    link = {key: [text] if isinstance(text, str) else text for key, text in state.link().items()}
    again, refused = TABLE.read(link)
    assert refused == []
    assert dict(again) == dict(state)
    assert all(state[key] == value for key, value in settings.items())


@pytest.mark.parametrize("settings", [{"beta": 1}, {"steps": 0}, {"steps": 2.5}, {"surface": "nowhere"}, {"x": True}])
def test_settings_that_the_page_does_not_have_or_take_are_refused(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        TABLE.state(settings)


def test_two_controls_of_one_name_are_refused():
    with pytest.raises(ValueError, match="exact"):
        Table(Switch("exact", "a", False), Number("y", "b", 1.0, low=0, high=1, former={"exact": float}))


def test_keep_and_reset_bring_the_defaults_back():
    state = TABLE.state({"surface": "booth", "x": 2.0, "steps": 7})
    state.keep("surface", "x")
    assert (state["x"], state["steps"]) == (2.0, 500)
    state.reset("x")
    assert state["x"] == -4.0


@pytest.mark.parametrize("text", ["0", "0.0", "−0", "0.001", "10"])
def test_zero_is_taken_beside_the_limits(text):
    table = Table(Number("clip", T("Clipping"), 1.0, low=1e-3, high=10.0, zero=True))
    state, refused = table.read({"clip": [text]})
    assert not refused
    assert state["clip"] == float(text.replace("−", "-"))


@pytest.mark.parametrize("text", ["0.0001", "-1", "11", "nan", "many"])
def test_what_lies_between_zero_and_the_limits_is_refused(text):
    table = Table(Number("clip", T("Clipping"), 1.0, low=1e-3, high=10.0, zero=True))
    (refusal,) = table.read({"clip": [text]})[1]
    assert str(refusal.error) == "allowed are 0, and numbers from 0.001 to 10"
