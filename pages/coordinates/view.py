"""A rate per coordinate: accumulators and effective rates on five grounds, and where they help and where not."""

from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core import Noise, Trajectory, descend
from core.analysis.tuning import RATES, RateSweep
from core.engine.spec import Optimizer, Surface
from core.memory import remembered
from core.optimizers import ALL_OPTIMIZERS
from core.text import T
from pages.coordinates import measure as lab
from pages.coordinates.measure import GROUNDS, METHODS
from surfaces import ALL_SURFACES
from teaching.rows import hyper_in
from ui import compute, controls, figures, lesson, page, runs, scene
from ui.figures import Curve
from ui.i18n import _, language
from ui.page import fragment, state
from ui.palette import MARK, ink
from ui.player.player import Track

CHARTS = ("rate_x", "rate_y", "divisor_x", "divisor_y", "length")
LINKED = {name: f"coordinates_{name}" for name in CHARTS}
TEACHES = {
    "slope": T("The gradient is the same everywhere: what changes on the way is the rate."),
    "bowl": T("The gradients fade towards the minimum: what becomes of a rate that is divided by their size?"),
    "noisy": T("The gradients fade, their noise does not: that is what the rates are divided by in the end."),
    "booth": T("A tilted bowl, nine times as steep across as along."),
    "ravine": T("A hundred times as steep across as along. Turn it: who notices?"),
}


class Walk(NamedTuple):
    """What the sidebar sets."""

    ground: lab.Ground
    surface: Surface
    methods: list[Optimizer]
    hyper: dict[str, dict[str, float]]
    steps: int
    noise: Noise | None


def begin_anew() -> None:
    """Take start, noise and rates from the ground just chosen."""
    page.reset("angle", "x", "y", "sigma", *(f"lr_{key}" for key in METHODS))


def turn_start() -> None:
    """Put the start where it belongs in the turned ravine."""
    page.reset("x", "y")


def choose_walk() -> Walk:
    """Show the sidebar and return what it sets."""
    ground = GROUNDS[controls.show("ground", widget=st.segmented_control, required=True, then=begin_anew)]
    surface = ground.surface
    if ground.key == "ravine":
        surface = surface.with_parameters(angle=controls.slider("angle", then=turn_start))
    st.caption(_(TEACHES[ground.key]))
    methods = [ALL_OPTIMIZERS[key] for key in controls.chosen("methods")]
    exact = controls.show("exact")
    hyper = {method.key: {"lr": choose_rate(method, exact=exact)} for method in methods}
    with controls.drawer(_("Hyper-parameters"), "drawer_hyper", ":material/tune:") as is_open:
        titles = lab.adjustable(hyper)
        adjusted = (controls.pick("adjust", titles) or next(iter(titles))) if is_open and titles else None
        for method in methods:
            for setting in method.hyper[1:]:
                controls.show(f"{method.key}_{setting.key}", drawn=method.key == adjusted)
            hyper[method.key] |= hyper_in(state(), method)
    with controls.drawer(_("Steps and noise"), "drawer_run", ":material/timeline:") as is_open:
        steps, sigma, seed = (controls.show(key, drawn=is_open) for key in ("steps", "sigma", "seed"))
    return Walk(ground, surface, methods, hyper, steps, Noise(sigma, seed) if sigma else None)


def choose_rate(method: Optimizer, *, exact: bool) -> float:
    """Show the rate of a method with its line; return it."""
    symbol = rf" $\;{method.hyper[0].symbol}$" if exact else ""  # a slider shows it with the number
    return controls.rate(method.key, exact=exact, label=f"{controls.swatch(method.key)} {method.title}{symbol}")


def track(run: Trajectory, steps: int) -> Track:
    """Return a run for the player, with the rate and the divisor of each coordinate and the length of its steps."""
    shown = runs.frames(run, steps)
    style = ink(run.optimizer.key)
    lr = run.hyper["lr"]
    numbers = {"length": np.abs(np.diff(run.path[:, 0])) / abs(lr or 1.0)}
    if run.optimizer.key in lab.GRADIENT_METHODS:
        rate = run.explained()["rate"]
        numbers |= {"rate_x": rate[:, 0], "rate_y": rate[:, 1]}
        if run.optimizer.key != "sgd":
            numbers |= {f"divisor_{name}": lr / rate[:, d] for d, name in enumerate("xy")}
    series = {name: np.append(np.nan, np.where(values > 0, values, np.nan))[shown] for name, values in numbers.items()}
    return Track(
        key=run.optimizer.key,
        label=run.optimizer.title,
        color=style.color,
        dash=style.pixels,
        path=run.path[shown],
        series=series,
        outcome="" if run.status in ("running", "converged") else runs.outcome(run),
        failed=run.failed,
    )


def show_chart(name: str) -> None:
    """Show the empty axes of one of CHARTS, which the player fills."""
    titles = {
        "rate_x": _("Effective rate of x"),
        "rate_y": _("Effective rate of y"),
        "divisor_x": _("What x divides by: √G, √v, …"),
        "divisor_y": _("What y divides by"),
        "length": _("Step of x, in learning rates"),
    }
    title = titles[name]
    alt = _("{what} of every method over the steps", what=title)
    figures.show(figures.still_axes(title, _("Step"), log=True), LINKED[name], alt, bar=False)


def show_numbers(finished: list[Trajectory]) -> None:
    """Show one row per run: its first step, its rates from the first step to the last, its way."""
    heads = (
        _("Optimizer"),
        _("Rate"),
        _("First step, in rates"),
        _("Rate of x: first → last"),
        _("Rate of y: first → last"),
        _("Way"),
        _("Final value"),
        _("Outcome"),
    )
    rows = []
    for run in finished:
        first, lr = (np.abs(run.path[1] - run.path[0]).max() if len(run.path) > 1 else np.nan), run.hyper["lr"]
        rates = ["–", "–"]
        if run.optimizer.key in lab.GRADIENT_METHODS and len(run.rate):
            rate = run.explained()["rate"]
            rates = [f"{rate[0, d]:.3g} → {rate[-1, d]:.3g}" for d in range(2)]
        rows.append(
            (
                f"{controls.swatch(run.optimizer.key)} {run.optimizer.title}",
                f"{lr:.4g}",
                f"{first / abs(lr):.3g}" if lr else "–",
                *rates,
                f"{np.hypot(*(run.path[-1] - run.path[0])):.4g}",
                f"{run.value[-1]:.4g}",
                runs.outcome(run),
            )
        )
    title = _("From the first step to the last")
    lesson.section(title)
    runs.table(heads, rows, title)


@fragment
def stage(walk: Walk) -> None:
    """Run the methods and show them. A fragment: a click that moves the start draws only this anew."""
    pictures, playing = st.container(), st.container()
    start = scene.choose_start()
    with compute.compiling():
        finished = [
            descend(walk.surface, m, start, walk.steps, hyper=walk.hyper[m.key], noise=walk.noise) for m in walk.methods
        ]
    tracks = [track(run, walk.steps) for run in finished]
    with playing:
        scene.play(
            tracks,
            steps=walk.steps,
            stride=runs.stride(walk.steps),
            plane="coordinates_plane",
            linked=LINKED,
            value_name=_("Effective rate of x"),
            start=start,
            on_step=runs.show_step,
        )
    with pictures:
        left, right = st.columns(2, gap="small")
        with left:
            scene.show_plane(walk.surface, "coordinates_plane", tracks)
        with right:
            for name in CHARTS[:2]:
                show_chart(name)
    for column, name in zip(st.columns(3, gap="small"), CHARTS[2:], strict=True):
        with column:
            show_chart(name)
    if finished:
        show_numbers(finished)
        take_away(walk, finished, runs.inspect(finished))


def take_away(walk: Walk, finished: list[Trajectory], run: Trajectory) -> None:
    scene.take_away_runs(finished, _("A rate per coordinate"))
    runs.torch_drawer(run, walk.steps, noise=walk.noise)


def show_turned(walk: Walk) -> None:
    """Show the steps down the ravine against its angle, at the rates of the sidebar where it is the ground."""
    turned = walk.ground.key == "ravine"
    rates = tuple((m.key, walk.hyper[m.key]["lr"] if turned else GROUNDS["ravine"].rates[m.key]) for m in walk.methods)
    lesson.section(
        _("Turn the ravine"),
        _(
            "Steps to f < {level:g} from the same place in the ravine, whatever its angle. SGD does not notice the "
            "turn. A rate per coordinate helps only where the ravine lies along an axis. Rates: {rates}.",
            level=lab.LEVEL,
            rates=", ".join(f"{METHODS[key]} {lr:.4g}" for key, lr in rates),
        ),
    )
    figure = turned_figure(rates, state()["angle"] if turned else None, language())
    figures.show(figure, "coordinates_turned", _("Steps down the ravine against its angle"), bar=False)


@remembered(64, T("Turning the ravine"))
def turned_figure(rates: tuple, angle: float | None, _language: str) -> go.Figure:
    rows = []
    for key, steps in lab.turned_steps(rates).items():
        style = ink(key)
        rows.append(Curve(lab.ANGLES, steps, METHODS[key], style.color, style.dash, mode="lines+markers"))
    figure = figures.curves(rows, _("Angle in degrees"), _("Steps"), height=340)
    figure.update_traces(marker={"size": 5})
    figure.update_yaxes(rangemode="tozero")
    if angle is not None:
        figure.add_vline(x=angle, line={"color": MARK, "width": 1.5, "dash": "dot"})
    return figures.Still(figure)


def show_robustness() -> None:
    """Show which rates work on a surface, and for how many decades of rates each method works on six of them."""
    lesson.section(_("How exact must the rate be?"))
    surface, sweeps = controls.show("robust"), lab.all_robustness()
    x_title, y_title = _("Learning rate"), _("Steps until it is near, to stay")
    figure = robustness_figure(surface, x_title, y_title)
    alt = _("Steps to the minimum against the learning rate, the best rate of each method marked")
    figures.show(figure, "coordinates_robust", alt)
    runs.say_where_no_rate_works([(m, ALL_OPTIMIZERS[m].title, sweeps[surface, m]) for m in lab.ROBUST_METHODS])
    heads = (_("Optimizer"), *(ALL_SURFACES[key].title for key in lab.ROBUST_SURFACES))
    rows = [
        (f"{controls.swatch(m)} {ALL_OPTIMIZERS[m].title}", *(decades(sweeps[s, m]) for s in lab.ROBUST_SURFACES))
        for m in lab.ROBUST_METHODS
    ]
    runs.table(heads, rows, _("Decades of rates that work"))
    st.caption(
        _(
            "Decades of rates that come within {near} of a minimum in {steps} steps and stay, of {count} rates from "
            "{low:g} to {high:g} and one start. ≥: the grid ends before the working rates do.",
            near=lab.NEAR,
            steps=lab.ROBUST_STEPS,
            count=len(RATES),
            low=RATES[0],
            high=RATES[-1],
        )
    )


@remembered(16)
def robustness_figure(surface: str, x_title: str, y_title: str) -> go.Figure:
    sweeps = [(m, ALL_OPTIMIZERS[m].title, lab.all_robustness()[surface, m]) for m in lab.ROBUST_METHODS]
    return figures.Still(figures.rate_sweeps(sweeps, lab.ROBUST_STEPS, x_title, y_title))


def decades(sweep: RateSweep) -> str:
    return f"{'≥ ' if lab.at_the_edge(sweep) else ''}{sweep.decades:.2f}"


def show_rare() -> None:
    """Show how the weight of a rare feature is learnt."""
    lesson.section(
        _("A rare feature"),
        _(
            "Online regression of y = 3 m + 1, one row a step. The feature m is there in one row of {every}, the "
            "constant in all. Rates are chosen so that the weight of the constant ends about equally exact. "
            "Line and band: mean and standard deviation over {count} seeds.",
            every=lab.RARE_EVERY,
            count=lab.REPEATS,
        ),
    )
    seed = controls.show("rare_seed")
    curves = lab.rare_curves(seed)
    figures.show(rare_figure(seed, language()), "coordinates_rare", _("Weight of the rare feature over the steps"))
    heads = (_("Optimizer"), _("Rate"), _("Steps until it is right to 0.3"), _("Error of the other weight"))
    rows = []
    for row in curves:
        mean, error = row.arrived
        name = f"{controls.swatch(row.optimizer)} {rare_title(row)}"
        rows.append((name, f"{row.lr:g}", f"{mean:.0f} ± {error:.0f}", f"{row.dense_error:.4f}"))
    runs.table(heads, rows, _("A rare feature"))


def rare_title(row: lab.RareCurve) -> str:
    return f"{METHODS[row.optimizer]}, η/√t" if row.falling else METHODS[row.optimizer]


@remembered(8)
def rare_figure(seed: int, _language: str) -> go.Figure:
    rows = []
    for row in lab.rare_curves(seed):
        style = ink(row.optimizer)
        name, dash = rare_title(row), "dot" if row.falling else style.dash
        rows.append(Curve(row.steps, row.mean, name, style.color, dash, row.mean - row.spread, row.mean + row.spread))
    figure = figures.curves(rows, _("Step"), _("Weight of the rare feature"), height=320)
    figure.add_hline(y=lab.RARE_WEIGHT, line={"color": MARK, "width": 1, "dash": "dot"})
    return figures.Still(figure)


def show_skewed() -> None:
    """Show where batches that disagree carry a point that should stay."""
    lesson.section(
        _("Batches that disagree"),
        _(
            "Nine batches of ten push by +0.1, one pushes back by 0.9: on average nothing pushes. Rate {rate:g}, "
            "{count} independent streams. Where the sign alone counts, the nine win.",
            rate=lab.SKEWED_RATE,
            count=2 * lab.REPEATS,
        ),
    )
    seed = controls.show("skew_seed")
    drifts = lab.drifts(seed)
    figures.show(skewed_figure(seed, language()), "coordinates_skewed", _("Drift of every method over the steps"))
    heads = (_("Optimizer"), _("Where it ends: mean ± standard error"), _("Standard deviation"))
    rows = []
    for row in drifts:
        mean, error = row.end
        name = f"{controls.swatch(row.optimizer)} {drift_title(row)}"
        rows.append((name, f"{mean:.3g} ± {error:.2g}", f"{row.spread:.3g}"))
    runs.table(heads, rows, _("Batches that disagree"))


def drift_title(row: lab.Drift) -> str:
    title, extra = ALL_OPTIMIZERS[row.optimizer].title, ", ".join(f"{name} {v:g}" for name, v in row.hyper.items())
    return f"{title} ({extra})" if extra else title


@remembered(8)
def skewed_figure(seed: int, _language: str) -> go.Figure:
    rows = []
    for row in lab.drifts(seed):
        style = ink(row.optimizer)
        dash = "dot" if row.hyper else style.dash
        rows.append(Curve(row.steps, row.distance, drift_title(row), style.color, dash))
    x_title, y_title = _("Step"), _("Distance from the start, root mean square")
    return figures.Still(figures.curves(rows, x_title, y_title, log_x=True, log_y=True, height=360))


def show() -> None:
    """Show the experiment of the page."""
    with st.sidebar:
        walk = choose_walk()
    stage(walk)
    if walk.methods:
        show_turned(walk)
    show_robustness()
    show_rare()
    show_skewed()
