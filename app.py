"""Descent Lab: see how training works. `streamlit run app.py` starts here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st

from ui import server


@asynccontextmanager
async def lifespan(app: object) -> AsyncIterator[None]:
    """Import every lesson before the first visitors come: they would all wait for it, and inside the gate."""
    import pages  # noqa: F401

    async with server.lifespan(app):
        yield


app = st.App("pages/entry.py", lifespan=lifespan)
