"""Activation gallery: questions and claims on shapes, slopes, statistics, dead neurons and learned slopes."""

import numpy as np

from core import descend
from core.networks.activations import ACTIVATIONS, facts
from core.networks.moments import moments, pair
from core.networks.parameters import with_parameters
from core.text import T
from pages.activations import measure as gallery
from pages.activations.measure import Course
from teaching.contract import Claim, Question


def _page(lab: str, *functions: str, focus: str = "relu", **more: object) -> dict:
    """Return the widgets of one laboratory; whatever a claim does not name goes back to where the page begins."""
    chosen: dict[str, object] = {"functions": list(functions), "focus": focus, "reference": "none"}
    begin: dict[str, dict[str, object]] = {
        "shapes": chosen | {"reach": 6.0, "probe": 1.0, "second": False},
        "statistics": chosen | {"kind": "normal", "mean": 0.0, "std": 1.0},
        "chain": chosen | {"layers": 10, "probe": 1.0, "weight": 1.0, "bias": 0.0, "std": 1.0, "variance": 1.0},
        "neuron": {"x": 0.5, "y": -1.0, "exact": True, "lr_sgd": 0.5, "steps": 400, "field": ["sgd"]},
        "learned": {"prelu_alpha": 0.25, "target": 0.5, "lr_slope": 0.1, "slope_steps": 100},
    }
    return {"lab": lab} | begin[lab] | more


def _sigmoid() -> dict:
    chosen = ACTIVATIONS["sigmoid"]
    end = gallery.through(chosen, Course())
    return {
        "largest": facts(chosen).largest_slope[1],
        "bound": end.bound,
        "product": float(end.product[-1]),
        "far": float(chosen.slope(5.0)),
    }


def _centred() -> dict:
    found = {f"{key}_condition": pair(ACTIVATIONS[key]).condition for key in ("sigmoid", "tanh")}
    found |= {f"{key}_same": 100 * pair(ACTIVATIONS[key]).same_sign for key in ("sigmoid", "tanh")}
    return found | {"shifted": pair(ACTIVATIONS["sigmoid"], centred=True).condition}


def _tanh() -> dict:
    end = gallery.through(ACTIVATIONS["tanh"], Course(3.0))
    known = facts(ACTIVATIONS["tanh"])
    return {"far": float(end.product[1]), "product": float(end.product[-1]), "reached": int(known.high_reached)}


def _relu() -> dict:
    ends = {name: gallery.through(ACTIVATIONS["relu"], Course(x, 50)).product for name, x in _SIDES.items()}
    share = gallery.outputs(ACTIVATIONS["relu"], _normal(), np.linspace(0, 5, 9)).atoms[0][1]
    return {name: float(product[-1]) for name, product in ends.items()} | {"zero": 100 * share}


_SIDES = {"right": 1.0, "left": -1.0}


def _normal() -> np.ndarray:
    return np.random.default_rng(0).standard_normal(gallery.SAMPLES)


def _neuron() -> dict:
    """The two neurons from the start where they are silent for every row, with SGD at rate 0.5."""
    dead, leaky = (descend(gallery.neuron(key), "sgd", (0.5, -1.0), 400, 0.5) for key in gallery.NEURONS)
    return {
        "slope": float(dead.gradient_norm.max()),
        "dead": float(dead.value[-1]),
        "moved": float(np.ptp(dead.path, axis=0).max()),
        "leaky": float(leaky.value[-1]),
    }


def _one_step() -> dict:
    run = descend(gallery.neuron("dead_relu"), "sgd", (0.5, 1.0), 400, 3.0)
    calm = descend(gallery.neuron("dead_relu"), "sgd", (0.5, 1.0), 400, 0.5)
    w, b = run.path[1].tolist()
    return {
        "w": w,
        "b": b,
        "since": gallery.silent_since(run),
        "end": float(run.value[-1]),
        "calm": float(calm.value[-1]),
    }


def _half_negative() -> dict:
    """Start where the neuron is silent for some rows only."""
    surface = gallery.neuron("dead_relu")
    w, b = 0.5, -0.25
    rows = surface.data
    assert rows is not None
    run = descend(surface, "sgd", (w, b), 400, 0.5)
    silent = float(100 * np.mean(w * rows.x + b <= 0))
    return {"silent": silent, "slope": float(run.gradient_norm[0]), "end": float(run.value[-1])}


def _deaths() -> dict:
    rates = (0.05, 0.4)
    relu, leaky = (gallery.deaths(key, rates, 5, 300) for key in ("relu", "leaky_relu"))
    return {
        "slow": 100 * relu[0].silent,
        "fast": 100 * relu[1].silent,
        "error": 100 * relu[1].error,
        "leaky": 100 * leaky[1].silent,
        "leaky_error": 100 * leaky[1].error,
    }


def _learned() -> dict:
    paths = {target: gallery.learned(0.25, target) for target in gallery.TARGETS}
    steps = [gallery.learned_at(path, target) for target, path in paths.items()]
    return {"first": min(steps), "last": max(steps), "targets": len(steps)}


def _prelu_range() -> dict:
    prelu = ACTIVATIONS["prelu"]
    return {
        name: facts(with_parameters(prelu, alpha=alpha)).low + 0.0  # without the sign of zero
        for name, alpha in (("positive", 0.25), ("zero", 0.0), ("negative", -0.5))
    }


def _elu() -> dict:
    elu = ACTIVATIONS["elu"]
    kinks = {f"kinks_{alpha:g}": len(facts(with_parameters(elu, alpha=alpha)).kinks) for alpha in (1.0, 2.0)}
    return {"elu": moments(elu).mean, "relu": moments(ACTIVATIONS["relu"]).mean} | kinks


def _selu_range() -> dict:
    known = facts(ACTIVATIONS["selu"])
    return {"low": known.low, "high": known.high}


def _selu() -> dict:
    """The fixed point, and the way to it and away from it over 100 wide layers."""
    selu = ACTIVATIONS["selu"]
    found = moments(selu)
    wide = {name: gallery.wide_layers(selu, std, 100, 1.0) for name, std in (("three", 3.0), ("third", 0.3))}
    return {
        "mean": abs(found.mean),
        "square": found.square,
        "three_1": float(wide["three"][1]),
        "three_10": float(wide["three"][10]),
        "three": float(wide["three"][-1]),
        "third": float(wide["third"][-1]),
        "he": float(gallery.wide_layers(selu, 1.0, 100, 2.0)[-1]),
        "real": float(gallery.real_layers(selu, 3.0, 20, 1.0)[-1]),
    }


def _dips() -> dict:
    """Where SiLU, GELU and Mish are lowest, how smooth they are, and how steep SiLU is."""
    known = {key: facts(ACTIVATIONS[key]) for key in ("silu", "gelu", "mish")}
    found: dict[str, float] = {}
    for key, own in known.items():
        assert own.minimum is not None
        found |= {f"{key}_x": own.minimum[0], key: own.minimum[1]}
    slopes = {"least": known["silu"].least_slope[1], "largest": known["silu"].largest_slope[1]}
    return found | slopes | {"smooth": sum(own.smoothness == "smooth" for own in known.values())}


def _gains() -> dict:
    return {key: moments(ACTIVATIONS[key]).gain for key in ("sigmoid", "tanh", "relu", "selu", "silu")}


QUESTIONS = (
    Question(
        key="range_of_selu",
        text=T("Which numbers can SELU give?"),
        options=(T("All numbers"), T("Everything above −1.76"), T("Everything above −1")),
        answer=1,
        because=T("On the left it falls to {low:.5f} and no further; there is no limit on the right."),
        measured=_selu_range,
        right=lambda low, high: 0 if np.isinf(low) else 1 if low < -1.5 else 2,
    ),
    Question(
        key="gradient_of_a_dead_neuron",
        text=T("A ReLU neuron starts at w = 0.5, b = −1, its inputs lie between −1 and 1. How large is the gradient?"),
        options=(T("Exactly zero"), T("Small, so that learning is slow"), T("It depends on the targets")),
        answer=0,
        because=T(
            "The sum is positive for no input, so the gradient is {slope:g} and the loss stays at {dead:.5f}. With a "
            "slope of 0.01 on the left it falls to {leaky:.1e}."
        ),
        measured=_neuron,
        right=lambda slope, dead, moved, leaky: 0 if slope == 0 else 1,
    ),
    Question(
        key="ten_sigmoids",
        text=T("Ten sigmoid layers with weight 1: by at least what factor does a gradient shrink on its way back?"),
        options=(T("About 10"), T("About 1000"), T("About a million")),
        answer=2,
        because=T(
            "Each slope is at most {largest:g}, ten of them at most {bound:.2g}; from x = 0 it is {product:.2g}."
        ),
        measured=_sigmoid,
        right=lambda largest, bound, product, far: 2 if bound < 1e-5 else 1,
    ),
)

CLAIMS = (
    Claim(
        key="sigmoid_saturates",
        text=T("The sigmoid saturates, and gradients vanish."),
        verdict="shown",
        condition=T("Even in its middle every layer takes three quarters of the gradient."),
        reading=T("Largest slope {largest:g}, at x = 5 only {far:.4f}. Ten layers: at most {bound:.2g}."),
        settings=_page("chain", "identity", "sigmoid", "tanh", "relu", focus="sigmoid", probe=0.0),
        measured=_sigmoid,
        holds=lambda largest, bound, product, far: largest == 0.25 and product < bound < 1e-6 and far < 0.01,
    ),
    Claim(
        key="tanh_learns_faster",
        text=T("The outputs of tanh are centred on zero, so that it learns faster than the sigmoid."),
        verdict="shown",
        condition=T("What counts is the centre: a sigmoid minus its mean is as good."),
        reading=T(
            "Condition number for the next unit: sigmoid {sigmoid_condition:.1f}, tanh {tanh_condition:.2f}, centred "
            "sigmoid {shifted:.2f}. Both weights are pushed the same way in {sigmoid_same:.0f} % and "
            "{tanh_same:.0f} % of the samples."
        ),
        settings=_page("statistics", "sigmoid", "tanh", "relu", focus="tanh"),
        drawers=("drawer_pair",),
        measured=_centred,
        holds=lambda sigmoid_condition, tanh_condition, sigmoid_same, tanh_same, shifted: (
            sigmoid_condition > 10 and tanh_condition < 1.1 and shifted < 1.1 and sigmoid_same == 100 and tanh_same < 55
        ),
    ),
    Claim(
        key="tanh_vanishes",
        text=T("Tanh still lets gradients vanish; its values satisfy −1 ≤ f ≤ 1."),
        verdict=T("only if"),
        condition=T("They vanish far from zero, where it saturates. The ends of the range are limits, not values."),
        reading=T("Slope at x = 3: {far:.4f}; after ten layers from there: {product:.1e}."),
        settings=_page("shapes", "sigmoid", "tanh", "softsign", focus="tanh", probe=3.0),
        measured=_tanh,
        holds=lambda far, product, reached: 0 < far < 0.01 and product < far and not reached,
    ),
    Claim(
        key="relu_keeps_the_gradient",
        text=T("The gradient of ReLU is 1, and its outputs are sparse."),
        verdict=T("only if"),
        condition=T("On the right. On the left it is 0, which is what makes the outputs sparse."),
        reading=T(
            "Product of 50 slopes: {right:g} from x = 1, {left:g} from x = −1. Outputs exactly zero: {zero:.1f} %."
        ),
        settings=_page("statistics", "relu", "leaky_relu", "softplus"),
        measured=_relu,
        holds=lambda right, left, zero: right == 1 and left == 0 and abs(zero - 50) < 2,
    ),
    Claim(
        key="relu_dies_when_negative",
        text=T("A ReLU neuron dies when its input is negative."),
        verdict=T("only if"),
        condition=T("Only if the sum is negative for every row of the data. One row is enough to learn from."),
        reading=T(
            "Silent for {silent:.0f} % of the rows: gradient {slope:.3f} at the start, loss {end:.0e} at the end."
        ),
        settings=_page("neuron", y=-0.25),
        measured=_half_negative,
        holds=lambda silent, slope, end: 50 < silent < 100 and slope > 0.01 and end < 1e-2,
    ),
    Claim(
        key="dead_is_flat",
        text=T("A dead neuron does not learn any more."),
        verdict="shown",
        condition=T("Where it is silent for every row, the ground is exactly flat for every optimizer."),
        reading=T("From (0.5, −1) in 400 steps: largest gradient {slope:g}, moved by {moved:g}, loss {dead:.5f}."),
        settings=_page("neuron", field=["sgd", "momentum", "adam"], lr_momentum=0.1, lr_adam=0.05),
        measured=_neuron,
        holds=lambda slope, dead, moved, leaky: slope == 0 and moved == 0 and abs(dead - 0.18333) < 1e-5,
    ),
    Claim(
        key="a_large_step_kills",
        text=T("Too large a learning rate kills neurons."),
        verdict="shown",
        condition=T("A single oversized step is enough: no later one can undo it."),
        reading=T(
            "From (0.5, 1) at rate 3 the first step lands at ({w:.2f}, {b:.2f}), and the loss stays {end:.4f}; "
            "at rate 0.5 it falls to {calm:.1e}."
        ),
        settings=_page("neuron", y=1.0, lr_sgd=3.0),
        measured=_one_step,
        holds=lambda w, b, since, end, calm: since == 1 and b < -3 and end > 0.18 and calm < 1e-3,
    ),
    Claim(
        key="leaky_cures_death",
        text=T("Leaky ReLU cures dying neurons."),
        verdict=T("only if"),
        condition=T("As many are silent for every row. They keep a small gradient, and time to use it."),
        reading=T(
            "One neuron: loss {leaky:.1e} after 400 steps, with ReLU {dead:.3f}. Silent units of small networks at "
            "rate 0.4: {fast:.0f} ± {error:.0f} % with ReLU, {silent:.0f} ± {leaky_error:.0f} % with leaky, seeds 0–4."
        ),
        settings=_page("neuron"),
        drawers=("drawer_deaths",),
        measured=lambda: (
            {name: _neuron()[name] for name in ("leaky", "dead")}
            | {("silent" if name == "leaky" else name): value for name, value in _deaths().items() if name != "slow"}
        ),
        holds=lambda leaky, dead, fast, error, silent, leaky_error: (
            leaky < 1e-4 < 0.1 < dead and abs(fast - silent) < 3 * (error + leaky_error)
        ),
    ),
    Claim(
        key="relu_networks_die",
        text=T("ReLU networks lose their units in training."),
        verdict=T("only if"),
        condition=T("At large learning rates; at usual ones almost none."),
        reading=T("Silent units of 32: {slow:.1f} % at rate 0.05, {fast:.0f} ± {error:.0f} % at 0.4 (seeds 0–4)."),
        settings=_page("neuron", lr_sgd=0.4),
        drawers=("drawer_deaths",),
        measured=_deaths,
        holds=lambda slow, fast, error, leaky, leaky_error: slow < 3 and fast > 60,
    ),
    Claim(
        key="prelu_adapts",
        text=T("PReLU adapts its slope to the data."),
        verdict="shown",
        condition=T("At a rate that suits the curvature; the slope is a weight like any other."),
        reading=T("{targets} targets from −1 to 1, from 0.25 at rate 0.1: learned in {first} to {last} steps."),
        settings=_page("learned"),
        measured=_learned,
        holds=lambda first, last, targets: 0 < first <= last < 60,
    ),
    Claim(
        key="prelu_gives_all_numbers",
        text=T("The range of PReLU is all numbers, for any α."),
        verdict="contradicted",
        condition=T("Only for α > 0. From 0 downwards nothing is negative."),
        reading=T("Lowest value: {zero:g} with α = 0 and {negative:g} with −0.5; none with 0.25."),
        settings=_page("shapes", "relu", "prelu", focus="prelu", prelu_alpha=-0.5),
        measured=_prelu_range,
        holds=lambda positive, zero, negative: positive == -np.inf and zero == negative == 0,
    ),
    Claim(
        key="elu_is_centred",
        text=T("The outputs of ELU are centred on zero."),
        verdict="contradicted",
        condition=T("Nearer to zero than those of ReLU, no more."),
        reading=T("Mean for standard normal inputs: ELU {elu:.4f}, ReLU {relu:.4f}."),
        settings=_page("statistics", "relu", "elu", "selu", focus="elu"),
        measured=_elu,
        holds=lambda elu, relu, kinks_1, kinks_2: 0.1 < elu < relu / 2,
    ),
    Claim(
        key="elu_is_smooth",
        text=T("ELU is smooth on the left and at zero."),
        verdict=T("only if"),
        condition=T("Only for α = 1; any other α puts a kink at zero."),
        reading=T("Kinks: {kinks_1} with α = 1, {kinks_2} with α = 2."),
        settings=_page("shapes", "relu", "elu", focus="elu", elu_alpha=2.0, second=True),
        measured=_elu,
        holds=lambda elu, relu, kinks_1, kinks_2: kinks_1 == 0 and kinks_2 == 1,
    ),
    Claim(
        key="selu_gives_all_numbers",
        text=T("The range of SELU is all numbers."),
        verdict="contradicted",
        condition=T("It has a floor on the left."),
        reading=T("It ends at {low:.5f}."),
        settings=_page("shapes", "elu", "selu", focus="selu"),
        measured=_selu_range,
        holds=lambda low, high: -1.7582 < low < -1.758 and np.isinf(high),
    ),
    Claim(
        key="selu_normalises_itself",
        text=T("SELU normalises itself, given LeCun's weights and standardised inputs."),
        verdict=T("only if"),
        condition=T("The weights are needed, the inputs are not: 1 attracts every start. He's weights drive it away."),
        reading=T(
            "Mean {mean:.0e}, mean square {square:.6f}. Inputs of size 3: {three_1:.2f} after one wide layer, "
            "{three_10:.2f} after ten, {three:.3f} after 100; of size 0.3: {third:.3f}. With He's weights {he:.0f}. "
            "One real network, 20 layers, seed 0: {real:.2f}."
        ),
        settings=_page("chain", "relu", "elu", "selu", focus="selu", layers=100, std=3.0, real=True),
        measured=_selu,
        holds=lambda mean, square, three_1, three_10, three, third, he, real: (
            mean < 1e-12
            and abs(square - 1) < 1e-12
            and max(abs(three - 1), abs(third - 1)) < 0.01 < three_10 - 1 < three_1 - 1
            and he > 100
            and abs(real - 1) < 0.2
        ),
    ),
    Claim(
        key="swish_is_not_monotone",
        text=T("Swish is smooth and not monotone."),
        verdict="shown",
        condition=T("So are GELU and Mish; they differ in how deep they dip, and where."),
        reading=T(
            "Lowest: SiLU {silu:.5f} at {silu_x:.5f}, GELU {gelu:.5f} at {gelu_x:.5f}, Mish {mish:.5f} at {mish_x:.5f}."
            " The slope of SiLU lies between {least:.4f} and {largest:.4f}."
        ),
        settings=_page("shapes", "silu", "gelu", "mish", focus="silu", second=True),
        measured=_dips,
        holds=lambda silu, silu_x, gelu, gelu_x, mish, mish_x, least, largest, smooth: (
            smooth == 3 and mish < silu < gelu < 0 and silu_x < mish_x < gelu_x < 0 and least < 0 and largest > 1
        ),
    ),
    Claim(
        key="weights_must_fit",
        text=T("The weights at the start must fit the activation."),
        verdict="shown",
        condition=T("The gain says by how much. With it the mean square of a layer stays 1."),
        reading=T("Gain: sigmoid {sigmoid:.3f}, tanh {tanh:.3f}, ReLU {relu:.4f}, SELU {selu:.3f}, SiLU {silu:.3f}."),
        settings=_page("statistics", "sigmoid", "tanh", "relu", "selu", "silu", focus="selu"),
        measured=_gains,
        holds=lambda sigmoid, tanh, relu, selu, silu: (
            1.8 < sigmoid < 1.9
            and 1.59 < tanh < 1.6
            and abs(relu - 2**0.5) < 1e-9
            and abs(selu - 1) < 1e-9
            and 1.6 < silu < 1.7
        ),
    ),
)
