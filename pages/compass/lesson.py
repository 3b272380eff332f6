"""The lesson at /compass."""

from core.text import T
from pages.compass import claims, view
from teaching.contract import Lesson

COMPASS = Lesson(
    key="compass",
    title=T("Gradient compass"),
    question=T("Which way is down, and for how far?"),
    icon=":material/explore:",
    show=view.show,
    questions=claims.QUESTIONS,
    claims=claims.CLAIMS,
)
