"""How weights are drawn: their spread against the declared one, and against what torch draws."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.networks.initialisation import INITIALISATIONS
from core.networks.parameters import parameters_of, with_parameters
from tests.reference.record_networks import FAN_IN, FAN_OUT, FILE, STARTS, name_of

RECORDED = np.load(FILE)
ROWS = pytest.mark.parametrize("row", INITIALISATIONS, ids=lambda row: row.key)


@ROWS
def test_spread_is_that_of_torch(row) -> None:
    weight = row.weights(np.random.default_rng(0), FAN_OUT, FAN_IN)
    mean, std, largest = RECORDED[name_of("start", row.key)]
    error = 5 * std / math.sqrt(weight.size)
    assert weight.shape == (FAN_OUT, FAN_IN)
    assert weight.mean() == pytest.approx(mean, abs=2 * error + 1e-15)
    assert weight.std() == pytest.approx(std, abs=error + 1e-15)
    assert np.abs(weight).max() == pytest.approx(largest, rel=0.3)
    assert row.torch(**parameters_of(row)) == STARTS[row.key]


@ROWS
@pytest.mark.parametrize("shape", [(40, 70), (70, 40), (50, 50)])
def test_variance_is_the_declared_one(row, shape) -> None:
    rng = np.random.default_rng(3)
    drawn = np.stack([row.weights(rng, *shape) for _ in range(40)])
    if row.variance is None:
        assert np.ptp(drawn) == 0
        assert row.variances(*shape) is None
    else:
        declared, bias = row.variances(*shape)
        assert drawn.var() == pytest.approx(declared, rel=0.02)
        biases = np.stack([row.biases(rng, *shape) for _ in range(200)])
        assert biases.var() == pytest.approx(bias, rel=0.05)


def test_bias_of_torch_has_the_same_limits_as_ours() -> None:
    limit = 1 / math.sqrt(FAN_IN)
    ours = INITIALISATIONS["torch_default"].biases(np.random.default_rng(0), FAN_OUT, FAN_IN)
    # The last layer that was recorded is constant in its weights only.
    for bias in (RECORDED["start bias"], ours):
        assert 0.9 * limit < np.abs(bias).max() <= limit


@pytest.mark.parametrize("shape", [(4, 4), (3, 6), (6, 3)])
def test_orthogonal_weights_keep_lengths(shape) -> None:
    weight = with_parameters(INITIALISATIONS["orthogonal"], gain=1.5).weights(np.random.default_rng(0), *shape)
    np.testing.assert_allclose(np.linalg.svd(weight, compute_uv=False), 1.5, rtol=1e-12)


def test_unknown_key_gets_a_sentence() -> None:
    with pytest.raises(ValueError, match=r"^initialisation: got 'hee', allowed are normal, uniform"):
        INITIALISATIONS["hee"]
