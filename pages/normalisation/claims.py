"""The normalisation lab: questions and claims on what is averaged, and what that is good for."""

import numpy as np

from core.networks.activations import ACTIVATIONS
from core.networks.initialisation import INITIALISATIONS
from core.networks.normalisation import NORMALISATIONS, normalise, normalise_images, response
from core.text import T
from pages.normalisation.measure import Task, running_after, sizes, tensor, trained
from teaching.contract import Claim, Question

SEEDS = (0, 1, 2)
TENSOR: dict[str, object] = {"images": 2, "tensor_seed": 0}
TRAINING = {"trained_norm": "batch", "batch": "64", "train_steps": 300, "first_seed": 0}


def _task(unit: str, start: str, norm: str, place: str = "before", **more) -> Task:
    return Task(ACTIVATIONS[unit], INITIALISATIONS[start], norm, place, seeds=SEEDS, **more)


def _median(*names: str, rate: float, **more) -> float:
    return float(trained(_task(*names, rates=(rate,), **more)).median[0])


def _two() -> dict:
    pairs = normalise(np.array([[3.1, 7.4], [-40.0, 1000.0], [0.5, 0.7]]), -1)
    return {
        "low": float(pairs.value[0, 0]),
        "high": float(pairs.value[0, 1]),
        "least": float(np.abs(pairs.value).min()),
    }


def _rescue() -> dict:
    plain = _median("sigmoid", "xavier", "none", rate=0.1)
    return {"plain": plain, "normalised": _median("sigmoid", "xavier", "batch", rate=0.1), "guess": float(np.log(2))}


def _rates() -> dict:
    found: dict[str, float] = {}
    for name, norm in (("plain", "none"), ("normalised", "batch")):
        low, high = trained(_task("relu", "he", norm, rates=(0.3, 3.0))).median
        found |= {f"{name}_low": float(low), f"{name}_high": float(high)}
    return found


def _places() -> dict:
    return {place: _median("sigmoid", "xavier", "batch", place, rate=0.1) for place in ("before", "after")}


def _tiny() -> dict:
    both = {norm: _median("relu", "he", norm, rate=0.1, batch=2) for norm in ("none", "batch")}
    return {"plain": both["none"], "normalised": both["batch"]}


def _running() -> dict:
    x = tensor()
    done = normalise_images(NORMALISATIONS["batch"], x)
    _mean, variance = running_after(done, x[:, 0].size, 1)
    return {
        "biased": float(done.variance.flat[0]),
        "stored": float((variance.flat[0] - 0.9) / 0.1),
        "unbiased": float(x[:, 0].var(ddof=1)),
    }


def _others() -> dict:
    return {row.key: response(row, tensor(), 0, 5.0, 3.0).other for row in NORMALISATIONS} | {
        "own": response(NORMALISATIONS["instance"], tensor(), 0, 5.0, 3.0).own
    }


def _size() -> dict:
    found = sizes((1e4, 1e5))
    return {
        "change": float(abs(found.loss[1] / found.loss[0] - 1)),
        "ratio": float(found.gradient[0] / found.gradient[1]),
        "cosine": float(np.abs(found.cosine).max()),
    }


QUESTIONS = (
    Question(
        key="batch_of_two",
        text=T("Batch normalisation of the batch (3.1, 7.4): what comes out?"),
        options=(T("0.42 and 1"), T("−1 and 1"), T("−2.15 and 2.15")),
        answer=1,
        because=T("({low:.5f}, {high:.5f}), and the same for any two numbers that are far enough apart."),
        measured=_two,
        right=lambda low, high, least: int(abs(low + 1) < 1e-4 and abs(high - 1) < 1e-4),
    ),
    Question(
        key="tiny_batches",
        text=T("A ReLU network is trained with batches of 2. Does batch normalisation help it?"),
        options=(T("Yes"), T("No, it does harm")),
        answer=1,
        because=T("Loss in evaluation {plain:.2f} without, {normalised:.2f} with it (rate 0.1, median of 3 seeds)."),
        measured=_tiny,
        right=lambda plain, normalised: int(normalised > plain),
    ),
)

CLAIMS = (
    Claim(
        key="batch_norm_makes_normal",
        text=T("Batch normalisation forces its outputs into a standard normal distribution."),
        verdict="contradicted",
        condition=T("Mean 0 and variance 1, no more: the shape stays. Two numbers always become −1 and 1."),
        reading=T(
            "(3.1, 7.4) becomes ({low:.5f}, {high:.5f}); of three such pairs the smallest output is ±{least:.4f}."
        ),
        settings={"one": 3.1, "other": 7.4},
        measured=_two,
        holds=lambda low, high, least: least > 0.99 and high <= 1,
    ),
    Claim(
        key="running_variance_is_unbiased",
        text=T("In use, batch normalisation takes moving averages of the mean and of the unbiased variance."),
        verdict="shown",
        condition=T(
            "So does PyTorch. While training it divides by the biased variance, and remembers the unbiased one."
        ),
        reading=T(
            "Channel 0 of the tensor: divided by the root of {biased:.4f}, remembered {stored:.4f}; the unbiased "
            "variance is {unbiased:.4f}."
        ),
        settings={"norm": "batch", "mode": "evaluation", "batches": 1} | TENSOR,
        measured=_running,
        holds=lambda biased, stored, unbiased: abs(stored - unbiased) < 1e-9 and biased < 0.95 * unbiased,
    ),
    Claim(
        key="instance_norm_keeps_images_apart",
        text=T("Instance normalisation treats every image for itself."),
        verdict="shown",
        condition=T("Layer and group normalisation do so, too. Only batch normalisation mixes images."),
        reading=T(
            "Image 0 times 5 plus 3 changes another image by {batch:.2f} under batch normalisation, by {instance:g} "
            "under instance, {layer:g} under layer and {group:g} under group normalisation. Its own output moves by "
            "{own:.0e} under instance normalisation: contrast and brightness are gone."
        ),
        settings={"norm": "instance", "scale": 5.0, "shift": 3.0} | TENSOR,
        measured=_others,
        holds=lambda batch, layer, instance, group, rms, own: batch > 0.1 and layer == instance == group == rms == 0,
    ),
    Claim(
        key="batch_norm_rescues",
        text=T("Batch normalisation makes networks learn that do not learn without it."),
        verdict="shown",
        condition=T("Eight layers of sigmoid with Xavier's weights on two moons, rate 0.1, median of 3 seeds."),
        reading=T("Loss after 300 steps: {plain:.3f} without (guessing gives {guess:.3f}), {normalised:.3f} with it."),
        settings={"activation": "sigmoid", "init": "xavier"} | TRAINING,
        measured=_rescue,
        holds=lambda plain, normalised, guess: abs(plain - guess) < 2e-3 and normalised < 0.1,
    ),
    Claim(
        key="batch_norm_allows_larger_rates",
        text=T("Batch normalisation allows larger learning rates."),
        verdict="shown",
        condition=T("ReLU with He's weights. At a rate that suits both, it gains nothing."),
        reading=T(
            "Rate 0.3: loss {plain_low:.4f} without, {normalised_low:.4f} with it. "
            "Rate 3: {plain_high} without, {normalised_high:.4f} with it."
        ),
        settings={"activation": "relu", "init": "he"} | TRAINING,
        measured=_rates,
        holds=lambda plain_low, plain_high, normalised_low, normalised_high: (
            max(plain_low, normalised_low) < 0.02 and not plain_high < 0.5 and normalised_high < 0.05
        ),
    ),
    Claim(
        key="batch_norm_must_stand_before",
        text=T("Batch normalisation must stand before the activation."),
        verdict="contradicted",
        condition=T("Both places work. Sigmoid with Xavier's weights, rate 0.1, where nothing is learned without it."),
        reading=T("Loss after 300 steps: {before:.3f} before, {after:.3f} after the activation."),
        settings={"activation": "sigmoid", "init": "xavier"} | TRAINING,
        measured=_places,
        holds=lambda before, after: after < 0.1 and before < 0.1,
    ),
    Claim(
        key="batch_norm_fails_for_tiny_batches",
        text=T("Batch normalisation fails for tiny batches."),
        verdict="shown",
        condition=T("Batches of 2: in training every hidden sum is ±1, which is not what evaluation then sees."),
        reading=T(
            "ReLU with He's weights, rate 0.1, loss in evaluation: {plain:.2f} without, {normalised:.2f} with it."
        ),
        settings={"activation": "relu", "init": "he"} | TRAINING,
        drawers=("drawer_batches",),
        measured=_tiny,
        holds=lambda plain, normalised: plain < 0.35 and normalised > 0.5,
    ),
    Claim(
        key="weights_have_no_size",
        text=T("In front of batch normalisation the size of the weights does not matter."),
        verdict="shown",
        condition=T("But for ε. The gradient shrinks as they grow, so decaying them only raises the rate."),
        reading=T(
            "Weights times 10: the loss changes by {change:.0e} of itself, the gradient is divided by {ratio:.6f}, "
            "and its cosine with the weights is {cosine:.0e}."
        ),
        settings=TENSOR | {"norm": "batch"},
        measured=_size,
        holds=lambda change, ratio, cosine: change < 1e-9 and abs(ratio - 10) < 1e-3 and cosine < 1e-6,
    ),
)
