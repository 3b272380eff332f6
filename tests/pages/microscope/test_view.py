"""The microscope says what kind of point it looks at, and its table, its maps and its game say the same as core."""

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.analysis.critical_points import find, newton_walk
from core.analysis.curvature import curvature_map, error_growth, quadratic_model
from surfaces import ALL_SURFACES, SURFACES
from tests.pages import charts, link_of, open_page, state_of
from ui import figures, maps


def look(key: str = "himmelblau", **session) -> AppTest:
    """Open the microscope on a surface, at its first start unless `session` says where."""
    x, y = ALL_SURFACES[key].starts[0]
    return open_page("microscope", **{"surface": key, "x": x, "y": y} | session)


def said(app: AppTest) -> str:
    return " ".join(m.value for m in app.markdown)


@pytest.mark.parametrize("key", [s.key for s in SURFACES])
def test_microscope_works_on_every_surface(key):
    app = look(key)
    assert not app.error and not app.warning
    found = find(key)
    if not found.listed:
        assert any("No critical point" in i.value for i in app.info)
        return
    table = app.dataframe[0].value
    assert list(table["x"]) == [p.x for p in found.listed]
    assert list(table["lambda_2"]) == [p.eigenvalues[1] for p in found.listed]
    assert ("Complete" in said(app)) == found.complete
    assert found.complete or f"search from {found.starts} starts" in said(app)


@pytest.mark.parametrize(
    ("key", "point", "words"),
    [
        ("himmelblau", (3.0, 2.0), "**Minimum.**"),
        ("himmelblau", (-0.270845, -0.923039), "**Maximum.**"),
        ("camel6", (0.0, 0.0), "**Saddle.**"),
        ("monkey", (0.0, 0.0), "the Hessian gives no answer"),
        ("hyperbola", (1.0, 1.0), "the Hessian gives no answer"),
        ("hyperbola", (1.25, 0.8), "the Hessian gives no answer"),
        ("himmelblau", (0.0, 0.0), "slope is 26.08. The surface is concave"),
        ("himmelblau", (3.1, 2.0), "The surface is convex"),
        ("saddle", (0.5, 0.5), "The surface is saddle-shaped"),
        ("ackley", (0.0, 0.0), "lies on a kink"),
        ("l1valley", (1.0, 1.0), "without curvature"),
    ],
)
def test_every_kind_of_point_gets_its_sentence(key, point, words):
    assert words in said(look(key, x=point[0], y=point[1]))


def test_at_a_kink_no_hessian_is_shown():
    app = look("ackley", x=0.0, y=0.0)
    assert any("no quadratic model" in i.value for i in app.info)
    assert "begin{pmatrix}" not in said(app)
    assert "begin{pmatrix}" in said(look("ackley", x=0.5, y=0.0)), "the formulas hold beside it"


def test_snap_walks_to_the_maximum_and_looks_at_it():
    app = look(snap=True)
    walk = newton_walk("himmelblau", (0.0, 0.0))
    assert walk.where == "maximum"
    assert "**Maximum.**" in said(app)
    assert f"Newton ends after {len(walk.path) - 1} steps: maximum at (-0.2708, -0.923)" in said(app)
    assert (state_of(app)["x"], state_of(app)["y"]) == (0.0, 0.0), "the walk begins where it began"
    assert "-45.61" in said(app), "the Hessian is that of the end"


@pytest.mark.parametrize(
    ("key", "point", "words"),
    [
        ("beale", (1.0, 1.5), "after 6 steps: saddle at ("),
        ("l1valley", (1.0, 1.0), "the Hessian has no inverse"),
        ("rosenbrock", (1.0, 1.0), "after 0 steps: minimum"),
        ("himmelblau", (2.0, -0.5), "The nearest critical point is another"),
    ],
)
def test_snap_says_where_newton_ended(key, point, words):
    assert words in said(look(key, snap=True, x=point[0], y=point[1]))


def test_a_walk_out_of_the_window_is_a_result():
    app = look("mccormick", snap=True, x=-1.27, y=-2.71)
    assert "Newton is outside the window" in said(app) and not app.error


def test_a_point_outside_the_window_gets_a_sentence():
    app = look(x=50.0, y=50.0)
    assert any("outside the window" in i.value for i in app.info)
    assert not app.error


@pytest.mark.parametrize("snap", [False, True])
def test_numbers_that_overflow_get_a_sentence(snap):
    app = look("cliff", x=1e6, y=0.0, snap=snap)
    assert "The numbers overflow at this point." in said(app) and not app.error


def test_point_of_the_page_is_the_selected_row():
    app = look(x=3.0, y=2.0)
    assert app.session_state["atlas"]["selection"]["rows"] == [0]
    app.text_input(key="x").set_value("1.0").run()
    assert app.session_state["atlas"]["selection"]["rows"] == []


def test_surface_figures_do_not_depend_on_point_and_path():
    app = look()
    before = charts(app)[0].proto.spec
    app.text_input(key="x").set_value("0.5").run()
    app.slider(key="lr_sgd").set_value(-2.5).run()
    app.toggle(key="snap").set_value(True).run()
    assert charts(app)[0].proto.spec == before


def test_maps_hold_the_eigenvalues_of_core():
    want = curvature_map(ALL_SURFACES["himmelblau"], 150)
    for shown, values in (("smallest", want.smallest), ("largest", want.largest), ("signs", want.negative)):
        drawn = np.array(maps.landscape(ALL_SURFACES["himmelblau"], shown).data[0].z)
        assert drawn == pytest.approx(values, rel=1e-6)


def test_landscape_marks_every_critical_point_once():
    for key in ("himmelblau", "monkey_bounded", "levy13"):
        figure = maps.landscape(ALL_SURFACES[key])
        marked = np.vstack([np.column_stack([t.x, t.y]) for t in figure.data if t.type == "scatter"])
        assert {tuple(row) for row in marked} == {(p.x, p.y) for p in find(key).points}


@pytest.mark.parametrize("point", [(3.0, 2.0), (0.0, 0.0), (-0.127961, -1.953715)])
def test_arrows_of_the_lens_are_eigenvectors_to_scale(point):
    model = quadratic_model("himmelblau", point)
    figure = figures.lens(ALL_SURFACES["himmelblau"], model, 0.5, "model")
    arrows = np.array([[a.x - a.ax, a.y - a.ay] for a in figure.layout.annotations])
    assert len(arrows) == 4
    for k, (eigenvalue, direction) in enumerate(zip(model.eigenvalues, model.directions, strict=True)):
        length = 0.45 * abs(eigenvalue) / np.abs(model.eigenvalues).max()
        assert arrows[2 * k + 1] == pytest.approx(length * direction)
        assert arrows[2 * k] == pytest.approx(-length * direction)
    lines = [t for t in figure.data if t.type == "contour"]
    assert lines[0].contours.size == lines[1].contours.size
    for line, f in zip(lines, (ALL_SURFACES["himmelblau"].value, model), strict=True):
        assert np.array(line.z)[10, 50] == pytest.approx(f(line.x[50], line.y[10]) - model.value, rel=1e-5)


def test_a_zero_eigenvalue_has_no_arrow():
    model = quadratic_model("hyperbola", (1.0, 1.0))
    assert len(figures.lens(ALL_SURFACES["hyperbola"], model, 0.3).layout.annotations) == 2
    flat = quadratic_model("monkey", (1e-12, 1e-12))
    assert not figures.lens(ALL_SURFACES["monkey"], flat, 0.3).layout.annotations, "rounding is no curvature"


@pytest.mark.parametrize(("key", "point", "order"), [("himmelblau", (0.0, 0.0), 3), ("camel3", (0.0, 0.0), 4)])
def test_error_grows_with_the_power_that_taylor_says(key, point, order):
    assert error_growth(key, quadratic_model(key, point), 1.0).order == pytest.approx(order, abs=0.02)
    assert f"to the power {order}.00" in " ".join(c.value for c in look(key, x=point[0], y=point[1]).caption)


def test_a_quadratic_surface_has_a_model_without_error():
    assert any("no error beyond rounding" in i.value for i in look("bowl").info)


def answer(app: AppTest, kind: str) -> AppTest:
    widget = next(g for g in app.button_group if str(g.key).startswith("blind_"))
    return widget.set_value(kind).run()


def test_blind_mode_hides_the_place_until_the_answer_and_counts_first_answers():
    app = look(blind=True)
    hidden = find("himmelblau").drawn(0)
    assert f"{hidden.eigenvalues[0]:.4g}" in said(app)
    assert not charts(app) and not app.dataframe
    assert f"{hidden.x:.4g}" not in said(app)
    wrong = "maximum" if hidden.kind != "maximum" else "minimum"
    answer(app, wrong)
    assert charts(app) and state_of(app)["x"] == hidden.x
    assert any(f"{hidden.x:.4g}" in i.value for i in app.info)
    answer(app, hidden.kind)
    assert "Right: 0 of 1" in said(app)
    next(b for b in app.button if b.label == "Next point").click().run()
    assert not charts(app) and state_of(app)["blind_seed"] == 1
    answer(app, find("himmelblau").drawn(1).kind)
    assert "Right: 1 of 2" in said(app) and app.success


def test_blind_mode_asks_for_every_kind_and_has_nothing_to_ask_on_kinks():
    assert {find("monkey_bounded").drawn(seed).kind for seed in range(20)} == {"minimum", "degenerate"}
    app = look("bukin6", blind=True)
    assert any("nothing to ask" in i.value for i in app.info)


@pytest.mark.parametrize("optimizer", ["none", "adam"])
def test_paths_of_another_optimizer_and_of_none(optimizer):
    app = look(optimizer=optimizer, starts=5)
    assert not app.error
    assert bool(app.slider) and ("lr_adam" in {s.key for s in app.slider}) == (optimizer == "adam")


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ({"map": "Depth"}, "Depth"),
        ({"radius": "3"}, "radius"),
        ({"lens_radius": "3"}, "lens_radius"),
        ({"starts": "99"}, "starts"),
        ({"blind_seed": "-1", "blind": "true"}, "blind_seed"),
    ],
)
def test_bad_link_gets_a_sentence(link, words):
    app = open_page("microscope", link=link)
    assert len(app.warning) == 1 and words in app.warning[0].value
    assert not app.error


def test_csv_holds_every_point_to_the_last_digit():
    found = find("camel6")
    table = maps.listing(found)
    assert isinstance(table, pd.DataFrame) and len(table) == 15
    assert table["f"].tolist() == [p.value for p in found.points]
    assert table["index"].tolist() == [p.index for p in found.points]
    assert table["stable_rate"].notna().sum() == found.counts["minimum"]


@pytest.mark.parametrize("drawer", ["drawer_code", "drawer_torch"])
def test_open_drawer_shows_the_code(drawer):
    assert look(**{drawer: True}).code


def test_new_surface_brings_its_point_and_its_rates():
    app = look(x=3.0, y=2.0, lr_sgd=0.5, lr_adam=0.5, steps=200, map="signs")
    app.selectbox(key="surface").select("booth").run()
    state = state_of(app)
    assert (state["x"], state["y"]) == ALL_SURFACES["booth"].starts[0]
    assert set(link_of(app)) == {"surface", "steps", "map"}, "the rates are the first ones of the new surface"


def test_older_links_hold_exponents():
    state = state_of(open_page("microscope", link={"radius": "-2", "rate_sgd": "-3"}))
    assert (state["lens_radius"], state["lr_sgd"]) == (0.01, 0.001)


def test_after_the_last_seed_comes_the_first():
    app = look(blind=True, blind_seed=2**31)
    next(b for b in app.button if b.label == "Next point").click().run()
    assert not app.exception and state_of(app)["blind_seed"] == 0
