"""Planes in a browser: as many pixels to a unit of x as to one of y, whatever the width of the window."""

import pytest

from tests.browser.conftest import Visitor

pytestmark = pytest.mark.browser

PLANES = {
    "compass": "compass?surface=Rosenbrock",
    "ravine": "compass?surface=Ravine",
    "microscope": "microscope?map=Where+convex",
    "step_size": "step_size?surface=Himmelblau&picture=Basins",
    "steep": "step_size?ravine_log_condition=4",
    "momentum": "momentum",
    "coordinates": "coordinates?ground=Ravine&angle=30",
    "recipes": "recipes?part=Clipping",
    "newton": "traps?trap=Newton's+method",
}
SCALES = """() => [...document.querySelectorAll('.js-plotly-plot')].flatMap(chart => {
  const { xaxis, yaxis } = chart._fullLayout;
  if (!yaxis?.scaleanchor) return [];
  const scale = (axis) => axis._length / Math.abs(axis.range[1] - axis.range[0]);
  return [[scale(xaxis), scale(yaxis)]];
})"""


def check_scales(visitor: Visitor, at_least: int) -> list[list[float]]:
    visitor.page.wait_for_timeout(700)  # Streamlit follows a resize after a while
    scales = visitor.page.evaluate(SCALES)
    assert len(scales) >= at_least
    for x, y in scales:
        assert x == pytest.approx(y, rel=0.01)
    return scales


@pytest.mark.parametrize("name", PLANES)
def test_units_are_as_long_across_as_up_at_every_width_and_zoom(app, browser, name):
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    visitor = Visitor(context.new_page()).open(f"{app}/{PLANES[name]}")
    planes = visitor.page.evaluate("document.querySelector('.trajectory-player').player.planes.length")
    check_scales(visitor, planes)
    first = "document.querySelector('.trajectory-player').player.planes[0].chart"
    span = f"(() => {{ const [low, high] = {first}._fullLayout.xaxis.range; return high - low }})()"
    visitor.page.evaluate(f"{first}.scrollIntoView({{ block: 'center' }})")
    box, before = visitor.page.evaluate(f"{first}.getBoundingClientRect().toJSON()"), visitor.page.evaluate(span)
    visitor.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    visitor.page.mouse.wheel(0, -200)
    visitor.page.wait_for_function(f"{span} < {before}")
    for width in (1280, 1920, 390):
        visitor.page.set_viewport_size({"width": width, "height": 900})
        check_scales(visitor, planes)
    context.close()
