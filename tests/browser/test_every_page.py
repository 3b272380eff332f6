"""What holds for every page and only a browser shows: cold deep links, history, pages that leave one another alone."""

import re

import pytest
from playwright.sync_api import expect

from pages import LESSONS
from teaching.language import translated
from tests.browser.conftest import Visitor, running_app

SHOWN = [(lesson, lesson.claims[k % len(lesson.claims)]) for k, lesson in enumerate(LESSONS.values())][:12]
"""Twelve claims, each of another lesson."""


@pytest.mark.parametrize("key", LESSONS)
def test_first_visitor_of_a_process_may_come_by_a_deep_link(browser, key):
    """In one language, which changes from lesson to lesson; the second visitor comes in the other."""
    lesson, cold = LESSONS[key], list(LESSONS).index(key) % 2
    name, row = next((name, row) for name, row in lesson.controls.items() if hasattr(row, "choices"))
    state = lesson.controls.state({})
    value = next(option for option in row.choices(state) if option != state[name])
    with running_app() as address:
        for lang in (("en", "zh"), ("zh", "en"))[cold]:
            context = browser.new_context(reduced_motion="reduce")
            visitor = Visitor(context.new_page()).open(f"{address}/{key}?lang={lang}&{name}={value}", player=False)
            title = translated(lesson.title, lang)
            expect(visitor.page.get_by_role("heading", level=1, name=title)).to_be_visible()
            expect(visitor.page.get_by_role("dialog")).to_have_count(0)
            expect(visitor.page.get_by_test_id("stAlert").filter(has_text=re.compile("The link|链接"))).to_have_count(0)
            assert f"{name}={value}" in visitor.page.url
            assert not [url for url in visitor.requests if not url.startswith((address, "data:", "blob:"))]
            context.close()


@pytest.mark.parametrize(("lesson", "claim"), SHOWN, ids=lambda row: row.key)
def test_link_of_a_claim_opens_the_same_page_in_a_new_tab(visit, lesson, claim):
    """Press the button of a claim, open the address in a new window, and compare every field and slider."""
    first = visit(lesson.key, player=False, reduced_motion="reduce")
    number = lesson.claims.index(claim) + 1
    first.page.locator(".st-key-load_claim").get_by_text(str(number), exact=True).click()
    first.page.wait_for_timeout(300)
    first.settle()
    second = visit(first.page.url.split("/", 3)[3], player=False, reduced_motion="reduce")
    said, again = controls_of(first), controls_of(second)
    # A claim may open a drawer, which a link leaves closed: what both windows show is compared.
    assert said.keys() & again.keys() == again.keys() != set()
    assert again == {label: said[label] for label in again}


def controls_of(visitor):
    """Return what every labelled field, slider and switch shows, once it no longer changes."""
    shown = {}
    for _ in range(40):
        visitor.page.wait_for_timeout(500)
        visitor.settle()
        before, shown = (
            shown,
            visitor.page.evaluate(
                """() => Object.fromEntries(
                 [...document.querySelectorAll('input[type=text], input[type=checkbox], [role=slider]')]
                   .filter(e => e.getAttribute('aria-label') && e.checkVisibility())
                   .map(e => [e.getAttribute('aria-label'),
                              e.getAttribute('aria-valuenow') ?? (e.type === 'checkbox' ? e.checked : e.value)]))"""
            ),
        )
        if shown and shown == before:
            return shown
    raise AssertionError(f"the controls of {visitor.page.url} never came to rest: {shown}")


def test_every_action_is_one_entry_of_the_history_and_back_restores_it(visit):
    visitor = visit("momentum", player=False, reduced_motion="reduce")
    page = visitor.page
    begin = page.evaluate("history.length")
    x, y = (page.locator(f"input[aria-label='Start {name}']") for name in "xy")
    x.fill("-5,5")
    x.press("Enter")
    expect(x).to_have_value("-5.5")
    visitor.settle()
    y.fill("0.5")
    y.press("Enter")
    expect(y).to_have_value("0.5")
    visitor.settle()
    page.wait_for_url("**/momentum?x=-5.5&y=0.5")
    assert page.evaluate("history.length") == begin + 2
    page.go_back()
    expect(y).to_have_value("1", timeout=20_000)
    expect(x).to_have_value("-5.5")
    page.go_back()
    expect(x).to_have_value("-10", timeout=20_000)
    page.go_forward()
    expect(x).to_have_value("-5.5", timeout=20_000)


def test_another_page_begins_with_its_own_settings(visit):
    page = visit("race?surface=Beale&x=0.5&y=1.5&sigma=0.1", reduced_motion="reduce").page
    page.get_by_text("Landscape", exact=True).click()
    page.get_by_text("Gradient compass", exact=True).first.click()
    expect(page.get_by_role("heading", level=1, name="Gradient compass")).to_be_visible(timeout=20_000)
    expect(page.locator("input[value='Rosenbrock']")).to_have_count(1)
    expect(page.locator("input[aria-label='Start x']")).to_have_value("-1")
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
    assert page.url.endswith("/compass")


def test_front_door_leads_to_every_lesson_and_an_older_link_to_the_race(visit):
    page = visit("", player=False).page
    for lesson in LESSONS.values():
        expect(page.locator("[data-testid=stPageLink]").filter(has_text=str(lesson.title))).to_have_count(1)
        expect(page.get_by_text(str(lesson.question), exact=True)).to_be_visible()
    page = visit("?surface=Himmelblau&x=1", player=False).page
    expect(page.get_by_role("heading", level=1, name="Optimizer race")).to_be_visible(timeout=20_000)
    expect(page.locator("input[value='Himmelblau']")).to_have_count(1)
    expect(page.locator("input[aria-label='Start x']")).to_have_value("1")
