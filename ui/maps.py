"""Maps over a window: a number or a category for every point, as a picture that the player can draw on.

A map is an ordinary chart with the axes of its window, so it serves as a plane of the player: paths lie over it, and a
click on it sets the start.
"""

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from io import BytesIO

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from PIL import Image

import core.analysis.basins
from core.analysis.basins import DIVERGED, LEFT, MOVING, NO_NUMBER, BasinMap
from core.analysis.critical_points import KINDS, NO_HESSIAN, Atlas, CriticalPoint, find
from core.analysis.curvature import curvature_map
from core.engine.spec import Optimizer, Surface
from core.engine.threads import threads
from core.memory import remembered
from core.text import T
from ui.figures import FALLING, LEGEND, MARGIN, RISING, Still, faded, log_axis, plane, show_window
from ui.i18n import _, language
from ui.palette import MARK

SEQUENTIAL = "Cividis"
"""Told apart by all kinds of colour vision, and in grey."""
DIVERGING = [[0, FALLING], [0.5, "rgba(128, 136, 144, 0.08)"], [1, RISING]]
"""Blue below zero, vermilion above, the colour of the page at zero."""
FAMILIES = {
    "minimum": ("#0072b2", "#009e73", "#56b4e9", "#4b3fa8"),
    "saddle": ("#e69f00", "#d55e00", "#8c5a12"),
    "maximum": ("#cc79a7", "#8f3d70"),
    "degenerate": ("#b5a900",),
    "curve": ("#6f6a00",),
}
"""Colours of critical points, a family for each kind, told apart by all common kinds of colour vision (Okabe and Ito
2008, some darkened): minima are blue to green, saddles orange to brown, maxima purple, others olive. The first of each
is that of its markers; neighbours of one kind that have basins take the others."""
NO_END = {MOVING: "#c3c8ce", DIVERGED: "#2b2f35", LEFT: "#8a9099", NO_NUMBER: "#12343b"}
"""Greys of runs that end at no critical point."""
DIFFERENT = "#3a0d1e"
PALE = 0.7
"""The part of white in the colour of an end that two maps share."""
MOST_LISTED = 6
"""Ends that a legend names one by one; where there are more, it has an entry for each kind of end."""
UNREACHED = 1e-3
"""A minimum counts as reached from more than this part of the window; the rest starts in it by chance."""


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
        figure.update_xaxes(range=np.log10(x[[0, -1]]), **log_axis(x))
    return figure


def _frame(figure: go.Figure, x: np.ndarray, y: np.ndarray, x_title: str, y_title: str, height: int) -> None:
    figure.update_layout(margin=MARGIN | {"l": 44, "b": 40}, showlegend=False, dragmode="pan", height=height)
    figure.update_xaxes(range=[x[0], x[-1]], title={"text": x_title, "standoff": 2}, showgrid=False, zeroline=False)
    figure.update_yaxes(range=[y[0], y[-1]], title={"text": y_title, "standoff": 2}, showgrid=False, zeroline=False)


@remembered(64, T("Looking for critical points"))
def atlas_of(surface: Surface) -> Atlas:
    """Return the critical points of a surface in its window; the same question is answered from memory."""
    return find(surface, window=surface.domain)


def basins_of(
    surface: Surface, optimizer: Optimizer, hyper: Mapping[str, float], *, size: int = 200, steps: int = 500
) -> BasinMap:
    """Return where the optimizer ends from every start of the window; `hyper` holds the learning rate, too."""
    return _basins_of(surface, optimizer, tuple(hyper.items()), size, steps)


@remembered(32, T("Mapping {size} × {size} starts"))
def _basins_of(surface, optimizer, hyper, size, steps, progress: Callable[[float], None]) -> BasinMap:
    return core.analysis.basins.basin_map(
        surface,
        optimizer,
        size,
        steps,
        hyper=dict(hyper),
        atlas=atlas_of(surface),
        executor=threads(),
        progress=progress,
    )


def basins(found: BasinMap, *, height: int = 430) -> go.Figure:
    """Draw where the runs from every start end: one colour for one end, the darker the later they arrive.

    A critical point has the same colour in every map of its surface, one of the family of its kind. Minima are hollow
    where no run ends.
    """
    return _basins(found, height, language())


@remembered(32)
def _basins(found: BasinMap, height: int, _language: str) -> go.Figure:
    late = np.log1p(found.steps) / np.log1p(found.budget)
    picture = np.empty((*found.end.shape, 3))
    for end in found.ends:
        where = found.end == end
        color = color_of(found.atlas, end)
        picture[where] = _shades(color, late[where], palest=0.75) if end >= 0 else _rgb(color)
    figure = _pictured(found, picture, height)
    _add_legend(figure, found.atlas, found.ends)
    figure.update_layout(legend_title={"text": _("Where they end, part of all starts"), "side": "top"})
    return Still(figure.update_layout(height=figure.layout.height + 18))


def _add_legend(figure: go.Figure, atlas: Atlas, shares: Mapping[int, float], pale: float = 0.0) -> None:
    """Name every colour, with a part of white in it: an entry for each end, or for each kind where ends are many."""
    groups: dict[object, list[int]] = {}
    for end in shares:
        groups.setdefault(end if len(shares) <= MOST_LISTED else kind_of_end(atlas, end), []).append(end)
    for ends in groups.values():
        colors = list(dict.fromkeys(_hex(_mixed(color_of(atlas, end), "#ffffff", pale)) for end in ends))
        # One entry has one marker: further colours are squares before the name.
        squares = "".join(f'<span style="color:{color}">■</span>' for color in colors[1:])
        name = _name(atlas, ends[0]) if len(ends) == 1 else f"{kinds_of_ends(atlas, ends[0])} ({len(ends)})"
        share = 100 * sum(shares[end] for end in ends)
        _add_to_legend(figure, colors[0], f"{squares} {name}: {share:.1f} %".lstrip())


def difference(one: BasinMap, other: BasinMap, *, height: int = 430) -> go.Figure:
    """Draw from which starts two maps of the same window end differently; elsewhere their common end, pale."""
    return _difference(one, other, height, language())


@remembered(32)
def _difference(one: BasinMap, other: BasinMap, height: int, _language: str) -> go.Figure:
    differs = core.analysis.basins.difference(one, other)
    picture = np.empty((*differs.shape, 3))
    for end in one.ends:
        where = one.end == end
        picture[where] = _mixed(color_of(one.atlas, end), "#ffffff", PALE)
    picture[differs] = _rgb(DIFFERENT)
    figure = _pictured(one, picture, height)
    share = 100 * float(differs.mean())
    _add_to_legend(figure, DIFFERENT, _("Different end: {share} %", share=f"{share:.1f}"))
    shared = {end: float(np.mean((one.end == end) & ~differs)) for end in one.ends}
    _add_legend(figure, one.atlas, {end: part for end, part in shared.items() if part}, PALE)
    return Still(figure)


def color_of(atlas: Atlas, end: int) -> str:
    """Return the colour of an end in every map of its surface."""
    return NO_END[end] if end < 0 else _colors(atlas)[end]


@lru_cache(maxsize=64)
def _colors(atlas: Atlas) -> tuple[str, ...]:
    """Give each end a colour of its kind, and where these run out the one that is farthest from it on the map."""
    places = [(p.x, p.y) for p in atlas.points] + [(c.samples[0].x, c.samples[0].y) for c in atlas.curves]
    x_low, x_high, y_low, y_high = atlas.window
    spots = np.array(places).reshape(-1, 2) / (x_high - x_low, y_high - y_low)
    kinds = np.array([kind_of_end(atlas, end) for end in range(len(spots))])
    chosen: list[str] = []
    for k, kind in enumerate(kinds):
        before, family = np.flatnonzero(kinds[:k] == kind), FAMILIES[kind]
        if len(before) < len(family):
            chosen.append(family[len(before)])
            continue
        away = np.hypot(*(spots[before] - spots[k]).T)
        mine = np.array(chosen)[before]
        chosen.append(max(family, key=lambda color: away[mine == color].min()))
    return tuple(chosen)


def kind_of_end(atlas: Atlas, end: int) -> str | int:
    """Return a key of FAMILIES or, where a run ends at no critical point, of NO_END."""
    if end < 0:
        return end
    return atlas.points[end].kind if end < len(atlas.points) else "curve"


def _name(atlas: Atlas, end: int) -> str:
    if end < 0:
        names = {MOVING: _("still moving"), DIVERGED: _("diverged"), LEFT: _("left the box")}
        return {**names, NO_NUMBER: _("not a number")}[end]
    curve = atlas.curves[end - len(atlas.points)] if end >= len(atlas.points) else None
    point = curve.samples[0] if curve else atlas.points[end]
    place = f"({point.x:.3g}, {point.y:.3g})".replace("-", "−")
    if curve:
        return _("curve through {place}", place=place) if curve.kind == "curve" else _("flat at {place}", place=place)
    return f"{kind_of(point)} {place}"


def kinds_of_ends(atlas: Atlas, end: int) -> str:
    """Return the plural of what kind of critical points an end belongs to."""
    return (plurals() | {"curve": _("not isolated")})[str(kind_of_end(atlas, end))]


def plurals() -> dict[str, str]:
    """Return the names of the kinds of critical points when there are many."""
    return {"minimum": _("minima"), "saddle": _("saddles"), "maximum": _("maxima"), "degenerate": _("degenerate")}


def kind_of(point: CriticalPoint) -> str:
    """Return the kind of a critical point in the language of the reader."""
    kinds = {
        "minimum": _("minimum"),
        "saddle": _("saddle"),
        "maximum": _("maximum"),
        "degenerate": _("degenerate point"),
    }
    return kinds[point.kind]


def _pictured(found: BasinMap, picture: np.ndarray, height: int) -> go.Figure:
    """Return a figure of the window with a colour for every start, (rows, columns, 3) from 0 to 255, and the minima."""
    x, y = found.x, found.y
    file = BytesIO()
    Image.fromarray(picture.astype(np.uint8)).save(file, "PNG")
    figure = go.Figure(
        go.Image(
            source=f"data:image/png;base64,{b64encode(file.getvalue()).decode()}",
            x0=x[0],
            dx=x[1] - x[0],
            y0=y[0],
            dy=y[1] - y[0],
            hovertemplate="x %{x:.3f}<br>y %{y:.3f}<extra></extra>",
        )
    )
    _mark_ends(figure, found)
    _frame(figure, x, y, "", "", height)
    figure.update_layout(margin={"l": 36, "b": 28})  # those of a surface seen from above, beside which it stands
    figure.update_layout(showlegend=True, legend=LEGEND)
    return show_window(figure, found.atlas.surface)


def _mark_ends(figure: go.Figure, found: BasinMap) -> None:
    """Mark the points where runs end, and hollow the minima that none reaches."""
    shares = {k: found.share(k) for k in range(len(found.atlas.points))}
    for kind in MARKERS:
        own = [k for k, point in enumerate(found.atlas.points) if point.kind == kind]
        reached = [k for k in own if shares[k] > UNREACHED]
        missed = [k for k in own if shares[k] <= UNREACHED and kind == "minimum"]
        for ends, marker in ((reached, marker_of(kind, len(own))), (missed, marker_of(kind, len(own), hollow=True))):
            if ends:
                figure.add_scatter(
                    x=[found.atlas.points[k].x for k in ends],
                    y=[found.atlas.points[k].y for k in ends],
                    mode="markers",
                    marker=marker,
                    customdata=[100 * shares[k] for k in ends],
                    hovertemplate=f"{kind_of(found.atlas.points[ends[0]])}<br>"
                    "x %{x:.6g}<br>y %{y:.6g}<br>%{customdata:.1f} %<extra></extra>",
                    showlegend=False,
                )


def _add_to_legend(figure: go.Figure, color: str, name: str) -> None:
    """Add an entry, and half a line of room: two entries stand side by side."""
    marker = {"symbol": "square", "size": 12, "color": color, "line": {"width": 1, "color": MARK}}
    figure.add_scatter(x=[None], y=[None], mode="markers", marker=marker, name=name)
    figure.layout.height += 10


def _shades(color: str, late: np.ndarray, palest: float) -> np.ndarray:
    """Return (N, 3) shades of a colour: full where `late` is 1, with a part of white in it where `late` is 0."""
    return _mixed(color, "#ffffff", palest) * (1 - late[:, None]) + _rgb(color) * late[:, None]


def _mixed(color: str, other: str, part: float) -> np.ndarray:
    return (1 - part) * _rgb(color) + part * _rgb(other)


def _hex(rgb: np.ndarray) -> str:
    return "#" + "".join(f"{int(part):02x}" for part in rgb)


def _rgb(color: str) -> np.ndarray:
    return np.array([int(color[k : k + 2], 16) for k in (1, 3, 5)], dtype=float)


MARKERS = {
    "minimum": ("triangle-down", "▼"),
    "saddle": ("x", "✖"),
    "maximum": ("triangle-up", "▲"),
    "degenerate": ("square", "■"),
}
"""How a critical point of each kind is drawn: the name of the symbol in Plotly, and a character like it."""
CROWD = 50
"""More markers than this are drawn small."""
DRAWN = 3000
"""Points of curves that are drawn; more take a browser seconds."""
SIGNS = tuple(FAMILIES[kind][0] for kind in ("minimum", "saddle", "maximum"))
"""Colours of ground with no, one and two negative eigenvalues: those of the critical points that lie on it."""


def marker_of(kind: str, count: int, *, hollow: bool = False) -> dict:
    """Return how a critical point of this kind is drawn among `count` of them: many are small, and hide no ground."""
    size = 11 if count <= CROWD else 5 if count <= 10 * CROWD else 3
    symbol, color = MARKERS[kind][0], FAMILIES[kind][0]
    inside, edge = ("#ffffff", color) if hollow else (color, "#ffffff")
    return {"symbol": symbol, "size": size, "color": inside, "line": {"width": 0.12 * size, "color": edge}}


def landscape(surface: Surface, shown: str = "height", *, height: int = 430) -> go.Figure:
    """Draw a surface from above with its critical points: its "height", or the curvature over the whole window.

    `shown` is "height", "smallest" or "largest" (eigenvalue of the Hessian), or "signs" (how many are negative).
    """
    return _landscape(surface, shown, height, language())


@remembered(64)
def _landscape(surface: Surface, shown: str, height: int, _language: str) -> go.Figure:
    seen_from_above = plane(surface, _("Global minimum"))
    if shown == "height":
        # Global minima are critical points like others, unless they lie at a kink and are no critical points.
        figure = go.Figure(seen_from_above) if surface.kinks else go.Figure(seen_from_above.data[0])
        figure.update_layout(seen_from_above.layout)
    else:
        figure = _curvature(surface, shown, height)
        levels = go.Contour(seen_from_above.data[0], contours={"coloring": "none"}, hoverinfo="skip")
        figure.add_trace(levels.update(line={"width": 0.6, "color": MARK}, hovertemplate=None))
    _mark(figure, atlas_of(surface))
    figure.update_layout(height=height, margin=MARGIN | {"l": 36, "b": 28}, dragmode="pan", showlegend=False)
    figure.update_xaxes(title="")
    figure.update_yaxes(title="")
    return Still(show_window(figure, surface))


def _curvature(surface: Surface, shown: str, height: int) -> go.Figure:
    found = curvature_map(surface, 150)
    if shown == "signs":
        values = np.where(found.negative < 0, np.nan, found.negative).astype(float)
        figure = field(found.x, found.y, values, _("Negative eigenvalues"), limits=(-0.5, 2.5), height=height)
        steps = [[(k + side) / 3, faded(color, 0.45)] for k, color in enumerate(SIGNS) for side in (0, 1)]
        return figure.update_traces(colorscale=steps, showscale=False)
    values, title = {
        "smallest": (found.smallest, _("Smallest eigenvalue")),
        "largest": (found.largest, _("Largest eigenvalue")),
    }[shown]
    finite = np.abs(values[np.isfinite(values)])
    # A few steep places would else leave no colour for the rest.
    reach = float(np.quantile(finite, 0.9)) if finite.size else 1.0
    reach = reach or 1.0
    figure = field(found.x, found.y, values, title, diverging=True, limits=(-reach, reach), height=height)
    # Below the picture: beside it, it would take a third of a phone.
    bar = {"orientation": "h", "y": -0.08, "yanchor": "top", "thickness": 10, "title": {"text": ""}, "nticks": 6}
    return figure.update_traces(colorbar=bar)


def _mark(figure: go.Figure, atlas: Atlas) -> None:
    """Add the critical points, a symbol for each kind, and the curves of them."""
    add_points(figure, atlas.points)
    if atlas.curves:
        x, y = np.hstack([curve.points for curve in atlas.curves])
        every = 1 + len(x) // DRAWN
        marker = {"size": 3, "color": FAMILIES["curve"][0]}
        figure.add_scatter(x=x[::every], y=y[::every], mode="markers", marker=marker, hoverinfo="skip")


def add_points(figure: go.Figure, points: Sequence[CriticalPoint]) -> None:
    """Add critical points, symbol and colour for each kind."""
    for kind in MARKERS:
        own = [p for p in points if p.kind == kind]
        if own:
            figure.add_scatter(
                x=[p.x for p in own],
                y=[p.y for p in own],
                mode="markers",
                name=kind_of(own[0]),
                marker=marker_of(kind, len(points)),
                customdata=[[p.value, *p.eigenvalues] for p in own],
                hovertemplate="x %{x:.6g}<br>y %{y:.6g}<br>f %{customdata[0]:.6g}<br>"
                "λ %{customdata[1]:.4g}, %{customdata[2]:.4g}",
                showlegend=False,
            )


def legend(atlas: Atlas, shown: str) -> str:
    """Return what symbols and colours of a landscape mean, as Markdown: in the figure it would take half a phone."""
    found = {p.kind: p for p in atlas.points}
    entries = [
        f"{_colored(sign, FAMILIES[kind][0])} {kind_of(found[kind])}"
        for kind, (_symbol, sign) in MARKERS.items()
        if kind in found
    ]
    if atlas.curves:
        beside = _("not isolated")
        entries.append(f"{_colored('•', FAMILIES['curve'][0])} {beside}")
    if shown == "signs":
        names = (_("convex"), _("saddle-shaped"), _("concave"))
        entries += [f"{_colored('■', color)} {name}" for color, name in zip(SIGNS, names, strict=True)]
    return " &emsp; ".join(entries)


def _colored(text: str, color: str) -> str:
    return f':color[{text}]{{foreground="{color}"}}'


def completeness(atlas: Atlas) -> str:
    """Say how many points there are, and whether there may be more."""
    names = plurals()
    counts = ", ".join(f"{names[kind]} {atlas.counts[kind]}" for kind in KINDS if atlas.counts[kind]).capitalize()
    parts = [f"**{counts}**."] if counts else []
    if atlas.curves:
        parts.append(
            _(
                "Beside isolated points there are curves and flat regions of critical points, {count} in all; "
                "some points of each are listed.",
                count=len(atlas.curves),
            )
        )
    if atlas.complete:
        proof = _(atlas.how)
        parts.append(_(":material/verified: Complete, and this is why: {proof}", proof=proof))
    else:
        text = _("Found by search from {starts} starts; there may be more.", starts=atlas.starts)
        parts.append(f":material/search: {text}")
    if atlas.kinks:
        reason, place = _(NO_HESSIAN), _(atlas.surface.kinks)
        parts.append(f"{reason} {place}")
    return " ".join(parts)


def listing(atlas: Atlas) -> pd.DataFrame:
    """Return one row for every listed critical point."""
    rows = [(p.kind, p.x, p.y, p.value, *p.eigenvalues, p.index, p.condition, p.stable_rate) for p in atlas.listed]
    names = ("type", "x", "y", "f", "lambda_1", "lambda_2", "index", "condition", "stable_rate")
    return pd.DataFrame(rows, columns=names).astype({"index": "Int64", "stable_rate": float})
