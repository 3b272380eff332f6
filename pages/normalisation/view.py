"""The normalisation lab: which numbers share a mean and a variance, and what that does to training."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

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
from pages.normalisation.measure import LARGEST
from teaching import record
from ui import controls, figures, lesson, maps, runs, scene
from ui.figures import FALLING, RISING, Curve
from ui.i18n import _
from ui.page import fragment
from ui.palette import GREEN, MARK


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
    chosen = NORMALISATIONS[controls.show("norm")]
    st.caption(_(chosen.text))
    if chosen.key == "group":
        groups = controls.show("groups", widget=st.segmented_control, required=True)
        chosen = with_parameters(chosen, groups=int(groups))
    images = int(controls.slider("images"))
    seed = controls.show("tensor_seed")
    image, channel = int(controls.slider("image")), int(controls.slider("channel"))
    if image >= images:
        st.info(_("There is no image {image}; outlined is the last one.", image=image))
    mode = controls.show("mode", widget=st.segmented_control, required=True)
    batches = int(controls.slider("batches"))
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


@fragment
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
        row = (f"{part.mean():.3g}", f"{part.var():.3g}", f"{np.square(part).mean():.3g}")
        runs.table((_("Mean"), _("Variance"), _("Mean square")), [row], _("Statistics of what is outlined"))
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
        scale = controls.slider("scale")
    with right:
        shift = controls.slider("shift")
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


@fragment
def show_pair() -> None:
    """Show what becomes of a batch of two, and how unreliable small batches are."""
    lesson.section(
        _("A batch of two"),
        _("Two numbers have one mean and one deviation: whatever they are, one becomes −1 and the other 1."),
    )
    left, right = st.columns(2)
    with left:
        one = controls.show("one")
    with right:
        other = controls.show("other")
    low, high = normalise(np.array([one, other]), 0).value
    st.markdown(f"**({one:g}, {other:g}) → ({low:.6g}, {high:.6g})**")
    batches = np.array(lab.NOISY)
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


@fragment
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
        unit, start = controls.show("activation"), controls.show("init")
    with two:
        norm, batch = controls.show("trained_norm"), controls.show("batch")
    with three:
        steps, seed = controls.show("train_steps"), controls.show("first_seed")
    experiment = lab.Experiment(unit, start, norm, int(batch), steps, seed)
    if losses := losses_of("rates", experiment, lab.RATES):
        show_rates(losses)
    show_batches(experiment)


def losses_of(kind: str, experiment: lab.Experiment, points: Sequence[float]) -> lab.Losses:
    """Return what is recorded, or trained on demand, over all `points` of a curve; before that nothing, and a button.

    `kind` is "rates" or "batches".
    """
    if experiment in lab.RECORDED:
        name = f"{kind} {lab.RECORDED[experiment]}"
        found = record.numbers("normalisation", f"panel {name}", lab.PANELS[name])
        return {where: np.array(losses) for where, losses in found.items()}
    count = len(points) * lab.SEEDS * (3 if kind == "rates" else 2)
    if not controls.asked_for(experiment, _("Train {count} networks", count=count), f"train_{kind}"):
        return {}
    return (lab.over_rates if kind == "rates" else lab.over_batches)(experiment)


def places() -> dict[str, str]:
    """Return where a normalisation stands, in words."""
    return {
        "without": _("Without"),
        "before": _("Before the activation"),
        "after": _("After the activation"),
    }


def bands(x: Sequence[float], losses: lab.Losses) -> list[Curve]:
    """Return a curve with its band for every place."""
    names = places()
    return [
        band(np.array(x), own, names[key], *style) for (key, own), style in zip(losses.items(), STYLES, strict=False)
    ]


def median_table(head: str, points: Sequence[float], losses: lab.Losses) -> None:
    names = places()
    cells = [(names[key], *map(loss_text, np.median(own, axis=1))) for key, own in losses.items()]
    runs.table((head, *(f"{point:g}" for point in points)), cells, _("Median loss in evaluation"))


def show_rates(losses: lab.Losses) -> None:
    rows = bands(lab.RATES, losses)
    ends_of_line = np.array(lab.RATES)[[0, -1]]
    rows.append(Curve(ends_of_line, np.full(2, np.log(2)), _("Guessing"), MARK, "dot"))
    figure = figures.curves(rows, _("Learning rate"), _("Loss in evaluation"), log_x=True, log_y=True, height=340)
    figure.update_xaxes(tickvals=lab.RATES)
    figures.show(figure, "norm_rates", _("Loss after training against the learning rate, with and without"), bar=False)
    median_table(_("Rate"), lab.RATES, losses)


STYLES = ((MARK, "dash"), (FALLING, "solid"), (RISING, "dot"))


def band(x: np.ndarray, losses: np.ndarray, name: str, color: str, dash: str) -> Curve:
    """Return the median over the seeds and the band from best to worst seed; a median that diverged is left out."""
    middle = np.median(losses, axis=1)
    kept = np.isfinite(middle)
    finite = np.where(np.isfinite(losses), losses, np.nan)[kept]
    return Curve(
        x[kept], middle[kept], name, color, dash, np.nanmin(finite, axis=1), np.nanmax(finite, axis=1), "lines+markers"
    )


def loss_text(loss: float) -> str:
    return f"{loss:.2g}" if np.isfinite(loss) else _("diverged")


def show_batches(experiment: lab.Experiment) -> None:
    label = _("Tiny batches: the same at rate 0.1")
    with controls.drawer(label, "drawer_batches", ":material/grid_on:") as is_open:
        if not is_open:
            return
        losses = losses_of("batches", experiment, lab.BATCHES)
        if not losses:
            return
        median_table(_("Samples in a batch"), lab.BATCHES, losses)
        curves = bands(lab.BATCHES, losses)
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
