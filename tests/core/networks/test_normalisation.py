"""Normalisation layers: against torch, on their averaged axes, and on what a batch of two does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.networks.normalisation import (
    NORMALISATIONS,
    batch_noise,
    batch_noise_theory,
    evaluate,
    normalise,
    normalise_backward,
    normalise_images,
    normalise_images_backward,
    response,
    shares_statistics,
    updated,
)
from core.networks.parameters import parameters_of, with_parameters
from tests.reference.record_networks import FILE, IMAGE_NORMS, IMAGES, name_of

RECORDED = np.load(FILE)
X, UPSTREAM = RECORDED["images"], RECORDED["images gradient"]


def named(name: str):
    return with_parameters(NORMALISATIONS[name.split()[0]], **IMAGE_NORMS[name][0])


@pytest.mark.parametrize("name", IMAGE_NORMS)
def test_output_and_gradient_are_those_of_torch(name: str) -> None:
    chosen = named(name)
    value, gradient = RECORDED[name_of("images", name)]
    done = normalise_images(chosen, X)
    np.testing.assert_allclose(done.value, value, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(normalise_images_backward(chosen, UPSTREAM, done), gradient, rtol=1e-10, atol=1e-12)
    assert chosen.torch(IMAGES[1:], **parameters_of(chosen)) == IMAGE_NORMS[name][1]


def test_every_normalisation_has_a_recording() -> None:
    assert {name.split()[0] for name in IMAGE_NORMS} == {row.key for row in NORMALISATIONS}


def test_running_statistics_are_those_of_torch() -> None:
    """Normalised by the biased variance, remembered by the unbiased one; 0.1 is the weight of the new batch."""
    done = normalise_images(NORMALISATIONS["batch"], X)
    shape = done.mean.shape
    running = updated((np.zeros(shape), np.ones(shape)), done, X.size // IMAGES[1])
    np.testing.assert_allclose(np.stack(running).reshape(2, -1), RECORDED["images running"], rtol=1e-13)
    np.testing.assert_allclose(evaluate(X, *running), RECORDED["images evaluated"], rtol=1e-12)


def test_running_statistics_forget_their_start() -> None:
    running, steps = (np.zeros(1), np.full(1, 100.0)), 0
    done = normalise(np.array([-1.0, 1.0]) / np.sqrt(2), -1)  # unbiased variance 1
    while running[1][0] > 1 + 0.01 * 99:
        running, steps = updated(running, done, 2), steps + 1
    assert steps == 44


@pytest.mark.parametrize("row", NORMALISATIONS, ids=lambda row: row.key)
def test_gradient_is_a_difference_quotient(row) -> None:
    done = normalise_images(row, X)
    gradient = normalise_images_backward(row, UPSTREAM, done)
    rng = np.random.default_rng(0)
    for _ in range(5):
        direction = rng.standard_normal(X.shape)
        ends = [np.sum(UPSTREAM * normalise_images(row, X + h * direction).value) for h in (-1e-6, 1e-6)]
        assert np.sum(gradient * direction) == pytest.approx((ends[1] - ends[0]) / 2e-6, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("row", NORMALISATIONS, ids=lambda row: row.key)
def test_what_is_averaged_has_mean_zero_and_mean_square_one(row) -> None:
    done = normalise_images(row, X, eps=0.0)
    for cell in ((0, 0, 0, 0), (2, 3, 1, 4)):
        part = done.value[shares_statistics(row, IMAGES, cell)]
        assert np.square(part).mean() == pytest.approx(1)
        assert abs(part.mean()) < (1e-14 if row.centred else 10)


def test_cells_that_share_statistics() -> None:
    n, c, h, w = IMAGES
    counts = {row.key: shares_statistics(row, IMAGES, (1, 2, 0, 3)).sum() for row in NORMALISATIONS}
    assert counts == {"batch": n * h * w, "layer": c * h * w, "instance": h * w, "group": 2 * h * w, "rms": c * h * w}
    group = shares_statistics(NORMALISATIONS["group"], IMAGES, (1, 2, 0, 3))
    assert group[1, 2:].all() and not group[1, :2].any() and not group[0].any()


def test_batch_of_two_is_plus_and_minus_one() -> None:
    done = normalise(np.array([[3.1], [7.4]]), 0)
    np.testing.assert_allclose(done.value, [[-1], [1]], atol=1e-5)
    assert np.abs(done.value).max() < 1
    assert normalise(np.array([[3.1]]), 0).value == 0
    with pytest.raises(ValueError, match=r"^batch: got 1 value per channel, allowed are at least 2"):
        updated((np.zeros(1), np.ones(1)), normalise(np.array([[3.1]]), 0), 1)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_any_batch_of_two(a: float, b: float) -> None:
    value = normalise(np.array([a, b]), -1).value
    assert value[0] == pytest.approx(-value[1], abs=1e-9)
    assert np.abs(value).max() <= 1 + 1e-12


# batch: spread of the variance relative to itself, mean squared difference between training and evaluation
BATCHES = {2: (0.71, 0.86), 4: (0.61, 0.41), 8: (0.47, 0.20), 32: (0.25, 0.047), 128: (0.12, 0.012)}


@pytest.mark.parametrize("batch", BATCHES)
def test_noise_of_small_batches(batch: int) -> None:
    spread, mismatch = BATCHES[batch]
    found = batch_noise(batch)
    assert batch_noise_theory(batch) == pytest.approx(spread, abs=0.0051)
    assert found.variance_spread == pytest.approx(batch_noise_theory(batch), rel=0.03)
    assert found.mismatch == pytest.approx(mismatch, rel=0.05)


def test_only_batch_normalisation_lets_one_image_change_another() -> None:
    x = np.random.default_rng(0).standard_normal((6, 3, 8, 8))
    found = {row.key: response(with_parameters(row, **({"groups": 3} if row.key == "group" else {})), x, 0, 5, 3)
             for row in NORMALISATIONS}  # fmt: skip
    assert found["batch"].own > 1 and found["batch"].other > 1
    for key in ("layer", "instance", "group"):
        assert found[key].own < 5e-5  # epsilon alone tells the edited image from the first
        assert found[key].other == 0
    assert found["rms"].own > 0.1  # it leaves the mean, which the shift has changed
    assert found["rms"].other == 0


def test_gradient_is_orthogonal_to_what_normalisation_removes() -> None:
    rng = np.random.default_rng(0)
    x, upstream = rng.standard_normal((2, 40))
    done = normalise(x, -1, eps=0.0)
    gradient = normalise_backward(upstream, done)
    assert gradient.sum() == pytest.approx(0, abs=1e-13)
    assert gradient @ x == pytest.approx(0, abs=1e-13)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: NORMALISATIONS["weight"], "normalisation: got 'weight', allowed are batch, layer"),
        (lambda: normalise_images(NORMALISATIONS["batch"], np.zeros((2, 3))), "images: got 2 axes, allowed are 4"),
        (
            lambda: normalise_images(with_parameters(NORMALISATIONS["group"], groups=3), X),
            "groups: got 3, allowed for 4 channels are 1, 2, 4",
        ),
        (lambda: batch_noise(0), "batch: got 0, allowed are whole numbers from 1 to 10000"),
        (lambda: batch_noise(2.0), "batch: got 2.0"),
    ],
)
def test_bad_input_gets_a_sentence(call, sentence: str) -> None:
    with pytest.raises(ValueError, match=r"^" + sentence):
        call()
