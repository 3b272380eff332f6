"""The lesson at /traps."""

from collections.abc import Callable

from core.optimizers import OPTIMIZERS
from core.resolve import surface_of
from core.text import T
from pages.traps import claims, view
from pages.traps.experiments import EXPERIMENTS, NEWTON, Trap
from teaching.contract import Lesson
from teaching.controls import Choice, Choices, State, Switch, Table
from teaching.rows import inspector_rows, noise_rows, rate_row, start_rows, steps_row

TITLES = {optimizer.key: optimizer.title for optimizer in OPTIMIZERS}
NEWTON_ON = ("himmelblau", "beale", "saddle_bounded", "doublewell", "camel6")
RATE = 0.05
"""Rate of an optimizer to which a trap gives none."""


def trap_in(state: State) -> Trap:
    """Return the trap that is chosen; where it is Newton's method, the first, whose settings are not shown then."""
    return EXPERIMENTS[0] if state["trap"] == NEWTON else EXPERIMENTS[state["trap"]]


def first_start(state: State) -> tuple[float, float]:
    """Return where the runs of the experiment begin."""
    return surface_of(state["newton_on"]).starts[0] if state["trap"] == NEWTON else trap_in(state).start


def first_rate(optimizer: str) -> Callable[[State], float]:
    """Return what says how fast this optimizer goes at first."""
    return lambda state: trap_in(state).rates.get(optimizer, RATE)


CONTROLS = Table(
    Choice(
        "trap",
        T("Trap"),
        EXPERIMENTS[0].key,
        options={t.key: t.title for t in EXPERIMENTS} | {NEWTON: T("Newton's method")},
    ),
    Choice("newton_on", T("Surface"), NEWTON_ON[0], options={key: surface_of(key).title for key in NEWTON_ON}),
    start_rows(first_start, random=False),
    Choices("field", T("Optimizers"), lambda state: tuple(trap_in(state).rates), options=TITLES, most=8),
    Switch("exact", T("Type exact rates"), False),
    (rate_row(o.key, first_rate(o.key), o.hyper[0], of=o.title) for o in OPTIMIZERS),
    noise_rows(),
    steps_row(lambda state: trap_in(state).steps),
    inspector_rows(TITLES),
)

TRAPS = Lesson(
    key="traps",
    title=T("Traps"),
    question=T("Minimum, saddle, plateau or valley to infinity?"),
    icon=":material/trip_origin:",
    show=view.show,
    controls=CONTROLS,
    questions=claims.QUESTIONS,
    claims=claims.CLAIMS,
)
