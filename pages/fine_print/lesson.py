"""The lesson at /fine_print."""

from core.text import T
from pages.fine_print import claims, view
from teaching.contract import Lesson

FINE_PRINT = Lesson(
    key="fine_print",
    title=T("Adam's fine print"),
    question=T("Same name, four formulas: what do the details change?"),
    icon=":material/contract:",
    show=view.show,
    questions=claims.QUESTIONS,
    claims=claims.CLAIMS,
)
