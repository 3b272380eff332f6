"""One step size in a browser: two planes with one start, and a rate that moves everything."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor

pytestmark = pytest.mark.browser

BASINS = "step_size?surface=Himmelblau&picture=Basins&exact=true&lr_sgd=0.02&x=1&y=-2"


@pytest.fixture(scope="module")
def basins(browser, app):
    context = browser.new_context(viewport={"width": 1400, "height": 1000}, reduced_motion="reduce")
    yield Visitor(context.new_page()).open(f"{app}/{BASINS}")
    context.close()


def test_run_and_basins_are_there_without_a_click(basins):
    assert basins.page.evaluate("document.querySelector('.trajectory-player').player.planes.length") == 2
    expect(basins.page.get_by_text("(3, 2): 26.0 %")).to_be_visible()
    assert all(url.startswith((basins.page.url[:20], "data:", "blob:")) for url in basins.requests)


def test_pixels_of_the_map_lie_where_the_axes_say(basins):
    """From (3, 1) runs end in (3, 2), blue; from (3, -1) none settles, grey. Upside down they would change places."""
    colors = basins.page.evaluate(
        """async () => {
          const image = document.querySelector('.st-key-step_size_map .imagelayer image');
          const picture = new Image();
          picture.src = image.href.baseVal;
          await picture.decode();
          const canvas = document.createElement('canvas');
          const [wide, high] = [canvas.width, canvas.height] = [picture.width, picture.height];
          const pen = canvas.getContext('2d');
          pen.drawImage(picture, 0, 0);
          const view = document.querySelector('.trajectory-player').player.planes[1];
          const { xaxis, yaxis } = view.chart._fullLayout, box = view.root.getBoundingClientRect();
          const shown = image.getBoundingClientRect(), turned = new DOMMatrix(getComputedStyle(image).transform).d < 0;
          return [[3, 1], [3, -1]].map(([x, y]) => {
            const right = (box.left + xaxis._offset + xaxis.d2p(x) - shown.left) / shown.width;
            const down = (box.top + yaxis._offset + yaxis.d2p(y) - shown.top) / shown.height;
            return [...pen.getImageData(right * wide, (turned ? 1 - down : down) * high, 1, 1).data];
          });
        }"""
    )
    (red, _green, blue, _), (low, _middle, high, _) = colors
    assert blue - red > 40, "blue"
    assert high - low < 20, "grey"


def test_click_on_the_basins_moves_the_start(basins):
    version = basins.data("version")
    basins.page.mouse.click(*basins.pixel(3.0, -4.0, plane=1))
    basins.wait_for(f"p.version !== '{version}'")
    basins.page.wait_for_url(lambda url: "y=-" in url and "y=-2" not in url)
    assert basins.number("Start x") == pytest.approx(3.0, abs=0.05)
    assert basins.number("Start y") == pytest.approx(-4.0, abs=0.05)


def test_another_rate_gives_the_sharp_minima_back(basins):
    field = basins.page.get_by_label("SGD", exact=False).locator("visible=true").first
    field.fill("0.012")
    field.press("Enter")
    expect(basins.page.locator(".legendtext").get_by_text("(−3.78, −3.28)")).to_be_visible()
    assert "lr_sgd=0.012" in basins.page.url
    assert not basins.errors


def test_phone_in_chinese_shows_everything_and_nothing_runs_off(visit):
    visitor = visit("step_size?lang=中文", width=390, height=844, color_scheme="dark", reduced_motion="reduce")
    expect(visitor.page.get_by_role("heading", name="一个步长")).to_be_visible()
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert visitor.page.locator(".st-key-step_size_plane .js-plotly-plot").bounding_box()["y"] < 844
