"""The themes in a browser: every text has contrast, and everything follows a switch of the theme at once."""

from base64 import b64encode

import pytest

from tests.vision import contrast
from ui.palette import SHADES, shades

TEXTS = """() => {
  const brush = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const parse = (color) => {
    brush.clearRect(0, 0, 1, 1);
    brush.fillStyle = color;
    brush.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = brush.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], ground) => [r, g, b].map((part, k) => a * part + (1 - a) * ground[k]);
  const lineage = (element) => (element ? [...lineage(element.parentElement), element] : []);
  const groundOf = (line) =>
    line.reduce((ground, each) => over(parse(getComputedStyle(each).backgroundColor), ground), [255, 255, 255]);
  const hex = (color) => "#" + color.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("");
  const found = new Map();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    const element = walker.currentNode.parentElement;
    if (!text || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    if (element.closest("style, script, option, [disabled], [aria-disabled=true], .katex-mathml")) continue;
    const range = document.createRange();
    range.selectNodeContents(walker.currentNode);
    const { x, y, width, height } = range.getBoundingClientRect();
    const line = lineage(element);
    // A value above a slider is a child of the knob, but does not lie on it.
    const below = line.filter((each) => {
      const box = each.getBoundingClientRect();
      return box.top <= y + height / 2 && y + height / 2 <= box.bottom && box.left <= x + width / 2;
    });
    const style = getComputedStyle(element);
    const color = parse(element instanceof SVGElement ? style.fill : style.color);
    color[3] *= line.reduce((opacity, each) => opacity * Number(getComputedStyle(each).opacity), 1);
    const ground = groundOf([document.querySelector("[data-testid=stApp]"), ...below]);
    const pair = [hex(over(color, ground)), hex(ground)];
    const icon = Boolean(element.closest("[data-testid=stIconMaterial]"));
    found.set(`${pair} ${icon}`, [...pair, icon, text.slice(0, 40)]);
  }
  return [...found.values()];
}"""
DARK = "[data-testid=stMainMenuItem-theme-Dark]"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", ["race", "fine_print", "batches?lang=中文"])
def test_every_text_has_contrast(visit, page, scheme):
    visitor = visit(page, color_scheme=scheme, reduced_motion="reduce")
    visitor.page.locator(".st-key-drawer_predict summary").click()
    visitor.page.get_by_test_id("stRadio").first.wait_for()
    for radio in visitor.page.get_by_test_id("stRadio").all():
        radio.locator("label").nth(2).click()
        visitor.settle()
    found = visitor.page.evaluate(TEXTS)
    assert len(found) > 8
    assert not [row for row in found if contrast(*row[:2]) < (3 if row[2] else 4.5)]


def test_lines_figures_and_swatches_follow_a_switch_of_the_theme(visit):
    visitor = visit("race", color_scheme="light", reduced_motion="reduce")
    drawn = """() => {
      const p = document.querySelector(".trajectory-player").player;
      const native = document.querySelector(".st-key-race_gap .js-plotly-plot").data.map((trace) => trace.line.color);
      return { player: p.tracks.map((track) => track.color), native };
    }"""
    lane = """() => document.querySelector("[data-testid=stSidebar] img").getBoundingClientRect().toJSON()"""
    names = list(SHADES)[:8]

    def colour_of_first_swatch():
        box = visitor.page.evaluate(lane)
        clip = {"x": box["x"], "y": box["y"] + box["height"] / 2, "width": 8, "height": 1}
        return visitor.page.evaluate(
            """async (png) => {
              const image = new Image();
              image.src = "data:image/png;base64," + png;
              await image.decode();
              const brush = new OffscreenCanvas(8, 1).getContext("2d");
              brush.drawImage(image, 0, 0);
              const [r, g, b] = brush.getImageData(4, 0, 1, 1).data;
              return "#" + [r, g, b].map((part) => part.toString(16).padStart(2, "0")).join("");
            }""",
            b64encode(visitor.page.screenshot(clip=clip)).decode(),
        )

    light = visitor.page.evaluate(drawn)
    assert set(light["player"]) == set(light["native"]) == {shades(name).light for name in names}
    assert colour_of_first_swatch() == shades(names[0]).light
    visitor.page.get_by_test_id("stMainMenu").click()
    visitor.page.click(DARK)
    visitor.page.keyboard.press("Escape")
    visitor.wait_for(f"p.tracks[0].color === '{shades(names[0]).dark}' && p.curves.every(c => c.current)")
    visitor.page.mouse.move(700, 20)
    dark = visitor.page.evaluate(drawn)
    assert set(dark["player"]) == set(dark["native"]) == {shades(name).dark for name in names}
    assert colour_of_first_swatch() == shades(names[0]).dark


@pytest.mark.parametrize("page", ["race", "schedules"])
def test_numbers_of_axes_are_at_least_twelve_pixels(visit, page):
    visitor = visit(page, reduced_motion="reduce")
    sizes = visitor.page.evaluate("""() => [...document.querySelectorAll(".xtick, .ytick")].flatMap((tick) =>
      [...tick.querySelectorAll("text, tspan")].map((part) => parseFloat(getComputedStyle(part).fontSize)))""")
    assert len(sizes) > 20
    assert min(sizes) >= 12
