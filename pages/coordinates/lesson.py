"""The lesson at /coordinates."""

from functools import partial

from core.optimizers import ALL_OPTIMIZERS
from core.text import T
from pages.coordinates import claims, view
from pages.coordinates.measure import FIELD, GROUNDS, METHODS, ROBUST_SURFACES, STEPS, adjustable, first_start
from surfaces import ALL_SURFACES
from teaching.contract import Lesson
from teaching.controls import Choice, Choices, Number, State, Switch, Table
from teaching.rows import MOST_SEED, hypers_of, inspector_rows, noise_rows, rate_row, start_rows, steps_row


def rate_on_ground(key: str, state: State) -> float:
    """Return a rate at which a method moves well on the ground."""
    return GROUNDS[state["ground"]].rates[key]


OPTIMIZERS = [ALL_OPTIMIZERS[key] for key in METHODS]
CONTROLS = Table(
    Choice(
        "ground",
        T("Ground"),
        "slope",
        options={
            "slope": T("Slope"),
            "bowl": T("Bowl"),
            "noisy": T("Noisy bowl"),
            "booth": T("Booth"),
            "ravine": T("Ravine"),
        },
    ),
    Number("angle", T("Angle of the ravine, degrees"), 0.0, low=0.0, high=90.0, step=3.0),
    start_rows(lambda state: first_start(GROUNDS[state["ground"]], state["angle"]), random=False),
    Choices("methods", T("Methods"), FIELD, options=METHODS, most=6),
    Switch("exact", T("Type exact rates"), False),
    (rate_row(one.key, partial(rate_on_ground, one.key), one.hyper[0], of=one.title) for one in OPTIMIZERS),
    Choice(
        "adjust",
        T("Optimizer"),
        lambda state: next(iter(adjustable(state["methods"])), "adam"),
        options=adjustable(METHODS),
    ),
    hypers_of(OPTIMIZERS),
    steps_row(STEPS),
    noise_rows(lambda state: GROUNDS[state["ground"]].sigma),
    inspector_rows(METHODS),
    Choice("robust", T("Surface"), "rosenbrock", options={key: ALL_SURFACES[key].title for key in ROBUST_SURFACES}),
    Number("rare_seed", T("First seed"), 0, low=0, high=MOST_SEED),
    Number("skew_seed", T("Seed of the batches"), 0, low=0, high=MOST_SEED),
)

COORDINATES = Lesson(
    key="coordinates",
    title=T("A rate per coordinate"),
    question=T("From Adagrad to Adam: what does a rate of its own buy each coordinate?"),
    icon=":material/tune:",
    show=view.show,
    controls=CONTROLS,
    questions=claims.QUESTIONS,
    claims=claims.CLAIMS,
)
