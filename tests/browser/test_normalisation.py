"""The normalisation lab in a browser: pictures without a click, a number that is typed, a phone."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def still(browser, app):
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    yield Visitor(context.new_page()).open(f"{app}/normalisation", player=False)
    context.close()


def test_tensor_is_there_without_a_click(still):
    for key in ("norm_before", "norm_after"):
        # 32 numbers, and 8 of them outlined
        expect(still.page.locator(f".st-key-{key} .heatmap-label")).to_have_count(32)
        expect(still.page.locator(f".st-key-{key} .shapelayer path")).to_have_count(9)
    assert still.page.locator(".st-key-norm_after").bounding_box()["y"] < 700
    assert all(url.startswith((still.page.url[:20], "data:", "blob:")) for url in still.requests)


def type_into_the_tensor(page, number: str) -> None:
    """Type over its first number: the table is a canvas, so by its place, where it has come to rest."""
    table = page.locator("[data-testid=stDataFrame]")
    table.scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    grid = table.bounding_box()
    page.mouse.dblclick(grid["x"] + 130, grid["y"] + 53)
    page.wait_for_selector("#portal input:focus, #portal textarea:focus").fill(number)
    page.wait_for_timeout(300)  # the table takes over what its input says a moment later
    page.keyboard.press("Enter")


def test_a_typed_number_is_normalised(still):
    still.settle()
    labels = still.page.locator(".st-key-norm_before .heatmap-label")
    expect(labels.first).not_to_have_text("55.50")
    type_into_the_tensor(still.page, "55.5")
    still.settle()
    expect(labels.first).to_have_text("55.50", timeout=20_000)
    assert not still.errors


def test_phone_in_chinese_has_no_sideways_scroll(visit):
    visitor = visit("normalisation?lang=中文", player=False, width=390, height=844, color_scheme="dark")
    expect(visitor.page.get_by_role("heading", name="归一化实验室")).to_be_visible()
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert visitor.page.locator(".st-key-norm_before").bounding_box()["y"] < 844
