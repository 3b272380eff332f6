"""Many runs at once are the same runs: lanes, chunks and executors change no bit, and bad input gets a sentence."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import core.engine.descend_many
from core import OPTIMIZERS, Goal, Noise, descend, descend_many
from core.engine.kernels import LANES
from core.optimizers import VARIANTS

NAN = float("nan")
COUNT = 2 * LANES + 22


def starts(count, seed=0):
    return np.random.default_rng(seed).uniform(-2, 2, (2, count))


def assert_same(one, other):
    """Assert that two ensembles are equal to the last bit."""
    for field in ("final", "outcome", "stopped_at", "first", "held", "path", "value"):
        left, right = getattr(one, field), getattr(other, field)
        assert (left is None) == (right is None), field
        if left is not None:
            np.testing.assert_array_equal(left, right, err_msg=field)


@pytest.mark.parametrize("optimizer", OPTIMIZERS + VARIANTS, ids=lambda o: o.key)
def test_every_run_is_the_run_that_descend_makes(optimizer):
    points = starts(65)
    many = descend_many("beale", optimizer, points, 40, lr=1e-3, record=True)
    for i in (0, 1, 31, 62, 63, 64):
        run = descend("beale", optimizer, points[:, i], 40, lr=1e-3)
        np.testing.assert_allclose(many.path[i], run.path, rtol=1e-13, atol=1e-13)
        np.testing.assert_allclose(many.value[i], run.value, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("count", [1, 63, 64, 65, 200])
def test_everything_may_differ_from_run_to_run(count):
    rng = np.random.default_rng(count)
    points = starts(count, count)
    own = {
        "lr": rng.uniform(0, 0.1, count),
        "beta1": rng.uniform(0, 0.99, count),
        "eps": 10 ** rng.uniform(-9, -1, count),
    }
    family = {"condition": rng.uniform(1, 50, count), "angle": rng.uniform(-90, 90, count)}
    clip = rng.uniform(0.1, 5, count)
    factors = rng.uniform(0, 1, (30, count))
    noise = rng.normal(size=(count, 30, 2))
    level = Goal("value below", 1.0)
    many = descend_many(
        "ravine",
        "adam",
        points,
        30,
        hyper=own,
        parameters=family,
        clip_norm=clip,
        schedule=factors,
        noise=noise,
        goal=level,
        record=True,
    )
    for i in {0, count // 2, count - 1}:
        run = descend(
            "ravine",
            "adam",
            points[:, i],
            30,
            hyper={key: float(a[i]) for key, a in own.items()},
            parameters={key: float(a[i]) for key, a in family.items()},
            clip_norm=float(clip[i]),
            schedule=np.ascontiguousarray(factors[:, i]),
            noise=noise[i],
            goal=level,
        )
        np.testing.assert_allclose(many.path[i], run.path, rtol=1e-13, atol=1e-13)
        assert (many.first[i], many.held[i], many.stopped_at[i]) == (run.first, run.held, run.stopped_at)


def test_run_i_draws_the_noise_of_seed_plus_i():
    points = np.tile([[0.5], [0.4]], 70)
    many = descend_many("himmelblau", "sgd", points, 25, lr=1e-3, noise=Noise(0.5, 100), record=True)
    for i in (0, 1, 63, 64, 69):
        run = descend("himmelblau", "sgd", points[:, i], 25, lr=1e-3, noise=Noise(0.5, 100 + i))
        np.testing.assert_allclose(many.path[i], run.path, rtol=1e-12)
    assert len(np.unique(many.final[0])) == 70


def test_one_noise_for_all_is_felt_by_all():
    noise = np.random.default_rng(0).normal(size=(25, 2))
    points = starts(70)
    many = descend_many("himmelblau", "sgd", points, 25, lr=1e-3, noise=noise)
    for i in (0, 69):
        run = descend("himmelblau", "sgd", points[:, i], 25, lr=1e-3, noise=noise)
        np.testing.assert_allclose(many.final[:, i], run.path[-1], rtol=1e-12)


def test_plateau_lowers_each_rate_by_itself():
    points = starts(70)
    settings = ("plateau", {"factor": 0.5, "patience": 1, "threshold": 0.3})
    many = descend_many("himmelblau", "sgd", points, 60, lr=0.01, schedule=settings)
    rates = set()
    for i in range(70):
        run = descend("himmelblau", "sgd", points[:, i], 60, lr=0.01, schedule=settings)
        np.testing.assert_allclose(many.final[:, i], run.path[-1], rtol=1e-12)
        rates.add(run.rate[-1])
    assert len(rates) > 1


class OnlyMap:
    """The least that an executor must be."""

    def map(self, function, *arguments):
        return map(function, *arguments)


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(core.engine.descend_many, "CHUNK", LANES)


ARGUMENTS = {
    "surface": "himmelblau",
    "optimizer": "adam",
    "starts": starts(COUNT),
    "steps": 60,
    "lr": np.linspace(-0.1, 0.5, COUNT),
    "hyper": {"beta1": np.linspace(0, 0.99, COUNT)},
    "schedule": np.random.default_rng(1).uniform(0, 1, (60, COUNT)),
    "noise": Noise(0.3, 8),
    "clip_norm": np.linspace(0.1, 10, COUNT),
    "goal": Goal("near", 0.5, ((3.0, 2.0),)),
    "stop_at_goal": True,
    "record": True,
}


def test_chunks_change_no_bit(small_chunks):
    chunked = descend_many(**ARGUMENTS)
    core.engine.descend_many.CHUNK = 4096
    assert_same(chunked, descend_many(**ARGUMENTS))
    assert len(set(chunked.status)) > 1


@pytest.mark.parametrize(
    "noise",
    [np.zeros((60, 2)) + 0.1, np.random.default_rng(2).normal(size=(COUNT, 60, 2))],
    ids=["shared", "own"],
)
def test_chunks_take_their_part_of_given_noise(small_chunks, noise):
    chunked = descend_many(**{**ARGUMENTS, "noise": noise})
    core.engine.descend_many.CHUNK = 4096
    assert_same(chunked, descend_many(**{**ARGUMENTS, "noise": noise}))


@pytest.mark.parametrize("numbers", [1, 500, 10_000])
def test_chunks_of_any_memory_hold_the_same_runs(monkeypatch, numbers):
    """Not to the last bit: a block that is not full runs its last lanes without vector instructions."""
    whole = descend_many(**ARGUMENTS)
    monkeypatch.setattr(core.engine.descend_many, "CHUNK_NUMBERS", numbers)
    parts = descend_many(**ARGUMENTS)
    np.testing.assert_array_equal(parts.status, whole.status)
    np.testing.assert_allclose(parts.path, whole.path, rtol=1e-9)


def test_executors_change_no_bit(small_chunks):
    here = descend_many(**ARGUMENTS)
    assert_same(descend_many(**ARGUMENTS, executor=OnlyMap()), here)
    with ThreadPoolExecutor(2) as executor:
        for _ in range(5):
            assert_same(descend_many(**ARGUMENTS, executor=executor), here)


def test_callers_in_many_threads_do_not_meet():
    here = descend_many(**ARGUMENTS)
    with ThreadPoolExecutor(4) as executor:
        for there in executor.map(lambda _: descend_many(**ARGUMENTS), range(12)):
            assert_same(there, here)


@pytest.mark.parametrize("executor", [None, OnlyMap()])
def test_progress_rises_to_one(small_chunks, executor):
    seen = []
    descend_many(**ARGUMENTS, executor=executor, progress=seen.append)
    np.testing.assert_allclose(seen, np.arange(1, 4) / 3)


def test_arguments_are_left_as_they_were():
    before = {key: value.copy() for key, value in ARGUMENTS.items() if isinstance(value, np.ndarray)}
    descend_many(**ARGUMENTS)
    for key, value in before.items():
        np.testing.assert_array_equal(ARGUMENTS[key], value)


def test_starts_may_lie_in_memory_in_any_way():
    points = starts(70)
    here = descend_many("booth", "adam", points, 20, lr=0.1)
    assert_same(descend_many("booth", "adam", np.asfortranarray(points), 20, lr=0.1), here)
    assert_same(descend_many("booth", "adam", points.T.copy().T, 20, lr=0.1), here)
    assert_same(descend_many("booth", "adam", points.tolist(), 20, lr=0.1), here)
    wide = np.repeat(points, 2, axis=1)[:, ::2]
    assert_same(descend_many("booth", "adam", wide, 20, lr=0.1), here)
    own = np.repeat(np.linspace(0, 1, 70), 2)[::2]
    assert_same(
        descend_many("booth", "adam", points, 20, lr=own),
        descend_many("booth", "adam", points, 20, lr=own.copy()),
    )


def test_without_record_there_is_no_path_and_the_same_end():
    free = descend_many(**{**ARGUMENTS, "record": False})
    assert free.path is None
    assert free.value is None
    np.testing.assert_array_equal(free.final, descend_many(**ARGUMENTS).final)


def test_ensemble_counts_in_whole_numbers():
    many = descend_many("booth", "adam", starts(3), 20)
    for array in (many.outcome, many.stopped_at, many.first, many.held):
        assert array.dtype == np.int64
        assert array.shape == (3,)
    assert many.final.shape == (2, 3)
    assert many.status.tolist() == ["running"] * 3
    assert (many.first == -1).all()


BAD = [
    ("starts", (1.0, 2.0), r"starts: got .*shape \(2, N\)"),
    ("starts", np.zeros((3, 2)), "starts: got"),
    ("starts", np.zeros((2, 0)), "starts: got"),
    ("starts", np.zeros((2, 2, 2)), "starts: got"),
    ("starts", np.full((2, 3), NAN), "starts: got .*finite"),
    ("starts", np.full((2, 3), 1e7), "starts: got"),
    ("starts", None, "starts: got None"),
    ("steps", 0, "steps: got 0"),
    ("steps", 100_001, "steps: got 100001"),
    ("lr", np.array([0.1, 0.2]), r"lr: got .*shape \(3,\)"),
    ("lr", np.array([0.1, NAN, 0.1]), "lr: got"),
    ("lr", np.full((3, 1), 0.1), "lr: got"),
    ("lr", 1e30, "lr: got 1e\\+30"),
    ("lr", ["0.1", "0.2", "0.3"], "lr: got"),
    ("hyper", {"beta1": np.array([0.1, 0.2, 1.0])}, "beta1: got"),
    ("hyper", {"beta7": np.zeros(3)}, "hyper: got 'beta7'"),
    ("clip_norm", np.array([1.0, 0.0, 1.0]), "clip_norm: got"),
    ("clip_norm", np.ones(4), "clip_norm: got"),
    ("schedule", np.ones((20, 2)), "schedule: got"),
    ("schedule", np.ones((3, 20)), "schedule: got"),
    ("noise", np.zeros((2, 20, 2)), "noise: got"),
    ("noise", np.zeros((4, 20, 2)), "noise: got"),
    ("noise", np.zeros((2, 20, 2)).tolist(), "noise: got"),
    ("noise", np.zeros((20, 3)), "noise: got"),
    ("noise", Noise(NAN), "noise: sigma: got nan"),
    ("goal", "near", "goal: got 'near'"),
    ("tolerance", NAN, "tolerance: got nan"),
    ("parameters", {"angle": np.zeros(3)}, "parameters: got 'angle'"),
]


@pytest.mark.parametrize(("argument", "got", "sentence"), BAD, ids=lambda part: repr(part)[:40])
def test_bad_input_gets_a_sentence(argument, got, sentence):
    good = {"surface": "booth", "optimizer": "adam", "starts": np.zeros((2, 3)), "steps": 20}
    with pytest.raises(ValueError, match=sentence) as caught:
        descend_many(**{**good, argument: got})
    assert "\n" not in str(caught.value)


@settings(max_examples=60)
@given(
    st.integers(1, 300),
    st.integers(1, 4),
    st.integers(0, 2**32),
    st.sampled_from(["sgd", "rprop", "radam", "adadelta"]),
)
def test_any_split_into_blocks_is_the_same_ensemble(count, blocks, seed, optimizer):
    points = starts(count, seed)
    rates = np.random.default_rng(seed).normal(size=count)
    whole = descend_many("styblinski", optimizer, points, 15, lr=rates, noise=Noise(0.1, seed))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(core.engine.descend_many, "CHUNK", blocks * LANES)
        assert_same(descend_many("styblinski", optimizer, points, 15, lr=rates, noise=Noise(0.1, seed)), whole)
