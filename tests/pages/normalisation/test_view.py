"""The normalisation lab: what is outlined and normalised, its tables against the laboratory, bad input."""

import json
from base64 import b64decode

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.networks.activations import ACTIVATIONS
from core.networks.initialisation import INITIALISATIONS
from core.networks.normalisation import NORMALISATIONS, evaluate, normalise_images
from pages.normalisation import measure as lab
from pages.normalisation.claims import CLAIMS
from teaching import record
from tests.pages import charts, open_page, state_of

OUTLINED = {"batch": 8, "layer": 16, "instance": 4, "group": 8, "rms": 16}


def figure(app: AppTest, alt: str) -> dict:
    """Return the chart of this name."""
    return json.loads(next(c for c in charts(app) if c.proto.alt == alt).proto.spec)


def drawn(app: AppTest, alt: str) -> np.ndarray:
    """Return the numbers of a tensor as its picture holds them: (channels, images x pixels)."""
    z = figure(app, alt)["data"][0]["z"]
    return np.frombuffer(b64decode(z["bdata"]), z["dtype"]).reshape([int(n) for n in z["shape"].split(",")])


def flat(x: np.ndarray) -> np.ndarray:
    return x.transpose(1, 0, 2, 3).reshape(x.shape[1], -1)


@pytest.mark.parametrize("norm", OUTLINED)
def test_pictures_are_the_normalisation(norm):
    app = open_page("normalisation", norm=norm)
    np.testing.assert_allclose(drawn(app, "The tensor before the normalisation"), flat(lab.tensor()), rtol=1e-6)
    after = normalise_images(NORMALISATIONS[norm], lab.tensor()).value
    np.testing.assert_allclose(drawn(app, "The tensor after the normalisation"), flat(after), rtol=1e-5)
    shapes = figure(app, "The tensor after the normalisation")["layout"]["shapes"]
    assert sum(shape["type"] == "rect" for shape in shapes) == OUTLINED[norm]
    assert any(f"**{OUTLINED[norm]} of 32 numbers**" in m.value for m in app.markdown)


def test_evaluation_uses_running_statistics():
    app = open_page("normalisation", mode="evaluation", batches=3)
    x = lab.tensor()
    running = lab.running_after(normalise_images(NORMALISATIONS["batch"], x), 8, 3)
    np.testing.assert_allclose(drawn(app, "The tensor after the normalisation"), flat(evaluate(x, *running)), rtol=1e-5)
    app.slider(key="batches").set_value(0).run()
    np.testing.assert_allclose(drawn(app, "The tensor after the normalisation"), flat(x), rtol=1e-4)


def test_one_image_is_a_batch_too():
    app = open_page("normalisation", images=1, image=3)
    assert not app.exception and not app.error
    assert "no image 3" in app.info[0].value


def test_groups_are_those_that_divide_the_channels():
    for groups, count in (("1", 16), ("4", 4)):
        app = open_page("normalisation", norm="group", groups=groups)
        assert any(f"**{count} of 32 numbers**" in m.value for m in app.markdown)


def test_edited_image_changes_others_under_batch_normalisation_alone():
    app = open_page("normalisation")
    table = app.table[1].value
    others = dict(zip(table.iloc[:, 0], table.iloc[:, 2], strict=True))
    assert float(others["Batch"]) > 0.1
    assert [others[name] for name in ("Layer", "Instance", "Group", "RMS")] == ["0"] * 4
    app.slider(key="scale").set_value(1.0)
    app.slider(key="shift").set_value(0.0).run()
    assert app.table[1].value.iloc[0, 2] == "0"


def test_two_numbers_become_minus_one_and_one():
    app = open_page("normalisation", one=-5.0, other=2.0)
    assert any("(-5, 2) → (-1, 1)" in m.value for m in app.markdown)
    app.text_input(key="other").set_value("-5.0").run()
    assert any("(-5, -5) → (0, 0)" in m.value for m in app.markdown)


def test_table_of_rates_is_that_of_the_laboratory():
    app = open_page("normalisation", train_steps=30)
    app.button(key="train_rates").click().run()
    table = app.table[2].value
    ends = lab.trained(task(norm="none", steps=30))
    assert list(table.iloc[0])[1:] == [f"{x:.2g}" if np.isfinite(x) else "diverged" for x in ends.median]
    trace = figure(app, "Loss after training against the learning rate, with and without")["data"]
    assert [t["name"] for t in trace if t.get("name")] == [
        "Without", "Before the activation", "After the activation", "Guessing",
    ]  # fmt: skip
    app.text_input(key="train_steps").set_value("31").run()
    assert len(app.table) == 2, "other networks are another question"


def task(**settings) -> lab.Task:
    return lab.Task(ACTIVATIONS["relu"], INITIALISATIONS["he"], **settings)


def test_tiny_batches_in_their_drawer():
    app = open_page("normalisation", train_steps=10, drawer_batches=True, batch="256", trained_norm="layer")
    assert len(app.table) == 2, "nothing is trained before it is asked for"
    app.button(key="train_batches").click().run()
    assert list(app.table[2].value.columns)[1:] == [str(b) for b in lab.BATCHES]
    medians = [lab.trained(task(norm="layer", rates=(0.1,), batch=b, steps=10)).median[0] for b in lab.BATCHES]
    assert list(app.table[2].value.iloc[1])[1:] == [f"{x:.2g}" if np.isfinite(x) else "diverged" for x in medians]
    assert not app.exception


def untrained(*_arguments, **_settings):
    raise AssertionError("a network is trained")


@pytest.mark.parametrize("key", [None, *(c.key for c in CLAIMS if "activation" in c.settings)])
def test_page_and_the_buttons_of_its_claims_show_what_is_recorded(key, monkeypatch):
    monkeypatch.setattr(lab, "train", untrained)
    app = open_page("normalisation")
    if key:
        app.button_group(key="load_claim").set_value([c.key for c in CLAIMS].index(key) + 1).run()
    assert not app.exception
    state, recorded = state_of(app), record.recorded("normalisation")
    panels = {2: "rates"} | ({3: "batches"} if key == "batch_norm_fails_for_tiny_batches" else {})
    for place, kind in panels.items():
        numbers = recorded[f"panel {kind} {state['activation']} {state['init']}"].numbers
        shown = app.table[place].value
        for row, losses in zip(shown.itertuples(index=False), numbers.values(), strict=True):
            medians = np.median(losses, axis=1)
            assert list(row)[1:] == [f"{x:.2g}" if np.isfinite(x) else "diverged" for x in medians]


def test_bad_links_get_a_sentence_each():
    link = {"norm": "Weight", "images": "99", "mode": "Sleep", "train_steps": "0", "batch": "3"}
    app = open_page("normalisation", link=link)
    assert len(app.warning) == len(link)
    for key, word in link.items():
        assert any(key in w.value and word in w.value for w in app.warning), key


def test_code_and_script():
    app = open_page("normalisation", drawer_code=True, drawer_torch=True, norm="group", groups="4")
    code = "\n".join(block.value for block in app.code)
    assert "torch.nn.GroupNorm(4, 4" in code and "def normalise_backward" in code


def test_script_is_that_of_the_mode_shown():
    training = open_page("normalisation", drawer_torch=True)
    assert not [code for code in training.code if "norm.eval()" in code.value]
    shown = open_page("normalisation", drawer_torch=True, mode="evaluation", batches=7)
    (script,) = [code.value for code in shown.code if "BatchNorm2d" in code.value]
    assert "for _ in range(7):\n    norm(x)\nnorm.eval()\ny = norm(x)" in script


def test_links_that_name_labels_are_understood():
    app = open_page("normalisation", link={"norm": "Group", "groups": "4", "mode": "评估", "trained_norm": "RMS"})
    assert not app.warning
    state = state_of(app)
    assert [state[key] for key in ("norm", "groups", "mode", "trained_norm")] == ["group", "4", "evaluation", "rms"]
