"""One run: what a Trajectory holds, what bad input gets, and that nothing a user may ask for breaks it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import core.engine.descend
from core import OPTIMIZERS, SCHEDULES, Goal, Noise, descend, descend_many
from core.engine.limits import MAX_STEPS, REACH
from core.engine.loop import STATUS
from core.optimizers import VARIANTS
from surfaces import SURFACES

EVERY = OPTIMIZERS + VARIANTS
NAN, INF = float("nan"), float("inf")


def test_trajectory_starts_at_the_start_and_has_one_row_per_point():
    run = descend("beale", "adam", start=(1.0, 1.5), steps=500, lr=0.1, hyper={"beta1": 0.9})
    assert run.path.shape == (501, 2)
    assert run.value.shape == run.gradient_norm.shape == (501,)
    assert run.gradient.shape == (501, 2)
    assert run.received.shape == (500, 2)
    assert run.rate.shape == (500,)
    assert {key: a.shape for key, a in run.state.items()} == {
        "m": (501, 2),
        "v": (501, 2),
        "decay1": (501,),
        "decay2": (501,),
    }
    assert run.path[0].tolist() == [1.0, 1.5]
    assert run.path.dtype == np.float64
    np.testing.assert_array_equal(run.received, run.gradient[:-1])
    np.testing.assert_allclose(run.gradient_norm, np.hypot(*run.gradient.T), rtol=1e-15)
    np.testing.assert_allclose(run.value, run.surface.value(*run.path.T), rtol=1e-13)
    np.testing.assert_allclose(run.gradient.T, run.surface.gradient(*run.path.T), rtol=1e-13, atol=1e-13)


def test_state_starts_as_declared():
    for optimizer in EVERY:
        run = descend("booth", optimizer, steps=1)
        for state in optimizer.state:
            begin = run.hyper[state.start] if isinstance(state.start, str) else state.start
            assert np.all(run.state[state.key][0] == begin), (optimizer.key, state.key)


def test_start_and_hyper_parameters_default_to_those_of_the_specs():
    run = descend("himmelblau", "adamw", steps=3)
    assert tuple(run.path[0]) == run.surface.starts[0]
    assert run.hyper == {h.key: h.default for h in run.optimizer.hyper}
    np.testing.assert_array_equal(run.rate, run.hyper["lr"])


def test_specs_and_keys_mean_the_same():
    by_key = descend("booth", "lion", steps=9)
    by_spec = descend(by_key.surface, by_key.optimizer, steps=9)
    np.testing.assert_array_equal(by_key.path, by_spec.path)


def test_arrays_of_a_trajectory_stand_on_their_own():
    """A view would keep the whole record of the engine alive."""
    run = descend("booth", "adam", steps=9)
    for array in (run.path, run.value, run.gradient, run.received, run.rate, *run.state.values()):
        assert array.base is None or array.base.size <= array.size + 2


@pytest.mark.parametrize("optimizer", EVERY, ids=lambda o: o.key)
def test_explained_steps_are_the_steps_of_the_path(optimizer):
    run = descend("rosenbrock", optimizer, (-1.3, 1.1), 40, lr=1e-3, noise=Noise(0.1, 2), schedule="cosine")
    steps = run.explained()["step"]
    moved = np.diff(run.path, axis=0)
    np.testing.assert_allclose(steps, moved, rtol=1e-7, atol=1e-13)
    for step in (1, 17, 40):
        single = run.explain(step)
        assert single.keys() == run.explained().keys()
        np.testing.assert_array_equal(single["step"], steps[step - 1])


@pytest.mark.parametrize("step", [0, -1, 41, NAN, "3"])
def test_only_steps_of_the_run_are_explained(step):
    with pytest.raises(ValueError, match="step: got"):
        descend("rosenbrock", "adam", steps=40).explain(step)


def test_every_schedule_runs():
    for schedule in SCHEDULES:
        run = descend("booth", "sgd", (1.0, 1.0), 200, lr=0.01, schedule=schedule.key)
        assert len(run.path) == 201, schedule.key
        by_spec = descend("booth", "sgd", (1.0, 1.0), 200, lr=0.01, schedule=(schedule, {}))
        np.testing.assert_array_equal(run.path, by_spec.path)


def test_longest_run_is_allowed():
    run = descend("booth", "sgd", steps=MAX_STEPS, lr=1e-4)
    assert len(run.path) == MAX_STEPS + 1


# Bad input: (argument of descend, what it gets, what the sentence must say).
BAD = [
    ("surface", "nowhere", "surface: got 'nowhere'"),
    ("surface", 3, "surface: got 3"),
    ("surface", None, "surface: got None"),
    ("optimizer", "nothing", "optimizer: got 'nothing'"),
    ("optimizer", ["adam"], r"optimizer: got \['adam'\]"),
    ("start", (NAN, 0.0), r"start: got \(nan, 0.0\)"),
    ("start", (0.0, INF), "start: got .*finite coordinates from -1e\\+06 to 1e\\+06"),
    ("start", (0.0, 2e6), "start: got"),
    ("start", (1.0,), "start: got .*two numbers"),
    ("start", (1.0, 2.0, 3.0), "start: got .*two numbers"),
    ("start", [[1.0, 2.0]], "start: got .*two numbers"),
    ("start", 1.0, "start: got 1.0"),
    ("start", "here", "start: got 'here'"),
    ("start", ("1", "2"), "start: got"),
    ("start", (1.0, None), "start: got"),
    ("start", (1j, 0.0), "start: got"),
    *[
        ("steps", steps, f"steps: got .*from 1 to {MAX_STEPS}")
        for steps in (0, -1, 2.5, 3.0, True, 100_001, "9", None, NAN)
    ],
    *[("lr", lr, "lr: got") for lr in (NAN, INF, -INF, 1e30, 10**400, "0.1", "fast", [0.1, 0.2], [], 1j, {})],
    ("hyper", {"beta3": 0.9}, "hyper: got 'beta3', but adam has lr, beta1"),
    ("hyper", {3: 0.9}, "hyper: got 3"),
    ("hyper", {"lr": 0.1}, "lr: got it twice"),
    ("hyper", "beta1", "hyper: got 'beta1'"),
    ("hyper", [0.9], r"hyper: got \[0.9\]"),
    ("hyper", {"beta1": 1.0}, "beta1: got 1.0, allowed are numbers from 0 to"),
    ("hyper", {"beta1": -0.1}, "beta1: got"),
    ("hyper", {"beta2": NAN}, "beta2: got nan"),
    ("hyper", {"eps": -1e-8}, "eps: got"),
    ("hyper", {"eps": "small"}, "eps: got 'small'"),
    ("hyper", {"beta1": [0.9]}, "beta1: got"),
    ("schedule", "never", "schedule: got 'never'"),
    ("schedule", 7, "schedule: got 7"),
    ("schedule", ["cosine"], "schedule: got"),
    ("schedule", ("cosine", 3), "schedule: got"),
    ("schedule", ("cosine", {}, 3), "schedule: got"),
    ("schedule", ("cosine", {"period": 5}), "schedule: got 'period'"),
    ("schedule", ("step", {"gamma": NAN}), "gamma: got nan"),
    ("schedule", ("step", {"period": 0}), "period: got 0"),
    ("schedule", ("cosine", {"warm_up": 21}), "warm_up: got 21"),
    ("schedule", ("multi_step", {"first": 0.9, "second": 0.2}), "second: got 0.2"),
    ("schedule", ("plateau", {"factor": 2.0}), "factor: got 2.0"),
    ("schedule", ("plateau", {"gamma": 0.1}), "schedule: got 'gamma', but plateau has"),
    ("schedule", np.ones(19), "schedule: got .*finite factors"),
    ("schedule", np.ones((20, 2)), "schedule: got"),
    ("schedule", np.ones((20, 1, 1)), "schedule: got"),
    ("schedule", np.full(20, NAN), "schedule: got"),
    ("schedule", np.full(20, "a"), "schedule: got"),
    ("noise", Noise(-0.1, 0), "noise: sigma: got -0.1, allowed are numbers from 0"),
    ("noise", Noise(NAN, 0), "noise: sigma: got"),
    ("noise", Noise(1e30, 0), "noise: sigma: got"),
    ("noise", Noise("loud", 0), "noise: sigma: got"),
    ("noise", Noise(0.1, -1), "noise: seed: got"),
    ("noise", Noise(0.1, 0.5), "noise: seed: got"),
    ("noise", Noise(0.1, True), "noise: seed: got"),
    ("noise", Noise(0.1, None), "noise: seed: got"),
    ("noise", 0.1, "noise: got 0.1"),
    ("noise", "loud", "noise: got 'loud'"),
    ("noise", np.zeros((19, 2)), "noise: got .*shape \\(20, 2\\)"),
    ("noise", np.zeros((20, 3)), "noise: got"),
    ("noise", np.zeros((3, 20, 2)), "noise: got"),
    ("noise", np.full((20, 2), INF), "noise: got"),
    ("noise", [[1.0], [2.0, 3.0]], "noise: got"),
    *[("clip_norm", clip, "clip_norm: got") for clip in (0.0, -1.0, NAN, INF, "tight", [1.0])],
    ("parameters", {"condition": 10.0}, "parameters: got 'condition', but rosenbrock has none"),
    ("parameters", "condition", "parameters: got 'condition'"),
    *[("tolerance", tolerance, "tolerance: got") for tolerance in (NAN, -1e-9, "small", None)],
    ("goal", "value below", "goal: got 'value below'"),
    ("goal", 3.0, "goal: got 3.0"),
]


@pytest.mark.parametrize(("argument", "got", "sentence"), BAD, ids=lambda part: repr(part)[:40])
def test_bad_input_gets_a_sentence(argument, got, sentence):
    good = {"surface": "rosenbrock", "optimizer": "adam", "steps": 20, "lr": 0.1}
    with pytest.raises(ValueError, match=sentence) as caught:
        descend(**{**good, argument: got})
    assert len(str(caught.value)) < 700
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"condition": 0.5}, "condition: got 0.5, allowed are numbers from 1 to"),
        ({"condition": NAN}, "condition: got nan"),
        ({"angle": "steep"}, "angle: got 'steep'"),
        ({"slant": 1.0}, "parameters: got 'slant', but ravine has condition, angle"),
        ({"angle": [1.0, 2.0]}, "angle: got"),
    ],
)
def test_bad_member_of_a_family_gets_a_sentence(parameters, sentence):
    with pytest.raises(ValueError, match=sentence):
        descend("ravine", "adam", steps=20, parameters=parameters)
    with pytest.raises(ValueError, match=sentence):
        descend_many("ravine", "adam", np.zeros((2, 3)), 20, parameters=parameters)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("higher", 1.0), "goal: kind.*'higher'"),
        (("near", NAN), "goal: level.*nan"),
        (("near", "here"), "goal: level.*'here'"),
        (("near", 1.0, ()), "goal: targets"),
        (("near", 1.0, ((NAN, 0.0),)), "goal: targets"),
        (("near", 1.0, ((1.0,),)), "goal: targets"),
        (("near", 1.0, ((0.0, 0.0),), (1.0, NAN)), "goal: weight"),
        (("near", 1.0, ((0.0, 0.0),), (1.0, -1.0)), "goal: weight"),
    ],
)
def test_bad_goal_gets_a_sentence(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        descend("booth", "adam", steps=20, goal=Goal(*arguments))


@st.composite
def runs(draw):
    """Any run that the limits allow: the arguments of descend."""
    surface, optimizer = draw(st.sampled_from(SURFACES)), draw(st.sampled_from(EVERY))
    steps = draw(st.integers(1, 60))
    lr = st.one_of(st.sampled_from([0.0, -1.0, 1e6, -1e6, 1e-300]), st.floats(-1e6, 1e6), st.floats(-2, 2))
    x_low, x_high, y_low, y_high = surface.domain
    coordinate = st.floats(-REACH, REACH)
    start = st.one_of(
        st.tuples(coordinate, coordinate),
        st.tuples(st.floats(x_low, x_high), st.floats(y_low, y_high)),
        st.sampled_from([*surface.starts, *surface.minima, (0.0, 0.0)]),
    )
    hyper = {
        h.key: st.sampled_from((0.0, 1.0))
        if h.scale == "switch"
        else st.one_of(st.floats(*h.allowed), st.floats(*h.shown), st.sampled_from(h.allowed))
        for h in optimizer.hyper[1:]
    }
    return {
        "surface": surface,
        "optimizer": optimizer,
        "start": draw(start),
        "steps": steps,
        "lr": draw(lr),
        "hyper": draw(st.fixed_dictionaries({}, optional=hyper)),
        "schedule": draw(st.sampled_from([None, "cosine", "plateau", "one_cycle", np.full(steps, 1e6)])),
        "noise": draw(st.one_of(st.none(), st.builds(Noise, st.floats(0, 1e6), st.integers(0, 2**63 - 1)))),
        "clip_norm": draw(st.one_of(st.none(), st.floats(1e-12, 1e12))),
        "parameters": {p.key: draw(st.floats(*p.allowed)) for p in surface.parameters},
        "goal": draw(st.sampled_from([None, Goal("value below", 0.0), Goal("near", 1e300), Goal("away", 1e-300)])),
    }


@settings(max_examples=600)
@given(runs())
def test_no_run_within_the_limits_fails_or_shows_what_is_no_number(arguments):
    run = descend(**arguments)
    rows = len(run.path)
    assert run.status in (*STATUS[:4], "not a number")
    assert (run.undefined != "") == (run.status == "not a number")
    assert np.isfinite(run.path).all()
    if rows > 1:  # a start is kept even where the surface is not finite
        for array in (run.value, run.gradient, run.gradient_norm, run.received, run.rate):
            assert np.isfinite(array).all()
    assert len(run.value) == len(run.gradient) == len(run.gradient_norm) == rows
    assert len(run.received) == len(run.rate) == rows - 1
    assert all(len(a) == rows for a in run.state.values())
    assert np.abs(run.path[:-1]).max(initial=0) <= REACH
    if run.status in ("running", "converged"):
        assert rows == arguments["steps"] + 1
        assert 0 <= run.stopped_at <= arguments["steps"]
        assert (run.status == "converged") == (run.gradient_norm[-1] <= core.engine.descend.REST)
    elif run.status == "left the box":
        assert run.surface.bounded
        assert rows == run.stopped_at + 1
    else:
        assert max(run.stopped_at, 1) <= rows <= run.stopped_at + 1
    assert tuple(run.path[0]) == tuple(arguments["start"])
    for step in ("first", "held"):
        assert -1 <= getattr(run, step) <= run.stopped_at or run.status == "converged"


@settings(max_examples=100)
@given(runs())
def test_one_run_of_an_ensemble_is_the_same_run(arguments):
    run = descend(**arguments)
    start = np.array(arguments.pop("start"))
    many = descend_many(**arguments, starts=np.repeat(start[:, None], 3, axis=1))
    assert (many.status[0], many.stopped_at[0]) == (run.status, run.stopped_at)
    assert (many.first[0], many.held[0]) == (run.first, run.held)
    if not run.lost or run.stopped_at < len(run.path):
        np.testing.assert_array_equal(many.final[:, 0], run.path[-1])
