"""What a reader takes away holds the numbers of the runs, and nothing that needs a network."""

import io
import re

import numpy as np
import pandas as pd

from core import descend
from core.analysis.tuning import first_rate
from core.engine.spec import Goal
from surfaces import ALL_SURFACES, SURFACES
from ui import figures, runs

RUNS = [descend("rosenbrock", key, (-1.5, 2.0), 300, lr) for key, lr in (("sgd", 0.001), ("adam", 0.1))]
DIVERGED = descend("rosenbrock", "sgd", (-1.5, 2.0), 300, 0.01)


def test_csv_holds_every_digit():
    table = pd.read_csv(io.StringIO(runs.as_csv(RUNS)))
    for run in RUNS:
        rows = table[table.optimizer == run.optimizer.key]
        assert np.array_equal(rows[["x", "y"]].to_numpy(), run.path)
        assert np.array_equal(rows.value.to_numpy(), run.value)
        assert rows.step.tolist() == list(range(301))


def test_page_stands_alone():
    page = runs.as_html([*RUNS, DIVERGED], "Race")
    assert not re.findall(r"<(?:script|link|img)[^>]*(?:src|href)=[\"']?https?:", page)
    assert "Plotly.newPlot" in page
    assert all(run.optimizer.title in page for run in RUNS)


def test_long_runs_are_thinned_and_keep_their_end():
    long = descend("bowl", "sgd", (2.0, 1.0), 2501, 0.001)
    track = runs.track(long, 2501, arrows=True)
    assert runs.stride(2501) == 3
    assert len(track.path) == -(-2501 // 3) + 1
    assert np.array_equal(track.path[-1], long.path[-1])
    assert np.array_equal(track.path[1], long.path[3])
    assert all(len(values) == len(track.path) for values in (*track.series.values(), *track.arrows.values()))


def test_diverged_track_ends_where_the_run_ends():
    track = runs.track(DIVERGED, 300, arrows=False)
    assert track.failed
    assert len(track.path) == len(DIVERGED.path) < 301
    assert str(DIVERGED.stopped_at) in track.outcome


def test_step_length_is_the_distance_between_points():
    track = runs.track(RUNS[0], 300, arrows=False)
    assert track.series["length"][7] == np.hypot(*(RUNS[0].path[7] - RUNS[0].path[6]))


def test_drawn_height_agrees_with_the_drawn_surface():
    for shown in SURFACES:
        figure = figures.plane(shown, "")
        x, y = shown.starts[0]
        grid = figure.data[0]
        column, row = np.abs(grid.x - x).argmin(), np.abs(grid.y - y).argmin()
        value = shown.value(float(grid.x[column]), float(grid.y[row]))
        assert np.isclose(figures.height(shown, np.array(value)), grid.z[row, column], rtol=1e-4, atol=1e-4), shown.key


def test_distance_is_left_out_where_minima_form_a_curve_or_do_not_exist():
    for key in ("hyperbola", "saddle"):
        assert np.isnan(runs.distance_to_minimum(descend(key, "sgd", steps=5, lr=0.01)))
    assert runs.distance_to_minimum(descend("bowl", "sgd", (1.0, 0.0), 1, 0.0)) == 1.0


def test_tuning_is_remembered_and_found_again():
    chosen, goal = ALL_SURFACES["bowl"], Goal("value below", 1e-3)
    sgd, adam = (run.optimizer for run in RUNS)

    def tuned(*rivals):
        field = [(rival, {"lr": rate, "weight_decay": 0.0}) for rival, rate in rivals]
        return runs.tuned(chosen, field, goal, 100, ("cosine", {"length": 0}), None, None)

    alone, both = tuned((sgd, 0.1)), tuned((sgd, 0.2), (adam, 0.1))
    assert both[0] is alone[0], "whoever stays in the field is not tuned again, and the rate before does not count"
    assert tuned((sgd, 0.1), (adam, 0.3)) is both
    assert alone[0].reached[alone[0].best] == 1.0
    assert first_rate(chosen, sgd) > 0
