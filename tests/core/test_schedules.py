"""Schedules against torch.optim.lr_scheduler, their own formulas, and what they must refuse."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from core import Noise, descend
from core.engine.spec import Surface
from core.schedules import SCHEDULES, drawn, drawn_schedule, rates, torch_source
from tests.reference.record_schedules import DRAWN, FILE, PLATEAU, SEEN, N

RECORDED = np.load(FILE)
KEYS = [row.key for row in SCHEDULES]
BEFOREHAND = [row.key for row in SCHEDULES if not row.reads_loss]


def bowl_value(x, y):
    return (x**2 + 10 * y**2) / 2


def bowl_gradient(x, y):
    return x, 10 * y


def bowl_hessian(x, y):
    return 1.0, 0.0, 10.0


BOWL = Surface(
    key="test_bowl", title="", formulas=(bowl_value, bowl_gradient, bowl_hessian),
    latex="", source="", teaches="",
    domain=(-10.0, 10.0, -10.0, 10.0), minima=((0.0, 0.0),), minimum=0.0, starts=((8.0, 3.0),), rates={},
)  # fmt: skip


@pytest.mark.parametrize("name", SEEN)
def test_factors_are_those_of_torch(name: str) -> None:
    lr, key, settings, _ = SEEN[name]
    np.testing.assert_allclose(rates(key, N, settings), RECORDED[name] / lr, rtol=0, atol=1e-12)


def test_every_schedule_has_a_recording_with_defaults_and_one_without() -> None:
    for row in SCHEDULES:
        cases = [settings for _, key, settings, _ in SEEN.values() if key == row.key]
        cases += [settings for name, (_, settings) in PLATEAU.items() if name.split()[0] == row.key]
        assert {} in cases, row.key
        assert not row.settings or any(cases), row.key


@pytest.mark.parametrize("name", PLATEAU)
def test_plateau_reduces_when_torch_does(name: str) -> None:
    lr, settings = PLATEAU[name]
    run = descend(BOWL, "sgd", steps=N, lr=lr, schedule=("plateau", settings), noise=Noise(1.0, seed=0))
    np.testing.assert_allclose(run.rate, RECORDED[name], rtol=1e-12)
    np.testing.assert_allclose(run.path, RECORDED[f"{name} path"], rtol=1e-10, atol=1e-10)
    assert len(np.unique(run.rate)) > 2  # it did reduce, more than once


@pytest.mark.parametrize("k", [0.001, 0.005, 0.3])
def test_exponential_is_the_formula_of_exponential_lr(k: float) -> None:
    """e^(-k t) is gamma^t with gamma = e^(-k)."""
    gamma = math.exp(-k)
    np.testing.assert_allclose(rates("exponential", 500, {"k": k}), gamma ** np.arange(500), rtol=1e-12)


def test_fixed_drops_and_step_are_one_schedule() -> None:
    """A tenth every 10 epochs of 20 steps: drops after 200, 400, ... steps."""
    found = rates("step", 1000, {"period": 10 * 20, "gamma": 0.1})
    np.testing.assert_allclose(found, np.repeat([1, 0.1, 0.01, 0.001, 0.0001], 200), rtol=1e-14)


def test_time_based_reaches_any_distance_and_exponential_does_not() -> None:
    """The sum of 1/(1 + kt) grows by ln(2)/k for every doubling; that of e^(-kt) ends at 1/(1 - e^(-k))."""
    slow, fast = (np.cumsum(rates(key, 100_000, {"k": 0.01})) for key in ("time_based", "exponential"))
    assert slow[-1] - slow[49_999] == pytest.approx(math.log(2) / 0.01, rel=1e-2)
    assert fast[-1] == pytest.approx(1 / (1 - math.exp(-0.01)), rel=1e-12)
    assert slow[-1] > 6 * fast[-1]


@pytest.mark.parametrize("n", [1, 7, 50])
@pytest.mark.parametrize("key", [r.key for r in SCHEDULES if "warm_up" in {s.key for s in r.settings}])
def test_warm_up_stands_before_any_schedule(key: str, n: int) -> None:
    found = rates(key, 300, {"warm_up": n})
    np.testing.assert_array_equal(found[:n], (np.arange(n) + 1) / n)
    np.testing.assert_array_equal(found[n:], rates(key, 300 - n, {"warm_up": 0}))


# The steps, of a run of 1000 with default settings, in which the factor is 1.
FULL = {
    "constant": [0, 500, 999], "step": [0, 199], "multi_step": [0, 499], "exponential": [0],
    "time_based": [0], "linear": [0], "polynomial": [0], "cosine": [0], "cosine_restarts": [0, 250, 500, 750],
    "warm_up": [49, 50, 999], "one_cycle": [299], "cyclic": [100, 300, 900],
}  # fmt: skip


def test_full_rates_are_named_for_every_schedule() -> None:
    assert list(FULL) == BEFOREHAND


@pytest.mark.parametrize("key", FULL)
def test_factor_is_one_in_its_places(key: str) -> None:
    found = rates(key, 1000)
    np.testing.assert_allclose(found[FULL[key]], 1.0, rtol=1e-15)
    assert found.max() <= 1
    assert found.min() >= 0


@pytest.mark.parametrize("steps", [1, 2, 3, 5, 100_000])
@pytest.mark.parametrize("key", BEFOREHAND)
def test_runs_of_any_length_have_finite_factors(key: str, steps: int) -> None:
    found = rates(key, steps, {"warm_up": 0} if key == "warm_up" else {})
    assert found.shape == (steps,)
    assert np.isfinite(found).all()


LIMITS = [(row.key, s.key, value) for row in SCHEDULES for s in row.settings for value in s.allowed if row.factor]


@pytest.mark.parametrize(("key", "name", "value"), LIMITS)
def test_every_allowed_limit_gives_finite_factors(key: str, name: str, value: float) -> None:
    steps = 100_000 if name == "warm_up" else 100
    others = {"first": 0.0, "second": 1.0} if key == "multi_step" else {}
    assert np.isfinite(rates(key, steps, others | {name: value})).all()


@pytest.mark.parametrize("row", SCHEDULES, ids=KEYS)
def test_row_is_complete(row) -> None:
    assert KEYS.count(row.key) == 1
    assert row.title
    assert row.latex
    assert row.text.endswith(".")
    assert row.source
    assert row.reads_loss == (row.factor is None)
    for setting in row.settings:
        assert setting.allowed[0] <= setting.default <= setting.allowed[1]
        assert setting.allowed[0] <= setting.shown[0] < setting.shown[1] <= setting.allowed[1]
        assert setting.scale != "log" or setting.shown[0] > 0
        assert setting.text
        assert setting.symbol


def test_torch_source_names_the_twin() -> None:
    assert torch_source(SCHEDULES["step"], 0.1, 500, {"period": 50}) == (
        "scheduler = lr_scheduler.StepLR(optimizer, step_size=50, gamma=0.1)"
    )
    after_warm_up = torch_source(SCHEDULES["linear"], 0.1, 500, {"warm_up": 20})
    assert "milestones=[20]" in after_warm_up
    assert "end_factor=0.0, total_iters=480" in after_warm_up


REFUSED = [
    ("step", 0, {}, "steps: got 0"),
    ("step", 1.5, {}, "steps: got 1.5"),
    ("step", True, {}, "steps: got True"),
    ("step", 100_001, {}, "steps: got 100001"),
    ("step", 100, {"period": 0}, "period: got 0, allowed are whole numbers from 1 to 100000"),
    ("step", 100, {"period": -3}, "period: got -3"),
    ("step", 100, {"period": 2.5}, "period: got 2.5, allowed are whole numbers"),
    ("step", 100, {"period": math.nan}, "period: got nan"),
    ("step", 100, {"period": math.inf}, "period: got inf"),
    ("step", 100, {"gamma": "a lot"}, "gamma: got 'a lot'"),
    ("step", 100, {"gamma": None}, "gamma: got None"),
    ("step", 100, {"gama": 0.1}, "schedule: got 'gama', but step has period, gamma, warm_up"),
    ("constant", 100, {"gamma": 0.1}, "schedule: got 'gamma', but constant has no settings"),
    ("multi_step", 100, {"first": 0.8}, "second: got 0.75, allowed are fractions from first = 0.8 to 1"),
    ("cosine", 100, {"warm_up": 101}, "warm_up: got 101, allowed are at most the 100 steps of the run"),
    ("cosine", 100, {"warm_up": -1}, "warm_up: got -1"),
    ("exponential", 100, {"k": -0.1}, "k: got -0.1"),
    ("one_cycle", 100, {"pct_start": 1.0}, "pct_start: got 1.0"),
    ("cosine_restarts", 100, {"growth": 1.5}, "growth: got 1.5, allowed are whole numbers"),
    ("plateau", 100, {}, "schedule: got plateau, allowed are schedules that do not read the loss"),
    ("plateau", 100, {"factor": 1.0}, "factor: got 1.0"),
    ("sawtooth", 100, {}, "schedule: got 'sawtooth', allowed are constant, step"),
]


@pytest.mark.parametrize(("key", "steps", "settings", "sentence"), REFUSED)
def test_bad_input_gets_a_sentence(key, steps, settings, sentence: str) -> None:
    with pytest.raises(ValueError, match="^" + re.escape(sentence)):
        rates(key, steps, settings)


def test_points_drawn_by_hand_become_factors():
    factors = drawn([(30, 0.5), (10, 1.0), (40, 0.0)], 50)
    assert factors[:11] == pytest.approx(1.0)
    assert factors[20] == pytest.approx(0.75)
    assert factors[30] == 0.5
    assert np.all(factors[40:] == 0)
    run = descend("rosenbrock", "sgd", (-1.3, 1.1), 50, 1e-3, schedule=factors)
    assert run.rate == pytest.approx(1e-3 * factors, abs=1e-18)
    assert drawn([(7.5, 0.25)], 4).tolist() == [0.25] * 4


@pytest.mark.parametrize("points", [[], [(0, np.nan)], [(0, np.inf)], [(3, 1.0), (3, 2.0)]])
def test_useless_drawings_get_a_sentence(points):
    with pytest.raises(ValueError, match="points: "):
        drawn(points, 10)


@pytest.mark.parametrize("name", DRAWN)
def test_drawn_schedule_is_that_of_torch(name):
    lr, points, _ = DRAWN[name]
    np.testing.assert_allclose(rates(drawn_schedule(points), N), RECORDED[name] / lr, rtol=0, atol=1e-12)


def test_drawn_schedule_runs_like_any_other():
    row = drawn_schedule(((0.0, 1.0), (1.0, 0.5)))
    run = descend("rosenbrock", "sgd", (-1.3, 1.1), 50, 1e-3, schedule=row)
    assert run.rate == pytest.approx(1e-3 * (1 - np.arange(50) / 100), rel=1e-12)
    assert torch_source(row, 0.1, 50) == (
        "scheduler = lr_scheduler.LambdaLR(optimizer, lambda t: np.interp(t / 50, [0.0, 1.0], [1.0, 0.5]))"
    )
    with pytest.raises(ValueError, match="points: got two"):
        drawn_schedule(((0.5, 1.0), (0.5, 2.0)))
