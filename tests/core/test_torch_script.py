"""Generated PyTorch scripts: what they hold, and that the engine goes where torch went with them.

torch itself is not installed here. tests/reference/run_scripts.py has run every script below with it; the
fingerprint of a script ties its text to the path that torch took.
"""

from __future__ import annotations

import ast
import json
import runpy
from types import SimpleNamespace

import numpy as np
import pytest

from core import OPTIMIZERS, SCHEDULES, Noise
from core.engine.batches import SAMPLING, Batches
from core.optimizers import VARIANTS
from core.torch_script import TORCH_DEFAULTS, torch_script
from pages.fine_print.measure import FAMILY
from surfaces import DATA_SURFACES, SURFACES
from tests.reference.run_scripts import (
    FILE,
    cases,
    differences,
    edges,
    engine_path,
    fingerprint,
    printed,
    script_of,
    unexplained,
)

RECORDED = np.load(FILE)
PRINTS = dict(zip(RECORDED["names"].tolist(), RECORDED["prints"].tolist(), strict=True))
POINTS = dict(zip(RECORDED["names"].tolist(), RECORDED["points"], strict=True))
CASES = cases()
BY_KEY = {s.key: s for s in SURFACES}
START = {"start": (-1.5, 2.0), "steps": 30}


@pytest.mark.parametrize("name", PRINTS)
def test_torch_ran_this_script_and_the_engine_goes_there(name: str) -> None:
    assert name in CASES, "a recording is left over: python -m tests.reference.run_scripts"
    assert fingerprint(script_of(CASES[name])) == PRINTS[name], (
        "torch ran another script: run them again with python -m tests.reference.run_scripts"
    )
    assert unexplained(POINTS[name], CASES[name]) < 1e-10


OTHERS = dict(zip(RECORDED["other_names"].tolist(), RECORDED["other_prints"].tolist(), strict=True))
PRINTED = printed()


@pytest.mark.parametrize("name", PRINTED)
def test_torch_ran_this_script_too_and_printed_our_numbers(name: str) -> None:
    script, ours = PRINTED[name]
    assert OTHERS.get(name) == fingerprint(script), "run it with torch: python -m tests.reference.run_scripts"
    theirs = RECORDED[f"printed {name}"]
    assert np.isfinite(theirs).all()
    if ours is not None:
        rtol = 1e-7 if name.startswith("hard_sigmoid") else 1e-10  # torch's slope is a sixth in single precision
        np.testing.assert_allclose(theirs, ours, rtol=rtol, atol=1e-14)


def test_nothing_at_the_edge_is_left_unrecorded() -> None:
    assert {f"edge: {name}" for name in edges()} <= set(PRINTS)
    assert set(PRINTED) == set(OTHERS)


def test_almost_every_point_is_that_of_torch() -> None:
    found = np.array([differences(points, engine_path(CASES[name])) for name, points in POINTS.items()])
    assert np.mean(found < 1e-10) > 0.98
    assert found[:, 0].max() < 1e-14  # after one step there is no chaos yet


def test_torch_ran_every_class_and_every_schedule() -> None:
    """A new surface needs no recording: its formula is tested below, and its class and loop are known."""
    ran = [CASES[name] for name in PRINTS]
    assert {c["optimizer"].key for c in ran} >= {o.key for o in (*OPTIMIZERS, *VARIANTS) if o.torch}
    assert {c.get("schedule") for c in ran} >= {row.key for row in SCHEDULES}
    assert {c["surface"].key for c in ran} >= {"rosenbrock", "beale", "ravine45", "ackley", "saddle"}


def test_left_out_arguments_are_torch_defaults() -> None:
    recorded = json.loads(str(RECORDED["defaults"]))
    assert json.loads(json.dumps(TORCH_DEFAULTS)) == recorded
    twins = {o.torch for o in (*OPTIMIZERS, *VARIANTS) if o.torch}
    assert twins <= set(TORCH_DEFAULTS)


@pytest.mark.parametrize("surface", SURFACES, ids=lambda s: s.key)
def test_function_in_the_script_is_the_surface(surface, tmp_path) -> None:
    """The script's formula, with NumPy standing in for torch, has the values of the surface."""
    script = torch_script(surface, "sgd", start=surface.starts[0], steps=1)
    tree = ast.parse(script)
    kept = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.Assign)]
    kept = kept[: [getattr(node, "name", "") for node in kept].index("f") + 1]
    file = tmp_path / "surface.py"
    file.write_text("import math\nimport numpy as torch\n\n" + ast.unparse(ast.Module(kept, [])))
    f = runpy.run_path(str(file))["f"]
    x_low, x_high, y_low, y_high = surface.domain
    x, y = np.random.default_rng(0).uniform((x_low, y_low), (x_high, y_high), (200, 2)).T
    np.testing.assert_allclose(f(x, y), surface.value(x, y), rtol=1e-10, atol=1e-12)


def called(script: str) -> set[str]:
    """Return the dotted names that a script calls."""
    return {ast.unparse(node.func) for node in ast.walk(ast.parse(script)) if isinstance(node, ast.Call)}


def imported(script: str) -> set[str]:
    """Return what a script imports."""
    nodes = [n for n in ast.walk(ast.parse(script)) if isinstance(n, ast.Import | ast.ImportFrom)]
    return {alias.name for node in nodes for alias in node.names}


@pytest.mark.parametrize("optimizer", [*OPTIMIZERS, *VARIANTS], ids=lambda o: o.key)
def test_class_is_torch_s_own_or_shown_in_full(optimizer) -> None:
    script = torch_script("rosenbrock", optimizer, **START)
    if optimizer.torch:
        assert f"torch.optim.{optimizer.torch}" in called(script)
    elif optimizer.key == "ema_momentum":
        assert "torch.optim.SGD" in called(script)
    else:
        assert "torch.optim has none" in script
        assert "def update(x, g, " in script
        assert not [name for name in called(script) if name.startswith("torch.optim.")]


def test_a_plain_script_holds_nothing_unused() -> None:
    script = torch_script("rosenbrock", "adam", **START, hyper={"lr": 0.1})
    assert imported(script) == {"torch"}
    assert "optimizer = torch.optim.Adam([p], lr=0.1)\n" in script
    assert "scheduler" not in script
    assert "noise" not in script
    assert "clip" not in script
    assert max(map(len, script.splitlines())) <= 120


def test_everything_asked_for_is_in_the_script() -> None:
    script = torch_script(
        "ackley", "adam", **START, hyper={"lr": 0.1, "beta1": 0.5}, schedule="exponential",
        schedule_settings={"k": 0.25}, noise=Noise(0.75, seed=42), clip_norm=2.0,
    )  # fmt: skip
    assert imported(script) == {"math", "numpy", "torch", "lr_scheduler"}
    assert "Adam([p], lr=0.1, betas=(0.5, 0.999))" in script
    assert "ExponentialLR(optimizer, gamma=math.exp(-0.25))" in script
    assert "0.75 * torch.from_numpy(np.random.default_rng(42).standard_normal((30, 2)))" in script
    assert "clip_grad_norm_([p], 2.0)" in script


def test_a_member_of_a_family_carries_its_parameters() -> None:
    bowl = BY_KEY["ravine"].with_parameters(condition=7.0, angle=0.0)
    assert "def f(x, y, a=1.0, b=0.0, c=7.0):" in torch_script(bowl, "sgd", **START)


def test_a_bounded_surface_says_that_the_script_goes_on() -> None:
    assert "this script goes on" in torch_script("saddle", "sgd", **START)
    assert "this script goes on" not in torch_script("rosenbrock", "sgd", **START)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"steps": 0}, "steps: got 0"),
        ({"start": (float("nan"), 0.0)}, "start: got"),
        ({"hyper": {"lr": float("inf")}}, "lr: got inf"),
        ({"hyper": {"__import__('os')": 1.0}}, "hyper: got"),
        ({"hyper": {"lr": "__import__('os')"}}, "lr: got"),
        ({"clip_norm": -1.0}, "clip_norm: got -1.0"),
        ({"noise": Noise(float("nan"))}, "noise: sigma: got nan"),
        ({"schedule": "cosine", "schedule_settings": {"warm_up": 31}}, "warm_up: got 31"),
        ({"schedule": "sawtooth"}, "schedule: got 'sawtooth'"),
    ],
)
def test_bad_input_gets_a_sentence(changed: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match="^" + sentence.replace("(", r"\(")):
        torch_script("rosenbrock", "adam", **{**START, **changed})


@pytest.mark.parametrize("surface", DATA_SURFACES, ids=lambda s: s.key)
def test_loss_in_the_script_is_the_mean_over_its_rows(surface) -> None:
    """With NumPy standing in for torch, the loss of a script over its own rows has the values of the surface."""
    script = torch_script(surface, "sgd", start=surface.starts[0], steps=1)
    tree = ast.parse(script)
    kept = [n for n in tree.body if isinstance(n, ast.FunctionDef) or ast.unparse(n).startswith("rows =")]
    known = {"torch": SimpleNamespace(**{n: getattr(np, n) for n in ("where", "logaddexp")}, tensor=np.array)}
    known["torch"].sigmoid = lambda z: 1 / (1 + np.exp(-z))
    exec(compile(ast.Module(kept, []), "script", "exec"), known)  # noqa: S102  the script is ours
    x_low, x_high, y_low, y_high = surface.domain
    for w, b in np.random.default_rng(0).uniform((x_low, y_low), (x_high, y_high), (50, 2)):
        assert known["f"](w, b) == pytest.approx(surface.value(w, b), rel=1e-12)


@pytest.mark.parametrize("sampling", SAMPLING)
@pytest.mark.parametrize("size", [7, tuple([3, 40, 11] * 10)])
@pytest.mark.parametrize("skip", [0, 5])
def test_batches_in_the_script_are_those_of_the_run(sampling, size, skip) -> None:
    batches = Batches(size, sampling, 6, skip)
    script = torch_script("linear_regression", "sgd", start=(0.0, 0.0), steps=20, batches=batches)
    begin = script.index("sizes = ")
    known = {"np": np}
    exec(script[begin : script.index("\n\npath =")], known)  # noqa: S102  the script is ours
    bounds = np.cumsum(batches.sizes(256, 20))[:-1]
    for got, want in zip(known["batches"], np.split(batches.indices(256, 20), bounds), strict=True):
        np.testing.assert_array_equal(got, want)
    assert "loss = f(*p, rows[batches[t]])" in script


def test_both_clips_and_noise_that_changes_stand_in_the_script() -> None:
    noise = Noise((1.0, 2.0, 3.0), 4, skip=1)
    script = torch_script("bowl", "sgd", start=(1.0, 1.0), steps=2, noise=noise, clip_norm=5.0, clip_value=0.5)
    assert script.index("clip_grad_value_([p], 0.5)") < script.index("clip_grad_norm_([p], 5.0)")
    assert "torch.tensor([2.0, 3.0])[:, None] * torch.from_numpy" in script
    assert "default_rng(4).standard_normal((3, 2)))[1:]" in script


def test_a_rise_without_length_is_written_without_one_cycle() -> None:
    ten = {**START, "steps": 10, "schedule": "one_cycle"}
    at_once = torch_script("rosenbrock", "sgd", **ten, schedule_settings={"pct_start": 0.1})
    assert "lr_scheduler.CosineAnnealingLR(optimizer, T_max=9" in at_once
    assert "OneCycleLR(optimizer" in torch_script("rosenbrock", "sgd", **ten, schedule_settings={"pct_start": 0.2})


def test_torch_s_adam_is_named_only_where_it_has_the_switches() -> None:
    """Whatever else is switched on stands in the script as a class of its own."""
    twin = FAMILY[0]
    assert "torch.optim.Adam(" in torch_script("beale", twin, **START, hyper={"amsgrad": 1.0})
    for other in ({"eps_inside": 1.0}, {"correct_first": 0.0}, {"correct_second": 0.0}, {"decoupled": 1.0}):
        assert "torch.optim.Adam(" not in torch_script("beale", twin, **START, hyper=other)
