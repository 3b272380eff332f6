"""The traps page in a browser: runs that play, a start to click, two planes under one player."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(browser, app):
    context = browser.new_context(viewport={"width": 1400, "height": 1000}, reduced_motion="reduce")
    yield Visitor(context.new_page()).open(f"{app}/traps")
    context.close()


def test_saddle_is_there_without_a_click(page):
    assert page.frame() == 800
    expect(page.page.get_by_text("out at step 367").first).to_be_visible()
    assert all(url.startswith((page.page.url[:20], "data:", "blob:")) for url in page.requests)


def test_click_on_the_surface_moves_the_start(page):
    version = page.data("version")
    page.page.mouse.click(*page.pixel(-1.0, 0.5))
    page.wait_for(f"p.version !== '{version}'")
    expect(page.page.locator("input[aria-label='Start x']")).not_to_have_value("1")
    assert page.number("Start x") == pytest.approx(-1.0, abs=0.02)
    assert page.number("Start y") == pytest.approx(0.5, abs=0.02)


def test_neuron_plays_on_two_planes(page):
    page.page.get_by_text("Saturated neuron", exact=True).click()
    page.page.wait_for_selector(".trajectory-player[data-tracks='6']")
    page.wait_for("p.views.length === 4 && p.views.every(view => view.ready) && p.tracks.length === 6")
    start = page.page.evaluate("document.querySelector('.trajectory-player').player.start")
    assert start == [-6, 0.5]
    assert not page.errors


def test_back_returns_to_the_trap_before(visit):
    visitor = visit("traps?trap=wells", reduced_motion="reduce")
    visitor.page.get_by_text("Plateau", exact=True).click()
    visitor.page.wait_for_url("**/traps?trap=plateau")
    visitor.page.wait_for_selector(".trajectory-player[data-tracks='4']")
    visitor.page.go_back()
    visitor.page.wait_for_url("**/traps?trap=wells")
    visitor.page.wait_for_selector(".trajectory-player[data-tracks='5']")
    expect(visitor.page.get_by_label("Start x", exact=True)).to_have_value("1.8")


def test_phone_in_chinese_shows_the_picture_and_nothing_runs_off(visit):
    visitor = visit("traps?lang=中文", width=390, height=844, color_scheme="dark", reduced_motion="reduce")
    expect(visitor.page.get_by_role("heading", name="陷阱", exact=True)).to_be_visible()
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert visitor.page.locator(".st-key-traps_plane .js-plotly-plot").bounding_box()["y"] < 844
