"""The player over several planes, over clocks, with arrows, without a plane, with nothing but a plane."""

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor, running_app
from ui.player import player as player_module
from ui.player.player import Arrow, Track, player

pytestmark = pytest.mark.browser

SMALL, LARGE, CARRIED, DOWNHILL = "#0072b2", "#d55e00", "#009e73", "#cc79a7"

HELPERS = """
  window.players = () => [...document.querySelectorAll('.trajectory-player')].map(root => root.player);
  // Where Plotly has a point of the data, and which colour the player's canvas has there.
  window.place = (view, x, y) => {
    const { xaxis, yaxis } = view.chart._fullLayout;
    return [xaxis._offset + xaxis.d2p(x), yaxis._offset + yaxis.d2p(y)];
  };
  window.ink = (view, x, y) => {
    const [px, py] = place(view, x, y), ratio = devicePixelRatio;
    const [r, g, b] = view.contexts.at(-1).getImageData(Math.round(px * ratio), Math.round(py * ratio), 1, 1).data;
    return '#' + [r, g, b].map(part => part.toString(16).padStart(2, '0')).join('');
  };
  window.drawn = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
"""


class Stage(Visitor):
    """A window with three players."""

    def js(self, expression: str):
        """Evaluate with `many`, `curves` and `alone`, the players, after the next frame is drawn."""
        return self.page.evaluate(
            f"async () => {{ await drawn(); const [many, curves, alone] = players(); return {expression} }}"
        )

    def seek(self, frame: int) -> None:
        self.js(f"players().forEach(player => player.seek({frame}))")

    def click(self, view: str, x: float, y: float, **options) -> None:
        """Click on a point of the data."""
        self.page.mouse.click(*self.on_screen(view, x, y), **options)

    def on_screen(self, view: str, x: float, y: float) -> list[float]:
        self.js(f"{view}.root.scrollIntoView({{ block: 'center' }})")
        place, box = f"place({view}, {x}, {y})", f"{view}.root.getBoundingClientRect()"
        return self.js(f"(([x, y], box) => [box.left + x, box.top + y])({place}, {box})")

    def answer(self, act) -> list[float]:
        """Do something that moves the start, and return where Python then has it."""
        version = self.js("many.version")
        act()
        self.wait_for(f"p.version !== '{version}' && !p.wantedStart && !p.dragging")
        return self.js("many.knownStart")


@pytest.fixture(scope="module")
def stage(browser):
    with running_app("tests/browser/player_app.py") as address:
        context = browser.new_context(viewport={"width": 1500, "height": 1300}, reduced_motion="reduce")
        stage = Stage(context.new_page())
        stage.page.add_init_script(HELPERS)
        stage.open(address)
        stage.page.wait_for_function(
            "() => players().length === 3 && players().every(p => p.views.every(v => v.ready))"
        )
        yield stage
        assert stage.errors == []
        context.close()


def head(view: str, key: str, frame: int) -> str:
    """Return JavaScript for the colour where the head of a track must be."""
    column = f"many.tracks.find(track => track.key === '{key}').column"
    return f"ink({view}, {column}.x[{frame}], {column}.y[{frame}])"


def test_a_path_is_drawn_in_its_plane_and_one_without_in_all(stage):
    stage.seek(8)
    left, right = "many.planes[0]", "many.planes[1]"
    assert stage.js(f"[{head(left, 'small', 8)}, {head(right, 'small', 8)}]") == [SMALL, SMALL]
    assert stage.js(f"[{head(left, 'large', 8)}, {head(right, 'large', 8)}]") == ["#000000", LARGE]
    assert stage.js("many.planes.map(view => view.shapes.size)") == [1, 2]


@pytest.mark.parametrize(("plane", "place"), [(0, (2.5, -1.5)), (1, (-2.0, 1.0))])
def test_a_click_in_any_plane_moves_the_start_in_all(stage, plane, place):
    start = stage.answer(lambda: stage.click(f"many.planes[{plane}]", *place))
    assert start == pytest.approx(place, abs=0.05)
    markers = stage.js(
        f"many.planes.map(view => [new DOMMatrix(view.handle.style.transform), place(view, {start[0]}, {start[1]})])"
        ".map(([at, [x, y]]) => Math.hypot(at.e - x, at.f - y))"
    )
    assert max(markers) < 1


def test_the_marker_can_be_dragged_in_the_second_plane(stage):
    mouse = stage.page.mouse

    def drag():
        mouse.move(*stage.on_screen("many.planes[1]", *stage.js("many.start")))
        mouse.down()
        mouse.move(*stage.on_screen("many.planes[1]", -1.0, -2.0), steps=4)
        mouse.up()

    assert stage.answer(drag) == pytest.approx((-1.0, -2.0), abs=0.05)


def test_a_click_leaves_the_legend_in_place_and_changes_its_value(stage):
    stage.seek(0)
    entry = stage.page.query_selector(".tp-entry")
    before = entry.inner_text()
    stage.answer(lambda: stage.click("many.planes[0]", 1.0, 1.2))
    stage.seek(0)
    assert entry.evaluate("node => node.isConnected")
    assert entry.inner_text() != before


def test_a_double_click_resets_the_zoom_and_leaves_the_start(stage):
    width = "(([a, b]) => b - a)(p.planes[0].chart._fullLayout.xaxis.range)"
    stage.page.mouse.move(*stage.on_screen("many.planes[0]", 0, 0))
    stage.page.mouse.wheel(0, -300)
    stage.wait_for(f"{width} < 7.5")
    for x in (-1.5, 0, 1.5):  # on a busy machine the two clicks may come too late to be a double click
        stage.page.wait_for_timeout(600)  # or the last click of before would be the first of the two
        begin = stage.js("many.start")
        stage.page.mouse.dblclick(*stage.on_screen("many.planes[0]", x, 1))
        stage.page.wait_for_timeout(300)
        if stage.js(f"{width.replace('p.', 'many.')} > 7.9"):
            break
    stage.wait_for(f"Math.abs({width} - 8) < 1e-9")
    stage.wait_for(f"[p.start, p.knownStart].every(start => start.join() === {begin}.join())", timeout=3000)


def test_quick_clicks_in_two_places_are_no_double_click(stage):
    stage.page.wait_for_timeout(600)
    places = [stage.on_screen("many.planes[1]", x, -1.5) for x in (1, 2)]
    assert stage.answer(lambda: [stage.page.mouse.click(*place) for place in places]) == pytest.approx(
        (2, -1.5), abs=0.05
    )


def test_arrows_are_drawn_to_scale_head_to_tail(stage):
    stage.answer(lambda: stage.js("many.moveStart([-2.8, 1.8])"))
    stage.seek(1)
    middle = """(column => [0, 1].map(part => {
      const at = axis => column[axis][1] + (part ? column['carried:' + axis][1] : 0)
        + column[['carried:', 'downhill:'][part] + axis][1] / 2;
      return ink(many.planes[1], at('x'), at('y'));
    }))(many.tracks[1].column)"""
    assert stage.js(middle) == [CARRIED, DOWNHILL]
    button = stage.page.get_by_role("button", name="−ηg")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    assert stage.js(middle)[0] == CARRIED
    assert stage.js(middle)[1] != DOWNHILL
    button.click()


def test_short_arrows_are_seen_until_put_away(stage):
    stage.seek(1)
    # 5 px beyond the rim of the head, on the way down: the gradient's arrow is longer than that, the others are off
    beyond = """(column => {
      const view = alone.planes[0], { x, y } = view;
      const [px, py] = place(view, column.x[1], column.y[1]);
      const dx = column['gradient:x'][1] * x.length / x.span, dy = column['gradient:y'][1] * y.length / y.span;
      const reach = 10 / Math.hypot(dx, dy);
      return view.contexts.at(-1).getImageData(Math.round(px + reach * dx), Math.round(py + reach * dy), 1, 1).data[3];
    })(alone.tracks[0].column)"""
    assert stage.js(beyond) > 0
    stage.js("alone.toggleArrow('gradient')")
    assert stage.js(beyond) == 0
    stage.js("alone.toggleArrow('gradient')")


def test_an_arrow_too_short_for_the_browser_keeps_its_direction():
    tiny = np.array([[3e-200, -4e-200], [0.0, 0.0], [np.nan, 1.0], [3e200, 4e200], [3.0, 4.0]])
    columns = player_module._columns(some_track(path=np.zeros((5, 2)), arrows={"momentum": tiny}))
    x, y = (np.float32(columns[f"momentum:{axis}"]) for axis in "xy")
    assert y[0] / x[0] == pytest.approx(-4 / 3)
    assert y[3] / x[3] == pytest.approx(4 / 3)
    assert (x[1], y[1], x[4], y[4]) == (0, 0, 3, 4)
    assert np.isnan(x[2])


def test_heads_stand_where_their_clock_is(stage):
    stage.seek(20)
    heads = stage.js(
        "many.tracks.map((track, i) => ink(many.curves[1], 20 * [1, 16][i], track.column['series:loss'][20]))"
    )
    assert heads == [SMALL, LARGE]
    # each cursor at its own time, none where only the step would be
    assert stage.js("[20, 320, 100].map(time => ink(many.curves[1], time, 5e-3) !== '#000000')") == [True, True, False]
    assert stage.js("many.tracks.map(track => ink(many.curves[0], 20, track.column['series:loss'][20]))") == heads


def test_curves_lie_over_their_clock(stage):
    stage.wait_for("p.curves.every(view => view.current)")
    assert stage.js("many.curves.map(view => view.chart.data.map(trace => trace.x.at(-1)))") == [[40, 40], [40, 640]]
    assert stage.js("many.curves[1].chart.data[0].x[0]") is None  # time 0 is not on a logarithmic axis


@pytest.mark.parametrize(("track", "frame"), [(0, 30), (1, 10)])
def test_a_click_scrubs_along_the_clock_of_the_nearest_curve(stage, track, frame):
    value = stage.js(f"many.tracks[{track}].column['series:loss'][{frame}]")
    stage.click("many.curves[1]", frame * (1, 16)[track], value)
    stage.wait_for(f"p.frame === {frame}")


def test_a_player_without_a_plane_moves_cursor_and_head(stage):
    stage.seek(10)
    assert stage.js("curves.planes.length") == 0
    assert stage.js("ink(curves.curves[0], 0.25, Math.exp(-0.25))") == SMALL
    stage.click("curves.curves[0]", 0.5, np.exp(-0.5))
    assert stage.js("curves.frame") == 20


def test_a_plane_alone_is_enough(stage):
    stage.seek(5)
    column = "alone.tracks[0].column"
    assert stage.js(f"ink(alone.planes[0], {column}.x[5], {column}.y[5])") == SMALL
    assert stage.answer(lambda: stage.click("alone.planes[0]", 1.0, 2.0)) == pytest.approx((1, 2), abs=0.05)


def test_tracks_with_one_key_share_an_entry_of_the_legend(stage):
    entry = stage.page.locator(".st-key-alone .tp-entry")
    assert entry.count() == 1
    assert entry.inner_text() == "Batch 1"  # whose value would it be?
    entry.click()
    assert stage.js("[alone.tracks.length, alone.visible.length]") == [2, 0]
    entry.click()


def test_keys_without_focus_move_the_first_player_alone(stage):
    stage.seek(7)
    stage.page.evaluate("document.activeElement.blur()")
    stage.page.keyboard.press("ArrowRight")
    assert stage.js("[many.frame, curves.frame, alone.frame]") == [8, 7, 7]


def some_track(**changes) -> Track:
    return Track("a", "A", "#000000", (), **{"path": np.zeros((3, 2))} | changes)


@pytest.mark.parametrize(
    ("track", "arrows", "reason"),
    [
        (some_track(plane="elsewhere"), (), "plane elsewhere"),
        (some_track(arrows={"wind": np.zeros((3, 2))}), (), "wind"),
        (some_track(), (Arrow("a", "A", after="b"), Arrow("b", "B")), "comes after b"),
        (some_track(clock={"loss": np.zeros(3)}), (), "without a series"),
        (some_track(path=None), (), "nothing to draw"),
        (some_track(series={"loss": np.zeros(4)}), (), "shape"),
    ],
)
def test_a_name_that_leads_nowhere_is_refused(track, arrows, reason):
    with pytest.raises(ValueError, match=reason):
        player([track], key="k", steps=2, stride=1, plane="here", arrows=arrows)
