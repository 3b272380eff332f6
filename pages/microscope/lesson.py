"""The lesson at /microscope."""

from core.text import T
from pages.microscope import claims, view
from teaching.contract import Lesson

MICROSCOPE = Lesson(
    key="microscope",
    title=T("Curvature microscope"),
    question=T("What kind of point is this?"),
    icon=":material/search:",
    show=view.show,
    questions=claims.QUESTIONS,
    claims=claims.CLAIMS,
)
