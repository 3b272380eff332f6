"""The normalisation lab: which numbers share a mean and a variance, and what that does to training."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.networks.activations import ACTIVATIONS
from core.networks.initialisation import INITIALISATIONS
from core.networks.normalisation import (
    NORMALISATIONS,
    Normalisation,
    batch_noise_theory,
    evaluate,
    normalise,
    normalise_backward,
    normalise_images,
    response,
    shares_statistics,
    torch_script,
    updated,
)
from core.networks.parameters import with_parameters
from pages.normalisation import measure as lab
from ui import compute, controls, figures, lesson, maps, runs, scene
from ui.figures import FALLING, RISING, Curve
from ui.i18n import _
from ui.palette import GREEN, MARK
from ui.server import aside

TITLES = {row.key: row.title for row in NORMALISATIONS}
MOST_IMAGES = 4
LARGEST = 1e6
"""Largest number of the tensor."""
SEGMENTS = {"widget": st.segmented_control, "required": True}


class View(NamedTuple):
    """What the sidebar sets."""

    chosen: Normalisation
    images: int
    seed: int
    cell: tuple[int, int, int, int]
    evaluated: bool
    batches: int


def choose_view() -> View:
    """Show the sidebar and return what it sets."""
    chosen = NORMALISATIONS[controls.choice(_("Normalisation"), TITLES, "norm", "batch")]
    st.caption(_(chosen.text))
    if chosen.key == "group":
        groups = controls.choice(
            _("Groups of channels"), {str(g): str(g) for g in (1, 2, 4)}, "groups", "2", **SEGMENTS
        )
        chosen = with_parameters(chosen, groups=int(groups))
    images = controls.slider(_("Images"), "images", lab.IMAGES, 1, MOST_IMAGES, step=1)
    seed = controls.number(_("Seed of the tensor"), "tensor_seed", 0, 0, 2**31)
    image = controls.slider(_("Outline what is averaged with image"), "image", 0, 0, MOST_IMAGES - 1, step=1)
    channel = controls.slider(_("and channel"), "channel", 0, 0, lab.CHANNELS - 1, step=1)
    if image >= images:
        st.info(_("There is no image {image}; outlined is the last one.", image=image))
    modes = {"training": _("Training"), "evaluation": _("Evaluation")}
    mode = controls.choice(_("Statistics"), modes, "mode", "training", **SEGMENTS)
    batches = controls.slider(_("Batches seen before evaluation"), "batches", 10, 0, 60, step=1)
    return View(chosen, images, seed, (min(image, images - 1), channel, 0, 0), mode == "evaluation", batches)


def edit(view: View) -> np.ndarray:
    """Show the tensor as a table to type into; return it, (images, channels, rows, columns)."""
    first = lab.tensor(view.images, view.seed)
    names = [
        _("Image {image}, channel {channel}", image=n, channel=c)
        for n in range(view.images)
        for c in range(lab.CHANNELS)
    ]
    pixels = [str(k) for k in range(first[0, 0].size)]
    table = pd.DataFrame(first.reshape(len(names), -1), index=pd.Index(names, name=_("Pixel")), columns=pixels)
    column = st.column_config.NumberColumn(min_value=-LARGEST, max_value=LARGEST, format="%.4g", width=62)
    columns = dict.fromkeys(pixels, column) | {"_index": st.column_config.Column(disabled=True, width=98)}
    typed = st.data_editor(table, key=f"tensor_{view.images}_{view.seed}", column_config=columns, height=320)
    values = typed.to_numpy(dtype=float).reshape(first.shape)
    if np.isnan(values).any():
        st.info(_("An empty cell counts as the number that it had at first."))
    return np.where(np.isnan(values), first, values)


def output_of(view: View, x: np.ndarray) -> np.ndarray:
    """Return the normalised tensor, in evaluation with running statistics where other images would matter."""
    done = normalise_images(view.chosen, x)
    if not (view.evaluated and view.chosen.needs_batch):
        return done.value
    return evaluate(x, *lab.running_after(done, x[:, 0].size, view.batches))


def cube(x: np.ndarray, view: View, title: str) -> go.Figure:
    """Draw a tensor: a row for each channel, the pixels of one image after those of another; outline what is shared."""
    pixels = x[0, 0].size
    flat = x.transpose(1, 0, 2, 3).reshape(x.shape[1], -1)
    shared = shares_statistics(view.chosen, x.shape, view.cell).transpose(1, 0, 2, 3).reshape(flat.shape)
    columns, rows = np.arange(flat.shape[1]), np.arange(len(flat))
    figure = maps.field(columns, rows, flat, title, diverging=True, height=300)
    figure.update_traces(
        showscale=False,
        colorscale=[[0, FALLING], [0.5, "#eceef0"], [1, RISING]],
        texttemplate="%{z:.2f}",
        hovertemplate="%{z:.6g}<extra></extra>",
    )
    for c, column in zip(*np.nonzero(shared), strict=True):
        box = {"x0": column - 0.44, "x1": column + 0.44, "y0": c - 0.44, "y1": c + 0.44}
        figure.add_shape(type="rect", line={"color": GREEN, "width": 3}, **box)
    for n in range(1, len(x)):
        figure.add_vline(x=n * pixels - 0.5, line={"color": MARK, "width": 3})
    ticks = {"tickmode": "array", "showgrid": False}
    images = [_("Image {image}", image=n) for n in range(len(x))]
    middles = [n * pixels + (pixels - 1) / 2 for n in range(len(x))]
    figure.update_xaxes(tickvals=middles, ticktext=images, range=[-0.5, len(columns) - 0.5], title="", **ticks)
    figure.update_yaxes(range=[len(rows) - 0.5, -0.5], title=_("Channel"), dtick=1, showgrid=False)
    figure.update_layout(title=figures.heading(title), dragmode=False, margin={"t": 34, "b": 28})
    return figure


@st.fragment
def stage(view: View) -> None:
    """Show the tensor before and after. A fragment: typing into it draws only this anew."""
    pictures = st.container()
    table, said = st.columns([1, 1.1], gap="small")
    with table:
        x = edit(view)
    output = output_of(view, x)
    with pictures:
        left, right = st.columns(2, gap="small")
        with left:
            figures.show(cube(x, view, _("Before")), "norm_before", _("The tensor before the normalisation"), bar=False)
        with right:
            figures.show(
                cube(output, view, _("After")), "norm_after", _("The tensor after the normalisation"), bar=False
            )
    with said:
        say_group(view, x)
        show_statistics(view, x)
    show_response(x)
    take_away(view, x, output)


def say_group(view: View, x: np.ndarray) -> None:
    """Say what is averaged, and what the running statistics do."""
    shared = shares_statistics(view.chosen, x.shape, view.cell)
    text = _(
        "**{count} of {all} numbers** share one mean and one variance: those with a green outline.",
        count=int(shared.sum()),
        all=x.size,
    )
    st.markdown(text)
    if not view.evaluated:
        return
    if view.chosen.needs_batch:
        st.markdown(_("Evaluation: the running statistics after {count} batches like this one.", count=view.batches))
    else:
        st.markdown(_("Evaluation is the same as training: no other image is needed."))


def show_statistics(view: View, x: np.ndarray) -> None:
    """Show mean and variance of every channel under batch normalisation, otherwise of what is outlined."""
    done = normalise_images(view.chosen, x)
    if not view.chosen.needs_batch:
        part = x[shares_statistics(view.chosen, x.shape, view.cell)]
        rows = [(f"{part.mean():.3g}", f"{part.var():.3g}", f"{np.square(part).mean():.3g}")]
        runs.table((_("Mean"), _("Variance"), _("Mean square")), rows, _("Statistics of what is outlined"))
        return
    mean, variance = lab.running_after(done, x[:, 0].size, view.batches)
    numbers = zip(done.mean.flat, done.variance.flat, mean.flat, variance.flat, strict=True)
    rows = [(str(c), *(f"{number:.3g}" for number in row)) for c, row in enumerate(numbers)]
    heads = (_("Channel"), _("Mean"), _("Variance"), _("Running mean"), _("Running variance"))
    runs.table(heads, rows, _("Statistics of every channel"))
    st.caption(
        _(
            "Training divides by the root of the biased variance. The running one is the unbiased; each batch enters "
            "it with weight 0.1."
        )
    )


def show_response(x: np.ndarray) -> None:
    lesson.section(
        _("One image that changes another"),
        _("Image 0 is multiplied and shifted. How far does the output move, at most, in that image and in the others?"),
    )
    left, right = st.columns(2)
    with left:
        scale = controls.slider(_("Image 0 times"), "scale", 5.0, -10.0, 10.0, step=0.5)
    with right:
        shift = controls.slider(_("plus"), "shift", 3.0, -10.0, 10.0, step=0.5)
    rows = []
    for row in NORMALISATIONS:
        found = response(row, x, 0, scale, shift)
        rows.append((row.title, f"{found.own:.2g}", f"{found.other:.2g}" if len(x) > 1 else "–"))
    runs.table((_("Normalisation"), _("Image 0"), _("Other images")), rows, _("How far the outputs move"))


def take_away(view: View, x: np.ndarray, output: np.ndarray) -> None:
    def as_csv() -> str:
        index = pd.MultiIndex.from_product(map(range, x.shape), names=("image", "channel", "row", "column"))
        return pd.DataFrame({"input": x.ravel(), "output": output.ravel()}, index=index).to_csv()

    def as_html() -> str:
        first = cube(x, view, _("Before")).to_html(include_plotlyjs=True, full_html=False)
        second = cube(output, view, _("After")).to_html(include_plotlyjs=False, full_html=False)
        return f"<!doctype html><meta charset='utf-8'>{first}{second}"

    scene.take_away(scene.File(as_csv, "normalisation.csv"), scene.File(as_html, "normalisation.html"))
    st.caption(_("Numbers typed into the tensor are not part of the address; the CSV holds them."))
    name = _("Copy as PyTorch: {name}", name=view.chosen.title)
    with controls.drawer(name, "drawer_torch", ":material/content_copy:") as is_open:
        if is_open:
            st.code(torch_script(view.chosen, x, view.batches if view.evaluated else None), language="python")
    with controls.drawer(_("The code that ran"), "drawer_code", ":material/code:") as is_open:
        if is_open:
            functions = (normalise, normalise_backward, *((evaluate, updated) if view.chosen.needs_batch else ()))
            lesson.formula(view.chosen.latex, functions, view.chosen.source)


@st.fragment
def show_pair() -> None:
    """Show what becomes of a batch of two, and how unreliable small batches are."""
    lesson.section(
        _("A batch of two"),
        _("Two numbers have one mean and one deviation: whatever they are, one becomes −1 and the other 1."),
    )
    left, right = st.columns(2)
    with left:
        one = controls.number(_("One"), "one", 3.1, -LARGEST, LARGEST)
    with right:
        other = controls.number(_("The other"), "other", 7.4, -LARGEST, LARGEST)
    low, high = normalise(np.array([one, other]), 0).value
    st.markdown(f"**({one:g}, {other:g}) → ({low:.6g}, {high:.6g})**")
    batches = np.array(lab.NOISY)
    with aside(), st.spinner(_("Drawing small batches")):
        noise = [lab.noise_of(int(batch)) for batch in batches]
    rows = [
        Curve(
            batches, np.array([n.variance_spread for n in noise]), _("Spread of the variance"), FALLING, mode="markers"
        ),
        Curve(batches, np.array([batch_noise_theory(int(b)) for b in batches]), "√(2(B − 1)) / B", FALLING, "dot"),
        Curve(
            batches, np.array([n.mismatch for n in noise]), _("Training against evaluation, squared"), RISING, "dash"
        ),
    ]
    figure = figures.curves(rows, _("Samples in a batch"), _("Relative to the true variance"), log_x=True, log_y=True)
    figure.update_xaxes(tickvals=batches)
    figures.show(figure, "norm_noise", _("How unreliable the statistics of small batches are"), bar=False)


def train_all(tasks: Sequence[lab.Task], message: str) -> list[lab.Ends]:
    """Train, or look up, every task under a progress bar."""
    bar, ends = st.empty(), []
    for k, task in enumerate(tasks):

        def progress(part: float, done: int = k) -> None:
            bar.progress(min((done + part) / len(tasks), 1.0), message)

        with compute.compiling(), aside():
            ends.append(lab.trained(task, progress))
    bar.empty()
    return ends


@st.fragment
def show_training() -> None:
    """Train networks with and without a normalisation, over rates and over sizes of batches."""
    lesson.section(
        _("With and without"),
        _(
            "Eight hidden layers of 32 units tell two moons apart: SGD, 256 points, five rates, {seeds} seeds each. "
            "The line is the median, the band reaches from the best to the worst seed; runs that diverged are left "
            "out.",
            seeds=lab.SEEDS,
        ),
    )
    one, two, three = st.columns(3)
    with one:
        unit = controls.choice(_("Activation"), {a.key: a.title for a in ACTIVATIONS}, "activation", "relu")
        start = controls.choice(_("Initialisation"), {i.key: i.title for i in INITIALISATIONS}, "init", "he")
    with two:
        norms = {key: TITLES[key] for key in ("batch", "layer", "rms")}
        norm = controls.choice(_("Normalised by"), norms, "trained_norm", "batch")
        sizes = {str(2**k): str(2**k) for k in range(1, 9)}
        batch = controls.choice(_("Samples in a batch"), sizes, "batch", str(lab.BATCH))
    with three:
        steps = controls.number(_("Steps"), "train_steps", lab.STEPS, 1, 2000, step=100)
        seed = controls.number(_("First seed"), "first_seed", 0, 0, 2**31)

    def task(**changes) -> lab.Task:
        seeds = tuple(range(seed, seed + lab.SEEDS))
        plain = {"norm": norm, "batch": int(batch), "seeds": seeds, "steps": steps}
        return lab.Task(ACTIVATIONS[unit], INITIALISATIONS[start], **plain | changes)

    ends = train_all(
        [task(norm="none"), task(), task(place="after")], _("Training {count} networks", count=15 * lab.SEEDS)
    )
    names = (_("Without"), _("Before the activation"), _("After the activation"))
    rows = [band(np.array(lab.RATES), end, name, *style) for end, name, style in zip(ends, names, STYLES, strict=True)]
    ends_of_line = np.array(lab.RATES)[[0, -1]]
    rows.append(Curve(ends_of_line, np.full(2, np.log(2)), _("Guessing"), MARK, "dot"))
    figure = figures.curves(rows, _("Learning rate"), _("Loss in evaluation"), log_x=True, log_y=True, height=340)
    figure.update_xaxes(tickvals=lab.RATES)
    figures.show(figure, "norm_rates", _("Loss after training against the learning rate, with and without"), bar=False)
    heads = (_("Rate"), *(f"{rate:g}" for rate in lab.RATES))
    cells = [(name, *map(loss_text, end.median)) for name, end in zip(names, ends, strict=True)]
    runs.table(heads, cells, _("Median loss in evaluation"))
    show_batches(task)


STYLES = ((MARK, "dash"), (FALLING, "solid"), (RISING, "dot"))


def band(x: np.ndarray, ends: lab.Ends, name: str, color: str, dash: str) -> Curve:
    """Return the median over the seeds and the band from best to worst seed; a median that diverged is left out."""
    kept = np.isfinite(ends.median)
    losses = np.where(np.isfinite(ends.evaluation), ends.evaluation, np.nan)[kept]
    low, high = np.nanmin(losses, axis=1), np.nanmax(losses, axis=1)
    return Curve(x[kept], ends.median[kept], name, color, dash, low, high, "lines+markers")


def loss_text(loss: float) -> str:
    return f"{loss:.2g}" if np.isfinite(loss) else _("diverged")


def show_batches(task: Callable[..., lab.Task]) -> None:
    label = _("Tiny batches: the same at rate 0.1")
    with controls.drawer(label, "drawer_batches", ":material/grid_on:") as is_open:
        if not is_open:
            return
        tasks = [task(norm="none", rates=(0.1,), batch=b) for b in lab.BATCHES]
        tasks += [task(rates=(0.1,), batch=b) for b in lab.BATCHES]
        ends = train_all(tasks, _("Training {count} networks", count=len(tasks) * lab.SEEDS))
        heads = (_("Samples in a batch"), *map(str, lab.BATCHES))
        middle = len(lab.BATCHES)
        rows = [
            (name, *(loss_text(end.median[0]) for end in part))
            for name, part in ((_("Without"), ends[:middle]), (_("Before the activation"), ends[middle:]))
        ]
        runs.table(heads, rows, _("Median loss in evaluation"))
        x = np.array(lab.BATCHES)
        curves = []
        for part, name, style in zip((ends[:middle], ends[middle:]), (rows[0][0], rows[1][0]), STYLES, strict=False):
            together = lab.Ends(*(np.concatenate([getattr(e, k) for e in part]) for k in ("training", "evaluation")))
            curves.append(band(x, together, name, *style))
        figure = figures.curves(curves, _("Samples in a batch"), _("Loss in evaluation"), log_x=True, log_y=True)
        figures.show(figure, "norm_batches", _("Loss after training against the size of a batch"), bar=False)


def show_sizes() -> None:
    lesson.section(
        _("Weights without a size"),
        _(
            "Weights in front of batch normalisation times c: the loss stays, the gradient is divided by c. "
            "Only where ε is no longer small against the variance does their size come back."
        ),
    )
    factors = np.geomspace(1e-5, 1e3, 33)
    found = lab.sizes(tuple(factors))
    left, right = st.columns(2, gap="small")
    with left:
        figure = figures.curves(
            [Curve(factors, found.loss, _("Loss"), FALLING)], "c", _("Loss"), log_x=True, legend=False
        )
        figures.show(figure, "norm_loss", _("Loss against the size of the weights"), bar=False)
    with right:
        rows = [
            Curve(factors, found.gradient, _("Gradient"), FALLING),
            Curve(factors, found.gradient[16] * factors[16] / factors, "1 / c", MARK, "dot"),
        ]
        figure = figures.curves(rows, "c", _("Length of the gradient"), log_x=True, log_y=True)
        figures.show(figure, "norm_gradient", _("Gradient against the size of the weights"), bar=False)


def show() -> None:
    """Show the experiment of the page."""
    with st.sidebar:
        view = choose_view()
    stage(view)
    show_pair()
    show_training()
    show_sizes()
