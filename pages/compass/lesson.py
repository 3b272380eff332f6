"""The lesson at /compass."""

from core.resolve import surface_of
from core.text import T
from pages.compass import claims, view
from teaching.contract import Lesson
from teaching.controls import Number, State, Table
from teaching.rows import power_of_ten, start_rows, surface_rows

TEACHING_POINT = {"rosenbrock": (-1.0, 1.5)}
"""Where the first picture says most; elsewhere the first start of the surface."""


def first_point(state: State) -> tuple[float, float]:
    """Return where the compass stands at first."""
    surface = surface_of(state["surface"])
    return TEACHING_POINT.get(surface.key, surface.starts[0])


def first_length(state: State) -> float:
    """Return an eighth of the window, which shows on every surface how the gradient misleads."""
    x_low, x_high, y_low, y_high = surface_of(state["surface"]).domain
    return float(f"{min(x_high - x_low, y_high - y_low) / 8:.3g}")


CONTROLS = Table(
    surface_rows("rosenbrock"),
    start_rows(first_point),
    Number(
        "angle",
        T("Direction dial, degrees"),
        -120,
        low=-180,
        high=180,
        help=T("Counter-clockwise from the x axis: 0° is right, 90° is up."),
    ),
    Number(
        "step_length",
        T("Step length"),
        first_length,
        low=1e-3,
        high=1e3,
        symbol="s",
        scale="log",
        former={"length": power_of_ten},
    ),
)

COMPASS = Lesson(
    key="compass",
    title=T("Gradient compass"),
    question=T("Which way is down, and for how far?"),
    icon=":material/explore:",
    show=view.show,
    controls=CONTROLS,
    questions=claims.QUESTIONS,
    claims=claims.CLAIMS,
)
