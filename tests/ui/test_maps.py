"""Maps say with one colour where a run ends, the same in every map of a surface."""

from __future__ import annotations

import colorsys
import re
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from io import BytesIO

import numpy as np
import plotly.graph_objects as go
import pytest
from PIL import Image

import core.analysis.basins
from core.analysis.basins import DIVERGED, LEFT, MOVING, NO_NUMBER, BasinMap, basin_map
from core.analysis.critical_points import KINDS, find
from core.analysis.newton import newton_map
from core.optimizers import ALL_OPTIMIZERS
from surfaces import ALL_SURFACES, SURFACES
from ui import figures, maps


def pixels(figure: go.Figure) -> np.ndarray:
    """Return the picture, the row of the smallest y first as the axis shows it."""
    return np.array(Image.open(BytesIO(b64decode(figure.data[0].source.partition(",")[2]))))


def legend(figure: go.Figure) -> list[str]:
    return [trace.name for trace in figure.data if trace.name]


def rgb(color: str) -> np.ndarray:
    return np.array([int(color[k : k + 2], 16) for k in (1, 3, 5)], dtype=float)


def explained(figure: go.Figure) -> dict[str, str]:
    """Return every colour of the legend with the name of its entry."""
    entries = [(trace.name, trace.marker.color) for trace in figure.data if trace.name]
    return {color: name for name, first in entries for color in (first, *re.findall(r"color:(#\w{6})", name))}


def family(color: str) -> str:
    """Return the kind that a colour belongs to; runs that end nowhere are grey."""
    kinds = [kind for kind, colors in maps.FAMILIES.items() if color in colors]
    return kinds[0] if kinds else {grey: str(end) for end, grey in maps.NO_END.items()}[color]


@cache
def small_map(key: str, method: str) -> BasinMap:
    atlas = maps.atlas_of(ALL_SURFACES[key])
    if method == "newton":
        return newton_map(atlas, 24)
    return basin_map(key, method, 24, 120, ALL_SURFACES[key].rates.get(method, 0.01), atlas=atlas)


MAPS = [(s.key, method) for s in SURFACES for method in ("sgd", "momentum")]
MAPS += [(key, "newton") for key in ("himmelblau", "beale", "saddle_bounded", "doublewell", "camel6", "griewank")]


@pytest.mark.parametrize(("key", "method"), MAPS)
def test_every_colour_of_a_map_is_one_of_its_kind_and_in_its_legend(key, method) -> None:
    found = small_map(key, method)
    figure = maps.basins(found)
    named, got = explained(figure), pixels(figure).astype(float)
    for end in found.ends:
        color, kind = maps.color_of(found.atlas, end), str(maps.kind_of_end(found.atlas, end))
        assert family(color) == kind
        assert color in named
        if end >= 0 and kind in KINDS:
            word = maps.kind_of(found.atlas.points[end])
            assert word[:4] in named[color], "the entry says what kind of point it is"
        # What is missing from white tells the colour apart from every other kind that is there.
        missing = 255 - got[found.end == end]
        share = missing @ (255 - rgb(color)) / ((255 - rgb(color)) @ (255 - rgb(color)))
        assert np.abs(missing - share[:, None] * (255 - rgb(color))).max() <= 1
    shares = [float(entry.rpartition(": ")[2].removesuffix(" %")) for entry in legend(figure)]
    assert sum(shares) == pytest.approx(100, abs=0.05 * len(shares) + 1e-9)


@pytest.mark.parametrize("key", ["himmelblau", "camel6", "rastrigin", "hyperbola", "saddle", "monkey_bounded"])
def test_every_colour_of_a_difference_is_in_its_legend(key) -> None:
    figure = maps.difference(small_map(key, "sgd"), small_map(key, "momentum"))
    shown = {
        "#" + "".join(f"{part:02x}" for part in color) for color in np.unique(pixels(figure).reshape(-1, 3), axis=0)
    }
    assert shown <= set(explained(figure))


def test_families_share_no_colour_and_lie_apart_in_hue() -> None:
    colors = [color for colors in maps.FAMILIES.values() for color in colors]
    assert len(set(colors)) == len(colors)

    def hues(kind: str) -> list[float]:
        return [360 * colorsys.rgb_to_hsv(*rgb(color) / 255)[0] for color in maps.FAMILIES[kind]]

    for one in ("minimum", "saddle", "maximum"):
        for other in {"minimum", "saddle", "maximum"} - {one}:
            apart = min(abs((a - b + 180) % 360 - 180) for a in hues(one) for b in hues(other))
            assert apart > 40, (one, other)


@pytest.mark.parametrize("key", [s.key for s in SURFACES])
def test_markers_have_the_colour_of_their_kind_in_maps_and_in_the_landscape(key) -> None:
    atlas = maps.atlas_of(ALL_SURFACES[key])
    landscape = maps.landscape(ALL_SURFACES[key])
    marked = {trace.name: trace.marker.color for trace in landscape.data if trace.type == "scatter" and trace.name}
    for kind in (kind for kind in KINDS if atlas.counts[kind]):
        word = maps.kind_of(next(p for p in atlas.points if p.kind == kind))
        assert marked[word] == maps.FAMILIES[kind][0]
        assert marked[word] in maps.legend(atlas, "height")


def test_many_markers_are_small_and_few_are_not() -> None:
    size = {count: maps.marker_of("minimum", count)["size"] for count in (9, 441, 1523)}
    assert size[9] >= 10
    assert size[441] <= 5
    # At 390 pixels all markers of Rastrigin's function hide less than an eighth of the ground.
    assert 441 * size[441] ** 2 < 390**2 / 8
    drawn = [t for t in maps.landscape(ALL_SURFACES["rastrigin"]).data if t.type == "scatter"]
    assert sum(len(t.x) for t in drawn) == 441
    assert {t.marker.size for t in drawn} == {size[441]}


@pytest.mark.parametrize("key", [s.key for s in SURFACES])
def test_map_landscape_and_plane_show_one_window_to_scale(key) -> None:
    chosen = ALL_SURFACES[key]
    assert figures.is_to_scale(chosen)
    found = small_map(key, "sgd")
    for figure in (figures.plane(chosen, ""), maps.landscape(chosen, "signs"), maps.basins(found)):
        assert (*figure.layout.xaxis.range, *figure.layout.yaxis.range) == figures.drawn_window(chosen)
        assert figure.layout.yaxis.scaleanchor == "x"
        assert figure.layout.xaxis.constrain == figure.layout.yaxis.constrain == "domain"


@pytest.fixture(scope="module")
def himmelblau():
    return basin_map("himmelblau", "sgd", 60, 500, 0.02)


def test_every_pixel_shows_the_color_of_its_end(himmelblau) -> None:
    figure = maps.basins(himmelblau)
    got = pixels(figure).astype(float)
    assert got.shape == (60, 60, 3)
    image = figure.data[0]
    assert (image.y0, image.dy) == pytest.approx((himmelblau.y[0], himmelblau.y[1] - himmelblau.y[0]))
    for end in himmelblau.ends:
        full = rgb(maps.color_of(himmelblau.atlas, end))
        # A shade is the colour with some white in it: what is missing from white points the same way.
        missing = 255 - got[himmelblau.end == end]
        share = missing @ (255 - full) / ((255 - full) @ (255 - full))
        assert np.abs(missing - share[:, None] * (255 - full)).max() <= 1
        assert share.min() > 0.2
        assert share.max() <= 1.01
        if end < 0:
            assert share.min() > 0.99, "a run that does not arrive is never early"


def test_later_is_darker(himmelblau) -> None:
    got = pixels(maps.basins(himmelblau)).astype(int).sum(axis=2)
    end = max(end for end in himmelblau.ends)
    brightness, steps = got[himmelblau.end == end], himmelblau.steps[himmelblau.end == end]
    assert brightness[steps == steps.min()].min() > brightness[steps == steps.max()].max()


def test_legend_names_ends_and_shares(himmelblau) -> None:
    names = legend(maps.basins(himmelblau))
    assert maps.basins(himmelblau).layout.legend.title.text == "Where they end, part of all starts"
    assert len(names) == len(himmelblau.ends)
    for end, share in himmelblau.ends.items():
        assert any(name.endswith(f": {100 * share:.1f} %") for name in names), end
    assert any(name.startswith("minimum (3, 2)") for name in names)
    assert any(name.startswith("still moving") for name in names)


def test_minima_without_a_basin_are_hollow(himmelblau) -> None:
    reached, missed = maps.basins(himmelblau).data[1:3]
    assert sorted(np.round(reached.x, 2)) == [-2.81, 3.0]
    assert sorted(np.round(missed.x, 2)) == [-3.78, 3.58]
    assert reached.marker.color == missed.marker.line.color != missed.marker.color


def test_many_ends_of_a_kind_share_an_entry() -> None:
    found = basin_map("rastrigin", "sgd", 60, 200, 0.002)
    names = legend(maps.basins(found))
    assert len(found.ends) > 100
    assert len(names) == len({maps.kind_of_end(found.atlas, end) for end in found.ends})
    assert any("minima (121)" in name for name in names)


def test_neighbours_have_different_colors() -> None:
    atlas = find("rastrigin")
    minima = [(k, p) for k, p in enumerate(atlas.points) if p.kind == "minimum"]
    for k, p in minima:
        for j, q in minima:
            if k < j and np.hypot(p.x - q.x, p.y - q.y) < 1.1:
                assert maps.color_of(atlas, k) != maps.color_of(atlas, j)


def test_curves_and_borders_are_named() -> None:
    curve = legend(maps.basins(basin_map("hyperbola", "sgd", 30, 300, 0.05)))
    assert any(name.startswith("curve through (") for name in curve)
    left = legend(maps.basins(basin_map("saddle", "sgd", 30, 300, 0.05)))
    assert left == ["left the box: 100.0 %"]


def test_difference_shows_where_ends_differ(himmelblau) -> None:
    other = basin_map("himmelblau", "sgd", 60, 500, 0.01, atlas=himmelblau.atlas)
    figure = maps.difference(himmelblau, other)
    dark = (pixels(figure) == rgb(maps.DIFFERENT)).all(axis=2)
    assert np.array_equal(dark, himmelblau.end != other.end)
    assert legend(figure)[0] == f"Different end: {100 * dark.mean():.1f} %"


def test_same_question_is_answered_from_memory() -> None:
    ask = (ALL_SURFACES["bowl"], ALL_OPTIMIZERS["sgd"], {"lr": 0.1})
    one = maps.basins_of(*ask, size=20, steps=100)
    assert one is maps.basins_of(*ask, size=20, steps=100)
    assert one is not maps.basins_of(*ask, size=20, steps=101)
    assert maps.basins(one) is maps.basins(one)
    assert one.ends == {0: 1.0}


def test_everyone_who_asks_at_once_waits_for_one_map(monkeypatch) -> None:
    asked = []

    def counted(*arguments, **settings) -> BasinMap:
        asked.append(arguments)
        return basin_map(*arguments, **settings)

    monkeypatch.setattr(core.analysis.basins, "basin_map", counted)
    ask = (ALL_SURFACES["booth"], ALL_OPTIMIZERS["sgd"], {"lr": 0.1})
    with ThreadPoolExecutor(8) as visitors:
        found = list(visitors.map(lambda _k: maps.basins_of(*ask, size=100, steps=300), range(8)))
    assert len(asked) == 1
    assert all(each is found[0] for each in found)
    assert found[0].ends == {0: 1.0}


def test_ends_without_a_point_have_greys_of_their_own() -> None:
    greys = [maps.NO_END[end] for end in (MOVING, DIVERGED, LEFT, NO_NUMBER)]
    assert len(set(greys)) == 4
    assert not set(greys) & {color for colors in maps.FAMILIES.values() for color in colors}
