"""The normalisation laboratory: running statistics, two moons with and without a normalisation, weights without size.

The networks of the two moons are 2-32-...-32-1 with eight hidden layers, trained by SGD on 256 points; every
combination of a learning rate and a seed is a run of its own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np

from core.memory import remembered
from core.networks.activations import ACTIVATIONS, Activation
from core.networks.initialisation import INITIALISATIONS, Initialisation
from core.networks.network import Network, initial, loss_and_gradient
from core.networks.normalisation import NORMALISATIONS, BatchNoise, Normalised, batch_noise, updated
from core.networks.training import train, two_moons
from core.text import T
from teaching.record import rounded

WIDTHS = (2, *[32] * 8, 1)
ROWS = 256
RATES = (0.03, 0.1, 0.3, 1.0, 3.0)
BATCHES = (2, 4, 8, 16, 64)
STEPS, SEEDS, BATCH = 300, 5, 64
MOST_IMAGES = 4
LARGEST = 1e6
"""Largest number of the tensor."""
NORMS = ("batch", "layer", "rms")
"""Normalisations that networks are trained with."""
NOISY = (2, 4, 8, 16, 32, 64, 128)
IMAGES, CHANNELS, PIXELS = 2, 4, (2, 2)
"""The tensor that is normalised: so many channels, so many images as it opens, so many rows and columns."""


def tensor(images: int = IMAGES, seed: int = 0) -> np.ndarray:
    """Return images (images, channels, rows, columns) of one decimal; each channel has its own mean and spread."""
    rng = np.random.default_rng(seed)
    middle = rng.uniform(-4, 4, (1, CHANNELS, 1, 1)) + rng.uniform(-3, 3, (images, 1, 1, 1))
    spread = rng.uniform(0.5, 3, (1, CHANNELS, 1, 1))
    return np.round(middle + spread * rng.standard_normal((images, CHANNELS, *PIXELS)), 1)


def running_after(done: Normalised, count: int, batches: int) -> tuple[np.ndarray, np.ndarray]:
    """Return running mean and variance after the same batch was seen so many times; they begin at 0 and 1.

    `count` numbers stand behind each of its statistics.
    """
    running = (np.zeros_like(done.mean), np.ones_like(done.variance))
    for _ in range(batches):
        running = updated(running, done, count)
    return running


@dataclass(frozen=True)
class Task:
    """Networks for the two moons; what they share, and every (learning rate, size of a batch) that is tried."""

    unit: Activation
    start: Initialisation
    norm: str
    """"none", or the key of a normalisation."""
    place: str = "before"
    rates: tuple[float, ...] = RATES
    batch: int = BATCH
    seeds: tuple[int, ...] = tuple(range(SEEDS))
    steps: int = STEPS

    @property
    def networks(self) -> int:
        """How many are trained."""
        return len(self.rates) * len(self.seeds)


@dataclass(frozen=True)
class Ends:
    """The losses after the last step, (rates, seeds); infinite where a run diverged."""

    training: np.ndarray
    """With the statistics of all points, where batches are normalised."""
    evaluation: np.ndarray
    """With the running statistics."""

    @property
    def median(self) -> np.ndarray:
        """(rates,) the median over the seeds in evaluation."""
        return np.median(self.evaluation, axis=1)


@remembered(128, T("Training {task.networks} networks"))
def trained(task: Task, progress: Callable[[float], None] = lambda part: None) -> Ends:
    """Train the networks of a task and return how they ended."""
    norm = None if task.norm == "none" else NORMALISATIONS[task.norm]
    done = train(
        Network(WIDTHS, task.unit, norm, task.place),
        task.start,
        *_moons(),
        lr=task.rates,
        steps=task.steps,
        batch=task.batch,
        seeds=task.seeds,
        progress=progress,
    )
    return Ends(done.final, done.evaluation)


@dataclass(frozen=True)
class Experiment:
    """What the reader sets for networks with and without a normalisation, by the keys of the page."""

    unit: str = "relu"
    start: str = "he"
    norm: str = "batch"
    batch: int = BATCH
    steps: int = STEPS
    seed: int = 0

    def task(self, **changes: Any) -> Task:
        """Return one of its tasks; `changes` as in Task."""
        seeds = tuple(range(self.seed, self.seed + SEEDS))
        plain: dict[str, Any] = {"norm": self.norm, "batch": self.batch, "seeds": seeds, "steps": self.steps}
        return Task(ACTIVATIONS[self.unit], INITIALISATIONS[self.start], **plain | changes)


Losses = dict[str, np.ndarray]
"""Losses in evaluation after the last step, (points of a curve, seeds), "without" the normalisation and with it."""


def over_rates(experiment: Experiment) -> Losses:
    """Train at every rate of RATES, without the normalisation, with it before the activation, and after it."""
    tasks: dict[str, dict[str, Any]] = {"without": {"norm": "none"}, "before": {}, "after": {"place": "after"}}
    return {name: trained(experiment.task(**changes)).evaluation for name, changes in tasks.items()}


def over_batches(experiment: Experiment) -> Losses:
    """Train with every size of a batch of BATCHES, at rate 0.1."""
    tasks: dict[str, dict[str, Any]] = {"without": {"norm": "none"}, "before": {}}
    return {
        name: np.concatenate(
            [trained(experiment.task(rates=(0.1,), **changes | {"batch": batch})).evaluation for batch in BATCHES]
        )
        for name, changes in tasks.items()
    }


RECORDED = {Experiment(): "relu he", Experiment("sigmoid", "xavier"): "sigmoid xavier"}
"""Experiments that are recorded: what the page opens with and what its claims load."""


def recorded_losses(losses_of: Callable[[Experiment], Losses], experiment: Experiment) -> dict[str, Any]:
    """Return the losses of an experiment for the record."""
    return {name: rounded(losses) for name, losses in losses_of(experiment).items()}


PANELS = {
    f"{kind} {name}": partial(recorded_losses, losses_of, experiment)
    for experiment, name in RECORDED.items()
    for kind, losses_of in (("rates", over_rates), ("batches", over_batches))
}


@cache
def _moons() -> tuple[np.ndarray, np.ndarray]:
    return two_moons(ROWS)


@remembered(16, T("Drawing small batches"))
def noise_of(batch: int) -> BatchNoise:
    """Return how unreliable the statistics of a batch are."""
    return batch_noise(batch, repeats=5000)


@dataclass(frozen=True)
class Sizes:
    """What the size of the weights in front of a batch normalisation changes, one number for each factor on them."""

    loss: np.ndarray
    gradient: np.ndarray
    """Length of the gradient with respect to these weights."""
    cosine: np.ndarray
    """Between this gradient and the weights: 0 where a step along it leaves their size alone."""


def sizes(factors: Sequence[float], seed: int = 0) -> Sizes:
    """Multiply the first weights of a network 2-12-1 with ReLU and batch normalisation by each of the factors."""
    network = Network((2, 12, 1), ACTIVATIONS["relu"], NORMALISATIONS["batch"])
    parameters = np.repeat(initial(network, INITIALISATIONS["he"], [seed]), len(factors), axis=0)
    weight = slice(network.slots[0].begin, network.slots[0].end)
    parameters[:, weight] *= np.reshape(factors, (-1, 1))
    loss, gradient = loss_and_gradient(network, parameters, *_moons(), "cross entropy")
    g, w = gradient[:, weight], parameters[:, weight]
    length = np.linalg.norm(g, axis=1)
    return Sizes(loss, length, (g * w).sum(1) / (length * np.linalg.norm(w, axis=1)))
