"""The lesson at /schedules."""

from core.text import T
from pages.schedules import claims, view
from teaching.contract import Lesson

SCHEDULES = Lesson(
    key="schedules",
    title=T("Schedules"),
    question=T("When should the rate shrink?"),
    icon=":material/trending_down:",
    show=view.show,
    questions=claims.QUESTIONS,
    claims=claims.CLAIMS,
)
