"""The lesson at /momentum."""

from core.text import T
from pages.momentum import claims, view
from teaching.contract import Lesson

MOMENTUM = Lesson(
    key="momentum",
    title=T("Momentum and Nesterov"),
    question=T("Why add inertia?"),
    icon=":material/roller_skating:",
    show=view.show,
    questions=claims.QUESTIONS,
    claims=claims.CLAIMS,
)
