"""The compass draws what core measures, and has a sentence for every point without a steepest direction."""

import json

import numpy as np
import pytest

from core.analysis.directions import best_direction, slope, step_slope
from surfaces import SURFACES
from tests.pages import charts, link_of, open_page, state_of

POINT = (-1.0, 1.5)


def figure(app, key: str) -> dict:
    return next(json.loads(chart.proto.spec) for chart in charts(app) if key in chart.proto.id)


def texts(app) -> str:
    return "\n".join(element.value for element in (*app.markdown, *app.info, *app.caption))


def numbers(values) -> np.ndarray:
    """Return an array of a figure, whose numbers travel as bytes."""
    import base64

    if isinstance(values, dict):
        return np.frombuffer(base64.b64decode(values["bdata"]), dtype=values["dtype"])
    return np.array(values, dtype=float)


def test_first_picture_shows_that_the_gradient_misleads():
    app = open_page("compass")
    best = best_direction("rosenbrock", POINT, 0.5)
    text = texts(app)
    for number in (f"{best.steepest_value:.4g}", f"{np.degrees(best.off):.2f}°", f"{best.value:.4g}", "not lower"):
        assert number in text


def test_slopes_are_those_of_the_law_and_of_the_step():
    rows = figure(open_page("compass"), "compass_slopes")["data"]
    radians = np.radians(numbers(rows[0]["x"]))
    assert numbers(rows[0]["y"]) == pytest.approx(slope("rosenbrock", POINT, radians), rel=1e-5, abs=1e-3)
    assert numbers(rows[1]["y"]) == pytest.approx(step_slope("rosenbrock", POINT, radians, 0.5), rel=1e-5, abs=1e-3)
    marked = [float(numbers(row["x"])[0]) for row in rows[2:]]
    best = best_direction("rosenbrock", POINT, 0.5)
    assert marked == pytest.approx([-120, np.degrees(best.steepest_angle), np.degrees(best.angle)])


@pytest.mark.parametrize("surface", SURFACES, ids=lambda s: s.key)
def test_every_surface_has_a_compass(surface):
    app = open_page("compass")
    app.selectbox(key="surface").select(surface.key).run()
    assert not app.exception and not app.error and not app.warning
    assert len(charts(app)) == 5
    assert len(app.table[0].value) == 3


def test_surface_figure_does_not_depend_on_the_step():
    app = open_page("compass")
    before = figure(app, "compass_plane")
    app.text_input(key="x").set_value("0.5").run()
    app.slider(key="step_length").set_value(-1.0).run()
    app.slider(key="angle").set_value(45).run()
    assert figure(app, "compass_plane") == before


def test_buttons_turn_the_dial():
    app = open_page("compass")
    best = best_direction("rosenbrock", POINT, 0.5)
    for label, angle in (("Dial against the gradient", best.steepest_angle), ("Dial to the best", best.angle)):
        next(button for button in app.button if button.label.startswith(label)).click().run()
        assert state_of(app)["angle"] == round(np.degrees(angle))


@pytest.mark.parametrize(
    ("surface", "point", "sentence"),
    [
        ("saddle", (0.0, 0.0), "The gradient is zero here"),
        ("l1valley", (0.0, 1.0), "on a kink"),
        ("rosenbrock", (9.0, 9.0), "outside the picture"),
    ],
)
def test_points_without_an_answer_get_a_sentence_and_all_charts(surface, point, sentence):
    app = open_page("compass", surface=surface, x=point[0], y=point[1])
    assert sentence in texts(app)
    assert len(charts(app)) == 5


def test_point_where_the_surface_is_not_finite_gets_a_sentence():
    app = open_page("compass", surface="cliff", x=1e6, y=0.0)
    assert "no finite value" in texts(app)
    assert len(charts(app)) == 1, "no empty chart"


@pytest.mark.parametrize(("key", "value"), [("angle", "500"), ("step_length", "nan"), ("length", "nan"), ("x", "1e9")])
def test_bad_link_gets_a_sentence(key, value):
    app = open_page("compass", link={key: value})
    assert key in app.warning[0].value
    assert len(charts(app)) == 5


def test_new_surface_brings_its_point_and_its_length():
    app = open_page("compass", x=0.5, y=0.5, step_length=0.01, angle=45)
    app.selectbox(key="surface").select("booth").run()
    state = state_of(app)
    assert (state["x"], state["y"]) == SURFACES["booth"].starts[0]
    assert state["step_length"] == 2.5 and state["angle"] == 45
    assert set(link_of(app)) == {"surface", "angle"}


def test_older_links_hold_the_exponent_of_the_length():
    assert state_of(open_page("compass", link={"length": "-1"}))["step_length"] == 0.1
