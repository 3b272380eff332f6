"""Adam's fine print: its switches, its tables against the laboratory, bad input."""

import json
from base64 import b64decode

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.fine_print import measure as lab
from tests.pages import charts, link_of, open_page, set_state, state_of, unlined

PAGE = "fine_print"


def rows(app: AppTest, number: int) -> dict[str, dict]:
    """Return a table: name of the method -> column -> text."""
    found = app.table[number].value.to_dict("records")
    return {unlined(next(iter(row.values()))): row for row in found}


@pytest.fixture(scope="module")
def page() -> AppTest:
    """The page as it opens, for tests that only look."""
    return open_page(PAGE)


def test_burst_is_on_the_first_screen_and_said_in_words(page):
    text = next(m.value for m in page.markdown if "back above 0.05" in m.value)
    assert "at step 1322" in text
    assert "AMSGrad" not in text
    assert rows(page, 0)["Adam"]["Goal at step"] == "638"


def test_every_formula_at_once():
    app = open_page(PAGE, variants=[o.key for o in lab.FAMILY])
    assert not app.exception and not app.error
    assert list(rows(app, 0)) == [o.title for o in lab.FAMILY]


def test_own_adam_joins_while_a_switch_is_turned():
    app = open_page(PAGE, drawer_own=True)
    assert "MyAdam" not in rows(app, 0)
    for name in ("correct_first", "correct_second", "eps_inside", "amsgrad", "decoupled"):
        switch = app.toggle(key=f"my_adam_{name}")
        before = switch.value
        switch.set_value(not before).run()
        assert not app.exception
        assert "MyAdam" in rows(app, 0), name
        app.toggle(key=f"my_adam_{name}").set_value(before).run()
        assert "MyAdam" not in rows(app, 0), name


def test_own_adam_with_the_switch_of_another_is_that_other():
    app = open_page(PAGE, my_adam_correct_first=False)
    mine, other = rows(app, 0)["MyAdam"], rows(app, 0)["m̂→m"]
    assert [mine[c] for c in ("Goal at step", "Final value")] == [other[c] for c in ("Goal at step", "Final value")]


def test_scale_of_the_gradients_matters_near_epsilon():
    app = open_page(PAGE)
    before = rows(app, 0)["Adam"]["Final value"]
    app.slider(key="gradient_scale").set_value(-12.0).run()
    assert not app.exception
    assert rows(app, 0)["Adam"]["Final value"] != before


def test_bars_show_the_first_twenty_steps(page):
    figure = next(c for c in charts(page) if c.proto.alt == "First steps on a constant gradient")
    traces = json.loads(figure.proto.spec)["data"]
    assert [t["type"] for t in traces] == ["bar"] * 4
    low, high = json.loads(figure.proto.spec)["layout"]["yaxis"]["range"]
    tops = np.array([np.frombuffer(b64decode(t["customdata"]["bdata"])) for t in traces])
    assert np.isclose(tops, 1.0, atol=1e-4).any()  # the message of the chart, and it has a height to be seen
    assert all(low <= np.log10(t["base"]) for t in traces)
    assert (np.log10(tops) - low > 0.1 * (high - low)).all()
    assert (np.log10(tops) < high).all()


def test_half_lives_of_the_laboratory(page):
    table = rows(page, 1)
    found = lab.decay("adamw", 1e-3, 0.5)
    assert table["AdamW"]["Loud weight"] == f"{found.half_life[1]:.0f} ± {found.error[1]:.0f}"
    assert "6000" in table["Adam + L2"]["Loud weight"]


def test_other_strength_other_half_life():
    app = open_page(PAGE)
    app.slider(key="weight_decay").set_value(0.0).run()
    assert rows(app, 1)[r"$\ln\frac12 / \ln(1-\eta\lambda)$"]["Quiet weight"] == "693"


def test_without_epsilon_the_axis_of_a_saddle_ends_the_run():
    app = open_page(PAGE, surface="saddle_bounded", x=1.0, y=0.0, my_adam_eps=0.0)
    assert rows(app, 0)["MyAdam"]["Outcome"].startswith("not a number at step 1")


def test_links_that_hold_exponents_are_understood():
    app = open_page(PAGE, link={"scale": "-9", "decay": "0.5", "decay_rate": "-2"})
    assert not app.warning
    assert {key: state_of(app)[key] for key in ("gradient_scale", "weight_decay", "decay_lr")} == {
        "gradient_scale": 1e-9,
        "weight_decay": 3.16,
        "decay_lr": 0.01,
    }
    set_state(app, early_seed=1)
    assert link_of(app) == {"gradient_scale": "1e-9", "weight_decay": "3.16", "decay_lr": "0.01", "early_seed": "1"}


def test_new_surface_brings_its_start_and_rate_and_keeps_the_formulas():
    app = open_page(PAGE, x=0.5, lr_everyone=0.5, variants=("adam_torch", "adam_inside"), gradient_scale=1e-3)
    app.selectbox(key="surface").select("beale").run()
    assert set(link_of(app)) == {"surface", "variants", "gradient_scale"}
    assert (state_of(app)["x"], state_of(app)["lr_everyone"]) == (1.0, 0.1)


def test_bad_links_get_a_sentence_each():
    link = {"variants": "Wizard", "scale": "7", "my_adam_beta2": "1.5", "decay": "lots", "equals": "Nobody"}
    app = open_page(PAGE, link=link)
    assert len(app.warning) == len(link)
    for key, word in link.items():
        assert any(key in w.value and word in w.value for w in app.warning), key
    assert rows(app, 0)


def test_empty_choices_say_what_to_choose():
    app = open_page(PAGE, variants=[], equals=[])
    assert not app.exception
    assert sum("Choose at least one" in i.value for i in app.info) == 2


@pytest.mark.parametrize("variant", ["adam_m", "adam_ams"])
def test_script_is_that_of_the_formula(variant):
    app = open_page(PAGE, drawer_torch=True, variants=[variant])
    code = app.code[-1].value
    assert ("torch.optim.Adam" in code) == (variant == "adam_ams")


def test_inspector_shows_every_number_of_a_step():
    app = open_page(PAGE, drawer_inspect=True, step=3)
    assert any("step 3" in m.value for m in app.markdown)
    assert not app.exception
