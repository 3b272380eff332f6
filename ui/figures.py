"""Arrays in, Plotly figures out. Reads no session state.

The surface figures depend on the surface alone, never on a rate, a start or an optimizer: Streamlit then never mounts
them anew, they keep zoom and camera, and a rerun sends a reference instead of the figure.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.analysis.curvature import QuadraticModel
from core.analysis.tuning import RateSweep
from core.engine.spec import Surface, gap
from ui.palette import HEIGHT, MARK, TEXT, VALLEY, ink

POINTS = 111
"""Grid points a side of a contour; finer grids cost the browser more than they show."""
POINTS_3D = 81
ELONGATED, TOO_ELONGATED = 2.0, 4.0
"""A window more elongated than the first is widened to it, which leaves a picture to scale room for what happens
across; one more elongated than the second is stretched to fill the picture instead."""
FALLING, RISING = "#0072b2", "#d55e00"
"""Colours of negative and of positive curvature, told apart by all kinds of colour vision."""
TICKS = 14
"""Pixels; a power beside them then has 12."""
MARGIN = {"l": 8, "r": 8, "t": 8, "b": 8}
LEGEND = {"orientation": "h", "yref": "container", "y": 1, "yanchor": "top"}
"""At the top of the chart: tied to the plot area, it would lie over that when the window grows wider."""
LOG = {"type": "log", "exponentformat": "power", "minorloglabels": "complete", "nticks": 4, "automargin": True}
"""A logarithmic axis whose values are not known yet."""
SHORT = 2.8
"""Decades that have room for 1, 2 and 5; with four ticks, Plotly gives a longer axis powers of ten alone."""


@lru_cache(maxsize=64)
def lowest(surface: Surface) -> float:
    """Return the global minimum, or where there is none the lowest value in the window."""
    return surface.minimum if surface.minimum is not None else float(_grid(surface, POINTS, surface.domain)[2].min())


def above(surface: Surface, value):
    """Return how far function values are above the minimum, or where there is none above the lowest in the window."""
    return gap(value, lowest(surface))


def height(surface: Surface, value: np.ndarray) -> np.ndarray:
    """Return the drawn height (and colour) of function values: the value, or its logarithm above the minimum."""
    if surface.colour == "linear":
        return value
    return np.log10(above(surface, value) + surface.colour_offset)


def height_name(surface: Surface) -> str:
    """Return what `height` is, as an axis title."""
    if surface.colour == "linear":
        return "f(x, y)"
    return f"log₁₀(f − {lowest(surface):.4g} + {surface.colour_offset:g})"


class Still(go.Figure):
    """A finished figure. Streamlit asks for its dict in every rerun, and copying that costs more than all else.

    It is made at once: who remembers a figure must know what it weighs.
    """

    def __init__(self, figure: go.Figure):
        super().__init__(figure)
        legible(self)
        self._kept = super().to_dict()

    def to_dict(self) -> dict:
        return self._kept


def legible(figure: go.Figure) -> None:
    """Write the numbers and titles of all axes in the colour of text, large enough for the last row.

    Streamlit's grey for them has 3.7:1. A power is 7/8 of its number; the digits between decades, which Plotly writes
    smaller still, are left out unless a figure asks for them.
    """
    text, title = {"color": TEXT, "size": TICKS}, {"color": TEXT}
    figure.update_layout(font={"color": TEXT})
    for axes in (figure.update_xaxes, figure.update_yaxes):
        axes(tickfont=text, title={"font": title})
    for axis in (*figure.select_xaxes(), *figure.select_yaxes()):
        axis.minorloglabels = axis.minorloglabels or "none"


def show(figure: go.Figure, key: str, alt: str, *, bar: bool = True, zoom: bool = False) -> None:
    """Put a figure on the page; `alt` names it for those who cannot see it. The bar costs eight tab stops."""
    if not isinstance(figure, Still):
        legible(figure)
    config = {"displaylogo": False, "displayModeBar": "hover" if bar else False, "scrollZoom": zoom}
    st.plotly_chart(figure, key=key, alt=alt, config=config)


def is_to_scale(surface: Surface) -> bool:
    """Say whether a plane of this surface has equal units on both axes."""
    x_low, x_high, y_low, y_high = surface.domain
    return max(x_high - x_low, y_high - y_low) <= TOO_ELONGATED * min(x_high - x_low, y_high - y_low)


def drawn_window(surface: Surface) -> tuple[float, float, float, float]:
    """Return the window of a plane: that of the surface, a narrow one widened where the plane is to scale."""
    x_low, x_high, y_low, y_high = surface.domain
    least = max(x_high - x_low, y_high - y_low) / ELONGATED if is_to_scale(surface) else 0.0
    dx, dy = (max(least - side, 0.0) / 2 for side in (x_high - x_low, y_high - y_low))
    return x_low - dx, x_high + dx, y_low - dy, y_high + dy


def show_window(figure: go.Figure, surface: Surface) -> go.Figure:
    """Show the window of a plane, to scale at every size of the figure: angles and circles are true then."""
    return _frame(figure, drawn_window(surface), to_scale=is_to_scale(surface))


def _frame(figure: go.Figure, window: Sequence[float], *, to_scale: bool) -> go.Figure:
    x_low, x_high, y_low, y_high = window
    figure.update_xaxes(range=[x_low, x_high], showgrid=False, zeroline=False, constrain="domain")
    figure.update_yaxes(range=[y_low, y_high], showgrid=False, zeroline=False, constrain="domain", autorange=False)
    return figure.update_yaxes(scaleanchor="x" if to_scale else False)


@lru_cache(maxsize=16)
def _grid(
    surface: Surface, points: int, window: tuple[float, float, float, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x_low, x_high, y_low, y_high = window
    x, y = np.linspace(x_low, x_high, points), np.linspace(y_low, y_high, points)
    return x, y, surface.value(x[None, :], y[:, None])


@lru_cache(maxsize=64)
def plane(surface: Surface, title: str) -> go.Figure:
    """Draw the surface from above, its minima as stars; `title` names them in the hover text."""
    x, y, value = _grid(surface, POINTS, drawn_window(surface))
    figure = go.Figure(
        go.Contour(
            x=x.astype(np.float32),
            y=y.astype(np.float32),
            z=height(surface, value).astype(np.float32),
            ncontours=22,
            contours={
                "coloring": "heatmap"
            },  # one image: filled levels would lie on one another, and their opacity add up
            # Transparent high ground takes the colour of the page, so that one figure serves light and dark.
            colorscale=[
                [0, "rgba(47, 95, 148, 0.62)"],
                [0.35, "rgba(47, 95, 148, 0.3)"],
                [1, "rgba(47, 95, 148, 0.04)"],
            ],
            line={"width": 0.6, "color": "rgba(107, 118, 132, 0.45)"},
            showscale=False,
            hovertemplate=f"x %{{x:.3f}}<br>y %{{y:.3f}}<br>{height_name(surface)} %{{z:.4g}}<extra></extra>",
        )
    )
    if surface.minima:
        stars = np.array(surface.minima)
        figure.add_scatter(
            x=stars[:, 0],
            y=stars[:, 1],
            mode="markers",
            marker={
                "symbol": "star",
                "size": 12,
                "color": "#ffffff",
                "line": {"width": 1.4, "color": "#1b1f24"},
            },
            hovertemplate=f"{title}<br>x %{{x:.6g}}<br>y %{{y:.6g}}<extra></extra>",
            showlegend=False,
        )
    figure.update_layout(margin=MARGIN | {"l": 36, "b": 28}, showlegend=False, dragmode="pan", height=430)
    return Still(show_window(figure, surface))


@lru_cache(maxsize=64)
def space(surface: Surface) -> go.Figure:
    """Draw the surface as a landscape."""
    x, y, value = _grid(surface, POINTS_3D, surface.domain)
    figure = go.Figure(
        go.Surface(
            x=x.astype(np.float32),
            y=y.astype(np.float32),
            z=height(surface, value).astype(np.float32),
            colorscale=[[0, VALLEY], [1, HEIGHT]],
            showscale=False,
            hovertemplate=f"x %{{x:.3f}}<br>y %{{y:.3f}}<br>{height_name(surface)} %{{z:.4g}}<extra></extra>",
        )
    )
    figure.update_layout(
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        height=430,
        scene={
            "camera": {"eye": {"x": -1.5, "y": -1.76, "z": 1.37}, "center": {"x": 0, "y": 0, "z": -0.18}},
            "aspectratio": {"x": 1, "y": 1, "z": 0.62},
            "xaxis": {"title": "x"},
            "yaxis": {"title": "y"},
            "zaxis": {"title": ""},
        },
    )
    return Still(figure)


@lru_cache(maxsize=64)
def still_axes(title: str, x_title: str, *, log: bool) -> go.Figure:
    """Return empty axes into which the player puts the curves of the runs."""
    figure = go.Figure()
    title = wrapped(title)
    more = 18 * title.count("<br>")
    figure.update_layout(margin=MARGIN | {"l": 52, "t": 30 + more, "b": 42}, height=234 + more, showlegend=False)
    figure.update_layout(dragmode=False, hovermode="x unified")
    figure.update_layout(title=heading(title))
    figure.update_xaxes(title={"text": x_title, "standoff": 4}, rangemode="nonnegative")
    figure.update_yaxes(**(LOG if log else {"exponentformat": "power", "nticks": 6}))
    return Still(figure)


@lru_cache(maxsize=16)
def time_axes(title: str, x_title: str) -> go.Figure:
    """Return empty axes over updates, samples or seconds; logarithmic, for batches differ so much in them."""
    figure = go.Figure(still_axes(title, x_title, log=True))
    return Still(figure.update_xaxes(**LOG))


def log_axis(*values: np.ndarray | Sequence[float]) -> dict:
    """Return a logarithmic axis for these values: ticks at powers of ten, or on a short axis at 1, 2 and 5, in full.

    Where not even two of those are in sight the ticks are Plotly's, which are then even steps.
    """
    shown = np.log10([v for each in values for v in np.ravel(each) if 0 < v < np.inf])
    low, high = (shown.min(), shown.max()) if shown.size else (0.0, 0.0)
    marks = sum(int(np.floor(high - digit) - np.ceil(low - digit)) + 1 for digit in np.log10([1, 2, 5]))
    return LOG | ({"dtick": "D2", "tickformat": "~g"} if high - low <= SHORT and marks >= 2 else {})


def heading(text: str) -> dict:
    """Return the title of a small chart."""
    pad = {"t": 10 if "<br>" in text else 0}  # Plotly lifts the first of several lines out of the chart
    return {"text": text, "x": 0, "xanchor": "left", "y": 0.98, "yanchor": "top", "font": {"size": 14}, "pad": pad}


def wrapped(text: str, most: int = 22) -> str:
    """Return a title in lines for a chart in a narrow column; a Chinese character is as wide as two letters."""
    lines, width = [""], 0
    for word in re.findall(r"[\u3000-\u9fff\uff00-\uffef]|[^\s\u3000-\u9fff\uff00-\uffef]+\s*", text):
        size = 2 if re.match(r"[\u3000-\u9fff\uff00-\uffef]", word) else len(word)
        if width and width + len(word.rstrip()) > most:
            lines, width = [*lines, ""], 0
        lines[-1] += word
        width += size
    return "<br>".join(line.strip() for line in lines)


class Curve(NamedTuple):
    """A line of a chart, and where `low` and `high` are given the band around it."""

    x: np.ndarray
    y: np.ndarray
    name: str
    color: str = MARK
    dash: str = "solid"
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    mode: str = "lines"


def curves(
    rows: Sequence[Curve],
    x_title: str,
    y_title: str,
    *,
    log_x: bool = False,
    log_y: bool = False,
    legend: bool = True,
    height: int = 300,
) -> go.Figure:
    """Draw lines in the style of every chart here; where a value does not exist (NaN) the line has a gap."""
    figure = go.Figure()
    for row in rows:
        if row.low is not None and row.high is not None:
            figure.add_scatter(
                x=np.concatenate([row.x, row.x[::-1]]),
                y=np.concatenate([row.high, row.low[::-1]]),
                mode="lines",
                fill="toself",
                fillcolor=faded(row.color),
                line={"width": 0},
                hoverinfo="skip",
                showlegend=False,
                legendgroup=row.name,
            )
        figure.add_scatter(
            x=row.x,
            y=row.y,
            mode=row.mode,
            name=row.name,
            legendgroup=row.name,
            line={"color": row.color, "dash": row.dash, "width": 2},
            marker={"color": row.color, "size": 9, "line": {"width": 1, "color": "#ffffff"}},
            hovertemplate=f"{row.name}<br>%{{x:.4g}}: %{{y:.4g}}<extra></extra>",
        )
    figure.update_layout(
        margin=MARGIN | {"l": 56, "b": 44},
        height=height,
        showlegend=legend,
        legend=LEGEND,
    )
    linear = {"exponentformat": "power"}
    figure.update_xaxes(title=x_title, **(log_axis(*(row.x for row in rows)) if log_x else linear))
    figure.update_yaxes(title=y_title, **(log_axis(*(row.y for row in rows)) if log_y else linear))
    return figure


def faded(color: str, opacity: float = 0.2) -> str:
    """Return a colour of the palette ("#rrggbb") as the transparent colour of a band."""
    return f"{color}{round(255 * opacity):02x}"


def lens(surface: Surface, model: QuadraticModel, radius: float, model_name: str = "") -> go.Figure:
    """Draw the neighbourhood of a point: the surface, its quadratic model, the eigenvectors to scale.

    Without `model_name` the model is not drawn. Where no Hessian exists the surface stands alone.
    """
    x, y = (np.linspace(middle - radius, middle + radius, 61) for middle in model.point)
    # Heights above the point, so that half of the digits, and of the bytes, will do.
    with np.errstate(all="ignore"):
        value, bent = ((f(x[None, :], y[:, None]) - model.value).astype(np.float32) for f in (surface.value, model))
    figure = go.Figure()
    levels = _levels(value)
    figure.add_contour(
        x=x,
        y=y,
        z=value,
        contours=levels | {"coloring": "heatmap"},
        colorscale=[[0, "rgba(47, 95, 148, 0.62)"], [1, "rgba(47, 95, 148, 0.04)"]],
        line={"width": 1, "color": MARK},
        showscale=False,
        hovertemplate="x %{x:.4g}<br>y %{y:.4g}<br>f − f(p) %{z:.4g}<extra></extra>",
    )
    if np.all(np.isfinite(model.hessian)) and levels:
        if model_name and np.ptp(bent) > levels["size"]:
            figure.add_contour(
                x=x,
                y=y,
                z=bent,
                name=model_name,
                contours=levels | {"coloring": "none"},
                line={"width": 2, "color": MARK, "dash": "dash"},
                showscale=False,
                showlegend=True,
                hoverinfo="skip",
            )
        seen = 1e-6 * max(abs(levels["start"]), abs(levels["end"])) / radius**2
        _add_eigenvectors(figure, model, radius, seen)
    figure.update_layout(margin=MARGIN | {"l": 44, "b": 28}, height=430, dragmode=False)
    figure.update_layout(legend=LEGEND)
    return _frame(figure, (x[0], x[-1], y[0], y[-1]), to_scale=True).update_xaxes(nticks=6)


def _levels(value: np.ndarray) -> dict:
    """Return 14 levels for the lines of surface and model alike, one of them zero: the line through the point."""
    finite = value[np.isfinite(value)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    step = (high - low) / 14
    if not 0 < step < np.inf:
        return {}
    return {"start": step * np.ceil(low / step), "end": high, "size": step}


def _add_eigenvectors(figure: go.Figure, model: QuadraticModel, radius: float, seen: float) -> None:
    """Add a line along each eigenvector, and arrows as long as the eigenvalues; one below `seen` has none."""
    at, steepest = np.array(model.point), np.abs(model.eigenvalues).max()
    for name, size, along, dash in zip("₁₂", model.eigenvalues, model.directions, ("dot", "solid"), strict=True):
        color = MARK if abs(size) <= seen else RISING if size > 0 else FALLING
        ends = np.stack([at - radius * along, at + radius * along])
        figure.add_scatter(
            x=ends[:, 0],
            y=ends[:, 1],
            mode="lines",
            name=f"λ{name} = {size:.4g}",
            line={"color": color, "width": 1.2, "dash": dash},
            hoverinfo="skip",
        )
        for side in (-1, 1) if abs(size) > seen else ():
            tip = at + side * 0.9 * radius * abs(size) / steepest * along
            figure.add_annotation(
                x=tip[0],
                y=tip[1],
                ax=at[0],
                ay=at[1],
                axref="x",
                ayref="y",
                arrowhead=2,
                arrowwidth=3,
                arrowcolor=color,
                text="",
            )


class RateMark(NamedTuple):
    """A rate worth a line across a chart of rates: a limit of the theory."""

    rate: float
    name: str
    color: str = MARK
    dash: str = "dash"


def rate_sweeps(
    sweeps: Sequence[tuple[str, str, RateSweep]],
    budget: int,
    x_title: str,
    y_title: str,
    *,
    marks: Sequence[RateMark] = (),
    chosen: float = 0.0,
) -> go.Figure:
    """Draw steps-to-goal against the learning rate for (key, title, sweep), the chosen rate of each marked.

    The curve is the mean over all starts, every failure counted as the whole `budget`. `marks` are lines across it,
    and a triangle at the top is the rate that is `chosen`, so that it is seen beside a line at nearly the same rate.
    """
    figure = go.Figure()
    for key, title, sweep in sweeps:
        style = ink(key)
        figure.add_scatter(
            x=sweep.rates,
            y=sweep.mean_steps,
            mode="lines",
            name=title,
            line={"color": style.color, "dash": style.dash, "width": 2},
            customdata=100 * sweep.reached,
            hovertemplate=f"{title}<br>%{{x:.3g}}: %{{y:.0f}} (%{{customdata:.0f}} %)<extra></extra>",
        )
        figure.add_scatter(
            x=[sweep.best_rate],
            y=[sweep.mean_steps[sweep.best]],
            mode="markers",
            marker={"size": 11, "color": style.color, "line": {"width": 1.5, "color": "#ffffff"}},
            showlegend=False,
            customdata=[100 * sweep.reached[sweep.best]],
            hovertemplate=f"{title}<br>%{{x:.3g}}: %{{y:.0f}} (%{{customdata:.0f}} %)<extra></extra>",
        )
    figure.add_hline(y=budget, line={"color": MARK, "width": 1, "dash": "dot"})
    lowest = max(min((sweep.mean_steps.min() for _key, _title, sweep in sweeps), default=1.0), 1.0)
    for mark in marks:
        figure.add_scatter(
            x=[mark.rate, mark.rate],
            y=[lowest, budget],
            mode="lines",
            name=mark.name,
            line={"color": mark.color, "dash": mark.dash, "width": 2},
            hovertemplate=f"{mark.name}: %{{x:.4g}}<extra></extra>",
        )
    if chosen > 0:
        marker = {"symbol": "triangle-down", "size": 13, "color": MARK, "line": {"width": 1, "color": "#ffffff"}}
        hover = "η: %{x:.4g}<extra></extra>"
        figure.add_scatter(x=[chosen], y=[budget], mode="markers", name="η", marker=marker, hovertemplate=hover)
    # Two entries stand side by side on a phone. With room of its own above the axes the legend covers no curve, however
    # the width changes; were the room measured, it would be that of the first width.
    top = 16 + 20 * ((len(sweeps) + len(marks) + (chosen > 0) + 1) // 2)
    figure.update_layout(
        margin=MARGIN | {"l": 56, "b": 44, "t": top},
        height=284 + top,
        legend=LEGEND,
    )
    figure.update_xaxes(title=x_title, **log_axis(*(sweep.rates for _key, _title, sweep in sweeps)))
    figure.update_yaxes(title=y_title, **log_axis([budget], *(sweep.mean_steps for _key, _title, sweep in sweeps)))
    return figure


def with_paths(figure: go.Figure, tracks: Sequence) -> go.Figure:
    """Return a copy of a plane with the whole paths of `tracks` drawn in, for browsers without the player."""
    figure = go.Figure(figure)
    for track in tracks:
        if track.path is None:
            continue
        figure.add_scatter(
            x=track.path[:, 0],
            y=track.path[:, 1],
            mode="lines",
            name=track.label,
            line={"color": track.color, "dash": ",".join(f"{n}px" for n in track.dash) or "solid", "width": 2},
        )
    figure.update_layout(showlegend=True, legend=LEGEND)
    return figure
