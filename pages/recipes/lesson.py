"""The lesson at /recipes."""

from core.text import T
from pages.recipes import claims, view
from teaching.contract import Lesson

RECIPES = Lesson(
    key="recipes",
    title=T("Averages, hand-overs, safety belts"),
    question=T("What helps a run to end well, besides its schedule?"),
    icon=":material/health_and_safety:",
    show=view.show,
    questions=claims.QUESTIONS,
    claims=claims.CLAIMS,
)
