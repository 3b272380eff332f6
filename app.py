"""Descent Lab: see how training works. `streamlit run app.py` starts here."""

import streamlit as st

from ui.server import lifespan

app = st.App("pages/entry.py", lifespan=lifespan)
