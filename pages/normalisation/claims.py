"""The normalisation lab: questions and claims on what is averaged, and what that is good for."""

import numpy as np

from core.networks.activations import ACTIVATIONS
from core.networks.initialisation import INITIALISATIONS
from core.networks.normalisation import NORMALISATIONS, normalise, normalise_images, response
from core.text import T
from pages.normalisation.measure import Task, running_after, sizes, tensor, trained
from teaching.contract import Claim, Question

SEEDS, DRAWS = (0, 1, 2), range(5)
SMALL, LARGE = 0.1, 3.0
"""Rates of SGD: one that suits networks without a normalisation, and one that does not."""
TENSOR: dict[str, object] = {"images": 2, "tensor_seed": 0}
TRAINING = {"trained_norm": "batch", "batch": "64", "train_steps": 300, "first_seed": 0}


def _medians(unit: str, start: str, norm: str, place: str = "before", rates=(SMALL, LARGE), **more) -> np.ndarray:
    """Return the median loss in evaluation for each of the rates."""
    task = Task(ACTIVATIONS[unit], INITIALISATIONS[start], norm, place, rates=rates, seeds=SEEDS, **more)
    return trained(task).median


def _two() -> dict:
    """Pairs that are at least a tenth apart, and the skewness of a skewed batch before and after."""
    rng = np.random.default_rng(0)
    low = rng.normal(0, 10, 1000)
    random = np.stack([low, low + rng.uniform(0.1, 100, 1000)], 1)
    pairs = normalise(np.concatenate([[[3.1, 7.4]], random]), -1).value
    batch = rng.exponential(size=20_000)
    before, after = (float(np.mean(((x - x.mean()) / x.std()) ** 3)) for x in (batch, normalise(batch, -1).value))
    return {
        "low": float(pairs[0, 0]),
        "high": float(pairs[0, 1]),
        "least": float(np.abs(pairs).min()),
        "before": before,
        "after": after,
    }


def _rescue() -> dict:
    """The best without it and the worst with it, over two rates thirty times apart."""
    plain, normalised = (_medians("sigmoid", "xavier", norm) for norm in ("none", "batch"))
    return {"plain": float(plain.min()), "normalised": float(normalised.max()), "guess": float(np.log(2))}


def _rates() -> dict:
    """The worst of two networks where learning is claimed, the best where it fails."""
    networks = ("relu", "he"), ("tanh", "xavier")
    plain, normalised = (np.array([_medians(*row, norm) for row in networks]) for norm in ("none", "batch"))
    return {
        "plain_low": float(plain[:, 0].max()),
        "plain_high": float(plain[:, 1].min()),
        "normalised_low": float(normalised[:, 0].max()),
        "normalised_high": float(normalised[:, 1].max()),
    }


def _places() -> dict:
    """The worst of two networks where learning is claimed, the best where it fails."""
    before, after = (
        np.array([_medians(unit, "xavier", "batch", place) for unit in ("sigmoid", "tanh")])
        for place in ("before", "after")
    )
    return {
        "before_low": float(before[:, 0].max()),
        "before_high": float(before[:, 1].max()),
        "after_low": float(after[:, 0].max()),
        "after_high": float(after[:, 1].min()),
    }


def _tiny() -> dict:
    """The worst without it and the best with it over two rates, for two networks."""
    networks = ("relu", "he"), ("tanh", "xavier")
    plain, normalised = (
        np.array([_medians(*row, norm, rates=(0.03, SMALL), batch=2) for row in networks]) for norm in ("none", "batch")
    )
    return {
        "plain": float(plain.max()),
        "normalised": float(normalised.min()),
        "relu_plain": float(plain[0].max()),
        "relu_normalised": float(normalised[0].min()),
    }


def _running() -> dict:
    """What is divided by and what is remembered, beside the unbiased variance, over all channels of five tensors."""
    gaps, shares = [], []
    for seed in DRAWS:
        x = tensor(seed=seed)
        done = normalise_images(NORMALISATIONS["batch"], x)
        _mean, variance = running_after(done, x[:, 0].size, 1)
        stored, unbiased = (variance.ravel() - 0.9) / 0.1, x.var((0, 2, 3), ddof=1)
        gaps.append(np.abs(stored - unbiased).max())
        shares.append(done.variance.ravel() / unbiased)
    return {"gap": float(max(gaps)), "share": float(np.mean(shares)), "spread": float(np.ptp(shares))}


def _others() -> dict:
    """How far another image moves: under batch normalisation at least, under the others at most, over five tensors."""

    def moved(key: str) -> list[float]:
        return [response(NORMALISATIONS[key], tensor(seed=seed), 0, 5.0, 3.0).other for seed in DRAWS]

    most = {row.key: max(moved(row.key)) for row in NORMALISATIONS}
    return most | {"batch": min(moved("batch"))}


def _size() -> dict:
    """What ten times larger weights change, at most over five draws of them."""
    found = [sizes((1.0, 10.0), seed) for seed in DRAWS]
    return {
        "change": max(float(abs(row.loss[1] / row.loss[0] - 1)) for row in found),
        "ratio": max((float(row.gradient[0] / row.gradient[1]) for row in found), key=lambda ratio: abs(ratio - 10)),
        "cosine": max(float(np.abs(row.cosine).max()) for row in found),
    }


QUESTIONS = (
    Question(
        key="batch_of_two",
        text=T("Batch normalisation of the batch (3.1, 7.4): what comes out?"),
        options=(T("0.42 and 1"), T("−1 and 1"), T("−2.15 and 2.15")),
        answer=1,
        because=T("({low:.5f}, {high:.5f}), and the same for any two numbers that are far enough apart."),
        measured=_two,
        right=lambda low, high, **others: int(
            np.argmin([np.hypot(low - a, high - b) for a, b in ((0.42, 1), (-1, 1), (-2.15, 2.15))])
        ),
    ),
    Question(
        key="tiny_batches",
        text=T("A ReLU network learns with batches of 2, at a rate that suits it. Does batch normalisation help it?"),
        options=(T("Yes"), T("No, it does harm")),
        answer=1,
        because=T(
            "Loss in evaluation at rates 0.03 and 0.1: at most {relu_plain:.2f} without, at least "
            "{relu_normalised:.2f} with it."
        ),
        measured=_tiny,
        right=lambda relu_plain, relu_normalised, **others: 1 if relu_normalised > relu_plain else None,
    ),
)

CLAIMS = (
    Claim(
        key="batch_norm_makes_normal",
        text=T("Batch normalisation forces its outputs into a standard normal distribution."),
        verdict="contradicted",
        condition=T("Mean 0 and variance 1, no more: the shape stays. Two numbers become −1 and 1."),
        reading=T(
            "An exponential batch has skewness {before:.2f} before and {after:.2f} after; a normal one would have 0."
        ),
        settings={"one": 3.1, "other": 7.4},
        measured=_two,
        holds=lambda low, high, least, before, after: least > 0.99 and after > 1.5 and abs(after - before) < 1e-6,
    ),
    Claim(
        key="running_variance_is_unbiased",
        text=T("In use, batch normalisation takes moving averages of the mean and of the unbiased variance."),
        verdict="shown",
        condition=T(
            "So does PyTorch. While training it divides by the biased variance, and remembers the unbiased one."
        ),
        reading=T(
            "Batches of 8 numbers: in training the variance is {share:.3f} of the unbiased one; what is remembered is "
            "off by {gap:.0e}."
        ),
        settings={"norm": "batch", "mode": "evaluation", "batches": 1} | TENSOR,
        measured=_running,
        holds=lambda gap, share, spread: gap < 1e-9 and abs(share - 7 / 8) < 1e-9 > spread,
    ),
    Claim(
        key="instance_norm_keeps_images_apart",
        text=T("Instance normalisation treats every image for itself."),
        verdict="shown",
        condition=T("Layer and group normalisation do so, too. Only batch normalisation mixes images."),
        reading=T(
            "An image times 5 plus 3 moves another by {instance:g} under instance, {layer:g} under layer, at least "
            "{batch:.2f} under batch normalisation."
        ),
        settings={"norm": "instance", "scale": 5.0, "shift": 3.0} | TENSOR,
        measured=_others,
        holds=lambda batch, layer, instance, group, rms: batch > 0.1 and layer == instance == group == rms == 0,
    ),
    Claim(
        key="batch_norm_rescues",
        text=T("Batch normalisation makes networks learn that do not learn without it."),
        verdict="shown",
        condition=T("Eight layers of sigmoid with Xavier's weights, two moons, batches of 64, rates 0.1 and 3."),
        reading=T(
            "Loss after 300 steps: at least {plain:.3f} without (guessing gives {guess:.3f}), at most {normalised:.3f} "
            "with it."
        ),
        settings={"activation": "sigmoid", "init": "xavier"} | TRAINING,
        measured=_rescue,
        holds=lambda plain, normalised, guess: plain > guess - 2e-3 and normalised < 0.2,
    ),
    Claim(
        key="batch_norm_allows_larger_rates",
        text=T("Batch normalisation allows larger learning rates."),
        verdict="shown",
        condition=T("Eight layers of ReLU with He's weights or tanh with Xavier's. At rate 0.1 both ways learn."),
        reading=T("Loss at rate 3: at least {plain_high:.1f} without, at most {normalised_high:.3f} with it."),
        settings={"activation": "relu", "init": "he"} | TRAINING,
        measured=_rates,
        holds=lambda plain_low, plain_high, normalised_low, normalised_high: (
            max(plain_low, normalised_low, normalised_high) < 0.2 and plain_high > 0.6
        ),
    ),
    Claim(
        key="batch_norm_must_stand_before",
        text=T("Batch normalisation must stand before the activation."),
        verdict=T("only if"),
        condition=T("The rate is large. At a small one it works in both places."),
        reading=T(
            "Sigmoid and tanh: at rate 0.1 at most {before_low:.3f} before, {after_low:.3f} after; at rate 3 "
            "{before_high:.3f} before, after it nothing is learned."
        ),
        settings={"activation": "sigmoid", "init": "xavier"} | TRAINING,
        measured=_places,
        holds=lambda before_low, after_low, before_high, after_high: (
            max(before_low, after_low, before_high) < 0.2 and after_high > 0.6
        ),
    ),
    Claim(
        key="batch_norm_fails_for_tiny_batches",
        text=T("Batch normalisation fails for tiny batches."),
        verdict="shown",
        condition=T("Batches of 2: in training every hidden sum is ±1, which is not what evaluation then sees."),
        reading=T(
            "ReLU and tanh, rates 0.03 and 0.1, loss in evaluation: at most {plain:.2f} without, at least "
            "{normalised:.2f} with it."
        ),
        settings={"activation": "relu", "init": "he"} | TRAINING,
        drawers=("drawer_batches",),
        measured=_tiny,
        holds=lambda plain, normalised, **others: plain < 0.4 and normalised > 0.5,
    ),
    Claim(
        key="weights_have_no_size",
        text=T("In front of batch normalisation the size of the weights does not matter."),
        verdict="shown",
        condition=T("But for ε. The gradient shrinks as they grow, so decaying them only raises the rate."),
        reading=T(
            "Weights times 10: the loss changes by {change:.0e} of itself, the gradient is divided by {ratio:.3f}; "
            "its cosine with the weights is {cosine:.0e}."
        ),
        settings=TENSOR | {"norm": "batch"},
        measured=_size,
        ours=True,
        holds=lambda change, ratio, cosine: change < 1e-3 and abs(ratio - 10) < 0.05 and cosine < 1e-2,
    ),
)
