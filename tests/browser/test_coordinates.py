"""A rate per coordinate in a browser: paths and rates that play together, a click, a turned ravine, a phone."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def still(browser, app):
    """One window for all: reduced motion, so that the whole runs are shown."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000}, reduced_motion="reduce")
    yield Visitor(context.new_page()).open(f"{app}/coordinates")
    context.close()


def test_paths_and_rates_are_there_without_a_click(still):
    assert still.data("tracks") == "5"
    curves = still.page.evaluate("document.querySelector('.trajectory-player').player.curves.length")
    assert curves == 5
    last = still.page.evaluate(
        """() => {
          const { tracks } = document.querySelector('.trajectory-player').player;
          return tracks.map(t => t.column['series:rate_x'][300]);
        }"""
    )
    assert last == pytest.approx([0.1, 0.1 / 300**0.5, 0.103, 0.00646, 0.1], rel=0.01)
    assert all(url.startswith((still.page.url[:20], "data:", "blob:")) for url in still.requests)


def test_turning_the_ravine_moves_the_start(still):
    still.page.get_by_text("Ravine", exact=True).first.click()
    expect(still.page.get_by_text("Angle of the ravine").first).to_be_visible()
    expect(still.page.locator("input[aria-label='Start x']")).to_have_value("-10")
    version = still.data("version")
    handle = still.page.get_by_role("slider", name="Angle of the ravine, degrees")
    handle.focus()
    for _press in range(5):
        handle.press("ArrowRight")
    still.wait_for(f"p.version !== '{version}'")
    expect(still.page.locator("input[aria-label='Start x']")).to_have_value("-9.9181")
    assert "angle=15" in still.page.url


def test_click_moves_the_start_and_goes_into_the_link(still):
    still.settle()
    still.wait_for("p.views.every(v => v.ready && v.chart._fullLayout)")  # the turned ravine is another chart
    version = still.data("version")
    still.page.mouse.click(*still.pixel(-4.0, 3.0))
    still.wait_for(f"p.version !== '{version}'")
    assert still.number("Start x") == pytest.approx(-4.0, abs=0.1)
    still.page.wait_for_url(lambda url: "x=-4" in url or "x=-3.9" in url)
    assert not still.errors


def test_phone_in_chinese_has_no_sideways_scroll(visit):
    visitor = visit("coordinates?lang=zh", width=390, height=844, color_scheme="dark", reduced_motion="reduce")
    expect(visitor.page.get_by_role("heading", name="逐坐标的学习率")).to_be_visible()
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert visitor.page.locator(".st-key-coordinates_plane .js-plotly-plot").bounding_box()["y"] < 844


def test_back_turns_the_ravine_and_its_start_back(visit):
    visitor = visit("coordinates?ground=ravine&methods=adam", reduced_motion="reduce")
    start = visitor.page.locator("input[aria-label='Start x']")
    visitor.page.get_by_role("slider", name="Angle of the ravine, degrees").press("ArrowRight")
    expect(start).to_have_value("-10.0386")
    visitor.page.wait_for_url(lambda url: "angle=3" in url)
    visitor.page.go_back()
    expect(start).to_have_value("-10")
    assert not visitor.errors
