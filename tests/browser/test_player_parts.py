"""The pure parts of the player, in a real browser without any page: numbers, axes, and the message of player.py."""

import re
from math import inf, nan

import numpy as np
import pytest

from ui import figures
from ui.player import player
from ui.player.player import Track, script


@pytest.fixture(scope="module")
def run(browser):
    """Call a function of the parts with arguments of Python."""
    page = browser.new_page()
    page.add_script_tag(content=script("numbers", "axes"))
    yield lambda call, *arguments: page.evaluate(f"arguments => ({call})(...arguments)", list(arguments))
    page.close()


def test_parts_import_from_parts_that_come_before_them():
    names = [player._HERE / f"{part}.js" for part in player.PARTS]
    assert {path.stem for path in player._HERE.glob("*.js")} == set(player.PARTS)
    for k, path in enumerate(names):
        wanted = re.findall(r'from "\./(\w+)\.js"', path.read_text(encoding="utf-8"))
        assert set(wanted) <= set(player.PARTS[:k]), path.name


def test_joined_parts_are_one_script():
    text = script(*player.PARTS)
    assert not re.search(r"^import ", text, re.M)
    assert re.findall(r"^export .*", text, re.M) == ["export default function publish() {"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0.000"), (0.25, "0.2500"), (-3, "−3.000"), (1e-4, "1.00e−4"), (123456, "1.23e+5"), (1e300, "1.00e+300")],
)
def test_number_is_written_in_four_digits(run, value, text):
    assert run("formatNumber", value) == text


@pytest.mark.parametrize(("value", "text"), [(nan, "–"), (inf, "∞"), (-inf, "−∞")])
def test_what_is_no_number_is_written_as_such(run, value, text):
    assert run("formatNumber", value) == text


def test_value_between_frames_is_on_the_line_and_the_last_one_stays(run):
    assert [run("between", [1, 3, 7], at) for at in (0, 0.5, 1.25, 2, 9)] == [1, 2, 4, 7, 7]


def test_nearest_value_is_found(run):
    assert [run("indexOfNearest", [0, 10, 20], at) for at in (-5, 4, 6, 99)] == [0, 0, 1, 2]


@pytest.mark.parametrize(
    ("p", "q", "seen"),
    [
        ([0.5, 0.5], [0.6, 0.6], [0, 1]),
        ([-1, 0.5], [1, 0.5], [0.5, 1]),
        ([-1, 0.5], [3, 0.5], [0.25, 0.5]),
        ([-1, 2], [2, 2], None),
        ([2, -1], [2, 3], None),
        ([0.5, nan], [0.5, 0.5], None),
    ],
)
def test_segment_is_clipped_to_the_box(run, p, q, seen):
    assert run("clipSegment", p, q, [0, 0], [1, 1], 2) == seen


@pytest.mark.parametrize("kind", ["linear", "log"])
@pytest.mark.parametrize("vertical", [False, True])
def test_pixel_and_value_are_inverse(run, kind, vertical):
    axis = {"type": kind, "range": [-2, 3], "_offset": 40, "_length": 500}
    read = run("readAxis", axis, vertical)
    for value in (0.01, 0.5, 1.0, 2.9):
        assert run("fromPixel", read, run("toPixel", read, value)) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("low", "high"), [(-0.1, 0.2), (0.0, 1.0), (-1.5, 1.2), (-1.5, 1.4), (-4.0, 3.0), (0.35, 0.45), (2.1, 4.85)]
)
def test_ticks_of_a_range_are_those_of_the_figures(run, low, high):
    ticks, drawn = run("logTicks", [low, high]), figures.log_axis([10**low, 10**high])
    assert (ticks["dtick"], ticks["tickformat"]) == (drawn.get("dtick"), drawn.get("tickformat"))


def test_message_of_python_is_decoded(run):
    track = Track(
        "sgd", "SGD", "#0072b2", (), np.array([[0.0, 1.0], [0.5, 0.25]]), series={"gap": np.array([2.0, 1.0])}
    )
    packed, block = player._pack(track, 1, 1)
    message = player._message({"tracks": [packed], "steps": 1}, [block])
    found = run("bytes => decode(new Uint8Array(bytes))", list(message))
    assert found["steps"] == 1
    columns = {name: list(values) for name, values in found["tracks"][0]["column"].items()}
    assert columns == {"series:gap": [2, 1], "x": [0, 0.5], "y": [1, 0.25]}
