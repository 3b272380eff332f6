"""The page of recipes: what is drawn is what the core computes, and no setting leaves it without a sentence."""

import json

import numpy as np
import pytest

from pages.recipes import measure as lab
from pages.recipes import view
from pages.recipes.lesson import RECIPES
from tests.pages import charts, link_of, open_page, set_state, state_of, unlined
from tests.pages.schedules.test_view import figure, numbers

PAGE = "recipes"


def table(app, number: int = 0) -> dict:
    """Return a table: recipe -> its row."""
    return {unlined(row["Recipe"]): row for row in app.table[number].value.to_dict("records")}


def test_first_screen_shows_the_taught_numbers():
    rows = table(open_page(PAGE))
    assert rows["Adam 0.1 → SGD 0.002"]["Mean at the end"] == "0.00116 ± 6e-05"
    assert rows["Adam 0.1 → Adam 0.003"]["Mean at the end"] == "0.00154 ± 7e-05"
    assert rows["SGD 0.015 → SGD 0.002"]["Mean below 0.1 at step"] == "198"
    assert rows["Adam 0.1"]["Mean below 0.1 at step"] == "125"


@pytest.mark.parametrize("experiment", lab.EXPERIMENTS, ids=lambda row: row.key)
def test_every_experiment_runs_and_switches_back(experiment):
    app = open_page(PAGE, link={"part": experiment.title})
    assert not app.error and not app.warning
    assert set(table(app)) == {row.title for row in experiment.build()}
    app.button_group(key="part").set_value("hand_over").run()
    assert not app.exception and not app.warning
    assert table(app)["Adam 0.1"]["Mean below 0.1 at step"] == "125"


def test_growing_batches_are_early_and_low():
    rows = table(open_page(PAGE, link={"part": "Batches that change"}))
    assert rows["B = 4 → 16 → 64"]["Mean below 1 at sample"] == rows["B = 4"]["Mean below 1 at sample"] == "72"
    assert rows["B = 64"]["Mean below 1 at sample"] == "1088"


def test_curve_of_decays_is_what_the_core_computes():
    app = open_page(PAGE, link={"part": "Averages"})
    lines = {trace["name"]: trace for trace in figure(app, "recipes_decays")["data"]}
    case, recipes = lab.EXPERIMENTS["averages"].case(), lab.averages()
    x, y = (numbers(lines["Theory"][axis]) for axis in "xy")
    k = int(np.argmin(np.abs(x - 0.01)))
    weight = lab.weights(("ema", 1 - x[k]), 4000)[:, None]
    assert y[k] == pytest.approx(lab.expected(case, 0.15, weight)[0], rel=1e-9)
    mean = lab.repeat(case, lab.pick(recipes, "ema")).mean[-1]
    assert numbers(lines["EMA 0.99"]["y"]) == pytest.approx([mean])
    assert table(app)["EMA 0.99"]["Theory"] == "0.00262"


def test_clipping_says_how_far_the_gradient_turns():
    app = open_page(PAGE, link={"part": "Clipping", "gx": "300", "gy": "0.5"})
    rows = table(app)
    assert rows["SGD 0.5"]["x after it"] == "-107.4"
    held = {name: row["Nearer than 0.05 from step"] for name, row in rows.items()}
    assert held == {"SGD 0.5": "70", "‖g‖ ≤ 1": "35", "‖g‖ ≤ 5": "34", "|gᵢ| ≤ 1": "33", "SGD 0.001": "not reached"}
    assert {name: row["Turned by"] for name, row in table(app, 1).items()} == {
        "‖g‖ ≤ 1": "0.0°",
        "‖g‖ ≤ 5": "0.0°",
        "|gᵢ| ≤ 1": "26.5°",
    }


def test_score_board_is_sorted():
    app = open_page(PAGE, part="board", seeds=20)
    means = [float(row["Mean at the end"].split(" ± ")[0]) for row in table(app).values()]
    assert means == sorted(means)
    names = [trace["y"][0] for trace in figure(app, "recipes_board")["data"]]
    assert names == list(table(app))


def test_numbers_move_the_recipes():
    app = open_page(PAGE)
    app.slider(key="switch").set_value(50).run()
    app.text_input(key="lr_last").set_value("0.004").run()
    recipe = lab.pick(lab.optimizer_switches(2000, 50, lr_last=0.004), "adam_sgd")
    spread = lab.repeat(lab.EXPERIMENTS["hand_over"].case(), recipe)
    assert table(app)[recipe.title]["Mean at the end"].startswith(f"{spread.mean[-1]:.3g} ")


def test_closer_look_shows_the_second_phase_and_its_script():
    app = open_page(PAGE, look="adam_sgd", phase="1", drawer_inspect=True, drawer_torch=True, drawer_code=True)
    assert not app.error
    code = [block.value for block in app.code]
    assert any("torch.optim.SGD" in text and "[500:]" in text for text in code), "the noise goes on"


def test_average_shows_its_own_code():
    app = open_page(PAGE, part="averages", look="tail", drawer_average=True)
    assert any("def tail_average" in block.value for block in app.code)


def test_tail_after_the_end_gets_one_sentence():
    app = open_page(PAGE, link={"part": "Averages", "steps": "50", "begin": "100"})
    assert [w.value for w in app.warning] == ["The tail would begin after the end; it begins at the last step, 50."]
    assert "SWA 50" in table(app)


@pytest.mark.parametrize(
    ("key", "value"),
    [("part", "Hole"), ("sigma", "-1"), ("switch", "101"), ("steps", "9999999"), ("lr_adam", "x"), ("seeds", "1")],
)
def test_bad_link_gets_a_sentence(key, value):
    app = open_page(PAGE, link={key: value})
    assert key in app.warning[0].value
    assert len(charts(app)) == 3


@pytest.mark.parametrize(
    "link",
    [
        {"x": "1000000", "y": "-1000000"},
        {"lr_sgd": "50", "lr_last": "50"},
        {"sigma": "0"},
        {"sigma": "1e6", "steps": "10"},
        {"switch": "0"},
        {"switch": "100"},
        {"part": "Batches that change", "small": "1024", "large": "2", "samples": "4096"},
        {"part": "Averages", "lr_sgd": "3"},
        {"part": "Averages", "sigma": "0", "decay": "0", "longer": "0"},
        {"part": "Clipping", "x": "60"},
        {"part": "Score board", "x": "1e6", "seeds": "2", "steps": "10"},
    ],
)
def test_extreme_settings_run(link):
    app = open_page(PAGE, link=link)
    assert not app.exception and not app.error
    assert table(app)


def test_surface_does_not_depend_on_runs():
    app = open_page(PAGE)
    before = charts(app)[0].proto.spec
    app.text_input(key="x").set_value("0.5").run()
    app.text_input(key="lr_sgd").set_value("0.01").run()
    assert charts(app)[0].proto.spec == before
    assert json.loads(before)["layout"]


def test_files_are_offered():
    for part in ("hand_over", "board"):
        assert len(open_page(PAGE, part=part, seeds=10).get("download_button")) == 2


def test_another_experiment_brings_everything_it_begins_with():
    app = open_page(PAGE, switch=50, lr_sgd=0.01, steps=1000, ravine_condition=50.0, sigma=0.5, seed=3, goal=1.0, x=1.0)
    app.button_group(key="part").set_value("batches").run()
    assert state_of(app).changed == {"part": "batches"} and list(link_of(app)) == ["part"]
    assert app.text_input(key="sigma").label == "Gradient noise of one sample"
    assert (app.text_input(key="ravine_condition").value, app.text_input(key="lr_sgd").value) == ("10", "0.1")
    assert table(app) == table(open_page(PAGE, part="batches"))


@pytest.mark.parametrize("number", range(1, len(RECIPES.claims) + 1))
def test_button_of_a_claim_opens_its_experiment_and_nothing_else(number):
    app = open_page(PAGE, part="batches", seeds=20, look="large")
    app.button_group(key="load_claim").set_value(number).run()
    assert not app.exception and not app.error and not app.warning
    assert dict(state_of(app)) == dict(RECIPES.state_of(RECIPES.claims[number - 1]))


def test_recorded_board_is_the_measured_one():
    own = lab.EXPERIMENTS["board"]
    measured, shown = lab.scores(own.case(), own.build()), view.scores_of(own.case(), own.build())
    assert [one.recipe for one in shown] == [one.recipe for one in measured]
    for one, other in zip(shown, measured, strict=True):
        assert (one.factor, one.mean, one.error) == pytest.approx(other[1:], rel=1e-6)


def test_board_as_the_page_opens_it_is_recorded_and_another_is_measured(monkeypatch):
    asked = []
    monkeypatch.setattr(view.lab, "scores", lambda case, recipes: asked.append(case) or ())
    opened = open_page(PAGE, part="board")
    assert not asked and len(table(opened)) == len(lab.board())
    view.scores_of(lab.EXPERIMENTS["board"].case(seed=1), lab.board())
    view.scores_of(lab.EXPERIMENTS["board"].case(), lab.board(1000))
    assert len(asked) == 2


def test_phase_that_a_recipe_does_not_have_is_its_first():
    app = open_page(PAGE, part="batches", look="falling", phase="2", drawer_torch=True)
    assert app.selectbox(key="phase").value == "2"
    app.text_input(key="lr_sgd").set_value("0.05").run()
    assert app.selectbox(key="phase").value == "2"
    app.selectbox(key="look").select("growing").run()
    assert not app.exception and not [box for box in app.selectbox if box.key == "phase"]
    app = set_state(open_page(PAGE, look="adam_sgd", phase="1"), switch=100)
    assert not app.exception and not [box for box in app.selectbox if box.key == "phase"]


def test_older_links_name_recipes_and_phases_by_their_titles():
    app = open_page(PAGE, link={"part": "Hand-over", "look": "Adam 0.1 → SGD 0.002", "leg": "2: SGD 0.002"})
    assert not app.warning
    assert state_of(app).changed == {"look": "adam_sgd", "phase": "1"}


def test_noise_is_refused_where_there_is_none():
    app = open_page(PAGE, link={"part": "clipping", "sigma": "1"})
    assert "`sigma` = `1`" in app.warning[0].value
    assert table(app)["SGD 0.5"]["x after it"] == "-107.4"
