"""Show runs: as tracks for the player, as a table, as numbers of one step, as files."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pyarrow as pa
import streamlit as st
from plotly.subplots import make_subplots

from core.analysis.tuning import RateSweep, fine_rates, first_rate, sweep_rates
from core.engine.descend import Trajectory
from core.engine.spec import Goal, Noise, Optimizer, Surface
from core.memory import remembered
from core.text import T
from core.torch_script import torch_script
from ui import controls, figures, lesson, page
from ui.controls import swatch
from ui.i18n import _
from ui.page import state
from ui.palette import ink, shades
from ui.player.player import Track

FRAMES = 1000
"""Frames of the player. Longer runs are thinned: every second step, every third ..."""


def stride(steps: int) -> int:
    """Return how many steps a frame of the player takes."""
    return -(-steps // FRAMES)


def frames(run: Trajectory, steps: int) -> np.ndarray:
    """Return the rows of a run that the player shows, the last always among them."""
    shown = np.arange(0, len(run.path), stride(steps))
    return shown if shown[-1] == len(run.path) - 1 else np.append(shown, len(run.path) - 1)


def track(run: Trajectory, steps: int, *, arrows: bool) -> Track:
    """Return a run as the player draws it; `steps` is what was planned."""
    shown = frames(run, steps)
    value = run.value[shown]
    above = figures.above(run.surface, value)
    length = np.append(np.nan, np.hypot(*np.diff(run.path, axis=0).T))[shown]
    style = ink(run.optimizer.key)
    pointers = {}
    if arrows:
        pointers["gradient"] = run.gradient[shown]
        if run.optimizer.momentum:
            pointers["momentum"] = -run.state[run.optimizer.momentum][shown]
    return Track(
        key=run.optimizer.key,
        label=run.optimizer.title,
        color=style.color,
        dash=style.pixels,
        path=run.path[shown],
        height=figures.height(run.surface, value),
        series={
            "gap": np.where(above > 0, above, np.nan),
            "gradient": np.where(run.gradient_norm[shown] > 0, run.gradient_norm[shown], np.nan),
            "length": np.where(length > 0, length, np.nan),
        },
        arrows=pointers,
        outcome="" if run.status in ("running", "converged") else outcome(run),
        failed=run.failed,
    )


def tuned(
    surface: Surface,
    rivals: Sequence[tuple[Optimizer, Mapping[str, float]]],
    goal: Goal,
    steps: int,
    plan: tuple[str, Mapping[str, float]] | None,
    noise: Noise | None,
    clip_norm: float | None,
) -> list[RateSweep]:
    """Tune each of (optimizer, hyper-parameters) with the budget that everyone gets; a rate among these is ignored."""
    settled = (plan[0], tuple(plan[1].items())) if plan else None
    field = tuple((optimizer, _but_the_rate(hyper)) for optimizer, hyper in rivals)
    return _tuned_field(surface, field, goal, steps, settled, noise, clip_norm)


def _but_the_rate(hyper: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    return tuple((name, value) for name, value in hyper.items() if name != "lr")


@remembered(64, T("Tuning everyone's rate"))
def _tuned_field(surface, rivals, *settings, progress: Callable[[float], None]) -> list[RateSweep]:
    sweeps = []
    for k, (optimizer, hyper) in enumerate(rivals):
        progress(k / len(rivals))
        sweeps.append(_tuned(surface, optimizer, hyper, *settings))
    return sweeps


@remembered(256)
def _tuned(surface, optimizer, hyper, goal, steps, plan, noise, clip_norm) -> RateSweep:
    """Tune one optimizer; kept for itself, because a field often changes by one of them."""
    return sweep_rates(
        surface,
        optimizer,
        goal=goal,
        steps=steps,
        hyper=dict(hyper),
        schedule=(plan[0], dict(plan[1])) if plan else None,
        noise=noise,
        clip_norm=clip_norm,
    )


def swept(
    surface: Surface,
    optimizer: Optimizer,
    start: tuple[float, float],
    goal: Goal,
    steps: int,
    hyper: Mapping[str, float],
) -> RateSweep:
    """Run one optimizer from one start at every rate of a fine grid; the same question is answered from memory."""
    return _swept(surface, optimizer, start, goal, steps, _but_the_rate(hyper))


@remembered(256, T("Trying every rate"))
def _swept(surface, optimizer, start, goal, steps, hyper, progress: Callable[[float], None]) -> RateSweep:
    return sweep_rates(
        surface,
        optimizer,
        goal=goal,
        steps=steps,
        rates=fine_rates(first_rate(surface, optimizer)),
        starts=np.array(start)[:, None],
        hyper=dict(hyper),
        progress=progress,
    )


def say_where_no_rate_works(sweeps: Sequence[tuple[str, str, RateSweep]]) -> None:
    """Name those of (key, title, sweep) that reach the goal at no rate, where there are any."""
    names = [title for _key, title, sweep in sweeps if not sweep.works]
    if names:
        st.warning(
            _(
                "{names}: none of the rates tried reaches the goal in time, from any start. The marked rate is the one "
                "that ends lowest.",
                names=", ".join(names),
            ),
            icon=":material/block:",
        )


def outcome(run: Trajectory) -> str:
    """Return how a run ended, in words."""
    if run.status == "diverged":
        return _("diverged at step {step}", step=run.stopped_at)
    if run.status == "left the box":
        return _("left the box at step {step}", step=run.stopped_at)
    if run.status == "not a number":
        return _("not a number at step {step}: {name}", step=run.stopped_at, name=run.undefined)
    if run.status == "converged":
        return _("at rest since step {step}", step=run.stopped_at)
    return _("still moving")


def distance_to_minimum(run: Trajectory) -> float:
    """Return how far the last point is from the nearest global minimum; NaN where there is no single one."""
    if not run.surface.minima or run.surface.valley:
        return np.nan
    return float(min(np.hypot(*(run.path[-1] - minimum)) for minimum in np.array(run.surface.minima)))


def results(runs: Sequence[Trajectory], sweeps: Sequence[tuple[str, str, RateSweep]] = ()) -> None:
    """Show one row per run; beside a rate that a sweep chose, from how many starts it reaches the goal."""
    beside = {
        key: _("{count} of {starts} starts", count=s.arrived, starts=s.steps.shape[1]) for key, _title, s in sweeps
    }
    heads = (
        _("Optimizer"),
        _("Rate"),
        _("Outcome"),
        _("Goal at step"),
        _("Final value"),
        _("Distance"),
    )
    rows = [
        (
            f"{swatch(run.optimizer.key)} {run.optimizer.title}",
            f"{run.hyper['lr']:.4g}" + (f" ({beside[run.optimizer.key]})" if beside else ""),
            _unbroken(outcome(run)),
            str(run.first) if run.first >= 0 else _unbroken(_("not reached")),
            f"{run.value[-1]:.4g}",
            "–" if np.isnan(distance_to_minimum(run)) else f"{distance_to_minimum(run):.3g}",
        )
        for run in runs
    ]
    title = _("Results")
    st.markdown(f"### {title}")
    table(heads, rows, title)


def _unbroken(text: str) -> str:
    """Join Chinese characters, between which any line may end, so that a narrow column does not stack them."""
    return re.sub(r"(?<=[\u4e00-\u9fff])(?=[\u4e00-\u9fff])", "\u2060", text)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], alt: str) -> None:
    """Show cells of Markdown; where the screen is narrow, the table scrolls for itself."""
    columns = [pa.array(column) for column in zip(*rows, strict=True)]
    # Not a DataFrame, of which Streamlit would make this in ten times the time.
    st.table(pa.table(columns, names=list(heads)), alt=alt)


def with_error(value: float, error: float) -> str:
    """Return a mean with its standard error, where there is one."""
    return f"{value:.3g} ± {error:.1g}" if error else f"{value:.3g}"


def show_step() -> None:
    """Take the step at which the player came to rest, and open the inspector unless that is simply the end."""
    step = int(st.session_state["player"].step["step"])
    if step < state()["steps"]:
        page.update(step=step)
        st.session_state["drawer_inspect"] = True
    else:
        page.reset("step")


def inspect(finished: Sequence[Trajectory]) -> Trajectory:
    """Show the numbers of one step of one run, and the code that ran, in two drawers; return the run."""
    titles = {run.optimizer.key: run.optimizer.title for run in finished}
    first = "adam" if "adam" in titles else next(iter(titles))
    label = _("Step inspector: every number of the formula")
    with controls.drawer(label, "drawer_inspect", ":material/search:") as is_open:
        with st.container(horizontal=True):
            chosen = controls.pick("inspect", titles, first, drawn=is_open)
            step = controls.show("step", drawn=is_open)
        run = next(run for run in finished if run.optimizer.key == chosen)
        if is_open:
            inspector(run, step)
    name = _("The code that ran: {name}", name=run.optimizer.title)
    with controls.drawer(name, "drawer_code", ":material/code:") as is_open:
        if is_open:
            lesson.code_that_ran(run.optimizer)
    return run


def inspector(run: Trajectory, step: int) -> None:
    """Show the numbers of the formula in one step of one run."""
    last = len(run.rate)
    if run.undefined and step >= last:
        why = _(run.cause) if run.cause else _("the formula has no result")
        st.info(
            _("In step {step} {name} is no number any more: {why}.", step=run.stopped_at, name=run.undefined, why=why)
        )
    if last == 0:
        st.info(_("{name} took no step: it stood outside from the start.", name=run.optimizer.title))
        return
    if step > last:
        st.info(_("{name} ended at step {last}; shown is that step.", name=run.optimizer.title, last=last))
    step = min(max(step, 1), last)
    before, after = run.path[step - 1], run.path[step]
    rows = [
        (r"$x_{t-1}$", _("Point before the step"), before),
        (r"$\nabla f$", _("True gradient there"), run.gradient[step - 1]),
    ]
    if not np.array_equal(run.received[step - 1], run.gradient[step - 1]):
        rows.append((r"$g_t$", _("Gradient received, with noise and clipping"), run.received[step - 1]))
    for memory in run.optimizer.state:
        rows.append((f"${memory.symbol}$", _(memory.text), np.broadcast_to(run.state[memory.key][step], 2)))
    rows.append((r"$\eta_t$", _("Learning rate in this step"), np.broadcast_to(run.rate[step - 1], 2)))
    for name, values in run.explain(step).items():
        symbol, text = EXPLAINED.get(name, (rf"\mathrm{{{name}}}", name))
        rows.append((f"${symbol}$", _(text), values))
    rows.append((r"$x_t$", _("Point after the step"), after))
    title = _("**{name}, step {step}**: every number of the formula", name=run.optimizer.title, step=step)
    cells = [(symbol, text, f"`{v[0]:.8g}`", f"`{v[1]:.8g}`") for symbol, text, v in rows]
    st.markdown(title)
    table((_("Symbol"), _("Meaning"), "x", "y"), cells, _("Numbers of one step"))


EXPLAINED = {
    "m_hat": (r"\hat m_t", T("Mean, corrected for its start")),
    "v_hat": (r"\hat v_t", T("Mean square, corrected for its start")),
    "mu": (r"\mu_t", T("Weight of the momentum in this step")),
    "rho": (r"\rho_t", T("How many gradients the mean square has seen")),
    "r": (r"r_t", T("Rectification of the adaptive step")),
    "average": (r"\bar x_t", T("Mean of the points")),
    "direction": (r"d_t", T("Direction")),
    "decay": (r"\eta\lambda x", T("Weight decay")),
    "rate": (r"\eta_\mathrm{eff}", T("Effective rate of the coordinate")),
    "step": (r"\Delta x_t", T("Step")),
}


def torch_drawer(run: Trajectory, steps: int, **settings: Any) -> None:
    """Offer the script that reproduces a run in PyTorch; `settings` (schedule, noise ...) as in `torch_script`."""
    name = _("Copy as PyTorch: {name}", name=run.optimizer.title)
    with controls.drawer(name, "drawer_torch", ":material/content_copy:") as is_open:
        if is_open:
            start = tuple(run.path[0].tolist())
            try:
                script = torch_script(run.surface, run.optimizer, start=start, steps=steps, hyper=run.hyper, **settings)
            except ValueError as error:
                st.info(_("There is no such script: {reason}", reason=str(error)))
            else:
                st.code(script, language="python")


def as_csv(runs: Sequence[Trajectory]) -> str:
    """Return every step of every run as a CSV text, 17 digits."""
    parts = [
        pd.DataFrame(
            {
                "optimizer": run.optimizer.key,
                "step": np.arange(len(run.path)),
                "x": run.path[:, 0],
                "y": run.path[:, 1],
                "value": run.value,
                "gradient_x": run.gradient[:, 0],
                "gradient_y": run.gradient[:, 1],
                "rate": np.append(np.nan, run.rate),
            }
        )
        for run in runs
    ]
    return pd.concat(parts).to_csv(index=False, float_format="%.17g")


def as_html(runs: Sequence[Trajectory], title: str) -> str:
    """Return a page that stands alone, without network: the paths on the surface and their values over the steps."""
    surface = runs[0].surface
    figure = make_subplots(1, 2, subplot_titles=(surface.title, _("Value above the minimum")))
    seen = figures.plane(surface, _("Global minimum"))
    for trace in seen.data:
        figure.add_trace(trace, 1, 1)
    for run in runs:
        style = ink(run.optimizer.key)
        line = {"color": shades(style.color).light, "dash": style.dash, "width": 2}
        shared = {
            "mode": "lines",
            "name": run.optimizer.title,
            "line": line,
            "legendgroup": run.optimizer.key,
        }
        figure.add_trace(go.Scatter(x=run.path[:, 0], y=run.path[:, 1], **shared), 1, 1)
        figure.add_trace(go.Scatter(y=figures.above(surface, run.value), showlegend=False, **shared), 1, 2)
    figure.update_xaxes(seen.layout.xaxis, row=1, col=1).update_yaxes(seen.layout.yaxis, row=1, col=1)
    figure.update_xaxes(title=_("Step"), row=1, col=2)
    figure.update_yaxes(**figures.log_axis(*(trace.y for trace in figure.select_traces(row=1, col=2))), row=1, col=2)
    figure.update_layout(title=title, template="plotly_white", legend={"orientation": "h"})
    return figure.to_html(include_plotlyjs=True, full_html=True)
