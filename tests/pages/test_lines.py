"""What a page draws when it is opened: every line is legible in both themes, and no two of a chart look alike."""

import json
import tomllib
from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

import pytest
from streamlit.testing.v1 import AppTest

from pages import LESSONS
from teaching.language import ROOT
from tests.pages import charts, open_page
from tests.ui.test_palette import apart
from tests.vision import contrast
from ui.palette import Ink, shades

THEME = tomllib.loads((ROOT / ".streamlit/config.toml").read_text())["theme"]


class Line(NamedTuple):
    """A line of a chart or of the player."""

    chart: str
    name: str
    color: str
    dash: str


def tracks(app: AppTest) -> Iterator[Line]:
    """Give what the player draws, in every chart; tracks with one key are one thing in several places."""
    for component in app.get("bidi_component"):
        if message := component.proto.bytes:
            header = json.loads(message[4 : 4 + int.from_bytes(message[:4], "little")])
            for track in header["tracks"]:
                places = [name for name in track["columns"] if name.startswith("series:")]
                places += [str(track["plane"])] if "x" in track["columns"] else []
                for place in places:
                    yield Line(place, track["key"], track["color"], " ".join(map(str, track["dash"])))


def traces(app: AppTest) -> Iterator[Line]:
    """Give the lines that charts name; the parts of one thing share a name or a group."""
    for chart in charts(app):
        for k, trace in enumerate(json.loads(chart.proto.spec)["data"]):
            line = trace.get("line", {})
            drawn = trace["type"] == "scatter" and "lines" in trace.get("mode", "lines") and line.get("width", 2)
            if drawn and trace.get("showlegend", True):
                name = trace.get("legendgroup") or trace.get("name") or str(k)
                yield Line(chart.proto.alt, name, line.get("color", "#000001"), line.get("dash", "solid"))


@pytest.fixture(scope="module", params=list(LESSONS))
def lines(request) -> set[Line]:
    app = open_page(request.param)
    return {*tracks(app), *traces(app)}


def test_lines_have_three_to_one_in_both_themes(lines):
    assert lines
    for line in lines:
        for theme in ("light", "dark"):
            color, ground = getattr(shades(line.color), theme), THEME[theme]["backgroundColor"]
            assert contrast(color[:7], ground) >= 3, (line, theme)


def test_everyone_tells_the_lines_of_a_chart_apart(lines):
    for one, other in combinations(sorted(lines), 2):
        if one.chart == other.chart and one.name != other.name:
            assert apart(Ink(one.color, one.dash), Ink(other.color, other.dash)), (one, other)
