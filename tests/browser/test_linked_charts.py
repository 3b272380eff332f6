"""Charts that the player fills: what an earlier run leaves behind there, ticks, arrows, the numbers of the legend."""

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from ui.figures import LEGEND, Curve, curves

pytestmark = pytest.mark.browser

LINKED = (
    "race",
    "compass",
    "microscope",
    "step_size",
    "momentum",
    "traps",
    "coordinates",
    "fine_print",
    "batches",
    "batches?experiment=Escape",
    "batches?experiment=Saddle",
    "schedules",
    "schedules?trial=Steep start",
    "recipes",
    "recipes?part=Clipping",
    "activations?lab=Dead neuron",
)
"""Pages with charts that the player fills, every kind of chart among them."""
RANGES = "p.curves.map(c => ['xaxis', 'yaxis'].map(a => c.chart._fullLayout[a].range.map(Number)))"
DIVERGE = """() => {
  const p = document.querySelector('.trajectory-player').player;
  p.kept = p.tracks;
  p.swap = tracks => {
    p.tracks = tracks; p.chooseVisible(); p.edition += 1; p.refreshAll(); p.requestCurves();
  };
  // Every run but the first ends early, far up.
  const wild = values => values.map((value, i) => i ? 1e6 * Math.abs(value || 1) * 2 ** i : value);
  p.swap(p.tracks.map((track, k) => k === 0 && p.tracks.length > 1 ? track : {
    ...track, failed: true,
    column: Object.fromEntries(Object.entries(track.column).map(
      ([name, values]) => [name, name.startsWith('series:') ? wild(values) : values])),
  }));
}"""


def evaluate(page: Page, expression: str):
    return page.evaluate(
        f"() => {{ const p = document.querySelector('.trajectory-player').player; return {expression} }}"
    )


def assert_legend_is_headed(window: Visitor) -> None:
    """The numbers of the legend, where it has any, have the name that their chart gives them."""
    if not evaluate(window.page, "p.panel.entries.some(({ value }) => !value.hidden)"):
        return
    title = evaluate(window.page, "p.curves[0].chart.querySelector('.gtitle').textContent")
    heading = window.page.locator(".tp-heading").first
    expect(heading).to_be_visible()
    assert heading.inner_text().replace(" ", "") == title.replace(" ", "")


@pytest.mark.parametrize("address", LINKED)
def test_legend_is_headed_and_after_runs_that_diverged_the_ranges_are_those_of_a_cold_page(visit, address):
    join = "&" if "?" in address else "?"
    window = visit(f"{address}{join}lang=中文", reduced_motion="reduce")
    assert_legend_is_headed(window)
    cold = evaluate(window.page, RANGES)
    window.page.evaluate(DIVERGE)
    window.wait_for("p.curves.every(c => c.current)")
    assert evaluate(window.page, RANGES) != cold
    evaluate(window.page, "p.swap(p.kept)")
    window.wait_for("p.curves.every(c => c.current)")
    window.page.wait_for_timeout(200)  # ticks follow a range
    assert np.array(evaluate(window.page, RANGES)) == pytest.approx(np.array(cold))


def test_another_experiment_after_one_that_diverged_shows_what_a_cold_page_shows(visit):
    cold = evaluate(visit("schedules", reduced_motion="reduce").page, RANGES)
    window = visit("schedules?trial=Steep start", reduced_motion="reduce")
    assert evaluate(window.page, "p.tracks.some(track => track.failed)")
    window.page.get_by_role("radio", name="Noisy gradients").click()
    window.wait_for("!p.tracks.some(track => track.failed)", timeout=60_000)
    window.settle()
    window.wait_for("p.curves.length === 3 && p.curves.every(c => c.ready && c.current)")
    window.page.wait_for_timeout(500)
    assert np.array(evaluate(window.page, RANGES)) == pytest.approx(np.array(cold))
    assert window.page.locator(".tp-outcome:visible").all_inner_texts() == []


def test_who_comes_back_is_seen_again(visit):
    window = visit("race", reduced_motion="reduce")
    pill = window.page.get_by_test_id("stSidebar").get_by_role("button", name="SGD", exact=True)
    window.page.locator(".tp-entry", has_text="SGD").first.click()
    assert evaluate(window.page, "[...p.hidden]") == ["sgd"]
    pill.click()
    window.wait_for("!p.tracks.some(track => track.key === 'sgd')")
    pill.click()
    window.wait_for("p.visible.some(track => track.key === 'sgd')")


SEEN = """() => {
  const p = document.querySelector('.trajectory-player').player, view = p.planes[0], ctx = view.contexts.at(-1);
  const { width, height } = ctx.canvas, all = () => ctx.getImageData(0, 0, width, height).data;
  const count = () => {
    view.stale = true;
    view.draw(p.moment);
    return all().filter((part, i) => i % 4 === 3 && part).length;
  };
  const shown = { ...p.arrows }, withArrows = count();
  p.arrows = {};
  const without = count();
  p.arrows = shown;
  view.stale = true;
  view.draw(p.moment);
  return withArrows - without;
}"""


@pytest.mark.parametrize("address", ["race", "race?surface=Bowl", "race?surface=Himmelblau"])
def test_arrows_switched_on_are_seen_at_rest_and_at_the_end(visit, address):
    assert visit(address, reduced_motion="reduce").page.locator(".tp-pill").count() == 0
    join = "&" if "?" in address else "?"
    window = visit(f"{address}{join}arrows=true", reduced_motion="reduce")
    for button in window.page.locator(".tp-pill").all():
        expect(button).to_have_attribute("aria-pressed", "true")
    for frame in ("3", "p.end"):
        evaluate(window.page, f"p.seek({frame})")
        assert window.page.evaluate(SEEN) > 100


TICKS = """[...document.querySelectorAll('.js-plotly-plot')].flatMap(chart => ['x', 'y'].flatMap(letter => {
  const axis = chart._fullLayout[letter + 'axis'];
  if (axis?.type !== 'log' || axis.tickvals) return [];
  const texts = (axis._vals ?? []).map(v => v.text).filter(Boolean);
  return [[axis.range.map(Number), texts, chart.querySelectorAll('.' + letter + 'title').length]];
}))"""


def number(text: str) -> float:
    """Read a tick as a reader does."""
    return float(text.replace("−", "-").replace("<sup>", "e").replace("</sup>", "").replace("10e", "1e"))


def assert_plain(bounds, texts, data=None):
    """Every tick is its whole number: a power of ten, 2 or 5 times one; only within less than that, an even step."""
    low, high = sorted(bounds)
    values = [number(text) for text in texts]
    assert len(values) >= 2 and values == sorted(values), texts
    assert all(low - 0.02 <= np.log10(value) <= high + 0.02 for value in values), (bounds, texts)
    digits = {f"{value:e}"[0] for value in values if f"{value:.0e}" == f"{value:.0e}"}
    marks = [d * 10.0**k for k in range(int(np.floor(low)), int(np.ceil(high)) + 1) for d in (1, 2, 5)]
    first, last = bounds if data is None else data  # an axis is a little longer than what it shows
    if sum(first <= np.log10(mark) <= last for mark in marks) >= 2:
        assert digits <= {"1", "2", "5"}, texts


SPANS = [(1, 9), (1.1, 10.5), (300, 480), (3e-4, 0.02), (1e-8, 1e-6), (2, 2000), (1e-20, 1), (50, 61), (4.2, 9.9)]
SPANS += [(1e-4, 1), (7, 900), (80, 6000), (1e-30, 1e4), (0.45, 0.55), (95, 99), (3, 14), (150, 16000), (6e4, 2e6)]


def test_every_logarithmic_axis_has_plain_ticks(browser):
    page = browser.new_page(viewport={"width": 500, "height": 600})
    for low, high in SPANS:
        values = np.geomspace(low, high, 9)
        figure = curves([Curve(values, values, "name")], "Step", "Value", log_x=True, log_y=True)
        page.set_content(figure.to_html(include_plotlyjs=True))
        page.wait_for_function("document.querySelector('.ytick')")
        for bounds, texts, _title in page.evaluate(TICKS):
            assert_plain(bounds, texts, np.log10([low, high]))
    page.close()


@pytest.mark.parametrize(("low", "high"), SPANS)
def test_ticks_follow_the_player_and_the_zoom(race, low, high):
    race.page.evaluate(
        """range => Plotly.relayout(document.querySelector('.st-key-race_length .js-plotly-plot'),
          { 'yaxis.range': range.map(Math.log10), 'yaxis.autorange': false })""",
        [low, high],
    )
    race.page.wait_for_timeout(300)
    chart = "[document.querySelector('.st-key-race_length .js-plotly-plot')]"
    source = TICKS.replace("[...document.querySelectorAll('.js-plotly-plot')]", chart)
    (bounds, texts, _title) = race.page.evaluate(source)[0]
    assert bounds == pytest.approx(np.log10([low, high]))
    assert_plain(bounds, texts)


@pytest.fixture(scope="module")
def race(browser, app):
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    yield Visitor(context.new_page()).open(f"{app}/race")
    context.close()


def test_a_legend_stays_off_the_curves_when_the_window_grows(browser):
    page = browser.new_page(viewport={"width": 500, "height": 600})
    x = np.arange(5.0)
    rows = [Curve(x, x + k, f"A rather long name {k}") for k in range(6)]
    figure = curves(rows, "Step", "Value")
    assert figure.layout.legend.to_plotly_json() == LEGEND
    page.set_content(figure.to_html(include_plotlyjs=True, config={"responsive": True}))
    page.wait_for_selector(".legend")
    for width in (1500, 640, 900):
        page.set_viewport_size({"width": width, "height": 600})
        page.wait_for_timeout(600)
        legend, top = page.evaluate(
            """() => {
              const chart = document.querySelector('.js-plotly-plot'), box = chart.getBoundingClientRect();
              const legend = chart.querySelector('.legend').getBoundingClientRect();
              return [[legend.top - box.top, legend.bottom - box.top], chart._fullLayout.yaxis._offset];
            }"""
        )
        assert legend[0] >= -1 and legend[1] <= top + 1
    page.close()
