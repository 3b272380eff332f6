"""The lesson at /race."""

from core import OPTIMIZERS
from core.analysis.tuning import first_rate
from core.engine.checks import CLIP_LIMITS
from core.resolve import surface_of
from core.schedules import SCHEDULES
from core.text import T
from pages.race import claims, view
from teaching.contract import Lesson
from teaching.controls import Choice, Choices, Number, State, Switch, Table
from teaching.presets import preset
from teaching.rows import (
    goal_row,
    hypers_of,
    inspector_rows,
    noise_rows,
    rate_row,
    rates_of,
    settings_of,
    start_rows,
    steps_row,
    surface_rows,
)

TITLES = {optimizer.key: optimizer.title for optimizer in OPTIMIZERS}
ADJUSTABLE = {optimizer.key: optimizer.title for optimizer in OPTIMIZERS if len(optimizer.hyper) > 1}
SGD = OPTIMIZERS["sgd"]
MOST = 8


def _first_adjusted(state: State) -> str:
    return next((key for key in state["race"][:MOST] if key in ADJUSTABLE), SGD.key)


def _first_inspected(state: State) -> str:
    rivals = state["race"][:MOST]
    return "adam" if "adam" in rivals else next(iter(rivals), SGD.key)


CONTROLS = Table(
    surface_rows("rosenbrock"),
    start_rows(),
    Choice(
        "fairness",
        T("Fairness"),
        "own",
        options={"own": T("Own rates"), "same": T("Same rate"), "defaults": T("Defaults"), "tuned": T("Tuned")},
    ),
    Choices(
        "race",
        T("Optimizers"),
        ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "lion", "rprop"),
        options=TITLES,
        most=MOST,
    ),
    rate_row("everyone", lambda state: first_rate(surface_of(state["surface"]), SGD), SGD.hyper[0], text=T("Everyone")),
    Switch("exact", T("Type exact rates"), False),
    rates_of(OPTIMIZERS),
    Choice("adjust", T("Optimizer"), _first_adjusted, options=ADJUSTABLE),
    hypers_of(OPTIMIZERS),
    steps_row(),
    goal_row(1e-3, step=1e-3),
    Choice("schedule", T("Schedule"), "none", options={"none": T("None")} | {s.key: s.title for s in SCHEDULES}),
    settings_of(SCHEDULES),
    noise_rows(),
    Number(
        "clip",
        T("Clip the gradient to this length (0: never)"),
        0.0,
        low=CLIP_LIMITS[0],
        high=CLIP_LIMITS[1],
        zero=True,
    ),
    Switch("arrows", T("Arrows at the head: gradient and momentum"), False),
    inspector_rows(TITLES, _first_inspected),
)

RACE = Lesson(
    key="race",
    title=T("Optimizer race"),
    question=T("Who gets down first, and is the race fair?"),
    icon=":material/flag:",
    show=view.show,
    controls=CONTROLS,
    questions=claims.QUESTIONS,
    claims=claims.CLAIMS,
    settings=lambda claim: claims.settings_of(*map(preset, claim.presets)),
)
