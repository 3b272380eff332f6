"""What the experiments of the page share: short texts, what is taken away, the code that ran."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from pages.batches import measure as lab
from pages.batches.measure import Plan
from pages.batches.setup import loss_in
from ui import controls, lesson, scene
from ui.i18n import _
from ui.page import state


def star() -> str:
    return _("Global minimum")


def number_text(value: float) -> str:
    return f"{value:.4g}" if np.isfinite(value) else "–"


def finish(name: str, title: str, heads: Sequence[str], rows: Sequence[Sequence], figure: go.Figure) -> None:
    """Offer the numbers and the figure of an experiment to take away."""
    table = pd.DataFrame(rows, columns=list(heads))
    alone = go.Figure(figure).update_layout(title=title, template="plotly_white")
    scene.take_away(
        scene.File(lambda: table.to_csv(index=False, float_format="%.17g"), f"{name}.csv"),
        scene.File(lambda: alone.to_html(include_plotlyjs=True, full_html=True), f"{name}.html"),
    )
    if loss_in(state()).scale:
        st.caption(_("Your own rows are not in the address: whoever opens it sees drawn data."))


def code_of(latex: str, functions: Sequence[Callable], source: str) -> None:
    with controls.drawer(_("Formula and code"), "drawer_code", ":material/code:") as is_open:
        if is_open:
            lesson.formula(latex, functions, source)


def say_short(plan: Plan, steps: Sequence[int]) -> None:
    """Say whose run may be shorter than its budget."""
    short = [f"{s} ({most})" for s, most in zip(plan.sizes, steps, strict=True) if most == lab.most_updates(s)]
    if short:
        st.info(_("These batch sizes stop at their greatest number of updates: {sizes}.", sizes=", ".join(short)))
