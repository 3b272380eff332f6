"""The normalisation laboratory: running statistics, two moons over rates and batches, weights without a size."""

from __future__ import annotations

import numpy as np
import pytest

from core.networks.activations import ACTIVATIONS
from core.networks.initialisation import INITIALISATIONS
from core.networks.normalisation import NORMALISATIONS, batch_noise_theory, normalise_images
from pages.normalisation import measure as lab


def task(norm: str, place: str = "before", unit: str = "relu", start: str = "he", **settings) -> lab.Task:
    return lab.Task(ACTIVATIONS[unit], INITIALISATIONS[start], norm, place, **{"seeds": (0, 1, 2), **settings})


def test_tensor_has_channels_that_differ() -> None:
    x = lab.tensor(3, seed=5)
    assert x.shape == (3, lab.CHANNELS, *lab.PIXELS)
    assert (x == np.round(x, 1)).all()
    assert x.std() > 1 and (x != lab.tensor(3, seed=6)).any()


def test_running_statistics_are_a_moving_average() -> None:
    x = lab.tensor()
    done = normalise_images(NORMALISATIONS["batch"], x)
    part = 1 - 0.9**7
    mean, variance = lab.running_after(done, x[:, 0].size, 7)
    np.testing.assert_allclose(mean.ravel(), part * x.mean((0, 2, 3)))
    np.testing.assert_allclose(variance.ravel(), 0.9**7 + part * x.var((0, 2, 3), ddof=1))
    assert [float(s.flat[0]) for s in lab.running_after(done, 8, 0)] == [0, 1]


def test_with_and_without_over_rates() -> None:
    """Two moons, ReLU with He's weights: as good at small rates, and only with normalisation at large ones."""
    plain, before = lab.trained(task("none")), lab.trained(task("batch"))
    assert plain.median[1] < 0.01 and before.median[1] < 0.02
    assert np.isinf(plain.median[-1]) and before.median[-1] < 0.05
    assert plain.training.shape == (len(lab.RATES), 3)
    np.testing.assert_array_equal(plain.training, plain.evaluation)  # no statistics that could differ
    assert (before.training != before.evaluation).any()


def test_what_does_not_learn_is_rescued_in_both_places() -> None:
    settings = {"unit": "sigmoid", "start": "xavier", "rates": (0.1,)}
    assert lab.trained(task("none", **settings)).median[0] == pytest.approx(np.log(2), abs=2e-3)
    for place in ("before", "after"):
        assert lab.trained(task("batch", place, **settings)).median[0] < 0.1


def test_a_task_is_trained_once() -> None:
    parts: list[float] = []
    lab.trained.__wrapped__(task("layer", rates=(0.1,), steps=20), parts.append)
    assert parts[-1] == 1 and parts == sorted(parts)
    first = lab.trained(task("layer", rates=(0.1,), steps=20))
    assert lab.trained(task("layer", rates=(0.1,), steps=20)) is first


def test_panels_have_six_digits_of_the_experiment_they_record() -> None:
    short = lab.Experiment(steps=5)
    for losses_of in (lab.over_rates, lab.over_batches):
        exact, numbers = losses_of(short), lab.recorded_losses(losses_of, short)
        assert list(numbers) == list(exact)
        for name, losses in exact.items():
            assert losses.shape == (5, lab.SEEDS)
            assert numbers[name] == [[float(f"{loss:.6g}") for loss in row] for row in losses]
    assert len(lab.PANELS) == 2 * len(lab.RECORDED)


def test_an_experiment_is_made_of_tasks() -> None:
    experiment = lab.Experiment("tanh", "xavier", "rms", 8, 5, 7)
    own = lab.trained(task("rms", "after", "tanh", "xavier", batch=8, steps=5, seeds=(7, 8, 9, 10, 11)))
    np.testing.assert_array_equal(lab.over_rates(experiment)["after"], own.evaluation)
    two = lab.trained(
        task("none", unit="tanh", start="xavier", batch=2, steps=5, seeds=(7, 8, 9, 10, 11), rates=(0.1,))
    )
    np.testing.assert_array_equal(lab.over_batches(experiment)["without"][:1], two.evaluation)


def test_noise_follows_theory() -> None:
    for batch in (2, 32):
        assert lab.noise_of(batch).variance_spread == pytest.approx(batch_noise_theory(batch), rel=0.06)


def test_weights_have_a_size_only_beside_epsilon() -> None:
    small, one, large = 1e-5, 1e3, 1e4
    found = lab.sizes((small, one, large))
    assert found.loss[1] == pytest.approx(found.loss[2], rel=1e-8)
    assert found.loss[0] != pytest.approx(found.loss[2], rel=1e-2)
    assert found.gradient[1] / found.gradient[2] == pytest.approx(10, rel=1e-5)
    assert np.abs(found.cosine[1:]).max() < 1e-6
