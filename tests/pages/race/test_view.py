"""The race keeps its state in its table, and answers bad settings with a sentence."""

import pytest
from streamlit.testing.v1 import AppTest

from core import OPTIMIZERS
from core.analysis.tuning import first_rate
from core.schedules import SCHEDULES
from pages.race.claims import CLAIMS, settings_of
from pages.race.lesson import RACE
from surfaces import SURFACES
from teaching import record
from teaching.presets import Preset, measured, preset, presets
from teaching.rows import hyper_in, settings_in
from tests.pages import charts, link_of, open_page, set_state, state_of, unlined


@pytest.mark.parametrize("surface", SURFACES, ids=lambda s: s.key)
def test_race_runs_on_every_surface(surface):
    app = open_page()
    app.selectbox(key="surface").select(surface.key).run()
    assert not app.exception and not app.error
    assert (state_of(app)["x"], state_of(app)["y"]) == surface.starts[0]
    assert len(results(app)) == 8


def test_surface_figures_do_not_depend_on_runs():
    app = open_page()
    before = [chart.proto.spec for chart in charts(app)[:2]]
    app.text_input(key="x").set_value("0.5").run()
    app.slider(key="lr_adam").set_value(-0.5).run()
    assert [chart.proto.spec for chart in charts(app)[:2]] == before


def results(app: AppTest) -> dict:
    """Return the table of results: optimizer -> column -> text."""
    rows = app.table[0].value.to_dict("records")
    return {unlined(row["Optimizer"]): row for row in rows}


def paths(app: AppTest) -> list[bytes]:
    """Return what the player draws."""
    return [component.proto.bytes for component in app.get("bidi_component") if component.proto.bytes]


def test_fairness_changes_the_rates():
    app = open_page()
    own = results(app)
    rates = {}
    for mode in ("same", "defaults", "tuned"):
        set_state(app, fairness=mode)
        assert not app.exception and not app.error
        rates[mode] = {name: row["Rate"] for name, row in results(app).items()}
    assert len(set(rates["same"].values())) == 1
    assert rates["defaults"]["Adam"] == "0.001"
    assert rates["tuned"] != {name: row["Rate"] for name, row in own.items()}
    assert len(charts(app)) == 6, "the sweep is drawn"


def test_tuned_rate_stands_beside_its_share_and_a_vain_search_is_named():
    app = open_page(fairness="tuned", race=["adam", "rmsprop"], steps=800)
    found = results(app)
    assert found["Adam"]["Rate"] == "1 (20 of 24 starts)"
    assert found["RMSprop"]["Rate"].endswith("(0 of 24 starts)")
    (warning,) = [w.value for w in app.warning]
    assert warning.startswith("RMSprop: none of the rates tried reaches the goal")
    assert not open_page(fairness="tuned", race=["adam"], steps=800).warning


def test_diverged_run_says_at_which_step():
    app = open_page()
    app.slider(key="lr_sgd").set_value(-2.0).run()
    assert results(app)["SGD"]["Outcome"].startswith("diverged at step")


@pytest.mark.parametrize("rate", [0.0, -0.001])
def test_zero_and_negative_rates_run_and_are_explained(rate):
    app = open_page(exact=True)
    app.text_input(key="lr_sgd").set_value(str(rate)).run()
    assert not app.exception and not app.error
    assert any("stands still" in c.value or "climbs" in c.value for c in app.caption)


@pytest.mark.parametrize("fairness", ["own", "tuned"])
def test_contradictory_schedule_gets_a_sentence(fairness):
    app = open_page(drawer_run=True, fairness=fairness)
    app.selectbox(key="schedule").select("cosine").run()
    app.text_input(key="cosine_warm_up").set_value("5000").run()
    assert not app.exception
    assert "warm_up" in app.error[0].value


def test_empty_field_says_what_to_choose():
    app = open_page(race=[])
    assert not app.exception
    assert any("Choose at least one" in i.value for i in app.info)


def test_closed_drawer_keeps_what_differs_from_the_default():
    app = open_page(drawer_run=True)
    app.text_input(key="steps").set_value("300").run()
    app.session_state["drawer_run"] = False
    app.run()
    assert not [n.key for n in app.text_input if n.key in ("steps", "goal", "sigma")]
    assert state_of(app)["steps"] == 300 and "steps" in link_of(app)
    assert results(app)["Adam"]["Goal at step"] == "not reached"


@pytest.mark.parametrize("drawer", ["drawer_code", "drawer_torch"])
def test_open_drawer_shows_the_code(drawer):
    assert open_page(**{drawer: True}).code


def load_claim(number: int) -> AppTest:
    app = open_page()
    return app.button_group(key="load_claim").set_value(number).run()


@pytest.mark.parametrize("number", range(1, len(CLAIMS) + 1))
def test_a_claim_loads_its_presets_and_its_link_opens_the_same_runs(number):
    """The runs are those of the presets, also in another window: no setting needs its widget on the screen."""
    app = load_claim(number)
    assert len(results(app)) == len(CLAIMS[number - 1].presets)
    again = open_page(link=link_of(app))
    assert not again.warning
    assert results(again) == results(app)
    assert paths(again) == paths(app)


@pytest.mark.parametrize("case", presets(), ids=lambda case: case.id)
def test_link_of_a_preset_holds_all_of_it(case):
    """Every number that the preset runs with comes back from the link alone."""
    link = RACE.controls.state(settings_of(case)).link()
    state, refused = RACE.controls.read({key: text if isinstance(text, list) else [text] for key, text in link.items()})
    assert not refused
    optimizer = OPTIMIZERS[case.optimizer]
    assert (state["surface"], state["x"], state["y"], state["steps"]) == (case.surface, *case.start, case.steps)
    assert state["race"] == (case.optimizer,)
    assert state["fairness"] == "own"
    hyper = {"lr": state[f"lr_{case.optimizer}"]} | hyper_in(state, optimizer)
    assert hyper == {h.key: float(case.hyper.get(h.key, h.default)) for h in optimizer.hyper}
    assert state["schedule"] == (case.schedule[0] if case.schedule else "none")
    if case.schedule:
        assert settings_in(state, SCHEDULES[case.schedule[0]]).items() >= case.schedule[1].items()


def test_number_of_a_preset_is_measured_once(monkeypatch):
    run, ran = Preset.run, []
    monkeypatch.setattr(Preset, "run", lambda case: ran.append(case.id) or run(case))
    measured.memory.clear()
    app = open_page(drawer_presets=True)
    app.selectbox(key="preset").select("ravine_hb_0.9").run()
    app.run()
    assert ran == ["ravine_hb_0.9"]


def test_hyper_parameters_of_one_rival_are_drawn_and_those_of_all_count():
    app = open_page(drawer_hyper=True, race=["adam", "rmsprop", "sgd"], adam_beta1=0.5)
    assert hyper_fields(app) == {f"adam_{hyper.key}" for hyper in OPTIMIZERS["adam"].hyper[1:]}
    before = results(app)
    app.selectbox(key="adjust").select("rmsprop").run()
    assert hyper_fields(app) == {f"rmsprop_{hyper.key}" for hyper in OPTIMIZERS["rmsprop"].hyper[1:]}
    assert results(app) == before != results(open_page(race=["adam", "rmsprop", "sgd"]))
    set_state(app, race=["adam", "sgd"])
    assert not app.exception
    assert hyper_fields(app) == {f"adam_{hyper.key}" for hyper in OPTIMIZERS["adam"].hyper[1:]}


def hyper_fields(app: AppTest) -> set[str]:
    """Return the keys of the hyper-parameters that are drawn."""
    drawn = {widget.key for widget in (*app.text_input, *app.toggle)}
    return drawn & {f"{optimizer.key}_{hyper.key}" for optimizer in OPTIMIZERS for hyper in optimizer.hyper[1:]}


def test_a_preset_forgets_what_was_set_before():
    app = open_page(drawer_presets=True, sigma=0.5, clip=1.0, fairness="same", adam_beta1=0.5, surface="beale")
    app.selectbox(key="preset").select("rosen_Adam").run()
    assert dict(state_of(app)) == dict(RACE.controls.state(settings_of(preset("rosen_Adam"))))


@pytest.mark.parametrize("id", ["ravine_hb_0.9", "warm_hb_50", "dw_hb_-2", "adam_burst_0.02"])
def test_preset_picker_loads_and_shows_both_numbers(id):
    app = open_page(drawer_presets=True)
    app.selectbox(key="preset").select(id).run()
    assert not app.exception and not app.error
    case = preset(id)
    assert len(results(app)) == 1
    text = next(m.value for m in app.markdown if m.value.startswith("Measured now"))
    assert str(case.expected) in text and str(case.show()["measured"]) in text


def test_claim_that_the_numbers_do_not_confirm_says_so(monkeypatch):
    numbers = record.numbers

    def other_numbers(lesson, name, run):
        return numbers(lesson, name, run) | ({"valley": 1.0} if name == "claim momentum_accelerates" else {})

    monkeypatch.setattr(record, "numbers", other_numbers)
    (claims,) = [m.value for m in open_page().markdown if "Claims under test" in m.value]
    assert claims.count("not confirmed on this machine") == 1


def test_loaded_preset_shows_the_number_of_the_preset():
    app = load_claim(1)
    assert results(app)["Momentum"]["Goal at step"] == "666"
    assert results(app)["SGD"]["Goal at step"] == "7156"


def test_prediction_answers_with_measured_numbers():
    app = open_page(drawer_predict=True)
    app.radio(key="predict_first_on_rosenbrock").set_value(2).run()
    assert "638" in app.success[0].value


def test_numbers_that_only_a_changed_client_sends_get_a_sentence():
    app = open_page(drawer_run=True)
    app.text_input(key="steps").set_value("100001").run()
    assert not app.exception
    assert len(results(app)) == 8


def test_slider_at_its_default_stands_for_exactly_the_first_rate():
    app = open_page()
    app.selectbox(key="surface").select("ravine").run()
    assert results(app)["SGD"]["Rate"] == "0.0185"
    app.slider(key="lr_sgd").set_value(-2.0).run()
    assert results(app)["SGD"]["Rate"] == "0.01"


def test_every_first_rate_has_a_place_on_its_slider():
    for chosen in SURFACES:
        for rival in OPTIMIZERS:
            low, high = rival.hyper[0].shown
            assert low <= first_rate(chosen, rival) <= high, (chosen.key, rival.key)


def test_inspector_shows_every_number_of_a_step():
    app = open_page(drawer_inspect=True, step=3)
    table = app.table[1].value
    assert len(table) == 12
    assert any("step 3" in m.value for m in app.markdown)


def test_label_of_a_slider_shows_the_rate_that_the_link_asks_for():
    for link in ({"lr_adam": "0.01"}, {"rate_adam": "-2"}):
        app = open_page(link=link)
        assert "=0.01$" in app.slider(key="lr_adam").label
        assert results(app)["Adam"]["Rate"] == "0.01"


def test_clip_that_the_engine_refuses_is_refused_by_its_field():
    app = open_page(link={"clip": "1e-13"})
    assert not app.error and len(app.warning) == 1
    assert "0, and numbers from 1e-12 to 1000000000000" in app.warning[0].value
    assert len(results(app)) == 8
