"""What every page has: two languages, charts with names, questions, claims that open, links that say everything."""

from itertools import islice

import pytest

from pages import LESSONS
from teaching.controls import Choice, Choices, Number, Switch
from teaching.language import translated
from teaching.presets import presets
from tests.pages import charts, link_of, open_page, set_state, state_of
from ui.frame import FORMER

KEYS = list(LESSONS)
CLAIMS = [(key, k) for key, lesson in LESSONS.items() for k in range(len(lesson.claims))]


def named(value):
    return str(value)


def as_link(state):
    """Return the link of a state as the browser gives it: every value a list."""
    return as_lists(state.link())


def as_lists(link):
    return {key: [text] if isinstance(text, str) else list(text) for key, text in link.items()}


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_page_runs_in_both_languages(key, lang):
    app = open_page(key, link={"lang": lang})
    assert app.title[0].value == translated(LESSONS[key].title, lang)
    assert not app.error and not app.warning
    assert all(chart.proto.alt for chart in charts(app)), "a chart has a name for those who cannot see it"


@pytest.mark.parametrize("asked", ["zh", "zh-CN", "zh_TW", "中文", "ZH"])
def test_language_is_understood_as_people_write_it(asked):
    assert open_page("compass", link={"lang": asked}).title[0].value == translated(LESSONS["compass"].title, "zh")


def test_language_that_is_not_there_gets_a_sentence():
    app = open_page("compass", link={"lang": "klingon"})
    assert "klingon" in app.warning[0].value
    assert app.title[0].value == str(LESSONS["compass"].title)


@pytest.mark.parametrize("key", KEYS)
def test_unknown_key_in_the_link_gets_a_sentence(key):
    app = open_page(key, link={"nonsense": "1"})
    assert "nonsense" in app.warning[0].value


@pytest.mark.parametrize("key", KEYS)
def test_questions_are_answered_with_measured_numbers(key):
    app = open_page(key, drawer_predict=True)
    questions = LESSONS[key].questions
    assert len(questions) >= 2
    for question in questions:
        app.radio(key=f"predict_{question.key}").set_value(question.answer)
    app.run()
    assert not app.exception
    assert len(app.success) >= len(questions)


@pytest.mark.parametrize(("key", "k"), CLAIMS, ids=named)
def test_link_of_a_claim_opens_the_same_table(key, k):
    lesson = LESSONS[key]
    state = lesson.state_of(lesson.claims[k])
    again, refused = lesson.controls.read(as_link(state))
    assert refused == []
    assert dict(again) == dict(state)
    assert {name: state[name] for name in lesson.settings(lesson.claims[k])} == {
        name: lesson.controls[name].checked(value, state) for name, value in lesson.settings(lesson.claims[k]).items()
    }


@pytest.mark.parametrize("key", KEYS)
def test_button_of_a_claim_opens_its_link(key):
    lesson = LESSONS[key]
    app = open_page(key)
    for k, claim in islice(enumerate(lesson.claims), 2):
        app.button_group(key="load_claim").set_value(k + 1).run()
        assert not app.exception and not app.error and not app.warning
        assert dict(state_of(app)) == dict(lesson.state_of(claim))
        assert as_lists(link_of(app)) == as_link(state_of(app))


@pytest.mark.parametrize("preset", presets(), ids=lambda preset: preset.id)
def test_link_of_a_preset_opens_the_same_table(preset):
    from pages.race.claims import settings_of

    race = LESSONS["race"]
    state = race.controls.state(settings_of(preset))
    again, refused = race.controls.read(as_link(state))
    assert refused == []
    assert dict(again) == dict(state)


def another(row, state):
    """Return a value that a control takes and does not have."""
    if isinstance(row, Switch):
        return not state[row.key]
    if isinstance(row, Choice):
        return next((option for option in row.choices(state) if option != state[row.key]), None)
    if isinstance(row, Choices):
        return tuple(islice(row.choices(state), 1)) if state[row.key] else tuple(islice(row.choices(state), 2))
    assert isinstance(row, Number)
    low, high = row.limits(state)
    near = [state[row.key] + step for step in (1, -1, 0.125, -0.125)]
    return next((value for value in (*near, low, high) if low <= value <= high and value != state[row.key]), None)


@pytest.mark.parametrize("key", KEYS)
def test_every_control_comes_back_from_the_link_alone(key):
    controls = LESSONS[key].controls
    for name, row in controls.items():
        state = controls.state({})
        value = another(row, state)
        if value is None:
            continue
        state.update({name: value})
        again, refused = controls.read(as_link(state))
        assert refused == [], name
        assert dict(again) == dict(state), name


@pytest.mark.parametrize("key", KEYS)
def test_options_are_understood_by_key_and_by_label_in_both_languages(key):
    controls = LESSONS[key].controls
    for name, row in controls.items():
        if isinstance(row, Choice):
            for option, label in row.choices(controls.state({})).items():
                for asked in (option, str(label), translated(label, "zh")):
                    state, refused = controls.read({name: [asked]})
                    assert refused == [], (name, asked)
                    assert state[name] in row.choices(state)


def test_settings_of_undrawn_widgets_reach_the_link():
    app = open_page("race")
    set_state(app, steps=20_000, adam_beta1=0.5)
    assert link_of(app) == {"steps": "20000", "adam_beta1": "0.5"}


def test_front_door_lists_every_lesson():
    app = open_page("home")
    assert [link.proto.page for link in app.get("page_link")] == KEYS


def test_older_address_of_the_race_still_opens_it():
    assert FORMER == "race", "a link to the bare address with settings was a link to the race"
