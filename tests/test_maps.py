"""Maps say with one colour where a run ends, the same in every map of a surface."""

from __future__ import annotations

from base64 import b64decode
from io import BytesIO

import numpy as np
import plotly.graph_objects as go
import pytest
from PIL import Image

from core.basins import DIVERGED, LEFT, MOVING, basin_map
from core.critical_points import find
from core.optimizers import optimizer
from surfaces import surface
from ui import maps


def pixels(figure: go.Figure) -> np.ndarray:
    """Return the picture, the row of the smallest y first as the axis shows it."""
    return np.array(Image.open(BytesIO(b64decode(figure.data[0].source.partition(",")[2]))))


def legend(figure: go.Figure) -> list[str]:
    return [trace.name for trace in figure.data if trace.name]


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
        full = np.array([int(maps.color_of(himmelblau.atlas, end)[k : k + 2], 16) for k in (1, 3, 5)])
        # A shade is the colour with some white in it: what is missing from white points the same way.
        missing = 255 - got[himmelblau.end == end]
        share = missing @ (255 - full) / ((255 - full) @ (255 - full))
        assert np.abs(missing - share[:, None] * (255 - full)).max() <= 1
        assert share.min() > 0.2
        assert share.max() <= 1.01


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
    assert any(name.startswith("(3, 2)") for name in names)
    assert any(name.startswith("still moving") for name in names)


def test_minima_without_a_basin_are_crossed_out(himmelblau) -> None:
    reached, missed = maps.basins(himmelblau).data[1:3]
    assert sorted(np.round(reached.x, 2)) == [-2.81, 3.0]
    assert sorted(np.round(missed.x, 2)) == [-3.78, 3.58]
    assert missed.marker.symbol != reached.marker.symbol


def test_many_ends_share_an_entry() -> None:
    found = basin_map("rastrigin", "sgd", 60, 200, 0.002)
    names = legend(maps.basins(found))
    assert len(found.ends) > 100
    assert len(names) == maps.MOST_LISTED
    assert f"{len(found.ends) - maps.MOST_LISTED + 1} other ends" in names[-1]


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
    dark = (pixels(figure) == [int(maps.DIFFERENT[k : k + 2], 16) for k in (1, 3, 5)]).all(axis=2)
    assert np.array_equal(dark, himmelblau.end != other.end)
    assert legend(figure)[0] == f"Different end: {100 * dark.mean():.1f} %"


def test_same_question_is_answered_from_memory() -> None:
    ask = (surface("bowl"), optimizer("sgd"), {"lr": 0.1})
    one = maps.basins_of(*ask, size=20, steps=100)
    assert one is maps.basins_of(*ask, size=20, steps=100)
    assert one is not maps.basins_of(*ask, size=20, steps=101)
    assert maps.basins(one) is maps.basins(one)
    assert one.ends == {0: 1.0}


def test_a_map_that_was_interrupted_is_computed_by_the_next_visitor(monkeypatch) -> None:
    ask = (surface("booth"), optimizer("sgd"), {"lr": 0.1})
    monkeypatch.setattr(maps, "PATIENCE", -1.0)

    class Left(Exception):
        pass

    def leave(*_args) -> None:
        raise Left

    with monkeypatch.context() as patch:
        patch.setattr(maps.st, "empty", lambda: type("Bar", (), {"progress": leave, "empty": leave})())
        with pytest.raises(Left):
            maps.basins_of(*ask, size=100, steps=300)
    assert maps.basins_of(*ask, size=100, steps=300).ends == {0: 1.0}


def test_ends_without_a_point_have_greys_of_their_own() -> None:
    greys = [maps.NO_END[end] for end in (MOVING, DIVERGED, LEFT)]
    assert len(set(greys)) == 3
    assert not set(greys) & set(maps.BASINS)
