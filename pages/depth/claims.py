"""The depth lab: questions and claims on what lets a signal, and a gradient, through fifty layers."""

import math
from typing import Any

import numpy as np

from core.memory import remembered
from core.networks.activations import ACTIVATIONS, facts
from core.networks.initialisation import INITIALISATIONS
from core.networks.moments import Inputs
from core.networks.parameters import with_parameters
from core.networks.signal import propagate
from core.text import T
from pages.depth import measure as lab
from teaching.contract import Claim, Question

DRAWS = range(6)
"""Seeds of the weights over which every number is a mean or an extreme."""
PLAIN = {"norm": "none", "depth": 50, "width": 128, "samples": lab.SAMPLES, "input_std": 1.0, "seed": 0}


def _experiment(unit: str, start: str, **more: object) -> dict[str, object]:
    return {"activation": unit, "init": start} | PLAIN | more


@remembered(100)
def _gradient(unit: str, start: str, norm: str = "none", batch: int = lab.SAMPLES, **weights: Any) -> float:
    """Return the gradient at the input over that in layer 50, the geometric mean over DRAWS of the weights."""
    return float(np.exp(np.log(_ratios(unit, start, norm, batch, **weights)).mean()))


def _ratios(
    unit: str,
    start: str,
    norm: str = "none",
    batch: int = lab.SAMPLES,
    depth: int = 50,
    width: int = 128,
    **weights: Any,
) -> list[float]:
    """Return the gradient at the input over that in the last layer for each of DRAWS of the weights."""
    drawn = with_parameters(INITIALISATIONS[start], **weights)
    return [
        propagate(unit, drawn, norm, depth=depth, width=width, batch=batch, seed=seed).gradient_ratio for seed in DRAWS
    ]


def _xavier() -> dict:
    """The extremes over the draws."""
    tanh, sigmoid = _ratios("tanh", "xavier"), _ratios("sigmoid", "xavier")
    return {"low": min(tanh), "high": max(tanh), "sigmoid": max(sigmoid)}


def _he() -> dict:
    found = {unit: _gradient(unit, "he") for unit in ("relu", "leaky_relu", "prelu", "selu", "silu")}
    return found | {"xavier": _gradient("relu", "xavier")}


def _sizes() -> dict:
    """Weights of three sizes at one width, and of one size at three widths, all with ReLU."""
    found = {"small": _gradient("relu", "normal", std=0.01), "large": _gradient("relu", "normal", std=1.0)}
    for width in (32, 128, 512):
        found[f"width_{width}"] = float(np.median(_ratios("relu", "normal", std=0.125, width=width)))
    return found


def _torch() -> dict:
    """The worst of three activations where it is said to do, the best where it is not."""
    units = ("relu", "tanh", "selu")
    few, many = ([r for unit in units for r in _ratios(unit, "torch_default", depth=depth)] for depth in (3, 50))
    return {"few": min(few), "many": max(many)}


def _lecun() -> dict:
    found = {start: _gradient("selu", start) for start in ("lecun", "orthogonal", "he", "torch_default")}
    std = [float(propagate("selu", "lecun", batch=lab.SAMPLES, seed=seed).std[-1]) for seed in DRAWS]
    return found | {"std_low": min(std), "std_high": max(std)}


def _selu_inputs() -> dict:
    """The standard deviation of layers, the extremes over draws; inputs of deviations a hundred times apart."""
    found: dict[str, float] = {}
    for name, std in (("large", 10.0), ("small", 0.1)):
        runs = [propagate("selu", "lecun", depth=100, batch=64, seed=k, inputs=Inputs(std=std)).std for k in DRAWS]
        found |= {f"{name}_{layer}": float(np.mean([run[layer] for run in runs])) for layer in (1, 10, 100)}
    return found


def _orthogonal() -> dict:
    found = propagate("identity", "orthogonal", batch=lab.SAMPLES, jacobian=True)
    singular = 10 ** (found.log_singular if found.log_singular is not None else np.full(1, np.nan))
    relu, gain = (_gradient("relu", "orthogonal", gain=gain) for gain in (1.0, 1.4142))
    return {"off": float(np.abs(singular - 1).max()), "relu": relu, "gain": gain}


def _normalised() -> dict:
    """Batches of 32 and 128: the worst for the sigmoid, the best for ReLU; and the sigmoid in batches of 4."""
    sigmoid, relu = (
        [ratio for batch in (32, 128) for ratio in _ratios(unit, start, "batch", batch)]
        for unit, start in (("sigmoid", "xavier"), ("relu", "he"))
    )
    found = {"low": min(sigmoid), "high": max(sigmoid), "relu": min(relu)}
    return found | {"plain": max(_ratios("sigmoid", "xavier")), "tiny": min(_ratios("sigmoid", "xavier", "batch", 4))}


def _product() -> dict:
    """The factor of a layer in networks of 10 and of 50 layers, of sigmoids and of ReLU with twice He's variance."""
    found = lab.measured(ACTIVATIONS["sigmoid"], INITIALISATIONS["xavier"], "none")
    theory = found.theory.gradient[0] ** (1 / 50) if found.theory else math.nan

    def factor(unit: str, start: str, depth: int, **weights: Any) -> float:
        return float(np.exp(np.log(_ratios(unit, start, depth=depth, **weights)).mean() / depth))

    few, many = (factor("sigmoid", "xavier", depth) for depth in (10, 50))
    large = [factor("relu", "normal", depth, std=math.sqrt(4 / 128)) for depth in (10, 50)]
    steepest = facts(ACTIVATIONS["sigmoid"]).largest_slope[1]
    return {"few": few, "many": many, "theory": float(theory), "steepest": steepest, "large": min(large)}


def _symmetry() -> dict:
    """Losses at the end: the least of equal units over their values, the most of random ones over their draws."""
    runs = [lab.symmetry(level, seed, 3000) for level, seed in ((0.2, 0), (0.5, 1), (1.0, 2))]
    equal, zero, alone, random = (
        [float(run[name].loss[-1]) for run in runs] for name in ("equal", "zero", "alone", "random")
    )
    apart = max(float(run["equal"].spread.max()) for run in runs)
    spread = min(float(run["random"].spread[-1]) for run in runs)
    return {
        "equal": min(*equal, *zero),
        "alone": min(alone),
        "random": max(random),
        "apart": apart,
        "random_apart": spread,
    }


def _relu_xavier() -> dict:
    return {"ratio": _gradient("relu", "xavier"), "power": 50 * 0.5 * math.log10(2)}


def _relu_batch() -> dict:
    ratios = [_gradient("relu", "he", "batch", batch) for batch in (32, 128)]
    return {"low": min(ratios), "high": max(ratios)}


QUESTIONS = (
    Question(
        key="relu_xavier",
        text=T("50 layers of ReLU with Xavier's weights: what is left of the gradient at the input?"),
        options=(T("About all of it"), T("About 2⁻²⁵ of it"), T("About 2⁻⁵⁰ of it")),
        answer=1,
        because=T(
            "{ratio:.1e}, the mean of several draws. A ReLU halves the mean square, so each layer costs a factor √2: "
            "50 of them make 10 to the power −{power:.1f}."
        ),
        measured=_relu_xavier,
        right=lambda ratio, power: int(np.argmin([abs(-math.log2(ratio) - x) for x in (0, 25, 50)])),
    ),
    Question(
        key="relu_batch",
        text=T("50 layers of ReLU with batch normalisation: how large is the gradient at the input?"),
        options=(T("As large as at the end"), T("Thousands of times as large"), T("A thousandth")),
        answer=1,
        because=T(
            "{low:.0f} times as large with batches of 128, {high:.0f} times with 32, while the signal keeps its size."
        ),
        measured=_relu_batch,
        right=lambda low, high: (
            1 if low > 1000 else 2 if high < 0.01 else 0 if 1 / lab.LIMIT < low <= high < lab.LIMIT else None
        ),
    ),
)

CLAIMS = (
    Claim(
        key="gradients_are_products",
        text=T("Gradients vanish or explode because they are products of factors, one for each layer."),
        verdict="shown",
        condition=T("The factor is the slope times the weights. The slope of the sigmoid is at most {steepest:g}."),
        reading=T(
            "Sigmoid, Xavier: a factor of {few:.4f} per layer in 10 layers, {many:.4f} in 50. ReLU with twice He's "
            "variance: at least {large:.2f}."
        ),
        settings=_experiment("sigmoid", "xavier"),
        measured=_product,
        holds=lambda few, many, theory, steepest, large: (
            abs(few / many - 1) < 0.05 > abs(many / theory - 1) and many < steepest < 1 < 1.2 < large
        ),
    ),
    Claim(
        key="random_weights_will_do",
        text=T("Weights may begin as any small random numbers."),
        verdict="contradicted",
        condition=T("Their size decides, and the right size depends on the width."),
        reading=T(
            "ReLU, N(0, 0.125²), 50 layers: the gradient at the input is {width_32:.0e} of that at the end with 32 "
            "units, {width_128:.1f} with 128, {width_512:.0e} with 512."
        ),
        settings=_experiment("relu", "normal", normal_std=0.01),
        measured=_sizes,
        ours=True,
        holds=lambda small, large, width_32, width_128, width_512: (
            max(small, width_32) < 1e-10 and min(large, width_512) > 1e10 and 1 / lab.LIMIT < width_128 < lab.LIMIT
        ),
    ),
    Claim(
        key="xavier_for_sigmoid_and_tanh",
        text=T("Xavier's initialisation keeps the gradients of sigmoid and tanh from vanishing and exploding."),
        verdict=T("only if"),
        condition=T("It counts on a slope of 1 at zero. That is tanh; the sigmoid has 1/4."),
        reading=T(
            "50 layers, gradient at the input over that at the end: tanh {low:.2f} to {high:.2f}, sigmoid at most "
            "{sigmoid:.0e}."
        ),
        settings=_experiment("tanh", "xavier", xavier_gain=1.0),
        measured=_xavier,
        holds=lambda low, high, sigmoid: 1 / lab.LIMIT < low <= high < lab.LIMIT and sigmoid < 1e-28,
    ),
    Claim(
        key="he_for_relu",
        text=T("He's initialisation is made for ReLU and its family."),
        verdict=T("only if"),
        condition=T("For ReLU, leaky ReLU and PReLU. SELU needs less, SiLU more."),
        reading=T("50 layers with He's weights: ReLU {relu:.1f}, PReLU {prelu:.1f}, SELU {selu:.0f}, SiLU {silu:.0e}."),
        settings=_experiment("relu", "he"),
        measured=_he,
        holds=lambda relu, leaky_relu, prelu, selu, silu, xavier: (
            min(relu, leaky_relu, prelu) > 0.1
            and max(relu, leaky_relu, prelu) < 10
            and silu < 1e-5 > xavier
            and selu > 50
        ),
    ),
    Claim(
        key="torch_default_is_safe",
        text=T("What PyTorch draws by default will do."),
        verdict=T("only if"),
        condition=T("The network has few layers. Its variance, 1/(3n), is too small for many."),
        reading=T(
            "ReLU, tanh and SELU: at least {few:.2f} of the gradient comes back through 3 layers, at most {many:.0e} "
            "through 50."
        ),
        settings=_experiment("relu", "torch_default"),
        measured=_torch,
        ours=True,
        holds=lambda few, many: few > 0.03 and many < 1e-4,
    ),
    Claim(
        key="lecun_for_selu",
        text=T("SELU needs LeCun's initialisation."),
        verdict=T("only if"),
        condition=T("Needed is its variance, 1/n. Orthogonal weights have it too."),
        reading=T("Gradient after 50 layers: LeCun {lecun:.1f} times, orthogonal {orthogonal:.1f}, He {he:.0f}."),
        settings=_experiment("selu", "lecun"),
        measured=_lecun,
        holds=lambda lecun, orthogonal, he, torch_default, std_low, std_high: (
            min(lecun, orthogonal) > 1
            and max(lecun, orthogonal) < 20
            and he > 5 * lecun
            and torch_default < 1e-3
            and 0.8 < std_low <= std_high < 1.2
        ),
    ),
    Claim(
        key="selu_needs_standardised_inputs",
        text=T("SELU needs standardised inputs."),
        verdict="contradicted",
        condition=T("They help, but the layers bring any input back to standard deviation 1."),
        reading=T(
            "Inputs with deviation 10: {large_10:.2f} after 10 layers, {large_100:.2f} after 100. With 0.1: "
            "{small_10:.2f}, {small_100:.2f}."
        ),
        settings=_experiment("selu", "lecun", depth=100, input_std=3.0),
        measured=_selu_inputs,
        holds=lambda large_1, large_10, large_100, small_1, small_10, small_100: (
            large_1 > large_10 > 1.2 > large_100 > 0.8 < small_100 < 1.2 and small_1 < small_10 < small_100
        ),
    ),
    Claim(
        key="orthogonal_for_deep_networks",
        text=T("Orthogonal weights are right for deep networks."),
        verdict=T("only if"),
        condition=T("Exactly so without an activation. With one, the gain must fit it: √2 for ReLU."),
        reading=T(
            "Singular values of 50 layers without activation: 1, to within {off:.0e}. ReLU: {relu:.0e} of the gradient "
            "with gain 1, {gain:.1f} with √2."
        ),
        settings=_experiment("identity", "orthogonal", orthogonal_gain=1.0),
        measured=_orthogonal,
        holds=lambda off, relu, gain: off < 1e-10 and relu < 1e-6 and 0.2 < gain < 5,
    ),
    Claim(
        key="batch_norm_cures_vanishing",
        text=T("Batch normalisation cures vanishing gradients."),
        verdict=T("only if"),
        condition=T("Sigmoids in batches of 32 or more. A ReLU network begins with exploding gradients instead."),
        reading=T(
            "50 layers of sigmoid: {plain:.0e} without, {low:.1f} to {high:.1f} with it. ReLU with it: at least "
            "{relu:.0f} times as large at the input."
        ),
        settings=_experiment("relu", "he", norm="batch"),
        measured=_normalised,
        holds=lambda plain, low, high, relu, tiny: (
            plain < 1e-28 and 0.1 < low <= high < 10 and relu > 10 * lab.LIMIT and tiny > lab.LIMIT
        ),
    ),
    Claim(
        key="random_breaks_symmetry",
        text=T("Weights must be random, to break the symmetry between units; constants are for biases only."),
        verdict="shown",
        condition=T("1-16-1 with tanh on sin(3x). Equal units do no better than a single one."),
        reading=T(
            "Loss after 3000 steps: equal units at least {equal:.3f}, a single random one {alone:.3f}, random ones at "
            "most {random:.4f}."
        ),
        settings={"level": 0.5, "steps": 3000, "weights_seed": 0},
        measured=_symmetry,
        holds=lambda equal, alone, random, apart, random_apart: (
            apart == 0 < random_apart and 5 * random < alone < equal
        ),
    ),
)
