"""Momentum in a browser: a click on a diagram sets both sliders, arrows chain, a phone and Chinese."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor

pytestmark = pytest.mark.browser

PLACE = """([key, x, y]) => {
  const players = [...document.querySelectorAll('.trajectory-player')].map(node => node.player);
  const view = players.flatMap(player => player.planes).find(plane => plane.key === key);
  view.root.scrollIntoView({ block: 'center' });
  const { xaxis, yaxis } = view.chart._fullLayout, box = view.root.getBoundingClientRect();
  return [box.left + xaxis._offset + xaxis.d2p(x), box.top + yaxis._offset + yaxis.d2p(y)];
}"""

READY = """() => [...document.querySelectorAll('.trajectory-player')]
  .every(node => node.player.views.every(view => view.ready))"""


@pytest.fixture(scope="module")
def still(browser, app):
    """One window for all tests, with reduced motion: nothing plays by itself."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000}, reduced_motion="reduce")
    yield Visitor(context.new_page()).open(f"{app}/momentum")
    context.close()


def link_holds(url: str, rate: float, beta: float) -> bool:
    """Say whether a link has this rate and beta, to within three pixels and the step of the slider."""
    found = {name: float(value) for name, value in re.findall(r"(lr_everyone|beta)=([^&]+)", url)}
    return (
        len(found) == 2
        and found["lr_everyone"] == pytest.approx(rate, rel=0.06)
        and found["beta"] == pytest.approx(beta, abs=0.015)
    )


def test_first_picture_is_there_without_a_click(still):
    assert still.data("tracks") == "3"
    still.wait_for("p.planes[0].ready && !p.degraded")
    expect(still.page.locator(".st-key-diagram_theory .heatmaplayer image")).to_have_count(1, timeout=20_000)
    expect(still.page.locator(".st-key-diagram_measured .heatmaplayer image")).to_have_count(1)
    assert not still.errors
    assert all(url.startswith((still.page.url[:20], "data:", "blob:")) for url in still.requests)


@pytest.mark.parametrize(("plane", "rate", "beta"), [("diagram_theory", 0.02, 0.6), ("diagram_measured", 0.005, 0.3)])
def test_click_on_a_diagram_sets_rate_and_beta_and_runs_anew(still, plane, rate, beta):
    version = still.data("version")
    still.page.wait_for_function(READY)
    still.page.mouse.click(*still.page.evaluate(PLACE, [plane, rate, beta]))
    still.wait_for(f"p.version !== '{version}'")
    still.page.wait_for_url(lambda url: link_holds(url, rate, beta), timeout=10_000)
    still.page.evaluate("window.scrollTo(0, 0)")


def test_three_arrows_make_the_next_nesterov_step(still):
    chained = still.page.evaluate(
        """() => {
          const player = document.querySelector('.trajectory-player').player;
          const { column } = player.tracks.find(track => track.key === 'nesterov');
          const sum = axis => ['carried', 'downhill', 'correction'].reduce((s, k) => s + column[`${k}:${axis}`][3], 0);
          return [['x', sum('x')], ['y', sum('y')]].map(([axis, s]) => column[axis][4] - column[axis][3] - s);
        }"""
    )
    assert max(map(abs, chained)) < 1e-5
    for label in ("βΔ", "−ηg", "−ηβ(g − g₋₁)"):
        expect(still.page.get_by_role("button", name=label, exact=True)).to_have_attribute("aria-pressed", "true")


def test_phone_in_chinese_begins_with_the_picture(visit):
    visitor = visit("momentum?lang=zh", width=390, height=844, color_scheme="dark", reduced_motion="reduce")
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert visitor.page.locator(".st-key-momentum_plane .js-plotly-plot").bounding_box()["y"] < 844
    expect(visitor.page.get_by_text("动量与 Nesterov").first).to_be_visible()
    assert not visitor.errors
