"""The lesson at /race."""

from core.text import T
from pages.race import claims, view
from teaching.contract import Lesson

RACE = Lesson(
    key="race",
    title=T("Optimizer race"),
    question=T("Who gets down first, and is the race fair?"),
    icon=":material/flag:",
    show=view.show,
    questions=claims.QUESTIONS,
    claims=claims.CLAIMS,
)
