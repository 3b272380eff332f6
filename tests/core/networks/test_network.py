"""Small networks: outputs, gradients and five steps of three optimizers against torch, for every layer."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.networks.activations import ACTIVATIONS
from core.networks.initialisation import INITIALISATIONS
from core.networks.layers import LOSSES, cross_entropy, dense, dense_backward
from core.networks.network import (
    Network,
    backward,
    forward,
    fresh,
    initial,
    loss_and_gradient,
    silent_units,
    spread_of_units,
)
from core.networks.normalisation import NORMALISATIONS
from core.networks.parameters import with_parameters
from core.networks.training import Stepper
from tests.core.networks.test_activations import SINGLE
from tests.reference.record_networks import FILE, METHODS, NETWORKS, STEPS, WIDTHS, name_of

RECORDED = np.load(FILE)
CASES = [(*case, loss) for case in NETWORKS for loss in LOSSES if name_of(*case, loss, "x") in RECORDED]
OURS = {
    "sgd": ("sgd", 0.1, {}),
    "momentum": ("momentum", 0.05, {"momentum": 0.9}),
    "adam": ("adam", 0.02, {}),
}


def network_of(unit: str, norm: str, place: str) -> Network:
    return Network(WIDTHS, ACTIVATIONS[unit], None if norm == "none" else NORMALISATIONS[norm], place)


def recorded(case, what: str) -> np.ndarray:
    return RECORDED[name_of(*case, what)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: " ".join(case))
def test_output_gradient_and_steps_are_those_of_torch(case) -> None:
    *layers, loss = case
    network, rtol = network_of(*layers), 1e-6 if case[0] in SINGLE else 1e-10
    first, x, target = recorded(case, "first")[None], recorded(case, "x"), recorded(case, "target")
    assert [slot.name for slot in network.slots] == list(recorded(case, "names"))
    np.testing.assert_allclose(forward(network, first, x).output[0], recorded(case, "output"), rtol=1e-10, atol=1e-12)
    value, gradient = loss_and_gradient(network, first, x, target, loss)
    assert value[0] == pytest.approx(recorded(case, "loss"), rel=1e-12)
    np.testing.assert_allclose(gradient[0], recorded(case, "gradient"), rtol=rtol, atol=1e-12)

    for method in METHODS:
        optimizer, lr, hyper = OURS[method]
        stepper, running = Stepper(optimizer, first, lr, hyper), fresh(network, 1)
        for _ in range(STEPS):
            done = forward(network, stepper.parameters, x, running)
            running = done.running
            stepper.step(backward(network, stepper.parameters, done, LOSSES[loss](done.output, target)[1]))
        # A gradient that is zero but for rounding is a whole step of Adam: a bias in front of a normalisation.
        alive = np.abs(recorded(case, "gradient")) > 1e-12 if method == "adam" else slice(None)
        np.testing.assert_allclose(
            stepper.parameters[0][alive], recorded(case, method)[alive], rtol=rtol, atol=1e-11, err_msg=method
        )
    if running:
        evaluated = forward(network, recorded(case, "adam")[None], x, running, training=False).output[0]
        np.testing.assert_allclose(evaluated, recorded(case, "evaluated"), rtol=1e-6, atol=1e-6)


def test_every_layer_has_a_recording() -> None:
    assert {case[0] for case in CASES} == {row.key for row in ACTIVATIONS}
    dense_norms = {row.key for row in NORMALISATIONS if row.dense_axis is not None}
    assert {(norm, place) for _, norm, place, _ in CASES} >= {(n, p) for n in dense_norms for p in ("before", "after")}
    assert {case[-1] for case in CASES} == set(LOSSES)


@pytest.mark.parametrize("loss", LOSSES)
def test_gradient_is_a_difference_quotient(loss: str) -> None:
    network = Network((2, 7, 6, 1), ACTIVATIONS["prelu"], NORMALISATIONS["batch"], "after")
    rows = initial(network, INITIALISATIONS["he"], range(3), hidden_bias=0.1)
    rng = np.random.default_rng(0)
    x, target = rng.standard_normal((9, 2)), rng.integers(0, 2, (9, 1)).astype(float)
    _, gradient = loss_and_gradient(network, rows, x, target, loss)
    direction = rng.standard_normal(rows.shape)
    ends = [loss_and_gradient(network, rows + h * direction, x, target, loss)[0] for h in (-1e-6, 1e-6)]
    np.testing.assert_allclose((gradient * direction).sum(1), (ends[1] - ends[0]) / 2e-6, rtol=1e-6)


def test_networks_of_a_stack_do_not_meet() -> None:
    network = Network((2, 5, 5, 1), ACTIVATIONS["tanh"], NORMALISATIONS["batch"])
    rows = initial(network, INITIALISATIONS["xavier"], [4, 5, 6])
    rows[1] = np.inf
    x, target = np.random.default_rng(0).standard_normal((2, 8, 2))[0], np.zeros((8, 1))
    value, gradient = loss_and_gradient(network, rows, x, target, "cross entropy")
    for k in (0, 2):
        one_value, one_gradient = loss_and_gradient(network, rows[k : k + 1], x, target, "cross entropy")
        assert value[k] == pytest.approx(one_value[0], rel=1e-14)
        np.testing.assert_allclose(gradient[k], one_gradient[0], rtol=1e-12, atol=1e-16)
    assert not np.isfinite(gradient[1]).all()


def test_first_parameters() -> None:
    network = Network((3, 40, 30, 2), ACTIVATIONS["prelu"], NORMALISATIONS["layer"])
    rows = initial(network, INITIALISATIONS["he"], [7, 7, 8], hidden_bias=-1.0)
    np.testing.assert_array_equal(rows[0], rows[1])
    assert (rows[0] != rows[2]).any()
    for slot in network.slots:
        part = rows[0, slot.begin : slot.end]
        if slot.kind == "weight":
            assert part.std() == pytest.approx(math.sqrt(2 / slot.shape[1]), rel=0.25)
        elif slot.name == network.slots[-1].name:
            assert (part == 0).all()
        else:
            assert (part == {"bias": -1, "scale": 1, "shift": 0, "slope": 0.25}[slot.kind]).all()
    assert network.count == sum(np.prod(slot.shape) for slot in network.slots) == rows.shape[1]


def test_weights_in_front_of_batch_normalisation_have_no_size() -> None:
    """loss(10 w) = loss(w), a tenth of the gradient, and the gradient is orthogonal to w."""
    network = Network((2, 12, 1), ACTIVATIONS["relu"], NORMALISATIONS["batch"])
    rows = 1e5 * initial(network, INITIALISATIONS["he"], range(4))  # far above epsilon
    weight = slice(network.slots[0].begin, network.slots[0].end)
    rng = np.random.default_rng(1)
    x, target = rng.standard_normal((64, 2)), rng.integers(0, 2, (64, 1)).astype(float)
    larger = rows.copy()
    larger[:, weight] *= 10
    (loss, gradient), (loss10, gradient10) = (
        loss_and_gradient(network, r, x, target, "cross entropy") for r in (rows, larger)
    )
    np.testing.assert_allclose(loss10, loss, rtol=1e-11)
    np.testing.assert_allclose(gradient10[:, weight], gradient[:, weight] / 10, rtol=1e-8, atol=1e-12)
    cosine = (gradient[:, weight] * rows[:, weight]).sum(1)
    cosine /= np.linalg.norm(gradient[:, weight], axis=1) * np.linalg.norm(rows[:, weight], axis=1)
    np.testing.assert_allclose(cosine, 0, atol=1e-9)


def test_silent_units_and_spread() -> None:
    network = Network((1, 4, 1), ACTIVATIONS["relu"])
    rows = np.zeros((1, network.count))
    rows[0, :4], rows[0, 4:8] = [1, 1, -1, 1], [0.5, -3, 0, -2]
    x = np.linspace(-1, 1, 11)[:, None]
    assert silent_units(network, rows, x) == 0.5
    spread, rank = spread_of_units(network, rows)
    assert (spread, rank) == (3.5, 2)
    assert spread_of_units(network, np.ones((1, network.count)))[1] == 1


def test_losses_do_not_overflow() -> None:
    output, target = np.array([[[1e4], [-1e4]]]), np.array([[0.0], [1.0]])
    with np.errstate(over="ignore"):
        value, gradient = cross_entropy(output, target)
    assert value[0] == 1e4
    np.testing.assert_array_equal(gradient, [[[0.5], [-0.5]]])


def test_dense_layer_by_hand() -> None:
    x, weight, bias = (
        np.array([[[1.0, 2.0]]]),
        np.array([[[3.0, 4.0], [5.0, 6.0], [0.0, 1.0]]]),
        np.array([[1.0, 0.0, 9.0]]),
    )
    np.testing.assert_array_equal(dense(x, weight, bias), [[[12, 17, 11]]])
    to_x, to_weight, to_bias = dense_backward(np.array([[[1.0, 0.0, 2.0]]]), x, weight)
    np.testing.assert_array_equal(to_x, [[[3, 6]]])
    np.testing.assert_array_equal(to_weight, [[[1, 2], [0, 0], [2, 4]]])
    np.testing.assert_array_equal(to_bias, [[1, 0, 2]])


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"widths": (2,)}, "widths: got 1 of them, allowed are 2 to 33"),
        ({"widths": (1,) * 34}, "widths: got 34 of them"),
        ({"widths": (2, 257, 1)}, "width: got 257, allowed are whole numbers from 1 to 256"),
        ({"widths": (2, 0, 1)}, "width: got 0"),
        ({"widths": (256,) * 10}, "widths: got 592128 parameters, allowed are at most 200000"),
        (
            {"normalisation": NORMALISATIONS["instance"]},
            "normalisation: got instance, allowed are batch, layer and rms",
        ),
        ({"place": "around"}, "place: got 'around', allowed are before, after"),
    ],
)
def test_bad_input_gets_a_sentence(given, sentence: str) -> None:
    with pytest.raises(ValueError, match=r"^" + sentence):
        Network(**{"widths": (2, 3, 1), "activation": ACTIVATIONS["relu"], **given})


def test_evaluation_needs_statistics() -> None:
    network = Network((2, 3, 1), ACTIVATIONS["relu"], NORMALISATIONS["batch"])
    with pytest.raises(ValueError, match=r"^running: got None"):
        forward(network, np.ones((1, network.count)), np.ones((4, 2)), training=False)
    with_slope = Network((2, 3, 1), with_parameters(ACTIVATIONS["prelu"], alpha=-0.5))
    assert initial(with_slope, INITIALISATIONS["he"], [0])[0, 9] == -0.5
