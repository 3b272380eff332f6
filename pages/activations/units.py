"""Draw activations: their curves, the regions of their curves, what they make of a sample, the ground of a neuron."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from core.memory import remembered
from core.networks.activations import Activation, Facts, Interval, facts
from pages.activations import measure as gallery
from ui import figures
from ui.figures import Curve
from ui.i18n import _
from ui.palette import BLUE, BROWN, MARK, activation_ink

SHADES = {"saturated": (MARK, 0.1), "dead": (MARK, 0.12), "falling": (BROWN, 0.16)}
"""Colour and opacity of a region. What is dead is saturated as well, so that both lie on one another."""
TARGET = BLUE
TOP = 72
"""Pixels above a chart, with or without a legend: neighbours then have the same axes."""


def curve(row: Activation, x: np.ndarray, y: np.ndarray) -> Curve:
    style = activation_ink(row.key)
    return Curve(x, y, row.title, style.color, style.dash)


def drawn(rows: Sequence[Curve], x_title: str, y_title: str, **options) -> go.Figure:
    """Draw curves so that hovering reads all of them at once."""
    figure = figures.curves(rows, x_title, y_title, **options)
    figure.update_layout(hovermode="x unified", margin={"t": TOP})
    # Plotly drops points of a line that it takes for straight; a bend would get corners.
    return figure.update_traces(hovertemplate="%{y:.5g}", line_simplify=False)


def visible(values: np.ndarray) -> np.ndarray:
    """Return the values that a logarithmic axis can show."""
    return np.where((values > 0) & np.isfinite(values), values, np.nan)


def number(value: float) -> str:
    """Return a number as text, with a real minus and the sign of infinity."""
    return f"{value + 0.0:.5g}".replace("-", "−").replace("inf", "∞")


def region(piece: Interval) -> str:
    low, high = piece
    if math.isinf(low):
        return _("all x") if math.isinf(high) else f"x\u00a0<\u00a0{number(high)}"
    return f"x\u00a0>\u00a0{number(low)}" if math.isinf(high) else f"{number(low)}\u00a0…\u00a0{number(high)}"


def regions_of(found: Facts) -> dict[str, tuple[Interval, ...]]:
    return {"saturated": found.saturated, "dead": found.flat, "falling": found.falling}


def region_names() -> dict[str, str]:
    return {"saturated": _("saturated"), "dead": _("dead"), "falling": _("falling")}


def shade(figure: go.Figure, row: Activation, reach: float) -> go.Figure:
    """Shade where a function is saturated, exactly flat, or falling."""
    names, found = region_names(), regions_of(facts(row))
    for kind, pieces in found.items():
        for low, high in pieces:
            low, high = max(low, -reach), min(high, reach)
            if low < high:
                own = kind != "saturated" or not found["dead"]  # what is dead is saturated too: one name is enough
                figure.add_vrect(
                    low,
                    high,
                    fillcolor=figures.faded(*SHADES[kind]),
                    line_width=0,
                    layer="below",
                    annotation={"text": names[kind] if own else "", "font": {"size": 11, "color": MARK}},
                    annotation_position="top left",
                )
    return figure


def ridges(rows: Sequence[Activation], z: np.ndarray) -> go.Figure:
    """Draw one histogram above the other, the inputs on top; a number that many inputs are sent to is a stem."""
    edges = gallery.common_edges(rows, z)
    own = np.histogram(z, edges)[0] / len(z)
    strips: list[tuple[str, str, np.ndarray, tuple]] = [(_("Inputs"), MARK, own, ())]
    for row in rows:
        found = gallery.outputs(row, z, edges)
        strips.append((row.title, activation_ink(row.key).color, found.share, found.atoms))
    figure = go.Figure()
    for k, (name, color, share, atoms) in enumerate(reversed(strips)):
        height = 0.85 * share / max(share.max(), 1e-12)
        x, y = np.repeat(edges, 2), k + np.concatenate([[0], np.repeat(height, 2), [0]])
        figure.add_scatter(x=edges[[0, -1]], y=[k, k], mode="lines", line={"width": 0}, hoverinfo="skip")
        figure.add_scatter(
            x=x,
            y=y,
            fill="tonexty",
            fillcolor=figures.faded(color, 0.35),
            mode="lines",
            name=name,
            line={"color": color, "width": 1.5},
            customdata=100 * np.concatenate([[0], np.repeat(share, 2), [0]]),
            hovertemplate=f"{name}<br>%{{x:.4g}}: %{{customdata:.2f}} %<extra></extra>",
        )
        for value, part in atoms:
            figure.add_scatter(
                x=[value, value],
                y=[k, k + 0.85],
                mode="lines+markers",
                line={"color": color, "width": 3},
                marker={"size": [0, 9], "color": color},
                hovertemplate=f"{name}<br>{value:.4g}: {100 * part:.2f} %<extra></extra>",
            )
            text = f"{100 * part:.1f} %"
            figure.add_annotation(x=value, y=k + 0.85, text=text, showarrow=False, xshift=6, xanchor="left")
    figure.update_layout(margin=figures.MARGIN | {"l": 96, "b": 40}, height=60 + 62 * len(strips), showlegend=False)
    figure.update_xaxes(title=_("Output"))
    names = [name for name, *_rest in reversed(strips)]
    figure.update_yaxes(tickvals=list(range(len(strips))), ticktext=names, showgrid=False, zeroline=False)
    return figure


@remembered(8)
def neuron_plane(key: str, minimum: str) -> go.Figure:
    """Draw the surface of a neuron with the region shaded where the neuron is silent for every row."""
    chosen = gallery.neuron(key)
    w_low, w_high, b_low, _b_high = chosen.domain
    w = np.linspace(w_low, w_high, 101)
    figure = go.Figure(figures.plane(chosen, minimum))
    figure.add_scatter(
        x=[*w, w_high, w_low],
        y=[*np.maximum(gallery.silent_below(key, w), b_low), b_low, b_low],
        fill="toself",
        fillcolor=figures.faded(MARK, 0.18),
        line={"color": MARK, "width": 1.5, "dash": "dash"},
        mode="lines",
        hoverinfo="skip",
    )
    figure.update_layout(margin={"l": 52, "b": 36})
    figure.update_xaxes(title={"text": "w", "standoff": 2})
    figure.update_yaxes(title={"text": "b", "standoff": 2})
    return figures.Still(figure)


def slopes(paths: Mapping[float, np.ndarray], target: float) -> list[go.Figure]:
    """Draw slopes (steps + 1,) on their way to every target, and PReLU at both ends of the way to one of them."""

    def until(path: np.ndarray) -> int:
        lost = gallery.lost_at(path)
        return lost if lost >= 0 else len(path)

    color, own = activation_ink("prelu").color, paths[target]
    lines = [
        Curve(
            np.arange(len(path)),
            np.where(np.arange(len(path)) < until(path), path, np.nan),
            number(wanted),
            color if wanted == target else MARK,
        )
        for wanted, path in paths.items()
    ]
    ways = drawn(lines, _("Step"), _("Slope on the left, α"), legend=False, height=400)
    ways.update_yaxes(range=[-1.6, 1.6])  # a run that diverges leaves the picture
    for wanted, path in paths.items():
        end = max(until(path) - 1, 0)
        place = {"x": end, "y": float(np.clip(path[end], -1.5, 1.5)), "xanchor": "left", "showarrow": False}
        ways.add_annotation(text=f"→ {number(wanted)}", **place)
    ways.update_layout(margin={"r": 48})  # room for the targets, written where each line ends
    x = np.linspace(-2, 2, 201)
    ends = (
        (own[0], _("start"), MARK, "dot"),
        (own[-1], _("after {steps} steps", steps=len(own) - 1), color, "solid"),
        (target, _("target"), TARGET, "dash"),
    )
    units = [Curve(x, np.where(x > 0, x, alpha * x), name, ink, dash) for alpha, name, ink, dash in ends]
    return [ways, drawn(units, "x", "f(x)", height=400).update_yaxes(range=[-2.2, 2.2])]
