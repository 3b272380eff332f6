"""Noise and batch size: which experiment is shown. Each stands in a module of its own."""

from collections.abc import Callable, Mapping

import streamlit as st

from core.text import T
from pages.batches import escape, grid, noise, race
from pages.batches.measure import Plan
from pages.batches.sidebar import choose_plan
from ui import controls, page

EXPERIMENTS = {
    "race": T("Side by side"),
    "cloud": T("Gradient cloud"),
    "ball": T("Noise ball"),
    "escape": T("Escape"),
    "saddle": T("Saddle"),
    "grid": T("With schedules"),
}
STAGES: Mapping[str, Callable[[Plan], None]] = {
    "race": race.stage,
    "cloud": noise.cloud_stage,
    "ball": noise.stationary_stage,
    "escape": escape.escape_stage,
    "saddle": escape.saddle_stage,
    "grid": grid.stage,
}


def show() -> None:
    """Show the experiment of the page. Each brings its own batch sizes."""
    experiment = controls.show(
        "experiment",
        widget=st.segmented_control,
        required=True,
        label_visibility="collapsed",
        then=lambda: page.reset("batch"),
    )
    with st.sidebar:
        plan = choose_plan(experiment)
    STAGES[experiment](plan)
