"""A rate per coordinate: what is special to the page, its tables against the laboratory, bad input."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from core import descend
from pages.coordinates import measure as lab
from tests.pages import charts, link_of, open_page, state_of, unlined

PAGE = "coordinates"


def rows(app: AppTest, number: int) -> dict[str, dict]:
    """Return a table: name of the method -> column -> text."""
    found = app.table[number].value.to_dict("records")
    return {unlined(next(iter(row.values()))): row for row in found}


@pytest.fixture(scope="module")
def page() -> AppTest:
    """The page as it opens, for tests that only look."""
    return open_page(PAGE)


def test_page_runs_on_every_ground_from_its_start():
    app = open_page(PAGE)
    for ground in lab.GROUNDS.values():
        app.button_group(key="ground").set_value(ground.key).run()
        assert not app.exception and not app.error and not app.warning
        assert (state_of(app)["x"], state_of(app)["y"]) == ground.surface.starts[0]
        assert len(charts(app)) == 10


def test_table_says_what_the_runs_say(page):
    row = rows(page, 0)["RMSprop"]
    assert row["First step, in rates"] == "10"
    rate = descend(lab.SLOPE, "rmsprop", (0.0, 0.0), 300, 0.1).explained()["rate"]
    assert row["Rate of x: first → last"] == f"{rate[0, 0]:.3g} → {rate[-1, 0]:.3g}"


def test_turning_the_ravine_turns_its_start():
    app = open_page(PAGE)
    app.button_group(key="ground").set_value("ravine").run()
    app.slider(key="angle").set_value(45.0).run()
    assert not app.exception
    assert (state_of(app)["x"], state_of(app)["y"]) == pytest.approx(lab.turned_start(45.0), abs=1e-3)
    assert rows(app, 0)["SGD"]["Rate"] == "0.0198"
    app.button_group(key="ground").set_value("booth").run()
    assert (state_of(app)["x"], state_of(app)["y"]) == lab.GROUNDS["booth"].surface.starts[0]
    assert set(link_of(app)) == {"ground"}, "what belongs to the ravine stays behind"


def test_link_restores_ground_angle_and_methods():
    app = open_page(PAGE, link={"ground": "Ravine", "angle": "30", "methods": "Adam", "rate_adam": "-2"})
    assert not app.warning
    assert list(rows(app, 0)) == ["Adam"]
    assert rows(app, 0)["Adam"]["Rate"] == "0.01"
    assert state_of(app)["x"] == pytest.approx(lab.turned_start(30.0)[0], abs=1e-3)


def test_hyper_parameters_are_those_of_the_method_that_is_looked_at():
    app = open_page(PAGE, drawer_hyper=True, adjust="rmsprop")
    before = rows(app, 0)["RMSprop"]["First step, in rates"]
    app.text_input(key="rmsprop_alpha").set_value("0.9").run()
    assert (before, rows(app, 0)["RMSprop"]["First step, in rates"]) == ("10", "3.16")
    assert not [box for box in app.text_input if box.key.startswith("adam_")]
    app = open_page(PAGE, methods=("sgd", "adam"), drawer_hyper=True, adjust="rmsprop")
    assert app.text_input(key="sgd_weight_decay") and not app.exception


def test_noise_of_the_ground_gives_way_to_one_that_is_set():
    app = open_page(PAGE, ground="noisy", drawer_run=True)
    assert app.text_input(key="sigma").value == "1"
    app.text_input(key="sigma").set_value("0").run()
    assert link_of(app)["sigma"] == "0", "what differs from the default of the ground is in the link"
    app.button_group(key="ground").set_value("bowl").run()
    assert "sigma" not in link_of(app)


def test_bad_links_get_a_sentence_each():
    link = {"ground": "Moon", "methods": "Wizard", "rare_seed": "-3", "robust": "Atlantis", "x": "nan"}
    app = open_page(PAGE, link=link)
    assert len(app.warning) == len(link)
    for word in link.values():
        assert any(word in w.value for w in app.warning), word
    assert rows(app, 0)


def test_no_method_says_what_to_choose():
    app = open_page(PAGE, methods=[])
    assert not app.exception
    assert any("Choose at least one" in i.value for i in app.info)


def test_diverged_run_says_at_which_step():
    app = open_page(PAGE)
    app.button_group(key="ground").set_value("ravine").run()
    app.slider(key="lr_sgd").set_value(-1.0).run()
    assert rows(app, 0)["SGD"]["Outcome"].startswith("diverged at step")


def test_tables_of_the_laboratory(page):
    assert rows(page, 1)["Adam"]["Rosenbrock"] == "3.00"
    assert rows(page, 1)["Rprop"]["Beale"] == "≥ 9.25"
    mean, error = lab.mean_and_error(lab.rare_feature("adam", 0.01, 0).arrived)
    assert rows(page, 2)["Adam"]["Steps until it is right to 0.3"] == f"{mean:.0f} ± {error:.0f}"
    assert float(rows(page, 3)["Rprop"]["Where it ends: mean ± standard error"].split(" ±")[0]) < -5e4


def test_other_seed_gives_other_draws():
    app = open_page(PAGE)
    before = rows(app, 3)
    app.text_input(key="skew_seed").set_value("100").run()
    assert rows(app, 3) != before


@pytest.mark.parametrize("ground", ["slope", "noisy"])
def test_open_drawers_show_the_code(ground):
    app = open_page(PAGE, drawer_code=True, drawer_torch=True, ground=ground)
    assert "def step(x, g" in app.code[0].value
    assert "torch.optim.Adam" in app.code[1].value


def test_figure_against_the_angle_shows_the_laboratory(page):
    figure = next(c for c in charts(page) if "against its angle" in c.proto.alt)
    names = [trace["name"] for trace in json.loads(figure.proto.spec)["data"]]
    assert names == ["SGD", "Adagrad", "RMSprop", "Adadelta", "Adam"]
