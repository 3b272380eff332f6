"""Noise and batch size: the same descent with batches of several sizes, on three clocks, and what their noise does."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core import Noise, descend
from core.analysis.curvature import eigenvalues, stable_rate
from core.analysis.gradient_noise import (
    batch_covariance,
    gradient_cloud,
    row_covariance,
    row_noise,
    stationary_covariance,
)
from core.engine.batches import clocks
from core.engine.data import LARGEST, MOST_ROWS, BadFile, Data, Scale, noisy_line, read_csv, standardised, two_classes
from core.engine.limits import MAX_STEPS
from core.engine.spec import Goal, Surface
from core.memory import remembered
from core.optimizers import ALL_OPTIMIZERS
from core.schedules import SCHEDULES
from pages.batches import measure as lab
from pages.batches.measure import Plan, Walk
from surfaces import ALL_SURFACES
from surfaces.linear_regression import linear_regression
from surfaces.logistic_regression import logistic_regression
from teaching.contract import Claim
from ui import batches as draw
from ui import compute, controls, figures, lesson, runs, scene
from ui.figures import Curve
from ui.i18n import _
from ui.palette import MARK
from ui.player import Track
from ui.server import aside

SGD = ALL_OPTIMIZERS["sgd"]
RATE, EPOCHS, MOST_EPOCHS, GOAL = 0.05, 10, 200, 0.01
SIZES = {str(2**k): str(2**k) for k in range(11)} | {"N": "N"}
FIELDS = {
    "race": ("1", "16", "N"),
    "cloud": ("1", "16", "64"),
    "ball": ("1", "4", "16", "64"),
    "escape": ("1", "2", "4", "8", "16"),
    "saddle": ("1", "4", "16", "32", "N"),
    "grid": ("1", "16", "N"),
}
"""The batch sizes that every experiment begins with."""
GROUNDS = {"escape": lab.WELL, "saddle": lab.SADDLE}
"""Experiments on a surface without data."""
LOSSES = {"linear_regression": "Linear regression", "logistic_regression": "Logistic regression"}
NOISE = {"linear_regression": 0.5, "logistic_regression": 1.0}
PLANS = {s.key: s.title for s in SCHEDULES if not s.reads_loss}
CLOUD_STEPS, BALL_STEPS, SADDLE_STEPS = 200, 600, 400


# What the sidebar sets.


def take_field() -> None:
    """Take the batch sizes of the experiment just chosen."""
    st.session_state["batch"] = list(FIELDS[st.session_state["experiment"]])


def begin_anew() -> None:
    """Take start and rate from the loss just chosen."""
    chosen = loss(st.session_state["surface"])
    scene.set_start(first_start(chosen))
    controls.set_rate("sgd", first_rate(chosen))
    controls.put("epochs", first_epochs(chosen))


def load(claim: Claim) -> None:
    """Set the widgets as a claim says; its numbers are those of drawn data."""
    st.session_state.pop("own_data", None)
    lesson.set_widgets(claim)


def first_start(chosen: Surface) -> list[float]:
    return [round(part, 4) for part in chosen.starts[0]]


def first_rate(chosen: Surface) -> float:
    if chosen.data is None or (chosen.key == "linear_regression" and "own_data" not in st.session_state):
        return RATE
    return float(f"{chosen.rates['sgd']:.3g}")


def first_epochs(chosen: Surface) -> int:
    """Return for how many epochs everyone runs: with own data, until all rows at once have arrived."""
    if "own_data" not in st.session_state or chosen.data is None:
        return EPOCHS
    goal = Goal("value below", figures.lowest(chosen) + GOAL)
    arrived = descend(chosen, SGD, first_start(chosen), MOST_EPOCHS, first_rate(chosen), goal=goal).first
    return min(max(EPOCHS, 10 * -(-arrived // 10)), MOST_EPOCHS) if arrived >= 0 else MOST_EPOCHS


@remembered(32)
def drawn_loss(key: str, size: int, noise: float, outliers: float, correlation: float, seed: int) -> Surface:
    """Return the loss over drawn data; the same object for the same numbers, so that its figures are kept."""
    if (size, noise, outliers, correlation, seed) == (256, NOISE[key], 0.0, 0.0, 0):
        return ALL_SURFACES[key]
    rows = (noisy_line if key == "linear_regression" else two_classes)(size, noise, outliers, correlation, seed)
    return own_loss(key, rows)


@remembered(32)
def own_loss(key: str, data: Data) -> Surface:
    """Return the loss over these rows. Raises ValueError where they do not fit it."""
    return (linear_regression if key == "linear_regression" else logistic_regression)(data)


def loss(key: str) -> Surface:
    """Return the loss over the visitor's own data, or over data as the widgets shape them."""
    if "own_data" in st.session_state:
        try:
            return own_loss(key, own_scale(key)[0])
        except ValueError:
            st.info(_("Your data do not fit this loss: {reason}. Shown are drawn data.", reason=misfit(key)))
    shape = {"rows": 256, f"scatter_{key}": NOISE[key], "outliers": 0.0, "correlation": 0.0, "data_seed": 0}
    values = [controls.held(name, default) for name, default in shape.items()]
    try:
        return drawn_loss(key, *values)
    except ValueError as error:
        st.info(_("No loss over such data: {reason}. Shown are the first data.", reason=str(error)))
        return ALL_SURFACES[key]


def own_scale(key: str) -> tuple[Data, Scale]:
    """Return the visitor's rows for this loss, standardised unless they ask for the raw ones, and their scale.

    Labels stay what they are. Raises ValueError for raw rows that are too large.
    """
    rows = st.session_state["own_data"]
    if st.session_state.get("raw", False):
        return Data(rows), Scale()
    return standardised(rows, targets=key == "linear_regression")


def misfit(key: str) -> str:
    """Return why the visitor's rows are nothing for this loss."""
    if key == "logistic_regression" and np.any(np.abs(st.session_state["own_data"][:, 1] - 0.5) > 0.5):
        return _("labels must lie from 0 to 1")
    return _("raw numbers may be {most} at most", most=f"{LARGEST:g}")


def take_file() -> None:
    """Read the file just chosen; a bad one, or none, leaves the data as they are."""
    file = st.session_state["own_file"]
    st.session_state["file_error"] = ""
    if file is None:  # also on the way from one file to the next
        return
    try:
        rows = read_csv(file.getvalue())
    except BadFile as fault:
        st.session_state["file_error"] = _(fault.text, **fault.values)
    else:
        st.session_state["own_data"] = rows
        begin_anew()


def drop_file() -> None:
    st.session_state.pop("own_data", None)
    begin_anew()


def choose_loss() -> Surface:
    """Show the loss and what shapes its data; return it."""
    key = controls.choice(_("Loss"), LOSSES, "surface", "linear_regression", on_change=begin_anew)
    own = st.session_state.get("own_data")
    with controls.drawer(_("Data: drawn or your own"), "drawer_data", ":material/table:") as is_open:
        if own is None:
            shown = is_open
            controls.number(_("Rows"), "rows", 256, 2, MOST_ROWS, step=64, shown=shown)
            controls.number(_("Noise of the targets"), f"scatter_{key}", NOISE[key], 0.0, 100.0, shown=shown)
            controls.number(_("Part of outliers"), "outliers", 0.0, 0.0, 1.0, step=0.05, shown=shown)
            label = _("Correlation of the inputs with the constant 1")
            controls.number(label, "correlation", 0.0, -0.999, 0.999, step=0.1, shown=shown)
            controls.number(_("Seed of the data"), "data_seed", 0, 0, 2**31, shown=shown)
        if is_open or own is not None:
            label = _("Your data: a CSV file of two columns, input and target")
            st.file_uploader(label, ["csv", "tsv", "txt"], key="own_file", on_change=take_file, max_upload_size=1)
        if own is not None:
            st.caption(_("{rows} rows of your own, which a link cannot hold.", rows=len(own)))
            st.toggle(_("Raw numbers, not standardised"), key="raw", on_change=begin_anew)
            st.caption(_("Standardised: less the mean, divided by the standard deviation. Labels stay what they are."))
            st.button(_("Back to drawn data"), on_click=drop_file)
    if st.session_state.get("file_error"):
        st.error(_("This file is not used. {reason}", reason=st.session_state["file_error"]))
    return loss(key)


def choose_sizes(experiment: str, rows: int) -> tuple[int, ...]:
    """Show the batch sizes and return those that the data can fill, the smallest first."""
    label = _("Batch sizes B (N: all rows)")
    keys = controls.choices(label, SIZES, "batch", FIELDS[experiment], most=6)
    if rows == 0:
        if "N" in keys:
            st.info(_("There are no rows behind the noise here, so N is left out."))
        return tuple(sorted(int(key) for key in keys if key != "N")) or (1,)
    sizes = sorted({rows if key == "N" else int(key) for key in keys})
    for size in (size for size in sizes if size > rows):
        st.info(_("A batch of {size} is larger than the data ({rows} rows); it is left out.", size=size, rows=rows))
    return tuple(size for size in sizes if size <= rows) or (rows,)


def choose_plan(experiment: str) -> Plan:
    """Show what every experiment has and return it."""
    chosen = ALL_SURFACES[GROUNDS[experiment]] if experiment in GROUNDS else choose_loss()
    rows = len(chosen.data) if chosen.data else lab.SADDLE_ROWS if experiment == "saddle" else 0
    sizes = choose_sizes(experiment, rows)
    exact = controls.switch(_("Type exact rates"), "exact", controls.asked("lr_"))
    lr = controls.rate_widget(_("Learning rate"), "sgd", first_rate(chosen), SGD.hyper[0], exact=exact)
    rules = {"same": _("The same"), "root": _("Times √B"), "linear": _("Times B")}
    rule = controls.choice(_("Rate for larger batches"), rules, "rule", "same")
    most = controls.number(_("At most"), "most_rate", 1.0, 1e-6, 1e3) if rule != "same" else np.inf
    sampling = "replacement"
    if experiment != "escape":
        modes = {"replacement": _("With replacement"), "reshuffled": _("Reshuffled epochs"), "fixed": _("Fixed order")}
        sampling = controls.choice(_("How rows are drawn"), modes, "sampling", "reshuffled")
    seed = controls.number(_("Seed of the batches"), "batch_seed", 0, 0, 2**31)
    rates = tuple(lab.scaled_rate(lr, size, rule, most) for size in sizes)
    return Plan(chosen, sizes, rates, sampling, seed, rows)


# What experiments share.


def star() -> str:
    return _("Global minimum")


def repeating():
    """Surround what is repeated over many seeds."""
    return st.spinner(_("Repeating over seeds"))


def number_text(value: float) -> str:
    return f"{value:.4g}" if np.isfinite(value) else "–"


def finish(name: str, title: str, heads: Sequence[str], rows: Sequence[Sequence], figure: go.Figure) -> None:
    """Offer the numbers and the figure of an experiment to take away."""
    table = pd.DataFrame(rows, columns=list(heads))
    page = go.Figure(figure).update_layout(title=title, template="plotly_white")
    scene.take_away(
        scene.File(lambda: table.to_csv(index=False, float_format="%.17g"), f"{name}.csv"),
        scene.File(lambda: page.to_html(include_plotlyjs=True, full_html=True), f"{name}.html"),
    )


def code_of(latex: str, functions: Sequence, source: str) -> None:
    with controls.drawer(_("Formula and code"), "drawer_code", ":material/code:") as is_open:
        if is_open:
            lesson.formula(latex, functions, source)


# Side by side.


class Budget(NamedTuple):
    """How long everyone runs, by which clock, and when a run has arrived."""

    clock: str
    amount: float
    goal: float
    model: tuple[float, float]
    together: bool


def choose_budget() -> Budget:
    """Show how long everyone runs and what a step costs."""
    names = {"updates": _("Updates"), "samples": _("Samples"), "seconds": _("Seconds")}
    style = {"widget": st.segmented_control, "required": True, "width": "stretch"}
    clock = controls.choice(_("The same budget of"), names, "clock", "samples", **style)
    if clock == "updates":
        amount = controls.number(_("Updates"), "steps", 400, 1, MAX_STEPS, step=100)
    elif clock == "samples":
        amount = controls.number(_("Epochs"), "epochs", EPOCHS, 1, MOST_EPOCHS)
    else:
        amount = controls.number(_("Seconds"), "seconds", 0.4, 0.01, 100.0)
    together = controls.switch(_("All in one picture"), "together")
    with controls.drawer(_("Goal and cost of a step"), "drawer_run", ":material/timeline:") as is_open:
        label = _("Goal: this far above the minimum")
        goal = controls.number(label, "goal", GOAL, 1e-12, 1e6, step=0.01, shown=is_open)
        least = controls.number(_("Least time of a step, ms"), "least_ms", 1.0, 1e-6, 1e6, shown=is_open)
        label = _("Samples per second")
        throughput = controls.number(label, "throughput", 32_000.0, 1e-3, 1e12, step=1000.0, shown=is_open)
        if is_open:
            st.caption(
                _("A model, not a measurement: B samples take the least time, or B / throughput if that is more.")
            )
    return Budget(clock, amount, goal, (least / 1000, throughput), together)


def race_stage(plan: Plan) -> None:
    with st.sidebar:
        budget = choose_budget()
    show_race(plan, budget)


@st.fragment
def show_race(plan: Plan, budget: Budget) -> None:
    """Show every size beside the others, on three clocks."""
    pictures, playing = st.container(), st.container()
    start = scene.choose_start(first_start(plan.surface), random=False)
    steps = [lab.updates_within(budget.clock, budget.amount, s, plan.rows, *budget.model) for s in plan.sizes]
    say_short(plan, steps)
    with compute.compiling():
        walks = [lab.walk(plan, k, start, most, *budget.model) for k, most in enumerate(steps)]
    planes = [f"batches_plane_{k}" for k in range(1 if budget.together else len(walks))]
    with playing:
        tracks = play_walks(plan, walks, budget, planes, start)
    with pictures:
        show_planes(plan, tracks, planes)
    show_clocks()
    show_own_rows(plan, walks)
    show_arrivals(plan, budget, start, steps)
    chosen = inspect(plan, walks)
    runs.torch_drawer(walks[chosen].run, steps[chosen], batches=plan.batches(chosen))
    lines = [
        Curve(
            one.clocks.samples[: len(one.run.value)],
            figures.above(plan.surface, one.run.value),
            *draw.look(plan, k)[:3],
        )
        for k, one in enumerate(walks)
    ]
    figure = figures.curves(lines, _("Samples"), _("Value above the minimum"), log_x=True, log_y=True)
    heads = ("batch", "update", "samples", "seconds", "x", "y", "value")
    finish("batches", _("Noise and batch size"), heads, [row for one in walks for row in numbers_of(one)], figure)
    code_of(
        r"\theta_{t+1} = \theta_t - \frac{\eta}{B} \sum_{i \in \mathcal{B}_t} \nabla f_i(\theta_t) \\"
        r"t(B) = \max(t_0,\ B / \mathrm{throughput})",
        (lab.scaled_rate, lab.updates_within, clocks),
        "Goyal et al. 2017, arXiv:1706.02677; Krizhevsky 2014, arXiv:1404.5997",
    )


def say_short(plan: Plan, steps: Sequence[int]) -> None:
    """Say whose run may be shorter than its budget."""
    short = [f"{s} ({most})" for s, most in zip(plan.sizes, steps, strict=True) if most == lab.most_updates(s)]
    if short:
        st.info(_("These batch sizes stop at their greatest number of updates: {sizes}.", sizes=", ".join(short)))


def play_walks(plan: Plan, walks: Sequence[Walk], budget: Budget, planes: Sequence[str], start) -> list[Track]:
    """Put the player there, whose frames are moments of the chosen clock; return its tracks."""
    texts = {
        "updates": _("Update {step} of {steps}"),
        "samples": _("Sample {step} of {steps}"),
        "seconds": _("{step} of {steps} ms"),
    }
    whole = {"updates": 1, "samples": plan.rows, "seconds": 1000}[budget.clock]
    total, unit = max(1, round(budget.amount * whole)), 1e-3 if budget.clock == "seconds" else 1.0
    tracks = draw.walk_tracks(plan, walks, budget.clock, total, planes, unit)
    scene.play(
        tracks,
        steps=total,
        stride=runs.stride(total),
        plane=planes,
        linked={name: f"batches_{name}" for name in lab.CLOCKS},
        value_name=_("Value above the minimum"),
        start=start,
        labels={"position": texts[budget.clock]},
    )
    return tracks


def show_planes(plan: Plan, tracks: Sequence[Track], planes: Sequence[str]) -> None:
    """Show the surface once for every plane, two or three in a row."""
    alone = len(planes) == 1
    wide = 1 if alone else 2 if len(planes) in (2, 4) else 3
    places = [place for _row in range(-(-len(planes) // wide)) for place in st.columns(wide, gap="small")]
    for k, (key, place) in enumerate(zip(planes, places, strict=False)):
        name = _("every size") if alone else tracks[k].label
        figure = draw.panel(
            plan.surface, star(), "" if alone else name, 400 if alone else 270, draw.axes_of(plan.surface)
        )
        alt = _("{surface} from above with the path of {name}", surface=plan.surface.title, name=name)
        with place:
            own = tracks if alone else [tracks[k]]
            scene.show_plane(plan.surface, key, own, figure=figure, alt=alt)


def show_own_rows(plan: Plan, walks: Sequence[Walk]) -> None:
    """Show the visitor's rows with the line of every size, where the loss is theirs."""
    if "own_data" not in st.session_state:
        return
    try:
        data, scale = own_scale(plan.surface.key)
    except ValueError:
        return
    if data == plan.surface.data:
        figure = draw.own_rows(plan, walks, st.session_state["own_data"], scale)
        figures.show(figure, "batches_rows", _("Your data, and the line where every batch size ended"), bar=False)


def show_clocks() -> None:
    titles = {
        "updates": (_("Loss by updates"), _("Updates")),
        "samples": (_("Loss by samples"), _("Samples")),
        "seconds": (_("Loss by seconds (a model)"), _("Seconds of the model")),
    }
    for column, (name, (title, x_title)) in zip(st.columns(3, gap="small"), titles.items(), strict=True):
        with column:
            alt = _("Value above the minimum of every batch size. {title}", title=title)
            figures.show(draw.clock_axes(title, x_title), f"batches_{name}", alt, bar=False)


def show_arrivals(plan: Plan, budget: Budget, start: tuple[float, float], steps: Sequence[int]) -> None:
    """Show when each size arrives, over seeds, on all three clocks."""
    low = figures.lowest(plan.surface)
    with repeating(), aside():
        found = [
            lab.arrival(plan.surface, start, plan.batches(k), rate, steps[k], low + budget.goal)
            for k, rate in enumerate(plan.rates)
        ]
    rows = []
    for k, (rate, most, one) in enumerate(zip(plan.rates, steps, found, strict=True)):
        cells = [_("not reached"), "–", "–"]
        if np.isfinite(one.median):
            told, at = clocks(np.full(most, plan.sizes[k]), *budget.model), int(one.median)
            band = f" ({number_text(one.low)} … {number_text(one.high)})" if one.seeds > 1 else ""
            cells = [f"{one.median:g}{band}", f"{told.samples[at]}", f"{told.seconds[at]:.3g}"]
        rows.append((draw.named(plan, k), f"{rate:.4g}", *cells, f"{most}", draw.with_error(one.final, low)))
    name = _("When they arrive")
    caption = _(
        "Median of {seeds} seeds from {seed} on, in brackets the first and the last decile. A full batch draws nothing "
        "and runs once. Seconds are those of the model.",
        seeds=max(one.seeds for one in found),
        seed=plan.seed,
    )
    lesson.section(name, caption)
    heads = ("B", _("Rate"), _("Updates to the goal"), _("Samples"), _("Seconds"), _("Updates in all"))
    runs.table((*heads, _("Final gap, mean ± error")), rows, name)


def numbers_of(one: Walk) -> list[tuple]:
    """Return a row of numbers for every point of a run."""
    count = len(one.run.path)
    told = (values[:count] for values in one.clocks)
    return list(zip([one.size] * count, *told, *one.run.path.T, one.run.value, strict=True))


def inspect(plan: Plan, walks: Sequence[Walk]) -> int:
    """Show every number of one step of one size; return its place in the plan."""
    names = {str(size): str(size) for size in plan.sizes}
    first = str(plan.sizes[len(walks) // 2])
    with controls.drawer(
        _("Step inspector: every number of the formula"), "drawer_inspect", ":material/search:"
    ) as is_open:
        with st.container(horizontal=True):
            size = controls.choice(_("Batch size"), names, "inspect_size", first, shown=is_open)
            step = controls.number(_("Step"), "step", 1, 0, MAX_STEPS, shown=is_open)
        chosen = list(names).index(size)
        if is_open:
            runs.inspector(walks[chosen].run, int(step))
    return chosen


# The cloud of gradients.


@st.fragment
def cloud_stage(plan: Plan) -> None:
    """Show the gradients of batches at the start, and how their spread falls with the size."""
    left, right = st.columns(2, gap="small")
    with left:
        picture, playing = st.container(), st.container()
    start = scene.choose_start(first_start(plan.surface), random=False)
    walks = [lab.walk(plan, k, start, CLOUD_STEPS) for k in range(len(plan.sizes))]
    tracks = draw.walk_tracks(plan, walks, "updates", CLOUD_STEPS, ["batches_cloud_plane"])
    with playing:
        scene.play(tracks, steps=CLOUD_STEPS, stride=1, plane="batches_cloud_plane", start=start)
    with picture:
        figure = draw.panel(plan.surface, star(), "", 400, draw.axes_of(plan.surface))
        scene.show_plane(plan.surface, "batches_cloud_plane", tracks, figure=figure)
    dealt = "replacement" if plan.sampling == "replacement" else "reshuffled"
    with right:
        alt = _("The gradients of single batches at the start, for every size")
        figures.show(draw.cloud(plan, start, dealt), "batches_cloud", alt)
        st.caption(
            _(
                "A dot is the gradient of one batch at the start, which a click on the surface moves; the cross is the "
                "gradient of all data. Ellipses: two standard deviations, from theory."
            )
        )
    if plan.sampling == "fixed":
        st.caption(_("In a fixed order nothing is random; shown are batches of random rows."))
    show_spread(plan, start)
    code_of(
        r"\mathbb{E}\,\lVert g_B - \nabla f \rVert^2 = \frac{\sigma^2}{B} \cdot \frac{N - B}{N - 1}",
        (row_covariance, batch_covariance, gradient_cloud),
        "Cochran, Sampling Techniques, Wiley 1977, chapter 2",
    )


def show_spread(plan: Plan, point: tuple[float, float]) -> None:
    """Show the measured spread of the gradient at a point over the batch size, beside theory."""
    with repeating(), aside():
        found = lab.spreads(plan, point)
    random = {size: one for size, one in found.items() if one.theory > 0}
    sizes, values = np.array(list(random)), list(random.values())
    theory = _("Theory: σ²/B") if plan.sampling == "replacement" else _("Theory: σ²/B · (N − B)/(N − 1)")
    measured = _("Measured, {count} batches", count=values[0].batches)
    lines = [
        Curve(sizes, np.array([one.theory for one in values]), theory, MARK, "dash"),
        Curve(sizes, np.array([one.measured.value for one in values]), measured, draw.WARM, mode="markers"),
    ]
    errors = {measured: [one.measured.error for one in values]}
    figure = draw.over_sizes(lines, _("Mean squared error of the gradient"), errors, log_y=True)
    left, right = st.columns([3, 2], gap="small")
    with left:
        figures.show(figure, "batches_spread", _("Spread of the gradient over the batch size, with theory"))
    rows = [
        (f"{s}", draw.with_error(one.measured), f"{one.theory:.3g}", f"{one.angle:.3g}°") for s, one in found.items()
    ]
    with right:
        heads = ("B", _("Measured"), _("Theory"), _("Angle to the true one, median"))
        runs.table(heads, rows, _("Spread of the gradient"))
    table = [(size, *one.measured, one.theory, one.angle) for size, one in found.items()]
    finish("gradient_cloud", _("Gradient cloud"), ("batch", "measured", "error", "theory", "angle"), table, figure)


# The ball around the minimum.


@st.fragment
def ball_stage(plan: Plan) -> None:
    """Show how far from the minimum each size stays for ever."""
    if not plan.surface.minima:
        st.info(_("These data have no minimum: a threshold separates the labels, and the weight grows for ever."))
        return
    limit = float(stable_rate(eigenvalues(*plan.surface.hessian(*plan.surface.minima[0]))[1]))
    steady = plan.with_sizes(lambda _size, rate: 0 < rate < limit)
    if steady != plan:
        st.info(
            _(
                "Outside the rates from 0 to 2/λₘₐₓ = {limit:.4g} there is no ball; these sizes are left out.",
                limit=limit,
            )
        )
    if not steady.sizes:
        return
    left, right = st.columns(2, gap="small")
    with left:
        play_ball(steady)
    modes = {
        "replacement": (_("With replacement"), draw.WARM),
        "reshuffled": (_("Reshuffled epochs"), draw.COOL),
        "fixed": (_("Fixed order"), MARK),
    }
    with repeating(), aside():
        theory = [float(np.trace(lab.ball_theory(plan.surface, rate, size))) for size, rate in steady.each()]
        found = {
            mode: [lab.ball(own.surface, own.batches(k), rate) for k, rate in enumerate(own.rates)]
            for mode in modes
            for own in (steady._replace(sampling=mode),)
        }
    with right:
        figure = radius_figure(steady, theory, found, modes)
        figures.show(figure, "batches_radius", _("Squared radius of the ball over the batch size, with theory"))
    rows = []
    for k, (size, rate) in enumerate(steady.each()):
        heat = rate / size
        cells = (draw.with_error(lab.Estimate(*np.array(found[mode][k]) / heat)) for mode in modes)
        rows.append((draw.named(plan, k), f"{rate:.4g}", f"{theory[k] / heat:.3f}", *cells))
    name = _("Squared radius divided by η/B")
    lesson.section(name, _("{runs} runs from seed {seed} on, after a burn-in.", runs=lab.BALL_RUNS, seed=plan.seed))
    runs.table(("B", _("Rate"), _("Theory"), *(title for title, _color in modes.values())), rows, name)
    table = [(mode, *pair, *one) for mode in modes for pair, one in zip(steady.each(), found[mode], strict=True)]
    finish("noise_ball", _("Noise ball"), ("sampling", "batch", "rate", "radius2", "error"), table, figure)
    code_of(
        r"S = (I - \eta H)\,S\,(I - \eta H) + \eta^2 \frac{C}{B}",
        (lab.ball_theory, stationary_covariance, lab.ball),
        "Mandt, Hoffman & Blei 2017, arXiv:1704.04289",
    )


def play_ball(plan: Plan) -> None:
    """Show runs that begin in the minimum, in a window as large as the ball."""
    widest = max(float(np.trace(lab.ball_theory(plan.surface, rate, size))) for size, rate in plan.each())
    near = draw.near_minimum(plan.surface, float(f"{4 * np.sqrt(widest) + 1e-9:.2g}"))
    steps = [min(BALL_STEPS, lab.most_updates(size)) for size in plan.sizes]
    walks = [lab.walk(plan, k, plan.surface.minima[0], most) for k, most in enumerate(steps)]
    tracks = draw.walk_tracks(plan, walks, "updates", BALL_STEPS, ["batches_ball"])
    picture = st.container()
    scene.play(tracks, steps=BALL_STEPS, stride=1, plane="batches_ball")
    with picture:
        scene.show_plane(near, "batches_ball", tracks, figure=draw.ball(plan, near, star()))
    text = _("Runs that begin in the minimum. Ellipses: two standard deviations of theory for rows with replacement.")
    st.caption(text)


def radius_figure(plan: Plan, theory: Sequence[float], found: dict, modes: dict[str, tuple[str, str]]) -> go.Figure:
    """Draw the squared radius of the ball over the batch size for every way to draw rows, and theory."""
    sizes = np.array(plan.sizes)
    lines = [Curve(sizes, np.array(theory), _("Theory, with replacement"), MARK, "dash")]
    errors = {}
    for mode, (name, color) in modes.items():
        radius2, error = np.array(found[mode]).T
        # A full batch stays where it is, up to rounding.
        lines.append(Curve(sizes, np.where(radius2 > 1e-25, radius2, np.nan), name, color, mode="lines+markers"))
        errors[name] = error
    return draw.over_sizes(lines, _("Mean squared distance from the minimum"), errors, log_y=True, height=400)


# Out of a well, and off a saddle.


def escape_stage(plan: Plan) -> None:
    with st.sidebar:
        sigma = controls.number(_("Noise of one sample, standard deviation"), "sigma", 6.0, 0.0, 1e6)
        label = _("Updates of the smallest batch")
        steps = controls.number(label, "escape_steps", 2000, 10, 20_000, step=500)
    show_escape(plan, sigma, int(steps))


@st.fragment
def show_escape(plan: Plan, sigma: float, steps: int) -> None:
    """Show which part of the runs leaves its well, from the shallow one and from the deep one."""
    left, right = st.columns(2, gap="small")
    taken = lab.same_time(plan, steps)
    with left:
        style = {"widget": st.segmented_control, "required": True, "width": "stretch"}
        wells = {"shallow": _("Shallow well"), "deep": _("Deep well")}
        well = controls.choice(_("The runs begin in the"), wells, "well", "shallow", **style)
        play_escape(plan, well, taken, sigma)
    names = {"shallow": _("Shallow to deep"), "deep": _("Deep to shallow")}
    with repeating(), aside():
        found = {
            name: [
                lab.crossed(start, *pair, most, sigma, plan.seed) for pair, most in zip(plan.each(), taken, strict=True)
            ]
            for start, name in names.items()
        }
    percent = {name: 100 * np.array(row) for name, row in found.items()}
    sizes = np.array(plan.sizes)
    lines = [
        Curve(sizes, percent[name][:, 0], name, color, dash, mode="lines+markers")
        for name, color, dash in zip(percent, (draw.COOL, draw.WARM), ("solid", "dash"), strict=True)
    ]
    with right:
        errors = {name: row[:, 1] for name, row in percent.items()}
        figure = draw.over_sizes(lines, _("Ends in the other well, %"), errors, log_y=False)
        figures.show(figure, "batches_escape", _("Part of the runs that ends in the other well, by batch size"))
        show_ends(plan, well, taken, sigma)
    st.caption(
        _(
            "{runs} runs each from seed {seed} on; bars are two standard errors. Where the rates differ, everyone runs "
            "for the same time η × updates.",
            runs=lab.ESCAPE_RUNS,
            seed=plan.seed,
        )
    )
    rows = [
        (
            draw.named(plan, k),
            f"{r:.4g}",
            f"{r / s:.4g}",
            f"{taken[k]}",
            *(f"{v[k, 0]:.0f} ± {v[k, 1]:.0f} %" for v in percent.values()),
        )
        for k, (s, r) in enumerate(plan.each())
    ]
    runs.table(("B", _("Rate"), "η/B", _("Updates"), *names.values()), rows, _("Escapes"))
    table = [
        (start, *pair, taken[k], *found[name][k]) for start, name in names.items() for k, pair in enumerate(plan.each())
    ]
    finish("escape", _("Escape"), ("from", "batch", "rate", "updates", "part", "error"), table, figure)
    code_of(
        r"g_t = \nabla f(x_t) + \frac{\sigma}{\sqrt{B}}\,\xi_t \qquad T \propto \eta / B",
        (lab.ends_of, lab.crossed),
        "Jastrzębski et al. 2017, arXiv:1711.04623",
    )


def play_escape(plan: Plan, well: str, taken: Sequence[int], sigma: float) -> None:
    """Show the first run of every size, all at the same time η × updates."""
    tracks, most = [], max(taken)
    moments = np.minimum(np.arange(0, most + runs.stride(most), runs.stride(most)), most)
    for k, (size, rate) in enumerate(plan.each()):
        noise = Noise(sigma / np.sqrt(size), plan.seed)
        run = descend(plan.surface, SGD, lab.WELLS[well], taken[k], rate, noise=noise)
        shown = moments * taken[k] // most
        shown = shown[shown < len(run.path)]
        tracks.append(draw.size_track(plan, k, run, shown, series={"x": run.path[shown, 0]}))
    picture = st.container()
    scene.play(
        tracks,
        steps=most,
        stride=runs.stride(most),
        plane="batches_well",
        linked={"x": "batches_x"},
        value_name=_("x of the first run of each size"),
    )
    with picture:
        scene.show_plane(plan.surface, "batches_well", tracks, figure=draw.panel(plan.surface, star(), "", 300))
    axes = figures.still_axes(_("x of the first run of each size"), _("Updates of the smallest batch"), log=False)
    figures.show(axes, "batches_x", _("x of every size over the updates"), bar=False)


def show_ends(plan: Plan, well: str, taken: Sequence[int], sigma: float) -> None:
    """Show where the runs of each size end, as a histogram."""
    edges = np.linspace(*plan.surface.domain[:2], 61)
    lines = []
    for k, pair in enumerate(plan.each()):
        ends = lab.ends_of(well, *pair, taken[k], sigma, plan.seed)
        part = 100 * np.histogram(ends[np.isfinite(ends)], edges)[0] / lab.ESCAPE_RUNS
        lines.append(Curve((edges[1:] + edges[:-1]) / 2, part, *draw.look(plan, k)[:3]))
    figure = figures.curves(lines, _("x at the end"), _("Runs, %"), height=260)
    figures.show(figure, "batches_ends", _("Where the runs of every batch size end"), bar=False)


@st.fragment
def saddle_stage(plan: Plan) -> None:
    """Show how long each size stays at a saddle when it begins exactly on the axis of symmetry."""
    left, right = st.columns(2, gap="small")
    with left:
        play_saddle(plan)
    with repeating(), aside():
        first = [lab.leaving(*pair, SADDLE_STEPS, plan.sampling, plan.seed) for pair in plan.each()]
    median = np.array([np.median(steps[steps >= 0]) if np.any(steps >= 0) else np.nan for steps in first])
    sizes = np.array(plan.sizes)
    lines = [
        Curve(sizes, median, _("Updates"), draw.COOL, mode="lines+markers"),
        Curve(sizes, median * sizes, _("Samples"), draw.WARM, "dash", mode="lines+markers"),
    ]
    figure = draw.over_sizes(lines, _("Until |y| > 0.5, median"), {}, log_y=True)
    with right:
        figures.show(figure, "batches_leaving", _("Updates and samples to leave the saddle, by batch size"))
        axes = figures.still_axes(_("|y|, distance from the axis"), _("Update"), log=True)
        figures.show(axes, "batches_away", _("|y| of every size over the updates"), bar=False)
    st.caption(
        _(
            "{rows} rows whose deviations from the gradient add up to zero; {seeds} seeds and {steps} updates from "
            "(1, 0). The full batch sees the exact gradient, which never points off the axis.",
            rows=lab.SADDLE_ROWS,
            seeds=lab.SEEDS,
            steps=SADDLE_STEPS,
        )
    )
    rows = [
        (draw.named(plan, k), f"{r:.4g}", f"{np.count_nonzero(n >= 0)} / {len(n)}", number_text(m), number_text(m * s))
        for k, ((s, r), n, m) in enumerate(zip(plan.each(), first, median, strict=True))
    ]
    heads = ("B", _("Rate"), _("Runs that leave"), _("Updates"), _("Samples"))
    runs.table(heads, rows, _("Steps to leave the saddle"))
    table = [(*pair, k, int(n)) for pair, steps in zip(plan.each(), first, strict=True) for k, n in enumerate(steps)]
    finish("saddle", _("Saddle"), ("batch", "rate", "run", "left_at"), table, figure)
    code_of(
        r"g_t = \nabla f(x_t) + \frac1B \sum_{i \in \mathcal{B}_t} \xi_i \qquad \sum_{i=1}^N \xi_i = 0",
        (row_noise, lab.saddle_rows, lab.leaving),
        "Lee et al. 2016, arXiv:1602.04915",
    )


def play_saddle(plan: Plan) -> None:
    """Show the first run of every size."""
    tracks = []
    for k, rate in enumerate(plan.rates):
        noise = row_noise(lab.saddle_rows(), plan.batches(k), SADDLE_STEPS, 1)[0]
        run = descend(plan.surface, SGD, lab.SADDLE_START, SADDLE_STEPS, rate, noise=noise)
        away = np.abs(run.path[:, 1])
        series = {"away": np.where(away > 0, away, np.nan)}
        tracks.append(draw.size_track(plan, k, run, np.arange(len(away)), series=series))
    picture = st.container()
    scene.play(
        tracks,
        steps=SADDLE_STEPS,
        stride=1,
        plane="batches_saddle",
        linked={"away": "batches_away"},
        value_name=_("|y|, distance from the axis"),
    )
    with picture:
        scene.show_plane(plan.surface, "batches_saddle", tracks, figure=draw.panel(plan.surface, star(), "", 400))


# Batch size and schedule.


def grid_stage(plan: Plan) -> None:
    with st.sidebar:
        keys = controls.choices(_("Schedules"), PLANS, "plans", ("constant", "multi_step", "cosine"), most=5)
        steps = controls.number(_("Updates"), "grid_steps", 400, 1, 5000, step=100)
    show_grid(plan, tuple(keys) or ("constant",), int(steps))


@remembered(32)
def grid_of(plan: Plan, keys: tuple[str, ...], start: tuple[float, float], steps: int) -> lab.Grid:
    return lab.grid(plan, {key: {} for key in keys}, start, steps)


@st.fragment
def show_grid(plan: Plan, keys: tuple[str, ...], steps: int) -> None:
    """Show one path for every schedule and size, and where several seeds of each end."""
    picture = st.container()
    start = scene.choose_start(first_start(plan.surface), random=False)
    steps = min(steps, lab.most_updates(max(plan.sizes)))
    say_short(plan, [steps] * len(plan.sizes))
    try:
        with repeating(), aside():
            found = grid_of(plan, keys, start, steps)
    except ValueError as error:
        st.error(_("These settings contradict one another: {reason}", reason=str(error)))
        return
    figure = draw.grid(plan, keys, found)
    with picture:
        figures.show(
            figure, "batches_grid", _("A path for every schedule and batch size, with the final loss"), bar=False
        )
        st.caption(
            _(
                "Every path has {steps} updates and the same seed. Above it: how far above the minimum its kind ends, "
                "mean of {seeds} seeds ± standard error.",
                steps=steps,
                seeds=found.seeds,
            )
        )
    table = [
        (key, size, figures.above(plan.surface, cell.value), cell.error)
        for key, row in zip(keys, found.final, strict=True)
        for size, cell in zip(plan.sizes, row, strict=True)
    ]
    finish("grid", _("Batch size and schedule"), ("schedule", "batch", "gap", "error"), table, figure)
    code_of(
        r"\theta_{t+1} = \theta_t - \eta\,s_t\,g_B(\theta_t)",
        (lab.grid,),
        "Smith et al. 2018, arXiv:1711.00489: a rate that falls does what a batch that grows does",
    )


STAGES: dict[str, Any] = {
    "race": race_stage,
    "cloud": cloud_stage,
    "ball": ball_stage,
    "escape": escape_stage,
    "saddle": saddle_stage,
    "grid": grid_stage,
}


def show() -> None:
    """Show the experiment of the page."""
    experiments = {
        "race": _("Side by side"),
        "cloud": _("Gradient cloud"),
        "ball": _("Noise ball"),
        "escape": _("Escape"),
        "saddle": _("Saddle"),
        "grid": _("With schedules"),
    }
    style = {"widget": st.segmented_control, "required": True, "label_visibility": "collapsed", "on_change": take_field}
    experiment = controls.choice(_("Experiment"), experiments, "experiment", "race", **style)
    with st.sidebar:
        plan = choose_plan(experiment)
    STAGES[experiment](plan)
