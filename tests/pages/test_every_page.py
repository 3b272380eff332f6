"""What every page has: two languages, charts with names, questions, claims that load, a sentence for a bad link."""

from importlib import import_module
from pathlib import Path

import pytest

from teaching.contract import Claim
from tests.pages import charts, held, open_page
from ui.frame import PAGES

LESSONS = {page: import_module(f"teaching.contract.{Path(page.script).stem}") for page in PAGES}
CLAIMS = [(page, k) for page, lesson in LESSONS.items() for k in range(len(lesson.CLAIMS))]


def named(value: object) -> str:
    return value.url if hasattr(value, "url") else str(value)


@pytest.mark.parametrize("page", PAGES, ids=named)
@pytest.mark.parametrize("lang", ["English", "中文"])
def test_page_runs_in_both_languages(page, lang):
    app = open_page(page.script, lang=lang)
    assert app.title[0].value
    assert not app.error and not app.warning


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_chart_has_a_name_for_those_who_cannot_see_it(page):
    for chart in charts(open_page(page.script)):
        assert chart.proto.alt


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_unknown_key_in_the_link_gets_a_sentence(page):
    app = open_page(page.script, link={"nonsense": "1"})
    assert "nonsense" in app.warning[0].value


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_questions_are_answered_with_measured_numbers(page):
    app = open_page(page.script, drawer_predict=True)
    questions = LESSONS[page].QUESTIONS
    assert len(questions) >= 2
    for question in questions:
        app.radio(key=f"predict_{question.key}").set_value(question.answer)
    app.run()
    assert not app.exception
    assert len(app.success) >= len(questions)


@pytest.mark.parametrize(("page", "number"), CLAIMS, ids=named)
def test_claim_loads_its_experiment(page, number):
    claim: Claim = LESSONS[page].CLAIMS[number]
    app = open_page(page.script)
    app.button_group(key="load_claim").set_value(number + 1).run()
    assert not app.exception and not app.error and not app.warning
    for key, value in claim.settings.items():
        assert held(app, key) == value, "the page has a widget of this name and takes the value"


def test_address_of_a_page_is_the_name_of_its_script():
    assert [page.url for page in PAGES] == [Path(page.script).stem for page in PAGES]
