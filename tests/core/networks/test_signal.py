"""Signals through deep random networks: against difference quotients, theory, published orders of magnitude."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.networks.activations import ACTIVATIONS
from core.networks.initialisation import INITIALISATIONS
from core.networks.moments import Inputs
from core.networks.parameters import with_parameters
from core.networks.signal import INFINITE, UNKNOWN, ZERO, Direction, grid, propagate


def start(key: str, **parameters):
    return with_parameters(INITIALISATIONS[key], **parameters)


SMALL, LARGE = start("normal", std=0.01), start("normal", std=1.0)
PLAIN_TORCH = start("uniform", limit=1 / math.sqrt(128))
"""The weights of torch.nn.Linear without its biases, which keep up a deviation that has no signal in it."""
ROOT2 = start("orthogonal", gain=math.sqrt(2))

# Deviation in layer 50, gradient at the input over that at the end; 128 units, 256 samples, no normalisation.
DEPTH = [
    ("sigmoid", SMALL, 1e-2, 3e-78), ("sigmoid", LARGE, 0.44, 6.5), ("sigmoid", PLAIN_TORCH, 7e-2, 3e-43),
    ("sigmoid", start("xavier"), 0.12, 3e-32), ("sigmoid", start("he"), 0.16, 9e-26),
    ("sigmoid", start("orthogonal"), 0.12, 4e-32), ("sigmoid", ROOT2, 0.17, 1e-25),
    ("tanh", SMALL, 4e-48, 4e-48), ("tanh", LARGE, 0.96, 3e19), ("tanh", PLAIN_TORCH, 8e-13, 8e-13),
    ("tanh", start("xavier"), 0.084, 0.10), ("tanh", start("he"), 0.55, 9.2),
    ("tanh", start("orthogonal"), 0.10, 0.12), ("tanh", ROOT2, 0.56, 8.4),
    ("relu", SMALL, 2e-55, None), ("relu", LARGE, 2e45, None), ("relu", PLAIN_TORCH, 2e-20, 4e-20),
    ("relu", start("xavier"), 4e-8, 5e-8), ("relu", start("he"), 1.3, 1.7),
    ("relu", start("orthogonal"), 3e-8, 4e-8), ("relu", ROOT2, 0.89, 1.2),
    ("elu", SMALL, 4e-48, None), ("elu", LARGE, 2e45, None), ("elu", PLAIN_TORCH, 7e-13, None),
    ("elu", start("xavier"), 0.045, 0.051), ("elu", start("he"), 4.1, 18),
    ("elu", start("orthogonal"), 0.05, 0.06), ("elu", ROOT2, 3.5, 18),
    ("selu", SMALL, 4e-40, None), ("selu", LARGE, 2e46, None), ("selu", PLAIN_TORCH, 3e-5, None),
    ("selu", start("lecun"), 0.98, 6.3), ("selu", start("he"), 39, 290),
    ("selu", start("orthogonal"), 1.0, 5.7), ("selu", ROOT2, 34, 230),
    ("silu", SMALL, 4e-63, None), ("silu", LARGE, 2e45, None), ("silu", PLAIN_TORCH, 1e-27, None),
    ("silu", start("xavier"), 9e-16, None), ("silu", start("he"), 1e-7, 2e-7),
    ("silu", start("orthogonal"), 1e-15, None), ("silu", ROOT2, 9e-8, None),
]  # fmt: skip


@pytest.mark.parametrize(("unit", "drawn", "std", "ratio"), DEPTH, ids=lambda part: getattr(part, "key", str(part)))
def test_fifty_layers(unit, drawn, std, ratio) -> None:
    """Two draws of one network differ by a factor; the numbers that matter differ by powers of ten."""
    found = propagate(unit, drawn, batch=32)
    factor = 40 if unit == "selu" and drawn is PLAIN_TORCH else 4
    assert abs(math.log(found.std[-1] / std)) < math.log(factor)
    if ratio:
        assert abs(math.log(found.gradient_ratio / ratio)) < math.log(factor)


# The gradient at the input over that at the end, with batch normalisation before the activation.
NORMALISED = {"sigmoid": 0.78, "tanh": 64, "relu": 6.2e3, "silu": 360, "selu": 12, "identity": 1.1}


@pytest.mark.parametrize("unit", NORMALISED)
def test_batch_normalisation_keeps_the_signal_and_lets_gradients_grow(unit: str) -> None:
    ends = [propagate(unit, drawn, "batch") for drawn in (start("he"), start("xavier"), LARGE)]
    for found in ends:
        assert found.std[-1] == pytest.approx(ends[0].std[-1], rel=0.02)  # whatever the weights
        assert abs(math.log(found.gradient_ratio / NORMALISED[unit])) < math.log(2)
    if unit in ("relu", "sigmoid"):
        assert ends[0].std[-1] == pytest.approx({"relu": 0.62, "sigmoid": 0.21}[unit], abs=0.02)


def test_growth_per_layer_under_batch_normalisation() -> None:
    found = propagate("relu", "he", "batch", width=256)
    assert found.gradient_ratio ** (1 / 50) == pytest.approx(1.185, abs=0.02)
    growth = found.theory.gradient[0] ** (1 / 50)
    assert growth == pytest.approx(math.sqrt(math.pi / (math.pi - 1)), abs=0.015)  # 1.211, but for the first layer


@pytest.mark.parametrize("norm", ["none", "layer", "rms"])
@pytest.mark.parametrize("unit", ["sigmoid", "tanh", "relu", "silu", "elu"])
def test_wide_layers_follow_the_theory(unit: str, norm: str) -> None:
    found = propagate(unit, "he", norm, depth=6, width=512, batch=64, inputs=Inputs(mean=0.3, std=1.5))
    # Without normalisation all samples of a network come out long or short together: one network, one draw.
    np.testing.assert_allclose(found.std, found.theory.std, rtol=0.2 if norm == "none" else 0.07)
    np.testing.assert_allclose(found.gradient[:-1], found.theory.gradient[:-1], rtol=0.25)
    with_biases = propagate(unit, "torch_default", norm, depth=6, width=512, batch=64)
    np.testing.assert_allclose(with_biases.std, with_biases.theory.std, rtol=0.1)


def test_wide_layers_and_batches_follow_the_theory_of_batch_normalisation() -> None:
    for unit in ("tanh", "relu"):
        found = propagate(unit, "he", "batch", depth=5, width=256, batch=2048, inputs=Inputs(mean=5.0))
        np.testing.assert_allclose(found.std[1:], found.theory.std[1:], rtol=0.05)
        np.testing.assert_allclose(found.gradient, found.theory.gradient, rtol=0.1)


@pytest.mark.parametrize("norm", ["none", "batch", "layer", "rms"])
def test_gradient_is_a_difference_quotient(norm: str) -> None:
    """The whole network by hand, and the gradient of (end . output) at the input from two of its neighbours."""
    unit, drawn, depth, width, batch, seed = ACTIVATIONS["tanh"], start("he"), 3, 5, 7, 11
    found = propagate(unit, drawn, norm, depth=depth, width=width, batch=batch, seed=seed, jacobian=True)
    x = Inputs().sample(batch * width, seed).reshape(batch, width)
    end = np.random.default_rng([seed, depth + 1]).standard_normal(x.shape)

    def network(h: np.ndarray) -> np.ndarray:
        for layer in range(1, depth + 1):
            z = h @ drawn.weights(np.random.default_rng([seed, layer]), width, width).T
            axis = {"batch": 0, "layer": 1, "rms": 1}.get(norm)
            if axis is not None:
                z = z - (0 if norm == "rms" else z.mean(axis, keepdims=True))
                z = z / np.sqrt((z**2).mean(axis, keepdims=True) + 1e-5)
            h = np.tanh(z)
        return h

    def moved(i: int, j: int) -> np.ndarray:
        step = np.zeros_like(x)
        step[i, j] = 1e-6
        return (network(x + step) - network(x - step)) / 2e-6

    gradient = np.array([[np.sum(end * moved(i, j)) for j in range(width)] for i in range(batch)])
    assert found.std[-1] == pytest.approx(network(x).std(), rel=1e-12)
    assert found.gradient[0] == pytest.approx(np.sqrt((gradient**2).mean()), rel=1e-7)
    if norm != "batch":  # there the Jacobian of one sample is that of one layer after the other, not of the batch
        jacobian = np.stack([moved(0, j)[0] for j in range(width)], axis=1)
        exact = np.log10(np.linalg.svd(jacobian, compute_uv=False))
        np.testing.assert_allclose(found.log_singular[:3], exact[:3], atol=1e-5)


def test_singular_values_of_rotations_are_one() -> None:
    found = propagate("identity", "orthogonal", depth=30, width=64, batch=8, jacobian=True)
    np.testing.assert_allclose(found.log_singular, np.zeros(64), atol=1e-12)
    assert len(propagate("identity", "lecun", depth=30, width=64, batch=8, jacobian=True).log_singular) < 64
    assert propagate("identity", "orthogonal", depth=3, width=4, batch=8).log_singular is None


@pytest.mark.parametrize(
    ("std", "after"),
    [(1.0, {10: 1.0, 100: 0.994}), (3.0, {1: 2.38, 10: 1.11, 100: 1.001}), (0.3, {1: 0.37, 10: 0.88, 100: 0.997})],
)
def test_selu_finds_its_fixed_point_from_any_input(std: float, after: dict) -> None:
    found = propagate("selu", "lecun", depth=100, width=256, batch=32, inputs=Inputs(std=std))
    for layer, value in after.items():
        assert found.std[layer] == pytest.approx(value, rel=0.06)
        assert found.theory.std[layer] == pytest.approx(value, rel=0.02)


def test_selu_without_lecun_has_none() -> None:
    assert propagate("selu", "he", depth=100, width=256, batch=32).std[-1] > 100
    assert propagate("selu", "torch_default", depth=100, width=256, batch=32).signal[-1] < 1e-8


def test_biases_keep_up_a_deviation_that_carries_no_signal() -> None:
    found = propagate("relu", "torch_default")
    assert found.std[-1] > 0.01
    assert found.signal[-1] < 1e-13
    plain = propagate("relu", PLAIN_TORCH)
    assert plain.signal[-1] <= plain.std[-1] < 1e-18


def test_overflow_and_underflow_are_reported() -> None:
    grown = propagate("relu", start("normal", std=1000.0), depth=100, width=64, batch=8, jacobian=True)
    assert grown.forward.state == INFINITE
    assert grown.backward == Direction(UNKNOWN)
    layer = grown.forward.layer
    assert np.isfinite(grown.std[:layer]).all() and np.isinf(grown.std[layer:]).all()
    assert len(grown.layers) == layer - 1
    assert np.isnan(grown.gradient).all() and grown.log_singular is None
    assert (grown.std[np.isinf(grown.theory.std)] > 1e140).all()  # the theory needs the squares

    faded = propagate("sigmoid", start("normal", std=1e-5), depth=100, width=64, batch=8)
    assert faded.forward == Direction()
    assert faded.backward.state == ZERO
    assert faded.gradient[faded.backward.layer] == 0 < faded.gradient[faded.backward.layer + 1]

    for drawn in (start("normal", std=1e-5), start("constant", level=0.0), start("constant", level=-1.0)):
        gone = propagate("relu", drawn, depth=100, width=64, batch=8)
        assert gone.forward.state == gone.backward.state == ZERO
        assert (gone.std[gone.forward.layer :] == 0).all() and gone.std[gone.forward.layer - 1] > 0
    assert gone.theory is None


def test_dead_and_saturated_units_are_counted() -> None:
    dead = propagate(
        "relu", start("constant", level=-1.0), depth=3, width=8, batch=16, inputs=Inputs("uniform", 2.0, 0.1)
    )
    assert [layer.dead for layer in dead.layers] == [1, 1, 1]
    saturated = propagate("tanh", LARGE, depth=3)
    assert saturated.layers[1].saturated > 0.7
    assert saturated.layers[1].dead == 0
    assert propagate("relu", "he", depth=3).layers[0].saturated == 0
    assert propagate("leaky_relu", "he", depth=3).layers[2].dead == 0


def test_histograms_hold_every_activation() -> None:
    for drawn in ("he", SMALL, start("constant", level=0.0)):
        for layer in propagate("tanh", drawn, depth=20, width=16, batch=8).layers:
            assert layer.counts.sum() == 16 * 8
            assert (np.diff(layer.edges) > 0).all()


def test_grid_is_the_same_as_its_cells() -> None:
    parts: list[float] = []
    cells = grid(["tanh", "relu"], ["xavier", "he"], depth=5, width=8, batch=4, seed=3, progress=parts.append)
    one = propagate("relu", "xavier", depth=5, width=8, batch=4, seed=3)
    assert (cells[1][0].std, cells[1][0].gradient_ratio) == (one.std[-1], one.gradient_ratio)
    assert parts == [0.25, 0.5, 0.75, 1.0]


def test_a_seed_is_one_network() -> None:
    first, same, other = (propagate("tanh", "xavier", depth=4, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.gradient, same.gradient)
    assert first.gradient[0] != other.gradient[0]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"depth": 101}, "depth: got 101, allowed are whole numbers from 1 to 100"),
        ({"depth": 0}, "depth: got 0"),
        ({"width": 513}, "width: got 513, allowed are whole numbers from 1 to 512"),
        ({"width": 2.5}, "width: got 2.5"),
        ({"batch": 1}, "batch: got 1, allowed are whole numbers from 2 to 4096"),
        (
            {"depth": 100, "width": 512, "batch": 400},
            "batch: got 400, allowed for 100 layers of 512 units are at most 312",
        ),
        ({"seed": -1}, "seed: got -1"),
        ({"norm": "instance"}, "norm: got 'instance', allowed are none, batch, layer, rms"),
    ],
)
def test_bad_input_gets_a_sentence(settings, sentence: str) -> None:
    with pytest.raises(ValueError, match="^" + sentence):
        propagate("relu", "he", **settings)
