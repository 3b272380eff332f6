"""The lesson at /activations."""

from core import OPTIMIZERS
from core.analysis.tuning import first_rate
from core.engine.spec import Optimizer
from core.networks.activations import ACTIVATIONS as ROWS
from core.text import T
from pages.activations import claims, view
from pages.activations.measure import (
    LABS,
    MOST_LAYERS,
    NEURONS,
    OPTIMIZER_TITLES,
    PANELS,
    TITLES,
    neuron,
    parameter_key,
)
from teaching.contract import Lesson
from teaching.controls import Choice, Choices, Number, Switch, Table
from teaching.rows import MOST_SEED, inspector_rows, power_of_ten, rate_row, start_rows, steps_row


def parameter_rows() -> list[Number]:
    """The parameters of every function."""
    return [
        Number(
            parameter_key(row, p),
            p.text,
            p.default,
            low=p.allowed[0],
            high=p.allowed[1],
            symbol=p.symbol,
            of=row.title,
            scale=p.scale,
            shown=p.shown,
            former={f"{row.key}_{p.key}": power_of_ten} if p.scale == "log" else {},
        )
        for row in ROWS
        for p in row.parameters
    ]


def neuron_rate(optimizer: Optimizer) -> Number:
    """The rate of an optimizer that trains the neuron."""
    return rate_row(
        optimizer.key, lambda _state: first_rate(neuron(NEURONS[0]), optimizer), optimizer.hyper[0], of=optimizer.title
    )


CONTROLS = Table(
    Choice("lab", T("Laboratory"), "shapes", options=LABS),
    Choices("functions", T("Functions"), ("sigmoid", "tanh", "relu", "elu", "silu"), options=TITLES, most=len(TITLES)),
    Choice("focus", T("In detail"), "relu", options=TITLES),
    Choice("reference", T("Pinned as the reference"), "none", options={"none": T("None")} | TITLES),
    parameter_rows(),
    Number("reach", T("Window: |x| up to"), 6.0, low=0.1, high=1000.0, step=1.0),
    Number("probe", T("Read off at x ="), 1.0, low=-1e6, high=1e6, step=0.5),
    Switch("second", T("Second derivative"), False),
    Choice("kind", T("Inputs"), "normal", options={"normal": T("Normal"), "uniform": T("Uniform")}),
    Number("mean", T("Mean of the inputs"), 0.0, low=-5.0, high=5.0, step=0.1),
    Number("std", T("Standard deviation of the inputs"), 1.0, low=0.0, high=5.0, step=0.1),
    Number("seed", T("Seed of the sample"), 0, low=0, high=MOST_SEED),
    Number("layers", T("Layers"), 10, low=1, high=MOST_LAYERS),
    Number("weight", T("Weight of every layer"), 1.0, low=-100.0, high=100.0),
    Number("bias", T("Bias of every layer"), 0.0, low=-100.0, high=100.0),
    Number(
        "variance",
        T("Wide layers: variance of a weight × n (LeCun 1, He 2)"),
        1.0,
        low=0.1,
        high=4.0,
        step=0.1,
    ),
    Switch("real", T("Beside it, one real network of 128 units"), False),
    start_rows(lambda _state: neuron(NEURONS[0]).starts[0], random=False),
    Choices("field", T("Optimizers"), ("sgd", "momentum", "adam"), options=OPTIMIZER_TITLES, most=8),
    Switch("exact", T("Type exact rates"), False),
    map(neuron_rate, OPTIMIZERS),
    steps_row(400),
    inspector_rows(OPTIMIZER_TITLES),
    Number("target", T("Slope to be learned"), 0.5, low=-1.0, high=1.0, step=0.05),
    Number(
        "lr_slope",
        T("Learning rate"),
        0.1,
        low=1e-3,
        high=2.0,
        symbol=r"\eta",
        scale="log",
        former={"slope_rate": power_of_ten},
    ),
    Number("slope_steps", T("Steps"), 100, low=1, high=2000, step=50),
)

ACTIVATIONS = Lesson(
    key="activations",
    title=T("Activation gallery"),
    question=T("What does a unit make of a signal, and of the gradient on its way back?"),
    icon=":material/show_chart:",
    show=view.show,
    controls=CONTROLS,
    panels=PANELS,
    questions=claims.QUESTIONS,
    claims=claims.CLAIMS,
)
