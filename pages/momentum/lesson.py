"""The lesson at /momentum."""

from core.analysis.stability import METHODS
from core.optimizers import ALL_OPTIMIZERS
from core.resolve import surface_of
from core.text import T
from pages.momentum import claims, view
from pages.momentum.measure import FORMS, begin_rate
from teaching.contract import Lesson
from teaching.controls import Choice, Number, Switch, Table
from teaching.rows import goal_row, inspector_rows, noise_rows, rate_row, start_rows, steps_row, surface_rows

CONTROLS = Table(
    surface_rows("ravine"),
    start_rows(random=False),
    Choice(
        "form",
        T("Formula of momentum"),
        "torch",
        options={"torch": T("PyTorch's"), "average": T("Average"), "slip": T("Find the error")},
    ),
    rate_row(
        "everyone",
        lambda state: begin_rate(surface_of(state["surface"])),
        ALL_OPTIMIZERS["sgd"].hyper[0],
        text=T("Rate"),
    ),
    Number("beta", T("Share of memory kept"), 0.9, low=0.0, high=0.999, step=0.001, symbol=r"\beta"),
    Switch("matched", T("Multiply its rate by 1/(1 − β)"), False),
    Switch("exact", T("Type exact rates"), False),
    Choice("diagram", T("Diagram of"), "momentum", options={key: ALL_OPTIMIZERS[key].title for key in METHODS}),
    steps_row(),
    goal_row(1e-4),
    noise_rows(),
    Number("momentum_dampening", T("Dampening of PyTorch's momentum"), 0.0, low=0.0, high=1.0),
    inspector_rows({key: ALL_OPTIMIZERS[key].title for key in ("sgd", *FORMS.values(), "nesterov")}, first="sgd"),
)

MOMENTUM = Lesson(
    key="momentum",
    title=T("Momentum and Nesterov"),
    question=T("Why add inertia?"),
    icon=":material/roller_skating:",
    show=view.show,
    controls=CONTROLS,
    questions=claims.QUESTIONS,
    claims=claims.CLAIMS,
)
