"""The curvature microscope: what the second derivatives say about a point, and the atlas of all critical points."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import streamlit as st

from core import Trajectory, descend
from core.analysis.critical_points import KINDS, Atlas, CriticalPoint, Walk, newton_walk
from core.analysis.curvature import QuadraticModel, eigenvalues, error_growth, quadratic_model, stable_rate
from core.analysis.directions import is_kink
from core.analysis.tuning import random_starts
from core.engine.spec import Optimizer, Surface
from core.optimizers import OPTIMIZERS
from teaching.rows import MOST_SEED
from ui import compute, controls, figures, lesson, maps, page, runs, scene
from ui.i18n import _
from ui.page import fragment, state
from ui.palette import ink
from ui.player.player import Track

PLANE, LINKED = "microscope_plane", {"smallest": "microscope_smallest", "largest": "microscope_largest"}
CLICKED = 0.015
"""A click this near to a marker, in parts of the window, means the marker."""
SAME_SPOT = 1e-6
"""What is nearer to a critical point than this, in parts of the window, is that point."""
FEW = 100
"""Rows of a table that is sent anew with every click."""


class View(NamedTuple):
    """What the sidebar sets."""

    surface: Surface
    optimizer: Optimizer | None
    rate: float
    steps: int
    starts: int


def begin_anew() -> None:
    """Take point and rates from the surface just chosen."""
    page.reset("x", "y", *(f"lr_{optimizer.key}" for optimizer in OPTIMIZERS))


def choose_view() -> View:
    """Show the sidebar and return what it sets."""
    chosen = scene.choose_surface(then=begin_anew)
    key = controls.show("optimizer")
    if key == "none":
        return View(chosen, None, 0.0, state()["steps"], 1)
    walker = OPTIMIZERS[key]
    rate = controls.rate(key, exact=False, label=f"{controls.swatch(key)} {walker.title}")
    return View(chosen, walker, rate, controls.show("steps"), controls.show("starts"))


def choose_picture() -> tuple[str, bool, bool, bool]:
    """Show what lies above the picture: the map, Newton's method, the model, the game."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        shown = controls.show("map", widget=st.segmented_control, required=True)
        return shown, controls.show("snap"), controls.show("model"), controls.show("blind")


def take_click(atlas: Atlas) -> None:
    """Take the point that was clicked, or the critical point whose marker was meant."""
    scene.move_start()
    row = atlas.row(state()["x"], state()["y"], CLICKED)
    if row is not None:
        take(atlas.listed[row])


def take(point: CriticalPoint) -> None:
    scene.set_start((point.x, point.y))


# The game


def play_blind(atlas: Atlas) -> bool:
    """Ask for the type of a point by its eigenvalues alone; return whether the answer may be drawn."""
    body, row = st.container(), st.container(horizontal=True, vertical_alignment="bottom")
    with row:
        seed = controls.show("blind_seed")
    hidden = atlas.drawn(seed)
    if hidden is None:
        body.info(_("No critical point in this window, so there is nothing to ask."))
        return True
    answers = st.session_state.setdefault("blind_answers", {})
    question = (atlas.surface.key, seed)
    with body:
        ask(hidden, question, answers)

    def ask_next() -> None:
        page.update(blind_seed=(seed + 1) % (MOST_SEED + 1))

    right = sum(given == kind for given, kind in answers.values())
    with row:
        st.button(_("Next point"), on_click=ask_next, icon=":material/casino:")
        st.markdown(_("Right: {right} of {asked}", right=right, asked=len(answers)), width="content")
    return question in answers


def ask(hidden: CriticalPoint, question: tuple[str, int], answers: dict) -> None:
    """Show the eigenvalues and the four answers, of which the first one counts; then the place."""
    small, large = hidden.eigenvalues
    st.markdown(rf"### $\lambda_1 = {_latex(small)} \qquad \lambda_2 = {_latex(large)}$")
    names = {kind: maps.kind_of(replace(hidden, kind=kind)) for kind in KINDS[:3]} | {"degenerate": _("no telling")}
    widget = "blind_" + "_".join(map(str, question))

    def answer() -> None:
        answers.setdefault(question, (st.session_state[widget], hidden.kind))
        take(hidden)

    label = _("What is this critical point?")
    st.segmented_control(label, KINDS, wrap=True, format_func=names.__getitem__, key=widget, on_change=answer)
    if question in answers:
        right = answers[question][0] == hidden.kind
        verdict = _("Right.") if right else _("It is: {answer}.", answer=names[hidden.kind])
        place = _("It lies at ({x}, {y}).", x=f"{hidden.x:.4g}", y=f"{hidden.y:.4g}")
        (st.success if right else st.info)(f"{verdict} {place}")


# The point


def model_at(chosen: Surface, point: tuple[float, float]) -> QuadraticModel:
    """Return the quadratic model at a point; at a kink its Hessian is NaN, whatever the formulas say there."""
    model = quadratic_model(chosen, point)
    if chosen.kinks and is_kink(chosen, point):
        return replace(model, hessian=np.full((2, 2), np.nan))
    return model


def exists(model: QuadraticModel) -> bool:
    """Say whether the Hessian exists."""
    return bool(np.all(np.isfinite(model.hessian)))


def _reason(point: CriticalPoint) -> str:
    """Say what the eigenvalues of a critical point mean."""
    if point.kind == "minimum":
        rate = f"{point.stable_rate:.4g}"
        return _(
            "Both eigenvalues are positive: the surface rises in every direction. "
            "Gradient descent rests here at rates below 2/λ₂ = {rate}.",
            rate=rate,
        )
    if point.kind == "maximum":
        return _("Both eigenvalues are negative: the surface falls in every direction.")
    if point.kind == "saddle":
        return _("One eigenvalue is negative, one positive: down along one direction, up along the other.")
    return _(
        "An eigenvalue is zero, so the Hessian gives no answer: "
        "higher derivatives decide whether this is a minimum, a maximum or a saddle."
    )


def describe(model: QuadraticModel, critical: CriticalPoint | None) -> str:
    """Say what kind of point this is."""
    if critical:
        return f"**{maps.kind_of(critical).capitalize()}.** {_reason(critical)}"
    if not np.all(np.isfinite([model.value, *model.gradient])):
        return _("The numbers overflow at this point.")
    if not exists(model):
        return _("This point lies on a kink: the slope jumps there, so that no Hessian exists.")
    small, large = np.sign(model.eigenvalues)
    if small > 0:
        ground = _("convex here, curved upwards in every direction")
    elif large < 0:
        ground = _("concave here, curved downwards in every direction")
    elif small < 0 < large:
        ground = _("saddle-shaped here, curved down along one direction and up along the other")
    else:
        ground = _("without curvature along at least one direction here")
    slope = f"{np.hypot(*model.gradient):.4g}"
    return _("Not a critical point: the slope is {slope}. The surface is {ground}.", slope=slope, ground=ground)


def describe_walk(walk: Walk, atlas: Atlas) -> str:
    """Say where Newton ended, and what was nearest."""
    steps = len(walk.path) - 1
    if walk.end is None:
        return {
            "left the window": _("After {steps} steps Newton is outside the window.", steps=steps),
            "singular": _("Newton stops after {steps} steps, where the Hessian has no inverse.", steps=steps),
            "kink": _("Newton ends at a kink after {steps} steps, where there is no slope to vanish.", steps=steps),
            "still walking": _("Newton is still walking after {steps} steps.", steps=steps),
        }[walk.where]
    ended = _("Newton ends after {steps} steps: {kind} at ({x}, {y}).", steps=steps, **_named(walk.end))
    nearest = atlas.nearest(*walk.path[0])
    if nearest is None or np.hypot(nearest.x - walk.end.x, nearest.y - walk.end.y) <= 1e-6:
        return ended
    other = _("The nearest critical point is another: {kind} at ({x}, {y}).", **_named(nearest))
    return f"{ended} {other}"


def _named(point: CriticalPoint) -> dict[str, str]:
    return {"kind": maps.kind_of(point), "x": f"{point.x:.4g}", "y": f"{point.y:.4g}"}


def _latex(value: float) -> str:
    mantissa, e, exponent = f"{value:.4g}".partition("e")
    return rf"{mantissa}\cdot 10^{{{int(exponent)}}}" if e else mantissa


def show_numbers(model: QuadraticModel) -> None:
    """Show the Hessian with its eigenvalues and eigenvectors."""
    if not exists(model):
        return
    (xx, xy), (__, yy) = ([_latex(entry) for entry in row] for row in model.hessian)
    small, large = model.eigenvalues
    v, w = ([_latex(round(float(c), 3) + 0.0) for c in row] for row in model.directions)
    most, least = max(abs(small), abs(large)), min(abs(small), abs(large))
    condition = _latex(most / least) if least > 0 else r"\infty"
    limit = _latex(float(stable_rate(large))) if large > 0 else r"\infty"
    st.markdown(
        rf"$H = \begin{{pmatrix}} {xx} & {xy} \\ {xy} & {yy} \end{{pmatrix}}$ $\quad"
        rf"\lambda_1 = {_latex(small)},\; v_1 = ({v[0]}, {v[1]})$ $\quad"
        rf"\lambda_2 = {_latex(large)},\; v_2 = ({w[0]}, {w[1]})$ $\quad"
        rf"\kappa = {condition},\; 2/\lambda_{{\max}} = {limit}$"
    )


# Pictures


def show_growth(chosen: Surface, model: QuadraticModel, reach: float) -> None:
    """Show how the error of the model grows with the distance."""
    if not exists(model):
        st.info(_("Without a Hessian there is no quadratic model."))
        return
    grown = error_growth(chosen, model, reach)
    if not np.isfinite(grown.error).any():
        st.info(_("The quadratic model shows no error beyond rounding: a quadratic surface is its own model."))
        return
    title = _("Error of the quadratic model")
    rows = (
        figures.Curve(grown.radius, grown.error, title),
        figures.Curve(grown.radius, grown.cube(), _("Cube of the distance"), dash="dot"),
    )
    figure = figures.curves(rows, _("Distance"), "", log_x=True, log_y=True, legend=False, height=230)
    figure.update_layout(title=figures.heading(title), margin={"t": 30})
    figure.update_xaxes(dtick=2, tickangle=0)
    figures.show(figure, "microscope_error", _("Error of the quadratic model against the distance"), bar=False)
    if np.isfinite(grown.order):
        text = _(
            "Near the point the error grows with the distance to the power {order}; dotted is 3.",
            order=f"{grown.order:.2f}",
        )
        st.caption(text)


def path_tracks(view: View, point: tuple[float, float]) -> tuple[list[Track], list[Trajectory]]:
    """Return the paths of the optimizer from the point and from random ones."""
    if view.optimizer is None:
        return [], []
    others = random_starts(view.surface, view.starts - 1, state()["start_seed"]).T if view.starts > 1 else ()
    finished = [
        descend(view.surface, view.optimizer, start, view.steps, view.rate) for start in (point, *map(tuple, others))
    ]
    return [with_curvature(runs.track(run, view.steps, arrows=False), view.surface) for run in finished], finished


def walk_track(walk: Walk, chosen: Surface) -> Track:
    """Return a walk of Newton as the player draws it."""
    outcome = maps.kind_of(walk.end) if walk.end else ""
    style = ink("newton")
    track = Track("newton", "Newton", style.color, style.pixels, walk.path, outcome=outcome, failed=not walk.converged)
    return with_curvature(track, chosen)


def with_curvature(track: Track, chosen: Surface) -> Track:
    """Return the track with the eigenvalues along it; outside the window there are none."""
    assert track.path is not None
    x, y = track.path.T
    x_low, x_high, y_low, y_high = chosen.domain
    inside = (x >= x_low) & (x <= x_high) & (y >= y_low) & (y <= y_high)
    small, large = (np.where(inside, values, np.nan) for values in eigenvalues(*chosen.hessian(x, y)))
    return replace(track, height=None, series={"smallest": small, "largest": large})


# The atlas


def show_atlas(atlas: Atlas, point: tuple[float, float]) -> None:
    """Show every critical point in a table whose selected row is the point of the page."""
    title = _("Atlas of critical points")
    st.subheader(title, anchor="atlas")
    st.markdown(maps.completeness(atlas))
    if not atlas.listed:
        st.info(_("No critical point in this window."))
        return
    row = atlas.row(*point, SAME_SPOT)
    selected = {"rows": [] if row is None else [row], "columns": [], "cells": []}
    known = st.session_state.get("atlas")
    if known is None or list(known["selection"]["rows"]) != selected["rows"]:
        st.session_state["atlas"] = {"selection": selected}

    def take_row() -> None:
        chosen = st.session_state["atlas"]["selection"]["rows"]
        if chosen:
            take(atlas.listed[chosen[0]])

    number = st.column_config.NumberColumn
    table = maps.listing(atlas)
    table["type"] = [maps.kind_of(p) for p in atlas.listed]
    if len(table) <= FEW:
        table["distance"] = np.hypot(table["x"] - point[0], table["y"] - point[1])
    st.dataframe(
        table,
        key="atlas",
        alt=title,
        hide_index=True,
        placeholder="–",
        height=min(400, 36 * (len(table) + 1) + 6),
        on_select=take_row,
        selection_mode="single-row",
        column_config={
            "type": st.column_config.TextColumn(_("Type"), width=80),
            "x": number(format="%.4f", width=64),
            "y": number(format="%.4f", width=64),
            "f": number(format="%.6g", width=76),
            "lambda_1": number("λ₁", format="%.5g", width=70),
            "lambda_2": number("λ₂", format="%.5g", width=70),
            "index": number(_("Index"), width=56, help=_("How many eigenvalues are negative")),
            "condition": number(
                _("Condition"), format="%.4g", width=84, help=_("The larger eigenvalue over the smaller, in size")
            ),
            "stable_rate": number(
                "2/λ_max", format="%.4g", width=66, help=_("Gradient descent rests here at smaller rates")
            ),
            "distance": number(_("Distance"), format="%.4g", width=72, help=_("From the point of the page")),
        },
    )
    st.caption(_("Select a row, and the point moves there; click a marker, and its row is selected."))


def take_away(view: View, shown: str, atlas: Atlas, tracks: Sequence[Track], finished: Sequence[Trajectory]) -> None:
    def web_page() -> str:
        figure = figures.with_paths(maps.landscape(view.surface, shown), tracks)
        figure.update_layout(title=view.surface.title, template="plotly_white")
        return figure.to_html(include_plotlyjs=True, full_html=True)

    scene.take_away(
        scene.File(lambda: maps.listing(atlas).to_csv(index=False, float_format="%.17g"), "atlas.csv"),
        scene.File(web_page, "microscope.html"),
    )
    name = _("The code that ran: Hessian and eigenvalues")
    with controls.drawer(name, "drawer_code", ":material/code:") as is_open:
        if is_open:
            latex = r"f(p + d) \approx f(p) + g^\top d + \tfrac12\, d^\top H d \qquad H v_k = \lambda_k v_k"
            source = "Golub & Van Loan 2013, section 8.5"
            lesson.formula(latex, (view.surface.formulas[2], eigenvalues), source)
    if finished and view.optimizer:
        runs.torch_drawer(finished[0], view.steps)


def show_pictures(
    view: View, shown: str, atlas: Atlas, tracks: Sequence[Track], model: QuadraticModel, with_model: bool
) -> None:
    """Show the surface from above with its critical points, and the point under the lens."""
    left, right = st.columns(2, gap="small")
    with left:
        scene.show_plane(view.surface, PLANE, tracks, figure=maps.landscape(view.surface, shown))
        st.caption(maps.legend(atlas, shown))
    with right:
        picture = st.container()
        part = controls.slider("lens_radius")
        name = _("Quadratic model") if with_model else ""
        alt = _("The neighbourhood of the point with its quadratic model and its eigenvectors")
        with picture:
            radius = part * shorter_side(view.surface)
            lens = figures.lens(view.surface, model, radius, name)
            x, y = model.point
            maps.add_points(lens, [p for p in atlas.listed if max(abs(p.x - x), abs(p.y - y)) <= radius])
            figures.show(lens, "microscope_lens", alt, bar=False)


def show_curves(chosen: Surface, model: QuadraticModel) -> None:
    """Show the error of the model, and the axes of the eigenvalues along the paths."""
    titles = {"smallest": _("Smallest eigenvalue on the way"), "largest": _("Largest eigenvalue on the way")}
    growth, *ways = st.columns(3, gap="small")
    with growth:
        show_growth(chosen, model, 0.5 * shorter_side(chosen))
    scene.show_linked(LINKED, titles, str, columns=ways, linear=LINKED)


def shorter_side(chosen: Surface) -> float:
    x_low, x_high, y_low, y_high = chosen.domain
    return min(x_high - x_low, y_high - y_low)


@fragment
def stage(view: View) -> None:
    """Show the point under the microscope. A fragment: a click draws only this anew."""
    shown, snap, with_model, blind = choose_picture()
    atlas = maps.atlas_of(view.surface)
    if blind and not play_blind(atlas):
        return
    words, pictures, playing = st.container(), st.container(), st.container()
    point = scene.choose_start()
    with compute.compiling():
        walk = newton_walk(view.surface, point)
        tracks, finished = path_tracks(view, point)
    if snap:
        tracks = [walk_track(walk, view.surface)]
    row = atlas.row(*point, SAME_SPOT)
    critical = atlas.listed[row] if row is not None else walk.end if len(walk.path) == 1 else None
    snapped = walk.end if snap else None
    model = model_at(view.surface, (snapped.x, snapped.y) if snapped else point)
    steps = max(1, len(walk.path) - 1) if snap else view.steps
    with playing:
        scene.play(
            tracks,
            steps=steps,
            stride=runs.stride(steps),
            plane=PLANE,
            linked=LINKED,
            value_name=_("Smallest eigenvalue on the way"),
            start=point,
            on_start=lambda: take_click(atlas),
        )
    with words:
        st.markdown(describe(model, snapped or critical))
        if snap:
            st.markdown(f":material/my_location: {describe_walk(walk, atlas)}")
        x_low, x_high, y_low, y_high = view.surface.domain
        if not (x_low <= point[0] <= x_high and y_low <= point[1] <= y_high):
            st.info(_("The point lies outside the window."))
    with pictures:
        show_pictures(view, shown, atlas, tracks, model, with_model)
    show_numbers(model)
    show_curves(view.surface, model)
    show_atlas(atlas, point)
    take_away(view, shown, atlas, tracks, finished)


def show() -> None:
    """Show the experiment of the page."""
    with st.sidebar:
        view = choose_view()
    stage(view)
