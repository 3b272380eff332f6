"""The lesson at /normalisation."""

from core.networks.activations import ACTIVATIONS
from core.networks.initialisation import INITIALISATIONS
from core.networks.normalisation import NORMALISATIONS
from core.text import T
from pages.normalisation import claims, view
from pages.normalisation.measure import BATCH, CHANNELS, IMAGES, LARGEST, MOST_IMAGES, NORMS, PANELS, STEPS
from teaching.contract import Lesson
from teaching.controls import Choice, Number, Table
from teaching.rows import MOST_SEED

CONTROLS = Table(
    Choice("norm", T("Normalisation"), "batch", options={row.key: row.title for row in NORMALISATIONS}),
    Choice("groups", T("Groups of channels"), "2", options={"1": "1", "2": "2", "4": "4"}),
    Number("images", T("Images"), IMAGES, low=1, high=MOST_IMAGES),
    Number("tensor_seed", T("Seed of the tensor"), 0, low=0, high=MOST_SEED),
    Number("image", T("Outline what is averaged with image"), 0, low=0, high=MOST_IMAGES - 1),
    Number("channel", T("and channel"), 0, low=0, high=CHANNELS - 1),
    Choice(
        "mode",
        T("Statistics"),
        "training",
        options={"training": T("Training"), "evaluation": T("Evaluation")},
    ),
    Number("batches", T("Batches seen before evaluation"), 10, low=0, high=60),
    Number("scale", T("Image 0 times"), 5.0, low=-10.0, high=10.0, step=0.5),
    Number("shift", T("plus"), 3.0, low=-10.0, high=10.0, step=0.5),
    Number("one", T("One"), 3.1, low=-LARGEST, high=LARGEST),
    Number("other", T("The other"), 7.4, low=-LARGEST, high=LARGEST),
    Choice("activation", T("Activation"), "relu", options={row.key: row.title for row in ACTIVATIONS}),
    Choice("init", T("Initialisation"), "he", options={row.key: row.title for row in INITIALISATIONS}),
    Choice("trained_norm", T("Normalised by"), "batch", options={key: NORMALISATIONS[key].title for key in NORMS}),
    Choice("batch", T("Samples in a batch"), str(BATCH), options={str(2**k): str(2**k) for k in range(1, 9)}),
    Number("train_steps", T("Steps"), STEPS, low=1, high=2000, step=100),
    Number("first_seed", T("First seed"), 0, low=0, high=MOST_SEED),
)

NORMALISATION = Lesson(
    key="normalisation",
    title=T("Normalisation lab"),
    question=T("Which axis do you average?"),
    icon=":material/equalizer:",
    show=view.show,
    controls=CONTROLS,
    panels=PANELS,
    questions=claims.QUESTIONS,
    claims=claims.CLAIMS,
)
