"""Training stacks of networks: every optimizer, symmetry, dead units, learned slopes, batch normalisation."""

from __future__ import annotations

import numpy as np
import pytest

from core.analysis.streams import feed
from core.networks.activations import ACTIVATIONS
from core.networks.initialisation import INITIALISATIONS
from core.networks.network import Network, initial, silent_units, spread_of_units
from core.networks.normalisation import NORMALISATIONS
from core.networks.parameters import with_parameters
from core.networks.training import DIVERGED, Stepper, learn_slope, sine, train, two_moons
from core.optimizers import OPTIMIZERS

RELU, TANH = ACTIVATIONS["relu"], ACTIVATIONS["tanh"]
HE, XAVIER = INITIALISATIONS["he"], INITIALISATIONS["xavier"]


@pytest.mark.parametrize("row", OPTIMIZERS, ids=lambda row: row.key)
def test_parameters_move_like_coordinates_of_the_engine(row) -> None:
    """301 parameters of two networks with their own rates, more than two blocks each, beside runs of the engine."""
    gradients = np.random.default_rng(0).standard_normal((12, 2, 301))
    rates = np.array([0.01, 0.3])
    stepper = Stepper(row, np.zeros((2, 301)), rates)
    path = [stepper.parameters]
    for gradient in gradients:
        stepper.step(gradient)
        path.append(stepper.parameters)
    for network, pair in ((0, [0, 1]), (1, [0, 64]), (1, [128, 300])):
        exact = feed(row, np.ascontiguousarray(gradients[:, network, pair]), rates[network]).path
        np.testing.assert_allclose(np.array(path)[:, network, pair], exact, rtol=1e-12, atol=1e-15)


def test_equal_units_stay_equal() -> None:
    """1-16-1 on sin(3x): constant weights give one unit sixteen times, zeros learn the bias alone."""
    x, target = sine()
    network, settings = Network((1, 16, 1), TANH), {"loss": "squared error", "lr": 0.1, "steps": 5000}
    constant, zero = (with_parameters(INITIALISATIONS["constant"], level=level) for level in (0.5, 0.0))
    same = train(network, constant, x, target, seeds=[0], **settings)
    assert same.final[0, 0] == pytest.approx(0.111, abs=5e-4)
    assert spread_of_units(network, same.parameters[0]) == (0, 1)
    nothing = train(network, zero, x, target, seeds=[0], **settings)
    assert nothing.final[0, 0] == pytest.approx(0.515, abs=5e-4)
    different = train(network, XAVIER, x, target, seeds=range(5), **settings)
    assert np.median(different.final) == pytest.approx(0.0025, abs=0.001)
    assert (spread_of_units(network, different.parameters[0])[0] > 1).all()
    alone = train(Network((1, 1, 1), TANH), XAVIER, x, target, seeds=[0], **settings)
    assert alone.final[0, 0] == pytest.approx(0.051, abs=5e-4)


def test_large_rates_kill_units() -> None:
    """1-32-1 with ReLU on sin(3x), 20 seeds: few dead units at small rates, most at 0.4."""
    x, target = sine()
    settings = {"loss": "squared error", "lr": [0.05, 0.1, 0.2, 0.4], "steps": 1000, "seeds": range(20)}
    ends, dead = {}, {}
    for unit in (RELU, ACTIVATIONS["leaky_relu"]):
        network = Network((1, 32, 1), unit)
        ends[unit.key] = train(network, HE, x, target, **settings)
        dead[unit.key] = [silent_units(network, rows, x).mean() for rows in ends[unit.key].parameters]
    assert dead["relu"][0] < 0.01 and dead["relu"][1] < 0.02
    assert dead["relu"][2] == pytest.approx(0.21, abs=0.1)
    assert dead["relu"][3] == pytest.approx(0.83, abs=0.05)
    np.testing.assert_allclose(dead["leaky_relu"], dead["relu"], atol=0.06)  # as many are silent, but they learn
    assert np.median(ends["relu"].final[3]) == pytest.approx(0.29, abs=0.06)
    assert np.median(ends["leaky_relu"].final[3]) == pytest.approx(0.16, abs=0.04)


@pytest.mark.parametrize(("bias", "dead", "loss", "leaky"), [(-1.0, 0.57, 0.0018, None), (-3.0, 0.97, 0.51, 0.39)])
def test_low_biases_kill_units_before_training(bias, dead, loss, leaky) -> None:
    x, target = sine()
    settings = {"loss": "squared error", "lr": 0.05, "steps": 1000, "seeds": range(20)}
    network = Network((1, 32, 1), RELU)
    end = train(network, initial(network, HE, range(20), hidden_bias=bias), x, target, **settings)
    assert silent_units(network, end.parameters[0], x).mean() == pytest.approx(dead, abs=0.04)
    assert np.median(end.final) == pytest.approx(loss, rel=0.2)
    if leaky:
        network = Network((1, 32, 1), ACTIVATIONS["leaky_relu"])
        end = train(network, initial(network, HE, range(20), hidden_bias=bias), x, target, **settings)
        assert np.median(end.final) == pytest.approx(leaky, rel=0.1)


@pytest.mark.parametrize(("target", "steps"), [(0.5, 37), (0.0, 37), (-0.3, 42), (-1.0, 48), (1.0, 45)])
def test_a_slope_is_learned(target: float, steps: int) -> None:
    path = learn_slope(ACTIVATIONS["prelu"], target, np.linspace(-2, 2, 40))
    assert path[0] == 0.25
    assert int(np.argmax(np.abs(path - target) < 1e-3)) == pytest.approx(steps, abs=1)
    assert np.abs(path[-1] - target) < 1e-5


def test_a_slope_learns_with_every_method_that_it_is_given() -> None:
    path = learn_slope(ACTIVATIONS["prelu"], -0.5, np.linspace(-2, 2, 40), lr=0.05, steps=300, optimizer="adam")
    assert path[1] == pytest.approx(0.2, abs=1e-6)  # the first step of Adam is one rate long
    assert path[-1] == pytest.approx(-0.5, abs=1e-3)
    with pytest.raises(ValueError, match=r"^activation: got relu, allowed are those that learn a parameter"):
        learn_slope(RELU, 0.5, np.ones(3))


MOONS = two_moons()
DEEP = (2, *[32] * 8, 1)
SHORT = {"lr": [0.03, 0.3], "steps": 300, "batch": 64, "seeds": range(3)}


def moons(unit: str, start, norm: str | None = None, place: str = "before", **settings):
    network = Network(DEEP, ACTIVATIONS[unit], NORMALISATIONS[norm] if norm else None, place)
    return train(network, start, *MOONS, **{**SHORT, **settings})


def test_batch_normalisation_rescues_what_does_not_learn() -> None:
    small = with_parameters(INITIALISATIONS["normal"], std=0.01)
    for unit, start in (("sigmoid", XAVIER), ("relu", small)):
        assert np.median(moons(unit, start, lr=0.1).final) == pytest.approx(np.log(2), abs=2e-3)
        for place in ("before", "after"):
            rescued = moons(unit, start, "batch", place, lr=0.1)
            assert np.median(rescued.final) < 0.06
            assert np.median(rescued.accuracy) > 0.97


def test_batch_normalisation_allows_larger_rates() -> None:
    plain, normalised = (moons("relu", HE, norm, lr=[0.3, 3.0], steps=200) for norm in (None, "batch"))
    assert np.median(plain.final[0]) < 0.01 and np.median(normalised.final[0]) < 0.01  # no gain where all is well
    assert plain.diverged[1].all()
    assert np.median(normalised.final[1]) < 0.05


def test_tiny_batches_spoil_batch_normalisation() -> None:
    plain, normalised = (moons("relu", HE, norm, lr=0.1, batch=2) for norm in (None, "batch"))
    assert np.median(plain.evaluation) < 0.35
    assert np.median(normalised.evaluation) > 0.5
    larger = moons("relu", HE, "batch", lr=0.1, batch=64)
    assert np.median(larger.evaluation) < 0.02


def test_rates_and_seeds_are_independent_runs() -> None:
    network = Network((2, 6, 1), RELU, NORMALISATIONS["batch"])
    settings = {"steps": 20, "batch": 10, "optimizer": "adam"}
    both = train(network, HE, *MOONS, lr=[0.01, 0.1], seeds=[3, 5], **settings)
    one = train(network, HE, *MOONS, lr=0.1, seeds=[5], **settings)
    assert both.loss.shape == (2, 2, 21) and both.parameters.shape == (2, 2, network.count)
    np.testing.assert_allclose(both.parameters[1, 1], one.parameters[0, 0], rtol=1e-9, atol=1e-12)
    assert both.evaluation[1, 1] == pytest.approx(one.evaluation[0, 0])
    np.testing.assert_array_equal(both.steps, np.arange(21))
    assert both.loss[0, 0, 0] == both.loss[1, 0, 0] != both.loss[0, 1, 0]  # the same start, whatever the rate


def test_diverged_runs_are_a_result() -> None:
    parts: list[float] = []
    end = train(
        Network((2, 8, 8, 1), RELU), HE, *MOONS, loss="squared error", lr=[0.01, 50.0], steps=200, progress=parts.append
    )
    assert end.diverged.tolist() == [[False] * 5, [True] * 5]
    assert (end.loss[0] < DIVERGED).all() and np.isinf(end.loss[1, :, -1]).all()
    assert not np.isnan(end.loss).any()
    assert parts == sorted(parts) and parts[0] == 0 and parts[-1] == 1 and len(parts) == 61


def test_two_moons() -> None:
    x, label = two_moons(400, noise=0.0, seed=2)
    upper, lower = x[label[:, 0] == 0], x[label[:, 0] == 1]
    assert len(upper) == len(lower) == 200
    np.testing.assert_allclose((upper**2).sum(1), 1)
    np.testing.assert_allclose(((lower - [1, 0.5]) ** 2).sum(1), 1)
    assert (upper[:, 1] >= 0).all() and (lower[:, 1] <= 0.5).all()


TINY = Network((2, 3, 1), RELU)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"batch": 257}, "batch: got 257, allowed are whole numbers from 1 to 256"),
        ({"batch": 0}, "batch: got 0"),
        ({"steps": 0}, "steps: got 0, allowed are whole numbers from 1 to 20000"),
        ({"seeds": range(200_000)}, "seeds: got 1 rates x 200000 seeds, allowed are 1 to 153846 networks"),
        ({"seeds": []}, "seeds: got 1 rates x 0 seeds"),
        ({"loss": "hinge"}, "loss: got 'hinge', allowed are squared error, cross entropy"),
        ({"target": np.zeros((256, 2))}, r"target: got shape \(256, 2\), allowed is \(256, 1\)"),
        ({"x": np.zeros((256, 3))}, r"x: got shape \(256, 3\), allowed is \(256, 2\)"),
        ({"start": np.zeros((5, 4))}, r"start: got shape \(5, 4\), allowed is \(5, 13\)"),
        ({"optimizer": "adamm"}, "optimizer: got 'adamm', allowed are"),
        ({"hyper": {"beta3": 1}}, "hyper: got 'beta3', but sgd has"),
        ({"sampling": "stratified"}, "batches: sampling: got 'stratified'"),
    ],
)  # fmt: skip
def test_bad_input_gets_a_sentence(settings, sentence: str) -> None:
    settings = {"start": HE, "x": MOONS[0], "target": MOONS[1], "batch": 8, **settings}
    with pytest.raises(ValueError, match=r"^" + sentence):
        train(TINY, settings.pop("start"), settings.pop("x"), settings.pop("target"), **settings)


def test_batch_normalisation_needs_two_rows() -> None:
    network = Network((2, 3, 1), RELU, NORMALISATIONS["batch"])
    for size in (1, 15):  # 256 = 17 x 15 + 1
        with pytest.raises(ValueError, match=f"^batch: got {size}, which leaves a batch of one row"):
            train(network, HE, *MOONS, batch=size, steps=20)
