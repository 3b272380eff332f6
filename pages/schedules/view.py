"""Schedules: the learning rate over the run, side by side, beside what theory expects of each."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core import Trajectory, descend
from core.analysis import schedule_trials as lab
from core.analysis.curvature import eigenvalues
from core.analysis.sharpness import sharpness
from core.engine.spec import Optimizer, Schedule, Surface
from core.optimizers import ALL_OPTIMIZERS
from core.schedules import SCHEDULES, drawn_schedule, torch_source
from core.torch_script import torch_script
from pages.schedules.measure import LENGTHS, PARTS, PLATEAUS, adjustable
from ui import compute, controls, figures, lesson, page, runs, scene
from ui.i18n import _
from ui.page import fragment, state
from ui.palette import MARK, ink
from ui.player.player import Track

DOTTED = (2, 4)
ROOF = 30
"""Curvatures up to so many times the first one are drawn: a run that is thrown out meets any."""


class Entry(NamedTuple):
    """A schedule with its settings and its rate."""

    key: str
    title: str
    schedule: Schedule
    settings: dict[str, float]
    lr: float

    @property
    def plan(self) -> lab.Plan:
        return lab.plan(self.schedule, self.settings)


class Setup(NamedTuple):
    """What the sidebar sets."""

    trial: lab.Trial
    optimizer: Optimizer
    entries: list[Entry]
    tuned: bool
    case: lab.Case
    """Everything but the start, which a click moves."""
    level: float


def choose_trial() -> lab.Trial:
    """Show the experiments and return the chosen one. Another one brings everything that it begins with."""
    style: dict[str, Any] = {"widget": st.segmented_control, "required": True, "label_visibility": "collapsed"}
    return lab.TRIALS[controls.show("trial", then=lambda: page.keep("trial"), **style)]


def choose_setup(chosen: lab.Trial) -> Setup:
    """Show the sidebar and return what it sets."""
    keys = controls.chosen("schedules")
    tuned = controls.show("rule", widget=st.segmented_control, required=True, width="stretch") == "tuned"
    optimizer = ALL_OPTIMIZERS[controls.show("optimizer")]
    lr = chosen.first_rate(optimizer)
    if not tuned:
        lr = controls.rate(optimizer.key, exact=controls.show("exact"))
    surface = choose_member(chosen)
    sigma = controls.show("sigma")
    with controls.drawer(_("Settings of the schedules"), "drawer_settings", ":material/tune:") as is_open:
        if is_open:
            adjust_one(adjustable(keys))
    with controls.drawer(_("Steps, seeds, goal"), "drawer_run", ":material/timeline:") as is_open:
        steps, seed, seeds, level = (controls.show(key, drawn=is_open) for key in ("steps", "seed", "seeds", "goal"))
    entries = [entry_of(lab.VARIANTS[key], lr) for key in keys]
    case = chosen.case(surface=surface, optimizer=optimizer.key, steps=steps, sigma=sigma, seed=seed, seeds=seeds)
    return Setup(chosen, optimizer, entries, tuned, case, level)


def choose_member(chosen: lab.Trial) -> Surface:
    """Show the parameters of the surface that the trial plays with; return the surface."""
    values = {name: controls.show(f"{chosen.family}_{name}") for name in chosen.parameters}
    return chosen.surface.with_parameters(**values)


def adjust_one(among: Mapping[str, str]) -> None:
    """Show the settings of one schedule at a time."""
    if not among:
        return
    key = controls.pick("adjust", among, next(iter(among)))
    if key == "drawn":
        for part in PARTS:
            controls.slider(f"drawn_{part}", label=_("Factor at {part} % of the run", part=part))
    else:
        for setting in SCHEDULES[lab.VARIANTS[key].schedule].settings:
            controls.show(f"{key}_{setting.key}")


def entry_of(variant: lab.Variant, lr: float) -> Entry:
    """Return a schedule as it is set."""
    if variant.key == "drawn":
        points = tuple((part / 100, state()[f"drawn_{part}"]) for part in PARTS)
        return Entry(variant.key, _(variant.title), drawn_schedule(points), {}, lr)
    own = SCHEDULES[variant.schedule]
    settings = {setting.key: state()[f"{variant.key}_{setting.key}"] for setting in own.settings}
    return Entry(variant.key, _(variant.title), own, settings, lr)


def able(setup: Setup) -> Setup:
    """Say in one sentence which schedules contradict the run, and return the others."""
    fit = []
    for entry in setup.entries:
        try:
            lab.check(entry.schedule, setup.case.steps, entry.settings)
            fit.append(entry)
        except ValueError as error:
            reason, warm_up = str(error), entry.settings.get("warm_up", 0)
            if warm_up > setup.case.steps:
                reason = _(
                    "a warm-up of {n} steps is longer than the run of {steps}", n=warm_up, steps=setup.case.steps
                )
            st.warning(_("{name} is left out: {reason}.", name=entry.title, reason=reason))
    return setup._replace(entries=fit)


def with_tuned_rates(setup: Setup) -> tuple[Setup, list[lab.Tuning]]:
    """Give every schedule the best rate of the same grid."""
    grid = setup.trial.rates_for(setup.optimizer)
    sweeps = [lab.tune(setup.case, grid, entry.plan) for entry in setup.entries]
    tuned = [entry._replace(lr=sweep.best_rate) for entry, sweep in zip(setup.entries, sweeps, strict=True)]
    return setup._replace(entries=tuned), sweeps


def as_tracks(setup: Setup, entry: Entry, run: Trajectory) -> list[Track]:
    """Return the run of one schedule as the player draws it, and dotted the curvature that its rates tolerate."""
    track, shown = runs.track(run, setup.case.steps, arrows=False), runs.frames(run, setup.case.steps)
    style, steep = ink(entry.key), sharpness(run)
    roof = ROOF * steep[0]
    series = {
        "gap": track.series["gap"],
        "rate": np.append(run.rate, np.nan)[shown],
        "sum": np.append(0.0, np.cumsum(run.rate))[shown],
        "sharpness": np.where((steep > 0) & (steep < roof), steep, np.nan)[shown],
    }
    drawn = replace(track, key=entry.key, label=entry.title, color=style.color, dash=style.pixels, series=series)
    limit = lab.tolerated(run) if setup.trial.key == "steep" else None
    if limit is None:
        return [drawn]
    dotted = {"sharpness": np.append(np.where(limit < roof, limit, np.nan), np.nan)[shown]}
    return [drawn, Track(entry.key, entry.title, style.color, DOTTED, series=dotted, failed=False)]


def charts_of(setup: Setup) -> dict[str, tuple[str, bool]]:
    """Return the charts beside the surface: series -> (title, whether its axis is logarithmic)."""
    shared = {"gap": (_("Value above the minimum"), True), "rate": (_("Learning rate"), False)}
    if setup.trial.key == "steep":
        return shared | {"sharpness": (_("Curvature λ, dotted: limit of the rate"), True)}
    return shared | {"sum": (_("Sum of the rates so far"), False)}


@fragment
def stage(setup: Setup) -> None:
    """Run every schedule and show it. A fragment: a click that moves the start draws only this anew."""
    left, right = st.columns(2, gap="small")
    pictures, playing = left.container(), left.container()
    with left:
        start = scene.choose_start()
    setup, sweeps = able(setup._replace(case=replace(setup.case, start=start))), list[lab.Tuning]()
    if setup.tuned:
        setup, sweeps = with_tuned_rates(setup)
    case = setup.case
    with compute.compiling():
        finished = [
            descend(
                case.surface, case.optimizer, start, case.steps, entry.lr,
                schedule=(entry.schedule, entry.settings), noise=case.noise(0),
            )
            for entry in setup.entries
        ]  # fmt: skip
    tracks = [track for pair in zip(setup.entries, finished, strict=True) for track in as_tracks(setup, *pair)]
    charts = charts_of(setup)
    linked = {name: f"schedules_{name}" for name in charts}
    with playing:
        plane = "schedules_plane"
        scene.play(
            tracks,
            steps=case.steps,
            stride=runs.stride(case.steps),
            plane=plane,
            linked=linked,
            value_name=charts["gap"][0],
            start=start,
            on_step=runs.show_step,
        )
    with pictures:
        alt = _("{name} from above with the path of every schedule", name=case.surface.title)
        scene.show_plane(case.surface, plane, [track for track in tracks if track.path is not None], alt=alt)
    with right:
        for name, (title, log) in charts.items():
            alt = _("{what} of every schedule over the steps", what=title)
            figures.show(figures.still_axes(title, _("Step"), log=log), linked[name], alt, bar=False)
    if finished:
        spreads = show_repetitions(setup, finished)
        if sweeps:
            show_sweeps(setup, sweeps)
        show_reason(setup)
        look_closer(setup, finished)
        take_away(setup, finished, spreads)


def show_repetitions(setup: Setup, finished: list[Trajectory]) -> list[lab.Spread]:
    """Show what every schedule does over all seeds, beside what theory gives; return it."""
    case = setup.case
    spreads = [lab.repeat(case, entry.lr, entry.plan) for entry in setup.entries]
    if not case.sigma:
        lesson.section(_("Results"))
    else:
        numbers = {"count": case.runs, "first": case.seed, "last": case.seed + case.runs - 1}
        text = _("{count} runs of each, seeds {first} to {last}; the band leaves out a tenth on each side.", **numbers)
        if case.is_linear:
            text += " " + _("Dotted in grey: what theory expects.")
        lesson.section(_("Over many seeds"), text)
        left, right = st.columns(2, gap="small")
        with left:
            name = _("Mean value above the minimum")
            st.markdown(f"**{name}**")
            figures.show(means(setup, spreads), "schedules_means", name, bar=False)
        with right:
            name = _("Part of the runs that end there")
            if case.barrier is not None:
                name = _("Part of the runs beyond the barrier")
            st.markdown(f"**{name}**")
            figures.show(ends(setup, spreads), "schedules_ends", name, bar=False)
    show_table(setup, finished, spreads)
    return spreads


def means(setup: Setup, spreads: list[lab.Spread]) -> go.Figure:
    """Draw the mean of every schedule with its band and, where it is known, what theory expects."""
    case, at = setup.case, shown_steps(setup)
    rows = []
    for entry, spread in zip(setup.entries, spreads, strict=True):
        low, high = (spread.low[at], spread.high[at]) if case.sigma and not spread.lost else (None, None)
        rows.append(figures.Curve(at, spread.mean[at], entry.title, *ink(entry.key), low=low, high=high))
    figure = figures.curves(rows, _("Step"), "", log_y=True, height=380)
    for entry in setup.entries if case.is_linear else ():
        if entry.schedule.factor:
            line = {"color": MARK, "dash": "dot", "width": 1.5}
            theory = lab.expected(case, entry.lr, entry.plan)[at]
            name = _("Theory: {name}", name=entry.title)
            figure.add_scatter(x=at, y=theory, mode="lines", name=name, line=line, showlegend=False)
    lr = setup.entries[0].lr
    level = lab.floor(case, lr)
    if np.isfinite(level):
        text = _("floor of constant rate {lr:.3g}: {level:.3g}", lr=lr, level=level)
        figure.add_hline(y=level, line={"color": MARK, "dash": "dash", "width": 1}, annotation_text=text)
    return figure


def shown_steps(setup: Setup) -> np.ndarray:
    """Return at most 401 steps of the run: more a chart cannot show."""
    return np.unique(np.linspace(0, setup.case.steps, 401).astype(int))


def ends(setup: Setup, spreads: list[lab.Spread]) -> go.Figure:
    """Draw which part of the runs has left its well, or where there is only one, at which values the runs end."""
    rows = []
    if setup.case.barrier is not None:
        at = shown_steps(setup)
        for entry, spread in zip(setup.entries, spreads, strict=True):
            assert spread.crossed is not None and spread.crossed_error is not None
            part, error = spread.crossed[at], spread.crossed_error[at]
            rows.append(figures.Curve(at, part, entry.title, *ink(entry.key), low=part - error, high=part + error))
        return figures.curves(rows, _("Step"), "", height=380)
    edges, parts = lab.histogram([spread.final for spread in spreads])
    for entry, part in zip(setup.entries, parts, strict=False):
        rows.append(figures.Curve(np.repeat(edges, 2)[1:-1], np.repeat(part, 2), entry.title, *ink(entry.key)))
    return figures.curves(rows, _("Value above the minimum"), "", log_x=True, height=380)


def show_table(setup: Setup, finished: list[Trajectory], spreads: list[lab.Spread]) -> None:
    """Show the numbers of every schedule: the mean at the end beside its theory, and when the goal is reached."""
    case = setup.case
    columns: dict[str, list[str]] = {
        _("Schedule"): [f"{controls.swatch(entry.key)} {entry.title}" for entry in setup.entries],
        _("Base rate"): [f"{entry.lr:.4g}" for entry in setup.entries],
        _("Sum of rates"): [f"{run.rate.sum():.4g}" for run in finished],
        _("Mean at the end") if case.sigma else _("Value at the end"): [
            "–" if s.lost else runs.with_error(s.mean[-1], s.error) for s in spreads
        ],
    }
    if case.is_linear:
        known = [lab.expected(case, e.lr, e.plan)[-1] if e.schedule.factor else None for e in setup.entries]
        columns[_("Theory")] = ["–" if value is None else f"{value:.3g}" for value in known]
    if case.barrier is not None:
        columns[_("Escaped (%)")] = [escaped(spread) for spread in spreads]
    else:
        first = [spread.first_below(setup.level) for spread in spreads]
        heading = _("Mean below {level:g} at step") if case.sigma else _("Below {level:g} at step")
        heading = heading.format(level=setup.level)
        columns[heading] = [str(step) if step >= 0 else _("not reached") for step in first]
    if any(spread.lost for spread in spreads):
        columns[_("Diverged")] = [f"{spread.lost} / {case.runs}" for spread in spreads]
    runs.table(list(columns), list(zip(*columns.values(), strict=True)), _("Results"))


def escaped(spread: lab.Spread) -> str:
    """Say what percentage of the runs has left its well at the end."""
    assert spread.crossed is not None and spread.crossed_error is not None
    return runs.with_error(100 * spread.crossed[-1], 100 * spread.crossed_error[-1])


def show_sweeps(setup: Setup, sweeps: list[lab.Tuning]) -> None:
    """Show what every rate of the grid achieved."""
    text = _(
        "Everyone tries the same {rates} rates with {seeds} seeds each, and takes the lowest mean at the end.",
        rates=len(sweeps[0].rates),
        seeds=setup.case.runs,
    )
    lesson.section(_("How the rates were chosen"), text)
    rows = [
        figures.Curve(sweep.rates, np.where(sweep.final < np.inf, sweep.final, np.nan), e.title, *ink(e.key))
        for e, sweep in zip(setup.entries, sweeps, strict=True)
    ]
    axes = _("Base rate"), _("Mean at the end")
    figures.show(figures.curves(rows, *axes, log_x=True, log_y=True), "schedules_sweeps", axes[1], bar=False)


def show_reason(setup: Setup) -> None:
    """Show what belongs to this experiment alone: how long a warm-up should be, when the plateau rule drops."""
    if setup.trial.key == "steep":
        show_warm_ups(setup)
    plateau = next((entry for entry in setup.entries if entry.key == "plateau"), None)
    if plateau and setup.case.sigma:
        show_plateau(setup.case, plateau)


def show_plateau(case: lab.Case, entry: Entry) -> None:
    """Show how the rate falls in every seed, and without noise."""
    noisy = lab.plateau_rates(replace(case, seeds=PLATEAUS), entry.lr, entry.plan)
    silent = lab.plateau_rates(replace(case, sigma=0.0), entry.lr, entry.plan)[0]
    low, middle, high = np.nanquantile(noisy, (0.1, 0.5, 0.9), axis=0)
    at = np.arange(case.steps)
    rows = [
        figures.Curve(at, middle, _("Median"), ink(entry.key).color, low=low, high=high),
        figures.Curve(at, silent, _("Without noise"), MARK, "dash"),
    ]
    text = _(
        "Over {count} seeds. Under noise the best loss so far is a lucky one, and the wait for a better one fails.",
        count=PLATEAUS,
    )
    lesson.section(_("When the plateau rule drops the rate"), text)
    name = _("Learning rate")
    figures.show(figures.curves(rows, _("Step"), name, log_y=True), "schedules_plateau", name, bar=False)


def show_warm_ups(setup: Setup) -> None:
    """Show how many steps to the goal every length of warm-up leaves, and why: the curvature at the start."""
    case, lr = setup.case, setup.entries[0].lr
    lengths = tuple(n for n in LENGTHS if n <= case.steps)
    found = lab.warm_ups(case, lr, lengths, setup.level)
    curvatures = [float(eigenvalues(*case.surface.hessian(*p))[1]) for p in (case.start, case.surface.minima[0])]
    text = _(
        "Rate {lr:.4g} after warm-ups of 0 to {longest} steps, without noise; {lost} of these runs are thrown out and "
        "have no point here. The largest curvature is {start:.1f} at the start and {end:.1f} at the minimum.",
        lr=lr,
        longest=lengths[-1],
        lost=int(np.sum(found.diverged_at >= 0)),
        start=curvatures[0],
        end=curvatures[1],
    )
    lesson.section(_("How long to warm up"), text)
    highest = np.where(found.peak < np.inf, found.peak, np.nan)
    charts = {"goal": (_("Steps to the goal"), found.reached), "peak": (_("Highest value on the way"), highest)}
    for column, (key, (title, values)) in zip(st.columns(2, gap="small"), charts.items(), strict=True):
        row = figures.Curve(found.lengths, values, title, ink("warm_up").color, mode="markers")
        with column:
            figure = figures.curves([row], _("Warm-up in steps"), title, log_y=True, legend=False)
            figures.show(figure, f"schedules_{key}", title, bar=False)


def look_closer(setup: Setup, finished: list[Trajectory]) -> None:
    """Show the formula of one schedule, the code that ran, the numbers of one step and the same in PyTorch."""
    titles = {entry.key: entry.title for entry in setup.entries}
    key = controls.pick("look", titles, setup.entries[-1].key)
    entry, run = next((e, r) for e, r in zip(setup.entries, finished, strict=True) if e.key == key)
    with controls.drawer(_("The code that ran: {name}", name=entry.title), "drawer_code", ":material/code:") as is_open:
        if is_open:
            row = entry.schedule
            st.markdown(_(row.text))
            if row.factor:
                lesson.formula(row.latex, (row.factor,), row.source)
            else:
                st.latex(row.latex)
                st.caption(_("It reads the loss, so that the engine runs it between the steps: core/engine/loop.py."))
    label = _("Step inspector: every number of the formula")
    with controls.drawer(label, "drawer_inspect", ":material/search:") as is_open:
        if is_open:
            runs.inspector(run, controls.show("step"))
    with controls.drawer(_("The same in PyTorch"), "drawer_torch", ":material/content_copy:") as is_open:
        if is_open:
            steps = setup.case.steps
            twins = [f"# {e.title}\n{torch_source(e.schedule, e.lr, steps, e.settings)}" for e in setup.entries]
            st.markdown(
                _(
                    "Every schedule as its class of torch. After every step call `scheduler.step()`, for the plateau "
                    "rule `scheduler.step(loss)`."
                )
            )
            st.code("\n\n".join(twins), language="python")
            st.markdown(_("The whole run of {name}:", name=entry.title))
            st.code(whole_script(setup.case, entry, run), language="python")


def whole_script(case: lab.Case, entry: Entry, run: Trajectory) -> str:
    """Return a script that repeats the run of one schedule with PyTorch."""
    return torch_script(
        case.surface,
        case.optimizer,
        start=case.start,
        steps=case.steps,
        hyper=run.hyper,
        schedule=entry.schedule,
        schedule_settings=entry.settings,
        noise=case.noise(0),
    )


def take_away(setup: Setup, finished: list[Trajectory], spreads: list[lab.Spread]) -> None:
    """Offer the runs as a table and the chart of the means as a page."""

    def table() -> str:
        parts = [
            pd.DataFrame(
                {
                    "schedule": entry.title,
                    "step": np.arange(len(run.path)),
                    "x": run.path[:, 0],
                    "y": run.path[:, 1],
                    "value": run.value,
                    "rate": np.append(np.nan, run.rate),
                    "mean_above_minimum": spread.mean[: len(run.path)],
                }
            )
            for entry, run, spread in zip(setup.entries, finished, spreads, strict=True)
        ]
        return pd.concat(parts).to_csv(index=False, float_format="%.17g")

    def chart() -> str:
        title = _("Mean value above the minimum")
        figure = means(setup, spreads).update_layout(title=title, template="plotly_white", margin={"t": 90})
        return figure.to_html(include_plotlyjs=True, full_html=True)

    scene.take_away(scene.File(table, "schedules.csv"), scene.File(chart, "schedules.html"))


def show() -> None:
    """Show the experiment of the page."""
    trial = choose_trial()
    st.caption(_(trial.text))
    with st.sidebar:
        setup = choose_setup(trial)
    stage(setup)
