"""The lesson at /activations."""

from core.text import T
from pages.activations import claims, view
from teaching.contract import Lesson

ACTIVATIONS = Lesson(
    key="activations",
    title=T("Activation gallery"),
    question=T("What does a unit make of a signal, and of the gradient on its way back?"),
    icon=":material/show_chart:",
    show=view.show,
    questions=claims.QUESTIONS,
    claims=claims.CLAIMS,
)
