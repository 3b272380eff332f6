"""Draw what a batch size does: a colour and a style for each size, runs as tracks, clouds, ellipses and grids.

The colour of a size is its place between one sample and all data, on a log scale: it is ordered, and it means no
optimizer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.analysis.gradient_noise import batch_covariance, gradient_cloud, row_covariance
from core.engine.batches import Batches
from core.engine.data import Scale
from core.engine.descend import Trajectory
from core.engine.spec import Surface, gap
from core.memory import remembered
from core.schedules import SCHEDULES
from pages.batches import measure as lab
from ui import figures, runs
from ui.controls import swatch
from ui.figures import Curve
from ui.i18n import _
from ui.palette import MARK, SCALE, Ink
from ui.player.player import Track

DASHES = ("solid", "dash", "longdash", "dashdot", "longdashdot")
COOL, WARM = SCALE[-1], SCALE[2]
"""Colours of two quantities over the batch size."""
CLOUD = 300
"""Gradients drawn for each size; numbers come from more."""


class Look(NamedTuple):
    """How a batch size is drawn."""

    label: str
    color: str
    dash: str

    @property
    def ink(self) -> Ink:
        """The same without its name."""
        return Ink(self.color, self.dash)

    @property
    def line(self) -> dict[str, Any]:
        """The same as a line of Plotly."""
        return {"color": self.color, "dash": self.dash, "width": 2}


def look(plan: lab.Plan, k: int) -> Look:
    """Return how the k-th size of a plan is drawn."""
    size = plan.sizes[k]
    place = np.log(size) / np.log(max(plan.rows, *plan.sizes, 64)) * (len(SCALE) - 1)
    label = f"B = {size} = N" if size == plan.rows else f"B = {size}"
    return Look(label, SCALE[round(place)], DASHES[k % len(DASHES)])


def named(plan: lab.Plan, k: int) -> str:
    """Return the k-th size in Markdown, its line before it."""
    return f"{swatch(look(plan, k).ink)} {plan.sizes[k]}"


def size_track(plan: lab.Plan, k: int, run: Trajectory, rows: np.ndarray, **more: Any) -> Track:
    """Return these rows of the run of the k-th size as a track of the player."""
    style = look(plan, k)
    return Track(
        key=f"size{plan.sizes[k]}",
        label=style.label,
        color=style.color,
        dash=style.ink.pixels,
        path=run.path[rows],
        outcome="" if run.status in ("running", "converged") else runs.outcome(run),
        failed=run.lost,
        **more,
    )


def walk_tracks(
    plan: lab.Plan, walks: Sequence[lab.Walk], axis: str, total: int, planes: Sequence[str], unit: float = 1.0
) -> list[Track]:
    """Return the runs, frame by frame of one time axis in units of `unit`, with their loss over all three.

    Each walk has a plane of its own, or all share the only one.
    """
    moments = unit * np.arange(0, total + runs.stride(total), runs.stride(total))
    tracks = []
    for k, walk in enumerate(walks):
        rows = walk.rows_at(axis, moments)
        above = figures.above(plan.surface, walk.run.value[rows])
        told = {name: values[rows] for name, values in walk.times._asdict().items()}
        series = dict.fromkeys(told, np.where(above > 0, above, np.nan))
        plane = planes[k] if len(planes) > 1 else None
        tracks.append(size_track(plan, k, walk.run, rows, series=series, clock=told, plane=plane))
    return tracks


@remembered(64)
def panel(chosen: Surface, star: str, title: str, height: int, names: tuple[str, str] | None = None) -> go.Figure:
    """Return the surface from above, small and with a heading; `star` names its minima, `names` the axes."""
    figure = go.Figure(figures.plane(chosen, star))
    if names:
        figure.update_xaxes(title={"text": names[0], "standoff": 4})
        figure.update_yaxes(title={"text": names[1], "standoff": 4})
        figure.update_layout(margin={"l": 52, "b": 40})
    figure.update_layout(height=height, title=figures.heading(title) if title else None)
    return figures.Still(figure.update_layout(margin={"t": 28 if title else 8}))


def axes_of(chosen: Surface) -> tuple[str, str] | None:
    """Return what the axes of a loss from data are, None for other surfaces."""
    return (_("Weight w"), _("Bias b")) if chosen.data else None


def own_rows(plan: lab.Plan, walks: Sequence[lab.Walk], rows: np.ndarray, scale: Scale) -> go.Figure:
    """Draw the visitor's rows, in their own units, and the line, or the probability, where every run ended."""
    x = np.linspace(rows[:, 0].min(), rows[:, 0].max(), 101)
    figure = go.Figure()
    dots = {"color": MARK, "size": 6, "opacity": 0.7}
    figure.add_scatter(x=rows[:, 0], y=rows[:, 1], mode="markers", marker=dots, name=_("Your data"))
    for k, walk in enumerate(walks):
        style, (slope, intercept) = look(plan, k), scale.line(*walk.run.path[-1])
        line = slope * x + intercept
        name = f"{style.label}: {slope:.4g} x {'−' if intercept < 0 else '+'} {abs(intercept):.4g}"
        with np.errstate(over="ignore"):
            y = 1 / (1 + np.exp(-line)) if plan.surface.key == "logistic_regression" else line
        figure.add_scatter(x=x, y=y, mode="lines", line=style.line, name=name)
    figure.update_layout(height=360, margin=figures.MARGIN | {"l": 52, "b": 44})
    figure.update_layout(legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"})
    figure.update_xaxes(title=_("Input x"))
    return figure.update_yaxes(title=_("Target y"))


def over_sizes(
    rows: Sequence[Curve],
    y_title: str,
    errors: Mapping[str, Sequence[float] | np.ndarray],
    *,
    log_y: bool,
    height: int = 300,
) -> go.Figure:
    """Draw curves over the batch size; those named in `errors` get bars of two standard errors."""
    figure = figures.curves(rows, _("Batch size B"), y_title, log_x=True, log_y=log_y, height=height)
    for trace in figure.data:
        if trace.name in errors and trace.mode != "none":
            bars = 2 * np.array(errors[trace.name])
            trace.error_y = {"type": "data", "array": bars, "thickness": 1.5, "width": 4}
    places = rows[0].x[:: -(-len(rows[0].x) // 7)]
    return figure.update_xaxes(tickvals=places, ticktext=[str(place) for place in places])


def with_error(found: lab.Estimate, lowest: float = 0.0) -> str:
    """Return a Monte-Carlo number, or how far it is above the lowest value, and its standard error as text.

    It has the digits that mean something.
    """
    value, error = float(gap(found.value, lowest)), found.error
    if not np.isfinite(value):
        return _("diverged") if np.isinf(value) else "–"
    if error <= 1e-12 * (abs(found.value) + abs(lowest)):  # rounding alone
        return f"{value:.3g}"
    digits = max(int(np.floor(np.log10(abs(value)))) - int(np.floor(np.log10(error))) + 1, 1) if value else 1
    return f"{value:.{max(digits, 2 if error < 1 else 3)}g} ± {error:.{1 if error < 10 else 2}g}"


def cloud(plan: lab.Plan, point: tuple[float, float], sampling: str) -> go.Figure:
    """Draw gradients of batches at a point with two standard deviations of theory, the largest spread behind."""
    covariance, true = row_covariance(plan.surface, point), np.array(plan.surface.gradient(*point))
    figure = go.Figure()
    for k, size in enumerate(plan.sizes):
        style = look(plan, k)
        dots = gradient_cloud(plan.surface, point, Batches(size, sampling, plan.seed), CLOUD)
        ring = lab.ellipse(true, batch_covariance(covariance, size, plan.rows, sampling))
        marker = {"color": figures.faded(style.color, 0.55), "size": 4}
        shared = {"legendgroup": style.label, "name": style.label}
        figure.add_scatter(x=dots[:, 0], y=dots[:, 1], mode="markers", marker=marker, **shared)
        ring_style = {"mode": "lines", "line": style.line, "showlegend": False, "hoverinfo": "skip"}
        figure.add_scatter(x=ring[:, 0], y=ring[:, 1], **ring_style, **shared)
    cross = {"symbol": "x", "size": 11, "color": MARK, "line": {"color": "#ffffff", "width": 1.5}}
    figure.add_scatter(x=true[:1], y=true[1:], mode="markers", name=_("All data"), marker=cross)
    figure.update_layout(height=400, margin=figures.MARGIN | {"l": 52, "b": 44})
    figure.update_layout(legend=figures.LEGEND | {"itemsizing": "constant"})
    figure.update_xaxes(title="∂f/∂w")
    return figure.update_yaxes(title="∂f/∂b", scaleanchor="x")


@remembered(16)
def near_minimum(chosen: Surface, radius: float) -> Surface:
    """Return the surface with a small window around its first minimum; the same object for the same window."""
    x, y = chosen.minima[0]
    return replace(chosen, domain=(x - radius, x + radius, y - radius, y + radius))


def around_minimum(plan: lab.Plan, near: Surface, star: str) -> go.Figure:
    """Draw the window `near` the minimum with two standard deviations of theory for every size."""
    figure = go.Figure(panel(near, star, "", 400, axes_of(near)))
    for k, (size, rate) in enumerate(plan.each()):
        ring = lab.ellipse(near.minima[0], lab.stationary_covariance(plan.surface, rate, size))
        line = look(plan, k).line
        figure.add_scatter(x=ring[:, 0], y=ring[:, 1], mode="lines", line=line, hoverinfo="skip", showlegend=False)
    return figure


def grid(plan: lab.Plan, keys: Sequence[str], found: lab.Grid) -> go.Figure:
    """Draw the path of every schedule (a row) and size (a column) over level lines, the final gap above it."""
    low = figures.lowest(plan.surface)
    texts = [[with_error(cell, low).replace(" ±", "<br>±") for cell in row] for row in found.final]
    texts[0] = [f"{look(plan, k).label}<br>{text}" for k, text in enumerate(texts[0])]
    height = 80 + 160 * len(keys)
    figure = make_subplots(
        len(keys),
        len(plan.sizes),
        shared_xaxes="all",
        shared_yaxes="all",
        subplot_titles=[text for row in texts for text in row],
        row_titles=[SCHEDULES[key].title for key in keys],
        horizontal_spacing=0.012,
        vertical_spacing=44 / height,
    )
    x_low, x_high, y_low, y_high = plan.surface.domain
    x, y = np.linspace(x_low, x_high, 31), np.linspace(y_low, y_high, 31)
    ground = figures.height(plan.surface, plan.surface.value(x[None, :], y[:, None])).astype(np.float32)
    level_lines = {"contours": {"coloring": "none"}, "ncontours": 8, "line": {"color": MARK, "width": 0.5}}
    for r in range(len(keys)):
        for c in range(len(plan.sizes)):
            place = {"row": r + 1, "col": c + 1, "hoverinfo": "skip"}
            path = found.paths[r, c].astype(np.float32)
            line = {"color": look(plan, c).color, "width": 1.3}
            figure.add_contour(x=x, y=y, z=ground, showscale=False, opacity=0.5, **level_lines, **place)
            figure.add_scatter(x=path[:, 0], y=path[:, 1], mode="lines", line=line, **place)
    figure.update_xaxes(range=[x_low, x_high], showticklabels=False, showgrid=False, zeroline=False)
    figure.update_yaxes(range=[y_low, y_high], showticklabels=False, showgrid=False, zeroline=False)
    figure.update_annotations(font_size=12)
    margin = {"l": 8, "r": 28, "t": 62, "b": 8}
    return figure.update_layout(height=height, showlegend=False, margin=margin, dragmode=False)
