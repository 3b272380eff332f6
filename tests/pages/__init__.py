"""Pages as Streamlit's AppTest runs them: through the script of the app, without a browser."""

import re
from collections.abc import Mapping
from typing import Any

from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from pages import LESSONS
from teaching.controls import State, Table
from teaching.language import ROOT


def open_page(key: str = "race", link: Mapping[str, str | list[str]] | None = None, **settings: Any) -> AppTest:
    """Open a page by its address, with a link, or with the link of these settings; `drawer_...=True` opens a drawer."""
    app = AppTest.from_file(str(ROOT / "pages" / "entry.py"), default_timeout=120)
    drawers = {name: value for name, value in settings.items() if name.startswith(("drawer_", "lang"))}
    table = LESSONS[key].controls if key in LESSONS else Table()
    state = table.state({name: value for name, value in settings.items() if name not in drawers})
    for name, value in drawers.items():
        app.session_state[name] = value
    # By its address at once, as a visitor comes: after another page its state and its link would be in the way.
    app._page_hash = calc_hash(key)
    for name, value in {**state.link(), **(link or {})}.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception, app.exception
    return app


def state_of(app: AppTest) -> State:
    """Return the state of the page that is shown."""
    kept = app.session_state["_state"]
    return State(kept["table"], kept["changed"])


def set_state(app: AppTest, **settings: Any) -> AppTest:
    """Set controls behind the widgets, as a callback of the page does, and run."""
    state_of(app).update(settings)
    return app.run()


def link_of(app: AppTest) -> dict[str, list[str]]:
    """Return what the address of the page holds."""
    return dict(app.query_params)


def charts(app: AppTest) -> list:
    return app.get("plotly_chart")


def unlined(cell: str) -> str:
    """Return the text of a cell without the picture of a line before it."""
    return re.sub(r"^!\[\]\(\S+\) ", "", cell)
