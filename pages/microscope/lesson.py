"""The lesson at /microscope."""

from core.optimizers import OPTIMIZERS
from core.text import T
from pages.microscope import claims, view
from teaching.contract import Lesson
from teaching.controls import Choice, Number, Switch, Table
from teaching.rows import MOST_SEED, power_of_ten, rates_of, start_rows, steps_row, surface_rows

CONTROLS = Table(
    surface_rows("himmelblau"),
    start_rows(),
    Choice("optimizer", T("Paths of"), "sgd", options={"none": T("None")} | {o.key: o.title for o in OPTIMIZERS}),
    rates_of(OPTIMIZERS),
    steps_row(),
    Number(
        "starts",
        T("Starts"),
        1,
        low=1,
        high=12,
        help=T("The point and random ones, drawn with the seed beside the point."),
    ),
    Choice(
        "map",
        T("Map"),
        "height",
        options={
            "height": T("Height"),
            "smallest": T("Smallest λ"),
            "largest": T("Largest λ"),
            "signs": T("Where convex"),
        },
    ),
    Switch("snap", T("Newton's method from here"), False),
    Switch("model", T("Quadratic model"), True),
    Switch("blind", T("Blind: eigenvalues only"), False),
    Number("blind_seed", T("Seed of the question"), 0, low=0, high=MOST_SEED),
    Number(
        "lens_radius",
        T("Radius of the lens, in parts of the window"),
        0.08,
        low=0.002,
        high=0.5,
        symbol=r"\rho",
        scale="log",
        former={"radius": power_of_ten},
    ),
)

MICROSCOPE = Lesson(
    key="microscope",
    title=T("Curvature microscope"),
    question=T("What kind of point is this?"),
    icon=":material/search:",
    show=view.show,
    controls=CONTROLS,
    questions=claims.QUESTIONS,
    claims=claims.CLAIMS,
)
