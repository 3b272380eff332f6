"""What the fields and sliders of a page allow, the engine takes: at every limit there is a page, and no complaint."""

import pytest

from pages import LESSONS
from teaching.controls import Number
from tests.pages import charts, open_page, state_of

DRAWERS = {f"drawer_{name}": True for name in ("run", "settings", "data", "rates", "hyper")}
LONG = {
    "rows",
    "samples",
    "seeds",
    "steps",
    "slope_steps",
    "train_steps",
    "grid_steps",
    "escape_steps",
    "epochs",
    "seconds",
}
"""Fields whose greatest number only takes long."""


@pytest.mark.parametrize("key", LESSONS)
@pytest.mark.parametrize("end", [0, 1], ids=["low", "high"])
def test_every_limit_of_a_page_gives_a_page(key, end):
    app = open_page(key, **DRAWERS)
    rows = LESSONS[key].controls
    for box in app.text_input:
        if box.key in rows and isinstance(rows[box.key], Number) and not (end and box.key in LONG):
            box.set_value(f"{rows[box.key].limits(state_of(app))[end]:.17g}")
    app.run()
    assert not app.exception, app.exception
    assert not app.error, "the field takes its own limit"
    for slider in app.slider:
        slider.set_value((slider.min, slider.max)[end])
    app.run()
    assert not app.exception, app.exception
    assert charts(app) or app.error, "a picture, or a sentence that says why there is none"
