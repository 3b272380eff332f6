"""Normalisation layers: subtract a mean, divide by a deviation - and what differs is only over which axes.

A normalisation is one row of NORMALISATIONS. The places of epsilon, the biased variance of training and the unbiased
one of the running statistics are those of torch.nn.

S. Ioffe, C. Szegedy 2015, arXiv:1502.03167 (batch); J. Ba et al. 2016, arXiv:1607.06450 (layer); D. Ulyanov et al.
2016, arXiv:1607.08022 (instance); Y. Wu, K. He 2018, arXiv:1803.08494 (group); B. Zhang, R. Sennrich 2019,
arXiv:1910.07467 (RMS).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from core.catalogue import Catalogue
from core.engine.spec import Hyper
from core.networks.parameters import parameters_of, whole
from core.text import T

EPS = 1e-5
"""Stands under the root, as in torch.nn. (torch.nn.RMSNorm must be told; its own default is the machine epsilon.)"""
MOMENTUM = 0.1
"""Weight of the new batch in the running statistics."""


@dataclass(frozen=True)
class Normalisation:
    """Which numbers share a mean and a variance."""

    key: str
    title: str
    axes: tuple[int, ...]
    """The averaged axes of images (image, channel, row, column); with `groups`, of (image, group, channel, row,
    column)."""
    dense_axis: int | None
    """The averaged axis of the units of a dense layer, (..., batch, unit); None where there is nothing to average."""
    latex: str
    text: str
    source: str
    centred: bool = True
    """Whether the mean is subtracted."""
    parameters: tuple[Hyper, ...] = ()
    torch: Callable = field(kw_only=True)
    """((channels, rows, columns), **parameters) -> the source of the torch module that does the same to images."""

    @property
    def needs_batch(self) -> bool:
        """Whether other images change the output for this one, so that evaluation needs running statistics."""
        return 0 in self.axes


@dataclass(frozen=True)
class Normalised:
    """The output of a normalisation, and what its backward pass needs."""

    value: np.ndarray
    mean: np.ndarray
    """As it was measured, with averaged axes of length 1; zero where it is not subtracted."""
    variance: np.ndarray
    """Biased (divided by n); without centring the mean square."""
    inverse: np.ndarray
    """1 / sqrt(variance + eps)"""
    axes: tuple[int, ...]
    centred: bool


NORMALISATIONS = Catalogue(
    "normalisation",
    (
        Normalisation(
            key="batch",
            title="Batch",
            axes=(0, 2, 3),
            dense_axis=-2,
            latex=r"\hat x_{ncij} = \frac{x_{ncij} - \mu_c}{\sqrt{\sigma_c^2 + \varepsilon}}",
            text=T("One mean and variance per channel, over all images: every image changes every other one."),
            source="Ioffe & Szegedy 2015, arXiv:1502.03167",
            torch=lambda shape: f"torch.nn.BatchNorm2d({shape[0]}, eps={EPS!r}, momentum={MOMENTUM!r})",
        ),
        Normalisation(
            key="layer",
            title="Layer",
            axes=(1, 2, 3),
            dense_axis=-1,
            latex=r"\hat x_{ncij} = \frac{x_{ncij} - \mu_n}{\sqrt{\sigma_n^2 + \varepsilon}}",
            text=T("One mean and variance per image, over all its channels: the batch does not matter."),
            source="Ba, Kiros & Hinton 2016, arXiv:1607.06450",
            torch=lambda shape: f"torch.nn.LayerNorm({list(shape)}, eps={EPS!r})",
        ),
        Normalisation(
            key="instance",
            title="Instance",
            axes=(2, 3),
            dense_axis=None,
            latex=r"\hat x_{ncij} = \frac{x_{ncij} - \mu_{nc}}{\sqrt{\sigma_{nc}^2 + \varepsilon}}",
            text=T("One mean and variance per image and channel: the contrast of an image is gone."),
            source="Ulyanov, Vedaldi & Lempitsky 2016, arXiv:1607.08022",
            torch=lambda shape: f"torch.nn.InstanceNorm2d({shape[0]}, eps={EPS!r}, affine=True)",
        ),
        Normalisation(
            key="group",
            title="Group",
            axes=(2, 3, 4),
            dense_axis=None,
            latex=r"\hat x_{ncij} = \frac{x_{ncij} - \mu_{ng(c)}}{\sqrt{\sigma_{ng(c)}^2 + \varepsilon}}",
            text=T("One mean and variance per image and group of channels: between layer and instance."),
            source="Wu & He 2018, arXiv:1803.08494",
            parameters=(Hyper("groups", 2, "G", T("Groups of channels"), (1, 512), (1, 8)),),
            torch=lambda shape, groups: f"torch.nn.GroupNorm({groups}, {shape[0]}, eps={EPS!r})",
        ),
        Normalisation(
            key="rms",
            title="RMS",
            axes=(1, 2, 3),
            dense_axis=-1,
            latex=r"\hat x_{ncij} = \frac{x_{ncij}}{\sqrt{\overline{x_n^2} + \varepsilon}}",
            text=T("Layer normalisation that divides by the size alone and leaves the mean."),
            source="Zhang & Sennrich 2019, arXiv:1910.07467",
            centred=False,
            torch=lambda shape: f"torch.nn.RMSNorm({list(shape)}, eps={EPS!r})",
        ),
    ),
)


def normalise(x: np.ndarray, axes: int | tuple[int, ...], centred: bool = True, eps: float = EPS) -> Normalised:
    """Normalise an array over these axes: (x - mean) / sqrt(variance + eps)."""
    axes = (axes,) if isinstance(axes, int) else axes
    mean = x.mean(axes, keepdims=True)
    if not centred:
        mean = np.zeros_like(mean)
    rest = x - mean
    variance = np.square(rest).mean(axes, keepdims=True)
    inverse = 1 / np.sqrt(variance + eps)
    return Normalised(rest * inverse, mean, variance, inverse, axes, centred)


def normalise_backward(gradient: np.ndarray, done: Normalised) -> np.ndarray:
    """Return the gradient with respect to x, given that with respect to the normalised value.

    The statistics depend on x too: what would change only them is projected out of the gradient.
    """
    along = (gradient * done.value).mean(done.axes, keepdims=True)
    gradient = gradient - done.value * along
    if done.centred:
        gradient -= gradient.mean(done.axes, keepdims=True)  # done.value has mean zero: its part adds nothing
    return gradient * done.inverse


def evaluate(x: np.ndarray, mean: np.ndarray, variance: np.ndarray, eps: float = EPS) -> np.ndarray:
    """Normalise with fixed statistics, as batch normalisation does in evaluation; the gradient is a plain factor."""
    return (x - mean) / np.sqrt(variance + eps)


def updated(
    running: tuple[np.ndarray, np.ndarray], done: Normalised, count: int, momentum: float = MOMENTUM
) -> tuple[np.ndarray, np.ndarray]:
    """Return running mean and variance after one more batch, `count` numbers behind each of its statistics.

    The batch was normalised by its biased variance; what is remembered is the unbiased one, count / (count - 1) as
    large. Raises ValueError for a single number: it has no variance.
    """
    if count < 2:
        raise ValueError(f"batch: got {count} value per channel, allowed are at least 2 when training")
    mean, variance = running
    return (
        (1 - momentum) * mean + momentum * done.mean,
        (1 - momentum) * variance + momentum * done.variance * count / (count - 1),
    )


def normalise_images(chosen: Normalisation, x: np.ndarray, eps: float = EPS) -> Normalised:
    """Normalise images (image, channel, row, column) as in training, without scale and shift.

    The value has the shape of x; the statistics of a group normalisation have five axes. Raises ValueError for
    anything but four axes, and for groups that do not divide the channels.
    """
    done = normalise(_split(chosen, x), chosen.axes, chosen.centred, eps)
    return replace(done, value=done.value.reshape(x.shape))


def normalise_images_backward(chosen: Normalisation, gradient: np.ndarray, done: Normalised) -> np.ndarray:
    """Return the gradient with respect to the images that `normalise_images` normalised."""
    split = replace(done, value=_split(chosen, done.value))
    return normalise_backward(_split(chosen, gradient), split).reshape(gradient.shape)


def shares_statistics(chosen: Normalisation, shape: tuple[int, ...], cell: tuple[int, int, int, int]) -> np.ndarray:
    """Return which cells of images of this shape are averaged together with `cell`, bool of that shape."""
    index = np.zeros(shape)
    index[cell] = 1
    split = _split(chosen, index)
    return np.broadcast_to(split.max(chosen.axes, keepdims=True) > 0, split.shape).reshape(shape)


@dataclass(frozen=True)
class Response:
    """How far the normalised images moved, as the largest change of any of their numbers."""

    own: float
    """In the image that was edited."""
    other: float
    """In any other image."""


def torch_script(chosen: Normalisation, x: np.ndarray, seen: int | None = None) -> str:
    """Return a PyTorch script that normalises images and prints them: in training, or in evaluation.

    `seen` is None in training; in evaluation, how many batches equal to this one the running statistics have seen.
    """
    lines = [
        "import torch",
        "",
        "torch.set_default_dtype(torch.float64)",
        f"x = torch.tensor({x.tolist()})",
        f"norm = {chosen.torch(x.shape[1:], **parameters_of(chosen))}",
    ]
    if seen is not None and chosen.needs_batch:
        lines += [f"for _ in range({seen}):", "    norm(x)"]
    if seen is not None:
        lines.append("norm.eval()")
    return "\n".join([*lines, "y = norm(x)", "print(y)", ""])


def response(chosen: Normalisation, x: np.ndarray, image: int, scale: float, shift: float) -> Response:
    """Replace one image by scale * image + shift, and measure what that changes after normalisation."""
    edited = x.copy()
    edited[image] = scale * x[image] + shift
    change = np.abs(normalise_images(chosen, edited).value - normalise_images(chosen, x).value).max((1, 2, 3))
    return Response(float(change[image]), float(np.delete(change, image).max(initial=0.0)))


@dataclass(frozen=True)
class BatchNoise:
    """How unreliable the statistics of one small batch of normal numbers are."""

    variance_spread: float
    """Standard deviation of the batch's (biased) variance, relative to the true one."""
    mismatch: float
    """Mean squared difference between training output (batch statistics) and evaluation output (true statistics)."""


def batch_noise(batch: int, repeats: int = 20_000, seed: int = 0) -> BatchNoise:
    """Measure it over many batches; theory says sqrt(2 (batch - 1)) / batch for the spread."""
    batch = whole("batch", batch, 1, 10_000)
    repeats = min(repeats, max(200, 4_000_000 // batch))
    x = np.random.default_rng(seed).standard_normal((repeats, batch))
    done = normalise(x, -1)
    return BatchNoise(float(done.variance.std()), float(np.square(done.value - evaluate(x, 0.0, 1.0)).mean()))  # type: ignore[arg-type]


def batch_noise_theory(batch: int) -> float:
    """Return the relative standard deviation of the biased variance of `batch` normal numbers."""
    return math.sqrt(2 * (batch - 1)) / batch


def _split(chosen: Normalisation, x: np.ndarray) -> np.ndarray:
    """Give the channels of images a second axis where there are groups."""
    if x.ndim != 4:
        raise ValueError(f"images: got {x.ndim} axes, allowed are 4: image, channel, row, column")
    groups = parameters_of(chosen).get("groups")
    if groups is None:
        return x
    channels = x.shape[1]
    if channels % groups:
        allowed = ", ".join(str(g) for g in range(1, channels + 1) if channels % g == 0)
        raise ValueError(f"groups: got {groups}, allowed for {channels} channels are {allowed}")
    return x.reshape(x.shape[0], int(groups), -1, *x.shape[2:])
