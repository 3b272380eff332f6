"""The activation gallery in a browser: curves to hover, laboratories to switch, a neuron to start elsewhere."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor

pytestmark = pytest.mark.browser
CURVE = ".st-key-activations_curve_0 .js-plotly-plot"


@pytest.fixture(scope="module")
def page(browser, app):
    context = browser.new_context(viewport={"width": 1400, "height": 1000}, reduced_motion="reduce")
    yield Visitor(context.new_page()).open(f"{app}/activations", player=False)
    context.close()


def test_curves_are_there_without_a_click_and_hovering_reads_them_all(page):
    box = page.page.locator(CURVE).bounding_box()
    assert box["y"] + box["height"] < 1000
    page.page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.6 * box["height"])
    read = page.page.locator(f"{CURVE} .hoverlayer .legend .traces")
    expect(read).to_have_count(5)
    assert "Sigmoid" in read.first.text_content()
    assert all(url.startswith((page.page.url[:20], "data:", "blob:")) for url in page.requests)


def test_click_wakes_the_dead_neuron(page):
    page.page.get_by_text("Dead neuron", exact=True).click()
    page.page.wait_for_selector(".trajectory-player[data-tracks='6']")
    page.wait_for("p.planes.length === 2 && p.views.every(view => view.ready)")
    assert "functions=" not in page.page.url
    silent = page.page.locator("[data-testid=stTable]").first
    expect(silent).to_contain_text("0.1833")
    version = page.data("version")
    page.page.mouse.click(*page.pixel(0.5, 1.0))
    page.wait_for(f"p.version !== '{version}'")
    assert page.number("Start y") == pytest.approx(1.0, abs=0.05)
    expect(silent).not_to_contain_text("0.1833")
    assert not page.errors


def test_phone_in_chinese_shows_the_curves_and_nothing_runs_off(visit):
    visitor = visit("activations?lang=中文", player=False, width=390, height=844, color_scheme="dark")
    expect(visitor.page.get_by_role("heading", name="激活函数画廊", exact=True)).to_be_visible()
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert visitor.page.locator(CURVE).bounding_box()["y"] < 844
