"""Mini-batches: their streams against NumPy, their gradients against a plain loop, whole runs against torch."""

import json
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import core.engine.descend_many
from core import Noise, descend, descend_many
from core.engine.batches import SAMPLING, Batches, alternating, batch_places, clocks, growing, spend, staged
from surfaces import ALL_SURFACES, DATA_SURFACES

LINE = ALL_SURFACES["linear_regression"]
ROWS = len(LINE.data)
START = LINE.starts[0]
RECORDED = np.load(Path(__file__).parents[2] / "reference" / "noise.npz")
INDEX = json.loads(str(RECORDED["index"]))
each_sampling = pytest.mark.parametrize("sampling", SAMPLING)


def split(batches: Batches, rows: int, steps: int) -> list[np.ndarray]:
    """Return the rows of every batch."""
    return np.split(batches.indices(rows, steps), np.cumsum(batches.sizes(rows, steps))[:-1])


@pytest.mark.parametrize("number", range(len(INDEX["cases"])))
def test_torch_takes_the_same_path(number):
    case = INDEX["cases"][number]
    batches = Batches(case["size"], case["sampling"], 5)
    schedule = ("plateau", case["plateau"]) if "plateau" in case else None
    run = descend(
        case["surface"],
        case["optimizer"],
        INDEX["start"][case["surface"]],
        200,
        hyper=case["hyper"],
        schedule=schedule,
        clip_value=case.get("clip"),
        batches=batches,
    )
    path = RECORDED[f"path{number}"]
    np.testing.assert_allclose(run.path, path, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(run.received, RECORDED[f"gradient{number}"], rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(run.value, RECORDED[f"loss{number}"], rtol=1e-9, atol=1e-12)
    if "clip" in case:
        assert np.abs(run.received).max() == case["clip"]
    if "plateau" in case:
        assert len(set(run.rate)) > 3


def test_torch_ran_every_loss():
    assert {case["surface"] for case in INDEX["cases"]} == {s.key for s in DATA_SURFACES}


@each_sampling
def test_received_gradient_is_the_mean_over_the_rows_of_the_batch(sampling):
    batches = Batches((3, 10, 1, 256, 7) * 8, sampling, 11)
    run = descend(LINE, "sgd", START, 40, 0.05, batches=batches)
    for point, received, rows in zip(run.path, run.received, split(batches, ROWS, 40), strict=False):
        parts = [LINE.formulas[1](*point, *LINE.data.rows[k]) for k in rows]
        assert received == pytest.approx(np.mean(parts, axis=0), rel=1e-12, abs=1e-14)
    whole = np.mean([LINE.formulas[1](*run.path[-1], *row) for row in LINE.data.rows], axis=0)
    assert run.gradient[-1] == pytest.approx(whole, rel=1e-12, abs=1e-13)


@pytest.mark.parametrize("sampling", ["reshuffled", "fixed"])
def test_every_epoch_deals_every_row_once(sampling):
    sizes = Batches(100, sampling).sizes(256, 9)
    assert sizes.tolist() == [100, 100, 56] * 3
    epochs = Batches(100, sampling, 3).indices(256, 9).reshape(3, 256)
    assert np.array_equal(np.sort(epochs), np.tile(np.arange(256), (3, 1)))
    assert np.array_equal(epochs[0], epochs[1]) == (sampling == "fixed")


def test_streams_are_those_that_the_docstring_promises():
    rng = np.random.default_rng(4)
    assert np.array_equal(Batches(5, "replacement", 4).indices(50, 7), rng.integers(50, size=35))
    rng = np.random.default_rng(4)
    dealt = np.concatenate([rng.permutation(50) for _ in range(3)])
    assert np.array_equal(Batches(25, "reshuffled", 4).indices(50, 5), dealt[:125])
    assert np.array_equal(Batches(20, "fixed", 4).indices(50, 4), [*range(50), *range(20)])


@pytest.mark.parametrize("sampling", ["reshuffled", "fixed"])
def test_full_batch_is_no_batch_to_the_last_bit(sampling):
    full = descend(LINE, "adam", START, 50, 0.1, batches=Batches(ROWS, sampling, 3))
    np.testing.assert_array_equal(full.path, descend(LINE, "adam", START, 50, 0.1).path)


@each_sampling
def test_one_row_after_the_other_is_the_same_code(sampling):
    rows = split(Batches(1, sampling, 2), ROWS, 30)
    w, b = START
    for (k,) in rows:
        x, y = LINE.data.rows[k]
        error = w * x + b - y
        w, b = w - 0.1 * error * x, b - 0.1 * error
    run = descend(LINE, "sgd", START, 30, 0.1, batches=Batches(1, sampling, 2))
    assert run.path[-1] == pytest.approx((w, b), rel=1e-12)


@each_sampling
@given(size=st.integers(1, 40), rows=st.integers(40, 90), skip=st.integers(0, 30))
def test_skipping_continues_the_same_stream(sampling, size, rows, skip):
    whole = Batches(size, sampling, 8)
    later = replace(whole, skip=skip)
    assert later.sizes(rows, 20).tolist() == whole.sizes(rows, skip + 20)[skip:].tolist()
    assert np.array_equal(later.indices(rows, 20), np.concatenate(split(whole, rows, skip + 20)[skip:]))


@each_sampling
def test_a_run_goes_on_from_its_middle(sampling):
    whole = descend(LINE, "sgd", START, 60, 0.05, batches=Batches(10, sampling, 1))
    middle = tuple(whole.path[33])
    rest = descend(LINE, "sgd", middle, 27, 0.05, batches=Batches(10, sampling, 1, skip=33))
    np.testing.assert_allclose(rest.path, whole.path[33:], rtol=1e-12)


@each_sampling
@pytest.mark.parametrize("chunk", [4096, 64, 5])
def test_runs_of_an_ensemble_draw_with_their_own_seeds(sampling, chunk, monkeypatch):
    monkeypatch.setattr(core.engine.descend_many, "CHUNK", chunk)
    starts = np.random.default_rng(0).uniform(-3, 3, (2, 70))
    many = descend_many(LINE, "momentum", starts, 40, 0.01, batches=Batches(6, sampling, 20), record=True)
    for i in (0, 1, 63, 64, 69):
        run = descend(LINE, "momentum", starts[:, i], 40, 0.01, batches=Batches(6, sampling, 20 + i))
        np.testing.assert_allclose(many.path[i], run.path, rtol=1e-11, atol=1e-12)
        np.testing.assert_allclose(many.value[i], run.value, rtol=1e-11)
        np.testing.assert_allclose(many.state["v"][:, i], run.state["v"][-1], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("chunk", [4096, 7])
def test_a_grid_of_sizes_and_schedules_is_one_call(chunk, monkeypatch):
    monkeypatch.setattr(core.engine.descend_many, "CHUNK", chunk)
    sizes, factors, seeds = (1, 16, 256), (np.ones(30), np.linspace(1, 0, 30)), (5, 6, 7)
    lanes = [(size, f, seed) for f in range(2) for seed in seeds for size in sizes]
    many = descend_many(
        LINE,
        "sgd",
        np.tile(np.array([START]).T, len(lanes)),
        30,
        0.1,
        schedule=np.column_stack([factors[f] for _size, f, _seed in lanes]),
        batches=[Batches(size, "reshuffled", seed) for size, _f, seed in lanes],
        noise=[Noise(0.1 * f, seed) for _size, f, seed in lanes],
    )
    for i, (size, f, seed) in enumerate(lanes):
        batches, noise = Batches(size, "reshuffled", seed), Noise(0.1 * f, seed)
        run = descend(LINE, "sgd", START, 30, 0.1, schedule=factors[f], batches=batches, noise=noise)
        assert many.final[:, i] == pytest.approx(run.path[-1], rel=1e-11)


def test_runs_with_equal_batches_share_one_stream():
    own = [Batches(16, seed=i % 3) for i in range(9)]
    places, stream, rows = batch_places(own, LINE.data, 50)
    assert places.shape == (3, 50, 2)
    assert stream.tolist() == [0, 1, 2] * 3
    assert [part.shape for part in rows] == [(800, 2)] * 3


def test_rows_in_order_are_not_copied():
    for batches in (Batches(10, "fixed"), Batches(ROWS, "reshuffled")):
        _places, _stream, (rows,) = batch_places([batches], LINE.data, 100)
        assert rows is LINE.data.rows


def test_noise_may_change_with_the_steps():
    sigma = np.repeat([3.0, 0.5], 20)
    run = descend("bowl", "sgd", (2.0, 1.0), 40, 0.1, noise=Noise(sigma, 3))
    draws = np.random.default_rng(3).standard_normal((40, 2))
    np.testing.assert_allclose(run.received - run.gradient[:-1], sigma[:, None] * draws, atol=1e-13)
    later = descend("bowl", "sgd", tuple(run.path[15]), 25, 0.1, noise=Noise(sigma, 3, skip=15))
    np.testing.assert_allclose(later.path, run.path[15:], rtol=1e-12)
    assert hash(Noise(sigma)) == hash(Noise(tuple(sigma)))


BAD = [
    (Batches(257, "fixed"), "batches: size: got 257, allowed are sizes up to the 256 rows"),
    (Batches((1, 2, 3)), "batches: size: got 3 sizes, allowed is one for each of 20 steps"),
    (16, "batches: got 16, allowed is a Batches"),
    ([Batches(1)], "batches: got .*one for each of 3 runs"),
    ("fixed", "batches: got 'fixed'"),
]


@pytest.mark.parametrize(("batches", "sentence"), BAD)
def test_bad_batches_get_a_sentence(batches, sentence):
    with pytest.raises(ValueError, match=sentence):
        descend_many(LINE, "sgd", np.zeros((2, 3)), 20, batches=batches)


def test_bad_settings_are_named():
    for settings, sentence in (
        ({"size": 0}, "size: got 0"),
        ({"size": 2.5}, "size: got 2.5"),
        ({"size": ()}, "size"),
        ({"size": 1, "sampling": "shuffled"}, "sampling: got 'shuffled', allowed are replacement, reshuffled, fixed"),
        ({"size": 1, "seed": -1}, "seed: got -1"),
        ({"size": 1, "skip": True}, "skip: got True"),
    ):
        with pytest.raises(ValueError, match=sentence):
            Batches(**settings)
    with pytest.raises(ValueError, match="batches: got some for bowl"):
        descend("bowl", "sgd", batches=Batches(1))
    with pytest.raises(ValueError, match="noise: sigma: got 3 numbers, allowed is one for each of 20 steps"):
        descend("bowl", "sgd", steps=20, noise=Noise((1.0, 2.0, 3.0)))
    with pytest.raises(ValueError, match="noise: got 2 of them"):
        descend_many("bowl", "sgd", np.zeros((2, 3)), 20, noise=[Noise(1.0), Noise(2.0)])


def test_rules_for_the_size():
    assert list(islice(alternating((4, 64), 2), 6)) == [4, 4, 64, 64, 4, 4]
    assert list(islice(growing(4, 64, 2), 12)) == [4, 4, 8, 8, 16, 16, 32, 32, 64, 64, 64, 64]
    assert list(islice(growing(16, 64, 1, 0.25), 4)) == [16, 4, 1, 1]
    assert spend(10, alternating((4,), 1)) == (4, 4, 4)
    assert staged(48, (4, 16)) == (4,) * 6 + (16,)


def test_three_clocks():
    told = clocks(np.array([16, 64, 256]), least=1e-3, throughput=64_000)
    assert told.updates.tolist() == [0, 1, 2, 3]
    assert told.samples.tolist() == [0, 16, 80, 336]
    assert told.seconds.tolist() == pytest.approx([0, 1e-3, 2e-3, 6e-3])
    with pytest.raises(ValueError, match="clocks"):
        clocks(np.array([1]), throughput=0.0)
