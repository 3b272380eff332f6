"""The lesson at /step_size."""

from core import OPTIMIZERS
from core.analysis.tuning import first_rate
from core.resolve import optimizer_of, surface_of
from core.text import T
from pages.step_size import claims, view
from teaching.contract import Lesson
from teaching.controls import Choice, State, Switch, Table
from teaching.rows import goal_row, inspector_rows, rate_row, rates_of, start_rows, steps_row, surface_rows

TITLES = {optimizer.key: optimizer.title for optimizer in OPTIMIZERS}
SGD = OPTIMIZERS["sgd"]


def _rival_rate(state: State) -> float:
    rival = SGD.key if state["rival"] == "none" else state["rival"]
    return first_rate(surface_of(state["surface"]), optimizer_of(rival))


CONTROLS = Table(
    surface_rows("ravine"),
    start_rows(),
    steps_row(),
    goal_row(1e-4),
    Switch("exact", T("Type exact rates"), False),
    Switch("line_search", T("Exact line search beside it"), False),
    Choice("rival", T("Second run"), "none", options={"none": T("None")} | TITLES),
    rate_row("rival", _rival_rate, SGD.hyper[0]),
    rates_of([SGD]),
    Choice(
        "picture",
        T("Picture beside it"),
        "sweep",
        options={"sweep": T("Steps by rate"), "basins": T("Basins"), "difference": T("Difference")},
    ),
    inspector_rows(TITLES, lambda state: "adam" if state["rival"] == "adam" else SGD.key),
)

STEP_SIZE = Lesson(
    key="step_size",
    title=T("One step size"),
    question=T("How large may the learning rate be?"),
    icon=":material/straighten:",
    show=view.show,
    controls=CONTROLS,
    questions=claims.QUESTIONS,
    claims=claims.CLAIMS,
)
