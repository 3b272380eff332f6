"""What every figure has in common: heights above the minimum, ticks of logarithmic axes, titles of small charts."""

import numpy as np
import pytest

from core import descend
from core.engine.spec import gap
from core.optimizers import ALL_OPTIMIZERS
from surfaces import ALL_SURFACES, SURFACES
from tests.process import ROOT
from ui import figures
from ui.runs import as_html


@pytest.mark.parametrize("chosen", SURFACES, ids=lambda s: s.key)
def test_no_height_above_the_minimum_is_negative(chosen):
    low = figures.lowest(chosen)
    below = [np.nextafter(low, -np.inf), low - 2.78e-17, low - 1e-9 * abs(low), low, low + 1.0]
    above = figures.above(chosen, np.array(below))
    assert (above >= 0).all() and not np.signbit(above).any()
    assert above[-1] == pytest.approx(1.0)


def test_a_height_that_is_no_number_stays_one():
    assert np.isnan(gap(np.nan, 0.0))
    assert gap(np.inf, 1.0) == np.inf


def test_heights_above_the_minimum_are_formed_in_one_place():
    for file in [*(ROOT / "ui").glob("*.py"), *(ROOT / "pages").glob("*.py"), *(ROOT / "core").glob("*.py")]:
        for line in file.read_text(encoding="utf-8").splitlines():
            assert "- figures.lowest(" not in line or ".level" in line, (file.name, line)
            assert "- case.lowest" not in line and "- low," not in line, (file.name, line)


def test_logarithmic_axes_come_from_one_place():
    for file in [*(ROOT / "ui").glob("*.py"), *(ROOT / "pages").glob("*.py")]:
        if file.name == "figures.py":
            continue
        text = file.read_text(encoding="utf-8")
        assert 'type="log"' not in text and '"type": "log"' not in text, file.name
        assert 'yanchor": "bottom"' not in text.replace('"h", "y": 1.0, "yanchor": "bottom", "thickness"', ""), (
            file.name
        )


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(1, 9, "D2"), (0.0003, 0.02, "D2"), (0.4, 120, "D2"), (3, 4.5, None), (1, 1e4, None), (1e-30, 1, None)],
)
def test_short_axes_have_ticks_at_1_2_and_5(low, high, ticks):
    axis = figures.log_axis([low, np.nan, 0.0], np.array([high, np.inf, -1.0]))
    assert axis.get("dtick") == ticks
    assert axis["type"] == "log"


def test_an_axis_without_values_is_an_axis():
    assert figures.log_axis([]) == figures.log_axis([0.0, np.nan])


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Loss", ["Loss"]),
        ("Value above the minimum", ["Value above the", "minimum"]),
        ("最小值之上的高度", ["最小值之上的高度"]),
        ("每种批量大小的第一次运行的横坐标", ["每种批量大小的第一次运", "行的横坐标"]),
    ],
)
def test_titles_of_small_charts_are_broken_into_lines(text, lines):
    assert figures.wrapped(text).split("<br>") == lines
    axes = figures.still_axes(text, "", log=True)
    assert axes.layout.margin.t == 30 + 18 * (len(lines) - 1)


def test_a_page_to_take_away_has_plain_ticks():
    run = descend(ALL_SURFACES["bowl"], ALL_OPTIMIZERS["sgd"], ALL_SURFACES["bowl"].starts[0], 10, 0.1)
    assert '"minorloglabels":"complete"' in as_html([run], "title").replace(" ", "")
