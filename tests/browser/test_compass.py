"""The compass in a browser: steps that grow, a point to drag, a dial to turn."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def compass(browser, app):
    context = browser.new_context(viewport={"width": 1400, "height": 1000}, reduced_motion="reduce")
    yield Visitor(context.new_page()).open(f"{app}/compass")
    context.close()


def test_steps_have_grown_without_a_click(compass):
    assert compass.frame() == 50
    expect(compass.page.get_by_text("100 % of the length")).to_be_visible()
    lengths = compass.page.evaluate(
        """() => {
          const { tracks } = document.querySelector('.trajectory-player').player;
          const ends = tracks.filter(({ column }) => column['series:after']).map(({ column }) => [column.x, column.y]);
          return ends.map(([x, y]) => Math.hypot(x[50] - x[0], y[50] - y[0]));
        }"""
    )
    assert lengths == pytest.approx([0.5, 0.5, 0.5], rel=1e-5)
    assert all(url.startswith((compass.page.url[:20], "data:", "blob:")) for url in compass.requests)


def test_dragging_the_point_moves_everything(compass):
    version = compass.data("version")
    x, y = compass.pixel(-1.0, 1.5)
    compass.page.mouse.move(x, y)
    compass.page.mouse.down()
    compass.page.mouse.move(*compass.pixel(0.5, 2.0), steps=4)
    compass.page.mouse.up()
    compass.wait_for(f"p.version !== '{version}'")
    # While the pointer moves, the point is sent again and again; the last one counts.
    expect(compass.page.locator("input[aria-label='Start x']")).to_have_value(re.compile(r"^0\.(4[789]|5)"))
    expect(compass.page.locator("input[aria-label='Start y']")).to_have_value(re.compile(r"^(1\.9[789]|2)"))
    compass.page.wait_for_url(lambda url: "x=0." in url)


def test_button_turns_the_dial(compass):
    compass.page.get_by_role("button", name="Dial to the best direction").click()
    compass.page.wait_for_url(lambda url: "angle=" in url)
    assert not compass.errors


def test_phone_in_chinese_shows_the_picture_and_nothing_runs_off(visit):
    visitor = visit("compass?lang=中文", width=390, height=844, color_scheme="dark", reduced_motion="reduce")
    expect(visitor.page.get_by_role("heading", name="梯度罗盘")).to_be_visible()
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert visitor.page.locator(".st-key-compass_plane .js-plotly-plot").bounding_box()["y"] < 844
