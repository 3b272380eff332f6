"""Momentum: three forms of one name, diagrams that match the core, settings that survive."""

import json
from base64 import b64decode

import numpy as np
import pytest

from core.analysis import stability
from pages.momentum import measure as inertia
from surfaces import ALL_SURFACES
from teaching.presets import preset
from tests.pages import charts, open_page, state_of, unlined
from tests.pages.race.test_view import results

KINDS = ("bowl", "ravine45", "rosenbrock", "hyperbola", "saddle", "monkey_bounded", "mccormick", "goldstein", "easom",
         "ackley", "l1valley", "bukin6", "eggholder")  # fmt: skip
"""Smooth, flat at the minimum, without a minimum, bounded, with kinks: one or two of each."""


def open_momentum(link=None, **session):
    return open_page("momentum", link, **session)


def chart(app, key):
    return next(json.loads(c.proto.spec) for c in charts(app) if c.key == key)


def exactly(rate: float, beta: float, **more) -> dict:
    return {"surface": "ravine", "exact": True, "lr_everyone": rate, "beta": beta, "x": -10.0, "y": 1.0} | more


@pytest.mark.parametrize("key", KINDS)
def test_page_runs_on_every_kind_of_surface(key):
    app = open_momentum(surface=key)
    assert not app.exception and not app.error
    assert len(results(app)) == 3
    drawn = {c.key for c in charts(app)}
    smooth, reachable = stability.curvatures_at_minimum(key) is not None, ALL_SURFACES[key].minimum is not None
    assert ("diagram_theory" in drawn) == (smooth and reachable)
    assert ("diagram_measured" in drawn) == reachable
    assert len(app.info) == (0 if smooth and reachable else 1)


@pytest.mark.parametrize("id", ["ravine_hb_0.5", "ravine_hb_0.8", "ravine_hb_0.9", "ravine_hb_opt"])
def test_momentum_shows_the_steps_of_its_preset(id):
    hyper = preset(id).hyper
    app = open_momentum(**exactly(hyper["lr"], hyper["momentum"]))
    assert int(results(app)["Momentum"]["Goal at step"]) == pytest.approx(preset(id).expected, abs=2)


def test_form_adds_its_path_and_turns_to_its_diagram():
    app = open_momentum(**exactly(0.015, 0.9))
    assert list(results(app)) == ["SGD", "Momentum", "Nesterov"]
    for form, title, steps in (("average", "EMA momentum", "375"), ("slip", "Momentum with a slip", "185")):
        app.button_group(key="form").set_value(form).run()
        assert results(app)[title]["Goal at step"] == steps
        assert state_of(app)["diagram"] == {"average": "ema_momentum", "slip": "momentum_faulty"}[form]


def test_factor_makes_the_average_walk_the_path_of_momentum():
    app = open_momentum(**exactly(0.015, 0.9, form="average"))
    sentence = next(m.value for m in app.markdown if m.value.startswith("Largest distance"))
    assert float(sentence.split("**")[1]) > 1
    app.toggle(key="matched").set_value(True).run()
    sentence = next(m.value for m in app.markdown if m.value.startswith("Largest distance"))
    assert float(sentence.split("**")[1]) < 1e-12
    assert results(app)["EMA momentum"]["Rate"] == "0.15"
    assert results(app)["EMA momentum"]["Goal at step"] == results(app)["Momentum"]["Goal at step"] == "100"


def test_button_sets_the_best_rate_and_beta():
    app = open_momentum()
    app.button(key="best_momentum").click().run()
    rate, beta = stability.best("momentum", 1.0, 100.0)
    assert (state_of(app)["lr_everyone"], state_of(app)["beta"]) == (rate, beta)
    assert results(app)["Momentum"]["Goal at step"] == "56"


def test_diagrams_show_what_the_core_computes():
    app = open_momentum(diagram="nesterov")
    theory, measured = stability.diagrams(ALL_SURFACES["ravine"], "nesterov", 1e-4)
    for key, found in (("diagram_theory", theory), ("diagram_measured", measured)):
        heat, limit, star = chart(app, key)["data"]
        drawn = np.frombuffer(b64decode(heat["z"]["bdata"]), "<f4").reshape(200, 200)
        np.testing.assert_allclose(drawn, np.log10(found.steps).astype(np.float32), equal_nan=True)
        assert (star["x"][0], star["y"][0]) == stability.best("nesterov", 1.0, 100.0)
        assert limit["mode"] == "lines"


def test_diagrams_do_not_depend_on_rate_beta_or_start():
    app = open_momentum()
    before = [c.proto.spec for c in charts(app)]
    app.slider(key="lr_everyone").set_value(-2.5).run()
    app.slider(key="beta").set_value(0.5).run()
    app.text_input(key="x").set_value("-5.0").run()
    assert [c.proto.spec for c in charts(app)] == before


def test_condition_number_moves_the_limit():
    app = open_momentum(surface="ravine")
    app.slider(key="ravine_condition").set_value(3.0).run()
    assert not app.exception
    limit = chart(app, "diagram_theory")["data"][1]
    x = np.frombuffer(b64decode(limit["x"]["bdata"]), "<f8")
    assert x[0] == pytest.approx(2 / 1000)


def test_find_the_error_shows_formula_and_answer():
    app = open_momentum(form="slip", drawer_slip=True, **exactly(0.015, 0.9))
    assert len(app.latex) == 2
    assert any("2.36/λ" in m.value and "3.80/λ" in m.value for m in app.markdown)


def test_swings_are_those_of_the_runs():
    app = open_momentum(**exactly(0.0185, 0.9))
    rows = {unlined(r["Optimizer"]): r for r in app.table[1].value.to_dict("records")}
    assert (rows["SGD"]["Zigzags"], rows["Momentum"]["Zigzags"]) == ("11", "20")
    assert (rows["SGD"]["Overshoot along"], rows["Momentum"]["Overshoot along"]) == ("–", "2.79")
    assert rows["Nesterov"]["Overshoot across"] == "diverged"
    assert any("at least a hundredth of its longer side, here 0.15" in c.value for c in app.caption)
    assert results(app)["Nesterov"]["Outcome"].startswith("diverged at step")


def test_root_table_has_the_published_steps():
    rows = open_momentum().table[2].value.to_dict("records")
    assert [(r["SGD"], r["Momentum"], r["Nesterov"]) for r in rows] == [
        ("35", "15", "23"),
        ("346", "56", "83"),
        ("3454", "203", "245"),
        ("34539", "708", "659"),
    ]
    race = inertia.race_condition_numbers(np.array([100.0]))
    assert rows[1]["Gain"] == f"{race.steps['sgd'][0] / race.steps['momentum'][0]:.3g}"


@pytest.mark.parametrize(
    ("link", "sentence"),
    [
        ({"beta": "1.5"}, "numbers from 0 to 0.999"),
        ({"form": "Wizardry"}, "Wizardry"),
        ({"diagram": "Adam"}, "Adam"),
        ({"lr_everyone": "nan"}, "lr_everyone"),
    ],
)
def test_bad_link_gets_a_sentence(link, sentence):
    app = open_momentum(link)
    assert len(app.warning) == 1 and sentence in app.warning[0].value
    assert len(results(app)) == 3


def test_goal_above_the_start_is_no_error():
    app = open_momentum(goal=1e6)
    assert not app.exception and not app.error
    assert results(app)["SGD"]["Goal at step"] == "0"
