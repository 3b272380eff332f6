"""On every page at 1280 x 900, in both languages, and after the window has grown: no text is cut or covered."""

from collections.abc import Iterator

import pytest

from pages import LESSONS
from tests.browser.conftest import Visitor

pytestmark = pytest.mark.browser

CUT = """() => {
  const found = [];
  const seen = (node) => node.getClientRects().length > 0 && getComputedStyle(node).visibility !== "hidden";
  const place = (node) => node.closest("[class*=st-key-]")?.className.match(/st-key-[^ ]+/)?.[0] ?? node.tagName;
  const textOf = (node) => (node.textContent || node.value || "").trim();
  const say = (what, node) => found.push(`${what}: ${textOf(node).slice(0, 60)} (${place(node)})`);
  const overlap = (a, b) =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
  for (const node of document.querySelectorAll("body *")) {
    if (!seen(node) || node.closest("header, svg, .katex, .modebar")) continue;
    const style = getComputedStyle(node);
    const excess = node.scrollWidth - node.clientWidth;
    const hides = ["hidden", "clip"].includes(style.overflowX) || style.textOverflow === "ellipsis";
    if ((hides || node.tagName === "INPUT") && node.clientWidth > 1 && excess > 1 && textOf(node)) say("cut", node);
    const scrolls = ["auto", "scroll"].includes(style.overflowX) && !node.closest("pre");
    if (scrolls && excess > (node.matches(".dvn-scroller") ? 20 : 4)) say("partly out of sight", node);
  }
  for (const chart of document.querySelectorAll(".js-plotly-plot")) {
    if (!chart.offsetWidth || !chart._fullLayout) continue;
    const box = chart.querySelector(".svg-container").getBoundingClientRect();
    const all = (selector) => [...chart.querySelectorAll(selector)].filter((node) => seen(node) && textOf(node));
    const boxOf = (node) => node.getBoundingClientRect();
    const meets = (node, others) => others.some((other) => overlap(boxOf(node), boxOf(other)));
    for (const text of all(".main-svg text")) {
      const { left, right, top, bottom } = boxOf(text);
      const out = left < box.left - 1 || right > box.right + 1 || top < box.top - 2 || bottom > box.bottom + 2;
      if (right > left && out && !text.closest(".hoverlayer")) say("outside its chart", text);
    }
    const plots = Object.values(chart._fullLayout._plots ?? {}).map(({ xaxis, yaxis }) => ({
      left: box.left + xaxis._offset,
      right: box.left + xaxis._offset + xaxis._length,
      top: box.top + yaxis._offset,
      bottom: box.top + yaxis._offset + yaxis._length,
    }));
    for (const node of all(".legend, .gtitle"))
      if (plots.some((plot) => overlap(boxOf(node), plot))) say("over the curves", node);
    for (const title of all(".gtitle")) if (meets(title, all(".legend"))) say("under the legend", title);
    for (const title of all(".xtitle, .ytitle"))
      if (meets(title, all(".xtick text, .ytick text"))) say("in the ticks", title);
    for (const name of ["xtick", "ytick"])
      for (const layer of chart.querySelectorAll(`.${name}`)) {
        const next = layer.nextElementSibling;
        if (next?.matches(`.${name}`) && seen(layer) && meets(layer, [next])) say("on its neighbour", next);
      }
  }
  return [...new Set(found)];
}"""

INSIDE = {
    "traps": ("trap", "wells", "newton"),
    "schedules": ("trial", "steep", "wells"),
    "recipes": ("part", "batches", "averages", "clipping", "board"),
    "batches": ("experiment", "cloud", "ball", "escape", "saddle", "grid"),
    "activations": ("lab", "statistics", "chain", "neuron", "learned"),
    "step_size": ("picture", "basins", "difference"),
}
"""The pages within a page: the key of the choice, and what there is beside the first."""
ADDRESSES = list(LESSONS) + [f"{page}?{key}={name}" for page, (key, *names) in INSIDE.items() for name in names]
VISITS = [(address, ("en", "zh")[k % 2]) for k, address in enumerate(ADDRESSES)]
"""Each in one language, every other in Chinese."""


def settled(window: Visitor) -> list[str]:
    """Return what is cut once every chart has been drawn."""
    window.settle()
    window.page.wait_for_function("document.querySelector('[data-testid=stSkeleton]') === null", timeout=60_000)
    window.page.wait_for_timeout(1000)
    return window.page.evaluate(CUT)


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_view_is_there(address):
    key, _, choice = address.partition("?")
    name, _, value = choice.partition("=")
    assert not choice or value in LESSONS[key].controls[name].choices(LESSONS[key].controls.state({}))


@pytest.fixture(scope="module")
def window(browser, app) -> Iterator[Visitor]:
    """One window for all: from the second page on it has the program at hand."""
    context = browser.new_context(reduced_motion="reduce")
    yield Visitor(context.new_page())
    context.close()


@pytest.mark.parametrize(("address", "language"), VISITS)
def test_nothing_is_cut(window, app, address, language):
    """A whole page is looked at once more in a window that has grown."""
    joint = "&" if "?" in address else "?"
    window.page.set_viewport_size({"width": 1280, "height": 900})
    window.open(f"{app}/{address}{joint}lang={language}", player=False)
    assert settled(window) == []
    if address in LESSONS:
        window.page.set_viewport_size({"width": 1700, "height": 900})
        assert settled(window) == []
