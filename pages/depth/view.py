"""The depth lab: a signal and its gradient on their way through a deep random network."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.networks.activations import ACTIVATIONS, Activation
from core.networks.initialisation import INITIALISATIONS, Initialisation
from core.networks.normalisation import NORMALISATIONS, normalise, normalise_backward
from core.networks.parameters import parameters_of, with_parameters
from core.networks.signal import Signal
from pages.depth import measure as lab
from teaching import record
from ui import controls, figures, lesson, maps, page, runs, scene
from ui.figures import FALLING, RISING, Curve
from ui.i18n import _
from ui.page import fragment, state
from ui.palette import GREEN, MARK

BADGES = {
    lab.SURVIVES: ("green", "check"),
    lab.VANISHES: ("orange", "trending_down"),
    lab.ZERO: ("orange", "trending_down"),
    lab.EXPLODES: ("red", "trending_up"),
    lab.INFINITE: ("red", "trending_up"),
    lab.UNKNOWN: ("gray", "question_mark"),
}
REACH = 4.0
"""Deviations, or activations, that a histogram shows on either side of zero."""
DECADES = 12.0
"""Where the colours of the grid end."""


class Plan(NamedTuple):
    """What the sidebar sets."""

    unit: Activation
    start: Initialisation
    norm: str
    depth: int
    width: int
    samples: int
    seed: int
    std: float


def tuned(spec):
    """Show the parameters of an activation or initialisation; return it with their values."""
    return with_parameters(spec, **{p.key: controls.show(f"{spec.key}_{p.key}") for p in spec.parameters})


def choose_plan() -> Plan:
    """Show the sidebar and return what it sets."""
    unit = tuned(ACTIVATIONS[controls.show("activation")])
    start = tuned(INITIALISATIONS[controls.show("init")])
    norm = controls.show("norm", widget=st.segmented_control, required=True, width="stretch")
    depth, width = int(controls.slider("depth")), int(controls.slider("width"))
    samples, std, seed = (controls.show(key) for key in ("samples", "input_std", "seed"))
    most = lab.most_samples(depth, width)
    if samples > most:
        text = _(
            "{depth} layers of {width} units leave room for {most} samples: so many are sent.",
            depth=depth,
            width=width,
            most=most,
        )
        st.info(text)
    return Plan(unit, start, norm, depth, width, min(samples, most), seed, std)


def say_both(plan: Plan, found: Signal) -> None:
    """Say what became of the signal and of the gradient."""
    depth = plan.depth
    ahead, back = lab.verdict(found.signal), lab.verdict(found.gradient[::-1])
    values = numbers_of(ahead, depth, ahead.place)
    sentences = {
        lab.SURVIVES: _(
            "**Signal**: what tells samples apart is in layer {depth} {factor} times what it was.", **values
        ),
        lab.VANISHES: _(
            "**Signal**: {factor} of what tells samples apart is left in layer {depth}, "
            "less than 1/{limit} from layer {layer} on.",
            **values,
        ),
        lab.EXPLODES: _(
            "**Signal**: {factor} times as large in layer {depth}, more than {limit} times from layer {layer} on.",
            **values,
        ),
        lab.ZERO: _("**Signal**: from layer {layer} on, every sample gives exactly the same.", **values),
        lab.INFINITE: _("**Signal**: too large for a double from layer {layer} on.", **values),
    }
    say(ahead, sentences)
    values = numbers_of(back, depth, None if back.place is None else depth - back.place)
    sentences = {
        lab.SURVIVES: _("**Gradient**: at the input it is {factor} times that in layer {depth}.", **values),
        lab.VANISHES: _(
            "**Gradient**: {factor} of it comes back to the input, less than 1/{limit} from layer {layer} down.",
            **values,
        ),
        lab.EXPLODES: _(
            "**Gradient**: {factor} times as large at the input, more than {limit} times from layer {layer} down.",
            **values,
        ),
        lab.ZERO: _("**Gradient**: exactly zero from layer {layer} down.", **values),
        lab.INFINITE: _("**Gradient**: too large for a double from layer {layer} down.", **values),
        lab.UNKNOWN: _("**Gradient**: there is no way back through an infinite layer."),
    }
    say(back, sentences)
    theory = found.theory.gradient[0] if found.theory else np.nan
    if 0 < theory < np.inf:
        say_theory = _(
            "Infinitely wide layers: gradient times {factor} per layer.", factor=f"{theory ** (1 / depth):.4g}"
        )
        st.caption(say_theory)
    if np.isfinite(found.std[-1]) and found.signal[-1] < 0.01 * found.std[-1]:
        text = _(
            "The standard deviation over units and samples hides the loss: units differ from one another, but every "
            "unit is nearly the same for all samples."
        )
        st.markdown(f":material/visibility_off: {text}")


def numbers_of(verdict: lab.Verdict, depth: int, layer: int | None) -> dict:
    """Return what the sentences on a verdict name."""
    return {"factor": short(verdict.factor), "depth": depth, "layer": layer, "limit": f"{lab.LIMIT:g}"}


def say(verdict: lab.Verdict, sentences: dict[str, str]) -> None:
    """Say in a line what became of the signal or of the gradient."""
    color, icon = BADGES[verdict.kind]
    kinds = {
        lab.SURVIVES: _("survives"),
        lab.VANISHES: _("vanishes"),
        lab.ZERO: _("exactly zero"),
        lab.EXPLODES: _("explodes"),
        lab.INFINITE: _("infinite"),
        lab.UNKNOWN: _("unknown"),
    }
    text = sentences[verdict.kind]
    if verdict.kind in (lab.SURVIVES, lab.VANISHES, lab.EXPLODES):
        factor = _("A factor of {factor} per layer.", factor=f"{verdict.per_layer:.4g}")
        text = f"{text} {factor}"
    st.markdown(f":{color}-badge[:material/{icon}: {kinds[verdict.kind]}] {text}")


def short(value: float) -> str:
    """Return a number of any size in at most seven characters."""
    if np.isnan(value):
        return "–"
    if np.isinf(value):
        return "∞"
    if value == 0 or 0.01 <= value < 1000:
        return f"{value:.2g}" if value < 100 else f"{value:.0f}"
    digits, power = f"{value:.0e}".split("e")
    return f"{digits}e{int(power)}"


def drawn(values: np.ndarray) -> np.ndarray:
    """Return what a logarithmic axis can show; there is a gap where a number is zero or infinite."""
    return np.where((values > 0) & np.isfinite(values), values, np.nan)


def signal_figure(plan: Plan, found: Signal) -> go.Figure:
    layers = np.arange(plan.depth + 1)
    rows = [
        Curve(layers, drawn(found.std), _("Units and samples"), FALLING),
        Curve(layers, drawn(found.signal), _("Samples alone: the signal"), RISING, "dash"),
    ]
    if found.theory:
        rows.append(
            Curve(layers, drawn(found.theory.std), _("Theory: units and samples, infinitely wide"), MARK, "dot")
        )
    figure = figures.curves(rows, _("Layer"), _("Standard deviation of activations"), log_y=True, height=340)
    return mark_loss(figure, found.signal)


def gradient_figure(plan: Plan, found: Signal) -> go.Figure:
    layers = np.arange(plan.depth + 1)
    rows = [Curve(layers, drawn(found.gradient), _("Gradient"), FALLING)]
    if found.theory:
        rows.append(Curve(layers, drawn(found.theory.gradient), _("Theory, infinitely wide"), MARK, "dot"))
    figure = figures.curves(rows, _("Layer"), _("Root mean square of the gradient"), log_y=True, height=340)
    return mark_loss(figure, found.gradient)


def mark_loss(figure: go.Figure, sizes: np.ndarray) -> go.Figure:
    """Mark the layers in which a number is zero or infinite: the curve ends there."""
    for lost, sign in ((sizes == 0, "0"), (np.isinf(sizes), "∞")):
        if lost.any():
            layers = np.flatnonzero(lost)
            style = {"fillcolor": MARK, "opacity": 0.18, "line_width": 0}
            figure.add_vrect(x0=layers[0] - 0.5, x1=layers[-1] + 0.5, annotation_text=sign, **style)
    figure.update_xaxes(range=[-0.5, len(sizes) - 0.5])
    return figure


def histogram_figure(plan: Plan, found: Signal, relative: bool) -> go.Figure:
    middles, parts = lab.histograms(found.layers, plan.depth, -REACH, REACH, relative=relative)
    y_title = _("Deviations from the mean") if relative else _("Activations")
    layers = np.arange(1, plan.depth + 1)
    logarithm = np.log10(np.where(parts > 0, parts, np.nan))
    figure = maps.field(
        layers, middles, logarithm, "log₁₀", x_title=_("Layer"), y_title=y_title, limits=(-4.0, 0.0), height=320
    )
    figure.update_traces(showscale=False)
    figure.update_xaxes(range=[0.5, plan.depth + 0.5])
    return figure


def units_figure(plan: Plan, found: Signal) -> go.Figure:
    layers = np.arange(1, len(found.layers) + 1)
    rows = [
        Curve(layers, 100 * np.array([x.dead for x in found.layers]), _("Dead units"), RISING),
        Curve(layers, 100 * np.array([x.saturated for x in found.layers]), _("Saturated"), FALLING, "dash"),
    ]
    figure = figures.curves(rows, _("Layer"), _("Percent"), height=320)
    figure.update_xaxes(range=[0.5, plan.depth + 0.5])
    figure.update_yaxes(range=[-3, 103])
    return figure


def singular_figure(found: Signal) -> go.Figure:
    values = found.log_singular if found.log_singular is not None else np.array([])
    row = Curve(np.arange(1, len(values) + 1), values, _("Singular values"), FALLING, mode="lines+markers")
    figure = figures.curves([row], _("Rank"), _("log₁₀ of the singular value"), legend=False, height=320)
    return figure.update_traces(marker_size=4)


@fragment
def stage(plan: Plan, found: Signal) -> None:
    """Show what was measured. A fragment: another view of the histograms draws only this anew."""
    say_both(plan, found)
    left, right = st.columns(2, gap="small")
    with left:
        figures.show(
            signal_figure(plan, found), "depth_signal", _("Standard deviation of the activations in every layer")
        )
    with right:
        figures.show(gradient_figure(plan, found), "depth_gradient", _("Size of the gradient in every layer"))
    left, middle, right = st.columns(3, gap="small")
    with left:
        view = controls.show(
            "histogram", widget=st.segmented_control, required=True, width="stretch", label_visibility="collapsed"
        )
        figure = histogram_figure(plan, found, view == "shape")
        figures.show(figure, "depth_histograms", _("Histogram of the activations in every layer"), bar=False)
        st.caption(
            _("Yellow: the whole layer in one of 80 cells; blue: a ten-thousandth of it. Nothing beyond ±4 is shown.")
        )
    with middle:
        figures.show(
            units_figure(plan, found),
            "depth_units",
            _("Share of dead and of saturated units in every layer"),
            bar=False,
        )
        st.caption(_("Dead: slope zero for every sample. Saturated: the slope has died out, but is not zero."))
    with right:
        figures.show(singular_figure(found), "depth_singular", _("Singular values of the Jacobian"), bar=False)
        st.caption(singular_caption(plan, found))


def singular_caption(plan: Plan, found: Signal) -> str:
    if found.log_singular is None:
        return _("The Jacobian of the whole network is not finite, or zero: it has no singular values to show.")
    return _(
        "How far the network stretches directions at its first sample. Of {width} singular values {shown} are shown; "
        "the others are zero or lost in rounding.",
        width=plan.width,
        shown=len(found.log_singular),
    )


def show_grid(plan: Plan, found: Signal) -> None:
    lesson.section(
        _("Every activation with every initialisation"),
        _(
            "{depth} layers of {width} units, {samples} samples, seed {seed}; the framed cell is the network above. "
            "Choose a cell, and the pictures above show it. Pale is alive, blue is vanishing, vermilion is exploding; "
            "colours end at 12 powers of ten.",
            depth=plan.depth,
            width=min(plan.width, lab.GRID_WIDTH),
            samples=lab.SAMPLES,
            seed=plan.seed,
        ),
    )
    shown = controls.show("grid", widget=st.segmented_control, required=True)
    grids = grids_of(plan)
    if not grids:
        return
    values = np.array(grids[shown])
    if framed := cell_of(plan):  # its number is the one above, whatever its samples and units
        own = {"gradient": found.gradient_ratio, "signal": found.signal[-1], "deviation": found.std[-1]}
        values[framed] = own[shown]
    st.plotly_chart(
        grid_figure(plan, values),
        key="depth_grid",
        alt=_("Heat map of every activation with every initialisation"),
        on_select=choose_cell,
        selection_mode="points",
        config={"displayModeBar": False},
    )


def grids_of(plan: Plan) -> Mapping | None:
    """Return the grids of a plan, recorded or measured on demand; None, and the button for it, before that."""
    size = {"depth": plan.depth, "width": min(plan.width, lab.GRID_WIDTH), "seed": plan.seed, "std": plan.std}
    if size == lab.RECORDED:
        name = f"grid {plan.norm}"
        return record.numbers("depth", f"panel {name}", lab.PANELS[name])
    settings = (plan.norm, *size.values())
    label = _("Measure {count} networks", count=len(lab.ROWS) * len(lab.COLUMNS))
    return lab.grid_of(*settings) if controls.asked_for(settings, label, "measure_grid") else None


def cell_of(plan: Plan) -> tuple[int, int] | None:
    """Return row and column of the grid that hold the network of the page; None where it is in no cell."""
    starts = [start for _title, start in lab.COLUMNS]
    tuned_alike = plan.unit.key in lab.ROWS and plan.unit == ACTIVATIONS[plan.unit.key]
    return (lab.ROWS.index(plan.unit.key), starts.index(plan.start)) if tuned_alike and plan.start in starts else None


def grid_figure(plan: Plan, values: np.ndarray) -> go.Figure:
    with np.errstate(divide="ignore"):
        colors = np.clip(np.log10(values), -DECADES, DECADES)
    columns, rows = np.arange(len(lab.COLUMNS)), np.arange(len(lab.ROWS))
    figure = maps.field(
        columns, rows, colors, "log₁₀", x_title="", y_title="", diverging=True, limits=(-DECADES, DECADES), height=400
    )
    # Opaque: Plotly then writes each number in black or white, whichever its cell makes legible, in light and dark.
    figure.update_traces(
        showscale=False,
        colorscale=[[0, FALLING], [0.5, "#eceef0"], [1, RISING]],
        hoverinfo="skip",
        hovertemplate=None,
        text=[[short(value) for value in row] for row in values],
        texttemplate="%{text}",
    )
    x, y = np.meshgrid(columns, rows)
    # A heat map hears no click: an invisible point in each cell does.
    figure.add_scatter(
        x=x.ravel(),
        y=y.ravel(),
        mode="markers",
        text=[short(value) for value in values.ravel()],
        marker={"symbol": "square", "size": 34, "opacity": 0},
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
        hovertemplate="%{text}<extra></extra>",
    )
    if framed := cell_of(plan):
        k, n = framed
        line = {"width": 3, "color": MARK}
        figure.add_shape(type="rect", x0=n - 0.5, x1=n + 0.5, y0=k - 0.5, y1=k + 0.5, line=line)
    ticks = {"tickmode": "array", "showgrid": False}
    titles = [title for title, _start in lab.COLUMNS]
    figure.update_xaxes(tickvals=columns, ticktext=titles, side="top", range=[-0.5, len(columns) - 0.5], **ticks)
    names = [ACTIVATIONS[row].title for row in lab.ROWS]
    figure.update_yaxes(tickvals=rows, ticktext=names, range=[len(rows) - 0.5, -0.5], automargin=True, **ticks)
    figure.update_layout(dragmode=False, margin={"t": 60, "b": 8})
    return figure


def choose_cell() -> None:
    """Set the sidebar to the cell of the grid that was chosen."""
    points = st.session_state["depth_grid"].selection.points
    if not points:
        return
    _title, start = lab.COLUMNS[int(points[0]["x"])]
    unit = ACTIVATIONS[lab.ROWS[int(points[0]["y"])]]
    values = {f"{spec.key}_{name}": value for spec in (unit, start) for name, value in parameters_of(spec).items()}
    page.update(values, activation=unit.key, init=start.key)


@fragment
def show_symmetry() -> None:
    """Train networks whose units begin equal, or not. A fragment: its numbers draw only this anew."""
    lesson.section(
        _("Equal units stay equal"),
        _(
            "A network 1-{units}-1 with tanh learns sin(3x) by SGD with rate {rate}. Where all weights begin at the "
            "same number, all units of a layer get the same gradient, whatever they learn.",
            units=lab.UNITS,
            rate=lab.RATE,
        ),
    )
    left, middle, right = st.columns(3)
    with left:
        level = controls.slider("level")
    with middle:
        steps = controls.show("steps")
    with right:
        seed = controls.show("weights_seed")
    if any(state()[key] != state().default(key) for key in ("level", "steps", "weights_seed")):
        found = lab.symmetry(level, seed, steps)
    else:
        found = lab.recorded_symmetry(record.numbers("depth", "panel symmetry", lab.PANELS["symmetry"]))
    names = {
        "equal": (_("All weights {level}", level=f"{level:g}"), RISING, "solid"),
        "zero": (_("All weights 0"), MARK, "dash"),
        "random": (_("Random weights (Xavier)"), FALLING, "solid"),
        "alone": (_("One random unit alone"), GREEN, "dot"),
    }
    losses = [Curve(run.steps, drawn(run.loss), *names[key]) for key, run in found.items()]
    spreads = [Curve(run.steps, run.spread, *names[key]) for key, run in found.items() if key != "alone"]
    left, right = st.columns(2, gap="small")
    with left:
        figure = figures.curves(losses, _("Step"), _("Loss"), log_y=True)
        figures.show(figure, "depth_loss", _("Loss of the four networks over the steps"), bar=False)
    with right:
        figure = figures.curves(spreads, _("Step"), _("Largest distance between two units"))
        figures.show(figure, "depth_spread", _("Largest distance between two units over the steps"), bar=False)
    heads = (_("Start"), _("Loss at the end"), _("Distance between units"))
    rows = [
        (names[key][0], f"{run.loss[-1]:.4g}", short(run.spread[-1]) if key != "alone" else "–")
        for key, run in found.items()
    ]
    runs.table(heads, rows, _("What the four networks learned"))


def show_code(plan: Plan) -> None:
    with controls.drawer(_("The code that ran"), "drawer_code", ":material/code:") as is_open:
        if is_open:
            st.markdown(_(plan.unit.text))
            lesson.formula(plan.unit.latex, plan.unit.formulas[:2], plan.unit.source)
            st.markdown(_(plan.start.text))
            lesson.formula(plan.start.latex, (plan.start.draw,), plan.start.source)
            if plan.norm != "none":
                chosen = NORMALISATIONS[plan.norm]
                st.markdown(_("Here the units of a layer take the place of the channels of images."))
                lesson.formula(chosen.latex, (normalise, normalise_backward), chosen.source)


def as_csv(plan: Plan, found: Signal) -> str:
    """Return one row for every layer, the input as layer 0."""
    table = pd.DataFrame(
        {"layer": np.arange(plan.depth + 1), "std": found.std, "signal": found.signal, "gradient": found.gradient}
    )
    if found.theory:
        table["theory_std"], table["theory_gradient"] = found.theory.std, found.theory.gradient
    for name in ("mean", "dead", "saturated"):
        table[name] = pd.Series([np.nan, *(getattr(layer, name) for layer in found.layers)])
    return table.to_csv(index=False)


def as_html(plan: Plan, found: Signal) -> str:
    """Return both charts on a page of their own."""
    first = signal_figure(plan, found).to_html(include_plotlyjs=True, full_html=False)
    second = gradient_figure(plan, found).to_html(include_plotlyjs=False, full_html=False)
    return f"<!doctype html><meta charset='utf-8'>{first}{second}"


def take_away(plan: Plan, found: Signal) -> None:
    scene.take_away(
        scene.File(lambda: as_csv(plan, found), "depth.csv"), scene.File(lambda: as_html(plan, found), "depth.html")
    )
    name = _("Copy as PyTorch: {name}", name=f"{plan.unit.title}, {plan.start.title}")
    with controls.drawer(name, "drawer_torch", ":material/content_copy:") as is_open:
        if is_open:
            script = lab.torch_script(plan.unit, plan.start, plan.norm, plan.depth, plan.width, plan.samples, plan.std)
            st.code(script, language="python")


def show() -> None:
    """Show the experiment of the page."""
    with st.sidebar:
        plan = choose_plan()
    found = lab.measured(*plan)
    stage(plan, found)
    show_grid(plan, found)
    show_symmetry()
    show_code(plan)
    take_away(plan, found)
