"""What only a browser shows: paths over charts, clicks, keys, links, themes."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor

pytestmark = pytest.mark.browser

HEADS = """() => {
  const player = document.querySelector('.trajectory-player').player, view = player.views[0];
  const { xaxis, yaxis } = view.chart._fullLayout;
  return player.tracks.map(track => {
    const frame = Math.min(player.frame, track.frames - 1), points = view.shapes.get(track).points;
    return [points[2 * frame], points[2 * frame + 1],
            xaxis._offset + xaxis.d2p(track.column.x[frame]), yaxis._offset + yaxis.d2p(track.column.y[frame])];
  });
}"""


def misalignment(visitor: Visitor) -> float:
    """Return how many pixels the drawn heads are away from where Plotly's axes put them."""
    visitor.page.wait_for_timeout(500)
    heads = visitor.page.evaluate(HEADS)
    assert heads
    return max(max(abs(x - u), abs(y - v)) for x, y, u, v in heads if abs(u) < 1e4 and abs(v) < 1e4)


def table_of(visitor: Visitor) -> str:
    return visitor.page.locator("table").first.inner_text()


@pytest.fixture(scope="module")
def still(browser, app):
    """One window for the tests that do not care what the others did: reduced motion, so nothing plays by itself."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000}, reduced_motion="reduce")
    yield Visitor(context.new_page()).open(f"{app}/race")
    context.close()


def test_first_picture_is_there_and_moving_without_a_click(visit):
    visitor = visit("race")
    assert visitor.data("tracks") == "8"
    assert visitor.data("playing") == "true"
    visitor.wait_for("p.frame > 20")
    assert not visitor.data("player-degraded")
    assert not visitor.errors
    assert all(url.startswith((visitor.page.url[:20], "data:", "blob:")) for url in visitor.requests)


def test_reduced_motion_shows_the_whole_run(still):
    assert still.data("playing") == "false"
    assert still.frame() == int(still.data("frames")) - 1


def test_heads_lie_where_the_axes_say_through_zoom_and_resize(still):
    assert misalignment(still) < 0.5
    x, y = still.pixel(0.0, 1.0)
    still.page.mouse.move(x, y)
    still.page.mouse.wheel(0, -300)
    assert misalignment(still) < 0.5
    still.page.set_viewport_size({"width": 1100, "height": 900})
    assert misalignment(still) < 0.5
    still.page.set_viewport_size({"width": 1400, "height": 1000})


def test_keys_step_and_leave_inputs_alone(still):
    still.page.evaluate("document.activeElement.blur()")
    still.page.keyboard.press("Home")
    still.wait_for("p.frame === 0")
    still.page.keyboard.press("ArrowRight")
    still.page.keyboard.press("Shift+ArrowRight")
    still.wait_for("p.frame === 11")
    still.page.click("input[aria-label='Start x']")
    still.page.keyboard.press("Home")
    still.page.wait_for_timeout(200)
    assert still.frame() == 11
    still.page.evaluate("document.activeElement.blur()")


def test_resting_player_shows_its_step_in_the_inspector(still):
    still.page.evaluate("document.activeElement.blur()")
    still.page.keyboard.press("Home")
    for _press in range(3):
        still.page.keyboard.press("ArrowRight")
    expect(still.page.get_by_text("step 3: every number of the formula")).to_be_visible(timeout=20_000)


def test_click_in_a_linked_chart_scrubs(still):
    x, y = still.page.evaluate(
        """() => {
          const curve = document.querySelector('.trajectory-player').player.curves[0];
          curve.root.scrollIntoView({ block: 'center' });
          const axis = curve.chart._fullLayout.xaxis, box = curve.root.getBoundingClientRect();
          return [box.left + axis._offset + axis.d2p(150), box.top + box.height / 2];
        }"""
    )
    still.page.mouse.click(x, y)
    still.wait_for("Math.abs(p.frame - 150) <= 2")
    still.page.evaluate("window.scrollTo(0, 0)")


def test_click_moves_the_start_keeps_the_zoom_and_goes_into_the_link(visit):
    visitor = visit("race", reduced_motion="reduce")
    x, y = visitor.pixel(0.0, 1.0)
    visitor.page.mouse.move(x, y)
    visitor.page.mouse.wheel(0, -200)
    visitor.page.wait_for_timeout(600)
    ranges = "() => document.querySelector('.st-key-race_plane .js-plotly-plot')._fullLayout.xaxis.range.join()"
    zoomed, version = visitor.page.evaluate(ranges), visitor.data("version")
    visitor.page.mouse.click(*visitor.pixel(-0.5, 1.5))
    visitor.wait_for(f"p.version !== '{version}'")
    expect(visitor.page.locator("input[aria-label='Start x']")).not_to_have_value("-1.5")
    assert visitor.number("Start x") == pytest.approx(-0.5, abs=0.02)
    assert visitor.number("Start y") == pytest.approx(1.5, abs=0.02)
    assert visitor.page.evaluate(ranges) == zoomed
    visitor.page.wait_for_url(lambda url: "x=-0." in url and "y=1." in url)
    assert not visitor.errors


def test_link_restores_everything(visit):
    query = (
        "race?surface=beale&x=-2&y=2&race=adam&race=AMSGrad&steps=1234&lr_adam=0.05&adam_beta1=0.8&sigma=0.5&seed=7"
        "&schedule=Cosine&lang=中文&fairness=各自设定"
    )
    visitor = visit(query, reduced_motion="reduce")
    assert visitor.data("tracks") == "2"
    assert visitor.data("frames") == str(1234 // 2 + 1)
    assert visitor.number("起点 x") == -2
    for drawer in ("drawer_hyper", "drawer_run"):
        visitor.page.locator(f".st-key-{drawer} summary").click()
        visitor.settle()
    expect(visitor.page.locator(".st-key-seed input")).to_have_value("7")
    inputs = visitor.page.locator("input").evaluate_all("nodes => nodes.map(node => node.value)")
    assert {"Beale", "1234", "0.8", "0.5", "7"} <= set(inputs)
    expect(visitor.page.locator(".st-key-lr_adam")).to_contain_text("0.05")
    expect(visitor.page.get_by_test_id("stAlert")).to_have_count(0)
    visitor.page.reload()
    visitor.page.wait_for_selector(".trajectory-player[data-tracks='2']")
    assert "lr_adam=0.05" in visitor.page.url


def test_experiment_of_a_claim_opens_in_another_window_and_goes_back(visit):
    visitor = visit("race", reduced_motion="reduce")
    table = visitor.page.locator("table").first
    before, text = table_of(visitor), table.text_content()
    visitor.page.locator(".st-key-load_claim").get_by_text("3", exact=True).click()
    visitor.page.wait_for_url("**race?**")
    visitor.settle()
    shown = table_of(visitor)
    assert shown.count("\n") < before.count("\n")
    assert table_of(visit(visitor.page.url.split("/")[-1], reduced_motion="reduce")) == shown
    visitor.page.go_back()
    visitor.page.wait_for_url("**race")
    expect(table).to_have_text(text, timeout=20_000)
    assert not visitor.errors


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("race?lr_adam=nan", "lr_adam"),
        ("race?lr_adam=1e30", "1e30"),
        ("race?x=nan", "numbers from -1000000 to 1000000"),
        ("race?steps=0", "numbers from 1 to 100000"),
        ("race?steps=100001", "100001"),
        ("race?surface=Atlantis", "Atlantis"),
        ("race?race=Adam&race=Wizard", "Wizard"),
        ("race?colour=pink", "which this page does not have"),
        ("race?x=%3Cscript%3Ealert(1)%3C/script%3E", "<script>alert(1)</script>"),
    ],
)
def test_bad_link_gets_one_sentence_and_the_page_stands(visit, query, sentence):
    visitor = visit(query, reduced_motion="reduce")
    alert = visitor.page.get_by_test_id("stAlert")
    expect(alert).to_have_count(1)
    expect(alert).to_contain_text(sentence)
    assert int(visitor.data("tracks")) > 0


def test_start_outside_the_window_runs(visit):
    visitor = visit("race?x=5&y=-3", reduced_motion="reduce")
    assert visitor.data("tracks") == "8"
    assert not visitor.errors


def test_language_switch_keeps_every_choice(visit):
    visitor = visit("race?fairness=Same+rate&surface=beale", reduced_motion="reduce")
    visitor.page.get_by_text("中文").click()
    expect(visitor.page.get_by_text("优化器赛跑").first).to_be_visible(timeout=20_000)
    expect(visitor.page.locator("[aria-checked=true]", has_text="统一取值")).to_be_visible(timeout=20_000)
    assert visitor.page.locator("input[value='Beale']").count() == 1
    expect(visitor.page.get_by_test_id("stAlert")).to_have_count(0)


def test_chinese_browser_gets_chinese(visit):
    visitor = visit("race", locale="zh-CN", reduced_motion="reduce")
    expect(visitor.page.get_by_text("优化器赛跑").first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_phone_has_no_sideways_scroll_and_begins_with_the_picture(visit, scheme):
    visitor = visit("race", width=390, height=844, color_scheme=scheme, reduced_motion="reduce")
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 390
    box = visitor.page.locator(".st-key-race_plane .js-plotly-plot").bounding_box()
    assert box["y"] < 844
    assert not visitor.errors


def test_browser_without_the_internals_gets_whole_paths_and_a_sentence(visit, browser, app):
    context = browser.new_context(viewport={"width": 1400, "height": 1000}, reduced_motion="reduce")
    context.add_init_script(
        "Object.defineProperty(Object.prototype, '_offset',"
        " { get() { return undefined }, set() {}, configurable: true })"
    )
    page = context.new_page()
    page.goto(f"{app}/race")
    expect(page.get_by_text("cannot animate the paths").first).to_be_visible(timeout=60_000)
    context.close()
