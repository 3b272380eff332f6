"""With schedules: every schedule of the rate with every batch size."""

import streamlit as st

from pages.batches import drawing as draw
from pages.batches import measure as lab
from pages.batches.common import code_of, finish, say_short
from pages.batches.measure import Plan
from ui import controls, figures, scene
from ui.i18n import _
from ui.page import fragment


def stage(plan: Plan) -> None:
    """Show what the sidebar sets here, and the experiment."""
    with st.sidebar:
        keys, steps = controls.chosen("plans"), controls.show("grid_steps")
    show_grid(plan, tuple(keys) or ("constant",), steps)


@fragment
def show_grid(plan: Plan, keys: tuple[str, ...], steps: int) -> None:
    """Show one path for every schedule and size, and where several seeds of each end."""
    picture = st.container()
    start = scene.choose_start()
    steps = min(steps, lab.most_updates(max(plan.sizes)))
    say_short(plan, [steps] * len(plan.sizes))
    try:
        found = lab.grid(plan, keys, start, steps)
    except ValueError as error:
        st.error(_("These settings contradict one another: {reason}", reason=str(error)))
        return
    figure = draw.grid(plan, keys, found)
    with picture:
        figures.show(
            figure, "batches_grid", _("A path for every schedule and batch size, with the final loss"), bar=False
        )
        st.caption(
            _(
                "Every path has {steps} updates and the same seed. Above it: how far above the minimum its kind ends, "
                "mean of {seeds} seeds ± standard error.",
                steps=steps,
                seeds=found.seeds,
            )
        )
    table = [
        (key, size, figures.above(plan.surface, cell.value), cell.error)
        for key, row in zip(keys, found.final, strict=True)
        for size, cell in zip(plan.sizes, row, strict=True)
    ]
    finish("grid", _("Batch size and schedule"), ("schedule", "batch", "gap", "error"), table, figure)
    code_of(
        r"\theta_{t+1} = \theta_t - \eta\,s_t\,g_B(\theta_t)",
        (lab.grid,),
        "Smith et al. 2018, arXiv:1711.00489: a rate that falls does what a batch that grows does",
    )
