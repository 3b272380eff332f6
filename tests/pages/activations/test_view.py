"""The activation gallery: five laboratories, tables that hold what the core computes, settings that survive."""

import io
import json
from base64 import b64decode

import numpy as np
import pandas as pd
import pytest

from core.networks.activations import ACTIVATIONS
from core.networks.moments import Inputs, moments
from core.networks.parameters import with_parameters
from pages.activations import measure as gallery
from pages.activations.claims import CLAIMS
from teaching import record
from tests.pages import charts, open_page, state_of, unlined
from ui import scene

LABS = ("Shapes", "Statistics", "Chain of layers", "Dead neuron", "Learned slope")


def open_lab(lab: str = "Shapes", link: dict | None = None, **session):
    return open_page("activations", link={"lab": lab} | (link or {}), **session)


def rows(app, number: int = 0) -> dict:
    """Return one table as {first cell: row}."""
    return {next(iter(row.values())): row for row in app.table[number].value.to_dict("records")}


def curves(app, key: str) -> dict:
    """Return {name: (x, y)} of one chart."""
    figure = next(json.loads(c.proto.spec) for c in charts(app) if c.key == key)
    return {trace.get("name"): (numbers(trace["x"]), numbers(trace["y"])) for trace in figure["data"]}


def numbers(packed) -> np.ndarray:
    if isinstance(packed, dict):
        return np.frombuffer(b64decode(packed["bdata"]), packed["dtype"]).copy()
    return np.array(packed, dtype=float)


@pytest.mark.parametrize("lab", LABS)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_laboratory_runs_in_both_languages(lab, lang):
    app = open_page("activations", lang="en", link={"lab": lab})
    if lang != "en":
        app.session_state["lang"] = lang
        app.run()
    assert not app.exception and not app.error and not app.warning
    assert charts(app)


@pytest.mark.parametrize("order", [0, 1, 2])
def test_curves_are_those_of_the_core(order):
    app = open_lab(functions=["elu", "silu"], focus="silu", second=True, elu_alpha=2.0)
    found = curves(app, f"activations_curve_{order}")
    x, y = gallery.sampled(with_parameters(ACTIVATIONS["elu"], alpha=2.0), order, 6.0)
    np.testing.assert_array_equal(found["ELU"][0], x)
    np.testing.assert_array_equal(found["ELU"][1], y)


def test_everyone_fits_side_by_side():
    app = open_lab(functions=[row.key for row in ACTIVATIONS])
    assert len(rows(app)) == len(ACTIVATIONS) == len(curves(app, "activations_curve_0"))
    assert not app.info


def test_facts_name_ranges_kinks_and_regions():
    app = open_lab(functions=["selu", "relu", "silu", "sigmoid"], focus="silu")
    found = rows(app)
    assert found["SELU"]["Range"] == "(−1.7581, ∞)"
    assert found["ReLU"]["Range"] == "[0, ∞)"
    assert found["ReLU"]["Smoothness"] == "kink 0 → 1"
    assert found["SiLU (Swish)"]["Minimum"] == "−0.27846 at x = −1.2785"
    assert found["Sigmoid"]["Largest slope"] == "0.25 at x = 0"
    assert any("falling: x\u00a0<\u00a0−1.2785" in c.value for c in app.caption)


def test_values_are_read_off_at_any_point():
    app = open_lab(functions=["sigmoid", "tanh"], focus="tanh", probe=5.0)
    assert rows(app, 2)["Sigmoid"]["f′"] == "0.0066481"
    app.text_input(key="probe").set_value("3.0").run()
    assert rows(app, 2)["Tanh"]["f′"] == "0.009866"


def test_differences_to_the_pinned_function_are_drawn():
    app = open_lab(functions=["silu", "gelu"], focus="gelu", reference="silu")
    found = curves(app, "activations_curve_2")
    assert list(found) == ["GELU"]
    x, y = found["GELU"]
    np.testing.assert_array_equal(y, ACTIVATIONS["gelu"].value(x) - ACTIVATIONS["silu"].value(x))
    assert len(charts(app)) == 4


def test_a_function_in_detail_is_always_drawn():
    app = open_lab(functions=["tanh"], focus="mish", reference="identity")
    assert set(rows(app)) == {"Identity", "Tanh", "Mish"}


def test_statistics_follow_inputs_and_parameters():
    app = open_lab("Statistics", functions=["elu"], focus="elu", elu_alpha=2.0, mean=1.0, std=2.0, kind="uniform")
    exact = moments(with_parameters(ACTIVATIONS["elu"], alpha=2.0), Inputs("uniform", 1.0, 2.0))
    row = rows(app)["ELU"]
    assert f"**{exact.mean:.5g}**" in row["Mean"]
    assert row["Gain of the weights"] == f"{exact.gain:.5g}"


@pytest.mark.parametrize(("key", "value"), [("std", 0.0), ("mean", -5.0), ("kind", "uniform")])
def test_statistics_of_odd_inputs(key, value):
    everyone = [row.key for row in ACTIVATIONS]
    app = open_lab("Statistics", functions=everyone, drawer_pair=True, **{key: value})
    assert not app.exception and not app.error


def test_centring_is_measured():
    app = open_lab("Statistics", functions=["sigmoid", "tanh"], focus="tanh", drawer_pair=True)
    found = rows(app, 1)
    assert float(found["Sigmoid"]["Condition, exact"]) == pytest.approx(12.0, abs=0.6)
    assert float(found["Tanh"]["Condition, exact"]) == pytest.approx(1, abs=1e-4)
    assert found["Sigmoid"]["Same sign"] == "100 %"


def test_chain_multiplies_slopes():
    app = open_lab("Chain of layers", functions=["sigmoid", "relu"], probe=0.0)
    found = rows(app)
    assert found["Sigmoid"]["At most"] == "9.5367e−07"
    assert found["ReLU"]["Product of the slopes"] == "0"
    _x, y = curves(app, "activations_chain_0")["Sigmoid"]
    end = gallery.through(ACTIVATIONS["sigmoid"], gallery.Course())
    np.testing.assert_array_equal(y, end.product)


@pytest.mark.parametrize(("weight", "layers", "real"), [(100.0, 100, True), (0.0, 100, False), (-3.0, 1, True)])
def test_chain_at_its_limits(weight, layers, real):
    everyone = [row.key for row in ACTIVATIONS]
    app = open_lab(
        "Chain of layers", functions=everyone, focus="identity", weight=weight, layers=layers, variance=4.0, real=real
    )
    assert not app.exception and not app.error
    if weight == 100.0:
        assert rows(app)["Identity"]["Value"] == "1e+200"


def test_dead_neuron_shows_an_exact_zero():
    app = open_lab("Dead neuron")
    found = {unlined(name): row for name, row in rows(app).items()}
    assert set(found) == {"SGD", "Momentum", "Adam"}
    for row in found.values():
        assert row["ReLU neuron: |∇f| at the start"] == "0"
        assert row["ReLU neuron: Silent since step"] == "0"
        assert row["Leaky ReLU neuron: Silent since step"] == "–"
    assert found["SGD"]["Leaky ReLU neuron: Final value"] == "1.831e-05"


def test_surfaces_of_the_neuron_do_not_depend_on_runs():
    app = open_lab("Dead neuron")
    before = [c.proto.spec for c in charts(app)[:2]]
    app.text_input(key="x").set_value("0.7").run()
    app.slider(key="lr_adam").set_value(-0.5).run()
    assert [c.proto.spec for c in charts(app)[:2]] == before


def test_every_way_to_a_target_is_named_and_dotted_means_the_start_alone():
    app = open_lab("Learned slope")
    ways, units = (json.loads(c.proto.spec) for c in charts(app)[:2])
    texts = [note["text"] for note in ways["layout"]["annotations"]]
    assert texts == [f"→ {trace['name']}" for trace in ways["data"]]
    for note, trace in zip(ways["layout"]["annotations"], ways["data"], strict=True):
        assert note["y"] == pytest.approx(float(trace["name"].replace("−", "-")), abs=0.01)
    dotted = [t["name"] for figure in (ways, units) for t in figure["data"] if t["line"].get("dash") == "dot"]
    assert dotted == ["start"]


def test_learned_slope_arrives():
    app = open_lab("Learned slope")
    assert [row["Within 0.001 since step"] for row in rows(app).values()] == ["44", "37", "37", "42", "48"]
    app.text_input(key="slope_steps").set_value("2000")
    app.slider(key="lr_slope").set_value(0.3).run()
    assert all("diverged at step" in row["Within 0.001 since step"] for row in rows(app).values())
    shown = curves(app, "activations_learned_0")["0.5"][1]
    assert np.nanmax(np.abs(shown)) <= gallery.LOST
    assert not app.exception


def test_choice_of_functions_survives_another_laboratory():
    app = open_lab(functions=["mish"], focus="mish")
    app.button_group(key="lab").set_value("neuron").run()
    app.button_group(key="lab").set_value("shapes").run()
    assert set(rows(app)) == {"Mish"}


def test_empty_choice_says_what_to_choose():
    app = open_lab(functions=[])
    assert any("Choose at least one" in i.value for i in app.info)
    app = open_lab("Dead neuron", field=[])
    assert any("Choose at least one" in i.value for i in app.info)


@pytest.mark.parametrize(
    ("lab", "key", "value"),
    [
        ("Shapes", "functions", "Wizard"),
        ("Shapes", "focus", "Wizard"),
        ("Shapes", "reach", "-1"),
        ("Shapes", "elu_alpha", "11"),
        ("Statistics", "std", "-1"),
        ("Chain of layers", "layers", "1000"),
        ("Dead neuron", "x", "nan"),
        ("Learned slope", "target", "7"),
    ],
)
def test_bad_link_gets_a_sentence(lab, key, value):
    app = open_lab(lab, {key: value})
    assert key in app.warning[0].value
    assert charts(app)


@pytest.mark.parametrize("lab", LABS)
def test_code_that_ran_is_shown(lab):
    app = open_lab(lab, drawer_code=True)
    assert any("def " in block.value for block in app.code)


@pytest.mark.parametrize("lab", LABS[:4])
def test_pytorch_script_is_offered(lab):
    app = open_lab(lab, drawer_torch=True)
    assert any("import torch" in block.value for block in app.code)


def test_the_integrals_and_the_chain_show_their_formula():
    assert "def moments" in open_lab("Statistics", drawer_integrals=True).code[0].value
    assert "def chain" in open_lab("Chain of layers", drawer_chain=True).code[0].value


@pytest.mark.parametrize("lab", LABS)
def test_files_hold_the_numbers_and_stand_alone(lab, monkeypatch):
    files = []
    monkeypatch.setattr(scene, "take_away", lambda *offered: files.extend(offered))
    open_lab(lab)
    assert files
    for file in files:
        text = file.content()
        if file.name.endswith(".csv"):
            assert len(pd.read_csv(io.StringIO(text))) > 5
        else:
            assert "Plotly.newPlot" in text and "<script src=" not in text


def test_csv_has_every_digit(monkeypatch):
    files = []
    monkeypatch.setattr(scene, "take_away", lambda *offered: files.extend(offered))
    open_lab(functions=["selu"], focus="selu")
    table = pd.read_csv(io.StringIO(files[0].content()))
    np.testing.assert_array_equal(table["slope"], ACTIVATIONS["selu"].slope(table["x"].to_numpy().copy()))


def test_links_with_an_exponent_of_ten_are_understood():
    state = state_of(open_lab("Learned slope", {"slope_rate": "-0.5", "silu_beta": "0.5"}))
    assert (state["lr_slope"], state["silu_sharpness"]) == (0.316, 3.16)


def test_what_the_reader_sets_is_in_the_link_whatever_is_drawn():
    app = open_lab(functions=["mish"], elu_alpha=2.0)
    app.button_group(key="lab").set_value("neuron").run()
    assert dict(app.query_params) == {"lab": "neuron", "functions": "mish", "elu_alpha": "2"}


def untrained(*_arguments, **_settings):
    raise AssertionError("a network is trained")


def test_deaths_are_recorded_and_no_page_waits_for_them(monkeypatch):
    monkeypatch.setattr(gallery, "train", untrained)
    app = open_lab("Dead neuron", drawer_deaths=True)
    shown = app.table[1].value.to_dict("records")
    found = record.recorded("activations")["panel deaths"].numbers
    assert [row["ReLU, silent"] for row in shown] == [
        f"{100 * part:.1f} ± {100 * error:.1f} %"
        for part, error in zip(found["relu_silent"], found["relu_error"], strict=True)
    ]
    assert [row["Leaky ReLU, loss"] for row in shown] == [f"{loss:.2g}" for loss in found["leaky_relu_loss"]]


def test_claim_opens_the_drawer_that_shows_it():
    app = open_lab()
    number = [claim.key for claim in CLAIMS].index("leaky_cures_death") + 1
    app.button_group(key="load_claim").set_value(number).run()
    assert not app.exception
    assert "Leaky ReLU, silent" in app.table[1].value.columns
