"""The traps page: every trap shows its numbers, and no setting leaves it without a sentence or a picture."""

import json

import pytest

from pages.traps import measure as traps
from pages.traps.measure import TRAPS
from tests.pages import charts, held, open_page, unlined

PAGE = "pages/traps.py"
TITLES = {t.key: t.title for t in TRAPS} | {"newton": "Newton's method"}


def open_trap(key: str, **session):
    return open_page(PAGE, link={"trap": TITLES[key]}, **session)


def clock(app) -> dict:
    """Return the escape clock: optimizer -> the row of the table."""
    return {unlined(row["Optimizer"]): row for row in app.table[0].value.to_dict("records")}


def texts(app) -> str:
    return "\n".join(element.value for element in (*app.markdown, *app.info, *app.caption))


@pytest.mark.parametrize("key", TITLES)
def test_every_trap_runs_and_switches_back(key):
    app = open_trap(key)
    assert not app.error and not app.warning
    app.button_group(key="trap").set_value("saddle").run()
    assert not app.exception and not app.error
    assert clock(app)["SGD"]["Out at step"] == "367"


def test_choice_of_a_trap_brings_start_steps_field_and_rates():
    app = open_page(PAGE)
    app.slider(key="rate_sgd").set_value(-0.5).run()
    app.button_group(key="trap").set_value("neuron").run()
    state = app.session_state
    assert tuple(held(app, key) for key in ("x", "y", "steps")) == (-6.0, 0.5, 800)
    assert state["field"] == ["sgd", "momentum", "adam"]
    assert "=1$" in app.slider(key="rate_sgd").label
    rows = clock(app)
    assert [rows["SGD"][f"Neuron, {loss}: Out at step"] for loss in ("squared error", "cross-entropy")] == ["569", "12"]


def test_offset_goes_down_to_exactly_zero():
    app = open_page(PAGE, link={"y": "0.0001"})
    assert app.slider(key="offset").value == -4
    app.slider(key="offset").set_value(-2).run()
    assert held(app, "y") == 0.01
    assert clock(app)["SGD"]["Out at step"] == "83"
    app.slider(key="offset").set_value(-17).run()
    assert held(app, "y") == 0
    assert {row["Out at step"] for row in clock(app).values()} == {"not reached"}
    app.text_input(key="sigma").set_value("0.01").run()
    assert int(clock(app)["SGD"]["Out at step"]) < 250, "noise frees it"


def test_saddle_shows_growth_beside_its_theory():
    table = open_page(PAGE).table[1].value
    assert list(table["Optimizer"]) == ["SGD", "Momentum", "Nesterov", "EMA momentum"]
    assert list(table["Measured"]) == list(table["Theory"])
    assert table["Theory"][1] == "1.2000"


def test_race_table_lists_everyone():
    app = open_page(PAGE, drawer_table=True)
    table = app.table[2].value
    assert len(table) == len(traps.race_table())
    assert set(table["y = 0"]) == {"∞"}
    assert table["y = 1e-08"][0] == "367"


def test_noise_drawer_shows_its_seed():
    app = open_page(PAGE, drawer_noise=True, seed=5)
    assert "seeds 5 to 204" in texts(app)
    rows = next(json.loads(c.proto.spec) for c in charts(app) if "traps_noise" in c.proto.id)["data"]
    assert len(rows) == 2, "the median and its band"


def test_wells_are_counted_and_mapped():
    app = open_trap("wells", drawer_maps=True)
    row = app.table[1].value.to_dict("records")[1]
    assert (row["Deep"], row["Rescued"], row["Lost"]) == ("55.9 %", "10.0 %", "6.0 %")
    assert len(charts(app)) == 6


def test_newton_says_on_what_it_ends():
    app = open_trap("newton")
    assert "ends on a **maximum** after 5 steps" in texts(app)
    assert "**63.1 %** end in minima" in texts(app)
    app.selectbox(key="newton_on").select("beale").run()
    assert not app.exception
    assert "ends on a **saddle**" in texts(app)


def test_surface_figures_do_not_depend_on_runs():
    app = open_page(PAGE)
    before = charts(app)[0].proto.spec
    app.text_input(key="x").set_value("0.5").run()
    app.slider(key="rate_adam").set_value(-0.5).run()
    assert charts(app)[0].proto.spec == before


@pytest.mark.parametrize("key", TITLES)
@pytest.mark.parametrize("start", [("1000000", "-1000000"), ("0", "0")])
def test_extreme_starts_run(key, start):
    app = open_page(PAGE, link={"trap": TITLES[key], "x": start[0], "y": start[1]})
    assert not app.exception and not app.error
    assert charts(app)


def test_empty_field_says_what_to_choose():
    app = open_page(PAGE, link={"trap": "Two wells"}, field=[])
    assert any("Choose at least one" in i.value for i in app.info)


@pytest.mark.parametrize(("key", "value"), [("trap", "Hole"), ("sigma", "-1"), ("field", "Wizard"), ("y", "nan")])
def test_bad_link_gets_a_sentence(key, value):
    app = open_page(PAGE, link={key: value})
    assert key in app.warning[0].value
    assert len(charts(app)) >= 3


@pytest.mark.parametrize("drawer", ["drawer_code", "drawer_torch", "drawer_inspect"])
def test_drawers_open(drawer):
    app = open_page(PAGE, **{drawer: True})
    assert app.code or len(app.table) == 3
