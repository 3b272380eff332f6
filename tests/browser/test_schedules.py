"""The schedules page in a browser: paths that play, rates that follow a drawn schedule, a start to click."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(browser, app):
    context = browser.new_context(viewport={"width": 1400, "height": 1000}, reduced_motion="reduce")
    yield Visitor(context.new_page()).open(f"{app}/schedules")
    context.close()


def test_paths_rates_and_means_are_there_without_a_click(page):
    assert page.frame() == 1000
    assert page.data("tracks") == "6"
    expect(page.page.get_by_role("cell", name="0.18 ± 0.01")).to_be_visible()
    assert all(url.startswith((page.page.url[:20], "data:", "blob:")) for url in page.requests)


def test_click_on_the_surface_moves_every_path(page):
    version = page.data("version")
    page.page.mouse.click(*page.pixel(4.0, -1.0))
    page.wait_for(f"p.version !== '{version}'")
    expect(page.page.locator("input[aria-label='Start x']")).not_to_have_value("8")
    assert page.number("Start x") == pytest.approx(4.0, abs=0.05)
    assert page.number("Start y") == pytest.approx(-1.0, abs=0.05)
    expect(page.page).to_have_url(re.compile(r"\?x=\S+&y=-\S+$"))


def test_another_experiment_brings_its_schedules(page):
    page.page.get_by_text("Steep start", exact=True).click()
    expect(page.page.get_by_role("heading", name="How long to warm up")).to_be_visible()
    page.wait_for("p.views.every(view => view.ready) && p.tracks.length === 8")
    assert page.number("Start x") == -1.5
    expect(page.page.get_by_role("cell", name="182")).to_be_visible()
    assert not page.errors


def test_back_brings_the_last_experiment_and_a_link_opens_it_elsewhere(page, visit):
    expect(page.page).to_have_url(re.compile(r"schedules\?trial=steep$"))
    page.page.locator(".st-key-optimizer input").click()
    page.page.get_by_role("option", name="SGD", exact=True).click()
    expect(page.page).to_have_url(re.compile(r"\?trial=steep&optimizer=sgd$"))
    other = visit(page.page.url.rpartition("/")[2], reduced_motion="reduce")
    expect(other.page.locator(".st-key-lr_sgd")).to_be_visible()
    page.page.go_back()
    expect(page.page.locator(".st-key-lr_momentum")).to_be_visible(timeout=20_000)
    page.settle()
    page.page.go_back()
    expect(page.page).to_have_url(re.compile(r"\?x="))
    expect(page.page.locator("input[aria-label='Start x']")).not_to_have_value("-1.5", timeout=20_000)
    assert page.number("Start x") == pytest.approx(4.0, abs=0.05)


def test_button_of_a_claim_opens_its_experiment(page):
    page.page.locator(".st-key-load_claim").get_by_text("3", exact=True).click()
    expect(page.page).to_have_url(re.compile(r"exponential_k=0\.01&time_based_k=0\.01&steps=5000"))
    page.wait_for("p.views.every(view => view.ready) && p.tracks.length === 2")
    assert page.number("Start x") == 8
    assert not page.errors


def test_phone_in_chinese_shows_the_picture_and_nothing_runs_off(visit):
    visitor = visit("schedules?lang=中文", width=390, height=844, color_scheme="dark", reduced_motion="reduce")
    expect(visitor.page.get_by_role("heading", name="学习率调度", exact=True)).to_be_visible()
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert visitor.page.locator(".st-key-schedules_plane .js-plotly-plot").bounding_box()["y"] < 844
