"""The lesson at /depth."""

from core.text import T
from pages.depth import claims, view
from teaching.contract import Lesson

DEPTH = Lesson(
    key="depth",
    title=T("Depth lab"),
    question=T("Does the signal survive 50 layers?"),
    icon=":material/layers:",
    show=view.show,
    questions=claims.QUESTIONS,
    claims=claims.CLAIMS,
)
