"""The front door: every lesson with its question."""

from collections.abc import Mapping

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from pages import COURSE
from ui.i18n import _


def home(addresses: Mapping[str, StreamlitPage]) -> None:
    """List the lessons; `addresses` are their pages by key."""
    st.title("Descent Lab")
    for part, lessons in COURSE.items():
        if part:
            st.markdown(f"### {_(part)}")
        for lesson in lessons:
            st.page_link(addresses[lesson.key], label=f"**{_(lesson.title)}**")
            st.caption(_(lesson.question))
