"""Maps over a window: a number or a category for every point, as a picture that the player can draw on.

A map is an ordinary chart with the axes of its window, so it serves as a plane of the player: paths lie over it, and a
click on it sets the start.
"""

import numpy as np
import plotly.graph_objects as go

from ui.figures import MARGIN

SEQUENTIAL = "Cividis"
"""Told apart by all kinds of colour vision, and in grey."""
DIVERGING = [[0, "#0072b2"], [0.5, "rgba(128, 136, 144, 0.08)"], [1, "#d55e00"]]
"""Blue below zero, vermilion above, the colour of the page at zero."""


def field(
    x: np.ndarray,
    y: np.ndarray,
    values: np.ndarray,
    title: str,
    *,
    x_title: str = "x",
    y_title: str = "y",
    diverging: bool = False,
    log_x: bool = False,
    limits: tuple[float, float] | None = None,
    height: int = 430,
) -> go.Figure:
    """Draw one number per point: `values` (len(y), len(x)) over the axes `x` and `y`; NaN stays empty.

    `diverging` colours by sign, symmetric about zero; `limits` fixes the ends of the colour scale.
    """
    if limits is None:
        finite = values[np.isfinite(values)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        reach = max(abs(low), abs(high)) or 1.0
        limits = (-reach, reach) if diverging else (low, high)
    figure = go.Figure(
        go.Heatmap(
            x=x.astype(np.float32),
            y=y.astype(np.float32),
            z=values.astype(np.float32),
            zmin=limits[0],
            zmax=limits[1],
            colorscale=DIVERGING if diverging else SEQUENTIAL,
            colorbar={"title": {"text": title, "side": "right"}, "thickness": 12, "outlinewidth": 0},
            hovertemplate=f"{x_title} %{{x:.4g}}<br>{y_title} %{{y:.4g}}<br>{title} %{{z:.4g}}<extra></extra>",
        )
    )
    _frame(figure, x, y, x_title, y_title, height)
    if log_x:
        figure.update_xaxes(type="log", range=np.log10(x[[0, -1]]), exponentformat="power")
    return figure


def _frame(figure: go.Figure, x: np.ndarray, y: np.ndarray, x_title: str, y_title: str, height: int) -> None:
    figure.update_layout(margin=MARGIN | {"l": 44, "b": 40}, showlegend=False, dragmode="pan", height=height)
    figure.update_xaxes(range=[x[0], x[-1]], title={"text": x_title, "standoff": 2}, showgrid=False, zeroline=False)
    figure.update_yaxes(range=[y[0], y[-1]], title={"text": y_title, "standoff": 2}, showgrid=False, zeroline=False)
