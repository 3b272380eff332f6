"""Expectations under a distribution of inputs: against closed forms, against samples, against a second rule."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.networks.activations import ACTIVATIONS
from core.networks.moments import Inputs, chain, length_path, moments, next_length, pair, pair_condition, sample_moments
from core.networks.parameters import with_parameters

# 1 / sqrt(E f(z)^2) for standard normal z.
GAINS = {
    "sigmoid": 1.846, "tanh": 1.593, "relu": 1.41421, "leaky_relu": 1.4141, "prelu": 1.372, "elu": 1.245,
    "selu": 1.000, "silu": 1.677, "gelu": 1.534,
}  # fmt: skip


@pytest.mark.parametrize("key", GAINS)
def test_gain_that_preserves_variance(key: str) -> None:
    assert moments(ACTIVATIONS[key]).gain == pytest.approx(GAINS[key], abs=6e-4)


def test_closed_forms() -> None:
    relu, selu = moments(ACTIVATIONS["relu"]), moments(ACTIVATIONS["selu"])
    assert relu.mean == pytest.approx(1 / math.sqrt(2 * math.pi), rel=1e-14)
    assert (relu.square, relu.slope_square) == (pytest.approx(0.5, rel=1e-14), pytest.approx(0.5, rel=1e-14))
    assert selu.mean == pytest.approx(0, abs=1e-15)
    assert selu.square == pytest.approx(1, abs=1e-15)
    assert moments(ACTIVATIONS["elu"]).mean == pytest.approx(0.1605, abs=5e-5)
    assert moments(ACTIVATIONS["gelu"]).mean == pytest.approx(1 / (2 * math.sqrt(math.pi)), rel=1e-13)
    assert moments(ACTIVATIONS["hard_swish"], Inputs(std=0)).gain == math.inf
    # Uniform on 0 ... 2: the hard sigmoid is x/6 + 1/2 there.
    uniform = Inputs("uniform", mean=1, std=1 / math.sqrt(3))
    assert moments(ACTIVATIONS["hard_sigmoid"], uniform).mean == pytest.approx(2 / 3, rel=1e-14)


@pytest.mark.parametrize(
    "inputs", [Inputs(), Inputs(mean=-1.5, std=0.9), Inputs("uniform", 0.5, 3.0), Inputs(std=40.0)]
)
@pytest.mark.parametrize("row", ACTIVATIONS, ids=lambda row: row.key)
def test_quadrature_agrees_with_a_sample(row, inputs: Inputs) -> None:
    z = inputs.sample(200_000, seed=1)
    exact, found = moments(row, inputs), sample_moments(row, z)
    value, slope = row.value(z), row.slope(z)
    for name, terms in (("mean", value), ("square", value**2), ("slope_square", slope**2)):
        error = 5 * terms.std() / math.sqrt(len(z)) + 1e-12
        assert getattr(found, name) == pytest.approx(getattr(exact, name), abs=error)


@pytest.mark.parametrize("row", ACTIVATIONS, ids=lambda row: row.key)
def test_quadrature_agrees_with_the_trapezoidal_rule(row) -> None:
    """Two million equal steps; its error at a kink is of the order of the step squared."""
    x = np.linspace(-12, 12, 2_000_001)
    weights = Inputs().density(x) * (x[1] - x[0])
    exact = moments(row)
    assert exact.mean == pytest.approx(weights @ row.value(x), abs=1e-9)
    assert exact.square == pytest.approx(weights @ row.value(x) ** 2, abs=1e-9)
    # A jump of the slope is met half-way by the rule, which counts one side for a whole step.
    assert exact.slope_square == pytest.approx(weights @ row.slope(x) ** 2, abs=2e-5)


@pytest.mark.parametrize("std", [1e-100, 1e-8, 1e8, 1e100])
def test_moments_of_very_small_and_very_large_inputs(std: float) -> None:
    found = moments(ACTIVATIONS["relu"], Inputs(std=std))
    assert found.mean == pytest.approx(std / math.sqrt(2 * math.pi), rel=1e-12)
    assert found.slope_square == pytest.approx(0.5, rel=1e-12)


def test_slopes_multiply_along_a_chain() -> None:
    values, products = chain(ACTIVATIONS["sigmoid"], np.array([0.0, 5.0]), 10)
    assert values.shape == products.shape == (11, 2)
    assert products[1] == pytest.approx([0.25, 0.0066], abs=1e-4)
    assert (products[10] < 0.25**10).all()
    assert pytest.approx(9.5e-7, rel=1e-2) == 0.25**10
    assert chain(ACTIVATIONS["tanh"], np.array([3.0]), 1)[1][1] == pytest.approx(0.0099, abs=1e-4)
    step = 1e-6
    ends = chain(ACTIVATIONS["mish"], np.array([0.7 - step, 0.7 + step]), 4, weight=1.3, bias=-0.2)[0][-1]
    product = chain(ACTIVATIONS["mish"], np.array([0.7]), 4, weight=1.3, bias=-0.2)[1][-1, 0]
    assert np.diff(ends)[0] / (2 * step) == pytest.approx(product, rel=1e-8)


def test_chain_may_overflow() -> None:
    values, products = chain(ACTIVATIONS["relu"], np.array([1.0]), 400, weight=10.0)
    assert values[-1] == products[-1] == math.inf


def test_mean_square_one_is_a_fixed_point_of_selu_and_attracts() -> None:
    selu = ACTIVATIONS["selu"]
    assert next_length(selu, 1.0)[0] == pytest.approx(1, abs=1e-14)
    for start in (0.09, 9.0):
        path = length_path(selu, start, 100)
        assert path[-1] == pytest.approx(1, abs=1e-6)
        assert (np.diff(np.abs(path - 1)) <= 1e-15).all()
    # Twice the variance of LeCun's weights, as He's: no fixed point near 1.
    assert length_path(selu, 1.0, 20, weight_variance=2.0)[-1] > 100


def test_he_preserves_relu_and_no_other_slope_of_it() -> None:
    relu = ACTIVATIONS["relu"]
    assert next_length(relu, 1.7, 2.0) == (pytest.approx(1.7), pytest.approx(1.0))
    leaky = with_parameters(ACTIVATIONS["leaky_relu"], alpha=0.5)
    assert next_length(leaky, 1.0, 2 / (1 + 0.5**2))[0] == pytest.approx(1.0)


def test_outputs_that_are_not_centred_are_badly_conditioned() -> None:
    sigmoid, tanh, relu = (ACTIVATIONS[key] for key in ("sigmoid", "tanh", "relu"))
    assert pair(sigmoid).condition == pytest.approx(12.0, abs=0.2)
    assert pair(relu).condition == pytest.approx(1.8, abs=0.1)
    assert pair(sigmoid, centred=True).condition < 1.1
    assert pair(tanh).condition < 1.1
    assert pair(sigmoid).same_sign == 1
    assert pair(tanh).same_sign == pytest.approx(0.5, abs=0.04)
    assert pair_condition(tanh) == pytest.approx(1, abs=1e-12)
    assert pair(sigmoid, samples=1_000_000).condition == pytest.approx(pair_condition(sigmoid), rel=0.01)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"kind": "cauchy"}, "kind: got 'cauchy', allowed are normal, uniform"),
        ({"mean": 2e3}, "mean: got 2000.0, allowed are numbers from -1000 to 1000"),
        ({"std": -1.0}, "std: got -1.0"),
        ({"std": math.nan}, "std: got nan"),
    ],
)
def test_bad_input_gets_a_sentence(given, sentence: str) -> None:
    with pytest.raises(ValueError, match="^" + sentence):
        Inputs(**given)
