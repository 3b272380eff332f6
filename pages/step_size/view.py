"""One step size: the limit of the learning rate, and what a rate does to minima that are too sharp for it."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import streamlit as st

from core import Goal, Trajectory, descend
from core.analysis.critical_points import CriticalPoint
from core.analysis.curvature import eigenvalues, stable_rate
from core.analysis.sharpness import LineSearch, eigen_errors, end_of, is_quadratic, line_search, sharpness
from core.engine.spec import Optimizer, Surface
from core.optimizers import ALL_OPTIMIZERS
from ui import compute, controls, figures, lesson, maps, page, runs, scene
from ui.i18n import _
from ui.page import fragment, state
from ui.palette import BROWN, INDIGO, MARK, ink
from ui.player.player import Track

SGD = ALL_OPTIMIZERS["sgd"]
LINKED = {"gap": "step_size_gap", "error": "step_size_error", "sharpness": "step_size_sharpness"}
SHARP, FLAT = INDIGO, BROWN
"""Which mean no optimizer."""
DOTTED = (2, 4)
SWEEP_STEPS = 5000
MAP_STEPS = 2000
MOST_SEARCH_STEPS = 5000
MOST_BADGES = 6


class Plan(NamedTuple):
    """What the sidebar sets."""

    surface: Surface
    steps: int
    goal: Goal
    exact: bool
    rival: Optimizer | None
    rival_rate: float
    search: bool


def begin_anew() -> None:
    """Take start and rates from the surface just chosen."""
    page.reset("x", "y", "lr_sgd", "lr_rival")


def take_rival() -> None:
    """Take the rate of the second optimizer from the surface."""
    page.reset("lr_rival")


def note_step() -> None:
    """Take the step at which the player came to rest."""
    page.update(step=int(st.session_state["player"].step["step"]))


def squared(chosen: Surface) -> Surface:
    """Return a turned ravine with a square window, because its zigzag leaves the wide one."""
    turned = chosen.key == "ravine" and any(p.key == "angle" and p.default % 180 for p in chosen.parameters)
    return replace(chosen, domain=(-12.0, 6.0, -9.0, 9.0)) if turned else chosen


def choose_plan() -> Plan:
    """Show the sidebar and return what it sets."""
    chosen = squared(scene.choose_surface(then=begin_anew, sliders=True))
    steps, level, exact = (controls.show(key) for key in ("steps", "goal", "exact"))
    search = is_quadratic(chosen) and chosen.minimum is not None and controls.show("line_search")
    key = controls.show("rival", then=take_rival)
    rival, rate = None, 0.0
    if key != "none":
        rival = ALL_OPTIMIZERS[key]
        line = controls.swatch("sgd_again" if key == SGD.key else key)
        rate = controls.rate("rival", exact=exact, name=f"{line} {rival.title}")
    goal = Goal("value below", figures.lowest(chosen) + level)
    return Plan(chosen, steps, goal, exact, rival, rate, search)


def positive(values: np.ndarray) -> np.ndarray:
    """Return the values that a logarithmic axis can show."""
    return np.where(values > 0, values, np.nan)


def run_tracks(plan: Plan, run: Trajectory) -> list[Track]:
    """Return gradient descent with the curvature along its path, and the limit 2/η that this rate sets for it."""
    track, shown = runs.track(run, plan.steps, arrows=False), runs.frames(run, plan.steps)
    tracks = [replace(track, series={**track.series, "sharpness": positive(sharpness(run)[shown])})]
    rate = run.hyper["lr"]
    if rate > 0:
        series = {"sharpness": np.full(len(shown), 2 / rate)}
        tracks.append(Track("limit", "2/η", MARK, DOTTED, series=series, failed=False))
    return tracks


def error_tracks(plan: Plan, run: Trajectory, end: CriticalPoint | None) -> list[Track]:
    """Return the error along both eigenvectors, solid, and the law that it obeys near the end, dotted."""
    if end is None:
        return []
    found, shown = eigen_errors(run, end), runs.frames(run, plan.steps)
    # Beyond what the run reaches, and below what rounding leaves of it, the law would only squeeze the picture.
    low = np.min(found.error, axis=0, where=found.error > 0, initial=np.inf)
    high = 2 * found.error.max(axis=0)
    law = np.where((found.law >= low) & (found.law <= high), found.law, np.nan)
    names = (("flat", _("Error, flattest direction"), FLAT), ("sharp", _("Error, sharpest direction"), SHARP))
    return [
        Track(key, label, color, dash, series={"error": positive(values[shown, k])}, failed=False)
        for k, (key, label, color) in enumerate(names)
        for values, dash in ((found.error, ()), (law, DOTTED))
    ]


def rival_track(plan: Plan, run: Trajectory) -> Track:
    """Return the second run; another rate of gradient descent gets a style of its own."""
    track = runs.track(run, plan.steps, arrows=False)
    if run.optimizer.key != SGD.key:
        return track
    again, label = ink("sgd_again"), f"{SGD.title}, η = {run.hyper['lr']:.4g}"
    return replace(track, key="rival", label=label, color=again.color, dash=again.pixels)


def search_track(plan: Plan, search: LineSearch) -> Track:
    """Return the run that takes the best step each time."""
    every = runs.stride(plan.steps)
    path, value = search.path[::every], search.value[::every]
    height, above = figures.height(plan.surface, value), positive(figures.above(plan.surface, value))
    label = _("Exact line search")
    return Track("search", label, MARK, (9, 5), path, height, series={"gap": above}, failed=False)


def show_limits(plan: Plan, run: Trajectory, end: CriticalPoint | None) -> None:
    """Say how large the rate may be where the player rests, and at every minimum."""
    row = min(state()["step"], len(run.path) - 1)
    largest = float(sharpness(run)[row])
    rate = run.hyper["lr"]
    if not np.isfinite(largest):
        here = _("At step {step} there is no second derivative, and so no limit.", step=row)
    elif largest <= 0:
        here = _("At step {step} no direction curves upward: nothing limits the rate there.", step=row)
    else:
        here = _(
            "At step {step} the sharpest curvature is λ = {largest:.4g}: the limit 2/λ is **{limit:.4g}**, "
            "and the rate is {share:.0f} % of it.",
            step=row,
            largest=largest,
            limit=2 / largest,
            share=50 * rate * largest,
        )
    ending = _("The run: {outcome}.", outcome=runs.outcome(run))
    st.markdown(f"{minima_held(plan, rate, end)}  \n{here} {ending}")


def minima_held(plan: Plan, rate: float, end: CriticalPoint | None) -> str:
    """Return the limit at every minimum, green where the rate stays below it."""
    minima = [point for point in maps.atlas_of(plan.surface).points if point.kind == "minimum"]
    if not minima:
        if end is None:
            return _("There is no single minimum in this window to set a limit.")
        limit = float(stable_rate(end.eigenvalues[1]))
        return _("Where the run rests on the curve of minima, the limit 2/λ is **{limit:.4g}**.", limit=limit)
    held = sum(holds(point, rate) for point in minima)
    if len(minima) > MOST_BADGES:
        return _("**{held} of {count} minima** can hold at this rate.", held=held, count=len(minima))
    badges = " ".join(badge(point, rate) for point in minima)
    return _("Limit 2/λₘₐₓ at the minima:") + f" {badges}"


def holds(point: CriticalPoint, rate: float) -> bool:
    """Say whether runs at this rate can rest in a minimum."""
    return point.stable_rate is not None and 0 < rate < point.stable_rate


def badge(point: CriticalPoint, rate: float) -> str:
    color, icon = ("green", "check") if holds(point, rate) else ("red", "close")
    place = f"({point.x:.3g}, {point.y:.3g})".replace("-", "−")
    return f":{color}-badge[:material/{icon}: {place}: {point.stable_rate:.4g}]"


def limit_marks(plan: Plan, start: tuple[float, float], end: CriticalPoint | None) -> list[figures.RateMark]:
    """Return the limits of the rate at the start and the end, as one mark where they are the same."""
    here = float(stable_rate(eigenvalues(*plan.surface.hessian(*start))[1]))
    there = float(stable_rate(end.eigenvalues[1])) if end else np.inf
    if np.isclose(here, there, rtol=0.01):
        limits = [(there, _("2/λ at start and end"), SHARP, "dash")]
    else:
        limits = [(there, _("2/λ at the end"), SHARP, "dash"), (here, _("2/λ at the start"), FLAT, "dot")]
    return [figures.RateMark(*limit) for limit in limits if 0 < limit[0] < np.inf]


def show_sweep(plan: Plan, run: Trajectory, end: CriticalPoint | None) -> None:
    """Show the steps to the goal against the rate, with the limits of the theory."""
    if plan.surface.minimum is None:
        st.info(_("This surface has no minimum to reach, so no rate gets there."))
        return
    start = tuple(run.path[0].tolist())
    rivals = [SGD] if plan.rival is None or plan.rival is SGD else [SGD, plan.rival]
    sweeps = [(o.key, o.title, runs.swept(plan.surface, o, start, plan.goal, SWEEP_STEPS, {})) for o in rivals]
    marks = limit_marks(plan, start, end)
    x_title, y_title = _("Learning rate"), _("Steps to the goal")
    figure = figures.rate_sweeps(sweeps, SWEEP_STEPS, x_title, y_title, marks=marks, chosen=run.hyper["lr"])
    alt = _("Steps to the goal against the learning rate, with the limits of the theory")
    figures.show(figure.update_layout(height=430), "step_size_sweep", alt)
    runs.say_where_no_rate_works(sweeps)


def show_map(plan: Plan, rate: float, tracks: list[Track], *, differing: bool) -> None:
    """Show where every start of the window ends, or from where two optimizers end differently."""
    steps = min(plan.steps, MAP_STEPS)
    found = maps.basins_of(plan.surface, SGD, {"lr": rate}, steps=steps)
    if differing and plan.rival:
        other = maps.basins_of(plan.surface, plan.rival, {"lr": plan.rival_rate}, steps=steps)
        alt = _("{name}: the starts from which the two optimizers end differently", name=plan.surface.title)
        scene.show_plane(plan.surface, "step_size_map", tracks, figure=maps.difference(found, other), alt=alt)
        return
    if differing:
        st.info(_("Choose a second run in the sidebar; shown are the basins of gradient descent alone."))
    alt = _("{name}: the end of gradient descent from every start", name=plan.surface.title)
    scene.show_plane(plan.surface, "step_size_map", tracks, figure=maps.basins(found), alt=alt)
    st.caption(_("A colour is an end, darker where the run arrives later. A hollow minimum is reached from nowhere."))


def show_curves() -> None:
    titles = {
        "gap": _("Value above the minimum"),
        "error": _("Error (law dotted)"),
        "sharpness": _("Sharpness (2/η dotted)"),
    }
    scene.show_linked(LINKED, titles, lambda what: _("{what} over the steps", what=what))


def show_law() -> None:
    label = _("The law of the error and its code")
    with controls.drawer(label, "drawer_law", ":material/functions:") as is_open:
        if is_open:
            latex = r"x_{t+1} - x^* = (I - \eta H)(x_t - x^*) \\ |e_i(t)| = |1-\eta\lambda_i|^t\,|e_i(0)|"
            lesson.formula(latex, (eigen_errors, line_search), "Polyak 1987; Akaike 1959, doi:10.1007/BF01831719")


def show_search(plan: Plan, run: Trajectory, search: LineSearch) -> None:
    """Say how far the best step each time gets."""
    reached = search.first_below(plan.goal.level)
    at_goal = str(reached) if reached >= 0 else _("not reached")
    st.caption(
        _(
            "Exact line search: goal at step {step}. Each gradient is orthogonal to the one before "
            "(|cos| at most {cosine:.0e}), so the path zigzags however good its steps are.",
            step=at_goal,
            cosine=float(np.nanmax(search.cosine[: reached if reached > 0 else None], initial=0.0)),
        )
    )


def take_away(plan: Plan, finished: list[Trajectory], run: Trajectory) -> None:
    scene.take_away_runs(finished, _("One step size"))
    runs.torch_drawer(run, plan.steps)


@fragment
def stage(plan: Plan) -> None:
    """Run and show. A fragment: a new rate or a click that moves the start draws only this anew."""
    left, right = st.columns([3, 2], gap="small", vertical_alignment="bottom")
    with left:
        rate = controls.rate(SGD.key, exact=plan.exact, name=f"{controls.swatch(SGD.key)} {SGD.title}")
    with right:
        picture = controls.show("picture", widget=st.segmented_control, required=True, width="stretch")
    # In the stream the paths come before the figures, though below them in the page, and need not wait for them.
    limits, pictures, playing = st.container(), st.container(), st.container()
    start, atlas = scene.choose_start(), maps.atlas_of(plan.surface)
    with compute.compiling():
        run = descend(plan.surface, SGD, start, plan.steps, rate, goal=plan.goal)
        end = end_of(run, atlas)
        tracks = [*run_tracks(plan, run), *error_tracks(plan, run, end)]
        finished = [run]
        if plan.rival:
            finished.append(descend(plan.surface, plan.rival, start, plan.steps, plan.rival_rate, goal=plan.goal))
            tracks.append(rival_track(plan, finished[1]))
        search = line_search(plan.surface, start, min(plan.steps, MOST_SEARCH_STEPS)) if plan.search else None
        if search:
            tracks.append(search_track(plan, search))
    with playing:
        scene.play(
            tracks,
            steps=plan.steps,
            stride=runs.stride(plan.steps),
            plane=["step_size_plane"] if picture == "sweep" else ["step_size_plane", "step_size_map"],
            linked=LINKED,
            value_name=_("Value above the minimum"),
            start=start,
            on_step=note_step,
        )
    with pictures:
        left, right = st.columns(2, gap="small")
        with left:
            scene.show_plane(plan.surface, "step_size_plane", tracks)
        with right:
            if picture == "sweep":
                show_sweep(plan, run, end)
            else:
                show_map(plan, rate, tracks, differing=picture == "difference")
    show_curves()
    if end is None:
        st.caption(_("This run rests nowhere yet, so there is no error to measure."))
    if search:
        show_search(plan, run, search)
    runs.results(finished)
    different = [r for k, r in enumerate(finished) if k == 0 or r.optimizer is not SGD]
    take_away(plan, finished, runs.inspect(different))
    show_law()
    with limits:
        show_limits(plan, run, end)


def show() -> None:
    """Show the experiment of the page."""
    with st.sidebar:
        plan = choose_plan()
    stage(plan)
