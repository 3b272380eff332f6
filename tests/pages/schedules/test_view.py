"""The schedules page: what is drawn is what the core computes, and no setting leaves it without a sentence."""

import json
from base64 import b64decode

import numpy as np
import pytest

from core.analysis import schedule_trials as lab
from core.optimizers import ALL_OPTIMIZERS
from core.schedules import drawn_schedule, rates
from pages.schedules.lesson import SCHEDULES
from teaching.language import translated
from tests.pages import charts, link_of, open_page, set_state, state_of, unlined

PAGE = "schedules"
TITLES = {row.key: row.title for row in lab.VARIANTS}


def figure(app, key: str) -> dict:
    return json.loads(next(c.proto.spec for c in charts(app) if c.proto.id.endswith(key)))


def numbers(values) -> np.ndarray:
    """Return an array as Plotly writes it: a list, or bytes with their type."""
    return np.frombuffer(b64decode(values["bdata"]), values["dtype"]) if isinstance(values, dict) else np.array(values)


def table(app) -> dict:
    """Return the table of results: schedule -> its row."""
    return {unlined(row["Schedule"]): row for row in app.table[0].value.to_dict("records")}


def texts(app) -> str:
    return "\n".join(element.value for element in (*app.markdown, *app.caption))


def test_first_screen_shows_the_taught_numbers():
    app = open_page(PAGE)
    rows = table(app)
    assert list(rows) == [TITLES[key] for key in lab.TRIALS[0].variants]
    assert rows["Constant"]["Mean at the end"] == "0.18 ± 0.01"
    assert rows["Constant"]["Theory"] == "0.191"
    assert rows["Time-based"]["Mean below 0.05 at step"] == "73"
    assert "seeds 0 to 399" in texts(app)


def test_chart_of_means_is_what_the_core_computes():
    app = open_page(PAGE)
    found = figure(app, "schedules_means")
    lines = {trace["name"]: trace for trace in found["data"] if "name" in trace}
    at = numbers(lines["Cosine"]["x"])
    spread = lab.measured_in("noise", "cosine")
    assert numbers(lines["Cosine"]["y"]) == pytest.approx(spread.mean[at], rel=1e-12)
    expected = lab.expected(lab.TRIALS[0].case(), 0.15, lab.plan("cosine"))
    assert numbers(lines["Theory: Cosine"]["y"]) == pytest.approx(expected[at], rel=1e-12)
    assert found["layout"]["shapes"][0]["y0"] == pytest.approx(0.1905, abs=5e-5)


def test_histogram_holds_all_runs():
    ends = figure(open_page(PAGE), "schedules_ends")["data"]
    assert [numbers(trace["y"]).sum() / 2 for trace in ends] == pytest.approx([1.0] * 6)


@pytest.mark.parametrize("trial", lab.TRIALS, ids=lambda trial: trial.key)
def test_every_trial_runs_and_switches_back(trial):
    app = open_page(PAGE, link={"trial": trial.title})
    assert not app.error and not app.warning
    assert list(table(app)) == [TITLES[key] for key in trial.variants]
    app.button_group(key="trial").set_value("noise").run()
    assert not app.exception and not app.warning
    assert table(app)["Multi-step"]["Mean below 0.05 at step"] == "508"


def test_steep_start_needs_its_warm_up():
    app = open_page(PAGE, link={"trial": "Steep start"})
    rows = table(app)
    assert (rows["Constant"]["Diverged"], rows["Warm-up"]["Below 0.001 at step"]) == ("1 / 1", "182")
    assert "2092.2 at the start and 1001.6 at the minimum" in texts(app)
    goal = figure(app, "schedules_goal")["data"][0]
    assert numbers(goal["y"])[numbers(goal["x"]) == 50] == 182


def test_two_wells_count_the_escaped():
    rows = table(open_page(PAGE, link={"trial": "Two wells"}))
    for name, key in (("Cosine with restarts", "cosine_restarts"), ("Short cosine", "short_cosine")):
        spread = lab.measured_in("wells", key)
        shown = f"{100 * spread.crossed[-1]:.3g} ± {100 * spread.crossed_error[-1]:.1g}"
        assert rows[name]["Escaped (%)"] == shown
    assert float(rows["Cosine with restarts"]["Escaped (%)"].split()[0]) > 40


def test_every_schedule_at_once():
    app = open_page(PAGE, link={"schedules": list(TITLES.values())}, drawer_torch=True, drawer_code=True)
    assert not app.error and not app.warning
    assert list(table(app)) == list(TITLES.values())
    twins = next(block.value for block in app.code if "# Cosine\n" in block.value)
    assert twins.count("scheduler = ") == len(TITLES)
    assert "When the plateau rule drops the rate" in texts(app)


def test_tuned_rates_are_the_best_of_the_grid():
    app = open_page(PAGE, link={"rule": "Tuned"})
    rows = table(app)
    assert {name: row["Base rate"] for name, row in rows.items()}["Exponential"] == "0.05"
    assert rows["Constant"]["Base rate"] == "0.005"
    sweep = figure(app, "schedules_sweeps")["data"][0]
    assert tuple(numbers(sweep["x"])) == lab.TRIALS[0].grid


def test_drawn_schedule_follows_its_sliders():
    app = open_page(PAGE, link={"schedules": ["Drawn"]}, drawer_settings=True)
    app.slider(key="drawn_0").set_value(0.5).run()
    points = ((0.0, 0.5), (0.2, 1.0), (0.4, 1.0), (0.6, 0.3), (0.8, 0.1), (1.0, 0.0))
    total = 0.15 * rates(drawn_schedule(points), 1000).sum()
    assert table(app)["Drawn"]["Sum of rates"] == f"{total:.4g}"
    linked = open_page(PAGE, link={"schedules": ["Drawn"], "drawn_0": "0.5"})
    assert table(linked) == table(app)


def test_warm_up_longer_than_the_run_gets_one_sentence():
    app = open_page(PAGE, link={"schedules": ["Constant", "Cosine"], "cosine_warm_up": "1200"})
    assert [w.value for w in app.warning] == [
        "Cosine is left out: a warm-up of 1200 steps is longer than the run of 1000."
    ]
    assert list(table(app)) == ["Constant"]


def test_contradictory_knobs_get_a_sentence():
    app = open_page(PAGE, link={"schedules": ["Constant", "Multi-step"], "multi_step_first": "0.9"})
    assert "Multi-step is left out: second: got 0.75" in app.warning[0].value
    assert list(table(app)) == ["Constant"]


def test_no_schedule_says_what_to_choose():
    app = open_page(PAGE, link={"trial": "Two wells"}, schedules=[])
    assert any("Choose at least one" in i.value for i in app.info)
    assert charts(app)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("trial", "Hole"),
        ("sigma", "-1"),
        ("schedules", "Magic"),
        ("steps", "9999999"),
        ("drawn_0", "7"),
        ("seeds", "1"),
    ],
)
def test_bad_link_gets_a_sentence(key, value):
    app = open_page(PAGE, link={key: value})
    assert key in app.warning[0].value
    assert len(charts(app)) >= 4


@pytest.mark.parametrize(
    "link",
    [
        {"x": "1000000", "y": "-1000000"},
        {"lr_sgd": "50"},
        {"lr_sgd": "0"},
        {"sigma": "1e6"},
        {"sigma": "0"},
        {"steps": "1"},
    ],
)
def test_extreme_settings_run(link):
    app = open_page(PAGE, link=link)
    assert not app.exception and not app.error
    assert len(table(app)) == 6


def test_surface_does_not_depend_on_runs():
    app = open_page(PAGE)
    before = charts(app)[0].proto.spec
    app.text_input(key="x").set_value("0.5").run()
    app.slider(key="lr_sgd").set_value(-1.5).run()
    assert charts(app)[0].proto.spec == before


def test_files_hold_runs_and_figure():
    app = open_page(PAGE, link={"schedules": ["Constant", "Reduce on plateau"]})
    assert json.loads(charts(app)[0].proto.spec)["layout"]
    assert len(app.get("download_button")) == 2


def test_another_trial_brings_everything_it_begins_with():
    app = open_page(PAGE, lr_sgd=0.01, sigma=2.0, cosine_warm_up=10, goal=0.1, seeds=20, drawn_20=0.5)
    app.button_group(key="trial").set_value("wells").run()
    assert state_of(app).changed == {"trial": "wells"} and list(link_of(app)) == ["trial"]
    assert table(app) == table(open_page(PAGE, link={"trial": "wells"}))
    assert state_of(app)["seed"] == 5 and state_of(app)["cosine_restarts_period"] == 300
    app.button_group(key="trial").set_value("noise").run()
    assert state_of(app).changed == {} and not link_of(app)


def test_an_optimizer_brings_its_rate():
    app = open_page(PAGE, trial="steep")
    assert app.slider(key="lr_momentum").label.endswith("=0.003$")
    app.selectbox(key="optimizer").select("sgd").run()
    assert state_of(app)["lr_sgd"] == lab.TRIALS["steep"].first_rate(ALL_OPTIMIZERS["sgd"])
    assert not app.exception and list(table(app)) == [TITLES[key] for key in lab.TRIALS["steep"].variants]


@pytest.mark.parametrize("number", range(1, len(SCHEDULES.claims) + 1))
def test_button_of_a_claim_opens_its_experiment_and_nothing_else(number):
    app = open_page(PAGE, trial="wells", seeds=20, look="cosine")
    app.button_group(key="load_claim").set_value(number).run()
    assert not app.exception and not app.error and not app.warning
    claim = SCHEDULES.claims[number - 1]
    assert dict(state_of(app)) == dict(SCHEDULES.state_of(claim))
    assert list(table(app)) == [TITLES[key] for key in claim.settings["schedules"]]


def test_settings_of_one_schedule_are_shown_and_those_of_all_count():
    app = open_page(PAGE, drawer_settings=True, schedules=["constant", "step", "cosine"], cosine_length=300)
    assert app.text_input(key="step_period").value == "200"
    total = float(table(app)["Cosine"]["Sum of rates"])
    assert total == pytest.approx(0.15 * rates("cosine", 1000, {"length": 300}).sum(), rel=1e-3)
    app.selectbox(key="adjust").select("cosine").run()
    assert app.text_input(key="cosine_length").value == "300"
    assert "step_period" not in {field.key for field in app.text_input}
    app.button_group(key="schedules").set_value(["constant", "step"]).run()
    assert app.text_input(key="step_period").value == "200", "what was adjusted is gone"
    assert state_of(app)["cosine_length"] == 300


def test_closer_look_follows_the_last_schedule():
    app = open_page(PAGE, drawer_code=True)
    assert app.selectbox(key="look").value == "cosine_restarts"
    app.selectbox(key="look").select("exponential").run()
    assert any("def exponential" in block.value for block in app.code)
    app.button_group(key="schedules").set_value(["constant", "linear"]).run()
    assert app.selectbox(key="look").value == "linear"
    assert any("def linear" in block.value for block in app.code)


@pytest.mark.parametrize("link", [{"rate_sgd": "-1"}, {"lr_sgd": "0.1"}])
def test_both_spellings_of_a_rate_are_understood(link):
    app = open_page(PAGE, link=link)
    assert not app.warning
    assert state_of(app)["lr_sgd"] == 0.1


def test_stair_of_a_schedule_is_no_step_of_a_run():
    app = open_page(PAGE, link={"lang": "zh", "schedules": ["step"]})
    name = translated(lab.VARIANTS["step"].title, "zh")
    assert name != translated("Step", "zh") and name in app.button_group(key="schedules").options
    assert [unlined(cell) for cell in app.table[0].value.iloc[:, 0]] == [name]


def test_inspector_follows_the_state():
    app = set_state(open_page(PAGE, drawer_inspect=True), step=7)
    assert app.text_input(key="step").value == "7"
    assert "step 7**" in texts(app)
