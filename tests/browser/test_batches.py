"""Noise and batch size in a browser: planes side by side under one player, three time axes, a file of one's own."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def race(browser, app):
    context = browser.new_context(viewport={"width": 1400, "height": 1000}, reduced_motion="reduce")
    yield Visitor(context.new_page()).open(f"{app}/batches")
    context.close()


def test_three_sizes_stand_side_by_side_without_a_click(race):
    boxes = [race.page.locator(f".st-key-batches_plane_{k}").bounding_box() for k in range(3)]
    assert len({round(box["y"]) for box in boxes}) == 1
    assert boxes[0]["y"] + boxes[0]["height"] < 1000
    expect(race.page.get_by_text("Sample 2560 of 2560")).to_be_visible()
    assert all(url.startswith((race.page.url[:20], "data:", "blob:")) for url in race.requests)


def test_one_player_moves_all_planes_at_the_moment_of_one_time_axis(race):
    race.page.get_by_role("button", name="To start").click()
    race.page.keyboard.press("ArrowRight")
    places = race.page.evaluate(
        """() => {
          const p = document.querySelector('.trajectory-player').player;
          return p.visible.map((track) => [track.plane, track.column['clock:updates'][p.frame]]);
        }"""
    )
    assert [plane for plane, _updates in places] == [f"batches_plane_{k}" for k in range(3)]
    small, middle, full = (updates for _plane, updates in places)
    assert small > middle == full == 0, "a frame is three samples: three single updates, and no batch of 16 yet"


def test_click_on_a_plane_moves_the_start_of_all(race):
    version = race.data("version")
    race.page.mouse.click(*race.pixel(1.0, 3.0, plane=2))
    race.wait_for(f"p.version !== '{version}'")
    assert race.number("Start x") == pytest.approx(1.0, abs=0.1)
    assert race.number("Start y") == pytest.approx(3.0, abs=0.1)
    race.page.wait_for_url(lambda url: "x=" in url and "y=" in url)


def test_own_file_is_used_and_a_bad_one_leaves_it(race):
    race.page.get_by_text("Data: drawn or your own").click()
    chooser = race.page.locator("input[type=file]")
    rows = "\n".join(f"{k / 10},{k / 5 + 1}" for k in range(40))
    chooser.set_input_files({"name": "mine.csv", "mimeType": "text/csv", "buffer": rows.encode()})
    expect(race.page.get_by_text("40 rows of your own")).to_be_visible()
    chooser.set_input_files({"name": "bad.csv", "mimeType": "text/csv", "buffer": b"1,2\n3,four\n"})
    expect(race.page.get_by_text("Line 2, column 2: “four” is not a number.")).to_be_visible()
    expect(race.page.get_by_text("40 rows of your own")).to_be_visible()
    race.page.wait_for_url(lambda url: "own=true" in url)
    race.page.go_back()
    expect(race.page.get_by_text("40 rows of your own")).to_have_count(0)
    assert not race.errors


def test_phone_in_chinese_shows_everything_and_nothing_runs_off(visit):
    visitor = visit("batches?lang=中文", width=390, height=844, color_scheme="dark", reduced_motion="reduce")
    expect(visitor.page.get_by_role("heading", name="噪声与批量大小")).to_be_visible()
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert visitor.page.locator(".st-key-batches_plane_0 .js-plotly-plot").bounding_box()["y"] < 844
