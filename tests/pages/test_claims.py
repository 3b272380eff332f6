"""Every verdict and every answer on a page follows from numbers that are recorded, and that come out again."""

import sys
from datetime import date
from zlib import crc32

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.memory import Memory
from pages import LESSONS
from teaching import record
from teaching.contract import UNCONFIRMED, VERDICTS, Claim
from teaching.presets import preset

CLAIMS = [(lesson, claim) for lesson in LESSONS.values() for claim in lesson.claims]
QUESTIONS = [(lesson, question) for lesson in LESSONS.values() for question in lesson.questions]
MEASURES = [(lesson.key, measure) for lesson in LESSONS.values() for measure in record.measures(lesson)]
SHARE = 20
"""Of what takes long, one in so many is measured again each day, another part every day."""


def named(value):
    """Return what a row of a test is called."""
    return getattr(value, "key", None) or getattr(value, "name", None) or str(value)


def due(key, measure):
    """Say whether a measure is taken again today: it is quick, or its turn has come."""
    known = record.recorded(key).get(measure.name)
    turn = crc32(f"{key} {measure.name}".encode()) + date.today().toordinal()
    return known is not None and (known.seconds < record.QUICK or turn % SHARE == 0)


@pytest.mark.parametrize("key", LESSONS)
def test_everything_that_is_measured_is_recorded(key):
    assert set(record.recorded(key)) == {measure.name for measure in record.measures(LESSONS[key])}


@pytest.mark.parametrize(("lesson", "claim"), CLAIMS, ids=named)
def test_verdict_follows_from_the_numbers(lesson, claim):
    numbers = record.recorded(lesson.key)[f"claim {claim.key}"].numbers
    assert claim.badge(numbers) == claim.verdict, numbers
    assert "{" not in (claim.condition + claim.reading).format(**numbers)


@pytest.mark.parametrize(("lesson", "question"), QUESTIONS, ids=named)
def test_answer_follows_from_the_numbers(lesson, question):
    numbers = record.recorded(lesson.key)[f"question {question.key}"].numbers
    assert question.right(**numbers) == question.answer, numbers
    assert "{" not in question.because.format(**numbers)


@pytest.mark.parametrize(("key", "measure"), [row for row in MEASURES if due(*row)], ids=named)
def test_recorded_numbers_come_out_again(key, measure):
    assert record.differences(measure, record.recorded(key)[measure.name].numbers, record.run(measure).numbers) == []


@pytest.mark.parametrize(("lesson", "claim"), CLAIMS, ids=named)
def test_claim_has_an_experiment_that_shows_it(lesson, claim):
    assert claim.presets or claim.settings
    runs = {(preset(id).surface, preset(id).start) for id in claim.presets}
    assert len(runs) <= 1, "one button loads one surface and one start"


DRAWN = [LESSONS[key] for key in ("race", "compass", "microscope", "step_size", "momentum")]
"""Lessons whose random starts, rates and noise are drawn anew below."""


def forget():
    """Forget whatever the modules of the lessons and of the core have measured."""
    for name, module in list(sys.modules.items()):
        if name.startswith(("core.", "pages.")):
            for value in vars(module).values():
                if hasattr(value, "cache_clear"):
                    value.cache_clear()
                if isinstance(getattr(value, "memory", None), Memory):
                    value.memory.clear()


@pytest.fixture
def other_draws(monkeypatch):
    """Give every seed other draws than it has."""
    usual = np.random.default_rng
    forget()
    monkeypatch.setattr(np.random, "default_rng", lambda seed: usual([20_261, *np.atleast_1d(seed)]))
    yield
    forget()


@pytest.mark.usefixtures("other_draws")
@pytest.mark.parametrize("claim", [row for lesson in DRAWN for row in lesson.claims], ids=named)
def test_no_seed_decides_a_verdict(claim):
    numbers = claim.measure()
    assert claim.badge(numbers) == claim.verdict, numbers


@pytest.mark.usefixtures("other_draws")
@pytest.mark.parametrize("question", [row for lesson in DRAWN for row in lesson.questions], ids=named)
def test_no_seed_decides_an_answer(question):
    numbers = question.measured()
    assert question.right(**numbers) == question.answer, numbers


def test_keys_are_unique():
    for rows in (CLAIMS, QUESTIONS):
        assert len({row.key for _lesson, row in rows}) == len(rows)


def test_unknown_verdict_is_refused():
    with pytest.raises(ValueError, match="verdict"):
        Claim("k", "t", "maybe", "c", "r", holds=lambda: True)
    assert len(VERDICTS) == 3


def _page_of_claims_of_our_own():
    from teaching.contract import Claim, Lesson
    from ui.lesson import claims

    rows = [Claim("k", "t", "shown", "c", "r", ours=own, measured=dict, holds=lambda: True) for own in (True, False)]
    claims(Lesson("nowhere", "t", "q", "", show=lambda: None, claims=tuple(rows)))


def test_a_claim_of_our_own_says_so():
    of_ours, of_the_notes = AppTest.from_function(_page_of_claims_of_our_own).run().markdown[0].value.split("2. ")
    assert "Not in the notes." in of_ours
    assert "Not in the notes." not in of_the_notes


def _page_of_one_claim(value):
    from teaching.contract import Claim, Lesson
    from ui.lesson import claims

    row = Claim(
        "k",
        "It is large.",
        "shown",
        "From {limit} on.",
        "Measured: {value}.",
        measured=lambda: {"value": value, "limit": 10},
        holds=lambda value, limit: value >= limit,
    )
    claims(Lesson("nowhere", "t", "q", "", show=lambda: None, claims=(row,)))


@pytest.mark.parametrize(("verdict", "value"), [("green-badge[:material/check: shown]", 11), (UNCONFIRMED, 9)])
def test_badge_is_what_the_numbers_say(verdict, value):
    said = AppTest.from_function(_page_of_one_claim, args=(value,)).run().markdown[0].value
    assert verdict in said
    assert ("gray" in said) == (value == 9)
    assert f"From 10 on. Measured: {value}." in said


def _page_of_a_recorded_claim():
    from teaching import record
    from teaching.contract import Claim, Lesson
    from ui.lesson import claims

    now = {"value": 3}
    row = Claim("k", "t", "shown", "c", "Measured: {value}.", measured=lambda: now, holds=lambda value: value == 7)
    record.recorded = lambda key: {"claim k": record.Record({"value": 7}, 60.0)}
    claims(Lesson("recorded", "t", "q", "", show=lambda: None, claims=(row,)))


def test_recorded_numbers_are_shown_at_once_and_measured_again_on_demand(monkeypatch):
    monkeypatch.setattr(record, "recorded", record.recorded)  # put back afterwards
    app = AppTest.from_function(_page_of_a_recorded_claim).run()
    assert "Measured: 7." in app.markdown[0].value and "shown" in app.markdown[0].value
    app.button[0].click().run()
    said = app.markdown[0].value
    assert "Measured: 7." in said and "Measured again here: Measured: 3." in said
    assert UNCONFIRMED in said


def _page_of_one_question(count):
    import streamlit as st

    from teaching.contract import Lesson, Question
    from ui.lesson import predict_first

    st.session_state["drawer_predict"] = True
    row = Question(
        "k",
        "How many?",
        ("One", "Two"),
        0,
        "Counted: {count}.",
        measured=lambda: {"count": count},
        right=lambda count: {1: 0, 2: 1}.get(count),
    )
    predict_first(Lesson("nowhere", "t", "q", "", show=lambda: None, questions=(row,)))


@pytest.mark.parametrize(
    ("count", "kind", "said"), [(1, "success", "Right."), (2, "info", "It is: Two."), (3, "warning", "")]
)
def test_right_answer_is_what_the_numbers_say(count, kind, said):
    app = AppTest.from_function(_page_of_one_question, args=(count,)).run()
    app.radio[0].set_value(0).run()
    shown = {name: [box.value for box in getattr(app, name)] for name in ("success", "info", "warning")}
    (text,) = shown.pop(kind)
    assert said in text and f"Counted: {count}." in text
    assert not any(shown.values())
