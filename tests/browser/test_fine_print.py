"""Adam's fine print in a browser: bars and paths, a switch that adds a path, a click, a phone."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def still(browser, app):
    """One window for all: reduced motion, so that the whole runs are shown."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000}, reduced_motion="reduce")
    yield Visitor(context.new_page()).open(f"{app}/fine_print")
    context.close()


def test_burst_and_bars_are_there_without_a_click(still):
    assert still.data("tracks") == "4"
    expect(still.page.get_by_text("back above 0.05").first).to_be_visible()
    bars = still.page.locator(".st-key-fine_print_bars .barlayer .point path")
    heights = bars.evaluate_all("paths => paths.map(path => path.getBBox().height)")
    assert len(heights) == 80
    assert sum(height > 2 for height in heights) >= 35, "two of four formulas differ from one rate"
    assert all(url.startswith((still.page.url[:20], "data:", "blob:")) for url in still.requests)


def test_a_switch_adds_the_reader_s_own_adam(still):
    still.page.get_by_text("MyAdam: switch by switch").click()
    still.page.get_by_text("Epsilon inside the root").click()
    still.page.wait_for_selector(".trajectory-player[data-tracks='5']")
    still.page.wait_for_url(lambda url: "my_adam_eps_inside=true" in url)


def test_click_moves_the_start(still):
    version = still.data("version")
    still.page.mouse.click(*still.pixel(-0.5, 1.5))
    still.wait_for(f"p.version !== '{version}'")
    assert still.number("Start x") == pytest.approx(-0.5, abs=0.02)
    assert not still.errors


def test_phone_in_chinese_has_no_sideways_scroll(visit):
    visitor = visit("fine_print?lang=zh", width=390, height=844, color_scheme="dark", reduced_motion="reduce")
    expect(visitor.page.get_by_role("heading", name="Adam 的细则")).to_be_visible()
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert visitor.page.locator(".st-key-fine_print_plane .js-plotly-plot").bounding_box()["y"] < 844


def test_claim_opens_its_experiment_and_back_leaves_it(visit):
    visitor = visit("fine_print?decay=0.5", reduced_motion="reduce")
    visitor.page.locator(".st-key-load_claim").get_by_text("3", exact=True).click()
    visitor.page.wait_for_selector(".trajectory-player[data-tracks='2']")
    visitor.page.wait_for_url(lambda url: "gradient_scale=1e-6" in url and "decay" not in url)
    visitor.page.go_back()
    visitor.page.wait_for_selector(".trajectory-player[data-tracks='4']")
    expect(visitor.page.locator(".st-key-weight_decay")).to_contain_text("3.16")
    assert not visitor.errors
