"""Noise and batch size: every experiment beside the engine, three time axes, a visitor's data, and bad input."""

import json
from base64 import b64decode

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import descend
from core.engine.batches import Batches
from pages.batches import measure as lab
from pages.batches.lesson import BATCHES
from surfaces import ALL_SURFACES
from teaching import record
from tests.pages import charts, link_of, open_page, unlined

PAGE = "batches"
LINE = ALL_SURFACES["linear_regression"]
EXPERIMENTS = ("race", "cloud", "ball", "escape", "saddle", "grid")


def traces(app: AppTest, words: str) -> dict:
    """Return the traces by name of the chart whose own name contains these words."""
    spec = json.loads(next(chart.proto.spec for chart in charts(app) if words in chart.proto.alt))
    return {trace.get("name"): trace for trace in spec["data"]}


def numbers(packed: dict) -> np.ndarray:
    return np.frombuffer(b64decode(packed["bdata"]), dtype=packed["dtype"])


def player(app: AppTest) -> dict:
    """Return the header of what the player was sent."""
    message = next(c.proto.bytes for c in app.get("bidi_component") if c.proto.bytes)
    return json.loads(message[4 : 4 + int.from_bytes(message[:4], "little")])


def column(app: AppTest, k: int = -1) -> list[str]:
    return [unlined(str(list(row.values())[k])) for row in app.table[0].value.to_dict("records")]


def choose_file(app: AppTest, text: str) -> AppTest:
    return app.file_uploader(key="own_file").set_value(("mine.csv", text.encode(), "text/csv")).run()


@pytest.mark.parametrize("experiment", EXPERIMENTS)
@pytest.mark.parametrize("sampling", ["replacement", "fixed"])
@pytest.mark.parametrize("loss", ["linear_regression", "logistic_regression"])
def test_every_experiment_runs_on_every_loss(experiment, sampling, loss):
    app = open_page(PAGE, experiment=experiment, sampling=sampling, surface=loss, rule="linear")
    assert not app.error and not app.warning
    assert len(charts(app)) >= 1


def test_each_size_has_a_plane_and_the_same_seed():
    app = open_page(PAGE, {"batch_seed": "7"})
    told = player(app)
    assert told["planes"] == ["batches_plane_0", "batches_plane_1", "batches_plane_2"]
    assert [track["label"] for track in told["tracks"]] == ["B = 1", "B = 16", "B = 256 = N"]
    assert set(told["linked"]) == {"updates", "samples", "seconds"}
    assert player(open_page(PAGE, together=True))["planes"] == ["batches_plane_0"]


def test_table_is_that_of_the_engine():
    app = open_page(PAGE, batch=["1", "64"])
    found = [
        lab.arrival(LINE, (-3.0, 4.0), Batches(size, "reshuffled"), 0.05, steps, LINE.minimum + 0.01)
        for size, steps in ((1, 2560), (64, 40))
    ]
    assert column(app, 2)[0].startswith(f"{found[0].median:g} (")
    assert column(app, 2)[1] == "not reached"
    assert column(app)[1].startswith(f"{found[1].final.value - LINE.minimum:.2g}")


@pytest.mark.parametrize(
    ("axis", "budget", "updates"),
    [
        ("updates", {"steps": 50}, ["50", "50", "50"]),
        ("samples", {"epochs": 3}, ["768", "48", "3"]),
        ("seconds", {"seconds": 0.08}, ["80", "80", "10"]),
    ],
)
def test_budget_on_every_time_axis(axis, budget, updates):
    app = open_page(PAGE, clock=axis, **budget)
    assert column(app, 5) == updates


def test_cost_model_is_the_visitors():
    app = open_page(PAGE, {"clock": "Seconds", "seconds": "0.08", "throughput": "256000"})
    assert column(app, 5) == ["80", "80", "80"]


def test_frames_of_the_player_are_moments_of_the_time_axis():
    plan = lab.Plan(LINE, (1, 16), (0.05, 0.05), "reshuffled", 0, 256)
    one, many = (lab.walk(plan, k, (-3.0, 4.0), steps) for k, steps in enumerate((2560, 160)))
    moments = np.array([0.0, 15.0, 16.0, 31.0, 2560.0])
    assert one.rows_at("samples", moments).tolist() == [0, 15, 16, 31, 2560]
    assert many.rows_at("samples", moments).tolist() == [0, 0, 1, 1, 160]
    assert many.rows_at("seconds", np.array([0.0, 0.0029, 0.003])).tolist() == [0, 2, 3]


def test_spread_lies_on_theory():
    lines = traces(open_page(PAGE, experiment="cloud", x=0.0, y=0.0), "Spread of the gradient")
    theory = numbers(lines["Theory: σ²/B · (N − B)/(N − 1)"]["y"])
    measured = lines["Measured, 1000 batches"]
    assert np.all(np.abs(numbers(measured["y"]) - theory) < 2 * numbers(measured["error_y"]["array"]))


def test_point_where_all_rows_agree_has_no_spread():
    app = open_page(PAGE, experiment="cloud", scatter_linear_regression=0.0, x=2.0, y=-1.0)
    assert "same gradient" in app.info[0].value


def test_radius_is_drawn_for_every_way_to_draw_rows():
    lines = traces(open_page(PAGE, experiment="ball"), "Squared radius")
    theory, independent, dealt = (
        numbers(lines[name]["y"]) for name in ("Theory, with replacement", "With replacement", "Reshuffled epochs")
    )
    assert independent == pytest.approx(theory, rel=0.15)
    assert dealt[-1] < theory[-1] / 10


def test_escapes_are_those_of_the_engine():
    lines = traces(open_page(PAGE, experiment="escape"), "ends in the other well")
    want = [100 * lab.crossed("shallow", size, 0.05, 2000, 6.0).value for size in (1, 2, 4, 8, 16)]
    assert numbers(lines["Shallow to deep"]["y"]) == pytest.approx(want)


def test_rates_that_grow_with_the_batch_keep_the_time():
    app = open_page(PAGE, {"experiment": "Escape", "exact": "true", "lr_sgd": "0.0125", "rule": "Times B"})
    assert column(app, 1) == ["0.0125", "0.025", "0.05", "0.1", "0.2"]
    assert column(app, 3) == ["2000", "1000", "500", "250", "125"]


def test_only_the_full_batch_stays_at_the_saddle():
    assert column(open_page(PAGE, experiment="saddle"), 2) == ["100 / 100"] * 4 + ["0 / 100"]


def test_grid_is_one_run_for_every_cell():
    plan = lab.Plan(LINE, (4, 64), (0.05, 0.1), "reshuffled", 3, 256)
    found = lab.grid(plan, ("constant", "cosine"), (-3.0, 4.0), 60)
    for r, schedule in enumerate((None, "cosine")):
        for c, (size, rate) in enumerate(plan.each()):
            batches = Batches(size, "reshuffled", 3)
            run = descend(LINE, "sgd", (-3.0, 4.0), 60, rate, schedule=schedule, batches=batches)
            assert found.paths[r, c] == pytest.approx(run.path, rel=1e-10)
    app = open_page(PAGE, experiment="grid")
    assert len(json.loads(charts(app)[0].proto.spec)["data"]) == 2 * 9


def test_batch_larger_than_the_data_gets_a_sentence():
    app = open_page(PAGE, {"rows": "100"}, batch=["16", "512"])
    assert app.info[0].value == "A batch of 512 is larger than the data (100 rows); it is left out."
    assert column(app, 0) == ["16"]
    assert column(open_page(PAGE, {"rows": "100"}, batch=["512"]), 0) == ["100"]


@pytest.mark.parametrize("experiment", ["race", "cloud", "grid"])
def test_diverging_rate_is_a_result(experiment):
    app = open_page(PAGE, {"exact": "true", "lr_sgd": "1000"}, experiment=experiment)
    assert not app.error
    if experiment == "race":
        assert column(app) == ["diverged"] * 3


@pytest.mark.parametrize("rate", ["0", "-0.1", "3"])
def test_ball_without_a_stable_rate_says_so(rate):
    app = open_page(PAGE, {"exact": "true", "lr_sgd": rate}, experiment="ball")
    assert not app.error
    assert "there is no ball" in app.info[0].value


def test_separable_labels_have_no_ball():
    link = {"surface": "Logistic regression", "scatter_logistic_regression": "0"}
    app = open_page(PAGE, link, experiment="ball")
    assert "no minimum" in app.info[0].value
    assert not open_page(PAGE, link).error


BAD_FILES = [
    ("", "Rows of numbers in the file: 0"),
    ("1,2\n3\n", "Line 2: there must be two columns, and there are 1."),
    ("1,2\n3,four\n", "Line 2, column 2: “four” is not a number."),
    ("1,2\n1,3\n", "Column 1 is 1 in every row"),
]


@pytest.mark.parametrize(("text", "sentence"), BAD_FILES)
def test_bad_file_gets_a_sentence_and_the_last_good_data_stay(text, sentence):
    app = open_page(PAGE, drawer_data=True)
    choose_file(app, "x;y\n0;1\n1;3\n2;5.5\n3;6.5\n")
    assert column(app, 0) == ["1", "4"] and not app.error
    assert any("16" in sentence.value for sentence in app.info)
    choose_file(app, text)
    assert sentence in app.error[0].value
    assert column(app, 0) == ["1", "4"]


def test_own_data_bring_their_start_and_leave_again():
    app = choose_file(open_page(PAGE, drawer_data=True), "100,1\n200,3\n300,5\n410,7\n")
    assert not app.error and not app.exception
    assert app.session_state["own_data"].tolist()[3] == [410, 7] and app.text_input(key="x").value != "-3"
    assert "diverged" not in column(app)
    next(button for button in app.button if button.label == "Back to drawn data").click().run()
    assert app.text_input(key="x").value == "-3"
    assert column(app, 0) == ["1", "16", "256"]


def test_own_data_that_do_not_fit_a_loss_get_a_sentence():
    app = choose_file(open_page(PAGE, drawer_data=True), "0,1\n1,3\n2,5.5\n")
    app.selectbox(key="surface").select("logistic_regression").run()
    assert not app.exception
    assert "do not fit this loss" in app.info[0].value
    app.selectbox(key="surface").select("linear_regression").run()
    assert column(app, 0) == ["1", "3"]


HEIGHTS = "cm;kg\n150;50,5\n155;54,0\n160;58,5\n165;60,0\n170;66,5\n175;70,0\n180;78,5\n185;80,0\n190;88,5\n"
PRICES = "m2,price\n50,310000\n65,420000\n80,455000\n95,640000\n120,790000\n150,1150000\n200,1300000\n"
SPREAD = "".join(f"{k / 7},{(k * k) % 11 + k / 20}\n" for k in range(300))
OWN = {
    "heights": HEIGHTS,
    "prices": PRICES,
    "tiny": "1e-9,3e-12\n2e-9,5e-12\n4e-9,9e-12\n",
    "huge": "1e20,3e30\n2e20,5e30\n4e20,9e30\n",
    "two rows": "1,2\n3,4\n",
    "twice": "1,2\n1,2\n3,4\n3,4\n",
    "far from zero": "1000001,5\n1000002,6\n1000004,9\n",
    "many": SPREAD,
}


@pytest.mark.parametrize("name", OWN)
def test_own_data_are_learnt_from(name):
    app = choose_file(open_page(PAGE, drawer_data=True), OWN[name])
    assert not app.error and not app.exception
    assert "not reached" not in column(app, 2)[-1], "all rows at once arrive"
    lines = traces(app, "Your data")
    assert len(numbers(lines["Your data"]["x"])) == OWN[name].count("\n") - OWN[name].startswith(("cm", "m2"))
    rows = app.session_state["own_data"]
    slope, _intercept = np.polyfit(*(rows / np.abs(rows).max(axis=0)).T, 1)
    told = next(text for text in lines if "= N: " in text)
    found = float(told.split(": ")[1].split(" x ")[0].replace("−", "-"))
    assert found * np.divide(*np.abs(rows).max(axis=0)) == pytest.approx(slope, rel=0.2)


def test_raw_numbers_are_a_switch_away():
    app = choose_file(open_page(PAGE, drawer_data=True), HEIGHTS)
    app.toggle(key="raw").set_value(True).run()
    assert not app.error and not app.exception
    assert column(app, 2)[-1] == "not reached", "the valley of raw numbers is too long"
    app = choose_file(app, PRICES)
    assert any("raw numbers may be 1e+06 at most" in info.value for info in app.info)
    app.toggle(key="raw").set_value(False).run()
    assert "not reached" not in column(app, 2)[-1]


def test_own_labels_are_learnt_from():
    app = choose_file(
        open_page(PAGE, drawer_data=True, surface="logistic_regression"), "1,0\n2,0\n3,1\n4,0\n5,1\n6,1\n"
    )
    assert not app.error and not app.exception
    assert "not reached" not in column(app, 2)[-1]
    choose_file(app, "1,1\n2,1\n3,1\n")
    assert "Column 2 is 1 in every row" in app.error[0].value


def test_a_file_from_a_chinese_windows_is_read_and_refused_in_chinese():
    app = open_page(PAGE, drawer_data=True, lang="zh")
    app.file_uploader(key="own_file").set_value(("a.csv", "身高;体重\n1,5;2\n2;三\n".encode("gbk"), "text/csv")).run()
    assert "第 3 行第 2 列：“三” 不是数。" in app.error[0].value


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_code_that_ran_is_shown(experiment):
    app = open_page(PAGE, experiment=experiment, drawer_code=True)
    assert "def " in app.code[0].value


def test_script_for_torch_names_the_batches():
    app = open_page(PAGE, drawer_torch=True)
    assert "rows[batches[t]]" in app.code[0].value


def test_inspector_shows_a_step_of_one_size():
    app = open_page(PAGE, drawer_inspect=True, step=3)
    app.selectbox(key="inspect_size").select("1").run()
    assert not app.exception
    assert any("step 3" in m.value for m in app.markdown)


def test_experiment_brings_its_batch_sizes():
    app = open_page(PAGE)
    app.button_group(key="experiment").set_value("saddle").run()
    assert not app.exception and not app.warning
    assert column(app, 0) == ["1", "4", "16", "32", "64"]


def test_many_updates_of_large_batches_are_cut_with_a_sentence():
    app = open_page(PAGE, {"clock": "Updates", "steps": "90000"}, batch=["1", "128"])
    assert app.info[0].value == "These batch sizes stop at their greatest number of updates: 128 (31250)."
    assert column(app, 5) == ["90000", "31250"]


@pytest.mark.parametrize("experiment", ["race", "cloud", "ball", "grid"])
def test_ten_thousand_rows_are_not_too_many(experiment):
    app = open_page(PAGE, {"rows": "10000"}, batch=["1", "1024", "N"], experiment=experiment)
    assert not app.error and not app.exception


def test_noise_without_data_has_no_full_batch():
    app = open_page(PAGE, experiment="escape", batch=["4", "N"])
    assert "N is left out" in app.info[0].value
    assert column(app, 0) == ["4"]


def test_a_claim_shows_its_numbers_on_drawn_data():
    app = choose_file(open_page(PAGE, drawer_data=True), HEIGHTS)
    assert link_of(app)["own"] == "true"
    app.button_group(key="load_claim").set_value(1).run()
    assert not app.exception and column(app, 0) == ["1", "16", "64", "256"]
    assert not any("own" in caption.value for caption in app.caption)


def test_link_says_that_it_does_not_hold_the_rows():
    app = choose_file(open_page(PAGE, drawer_data=True), HEIGHTS)
    assert any("not in the address" in caption.value for caption in app.caption)
    opened = open_page(PAGE, link_of(app))
    assert "which no link holds" in opened.info[0].value
    assert column(opened, 0) == ["1", "16", "256"]
    next(button for button in opened.button if button.label == "Back to drawn data").click().run()
    assert not opened.info and not link_of(opened)


def test_experiment_keeps_the_sizes_of_a_link_and_forgets_them_for_another():
    app = open_page(PAGE, {"batch": ["2", "8"]})
    assert column(app, 0) == ["2", "8"]
    app.button_group(key="experiment").set_value("saddle").run()
    assert "batch" not in link_of(app)


def test_old_links_are_understood():
    app = open_page(PAGE, {"rate_sgd": "-2", "experiment": "Escape", "rule": "随 B 倍增"})
    assert column(app, 1)[0] == "0.01"


def test_opening_the_page_measures_no_claim(monkeypatch):
    monkeypatch.setattr(record, "_measured_here", lambda *_arguments: pytest.fail("this number is not recorded"))
    for question in BATCHES.questions:
        assert record.numbers("batches", f"question {question.key}", question.measured)
    assert not open_page(PAGE).exception
