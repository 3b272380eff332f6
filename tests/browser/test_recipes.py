"""The page of recipes in a browser: paths that play, a start to click, samples as the clock."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(browser, app):
    context = browser.new_context(viewport={"width": 1400, "height": 1000}, reduced_motion="reduce")
    yield Visitor(context.new_page()).open(f"{app}/recipes")
    context.close()


def test_paths_and_numbers_are_there_without_a_click(page):
    assert page.frame() == 1000
    assert page.data("tracks") == "6"
    expect(page.page.get_by_role("cell", name="0.00116 ± 6e-05")).to_be_visible()
    assert all(url.startswith((page.page.url[:20], "data:", "blob:")) for url in page.requests)


def test_click_on_the_surface_moves_every_path(page):
    version = page.data("version")
    page.page.mouse.click(*page.pixel(4.0, -1.0))
    page.wait_for(f"p.version !== '{version}'")
    expect(page.page.locator("input[aria-label='Start x']")).not_to_have_value("8")
    assert page.number("Start x") == pytest.approx(4.0, abs=0.05)
    assert page.number("Start y") == pytest.approx(-1.0, abs=0.05)
    expect(page.page).to_have_url(re.compile(r"\?x=\S+&y=-\S+$"))


def test_another_experiment_brings_its_recipes_and_its_clock(page):
    page.page.get_by_text("Batches that change", exact=True).click()
    expect(page.page.get_by_text("Sample 16000 of 16000")).to_be_visible(timeout=20_000)
    page.wait_for("p.views.every(view => view.ready) && p.tracks.length === 7")
    expect(page.page.get_by_role("cell", name="1088").first).to_be_visible()
    assert not page.errors


def test_back_brings_the_last_experiment_and_a_claim_its_own(page):
    expect(page.page).to_have_url(re.compile(r"recipes\?part=batches$"))
    page.page.go_back()
    expect(page.page.locator("input[aria-label='Start y']")).not_to_have_value("3", timeout=20_000)
    page.wait_for("p.views.every(view => view.ready) && p.tracks.length === 6")
    page.page.locator(".st-key-load_claim").get_by_text("7", exact=True).click()
    expect(page.page).to_have_url(re.compile(r"part=averages&steps=1000&lr_sgd=0\.05.*look=tail"))
    expect(page.page.get_by_role("cell", name="SWA 100").first).to_be_visible(timeout=20_000)
    assert not page.errors


def test_phone_in_chinese_shows_the_picture_and_nothing_runs_off(visit):
    visitor = visit("recipes?lang=中文", width=390, height=844, color_scheme="dark", reduced_motion="reduce")
    expect(visitor.page.get_by_role("heading", name="平均、交接与安全带", exact=True)).to_be_visible()
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert visitor.page.locator(".st-key-recipes_plane .js-plotly-plot").bounding_box()["y"] < 844
