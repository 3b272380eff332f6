"""Pages as Streamlit's AppTest runs them: through app.py, without a browser."""

import re

from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from core.numerals import NotRead, read
from ui.frame import PAGES
from ui.i18n import ROOT


def open_page(script: str = PAGES[0].script, link: dict[str, str] | None = None, **session) -> AppTest:
    """Open a page with this session state, and with the settings of a link."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    for key, value in session.items():
        app.session_state[key] = value
    url = next(row.url for row in PAGES if row.script == script)
    if script != PAGES[0].script:
        # By its address at once, as a visitor comes: after another page its state and its link would be in the way.
        app._page_hash = calc_hash(url)
    for key, value in (link or {}).items():
        app.query_params[key] = value
    app.run()
    assert not app.exception, app.exception
    return app


def charts(app: AppTest) -> list:
    return app.get("plotly_chart")


def held(app: AppTest, key: str):
    """Return what the page holds under a key, the text of a field as the number that it says."""
    value = app.session_state[key]
    try:
        return read(value) if isinstance(value, str) else value
    except NotRead:  # a choice
        return value


def unlined(cell: str) -> str:
    """Return the text of a cell without the picture of a line before it."""
    return re.sub(r"^!\[\]\(\S+\) ", "", cell)
