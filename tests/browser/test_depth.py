"""The depth lab in a browser: pictures without a click, a cell of the grid, a phone."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def still(browser, app):
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    yield Visitor(context.new_page()).open(f"{app}/depth", player=False)
    context.close()


def test_signal_and_gradient_are_there_without_a_click(still):
    for key, lines in (("depth_signal", 3), ("depth_gradient", 2)):
        curves = still.page.locator(f".st-key-{key} .scatterlayer .trace path.js-line")
        expect(curves).to_have_count(lines)
        assert still.page.locator(f".st-key-{key}").bounding_box()["y"] < 1000
    expect(still.page.get_by_text("vanishes").first).to_be_visible()
    assert all(url.startswith((still.page.url[:20], "data:", "blob:")) for url in still.requests)


def test_a_cell_of_the_grid_is_a_click_away(still):
    cells = still.page.locator(".st-key-depth_grid .scatterlayer .point")
    expect(cells).to_have_count(63)
    cells.nth(2 * 7 + 4).scroll_into_view_if_needed()
    box = cells.nth(2 * 7 + 4).bounding_box()
    still.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    still.page.wait_for_url(lambda url: "init=he" in url)
    still.settle()
    expect(still.page.get_by_text("survives").first).to_be_visible()
    assert not still.errors


def test_phone_in_chinese_has_no_sideways_scroll(visit):
    visitor = visit("depth?lang=中文", player=False, width=390, height=844, color_scheme="dark")
    expect(visitor.page.get_by_role("heading", name="深度实验室")).to_be_visible()
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert visitor.page.locator(".st-key-depth_signal").bounding_box()["y"] < 844
