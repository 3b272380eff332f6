"""What the fields and sliders of a page allow, the engine takes: at every limit there is a page, and no complaint."""

import pytest

from tests.pages import charts, open_page
from ui import controls
from ui.frame import PAGES

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


@pytest.fixture
def limits(monkeypatch) -> dict[str, tuple[float, float]]:
    """Return {key: (low, high)} of every field that a page shows, once it has run."""
    found: dict[str, tuple[float, float]] = {}
    real = controls._Field

    def noted(key, default, low, high, zero):
        found[key] = low, high
        return real(key, default, low, high, zero)

    monkeypatch.setattr(controls, "_Field", noted)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.url)
@pytest.mark.parametrize("end", [0, 1], ids=["low", "high"])
def test_every_limit_of_a_page_gives_a_page(limits, page, end):
    app = open_page(page.script, **DRAWERS)
    for box in app.text_input:
        if box.key in limits and not (end and box.key in LONG):
            box.set_value(f"{limits[box.key][end]:.17g}")
    app.run()
    assert not app.exception, app.exception
    assert not app.error, "the field takes its own limit"
    for slider in app.slider:
        slider.set_value((slider.min, slider.max)[end])
    app.run()
    assert not app.exception, app.exception
    assert charts(app)
