"""Every verdict and every answer on a page follows from numbers measured now."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.compass import claims as compass
from pages.microscope import claims as microscope
from pages.momentum import claims as momentum
from pages.race import claims as race
from pages.step_size import claims as step_size
from teaching.contract import UNCONFIRMED, VERDICTS, Claim
from teaching.presets import preset
from ui.messages import lesson_modules

LESSONS = lesson_modules()
CLAIMS = [claim for lesson in LESSONS for claim in lesson.CLAIMS]
QUESTIONS = [question for lesson in LESSONS for question in lesson.QUESTIONS]


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.key)
def test_verdict_follows_from_the_numbers(claim):
    numbers = claim.measure()
    assert claim.badge(numbers) == claim.verdict, numbers
    assert "{" not in (claim.condition + claim.reading).format(**numbers)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.key)
def test_claim_has_an_experiment_that_shows_it(claim):
    assert claim.presets or claim.settings
    runs = {(preset(id).surface, preset(id).start) for id in claim.presets}
    assert len(runs) <= 1, "one button loads one surface and one start"


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.key)
def test_answer_follows_from_the_numbers(question):
    numbers = question.measured()
    assert question.right(**numbers) == question.answer, numbers
    assert "{" not in question.because.format(**numbers)


DRAWN = (race, compass, microscope, step_size, momentum)
"""Lessons whose random starts, rates and noise are drawn anew below."""


@pytest.fixture
def other_draws(monkeypatch):
    """Give every seed other draws than it has."""
    usual = np.random.default_rng
    monkeypatch.setattr(np.random, "default_rng", lambda seed: usual([20_261, *np.atleast_1d(seed)]))


@pytest.mark.usefixtures("other_draws")
@pytest.mark.parametrize("claim", [row for lesson in DRAWN for row in lesson.CLAIMS], ids=lambda claim: claim.key)
def test_no_seed_decides_a_verdict(claim):
    numbers = claim.measure()
    assert claim.badge(numbers) == claim.verdict, numbers


@pytest.mark.usefixtures("other_draws")
@pytest.mark.parametrize("question", [row for lesson in DRAWN for row in lesson.QUESTIONS], ids=lambda row: row.key)
def test_no_seed_decides_an_answer(question):
    numbers = question.measured()
    assert question.right(**numbers) == question.answer, numbers


def _page_with_a_claim_of_our_own():
    from teaching.contract import Claim
    from ui.lesson import claims

    claims([Claim("k", "t", "shown", "c", "r", ours=own, measured=dict, holds=lambda: True) for own in (True, False)])


def test_a_claim_of_our_own_says_so():
    of_ours, of_the_notes = AppTest.from_function(_page_with_a_claim_of_our_own).run().markdown[0].value.split("2. ")
    assert "Not in the notes." in of_ours
    assert "Not in the notes." not in of_the_notes


def test_keys_are_unique():
    for rows in (CLAIMS, QUESTIONS):
        assert len({row.key for row in rows}) == len(rows)


def test_unknown_verdict_is_refused():
    with pytest.raises(ValueError, match="verdict"):
        Claim("k", "t", "maybe", "c", "r", holds=lambda: True)
    assert len(VERDICTS) == 3


def _page_of_one_claim(value):
    from teaching.contract import Claim
    from ui.lesson import claims

    claims(
        [
            Claim(
                "k",
                "It is large.",
                "shown",
                "From {limit} on.",
                "Measured: {value}.",
                measured=lambda: {"value": value, "limit": 10},
                holds=lambda value, limit: value >= limit,
            )
        ]
    )


@pytest.mark.parametrize(("verdict", "value"), [("green-badge[:material/check: shown]", 11), (UNCONFIRMED, 9)])
def test_badge_is_what_the_numbers_say(verdict, value):
    said = AppTest.from_function(_page_of_one_claim, args=(value,)).run().markdown[0].value
    assert verdict in said
    assert ("gray" in said) == (value == 9)
    assert f"From 10 on. Measured: {value}." in said


def _page_of_one_question(count):
    import streamlit as st

    from teaching.contract import Question
    from ui.lesson import predict_first

    st.session_state["drawer_predict"] = True
    predict_first(
        [
            Question(
                "k",
                "How many?",
                ("One", "Two"),
                0,
                "Counted: {count}.",
                measured=lambda: {"count": count},
                right=lambda count: {1: 0, 2: 1}.get(count),
            )
        ]
    )


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
