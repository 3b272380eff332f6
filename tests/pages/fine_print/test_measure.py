"""The laboratory of Adam's fine print against closed forms and numbers found elsewhere."""

from dataclasses import replace

import numpy as np
import pytest

from core import Goal, Noise, descend, descend_many
from pages.fine_print.measure import (
    FAMILY,
    GRADIENTS,
    LARGE,
    OWN,
    SCALES,
    SMALL,
    STRENGTHS,
    at_scale,
    burst,
    counter_example,
    decay,
    deviation_by_scale,
    early_spread,
    ends_by_strength,
    first_steps,
    half_life,
    memory,
    ridge,
    solution,
    step_by_gradient,
    underdetermined,
    wanted,
)
from surfaces import ALL_SURFACES
from teaching.presets import preset


def hyper_of(key: str) -> dict[str, float]:
    return {h.key: h.default for h in next(o for o in FAMILY if o.key == key).hyper}


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("adam_torch", (1, 1, 1, 1, 1)),
        ("adam_m", (0.10, 0.19, 0.41, 0.65, 1.00)),
        ("adam_none", (3.16, 4.25, 5.80, 6.53, 3.24)),
        ("adam_long", (10, 13.4, 18.3, 20.6, 10.0)),
    ],
)
def test_first_steps(key, expected):
    found = first_steps(hyper_of(key), 100)
    assert found[[0, 1, 4, 9, 99]] == pytest.approx(np.array(expected), abs=0.005, rel=3e-3)


def test_own_adam_begins_as_that_of_torch():
    assert {h.key: h.default for h in OWN.hyper} == hyper_of("adam_torch")


@pytest.mark.parametrize("key", ["adam_torch", "adam_ams"])
def test_twins_are_torch_s(key):
    spec = next(o for o in FAMILY if o.key == key)
    ours = descend("beale", spec, (1.0, 1.5), 200, 0.05)
    theirs = descend("beale", "adam" if key == "adam_torch" else "amsgrad", (1.0, 1.5), 200, 0.05)
    assert np.max(np.abs(ours.path - theirs.path)) < 1e-14
    arguments = spec.torch_arguments(hyper_of(key))
    assert arguments.get("amsgrad", False) == (key == "adam_ams")


def a_thousandth_of_bowl_value(x, y, a, b, c):
    return 0.5e-3 * (a * x**2 + 2 * b * x * y + c * y**2)


def a_thousandth_of_bowl_gradient(x, y, a, b, c):
    return 1e-3 * (a * x + b * y), 1e-3 * (b * x + c * y)


def a_thousandth_of_bowl_hessian(x, y, a, b, c):
    return 1e-3 * a, 1e-3 * b, 1e-3 * c


@pytest.mark.parametrize("inside", [0.0, 1.0])
def test_another_epsilon_is_another_scale(inside):
    formulas = (a_thousandth_of_bowl_value, a_thousandth_of_bowl_gradient, a_thousandth_of_bowl_hessian)
    small = replace(ALL_SURFACES["bowl"], formulas=formulas)
    hyper = {"eps": 1e-5, "eps_inside": inside}
    really = descend(small, "adam_general", (2.5, -2.0), 300, 0.05, hyper)
    instead = descend("bowl", "adam_general", (2.5, -2.0), 300, 0.05, at_scale(hyper, 1e-3))
    assert np.max(np.abs(really.path - instead.path)) < 1e-12
    unscaled = descend("bowl", "adam_general", (2.5, -2.0), 300, 0.05, hyper)
    assert np.max(np.abs(really.path - unscaled.path)) > 1e-4, "the scale matters here at all"


def test_path_depends_on_the_scale_only_near_epsilon():
    found = dict(zip(np.round(np.log10(SCALES), 2).tolist(), deviation_by_scale(1e-8, False).tolist(), strict=True))
    assert found[3.0] == pytest.approx(1e-9, rel=0.05)
    assert found[-3.0] == pytest.approx(1e-6, rel=0.05)
    assert found[-6.0] == pytest.approx(1e-3, rel=0.05)
    assert found[-9.0] == pytest.approx(0.59, abs=0.01)
    assert np.isnan(found[0.0])


def test_first_step_for_small_gradients():
    wanted_steps = {
        False: (0.0099, 0.5, 0.999, 0.9999, 1.0),
        True: (1e-6, 1e-4, 0.0995, 0.707, 0.995),
    }
    at = np.searchsorted(GRADIENTS, np.array([1e-10, 1e-8, 1e-5, 1e-4, 1e-3]) * 0.999)
    for inside, expected in wanted_steps.items():
        assert step_by_gradient(1e-8, inside)[at] == pytest.approx(np.array(expected), rel=1e-3)


def test_burst_of_adam_and_none_of_amsgrad():
    adam, amsgrad = burst(preset("adam_burst_0.1").run()), burst(preset("ams_burst_0.1").run())
    assert adam.done == 1322
    assert adam.back == pytest.approx(2333, abs=20)
    assert 0.5 < adam.highest < 1
    assert amsgrad.done == 1797
    assert amsgrad.back == -1
    assert burst(descend("rosenbrock", "sgd", None, 100, 1e-3)).done == -1


def test_rmsprop_swings_by_half_a_rate():
    late = descend("bowl", "rmsprop", (1.03, 1.03), 5000, 0.1).path[-200:, 0]
    assert np.ptp(late) / 2 == pytest.approx(0.05, rel=1e-3)


def test_counter_example_small_and_large():
    adam, amsgrad = counter_example(SMALL, False), counter_example(SMALL, True)
    assert adam[[100, 10_000]] == pytest.approx([0.948, 0.995], abs=1e-3)
    assert amsgrad[100] == -1.0
    assert np.all(np.abs(adam) <= 1) and np.all(np.abs(amsgrad) <= 1)
    late = counter_example(LARGE, True)
    assert counter_example(LARGE, False)[-1] > 0.9
    assert late[-1] < late[10_000] < 0


def test_half_lives_with_their_errors():
    assert half_life(1e-3, 0.5) == pytest.approx(1386, abs=0.5)
    sgd, adam, adamw = (decay(key, 1e-3, 0.5) for key in ("sgd", "adam", "adamw"))
    for found in (sgd, adamw):
        for half, error in zip(found.half_life, found.error, strict=True):
            assert abs(half - 1386) < 4 * error
    assert adam.half_life[0] == pytest.approx(600, abs=10)
    assert adam.half_life[1] == np.inf
    assert adam.mean[-1, 1] == pytest.approx(0.74, abs=0.03)


def test_where_decay_leads():
    assert wanted().hessian(0.3, 0.7) == pytest.approx((100.0, 0.0, 1.0))
    assert wanted().minima == ((1.0, 1.0),) and wanted().value(1.0, 1.0) == pytest.approx(0)
    for key in ("sgd", "adam"):
        assert ends_by_strength(key) == pytest.approx(np.array(ridge(STRENGTHS)), abs=2e-3)
    strong = STRENGTHS >= 2
    assert ends_by_strength("adamw")[:, strong] == pytest.approx(np.tile(1 / STRENGTHS[strong], (2, 1)), abs=1e-3)


def test_adamw_creeps_into_the_corner_of_its_box():
    # At weight decay 1 the corner is the minimum itself; what is missing is 1 / ((1 - beta2) steps).
    ends = {
        steps: descend(wanted(), "adamw", (0.0, 0.0), steps, 0.01, {"weight_decay": 1.0}).path[-1]
        for steps in (20_000, 100_000)
    }
    for steps, end in ends.items():
        assert end == pytest.approx(1 - 1000 / steps, abs=2e-3)


def test_noise_makes_the_box_uneven():
    ends = descend_many(
        wanted(), "adamw", np.zeros((2, 100)), 20_000, 0.01, {"weight_decay": 1.0}, noise=Noise(5.0)
    ).final
    assert ends.mean(axis=1) == pytest.approx([0.897, 0.165], abs=0.02)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("sgd", (0.3, 0.1)),
        ("momentum", (0.3, 0.1)),
        ("adam", (0.25, 0.25)),
        ("adagrad", (0.25, 0.25)),
        ("rmsprop", (0.25, 0.25)),
        ("lion", (0.25, 0.25)),
    ],
)
def test_solution_that_each_method_picks(key, expected):
    run = solution(key)
    assert run.path[-1] == pytest.approx(expected, abs=1e-3)
    assert run.value[-1] < 1e-7
    assert underdetermined().value(*expected) == pytest.approx(0, abs=1e-30)


def test_memories_on_rosenbrock():
    assert memory(0.9, 0.999).near == 968
    assert memory(0.9, 0.99).near == 512
    assert memory(0.9, 0.9).near == 180
    assert memory(0.9, 0.5).near == -1
    assert memory(0.0, 0.999).near == -1
    assert 140 < memory(0.0, 0.999).reversals < 400
    assert memory(0.99, 0.5).value == pytest.approx(17.6, abs=5)


def test_radam_is_momentum_at_first():
    assert descend("rosenbrock", "radam", (-1.5, 2.0), 200, 0.02).status == "diverged"
    warmed = descend(
        "rosenbrock",
        "radam",
        (-1.5, 2.0),
        5000,
        0.02,
        schedule=("warm_up", {"warm_up": 50}),
        goal=Goal("value below", 1e-3),
    )
    assert warmed.first == pytest.approx(2171, abs=2)
    for (spread, error), expected in zip(early_spread(), (3.78, 2.73, 1.85), strict=True):
        assert abs(spread - expected) < 4 * error
