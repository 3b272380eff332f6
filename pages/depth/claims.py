"""The depth lab: questions and claims on what lets a signal, and a gradient, through fifty layers."""

import math

import numpy as np

from core.memory import remembered
from core.networks.activations import ACTIVATIONS
from core.networks.initialisation import INITIALISATIONS
from core.networks.moments import Inputs
from core.networks.parameters import with_parameters
from core.networks.signal import propagate
from core.text import T
from pages.depth import measure as lab
from teaching.contract import Claim, Question

PLAIN = {"norm": "none", "depth": 50, "width": 128, "samples": lab.SAMPLES, "input_std": 1.0, "seed": 0}


def _experiment(unit: str, start: str, **more: object) -> dict[str, object]:
    return {"activation": unit, "init": start} | PLAIN | more


@remembered(100)
def _gradient(unit: str, start: str, norm: str = "none", **parameters: float) -> tuple[float, float]:
    """Return the gradient at the input over that in layer 50 in the network of the page, which has seed 0.

    Second comes the factor by which one draw of the weights differs from another.
    """
    drawn = with_parameters(INITIALISATIONS[start], **parameters)
    draws = [propagate(unit, drawn, norm, batch=lab.SAMPLES, seed=seed).gradient_ratio for seed in range(5)]
    return draws[0], float(np.exp(np.log(draws).std(ddof=1)))


def _xavier() -> dict:
    (tanh, tanh_error), (sigmoid, error) = _gradient("tanh", "xavier"), _gradient("sigmoid", "xavier")
    return {"tanh": tanh, "tanh_error": tanh_error, "sigmoid": sigmoid, "error": error}


def _he() -> dict:
    (relu, error), (leaky, _), (silu, _) = (_gradient(unit, "he") for unit in ("relu", "leaky_relu", "silu"))
    return {"relu": relu, "error": error, "leaky": leaky, "silu": silu, "xavier": _gradient("relu", "xavier")[0]}


def _small() -> dict:
    small, error = _gradient("relu", "normal", std=0.01)
    large, _ = _gradient("tanh", "normal", std=1.0)
    return {"small": small, "error": error, "large": large}


def _torch() -> dict:
    found = propagate("relu", "torch_default", batch=lab.SAMPLES)
    return {"std": float(found.std[-1]), "signal": float(found.signal[-1]), "gradient": found.gradient_ratio}


def _lecun() -> dict:
    (lecun, error), (he, _) = _gradient("selu", "lecun"), _gradient("selu", "he")
    std = float(propagate("selu", "lecun", batch=lab.SAMPLES).std[-1])
    return {"std": std, "lecun": lecun, "error": error, "he": he}


def _selu_inputs() -> dict:
    found: dict[str, float] = {}
    for name, std in (("large", 3.0), ("small", 0.3)):
        run = propagate("selu", "lecun", depth=100, batch=lab.SAMPLES, inputs=Inputs(std=std))
        found |= {f"{name}_{layer}": float(run.std[layer]) for layer in (1, 10, 100)}
    return found


def _orthogonal() -> dict:
    found = propagate("identity", "orthogonal", batch=lab.SAMPLES, jacobian=True)
    singular = 10 ** (found.log_singular if found.log_singular is not None else np.full(1, np.nan))
    gain, error = _gradient("relu", "orthogonal", gain=1.4142)
    relu = propagate("relu", "orthogonal", batch=lab.SAMPLES).gradient_ratio
    return {"off": float(np.abs(singular - 1).max()), "relu": relu, "gain": gain, "error": error}


def _normalised() -> dict:
    (sigmoid, _), (relu, error) = _gradient("sigmoid", "xavier", "batch"), _gradient("relu", "he", "batch")
    return {"plain": _gradient("sigmoid", "xavier")[0], "sigmoid": sigmoid, "relu": relu, "error": error}


def _product() -> dict:
    found = lab.measured(ACTIVATIONS["sigmoid"], INITIALISATIONS["xavier"], "none")
    slope = float(ACTIVATIONS["sigmoid"].slope(0.5))
    factor = found.gradient_ratio ** (1 / 50)
    theory = found.theory.gradient[0] ** (1 / 50) if found.theory else math.nan
    return {"factor": factor, "theory": float(theory), "slope": slope, "ratio": found.gradient_ratio}


def _symmetry() -> dict:
    found = lab.symmetry()
    numbers = {name: float(run.loss[-1]) for name, run in found.items()}
    return numbers | {"apart": float(found["equal"].spread.max()), "random_apart": float(found["random"].spread[-1])}


def _relu_xavier() -> dict:
    ratio, error = _gradient("relu", "xavier")
    return {"ratio": ratio, "error": error, "power": 50 * 0.5 * math.log10(2)}


def _relu_batch() -> dict:
    ratio, error = _gradient("relu", "he", "batch")
    return {"ratio": ratio, "error": error, "per_layer": ratio ** (1 / 50)}


QUESTIONS = (
    Question(
        key="relu_xavier",
        text=T("50 layers of ReLU with Xavier's weights: what is left of the gradient at the input?"),
        options=(T("About all of it"), T("About 2⁻²⁵ of it"), T("About 2⁻⁵⁰ of it")),
        answer=1,
        because=T(
            "{ratio:.1e}, another draw ×/÷ {error:.1f}. A ReLU halves the mean square, so each layer costs a factor "
            "√2: 50 of them make 10 to the power −{power:.1f}."
        ),
        measured=_relu_xavier,
        right=lambda ratio, error, power: int(np.argmin([abs(-math.log2(ratio) - x) for x in (0, 25, 50)])),
    ),
    Question(
        key="relu_batch",
        text=T("50 layers of ReLU with batch normalisation: how large is the gradient at the input?"),
        options=(T("As large as at the end"), T("Thousands of times as large"), T("A thousandth")),
        answer=1,
        because=T(
            "{ratio:.0f} times as large, another draw ×/÷ {error:.1f}: a factor of {per_layer:.3f} per layer, while "
            "the signal keeps its size."
        ),
        measured=_relu_batch,
        right=lambda ratio, error, per_layer: 1 if ratio > 1000 else 2 if ratio < 0.01 else 0,
    ),
)

CLAIMS = (
    Claim(
        key="gradients_are_products",
        text=T("Gradients vanish because they are products of factors, one for each layer."),
        verdict="shown",
        condition=T("The factor is the slope times the weights. The slope of the sigmoid is never above 1/4."),
        reading=T(
            "Sigmoid, 50 layers: {ratio:.0e} of the gradient comes back, a factor of {factor:.4f} per layer; theory "
            "says {theory:.4f}, and the slope at 0.5 is {slope:.3f}."
        ),
        settings=_experiment("sigmoid", "xavier"),
        measured=_product,
        holds=lambda factor, theory, slope, ratio: ratio < 1e-28 and abs(factor / theory - 1) < 0.05 and factor < 0.25,
    ),
    Claim(
        key="random_weights_will_do",
        text=T("Weights may begin as any small random numbers."),
        verdict="contradicted",
        condition=T("Their size decides, and the right size depends on the width."),
        reading=T(
            "N(0, 0.01²) with ReLU: {small:.0e} of the gradient comes back (×/÷ {error:.1f}). "
            "N(0, 1) with tanh: {large:.0e} times."
        ),
        settings=_experiment("relu", "normal", normal_std=0.01),
        measured=_small,
        holds=lambda small, error, large: small < 1e-40 and large > 1e10,
    ),
    Claim(
        key="xavier_for_sigmoid_and_tanh",
        text=T("Xavier's initialisation keeps the gradients of sigmoid and tanh from vanishing and exploding."),
        verdict=T("only if"),
        condition=T("It counts on a slope of 1 at zero. That is tanh; the sigmoid has 1/4."),
        reading=T(
            "Gradient at the input over that in layer 50: tanh {tanh:.2f} (×/÷ {tanh_error:.1f}), "
            "sigmoid {sigmoid:.0e} (×/÷ {error:.1f})."
        ),
        settings=_experiment("tanh", "xavier", xavier_gain=1.0),
        measured=_xavier,
        holds=lambda tanh, tanh_error, sigmoid, error: 0.03 < tanh < 0.3 and sigmoid < 1e-28,
    ),
    Claim(
        key="he_for_relu",
        text=T("He's initialisation is made for ReLU and its family."),
        verdict=T("only if"),
        condition=T("For ReLU and leaky ReLU. Smooth relatives such as SiLU need more."),
        reading=T(
            "With He: ReLU {relu:.1f} (×/÷ {error:.1f}), leaky ReLU {leaky:.1f}, SiLU {silu:.0e}. "
            "ReLU with Xavier: {xavier:.0e}."
        ),
        settings=_experiment("relu", "he"),
        measured=_he,
        holds=lambda relu, error, leaky, silu, xavier: 0.2 < relu < 5 and 0.2 < leaky < 5 and silu < 1e-5 > xavier,
    ),
    Claim(
        key="torch_default_is_safe",
        text=T("What PyTorch draws by default will do."),
        verdict="contradicted",
        condition=T("Not in a deep plain ReLU network. Its biases keep the units apart, but they carry no signal."),
        reading=T(
            "Layer 50: standard deviation {std:.3f}, of which {signal:.0e} tells samples apart; "
            "{gradient:.0e} of the gradient comes back."
        ),
        settings=_experiment("relu", "torch_default"),
        measured=_torch,
        holds=lambda std, signal, gradient: std > 0.01 and signal < 1e-13 and gradient < 1e-17,
    ),
    Claim(
        key="lecun_for_selu",
        text=T("SELU needs LeCun's initialisation."),
        verdict="shown",
        condition=T("With it, mean 0 and variance 1 are a fixed point that the layers return to."),
        reading=T(
            "50 layers: standard deviation {std:.2f}, gradient {lecun:.1f} times (×/÷ {error:.1f}); "
            "with He's weights {he:.0f} times."
        ),
        settings=_experiment("selu", "lecun"),
        measured=_lecun,
        holds=lambda std, lecun, error, he: abs(std - 1) < 0.1 and he > 10 * lecun,
    ),
    Claim(
        key="selu_needs_standardised_inputs",
        text=T("SELU needs standardised inputs."),
        verdict="contradicted",
        condition=T("They help, but the layers bring any input back to standard deviation 1."),
        reading=T(
            "Inputs with deviation 3: {large_1:.2f} after 1 layer, {large_10:.2f} after 10, {large_100:.2f} after 100. "
            "With 0.3: {small_1:.2f}, {small_10:.2f}, {small_100:.2f}."
        ),
        settings=_experiment("selu", "lecun", depth=100, input_std=3.0),
        measured=_selu_inputs,
        holds=lambda large_1, large_10, large_100, small_1, small_10, small_100: (
            large_1 > 2 > 1.3 > large_10
            and small_1 < 0.5 < 0.7 < small_10
            and min(large_100, small_100) > 0.8
            and max(large_100, small_100) < 1.2
        ),
    ),
    Claim(
        key="orthogonal_for_deep_networks",
        text=T("Orthogonal weights are right for deep networks."),
        verdict=T("only if"),
        condition=T("Exactly so without an activation. With one, the gain must fit it: √2 for ReLU."),
        reading=T(
            "Without activation all singular values of 50 layers are 1, to within {off:.0e}. ReLU: {relu:.0e} of the "
            "gradient with gain 1, {gain:.1f} with √2 (×/÷ {error:.1f})."
        ),
        settings=_experiment("identity", "orthogonal", orthogonal_gain=1.0),
        measured=_orthogonal,
        holds=lambda off, relu, gain, error: off < 1e-10 and relu < 1e-6 and 0.2 < gain < 5,
    ),
    Claim(
        key="batch_norm_cures_vanishing",
        text=T("Batch normalisation cures vanishing gradients."),
        verdict=T("only if"),
        condition=T("That of the sigmoid, yes. But a ReLU network begins with exploding gradients instead."),
        reading=T(
            "Sigmoid: {plain:.0e} without, {sigmoid:.2f} with it. "
            "ReLU with it: {relu:.0f} times as large at the input (×/÷ {error:.1f})."
        ),
        settings=_experiment("relu", "he", norm="batch"),
        measured=_normalised,
        holds=lambda plain, sigmoid, relu, error: plain < 1e-28 and 0.3 < sigmoid < 2 and relu > 1000,
    ),
    Claim(
        key="random_breaks_symmetry",
        text=T("Weights must be random, to break the symmetry between units; constants are for biases only."),
        verdict="shown",
        condition=T("1-16-1 with tanh on sin(3x). Equal units do no better than a single one."),
        reading=T(
            "Loss after 5000 steps: equal {equal:.3f}, zeros {zero:.3f}, one random unit {alone:.3f}, random "
            "{random:.4f}. Equal units are {apart:g} apart at all times, random ones {random_apart:.1f} at the end."
        ),
        settings={"level": 0.5, "steps": 5000, "weights_seed": 0},
        measured=_symmetry,
        holds=lambda equal, zero, alone, random, apart, random_apart: (
            apart == 0 < random_apart and 10 * random < alone < equal < zero
        ),
    ),
)
