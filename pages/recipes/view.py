"""Averages, hand-overs, safety belts: what is done to a run besides its schedule, over the same seeds."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core import Trajectory
from core.analysis.schedule_trials import Spread
from core.engine.spec import Goal, gap
from pages.recipes import measure as lab
from teaching import record
from ui import compute, controls, figures, lesson, page, runs, scene
from ui.i18n import _
from ui.page import fragment, state
from ui.palette import MARK, ink
from ui.player.player import Track

DECAYS = 1 - np.logspace(-0.5, -4, 57)
"""For the curve of theory: from the last three points to the whole run."""
IZMAILOV = "Izmailov et al. 2018, arXiv:1803.05407"


class Setup(NamedTuple):
    """What the sidebar sets."""

    experiment: lab.Experiment
    case: lab.Case
    """Everything but the start, which a click moves."""
    recipes: tuple[lab.Recipe, ...]
    total: int
    """Steps, or where batches change: samples."""
    level: float


def choose_experiment() -> lab.Experiment:
    """Show the experiments and return the chosen one. Another one brings everything that it begins with."""
    style: dict[str, Any] = {"widget": st.segmented_control, "required": True, "label_visibility": "collapsed"}
    return lab.EXPERIMENTS[controls.show("part", then=lambda: page.keep("part"), **style)]


def choose_setup(chosen: lab.Experiment) -> Setup:
    """Show the sidebar and return what it sets."""
    total, recipes = choose_recipes(chosen)
    parameters = {name: controls.show(f"{chosen.family}_{name}") for name in chosen.parameters}
    if chosen.sigma:
        label = _("Gradient noise of one sample") if chosen.key == "batches" else controls.label_of("sigma")
        controls.show("sigma", label=label)
        with controls.drawer(_("Seeds, goal"), "drawer_run", ":material/timeline:") as is_open:
            for key in ("seed", "seeds", "goal"):
                controls.show(key, drawn=is_open)
    now = state()
    surface = chosen.surface.with_parameters(**parameters) if parameters else chosen.surface
    case = chosen.case(surface=surface, sigma=now["sigma"], seed=now["seed"], seeds=now["seeds"])
    return Setup(chosen, case, recipes, total, now["goal"])


def choose_recipes(chosen: lab.Experiment) -> tuple[int, tuple[lab.Recipe, ...]]:
    """Show what the recipes of an experiment are made of; return steps (or samples) and the recipes."""
    values = {knob.key: (controls.slider if knob.slides else controls.show)(knob.key) for knob in chosen.knobs}
    total = int(values[chosen.knobs[0].key])
    if values.get("begin", 0) > total:
        st.warning(_("The tail would begin after the end; it begins at the last step, {step}.", step=total))
    return total, chosen.build(**values)


@fragment
def stage(setup: Setup) -> None:
    """Run every recipe and show it. A fragment: a click that moves the start draws only this anew."""
    if setup.experiment.key == "board":
        show_board(setup)
        return
    left, right = st.columns(2, gap="small")
    pictures, playing = left.container(), left.container()
    with left:
        start = scene.choose_start()
    setup = setup._replace(case=replace(setup.case, start=start))
    goal = Goal("near", lab.NEAR, setup.case.surface.minima) if setup.experiment.key == "clipping" else None
    try:
        with compute.compiling():
            walks = [lab.walk(setup.case, recipe, goal) for recipe in setup.recipes]
        spreads = [lab.repeat(setup.case, recipe) for recipe in setup.recipes]
    except ValueError as error:  # a recipe multiplies a rate that is at its limit
        st.error(_("These settings contradict one another: {reason}", reason=str(error)))
        return
    tracks = [as_track(setup, *row) for row in zip(setup.recipes, walks, spreads, strict=True)]
    charts = charts_of(setup)
    linked, plane = {name: f"recipes_{name}" for name in charts}, "recipes_plane"
    options: dict = {"value_name": next(iter(charts.values()))}
    options |= {"steps": setup.total, "stride": runs.stride(setup.total), "plane": plane, "linked": linked}
    options |= {"on_step": runs.show_step} if setup.experiment.key in ("averages", "clipping") else {}
    by_samples = setup.experiment.key == "batches"
    with playing:
        labels = {"position": _("Sample {step} of {steps}")} if by_samples else {}
        scene.play(tracks, start=start, labels=labels, **options)
    with pictures:
        alt = _("{name} from above with the path of every recipe", name=setup.case.surface.title)
        scene.show_plane(setup.case.surface, plane, tracks, alt=alt)
    with right:
        axes = figures.time_axes if by_samples else lambda *names: figures.still_axes(*names, log=True)
        for name, title in charts.items():
            alt = _("{what} of every recipe over the run", what=title)
            figures.show(axes(title, _("Samples") if by_samples else _("Step")), linked[name], alt, bar=False)
    show_table(setup, walks, spreads)
    if setup.experiment.key == "averages":
        show_decays(setup, spreads)
    elif setup.experiment.key == "clipping":
        show_turn(setup)
    look_closer(setup, walks)
    take_away(setup, walks, spreads)


def charts_of(setup: Setup) -> dict[str, str]:
    """Return the charts beside the surface, all logarithmic: series -> title."""
    gap = {"gap": _("Value above the minimum")}
    if setup.experiment.key == "clipping":
        return gap | {"length": _("Step length")}
    count = setup.case.runs
    return gap | {"mean": _("Mean value above the minimum, {count} runs", count=count)}


def as_track(setup: Setup, recipe: lab.Recipe, phases: list[Trajectory], spread: Spread) -> Track:
    """Return what a recipe answers, frame by frame of the steps or, where batches change, of the samples."""
    points, stride = lab.whole(phases, recipe), runs.stride(setup.total)
    rows = recipe.rows_at(np.arange(0, setup.total + stride, stride), len(points))
    failed = phases[-1].status not in ("running", "converged")
    with np.errstate(over="ignore"):
        above = gap(setup.case.surface.value(*points.T), setup.case.lowest)
    length = np.append(np.nan, np.hypot(*np.diff(points, axis=0).T))
    series = {"gap": above, "mean": spread.mean[: len(points)], "length": length}
    series = {name: np.where(series[name] > 0, series[name], np.nan)[rows] for name in charts_of(setup)}
    style, told = ink(recipe.key), dict.fromkeys(series, recipe.clock[rows])
    looks: dict = {"color": style.color, "dash": style.pixels, "failed": failed}
    looks |= {"outcome": runs.outcome(phases[-1])} if failed else {}
    return Track(recipe.key, recipe.title, path=points[rows], series=series, clock=told, **looks)


def show_table(setup: Setup, walks: Sequence[list[Trajectory]], spreads: Sequence[Spread]) -> None:
    """Show the numbers of every recipe."""
    case, rows, head = setup.case, setup.recipes, _("Recipe")
    columns = {head: [f"{controls.swatch(row.key)} {row.title}" for row in rows]}
    if setup.experiment.key == "clipping":
        first = [phases[0] for phases in walks]
        # A run that is thrown out at once took no step.
        moves = [run.path[1] - run.path[0] if len(run.path) > 1 else np.full(2, np.nan) for run in first]
        columns[_("First step, length")] = [f"{np.hypot(*move):.4g}" for move in moves]
        columns[_("x after it")] = [f"{run.path[0, 0] + move[0]:.4g}" for run, move in zip(first, moves, strict=True)]
        columns[_("Gradient turned by up to")] = [f"{lab.turned(run).max(initial=0):.1f}°" for run in first]
        heading = _("Nearer than {radius:g} from step").format(radius=lab.NEAR)
        columns[heading] = [str(run.held) if run.held >= 0 else _("not reached") for run in first]
    else:
        columns[_("Mean at the end") if case.sigma else _("Value at the end")] = [
            "–" if s.lost else runs.with_error(s.mean[-1], s.error) for s in spreads
        ]
        if setup.experiment.key == "averages":
            known = [lab.expected_end(case, row) for row in rows]
            columns[_("Theory")] = ["–" if value is None else f"{value:.3g}" for value in known]
        by_samples = setup.experiment.key == "batches"
        heading = _("Mean below {level:g} at sample") if by_samples else _("Mean below {level:g} at step")
        found = [spread.first_below(setup.level) for spread in spreads]
        columns[heading.format(level=setup.level)] = [
            str(row.clock[k]) if k >= 0 else _("not reached") for row, k in zip(rows, found, strict=True)
        ]
    if any(spread.lost for spread in spreads):
        columns[_("Diverged")] = [f"{spread.lost} / {case.runs}" for spread in spreads]
    text = _("Seeds {first} to {last}.", first=case.seed, last=case.seed + case.runs - 1) if case.sigma else ""
    lesson.section(_("Results"), text)
    runs.table(list(columns), list(zip(*columns.values(), strict=True)), _("Results"))


def show_decays(setup: Setup, spreads: Sequence[Spread]) -> None:
    """Show where moving averages of every decay end: theory, and the two that were measured."""
    case, lr = setup.case, lab.pick(setup.recipes, "sgd").phases[0].lr
    weight = np.stack([lab.weights(("ema", decay), setup.total) for decay in DECAYS], axis=1)
    rows = [figures.Curve(1 - DECAYS, lab.expected(case, lr, weight), _("Theory"), MARK)]
    if case.sigma and lab.is_stable(case, lr):
        forgotten = np.array([lab.settled(case, lr, decay) for decay in DECAYS])
        rows.append(figures.Curve(1 - DECAYS, forgotten, _("Theory, the start forgotten"), MARK, "dot"))
    for recipe, spread in zip(setup.recipes, spreads, strict=True):
        if recipe.average and recipe.average[0] == "ema":
            end = np.array([1 - recipe.average[1]]), spread.mean[-1:]
            rows.append(figures.Curve(*end, recipe.title, *ink(recipe.key), mode="markers"))
    text = _(
        "Here d is the weight of the old average, as in torch's `get_ema_avg_fn(d)`; other texts write α = 1 − d, the "
        "weight of the new point, and the `momentum` of batch normalisation is that α. Too long a memory still holds "
        "the start. The average is for evaluation: no step of the run ever sees it."
    )
    lesson.section(_("How long to remember"), text)
    axes = _("Weight of the new point, 1 − d"), _("Mean at the end")
    figures.show(figures.curves(rows, *axes, log_x=True, log_y=True), "recipes_decays", axes[1], bar=False)


def show_turn(setup: Setup) -> None:
    """Show by how much clipping turns a gradient of the reader's choice."""
    lesson.section(_("Clip one gradient"))
    with st.container(horizontal=True):
        x, y = controls.show("gx"), controls.show("gy")
    clipped = [row for row in setup.recipes if row.clip_norm or row.clip_value]
    turns = [f"{lab.turn_of((x, y), norm=row.clip_norm, value=row.clip_value):.1f}°" for row in clipped]
    names = [f"{controls.swatch(row.key)} {row.title}" for row in clipped]
    title = _("Turned by")
    runs.table([_("Recipe"), title], list(zip(names, turns, strict=True)), title)


def show_board(setup: Setup) -> None:
    """Show every recipe at its best rates, the best first."""
    picture = st.container()
    start = scene.choose_start()
    case = replace(setup.case, start=start)
    scores = scores_of(case, setup.recipes)
    with picture:
        name = _("Mean at the end, with two standard errors")
        st.markdown(f"**{name}**")
        figures.show(scores_figure(scores), "recipes_board", name, bar=False)
    text = _(
        "All rates of a recipe are multiplied by {factors}, and the lowest mean over seeds {first} to {last} counts. "
        "Not everything was tuned: the step of the hand-over, the decay and the beginning of the tail were not.",
        factors=", ".join(f"{factor:g}" for factor in lab.FACTORS),
        first=case.seed,
        last=case.seed + case.runs - 1,
    )
    lesson.section(_("Results"), text)
    columns = {
        _("Recipe"): [f"{controls.swatch(found.recipe.key)} {found.recipe.title}" for found in scores],
        _("Rate"): [found.recipe.rates for found in scores],
        _("Mean at the end"): [runs.with_error(s.mean, s.error) if s.mean < np.inf else _("diverged") for s in scores],
    }
    runs.table(list(columns), list(zip(*columns.values(), strict=True)), _("Results"))

    rows = [(found.recipe.title, found.recipe.rates, found.mean, found.error) for found in scores]
    table = pd.DataFrame(rows, columns=["recipe", "rates", "mean", "error"])
    offer(lambda: table, lambda: scores_figure(scores), name)


def scores_of(case: lab.Case, recipes: tuple[lab.Recipe, ...]) -> Sequence[lab.Score]:
    """Return how every recipe does at its best rates; what the page opens with is recorded."""
    own = lab.EXPERIMENTS["board"]
    if (case, recipes) != (own.case(), own.build()):
        return lab.scores(case, recipes)
    known = record.numbers("recipes", "panel board", lab.first_board)
    return [lab.Score(lab.pick(recipes, key).scaled(row[0]), *row) for key, row in known.items()]


def scores_figure(scores: Sequence[lab.Score]) -> go.Figure:
    """Draw the mean of every recipe with its error bar, the best at the top."""
    figure = go.Figure()
    for found in (one for one in scores if 0 < one.mean < np.inf):
        style, bars = {"color": ink(found.recipe.key).color, "size": 10}, {"array": [2 * found.error], "thickness": 2}
        figure.add_scatter(x=[found.mean], y=[found.recipe.title], marker=style, error_x=bars, name="")
    figure.update_layout(margin=figures.MARGIN | {"b": 44}, height=420, showlegend=False)
    figure.update_xaxes(**figures.log_axis([one.mean for one in scores]))
    return figure.update_yaxes(autorange="reversed", automargin=True)


def look_closer(setup: Setup, walks: Sequence[list[Trajectory]]) -> None:
    """Show the numbers of one step of one recipe, the code that ran and the same in PyTorch."""
    key = controls.show("look")
    recipe, phases = next(pair for pair in zip(setup.recipes, walks, strict=True) if pair[0].key == key)
    number = 0
    if len(phases) > 1:
        number = min(int(controls.pick("phase", lab.phase_titles(recipe), "0")), len(phases) - 1)
    run = runs.inspect([phases[number]])
    if recipe.average and recipe.average[0] in lab.AVERAGES:
        with controls.drawer(_("The average that was taken"), "drawer_average", ":material/functions:") as is_open:
            if is_open:
                function, latex = lab.AVERAGES[recipe.average[0]]
                lesson.formula(latex, (function,), IZMAILOV)
    phase, noise = recipe.phases[number], setup.case.noise(recipe)
    done = sum(other.steps for other in recipe.phases[:number])
    settings = {"schedule": phase.schedule, "clip_norm": recipe.clip_norm, "clip_value": recipe.clip_value}
    runs.torch_drawer(run, phase.steps, noise=noise and replace(noise, skip=done), **settings)


def take_away(setup: Setup, walks: Sequence[list[Trajectory]], spreads: Sequence[Spread]) -> None:
    """Offer the runs as a table and the chart of the means as a page."""

    def table() -> pd.DataFrame:
        parts = []
        for recipe, phases, spread in zip(setup.recipes, walks, spreads, strict=True):
            points = lab.whole(phases, recipe)
            columns = {"recipe": recipe.title, "step": np.arange(len(points)), "clock": recipe.clock[: len(points)]}
            columns |= {"x": points[:, 0], "y": points[:, 1], "mean_above_minimum": spread.mean[: len(points)]}
            parts.append(pd.DataFrame(columns))
        return pd.concat(parts)

    def figure() -> go.Figure:
        pairs = zip(setup.recipes, spreads, strict=True)
        rows = [figures.Curve(row.clock, spread.mean, row.title, *ink(row.key)) for row, spread in pairs]
        x_title = _("Samples") if setup.experiment.key == "batches" else _("Step")
        return figures.curves(rows, x_title, "", log_y=True, height=600)

    offer(table, figure, _("Mean value above the minimum"))


def offer(table: Callable[[], pd.DataFrame], figure: Callable[[], go.Figure], title: str) -> None:
    """Offer numbers and a figure as files."""

    def chart() -> str:
        drawn = figure().update_layout(title=title, template="plotly_white", margin={"t": 90})
        return drawn.to_html(include_plotlyjs=True, full_html=True)

    numbers = scene.File(lambda: table().to_csv(index=False, float_format="%.17g"), "recipes.csv")
    scene.take_away(numbers, scene.File(chart, "recipes.html"))


def show() -> None:
    """Show the experiment of the page."""
    chosen = choose_experiment()
    st.caption(_(chosen.text))
    with st.sidebar:
        setup = choose_setup(chosen)
    stage(setup)
