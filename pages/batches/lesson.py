"""The lesson at /batches."""

from core.text import T
from pages.batches import claims, view
from teaching.contract import Lesson

BATCHES = Lesson(
    key="batches",
    title=T("Noise and batch size"),
    question=T("What does a bigger batch buy?"),
    icon=":material/grain:",
    show=view.show,
    questions=claims.QUESTIONS,
    claims=claims.CLAIMS,
)
