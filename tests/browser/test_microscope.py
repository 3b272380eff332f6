"""The microscope in a browser: markers and rows select each other, Newton walks, the maps stay under the paths."""

import pytest
from playwright.sync_api import expect

from core.analysis.critical_points import find
from core.numerals import written
from tests.browser.conftest import Visitor

pytestmark = pytest.mark.browser

ATLAS = find("himmelblau").points
SELECTED = ".st-key-atlas [role=row][aria-selected=true]"


@pytest.fixture(scope="module")
def microscope(browser, app):
    context = browser.new_context(viewport={"width": 1400, "height": 2400}, reduced_motion="reduce")
    yield Visitor(context.new_page()).open(f"{app}/microscope")
    context.close()


def has_start(visitor: Visitor, x: float, y: float) -> None:
    """Wait until the point of the page is here."""
    for label, value in (("Start x", x), ("Start y", y)):
        expect(visitor.page.get_by_label(label, exact=True)).to_have_value(written(value), timeout=20_000)


def test_first_picture_is_there_with_a_path_and_nothing_from_outside(microscope):
    assert microscope.data("tracks") == "1"
    expect(microscope.page.get_by_text("The surface is concave here")).to_be_visible()
    expect(microscope.page.locator(".st-key-microscope_lens .js-plotly-plot")).to_be_visible()
    assert all(url.startswith((microscope.page.url[:20], "data:", "blob:")) for url in microscope.requests)


def test_click_near_a_marker_selects_its_row_and_keeps_the_zoom(microscope):
    k, saddle = next((k, p) for k, p in enumerate(ATLAS) if p.kind == "saddle")
    x, y = microscope.pixel(saddle.x, saddle.y)
    microscope.page.mouse.move(x, y)
    microscope.page.mouse.wheel(0, -100)
    microscope.page.wait_for_timeout(600)
    ranges = "() => document.querySelector('.st-key-microscope_plane .js-plotly-plot')._fullLayout.xaxis.range.join()"
    zoomed = microscope.page.evaluate(ranges)
    x, y = microscope.pixel(saddle.x, saddle.y)
    microscope.page.mouse.click(x + 3, y - 3)
    has_start(microscope, saddle.x, saddle.y)
    expect(microscope.page.locator(SELECTED)).to_have_attribute("aria-rowindex", str(k + 2))
    expect(microscope.page.get_by_text("One eigenvalue is negative, one positive")).to_be_visible()
    assert microscope.page.evaluate(ranges) == zoomed


def test_selected_row_moves_the_point(microscope):
    k = len(ATLAS) - 1
    assert ATLAS[k].kind == "maximum"
    box = microscope.page.locator(".st-key-atlas canvas").first.bounding_box()
    row = box["height"] / (len(ATLAS) + 1)
    microscope.page.mouse.click(box["x"] + 20, box["y"] + row * (k + 1.5))
    has_start(microscope, ATLAS[k].x, ATLAS[k].y)
    expect(microscope.page.locator(SELECTED)).to_have_attribute("aria-rowindex", str(k + 2))
    microscope.page.wait_for_url(lambda url: "x=-0.27" in url)


def test_snap_walks_by_newton_over_the_map(microscope):
    microscope.page.get_by_text("Where convex").click()
    microscope.page.get_by_text("Newton's method from here").click()
    expect(microscope.page.get_by_text("Newton ends after 0 steps")).to_be_visible(timeout=20_000)
    microscope.wait_for("p.planes[0].ready")  # the map is another chart
    microscope.page.mouse.click(*microscope.pixel(0.3, 0.2))
    expect(microscope.page.get_by_text("steps: maximum at (-0.2708, -0.923)")).to_be_visible(timeout=20_000)
    microscope.wait_for("p.tracks.length === 1 && p.tracks[0].key === 'newton' && p.tracks[0].frames > 3")
    last = microscope.page.evaluate(
        """() => {
          const { column, frames } = document.querySelector('.trajectory-player').player.tracks[0];
          return [column.x[frames - 1], column.y[frames - 1]];
        }"""
    )
    assert last == pytest.approx([ATLAS[-1].x, ATLAS[-1].y], abs=1e-6)
    assert not microscope.errors


def test_phone_in_chinese_shows_the_picture_and_nothing_runs_off(visit):
    visitor = visit("microscope?lang=中文", width=390, height=844, color_scheme="dark", reduced_motion="reduce")
    expect(visitor.page.get_by_role("heading", name="曲率显微镜")).to_be_visible()
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert visitor.page.locator(".st-key-microscope_plane .js-plotly-plot").bounding_box()["y"] < 844
