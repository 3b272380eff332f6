"""The depth lab: its figures against the laboratory, verdicts in words, the grid, bad input."""

import json
from base64 import b64decode

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.networks.activations import ACTIVATIONS
from core.networks.initialisation import INITIALISATIONS
from core.networks.parameters import with_parameters
from core.networks.signal import propagate
from pages.depth import claims as lesson_data
from pages.depth import measure as lab
from pages.depth.view import short
from teaching import record
from tests.pages import charts, open_page, state_of


def figure(app: AppTest, alt: str) -> dict:
    """Return the first chart whose name begins so."""
    return json.loads(next(c for c in charts(app) if c.proto.alt.startswith(alt)).proto.spec)


def verdicts(app: AppTest) -> list[str]:
    return [
        m.value for m in app.markdown if ("-badge[" in m.value and "**Signal**" in m.value) or "**Gradient**" in m.value
    ]


@pytest.fixture(scope="module")
def page() -> AppTest:
    """The page as it opens, for tests that only look."""
    return open_page("depth")


def decoded(values) -> np.ndarray:
    """Return what Plotly packed into base64."""
    if isinstance(values, dict):
        return np.frombuffer(b64decode(values["bdata"]), values["dtype"])
    return np.array(values, dtype=float)


def test_charts_show_what_was_measured(page):
    found = propagate("relu", "xavier", batch=lab.SAMPLES)
    std, signal, theory = figure(page, "Standard deviation of the activations")["data"]
    np.testing.assert_allclose(decoded(std["y"]), found.std)
    np.testing.assert_allclose(decoded(signal["y"]), found.signal)
    np.testing.assert_allclose(decoded(theory["y"]), found.theory.std)
    gradient, theory = figure(page, "Size of the gradient")["data"]
    np.testing.assert_allclose(decoded(gradient["y"]), found.gradient)
    np.testing.assert_allclose(decoded(theory["y"]), found.theory.gradient)


def test_first_picture_says_that_the_gradient_vanishes(page):
    signal, gradient = verdicts(page)
    assert "vanishes" in signal and "6e-9" in signal
    assert "vanishes" in gradient and "3e-8" in gradient


@pytest.mark.parametrize(
    ("settings", "signal", "gradient"),
    [
        ({"activation": "relu", "init": "he"}, "survives", "survives"),
        ({"activation": "relu", "init": "he", "norm": "batch"}, "survives", "explodes"),
        ({"activation": "identity", "init": "he"}, "explodes", "explodes"),
        (
            {"activation": "sigmoid", "init": "normal", "normal_std": 1e-5, "depth": 100, "width": 64},
            "vanishes",
            "exactly zero",
        ),
        (
            {"activation": "relu", "init": "normal", "normal_std": 1000.0, "depth": 100, "width": 64},
            "infinite",
            "unknown",
        ),
        ({"activation": "relu", "init": "constant", "constant_level": -1.0}, "exactly zero", "exactly zero"),
    ],
)
def test_every_verdict_in_words(settings, signal, gradient):
    app = open_page("depth", samples=32, **settings)
    ahead, back = verdicts(app)
    assert signal in ahead and gradient in back
    assert not app.error and not app.warning


def test_lost_layers_are_marked():
    app = open_page("depth", activation="relu", init="normal", normal_std=1000.0, depth=100, width=64, samples=8)
    spec = figure(app, "Standard deviation of the activations")
    start = with_parameters(INITIALISATIONS["normal"], std=1000.0)
    layer = lab.measured(ACTIVATIONS["relu"], start, "none", 100, 64, 8).forward.layer
    (box,) = spec["layout"]["shapes"]
    assert (box["x0"], box["x1"]) == (layer - 0.5, 100.5)
    assert spec["layout"]["annotations"][0]["text"] == "∞"


def test_one_layer_of_one_unit_is_a_network():
    app = open_page("depth", depth=1, width=1, samples=2)
    assert not app.exception and not app.error and not app.warning


def test_too_many_samples_are_capped_with_a_sentence():
    app = open_page("depth", depth=100, width=64, samples=4096)
    most = lab.most_samples(100, 64)
    assert str(most) in app.info[0].value
    assert not app.exception and not app.error


def test_grid_shows_every_cell(page):
    text = figure(page, "Heat map")["data"][1]["text"]
    assert len(text) == len(lab.ROWS) * len(lab.COLUMNS)
    row = record.recorded("depth")["panel grid none"].numbers["gradient"][2]
    relu = text[2 * len(lab.COLUMNS) :][: len(lab.COLUMNS)]
    assert relu[0] == f"{row[0]:.0e}"
    assert float(relu[3]) == pytest.approx(row[3], rel=0.5)
    assert float(relu[4]) == pytest.approx(row[4], rel=0.1)


def test_parameters_of_the_chosen_have_widgets():
    app = open_page("depth", activation="elu", init="uniform", elu_alpha=2.0)
    assert app.text_input(key="elu_alpha").value == "2"
    assert app.text_input(key="uniform_limit").value == "0.05"
    app.text_input(key="uniform_limit").set_value("0.2").run()
    assert not app.exception


def test_level_of_equal_units_changes_their_loss():
    app = open_page("depth", steps=50)
    before = app.table[0].value.to_dict("records")
    app.slider(key="level").set_value(1.0).run()
    after = app.table[0].value.to_dict("records")
    assert before[0] != after[0]
    assert before[1:] == after[1:]


def test_bad_links_get_a_sentence_each():
    link = {"activation": "Wizard", "init": "Luck", "norm": "Weight", "depth": "500", "width": "lots", "samples": "1"}
    app = open_page("depth", link=link)
    assert len(app.warning) == len(link)
    for key, word in link.items():
        assert any(key in w.value and word in w.value for w in app.warning), key
    assert verdicts(app)


def test_code_and_script_are_those_of_the_choice():
    app = open_page("depth", drawer_code=True, drawer_torch=True, activation="tanh", init="orthogonal", norm="layer")
    code = "\n".join(block.value for block in app.code)
    for part in ("def tanh", "np.linalg.qr", "def normalise_backward", "torch.nn.Tanh()", "orthogonal_", "layer_norm"):
        assert part in code


def grid_cell(app: AppTest, unit: str, start: int) -> str:
    """Return what the grid says of an activation in a column."""
    heat = figure(app, "Heat map of every activation")["data"][0]
    return heat["text"][lab.ROWS.index(unit)][start]


@pytest.mark.parametrize(
    ("settings", "unit", "column"),
    [
        ({"activation": "relu", "init": "he", "norm": "batch"}, "relu", 4),
        ({"activation": "relu", "init": "he", "norm": "batch", "samples": 200}, "relu", 4),
        ({"activation": "tanh", "init": "xavier", "width": 200, "depth": 20}, "tanh", 3),
    ],
)
def test_page_and_grid_give_one_number_for_one_network(settings, unit, column):
    app = open_page("depth", **settings)
    if "depth" in settings:
        app.button(key="measure_grid").click().run()
    cell = grid_cell(app, unit, column)
    gradient = verdicts(app)[1]
    assert f"at the input it is {cell} times" in gradient or f"{cell} times as large" in gradient, (cell, gradient)


def test_page_and_lesson_give_one_number_for_one_network(page):
    (question,) = [q for q in lesson_data.QUESTIONS if q.key == "relu_xavier"]
    own = lab.measured(ACTIVATIONS["relu"], INITIALISATIONS["xavier"], "none").gradient_ratio
    assert question.measured()["ratio"] == pytest.approx(np.exp(np.mean(np.log(lesson_data._ratios("relu", "xavier")))))
    assert lesson_data._ratios("relu", "xavier")[0] == own, "the network of the page is the first of the draws"
    assert grid_cell(page, "relu", 3) == f"{own:.0e}".replace("e-0", "e-")
    claim = next(c for c in lesson_data.CLAIMS if c.key == "batch_norm_cures_vanishing")
    assert claim.settings["samples"] == lab.SAMPLES
    normalised = lab.measured(ACTIVATIONS["relu"], INITIALISATIONS["he"], "batch").gradient_ratio
    assert lesson_data._ratios("relu", "he", "batch")[0] == normalised


def untrained(*_arguments, **_settings):
    raise AssertionError("what the page opens with is measured again")


@pytest.mark.parametrize("norm", ["none", "batch", "layer", "rms"])
def test_page_opens_with_what_is_recorded(norm, monkeypatch):
    monkeypatch.setattr(lab, "grid", untrained)
    monkeypatch.setattr(lab, "train", untrained)
    app = open_page("depth", norm=norm, activation="tanh", init="he", width=300)
    recorded = record.recorded("depth")
    text = figure(app, "Heat map")["data"][0]["text"]
    own = lab.ROWS.index("tanh"), 4  # the framed cell is the network of the page, which is wider
    cells = recorded[f"panel grid {norm}"].numbers["gradient"]
    assert all(
        text[k][n] == short(cells[k][n]) for k in range(len(lab.ROWS)) for n in range(len(lab.COLUMNS)) if (k, n) != own
    )
    ends = app.table[0].value.to_dict("records")
    losses = recorded["panel symmetry"].numbers
    assert [row["Loss at the end"] for row in ends] == [f"{losses[f'{name}_loss'][-1]:.4g}" for name in lab.SYMMETRY]


def test_other_grids_are_measured_when_they_are_asked_for(monkeypatch):
    real = lab.grid
    monkeypatch.setattr(lab, "grid", untrained)
    app = open_page("depth", depth=3, width=4)
    assert not any(chart.proto.alt.startswith("Heat map") for chart in charts(app))
    monkeypatch.setattr(lab, "grid", real)
    app.button(key="measure_grid").click().run()
    text = figure(app, "Heat map")["data"][0]["text"]
    found = lab.grid_of("none", 3, 4, 0, 1.0)["gradient"]
    assert text[0] == [short(value) for value in found[0]]
    app.slider(key="level").set_value(1.0).run()
    assert figure(app, "Heat map")["data"][0]["text"] == text, "another control leaves it where it is"
    app.slider(key="depth").set_value(4).run()
    assert not any(chart.proto.alt.startswith("Heat map") for chart in charts(app)), "another grid is another question"


def test_links_that_name_labels_are_understood():
    link = {"activation": "Tanh", "init": "He", "norm": "无", "histogram": "Shape alone", "samples": "2", "width": "4"}
    app = open_page("depth", link=link)
    assert not app.warning
    state = state_of(app)
    assert [state[key] for key in ("activation", "init", "norm", "histogram")] == ["tanh", "he", "none", "shape"]
