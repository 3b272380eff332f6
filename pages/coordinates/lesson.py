"""The lesson at /coordinates."""

from core.text import T
from pages.coordinates import claims, view
from teaching.contract import Lesson

COORDINATES = Lesson(
    key="coordinates",
    title=T("A rate per coordinate"),
    question=T("From Adagrad to Adam: what does a rate of its own buy each coordinate?"),
    icon=":material/tune:",
    show=view.show,
    questions=claims.QUESTIONS,
    claims=claims.CLAIMS,
)
