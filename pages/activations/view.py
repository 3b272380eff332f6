"""Activation gallery: what a unit makes of a number, of a distribution of numbers, and of the gradient."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core import Trajectory, descend
from core.engine.spec import Optimizer
from core.networks.activations import ACTIVATIONS, NEARLY_FLAT, Activation, Interval, facts
from core.networks.moments import Inputs, chain, moments, next_length, pair, pair_condition
from core.networks.parameters import with_parameters
from core.networks.training import learn_slope
from core.optimizers import ALL_OPTIMIZERS
from pages.activations import measure as gallery
from pages.activations import units
from pages.activations.measure import (
    BINS,
    DEATH_RATES,
    NEAR,
    NEURONS,
    PAIRS,
    SAMPLES,
    TARGETS,
    TITLES,
    Chain,
    Course,
    Statistic,
    parameter_key,
)
from pages.activations.units import curve, drawn, number, region, regions_of, visible
from teaching import record
from ui import compute, controls, figures, lesson, runs, scene
from ui.figures import Curve
from ui.i18n import _
from ui.page import fragment
from ui.palette import activation_ink
from ui.player.player import Track

PLANES = {key: f"activations_{key}" for key in NEURONS}
LINKED = {"gap": "activations_gap", "gradient": "activations_gradient"}
BROKEN = (6, 4)
"""Runs of the leaky neuron."""
MARKS = 25
"""Measured layers that are drawn at most."""


class Gallery(NamedTuple):
    """What the sidebar sets."""

    shown: list[Activation]
    focus: Activation
    """The one whose regions are shaded and whose code is shown."""
    reference: Activation | None


def choose_gallery() -> Gallery:
    """Show the functions and their parameters; who is looked at in detail or pinned is always among them."""
    keys = controls.chosen("functions")
    focus, reference = controls.show("focus"), controls.show("reference")
    shown = {row.key: choose_parameters(row) for row in ACTIVATIONS if row.key in {*keys, focus, reference}}
    return Gallery(list(shown.values()), shown[focus], shown.get(reference))


def choose_parameters(row: Activation) -> Activation:
    return with_parameters(row, **{p.key: controls.slider(parameter_key(row, p)) for p in row.parameters})


def curves_of(chosen: Gallery, reach: float) -> list[go.Figure]:
    """Draw everyone's value and slope, on request the second derivative, and the differences to the reference."""
    names = ["f(x)", "f′(x)", "f″(x)"]
    orders = [0, 1, 2] if controls.show("second") else [0, 1]
    found = []
    for order in orders:
        rows = [curve(row, *gallery.sampled(row, order, reach)) for row in chosen.shown]
        found.append(units.shade(drawn(rows, "x", names[order], legend=not order, height=400), chosen.focus, reach))
    if chosen.reference:
        x = np.linspace(-reach, reach, 601)
        pinned = chosen.reference
        others = [row for row in chosen.shown if row.key != pinned.key]
        for name, of in (("f", Activation.value), ("f′", Activation.slope)):
            rows = [curve(row, x, of(row, x) - of(pinned, x)) for row in others]
            found.append(drawn(rows, "x", _("{name} minus that of {pinned}", name=name, pinned=pinned.title)))
    return found


def shapes(chosen: Gallery) -> None:
    """Show the curves side by side, the facts that follow from them, and the numbers at one point."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        reach = controls.show("reach")
        probe = controls.show("probe")
        pictures = curves_of(chosen, reach)
    columns = [*st.columns(2, gap="small"), *(st.columns(2, gap="small") if len(pictures) > 2 else ())]
    columns = [*columns, *columns[2:]]
    for k, picture in enumerate(pictures):
        with columns[k]:
            alt = _("{what} of every function", what=picture.layout.yaxis.title.text)
            figures.show(picture, f"activations_curve_{k}", alt, bar=k < 2)
    say_regions(chosen.focus)
    show_facts(chosen.shown)
    st.markdown(_("**At x = {x}**", x=number(probe)))
    rows = [
        (row.title, *(number(float(of(probe))) for of in (row.value, row.slope, row.curvature))) for row in chosen.shown
    ]
    runs.table((_("Function"), "f", "f′", "f″"), rows, _("Values at one point"))
    take_away("shapes", shapes_table(chosen.shown, reach), pictures)
    show_code(chosen.focus, reach)


def say_regions(row: Activation) -> None:
    """Say in words what is shaded."""
    names, found = units.region_names(), regions_of(facts(row))
    parts = [f"{names[kind]}: {', '.join(map(region, pieces))}" for kind, pieces in found.items() if pieces]
    where = "; ".join(parts) or _("nothing, its slope is nowhere negative and never dies out")
    least = f"{100 * NEARLY_FLAT:g} %"
    st.caption(
        _(
            "Shaded for {name}: {where}. Saturated is where the slope stays below {least} of its largest, dead where "
            "it is exactly zero, falling where it is negative.",
            name=row.title,
            where=where,
            least=least,
        )
    )


def show_facts(rows: Sequence[Activation]) -> None:
    """Show what the formulas imply: range, extremes, smoothness, regions."""
    kinds = {"smooth": _("smooth"), "C1": _("second derivative jumps"), "C0": _("kink")}

    def at(point: Interval) -> str:
        return _("{y} at x = {x}", y=number(point[1]), x=number(point[0]))

    cells, found = [], []
    for row in rows:
        known = facts(row)
        low, high = "[" if known.low_reached else "(", "]" if known.high_reached else ")"
        jumps = ", ".join(f"{number(left)} → {number(right)}" for _x, left, right in known.kinks)
        pieces = [", ".join(map(region, own)) or "–" for own in regions_of(known).values()]
        cells.append(
            (
                row.title,
                f"{low}{number(known.low)}, {number(known.high)}{high}",
                at(known.minimum) if known.minimum else "–",
                at(known.least_slope),
                at(known.largest_slope),
                kinds[known.smoothness] + (f" {jumps}" if jumps else ""),
            )
        )
        found.append((row.title, *pieces))
    heads = (_("Function"), _("Range"), _("Minimum"), _("Least slope"), _("Largest slope"), _("Smoothness"))
    st.markdown(_("**Facts**, computed from the formulas. A square bracket: the end is reached; round: only a limit."))
    runs.table(heads, cells, _("Facts about every function"))
    runs.table((_("Function"), _("Saturated"), _("Dead"), _("Falling")), found, _("Regions of every function"))


def shapes_table(rows: Sequence[Activation], reach: float) -> pd.DataFrame:
    x = np.linspace(-reach, reach, 601)
    parts = [
        pd.DataFrame(
            {"function": row.key, "x": x, "value": row.value(x), "slope": row.slope(x), "second": row.curvature(x)}
        )
        for row in rows
    ]
    return pd.concat(parts)


def choose_inputs() -> Inputs:
    """Show the distribution that is fed in."""
    kind = controls.show("kind", widget=st.segmented_control, required=True)
    return Inputs(kind, controls.slider("mean"), controls.slider("std"))


def statistics(chosen: Gallery) -> None:
    """Feed everyone a distribution; show what comes out, by integral and by sample."""
    with st.sidebar:
        inputs = choose_inputs()
        seed = controls.show("seed")
    z = inputs.sample(SAMPLES, seed)
    found = {row.key: gallery.statistics(row, inputs, z) for row in chosen.shown}
    left, right = st.columns([1, 1.5], gap="small")
    with left:
        picture = units.ridges(chosen.shown, z)
        alt = _("Histograms of the inputs and of the outputs of every function")
        figures.show(picture, "activations_ridges", alt, bar=False)
        st.caption(
            _(
                "{count} inputs in {bins} bins, each histogram as high as its fullest bin. A stem is a single number "
                "to which all inputs from a flat region are sent, with their share.",
                count=SAMPLES,
                bins=BINS,
            )
        )
    with right:
        show_moments(chosen.shown, inputs, found)
        show_pairs(chosen.shown)
    rows = [
        {"function": key, "of": name} | {"exact": s.exact, "sample": s.sample, "standard_error": s.error}
        for key, own in found.items()
        for name, s in own.items()
    ]
    take_away("statistics", pd.DataFrame(rows), [picture])
    show_code(chosen.focus)
    latex = r"\mathbb{E}\,f(z)^2 = \int f(z)^2\,p(z)\,dz \qquad \text{gain} = 1 / \sqrt{\mathbb{E}\,f(z)^2}"
    show_formula(
        _("The integrals"), "drawer_integrals", latex, (moments, Inputs.rule), "He et al. 2015, arXiv:1502.01852"
    )


def show_moments(rows: Sequence[Activation], inputs: Inputs, found: dict[str, dict[str, Statistic]]) -> None:
    def both(s: Statistic) -> str:
        return f"**{number(round(s.exact, 12))}**, {s.sample:.4f} ± {s.error:.1g}"

    cells = [(row.title, *map(both, found[row.key].values()), number(moments(row, inputs).gain)) for row in rows]
    st.markdown(_("**Statistics** by integral in bold, then from the sample with its standard error."))
    heads = (_("Function"), _("Mean"), "E f²", "E f′²", _("Gain of the weights"))
    runs.table(heads, cells, _("Statistics of the outputs"))
    st.caption(
        _(
            "Weights of variance gain²/n keep the mean square of the signal at 1 from layer to layer. "
            "E f′² is the factor on the squared gradient on its way back."
        )
    )


def show_pairs(rows: Sequence[Activation]) -> None:
    """Show what outputs that are not centred do to the unit that reads them."""
    label = _("Zero-centred or not: two outputs feed one linear unit")
    with controls.drawer(label, "drawer_pair", ":material/balance:") as is_open:
        if not is_open:
            return
        cells = []
        for row in rows:
            found, centred = pair(row), pair(row, centred=True)
            conditions = (pair_condition(row), found.condition, centred.condition)
            cells.append((row.title, *map(number, conditions), f"{100 * found.same_sign:.0f} %"))
        heads = (_("Function"), _("Condition, exact"), _("Sample"), _("Sample, centred"), _("Same sign"))
        runs.table(heads, cells, label)
        st.caption(
            _(
                "Condition number of the curvature in the two weights, for standard normal inputs: the larger it "
                "is, the slower is gradient descent. Same sign: how often both weights are pushed the same way."
            )
        )


def choose_course() -> tuple[Course, bool]:
    """Show what happens in every layer; return it, and whether a real network is asked for."""
    layers = int(controls.slider("layers"))
    probe = controls.show("probe", label=_("Start x"))
    weight, bias = controls.show("weight"), controls.show("bias")
    std = controls.slider("std", label=_("Wide layers: standard deviation of the inputs"))
    variance, real = controls.slider("variance"), controls.show("real")
    return Course(probe, layers, weight, bias, std, variance), real


def measured(row: Activation, course: Course) -> Curve:
    """Send a batch through one real network."""
    found = gallery.real_layers(row, course.std, course.layers, course.weight_variance)
    name = _("{name}, measured", name=row.title)
    some = np.arange(0, len(found), -(-len(found) // MARKS))
    return Curve(some, visible(found[some]), name, activation_ink(row.key).color, mode="markers")


def chain_of_layers(chosen: Gallery) -> None:
    """Send one number through n equal units, and a signal through n wide random layers."""
    with st.sidebar:
        course, real = choose_course()
    steps = np.arange(course.layers + 1)
    found = {row.key: gallery.through(row, course) for row in chosen.shown}
    products = [curve(row, steps, visible(np.abs(found[row.key].product))) for row in chosen.shown]
    lengths = [curve(row, steps, visible(found[row.key].wide)) for row in chosen.shown]
    lengths += [measured(chosen.focus, course)] if real else []
    titles = _("Product of the slopes"), _("Root mean square of the signal, wide layers")
    pictures = [
        drawn(lines, _("Layer"), title, log_y=True, height=400)
        for lines, title in zip((products, lengths), titles, strict=True)
    ]
    alts = [_("{what} of every function over the layers", what=title) for title in titles]
    side_by_side(pictures, alts, "activations_chain")
    st.caption(
        _(
            "Left: one unit a layer, x → f(w x + b), and the size of the derivative of the last value by x. Right: "
            "infinitely wide layers with random weights. A curve ends where it is exactly zero or too large."
        )
    )
    show_ends(found, course.layers)
    columns = {key: {"value": f.value, "product": f.product, "wide": f.wide} for key, f in found.items()}
    table = pd.concat(pd.DataFrame({"function": key, "layer": steps} | own) for key, own in columns.items())
    take_away("chain", table, pictures)
    show_code(chosen.focus)
    latex = r"\frac{dx_n}{dx_0} = \prod_{k=1}^{n} w\,f'(w\,x_{k-1} + b)"
    latex += r"\qquad q_{k+1} = \sigma_w^2\,\mathbb{E}\,f(\sqrt{q_k}\,z)^2"
    show_formula(_("The chain"), "drawer_chain", latex, (chain, next_length), "Poole et al. 2016, arXiv:1606.05340")


def side_by_side(pictures: Sequence[go.Figure], alts: Sequence[str], key: str) -> None:
    for k, column in enumerate(st.columns(2, gap="small")):
        with column:
            figures.show(pictures[k], f"{key}_{k}", alts[k], bar=False)


def show_ends(found: dict[str, Chain], layers: int) -> None:
    cells = [
        (TITLES[key], *(number(float(v)) for v in (end.value[-1], end.product[-1], end.bound, end.wide[-1])))
        for key, end in found.items()
    ]
    heads = (_("Function"), _("Value"), _("Product of the slopes"), _("At most"), _("Root mean square, wide"))
    st.markdown(_("**After {layers} layers**", layers=layers))
    runs.table(heads, cells, _("The chain at its end"))


class Plan(NamedTuple):
    """What the sidebar sets for the neuron."""

    field: list[Optimizer]
    rates: dict[str, float]
    steps: int


def choose_plan() -> Plan:
    field = [ALL_OPTIMIZERS[key] for key in controls.chosen("field")]
    exact = controls.show("exact")
    letter = r" $\;\eta$" if exact else ""
    rates = {
        o.key: controls.rate(o.key, exact=exact, label=f"{controls.swatch(o.key)} {o.title}{letter}") for o in field
    }
    return Plan(field, rates, controls.show("steps"))


def neuron_tracks(finished: dict[str, list[Trajectory]], steps: int) -> list[Track]:
    """Return the runs of both neurons, those of the leaky one broken, with the step from which each is silent."""
    tracks = []
    for key, own in finished.items():
        for run in own:
            track, silent = runs.track(run, steps, arrows=False), gallery.silent_since(run)
            outcome = _("silent since step {step}", step=silent) if silent >= 0 else track.outcome
            dash = track.dash if key == NEURONS[0] else BROKEN
            tracks.append(replace(track, plane=PLANES[key], outcome=outcome, dash=dash))
    return tracks


@fragment
def dead_neuron(plan: Plan) -> None:
    """Train one neuron from one start, with ReLU and leaky. A fragment: a click draws only this anew."""
    places = st.columns(2, gap="small")
    pictures, playing = [place.container() for place in places], st.container()
    start = scene.choose_start()
    with compute.compiling():
        finished = {
            key: [descend(gallery.neuron(key), o, start, plan.steps, plan.rates[o.key]) for o in plan.field]
            for key in NEURONS
        }
    tracks = neuron_tracks(finished, plan.steps)
    with playing:
        scene.play(
            tracks,
            steps=plan.steps,
            stride=runs.stride(plan.steps),
            plane=list(PLANES.values()),
            linked=LINKED,
            value_name=_("Value above the minimum"),
            start=start,
            on_step=runs.show_step,
        )
    for picture, (key, plane) in zip(pictures, PLANES.items(), strict=True):
        with picture:
            chosen = gallery.neuron(key)
            st.markdown(f"**{chosen.title}**")
            own = [track for track in tracks if track.plane == plane]
            scene.show_plane(chosen, plane, own, figure=units.neuron_plane(key, _("Global minimum")))
    st.caption(
        _(
            "Shaded: the neuron is silent, its sum w x + b is positive for no row. ReLU is exactly flat there; leaky "
            "ReLU, whose runs are broken lines, keeps a slope of 0.01. Start x is the weight w, start y the bias b."
        )
    )
    titles = {"gap": _("Value above the minimum"), "gradient": _("Gradient norm")}
    scene.show_linked(LINKED, titles, scene.of_every_optimizer)
    if plan.field:
        show_neurons(finished)
        show_deaths()
        take_neurons_away(plan, finished)


def show_neurons(finished: dict[str, list[Trajectory]]) -> None:
    heads = [_("Optimizer"), _("Rate")]
    for key in NEURONS:
        name = gallery.neuron(key).title
        heads += [f"{name}: " + text for text in (_("|∇f| at the start"), _("Silent since step"), _("Final value"))]
    rows = []
    for both in zip(*finished.values(), strict=True):
        o = both[0].optimizer
        cells = [f"{controls.swatch(o.key)} {o.title}", f"{both[0].hyper['lr']:.4g}"]
        for run in both:
            silent = gallery.silent_since(run)
            cells += [f"{run.gradient_norm[0]:.3g}", str(silent) if silent >= 0 else "–", f"{run.value[-1]:.4g}"]
        rows.append(cells)
    runs.table(heads, rows, _("The neuron at the end of every run"))


def show_deaths() -> None:
    """Count silent units in small networks, when they are trained at larger and larger rates."""
    label = _("Many neurons: how many of 32 hidden units fall silent")
    with controls.drawer(label, "drawer_deaths", ":material/skull:") as is_open:
        if not is_open:
            return
        found = record.numbers("activations", "panel deaths", gallery.PANELS["deaths"])
        keys = ("relu", "leaky_relu")
        shares = [
            [f"{100 * part:.1f} ± {100 * error:.1f} %" for part, error in zip(*columns, strict=True)]
            for columns in ((found[f"{key}_silent"], found[f"{key}_error"]) for key in keys)
        ]
        losses = [[f"{loss:.2g}" for loss in found[f"{key}_loss"]] for key in keys]
        cells = list(zip((f"{rate:g}" for rate in DEATH_RATES), *shares, *losses, strict=True))
        heads = (_("Rate"), _("ReLU, silent"), _("Leaky ReLU, silent"), _("ReLU, loss"), _("Leaky ReLU, loss"))
        runs.table(heads, cells, label)
        st.caption(
            _(
                "1-32-1 networks learn sin(3x), 1000 steps of SGD, seeds 0 to 19: mean share with its standard error, "
                "median loss. As many leaky units are silent; they only keep a gradient."
            )
        )


def take_neurons_away(plan: Plan, finished: dict[str, list[Trajectory]]) -> None:
    files = []
    for key, own in finished.items():
        files += [
            scene.File(partial(runs.as_csv, own), f"{key}.csv"),
            scene.File(partial(runs.as_html, own, _("Dead neuron")), f"{key}.html"),
        ]
    run = runs.inspect(finished[NEURONS[0]])
    scene.take_away(*files)
    runs.torch_drawer(run, plan.steps)


def learned_slope() -> None:
    """Let PReLU learn its slope from the outputs of another one."""
    prelu = ACTIVATIONS["prelu"]
    assert prelu.learned
    with st.sidebar:
        start = choose_parameters(prelu).parameters[0].default
        target, rate, steps = controls.slider("target"), controls.slider("lr_slope"), controls.show("slope_steps")
    paths = {wanted: gallery.learned(start, wanted, rate, steps) for wanted in sorted({*TARGETS, target}, reverse=True)}
    pictures = units.slopes(paths, target)
    alts = _("The learned slope over the steps for every target"), _("PReLU at the start, at the end, and its target")
    side_by_side(pictures, alts, "activations_learned")
    show_arrivals(paths)
    parts = [pd.DataFrame({"target": to, "step": np.arange(steps + 1), "slope": path}) for to, path in paths.items()]
    take_away("slopes", pd.concat(parts), pictures)
    source = "He et al. 2015, arXiv:1502.01852"
    latex = prelu.latex + r"\qquad \frac{\partial f}{\partial\alpha} = \min(x, 0)"
    show_formula(_("The code that ran"), "drawer_code", latex, (prelu.learned, learn_slope), source)


def show_arrivals(paths: dict[float, np.ndarray]) -> None:
    cells = []
    for target, path in paths.items():
        step, lost = gallery.learned_at(path, target), gallery.lost_at(path)
        at = _("diverged at step {step}", step=lost) if lost >= 0 else str(step) if step >= 0 else _("not reached")
        cells.append((number(target), number(float(path[-1])), at))
    heads = (_("Target"), _("Slope at the end"), _("Within {near} since step", near=NEAR))
    runs.table(heads, cells, _("Learned slopes"))
    st.caption(
        _(
            "Gradient descent on the mean squared error over {count} inputs from −2 to 2. The slope on the left is a "
            "parameter like a weight: its gradient is x where x is negative.",
            count=len(PAIRS),
        )
    )


def take_away(name: str, table: pd.DataFrame, pictures: Sequence[go.Figure]) -> None:
    def page() -> str:
        parts = [figure.to_html(include_plotlyjs=k == 0, full_html=False) for k, figure in enumerate(pictures)]
        title = _("Activation gallery")
        return f"<!doctype html><meta charset='utf-8'><title>{title}</title>{''.join(parts)}"

    scene.take_away(
        scene.File(lambda: table.to_csv(index=False, float_format="%.17g"), f"{name}.csv"),
        scene.File(page, f"{name}.html"),
    )


def show_formula(label: str, key: str, latex: str, functions: Sequence[Callable], source: str) -> None:
    with controls.drawer(label, key, ":material/code:") as is_open:
        if is_open:
            lesson.formula(latex, functions, source)


def show_code(row: Activation, reach: float = 5.0) -> None:
    """Show formula, code and PyTorch twin of one function."""
    with controls.drawer(_("The code that ran: {name}", name=row.title), "drawer_code", ":material/code:") as is_open:
        if is_open:
            st.markdown(_(row.text))
            lesson.formula(row.latex, row.formulas, row.source)
    name = _("Copy as PyTorch: {name}", name=row.title)
    with controls.drawer(name, "drawer_torch", ":material/content_copy:") as is_open:
        if is_open:
            st.code(gallery.torch_values(row, reach), language="python")


def show() -> None:
    """Show the experiment of the page."""
    lab = controls.show("lab", widget=st.segmented_control, required=True, label_visibility="collapsed")
    if lab == "neuron":
        with st.sidebar:
            plan = choose_plan()
        dead_neuron(plan)
    elif lab == "learned":
        learned_slope()
    else:
        with st.sidebar:
            chosen = choose_gallery()
        {"shapes": shapes, "statistics": statistics, "chain": chain_of_layers}[lab](chosen)
