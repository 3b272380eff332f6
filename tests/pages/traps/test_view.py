"""The traps page: every trap shows its numbers, and no setting leaves it without a sentence or a picture."""

import json

import pytest

from pages.traps import measure as traps
from pages.traps.experiments import EXPERIMENTS
from pages.traps.lesson import TRAPS
from tests.pages import charts, link_of, open_page, set_state, state_of, unlined

TITLES = {t.key: t.title for t in EXPERIMENTS} | {"newton": "Newton's method"}


def open_trap(key: str, **session):
    return open_page("traps", trap=key, **session)


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
    app = open_page("traps")
    app.slider(key="lr_sgd").set_value(-0.5).run()
    app.button_group(key="trap").set_value("neuron").run()
    state = state_of(app)
    assert tuple(state[key] for key in ("x", "y", "steps")) == (-6.0, 0.5, 800)
    assert state["field"] == ("sgd", "momentum", "adam")
    assert "=1$" in app.slider(key="lr_sgd").label
    assert set(link_of(app)) == {"trap"}
    rows = clock(app)
    assert [rows["SGD"][f"Neuron, {loss}: Out at step"] for loss in ("squared error", "cross-entropy")] == ["569", "12"]


def test_offset_goes_down_to_exactly_zero():
    app = open_page("traps", link={"y": "0.0001"})
    assert app.slider(key="offset").value == -4
    app.slider(key="offset").set_value(-2).run()
    assert state_of(app)["y"] == 0.01
    assert clock(app)["SGD"]["Out at step"] == "83"
    app.slider(key="offset").set_value(-17).run()
    assert state_of(app)["y"] == 0
    assert {row["Out at step"] for row in clock(app).values()} == {"not reached"}
    app.text_input(key="sigma").set_value("0.01").run()
    assert int(clock(app)["SGD"]["Out at step"]) < 250, "noise frees it"


def test_saddle_shows_growth_beside_its_theory():
    table = open_page("traps").table[1].value
    assert list(table["Optimizer"]) == ["SGD", "Momentum", "Nesterov", "EMA momentum"]
    assert list(table["Measured"]) == list(table["Theory"])
    assert table["Theory"][1] == "1.2000"


def test_race_table_lists_everyone():
    app = open_page("traps", drawer_table=True)
    table = app.table[2].value
    assert len(table) == len(traps.race_table())
    assert set(table["y = 0"]) == {"∞"}
    assert table["y = 1e-08"][0] == "367"


def test_noise_drawer_shows_its_seed():
    app = open_page("traps", drawer_noise=True, seed=5)
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
    app = open_page("traps")
    before = charts(app)[0].proto.spec
    app.text_input(key="x").set_value("0.5").run()
    app.slider(key="lr_adam").set_value(-0.5).run()
    assert charts(app)[0].proto.spec == before


@pytest.mark.parametrize("key", TITLES)
@pytest.mark.parametrize("start", [("1000000", "-1000000"), ("0", "0")])
def test_extreme_starts_run(key, start):
    app = open_page("traps", link={"trap": TITLES[key], "x": start[0], "y": start[1]})
    assert not app.exception and not app.error
    assert charts(app)


def test_empty_field_says_what_to_choose():
    app = open_page("traps", link={"trap": "Two wells", "field": ""})
    assert any("Choose at least one" in i.value for i in app.info)


@pytest.mark.parametrize(("key", "value"), [("trap", "Hole"), ("sigma", "-1"), ("field", "Wizard"), ("y", "nan")])
def test_bad_link_gets_a_sentence(key, value):
    app = open_page("traps", link={key: value})
    assert key in app.warning[0].value
    assert len(charts(app)) >= 3


@pytest.mark.parametrize("drawer", ["drawer_code", "drawer_torch", "drawer_inspect"])
def test_drawers_open(drawer):
    app = open_page("traps", **{drawer: True})
    assert app.code or len(app.table) == 3


def test_older_links_hold_titles_and_exponents():
    state = state_of(open_page("traps", link={"trap": "Two wells", "field": ["SGD", "Adam"], "rate_sgd": "-3"}))
    assert (state["trap"], state["field"], state["lr_sgd"]) == ("wells", ("sgd", "adam"), 0.001)


def test_claim_opens_its_experiment_and_nothing_else():
    app = set_state(open_page("traps"), sigma=0.1, steps=50, field=("adam",))
    number, claim = next(
        (k, c) for k, c in enumerate(TRAPS.claims, start=1) if c.key == "gradient_descent_gets_trapped"
    )
    app.button_group(key="load_claim").set_value(number).run()
    assert not app.exception
    state = state_of(app)
    assert {key: state[key] for key in claim.settings} == claim.settings
    assert (state["sigma"], state["steps"], state["field"]) == (0.0, 800, ("sgd", "momentum", "adam"))


def test_newton_begins_where_its_surface_does():
    app = open_trap("newton", newton_on="beale", x=0.5, y=0.5)
    app.selectbox(key="newton_on").select("camel6").run()
    assert set(link_of(app)) == {"trap", "newton_on"}
    app.button_group(key="trap").set_value("saddle").run()
    state = state_of(app)
    assert (state["x"], state["y"]) == (1.0, 1e-8) and state["newton_on"] == "himmelblau"


def test_last_seed_of_the_noise_has_its_drawer():
    assert "seeds 2147483648 to 2147483847" in texts(open_page("traps", drawer_noise=True, seed=2**31, sigma=0.1))
