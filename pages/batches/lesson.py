"""The lesson at /batches."""

from core.engine.data import MOST_ROWS
from core.engine.limits import MAX_STEPS
from core.schedules import SCHEDULES
from core.text import T
from pages.batches import claims, setup, view
from teaching.contract import Lesson
from teaching.controls import Choice, Choices, Number, Switch, Table
from teaching.rows import MOST_SEED, goal_row, rate_row, start_rows

CONTROLS = Table(
    Choice("experiment", T("Experiment"), "race", options=view.EXPERIMENTS),
    Choice("surface", T("Loss"), "linear_regression", options=setup.LOSSES),
    Number("rows", T("Rows"), setup.ROWS, low=2, high=MOST_ROWS, step=64),
    (
        Number(f"scatter_{key}", T("Noise of the targets"), noise, low=0.0, high=100.0)
        for key, noise in setup.NOISE.items()
    ),
    Number("outliers", T("Part of outliers"), 0.0, low=0.0, high=1.0, step=0.05),
    Number("correlation", T("Correlation of the inputs with the constant 1"), 0.0, low=-0.999, high=0.999, step=0.1),
    Number("data_seed", T("Seed of the data"), 0, low=0, high=MOST_SEED),
    Switch("own", T("Your own data"), False),
    Switch("raw", T("Raw numbers, not standardised"), False),
    Choices(
        "batch",
        T("Batch sizes B (N: all rows)"),
        lambda state: setup.FIRST_SIZES[state["experiment"]],
        options=setup.SIZES,
        most=setup.MOST_SIZES,
    ),
    Switch("exact", T("Type exact rates"), False),
    rate_row("sgd", setup.first_rate, setup.SGD.hyper[0], text=T("Learning rate")),
    Choice(
        "rule",
        T("Rate for larger batches"),
        "same",
        options={"same": T("The same"), "root": T("Times √B"), "linear": T("Times B")},
    ),
    Number("most_rate", T("At most"), 1.0, low=1e-6, high=1e3),
    Choice(
        "sampling",
        T("How rows are drawn"),
        "reshuffled",
        options={
            "replacement": T("With replacement"),
            "reshuffled": T("Reshuffled epochs"),
            "fixed": T("Fixed order"),
        },
    ),
    Number("batch_seed", T("Seed of the batches"), 0, low=0, high=MOST_SEED),
    start_rows(setup.first_start, random=False),
    # Side by side.
    Choice(
        "clock",
        T("The same budget of"),
        "samples",
        options={"updates": T("Updates"), "samples": T("Samples"), "seconds": T("Seconds")},
    ),
    Number("steps", T("Updates"), 400, low=1, high=MAX_STEPS, step=100),
    Number("epochs", T("Epochs"), setup.first_epochs, low=1, high=setup.MOST_EPOCHS, whole=True),
    Number("seconds", T("Seconds"), 0.4, low=0.01, high=100.0),
    Switch("together", T("All in one picture"), False),
    goal_row(setup.GOAL),
    Number("least_ms", T("Least time of a step, ms"), 1.0, low=1e-6, high=1e6),
    Number("throughput", T("Samples per second"), 32_000.0, low=1e-3, high=1e12, step=1000.0),
    Choice(
        "inspect_size",
        T("Batch size"),
        setup.middle_size,
        options=lambda state: {str(size): str(size) for size in setup.sizes_in(state)},
    ),
    Number("step", T("Step"), 1, low=0, high=MAX_STEPS),
    # Out of a well.
    Number("sigma", T("Noise of one sample, standard deviation"), 6.0, low=0.0, high=1e6),
    Number("escape_steps", T("Updates of the smallest batch"), 2000, low=10, high=20_000, step=500),
    Choice(
        "well",
        T("The runs begin in the"),
        "shallow",
        options={"shallow": T("Shallow well"), "deep": T("Deep well")},
    ),
    # With schedules.
    Choices(
        "plans",
        T("Schedules"),
        ("constant", "multi_step", "cosine"),
        options={one.key: one.title for one in SCHEDULES if not one.reads_loss},
        most=5,
    ),
    Number("grid_steps", T("Updates"), 400, low=1, high=5000, step=100),
)

BATCHES = Lesson(
    key="batches",
    title=T("Noise and batch size"),
    question=T("What does a bigger batch buy?"),
    icon=":material/grain:",
    show=view.show,
    controls=CONTROLS,
    questions=claims.QUESTIONS,
    claims=claims.CLAIMS,
)
