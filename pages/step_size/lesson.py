"""The lesson at /step_size."""

from core.text import T
from pages.step_size import claims, view
from teaching.contract import Lesson

STEP_SIZE = Lesson(
    key="step_size",
    title=T("One step size"),
    question=T("How large may the learning rate be?"),
    icon=":material/straighten:",
    show=view.show,
    questions=claims.QUESTIONS,
    claims=claims.CLAIMS,
)
