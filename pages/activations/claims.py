"""Activation gallery: questions and claims on shapes, slopes, statistics, dead neurons and learned slopes."""

from dataclasses import replace

import numpy as np

from core import descend, descend_many
from core.analysis.tuning import random_starts
from core.engine.data import Data
from core.memory import remembered
from core.networks.activations import ACTIVATIONS, Activation, facts
from core.networks.initialisation import INITIALISATIONS
from core.networks.moments import Inputs, length_path, moments
from core.networks.network import Network
from core.networks.parameters import with_parameters
from core.networks.training import sine, train
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
    """Ten layers with weight 1, and with a weight of 8 around the middle."""
    chosen = ACTIVATIONS["sigmoid"]
    end, large = gallery.through(chosen, Course()), gallery.through(chosen, Course(0.5, weight=8.0, bias=-4.0))
    return {
        "largest": facts(chosen).largest_slope[1],
        "bound": end.bound,
        "product": float(end.product[-1]),
        "far": float(chosen.slope(5.0)),
        "large": float(large.product[-1]),
    }


def _learning() -> dict:
    """The loss of 1-16-1 on sin(3x) after 500 steps at the best rate, the median over seeds.

    For tanh, the sigmoid, a sigmoid minus 1/2, and 1 + tanh, which is as steep as tanh and not centred.
    """
    sigmoid, tanh = ACTIVATIONS["sigmoid"], ACTIVATIONS["tanh"]
    rows = {"sigmoid": sigmoid, "tanh": tanh, "centred": _moved(sigmoid, -0.5), "steep": _moved(tanh, 1.0)}
    found = {}
    for name, unit in rows.items():
        end = train(
            Network((1, 16, 1), unit),
            INITIALISATIONS["xavier"],
            *sine(),
            loss="squared error",
            lr=(0.03, 0.1, 0.3, 1.0),
            steps=500,
            seeds=range(8),
        )
        found[name] = float(np.median(end.final, axis=1).min())
    return found


def _moved(unit: Activation, by: float) -> Activation:
    value, slope, curvature = unit.formulas
    return replace(unit, formulas=(lambda x: value(x) + by, slope, curvature))


def _tanh() -> dict:
    """The largest slope and product of ten slopes from x = 3 on, and the product from 0."""
    tanh = ACTIVATIONS["tanh"]
    far = np.linspace(3, 30, 50)
    ends = [abs(gallery.through(tanh, Course(float(side * x))).product[-1]) for x in far for side in (-1, 1)]
    middle = float(gallery.through(tanh, Course(0.0)).product[-1])
    known = facts(tanh)
    return {
        "far": float(tanh.slope(far).max()),
        "product": float(max(ends)),
        "middle": middle,
        "reached": int(known.high_reached or known.low_reached),
    }


def _relu() -> dict:
    """Products of 50 slopes from 100 numbers on each side, and the part of zeros for standard normal inputs."""
    relu = ACTIVATIONS["relu"]
    numbers = np.geomspace(1e-3, 1e3, 100)
    right, left = (
        [gallery.through(relu, Course(float(side * x), 50)).product[-1] for x in numbers] for side in (1, -1)
    )
    (zero,) = [share for value, share in gallery.outputs(relu, _normal(), np.linspace(0, 5, 9)).atoms if value == 0]
    return {"right": float(min(right)), "left": float(max(left)), "zero": 100 * zero}


def _normal() -> np.ndarray:
    return np.random.default_rng(0).standard_normal(gallery.SAMPLES)


def _starts() -> tuple[np.ndarray, np.ndarray]:
    """Return 2000 random (w, b) in the window of the neuron, (2, N), and for which part of the rows each is silent."""
    surface = gallery.neuron("dead_relu")
    rows = surface.data
    assert rows is not None
    starts = random_starts(surface, 2000)
    return starts, _silent(starts, rows.x)


def _silent(points: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return for which part of the inputs the sum of each neuron (2, N) is not positive."""
    return (points[0][:, None] * x + points[1][:, None] <= 0).mean(axis=1)


def _neuron() -> dict:
    """The neuron of the question, with the targets of the page and with random ones."""
    surface = gallery.neuron("dead_relu")
    dead, leaky = (descend(gallery.neuron(key), "sgd", (0.5, -1.0), 400, 0.5) for key in gallery.NEURONS)
    rows = surface.data
    assert rows is not None
    targets = np.random.default_rng(0).normal(0, 3, (20, len(rows)))
    others = [replace(surface, data=Data(np.column_stack([rows.x, y]))).gradient(0.5, -1.0) for y in targets]
    slopes = [float(dead.gradient_norm[0]), *(float(np.hypot(*gradient)) for gradient in others)]
    return {"slope": max(slopes), "dead": float(dead.value[-1]), "leaky": float(leaky.value[-1])}


@remembered(100)
def _dead() -> dict:
    """How far each of four methods moves the neurons that are silent for every row, at most."""
    starts, silent = _starts()
    dead, moved = starts[:, silent == 1], []
    for key, lr in (("sgd", 0.5), ("momentum", 0.1), ("adam", 0.05), ("rmsprop", 0.05)):
        final = descend_many(gallery.neuron("dead_relu"), key, dead, 400, lr).final
        moved.append(float(np.abs(final - dead).max()))
    return {"count": dead.shape[1], "moved": max(moved)}


def _half_negative() -> dict:
    """The least gradient where the neuron is silent for some rows, the largest where it is for all."""
    surface = gallery.neuron("dead_relu")
    starts, silent = _starts()
    slope = np.hypot(*surface.gradient(*starts))
    some = (silent > 0) & (silent < 1)
    return {"count": int(some.sum()), "least": float(slope[some].min()), "dead": float(slope[silent == 1].max())}


def _killed() -> dict:
    """In percent: how many of the neurons that are awake are silent for every row after 400 steps, or after one."""
    surface = gallery.neuron("dead_relu")
    starts, silent = _starts()
    awake, rows = starts[:, silent < 1], surface.data
    assert rows is not None
    found = {}
    for name, lr, steps in (("slow", 0.5, 400), ("fast", 3.0, 400), ("first", 3.0, 1)):
        final = descend_many(surface, "sgd", awake, steps, lr).final
        found[name] = 100 * float(np.mean(_silent(final, rows.x) == 1))
    return found


@remembered(100)
def _deaths() -> dict:
    """Silent units in percent of 1-32-1 networks on sin(3x), after 300 steps."""
    rates = (0.05, 0.4)
    relu, leaky = (gallery.deaths(key, rates, 40, 300) for key in ("relu", "leaky_relu"))
    return {
        "slow": 100 * relu[0].silent,
        "fast": 100 * relu[1].silent,
        "error": 100 * relu[1].error,
        "leaky": 100 * leaky[1].silent,
        "leaky_error": 100 * leaky[1].error,
    }


def _cured() -> dict:
    """In percent: how many neurons that were silent for every row fit the data in the end, with Adam; and networks."""
    starts, silent = _starts()
    dead = starts[:, silent == 1]
    found = {}
    for name, key in zip(("relu", "one"), gallery.NEURONS, strict=True):
        surface = gallery.neuron(key)
        final = descend_many(surface, "adam", dead, 400, 0.05).final
        found[name] = 100 * float(np.mean(surface.value(*final) < 0.01))
    return found | _deaths()


def _learned() -> dict:
    """From four starts to five targets: the longest way at rates below the limit 2 / curvature, and beyond it."""
    curvature = float(np.mean(np.where(gallery.PAIRS < 0, gallery.PAIRS, 0) ** 2)) * 2
    limit, starts = 2 / curvature, (-0.9, -0.2, 0.25, 0.9)

    def steps(part: float) -> list[int]:
        runs = [
            (target, gallery.learned(start, target, part * limit)) for start in starts for target in gallery.TARGETS
        ]
        return [gallery.learned_at(path, target) for target, path in runs]

    below = steps(0.1) + steps(0.5) + steps(0.9)
    return {
        "count": len(starts) * len(gallery.TARGETS),
        "first": min(below),
        "last": max(below),
        "beyond": max(steps(1.1)),
    }


def _prelu_range() -> dict:
    prelu = ACTIVATIONS["prelu"]
    return {
        name: facts(with_parameters(prelu, alpha=alpha)).low + 0.0  # without the sign of zero
        for name, alpha in (("positive", 0.25), ("zero", 0.0), ("negative", -0.5))
    }


def _elu() -> dict:
    """Means for normal inputs of several deviations, and kinks over depths of the floor."""
    elu, relu = ACTIVATIONS["elu"], ACTIVATIONS["relu"]
    inputs = [Inputs(std=std) for std in (0.1, 0.3, 1.0, 3.0, 10.0)]
    means = np.array([[moments(unit, own).mean for unit in (elu, relu)] for own in inputs])
    kinks = {alpha: len(facts(with_parameters(elu, alpha=alpha)).kinks) for alpha in (0.5, 0.9, 1.0, 1.1, 2.0, 3.0)}
    one = kinks.pop(1.0)
    found = {"elu": float(means[2, 0]), "relu": float(means[2, 1]), "least": float(means[:, 0].min())}
    return found | {"ratio": float((means[:, 0] / means[:, 1]).max()), "one": one, "others": min(kinks.values())}


def _selu_range() -> dict:
    known = facts(ACTIVATIONS["selu"])
    return {"low": known.low, "high": known.high}


def _selu() -> dict:
    """The fixed point, the way to it from sizes 0.1 to 10 over 100 wide layers, and real networks."""
    selu = ACTIVATIONS["selu"]
    found = moments(selu)
    ends = [float(gallery.wide_layers(selu, std, 100, 1.0)[-1]) for std in (0.1, 0.3, 1.0, 3.0, 10.0)]
    real = [float(gallery.real_layers(selu, 3.0, 20, 1.0, seed=seed)[-1]) for seed in range(10)]
    return {
        "mean": abs(found.mean),
        "square": found.square,
        "off": float(np.abs(np.array(ends) - 1).max()),
        "he": float(gallery.wide_layers(selu, 1.0, 100, 2.0)[-1]),
        "real_low": min(real),
        "real_high": max(real),
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
    """The mean square after 50 wide layers beside the first, of ReLU with three gains, and the extremes for tanh."""

    def left(key: str, gain: float) -> float:
        return float(length_path(ACTIVATIONS[key], gain**2, 50, gain**2)[-1] / gain**2)

    gains = {key: moments(ACTIVATIONS[key]).gain for key in ("relu", "selu", "silu", "tanh")}
    tanh = [left("tanh", gain) for gain in gains.values()]
    found = {"own": left("relu", gains["relu"]), "small": left("relu", gains["selu"])}
    return found | {"large": left("relu", gains["silu"]), "tanh_low": min(tanh), "tanh_high": max(tanh)}


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
        right=lambda slope, dead, leaky: 0 if slope == 0 else None,
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
        right=lambda bound, **others: int(np.argmin(np.abs(np.log10(bound) + np.array([1, 3, 6])))),
    ),
)

CLAIMS = (
    Claim(
        key="sigmoid_saturates",
        text=T("The sigmoid saturates, and gradients vanish."),
        verdict=T("only if"),
        condition=T("The weights are below 4: the largest slope is {largest:g}."),
        reading=T(
            "Slope at x = 5: {far:.4f}. Ten layers take a gradient to at most {bound:.2g} with weight 1, and to "
            "{large:.0f} times with weight 8 around the middle."
        ),
        settings=_page("chain", "identity", "sigmoid", "tanh", "relu", focus="sigmoid", probe=0.0),
        measured=_sigmoid,
        holds=lambda largest, bound, product, far, large: (
            largest == 0.25 and product < bound < 1e-5 and far < 0.01 and large > 1
        ),
    ),
    Claim(
        key="tanh_learns_faster",
        text=T("The outputs of tanh are centred on zero, so that it learns faster than the sigmoid."),
        verdict=T("only if"),
        condition=T("Faster it is. But a centred sigmoid is not: tanh is also four times as steep."),
        reading=T(
            "1-16-1 on sin(3x), best rate, loss after 500 steps: tanh {tanh:.3f}, sigmoid {sigmoid:.2f}, minus 1/2 "
            "{centred:.2f}, 1 + tanh {steep:.2f}."
        ),
        settings=_page("statistics", "sigmoid", "tanh", "relu", focus="tanh"),
        drawers=("drawer_pair",),
        measured=_learning,
        holds=lambda tanh, sigmoid, centred, steep: 3 * tanh < min(sigmoid, centred, steep) and 2 * centred > sigmoid,
    ),
    Claim(
        key="tanh_vanishes",
        text=T("Tanh still lets gradients vanish; its values satisfy −1 ≤ f ≤ 1."),
        verdict=T("only if"),
        condition=T("They vanish far from zero, where it saturates. The ends of the range are limits, not values."),
        reading=T(
            "Slope from x = 3 on: at most {far:.4f}; ten layers from there: at most {product:.1e}, from 0: {middle:g}."
        ),
        settings=_page("shapes", "sigmoid", "tanh", "softsign", focus="tanh", probe=3.0),
        measured=_tanh,
        holds=lambda far, product, middle, reached: far < 0.01 > product and middle == 1 and not reached,
    ),
    Claim(
        key="relu_keeps_the_gradient",
        text=T("The gradient of ReLU is 1, and its outputs are sparse."),
        verdict=T("only if"),
        condition=T("On the right. On the left it is 0, which is what makes the outputs sparse."),
        reading=T(
            "Product of 50 slopes: {right:g} from any x > 0, {left:g} from any x < 0. Of standard normal inputs "
            "{zero:.0f} % become exactly zero."
        ),
        settings=_page("statistics", "relu", "leaky_relu", "softplus"),
        measured=_relu,
        holds=lambda right, left, zero: right == 1 and left == 0 and abs(zero - 50) < 2,
    ),
    Claim(
        key="relu_dies_when_negative",
        text=T("A ReLU neuron dies when its input is negative."),
        verdict=T("only if"),
        condition=T("The sum is negative for every row of the data. One row is enough to learn from."),
        reading=T(
            "Of {count} neurons silent for some rows none has a gradient below {least:.0e}; silent for all: {dead:g}."
        ),
        settings=_page("neuron", y=-0.25),
        measured=_half_negative,
        holds=lambda count, least, dead: count > 100 and least > 1e-6 and dead == 0,
    ),
    Claim(
        key="dead_is_flat",
        text=T("A dead neuron does not learn any more."),
        verdict="shown",
        condition=T(
            "It is silent for every row: the ground is exactly flat for every method that follows the gradient."
        ),
        reading=T("{count} random dead neurons, four methods, 400 steps: moved by {moved:g}."),
        settings=_page("neuron", field=["sgd", "momentum", "adam"], lr_momentum=0.1, lr_adam=0.05),
        measured=_dead,
        holds=lambda count, moved: count > 100 and moved == 0,
    ),
    Claim(
        key="a_large_step_kills",
        text=T("Too large a learning rate kills neurons."),
        verdict="shown",
        condition=T("A single oversized step can do it."),
        reading=T(
            "Of neurons that are awake, at rate 3: {first:.0f} % are silent after one step, {fast:.0f} % after 400; at "
            "rate 0.5 {slow:.0f} %."
        ),
        settings=_page("neuron", y=1.0, lr_sgd=3.0),
        measured=_killed,
        ours=True,
        holds=lambda slow, fast, first: slow < 5 and first > 50 and fast > 50,
    ),
    Claim(
        key="leaky_cures_death",
        text=T("Leaky ReLU cures dying neurons."),
        verdict=T("only if"),
        condition=T("Training goes on: as many are silent for every row, but a small gradient is left."),
        reading=T(
            "Adam wakes {one:.0f} % of dead neurons, with ReLU {relu:.0f} %. Networks at rate 0.4: silent {fast:.0f} % "
            "with ReLU, {leaky:.0f} % with leaky."
        ),
        settings=_page("neuron"),
        drawers=("drawer_deaths",),
        measured=_cured,
        holds=lambda relu, one, fast, error, leaky, leaky_error, **others: (
            one > 90 and relu == 0 and fast > 50 and abs(fast - leaky) < 3 * np.hypot(error, leaky_error) < 20
        ),
    ),
    Claim(
        key="relu_networks_die",
        text=T("ReLU networks lose their units in training."),
        verdict=T("only if"),
        condition=T("The learning rate is large; at usual ones almost none."),
        reading=T("1-32-1 on sin(3x), silent units: {slow:.1f} % at rate 0.05, {fast:.0f} ± {error:.0f} % at 0.4."),
        settings=_page("neuron", lr_sgd=0.4),
        drawers=("drawer_deaths",),
        measured=_deaths,
        holds=lambda slow, fast, error, **others: slow < 3 and fast - 3 * error > 50,
    ),
    Claim(
        key="prelu_adapts",
        text=T("PReLU adapts its slope to the data."),
        verdict="shown",
        condition=T("The rate is below 2 / curvature; the slope is a weight like any other."),
        reading=T(
            "{count} pairs of start and target, rates from 0.1 to 0.9 of that limit: learned in at most {last} steps. "
            "At 1.1 of it none."
        ),
        settings=_page("learned"),
        measured=_learned,
        holds=lambda count, first, last, beyond: 0 < first <= last <= 100 and beyond == -1,
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
        reading=T(
            "Mean for standard normal inputs: ELU {elu:.4f}, ReLU {relu:.4f}; above zero at every size of input."
        ),
        settings=_page("statistics", "relu", "elu", "selu", focus="elu"),
        measured=_elu,
        holds=lambda elu, least, ratio, **others: elu > 0.1 and least > 0 and ratio < 1,
    ),
    Claim(
        key="elu_is_smooth",
        text=T("ELU is smooth on the left and at zero."),
        verdict=T("only if"),
        condition=T("Only for α = 1; any other α puts a kink at zero."),
        reading=T("Kinks: {one} with α = 1, {others} with each of five others."),
        settings=_page("shapes", "relu", "elu", focus="elu", elu_alpha=2.0, second=True),
        measured=_elu,
        holds=lambda one, others, **means: one == 0 and others == 1,
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
            "Inputs of size 0.1 to 10: within {off:.0e} of 1 after 100 wide layers; with He's weights {he:.0f}. Ten "
            "real networks: {real_low:.2f} to {real_high:.2f}."
        ),
        settings=_page("chain", "relu", "elu", "selu", focus="selu", layers=100, std=3.0, real=True),
        measured=_selu,
        holds=lambda mean, square, off, he, real_low, real_high: (
            mean < 1e-12 > abs(square - 1) and off < 0.01 and he > 100 and 0.8 < real_low <= real_high < 1.2
        ),
    ),
    Claim(
        key="swish_is_not_monotone",
        text=T("Swish is smooth and not monotone."),
        verdict="shown",
        condition=T("So are GELU and Mish; they differ in how deep they dip, and where."),
        reading=T(
            "Lowest: SiLU {silu:.4f} at {silu_x:.3f}, GELU {gelu:.4f} at {gelu_x:.3f}, Mish {mish:.4f} at {mish_x:.3f}."
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
        verdict=T("only if"),
        condition=T("It is not bounded. The gain says by how much they fit; the signal of tanh survives any of them."),
        reading=T(
            "50 wide layers of ReLU: the mean square is {own:.2f} times the first with its gain, {small:.0e} with that "
            "of SELU, {large:.0e} with that of SiLU."
        ),
        settings=_page("statistics", "sigmoid", "tanh", "relu", "selu", "silu", focus="selu"),
        measured=_gains,
        holds=lambda own, small, large, tanh_low, tanh_high: (
            abs(own - 1) < 1e-6 and small < 1e-6 and large > 1e6 and 1e-2 < tanh_low <= tanh_high < 100
        ),
    ),
)
