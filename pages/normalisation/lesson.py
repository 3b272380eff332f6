"""The lesson at /normalisation."""

from core.text import T
from pages.normalisation import claims, view
from teaching.contract import Lesson

NORMALISATION = Lesson(
    key="normalisation",
    title=T("Normalisation lab"),
    question=T("Which axis do you average?"),
    icon=":material/equalizer:",
    show=view.show,
    questions=claims.QUESTIONS,
    claims=claims.CLAIMS,
)
