"""The gradient compass: the slope in every direction, and the best direction for a step that has a length."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.analysis.directions import BestDirection, best_direction, is_kink, law_error, slice_along, slope, step_slope
from core.engine.spec import Surface
from ui import compute, controls, figures, lesson, page, runs, scene
from ui.i18n import _
from ui.page import fragment
from ui.palette import BLUE, GREEN, MARK, ORANGE
from ui.player.player import Arrow, Track

GRADIENT, BEST, DIAL = BLUE, GREEN, ORANGE
LINKED = {"after": "compass_after", "off": "compass_off"}
GROWTH = np.linspace(0, 1, 51)
"""Parts of the length that the player shows, a frame each."""
DEGREES = np.arange(-180, 181)
CHART = 270
"""Height of the charts beside the picture."""


def begin_anew() -> None:
    """Take point and length from the surface just chosen."""
    page.reset("x", "y", "step_length")


def turn_to(radians: float) -> None:
    """Point the dial in this direction."""
    page.update(angle=round(float(np.degrees(radians))))


def choose_step() -> tuple[float, float]:
    """Show the dial and the length; return the direction in radians, and the length."""
    left, right = st.columns(2)
    with left:
        angle = controls.slider("angle")
    with right:
        length = controls.slider("step_length")
    return float(np.radians(angle)), length


def turn_buttons(best: BestDirection) -> None:
    """Offer the directions worth turning to."""
    with st.container(horizontal=True):
        if np.isfinite(best.steepest_angle):
            st.button(_("Dial against the gradient"), on_click=turn_to, args=(best.steepest_angle,))
        st.button(_("Dial to the best direction"), on_click=turn_to, args=(best.angle,))


def show_answer(chosen: Surface, point: tuple[float, float], length: float, best: BestDirection) -> None:
    """Say what a step of this length does, or why the question has no answer here."""
    before = float(chosen.value(*point))
    if is_kink(chosen, point):
        st.info(_("This point lies on a kink: the slope jumps there, and the cosine law does not hold."))
    elif not np.isfinite(best.steepest_angle):
        st.info(
            _(
                "The gradient is zero here: the slope is 0 in every direction. "
                "Only a step that has a length tells them apart; the best one ends at f = {value:.4g}.",
                value=best.value,
            )
        )
    else:
        verdict = _("lower") if best.steepest_value < before else _("not lower")
        st.markdown(
            _(
                "From f = {before:.4g}, a step of {length:g} **against the gradient** ends at f = "
                "**{steepest:.4g}**, {verdict}. **The best direction** is **{off:.2f}°** away and ends at "
                "**{value:.4g}**.",
                before=before,
                length=length,
                steepest=best.steepest_value,
                verdict=verdict,
                off=np.degrees(best.off),
                value=best.value,
            )
        )
    x_low, x_high, y_low, y_high = figures.drawn_window(chosen)
    if not (x_low <= point[0] <= x_high and y_low <= point[1] <= y_high):
        st.caption(_("The point lies outside the picture."))


def growing_step(chosen: Surface, point: tuple[float, float], angle, length: float, **style) -> list[Track]:
    """Return a step that grows to its length, and the needle at the point that shows its direction.

    `angle` is one direction, or one for every frame.
    """
    distance = GROWTH * length
    needle = np.stack([np.cos(angle), np.sin(angle)], axis=-1) * np.ones((len(GROWTH), 1))
    path = np.array(point) + distance[:, None] * needle
    after = chosen.value(path[:, 0], path[:, 1])
    standing = np.tile(point, (len(GROWTH), 1))
    return [
        Track(path=path, series={"after": after}, clock={"after": distance}, failed=False, **style),
        Track(path=standing, arrows={"needle": needle}, failed=False, **style),
    ]


def ring(point: tuple[float, float], length: float) -> Track:
    """Return the point, and the circle of all steps of this length: frames after the last stay faint."""
    angle = np.linspace(0, 2 * np.pi, 121)
    circle = np.array(point) + length * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    standing, gap = np.tile(point, (len(GROWTH), 1)), np.full((1, 2), np.nan)
    label = _("All steps of this length")
    return Track("ring", label, MARK, (), np.vstack([standing, gap, circle]), failed=False)


def growing_steps(
    chosen: Surface, point: tuple[float, float], angle: float, length: float, best: BestDirection
) -> list[Track]:
    """Return what the player lets grow: the steps along the dial, against the gradient and in the best direction."""
    down = best.steepest_angle
    tracks = growing_step(chosen, point, angle, length, key="dial", label=_("Along the dial"), color=DIAL, dash=(9, 5))
    if np.isfinite(down):
        label = _("Against the gradient")
        tracks += growing_step(chosen, point, down, length, key="down", label=label, color=GRADIENT, dash=())
    of_lengths = best_direction(chosen, point, GROWTH[1:] * length)
    angles, away = np.asarray(of_lengths.angle), np.asarray(of_lengths.off)
    to_best = np.append(angles[0], angles)
    tracks += growing_step(chosen, point, to_best, length, key="best", label=_("Best direction"), color=BEST, dash=())
    off = {"off": np.degrees(np.append(away[0], away))}
    turn = Track("best", _("Best direction"), BEST, (), series=off, clock={"off": GROWTH * length}, failed=False)
    return [*tracks, turn, ring(point, length)]


def slopes(chosen: Surface, point: tuple[float, float], angle: float, length: float, best: BestDirection) -> go.Figure:
    """Draw the slope in every direction, at the point and over a step of this length."""
    radians = np.radians(DEGREES)
    marks = ((DIAL, angle, _("Along the dial")), (GRADIENT, best.steepest_angle, _("Against the gradient")))
    over_step = _("Mean over a step of {length:g}", length=length)
    rows = [
        figures.Curve(DEGREES, slope(chosen, point, radians), _("At the point: |∇f| cos θ"), MARK, "dot"),
        figures.Curve(DEGREES, step_slope(chosen, point, radians, length), over_step, MARK),
    ]
    for color, at, name in (*marks, (BEST, best.angle, _("Best direction"))):
        where, there = np.degrees(np.array([at])), step_slope(chosen, point, np.array([at]), length)
        rows.append(figures.Curve(where, there, name, color, mode="markers"))
    figure = figures.curves(rows, _("Direction"), _("Slope"), height=CHART)
    figure.update_traces(showlegend=False, selector={"mode": "markers"})  # the player names these colours
    figure.update_layout(margin_r=24)
    return figure.update_xaxes(range=[-180, 180], dtick=90, ticksuffix="°")


def slice_figure(chosen: Surface, point: tuple[float, float], angle: float, length: float) -> go.Figure:
    """Draw the surface along the dial, with the tangent."""
    cut = slice_along(chosen, point, angle, length)
    rows = [
        figures.Curve(cut.distance, cut.tangent, _("Tangent"), MARK, "dot"),
        figures.Curve(cut.distance, cut.value, _("The surface along the dial"), DIAL),
    ]
    return figures.curves(rows, _("Distance from the point"), "f", height=CHART)


def show_numbers(chosen: Surface, point: tuple[float, float], angle: float, length: float, best: BestDirection) -> None:
    """Show promise and outcome of the three steps."""
    before = float(chosen.value(*point))
    steps = [(_("Along the dial"), angle), (_("Against the gradient"), best.steepest_angle)]
    rows = []
    for name, at in [*steps, (_("Best direction"), best.angle)]:
        if np.isfinite(at):
            there = before + length * step_slope(chosen, point, at, length)
            numbers = (slope(chosen, point, at), before + length * slope(chosen, point, at), there)
            rows.append((name, f"{np.degrees(at):.1f}°", *(f"{number:.5g}" for number in numbers)))
    heads = (_("Step"), _("Direction"), _("Slope at the point"), _("f promised by the slope"), _("f after the step"))
    runs.table(heads, rows, _("Promise and outcome of three steps"))


def as_csv(chosen: Surface, point: tuple[float, float], length: float) -> str:
    """Return slope, mean slope and value after the step, in every direction."""
    radians = np.radians(DEGREES)
    over_step = step_slope(chosen, point, radians, length)
    columns = {
        "x": point[0],
        "y": point[1],
        "length": length,
        "degrees": DEGREES,
        "slope": slope(chosen, point, radians),
        "slope_over_step": over_step,
        "value_after": chosen.value(*point) + length * over_step,
    }
    return pd.DataFrame(columns).to_csv(index=False, float_format="%.17g")


def show_code() -> None:
    with controls.drawer(_("The code that ran"), "drawer_code", ":material/code:") as is_open:
        if is_open:
            latex = r"""
                \frac{\partial f}{\partial e_\varphi} = f_x \cos\varphi + f_y \sin\varphi
                = |\nabla f| \cos\theta \\
                e_\text{best}(s) = \arg\min_{|e| = 1} f(p + s\,e)
                """
            source = "W. Rudin, Principles of Mathematical Analysis, 3rd edition, McGraw-Hill 1976, section 9.18"
            lesson.formula(latex, (slope, step_slope, best_direction), source)


@fragment
def stage(chosen: Surface) -> None:
    """Show the point with its steps. A fragment: a click that moves the point draws only this anew."""
    answer = st.container()
    left, right = st.columns(2, gap="small")
    with left:
        picture, playing = st.container(), st.container()
    angle, length = choose_step()
    turning = st.container()
    point = scene.choose_start()
    with compute.compiling():
        known = bool(np.isfinite([chosen.value(*point), *chosen.gradient(*point)]).all())
        best = best_direction(chosen, point, length) if known else None
        tracks = growing_steps(chosen, point, angle, length, best) if best else []
    with playing:
        scene.play(
            tracks,
            steps=100,
            stride=2,
            plane="compass_plane",
            linked=LINKED if best else {},
            value_name=_("f after a step of this length"),
            arrows=[Arrow("needle", _("Needles"), _("Show every direction at the point"), to_scale=False)],
            start=point,
            labels={"position": _("{step} % of the length"), "scrub": _("Step length"), "empty": ""},
        )
    with picture:
        scene.show_plane(chosen, "compass_plane", tracks)
    if best is None:
        answer.info(_("The surface has no finite value or no finite gradient at this point: choose another one."))
        return
    with answer:
        show_answer(chosen, point, length, best)
    with right:
        alt = _("Slope in every direction, at the point and as the mean over a step of the chosen length")
        figures.show(slopes(chosen, point, angle, length, best), "compass_slopes", alt, bar=False)
        alt = _("The surface along the dial with its tangent")
        figures.show(slice_figure(chosen, point, angle, length), "compass_slice", alt, bar=False)
    with turning:
        turn_buttons(best)
    titles = {"after": _("f after a step of this length"), "off": _("Best direction: degrees away from −∇f")}
    scene.show_linked(LINKED, titles, str, x_title=_("Step length"), linear=LINKED)
    show_numbers(chosen, point, angle, length, best)
    error = law_error(chosen, point)
    st.caption(
        _("Measured by differences in 24 directions, the slopes miss |∇f| cos θ by at most {error:.1e}.", error=error)
    )
    show_code()
    scene.take_away(
        scene.File(lambda: as_csv(chosen, point, length), "compass.csv"),
        scene.File(lambda: slopes(chosen, point, angle, length, best).to_html(include_plotlyjs=True), "compass.html"),
    )


def show() -> None:
    """Show the experiment of the page."""
    with st.sidebar:
        shown = scene.choose_surface(then=begin_anew)
    stage(shown)
