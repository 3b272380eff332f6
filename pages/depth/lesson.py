"""The lesson at /depth."""

from core.networks.activations import ACTIVATIONS
from core.networks.initialisation import INITIALISATIONS
from core.networks.normalisation import NORMALISATIONS
from core.networks.signal import MAX_BATCH, MAX_DEPTH, MAX_WIDTH, NORMALISED
from core.text import T
from pages.depth import claims, view
from pages.depth.measure import PANELS, SAMPLES
from teaching.contract import Lesson
from teaching.controls import Choice, Number, Table
from teaching.rows import MOST_SEED, hyper_row

CONTROLS = Table(
    Choice("activation", T("Activation"), "relu", options={row.key: row.title for row in ACTIVATIONS}),
    Choice("init", T("Initialisation"), "xavier", options={row.key: row.title for row in INITIALISATIONS}),
    (hyper_row(f"{row.key}_{p.key}", p) for row in ACTIVATIONS for p in row.parameters),
    (hyper_row(f"{row.key}_{p.key}", p) for row in INITIALISATIONS for p in row.parameters),
    Choice(
        "norm",
        T("Normalisation before the activation"),
        "none",
        options={"none": T("None")} | {key: NORMALISATIONS[key].title for key in NORMALISED[1:]},
    ),
    Number("depth", T("Layers"), 50, low=1, high=MAX_DEPTH),
    Number("width", T("Units in a layer"), 128, low=1, high=MAX_WIDTH),
    Number("samples", T("Samples"), SAMPLES, low=2, high=MAX_BATCH, step=32),
    Number("input_std", T("Standard deviation of the inputs"), 1.0, low=1e-3, high=1e3),
    Number("seed", T("Seed"), 0, low=0, high=MOST_SEED),
    Choice(
        "histogram",
        T("Histogram of every layer"),
        "values",
        options={"values": T("Activations"), "shape": T("Shape alone")},
    ),
    Choice(
        "grid",
        T("Shown"),
        "gradient",
        options={"gradient": T("Gradient"), "signal": T("Signal"), "deviation": T("Standard deviation")},
    ),
    Number("level", T("Every weight begins at"), 0.5, low=-2.0, high=2.0, step=0.1),
    Number("steps", T("Steps"), 5000, low=10, high=20_000, step=1000),
    Number("weights_seed", T("Seed of the random weights"), 0, low=0, high=MOST_SEED),
)

DEPTH = Lesson(
    key="depth",
    title=T("Depth lab"),
    question=T("Does the signal survive 50 layers?"),
    icon=":material/layers:",
    show=view.show,
    controls=CONTROLS,
    panels=PANELS,
    questions=claims.QUESTIONS,
    claims=claims.CLAIMS,
)
