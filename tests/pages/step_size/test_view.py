"""One step size: pictures that follow the rate, limits in words, and answers to bad settings."""

import json
from base64 import b64decode

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import OPTIMIZERS, Goal
from core.analysis.basins import basin_map
from core.analysis.tuning import fine_rates, first_rate, sweep_rates
from pages.step_size.claims import CLAIMS
from surfaces import SURFACES
from tests.pages import charts, link_of, open_page, state_of, unlined

PAGE = "step_size"


@pytest.mark.parametrize("number", range(len(CLAIMS)))
def test_claim_loads_its_experiment_and_its_link_opens_it_again(number):
    app = open_page(PAGE)
    app.button_group(key="load_claim").set_value(number + 1).run()
    assert not app.exception and not app.error and not app.warning
    for key, value in CLAIMS[number].settings.items():
        assert state_of(app)[key] == value
    again = open_page(PAGE, link_of(app))
    assert not again.warning
    assert dict(state_of(again)) == dict(state_of(app))
    assert said(again) == said(app)


def test_a_new_surface_and_a_new_rival_bring_their_rates():
    app = open_page(PAGE, exact=True, lr_sgd=0.5, rival="adam", lr_rival=0.7, x=1.0)
    app.selectbox(key="rival").select("momentum").run()
    assert state_of(app)["lr_sgd"] == 0.5
    assert state_of(app)["lr_rival"] == first_rate(SURFACES["ravine"], OPTIMIZERS["momentum"])
    app.selectbox(key="surface").select("beale").run()
    assert (state_of(app)["x"], state_of(app)["y"]) == SURFACES["beale"].starts[0]
    for key, optimizer in (("lr_sgd", "sgd"), ("lr_rival", "momentum")):
        assert state_of(app)[key] == first_rate(SURFACES["beale"], OPTIMIZERS[optimizer])


def spec(app: AppTest, words: str) -> dict:
    """Return the chart whose name contains these words."""
    return json.loads(next(chart.proto.spec for chart in charts(app) if words in chart.proto.alt))


def traces(app: AppTest, words: str) -> dict:
    return {trace.get("name"): trace for trace in spec(app, words)["data"]}


def said(app: AppTest) -> str:
    return "\n".join(m.value for m in app.markdown)


@pytest.mark.parametrize("surface", SURFACES, ids=lambda s: s.key)
@pytest.mark.parametrize("picture", ["sweep", "basins"])
def test_page_runs_on_every_surface(surface, picture):
    app = open_page(PAGE, picture=picture, steps=60)
    app.selectbox(key="surface").select(surface.key).run()
    assert not app.exception and not app.error
    assert (state_of(app)["x"], state_of(app)["y"]) == surface.starts[0]


def test_sweep_is_one_run_at_every_rate_with_the_limits_marked():
    lines = traces(open_page(PAGE), "Steps to the goal")
    rates = fine_rates(0.0185)
    start = np.array([[-10.0], [1.0]])
    want = sweep_rates("ravine", "sgd", goal=Goal("value below", 1e-4), steps=5000, rates=rates, starts=start)
    sgd = lines["SGD"]
    assert np.frombuffer(b64decode(sgd["y"]["bdata"])) == pytest.approx(want.mean_steps)
    assert lines["2/λ at start and end"]["x"] == pytest.approx([0.02, 0.02]), "one mark for one rate"
    assert "2/λ at the end" not in lines and "2/λ at the start" not in lines
    assert (lines["η"]["x"], lines["η"]["mode"]) == ([0.0185], "markers"), "seen beside the line"
    assert want.rates[want.steps[:, 0] < 5000].max() == pytest.approx(0.02, rel=0.025), "the cliff stands at the limit"


def test_condition_number_moves_the_limit():
    app = open_page(PAGE)
    app.slider(key="ravine_condition").set_value(3.0).run()
    assert not app.exception and not app.error
    assert "0.002" in said(app)
    assert traces(app, "Steps to the goal")["2/λ at start and end"]["x"] == pytest.approx([0.002, 0.002])
    old = open_page(PAGE, {"ravine_log_condition": "3"})
    assert said(old) == said(app) and not old.warning, "as a link said it once"


def test_limits_that_differ_have_a_mark_each():
    lines = traces(open_page(PAGE, {"surface": "Rosenbrock"}, steps=20_000), "Steps to the goal")
    assert lines["2/λ at the end"]["x"] != lines["2/λ at the start"]["x"]


def test_minima_too_sharp_for_the_rate_are_red():
    link = {"surface": "Himmelblau", "exact": "true", "lr_sgd": "0.02"}
    text = said(open_page(PAGE, link))
    assert ":green-badge[:material/check: (3, 2): 0.02431]" in text
    assert ":red-badge[:material/close: (3.58, −1.85): 0.01897]" in text
    text = said(open_page(PAGE, link | {"lr_sgd": "0.01"}))
    assert ":red-badge" not in text.partition("### ")[0]


def test_basins_are_those_of_the_engine():
    link = {"surface": "Himmelblau", "exact": "true", "lr_sgd": "0.02", "picture": "Basins"}
    names = traces(open_page(PAGE, link), "from every start")
    found = basin_map("himmelblau", "sgd", 200, 500, 0.02)
    for share in found.ends.values():
        assert any(name and name.endswith(f": {100 * share:.1f} %") for name in names)


def test_difference_of_two_optimizers():
    link = {"surface": "Himmelblau", "exact": "true", "lr_sgd": "0.01", "picture": "Difference"}
    alone = open_page(PAGE, link)
    assert "Choose a second run" in alone.info[0].value
    two = open_page(PAGE, link | {"rival": "Momentum", "lr_rival": "0.01"})
    assert not two.info
    (share,) = (name for name in traces(two, "end differently") if name and name.startswith("Different end"))
    assert float(share.split()[2]) == pytest.approx(46, abs=1)


def test_second_optimizer_brings_its_rate_and_its_curve():
    app = open_page(PAGE)
    app.selectbox(key="rival").select("adam").run()
    assert not app.exception and not app.error
    assert {"SGD", "Adam"} <= set(traces(app, "Steps to the goal"))
    assert state_of(app)["lr_rival"] == pytest.approx(0.3)
    assert app.slider(key="lr_rival").value == pytest.approx(np.log10(0.3), abs=0.03)
    rows = app.table[0].value.to_dict("records")
    assert [unlined(row["Optimizer"]) for row in rows] == ["SGD", "Adam"]


def test_another_rate_of_the_same_optimizer_runs_beside_it():
    app = open_page(PAGE, {"rival": "SGD", "exact": "true", "lr_rival": "0.001"}, drawer_inspect=True)
    assert not app.exception and not app.error
    rows = app.table[0].value.to_dict("records")
    assert [row["Rate"] for row in rows] == ["0.0185", "0.001"]


def test_line_search_is_offered_on_bowls_only():
    app = open_page(PAGE, line_search=True)
    assert any("Exact line search: goal at step" in c.value for c in app.caption)
    app.selectbox(key="surface").select("himmelblau").run()
    assert not app.exception
    assert "line_search" not in {toggle.key for toggle in app.toggle}


@pytest.mark.parametrize("rate", [0.0, -0.01, 1e6])
def test_rates_beyond_every_limit_get_a_sentence_and_a_picture(rate):
    app = open_page(PAGE, exact=True, picture="basins")
    app.text_input(key="lr_sgd").set_value(str(rate)).run()
    assert not app.exception and not app.error
    assert len(charts(app)) == 5
    words = {0.0: "stands still", -0.01: "climbs", 1e6: "diverged at step"}
    assert words[rate] in said(app) + "".join(c.value for c in app.caption)


def test_surface_without_a_minimum_says_so():
    app = open_page(PAGE)
    app.selectbox(key="surface").select("saddle").run()
    assert not app.exception and not app.error
    assert "no minimum to reach" in app.info[0].value
    assert "no single minimum" in said(app)


def test_step_of_the_player_moves_the_words():
    app = open_page(PAGE, surface="himmelblau", x=0.0, y=0.0, step=20, drawer_inspect=True)
    assert "At step 20 the sharpest curvature is" in said(app)


def test_rate_that_is_no_number_gets_a_sentence():
    app = open_page(PAGE, {"exact": "true", "lr_sgd": "fast"})
    assert "fast" in app.warning[0].value
    assert not app.exception


@pytest.mark.parametrize("drawer", ["drawer_law", "drawer_torch", "drawer_code"])
def test_drawers_show_code(drawer):
    app = open_page(PAGE, **{drawer: True})
    assert not app.exception
    assert app.code


def test_goal_that_no_rate_reaches_is_named():
    app = open_page(PAGE, surface="easom", x=-5.0, y=-5.0)
    assert [w for w in app.warning if w.value.startswith("SGD: none of the rates")]
