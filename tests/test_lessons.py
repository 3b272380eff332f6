"""Every verdict and every answer on a page follows from numbers measured now."""

import pytest

from core.lessons import VERDICTS, Claim
from core.presets import preset
from ui.messages import lesson_modules

LESSONS = lesson_modules()
CLAIMS = [claim for lesson in LESSONS for claim in lesson.CLAIMS]
QUESTIONS = [question for lesson in LESSONS for question in lesson.QUESTIONS]


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.key)
def test_verdict_follows_from_the_numbers(claim):
    numbers = claim.measure()
    assert claim.holds(**numbers), numbers
    assert "{" not in claim.reading.format(**numbers)


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


def test_keys_are_unique():
    for rows in (CLAIMS, QUESTIONS):
        assert len({row.key for row in rows}) == len(rows)


def test_unknown_verdict_is_refused():
    with pytest.raises(ValueError, match="verdict"):
        Claim("k", "t", "maybe", "c", "r", holds=lambda: True)
    assert len(VERDICTS) == 3
