"""The lesson at /traps."""

from core.text import T
from pages.traps import claims, view
from teaching.contract import Lesson

TRAPS = Lesson(
    key="traps",
    title=T("Traps"),
    question=T("Minimum, saddle, plateau or valley to infinity?"),
    icon=":material/trip_origin:",
    show=view.show,
    questions=claims.QUESTIONS,
    claims=claims.CLAIMS,
)
