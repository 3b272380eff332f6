"""The lesson at /fine_print."""

from core.analysis.tuning import first_rate
from core.optimizers import ALL_OPTIMIZERS
from core.resolve import surface_of
from core.text import T
from pages.fine_print import claims, view
from pages.fine_print.measure import EQUALS_RATES, FIELD, OWN, STEPS, VARIANTS
from teaching.contract import Lesson
from teaching.controls import Choice, Choices, Number, Switch, Table
from teaching.rows import (
    MOST_SEED,
    hypers_of,
    inspector_rows,
    power_of_ten,
    rate_row,
    start_rows,
    steps_row,
    surface_rows,
)

ADAM = ALL_OPTIMIZERS["adam"]
EQUALS = {key: ALL_OPTIMIZERS[key].title for key in EQUALS_RATES}
CONTROLS = Table(
    surface_rows("rosenbrock"),
    start_rows(),
    Choices("variants", T("Formulas"), FIELD, options=VARIANTS, most=6),
    Switch("exact", T("Type exact rates"), False),
    rate_row("everyone", lambda state: first_rate(surface_of(state["surface"]), ADAM), ADAM.hyper[0], text=T("Rate")),
    Number(
        "gradient_scale",
        T("All gradients times"),
        1.0,
        low=1e-12,
        high=1e3,
        symbol="c",
        scale="log",
        former={"scale": power_of_ten},
    ),
    hypers_of([OWN]),
    steps_row(STEPS),
    inspector_rows(VARIANTS | {OWN.key: OWN.title}),
    Choice(
        "example",
        T("Gradients"),
        "small",
        options={"small": "3, −1, −1", "large": T("1010 and a hundred times −10")},
    ),
    Number(
        "weight_decay",
        T("Weight decay"),
        0.5,
        low=1e-2,
        high=10.0,
        symbol=r"\lambda",
        scale="log",
        former={"decay": power_of_ten},
    ),
    Number(
        "decay_lr",
        T("Rate"),
        1e-3,
        low=1e-4,
        high=1e-2,
        symbol=r"\eta",
        scale="log",
        former={"decay_rate": power_of_ten},
    ),
    Number("decay_seed", T("First seed"), 0, low=0, high=MOST_SEED),
    Choices("equals", T("Methods"), tuple(EQUALS), options=EQUALS, most=6),
    Number("early_seed", T("First seed"), 0, low=0, high=MOST_SEED),
)

FINE_PRINT = Lesson(
    key="fine_print",
    title=T("Adam's fine print"),
    question=T("Same name, four formulas: what do the details change?"),
    icon=":material/contract:",
    show=view.show,
    controls=CONTROLS,
    questions=claims.QUESTIONS,
    claims=claims.CLAIMS,
)
