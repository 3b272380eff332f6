"""The course: its parts and their lessons, in order. A new lesson is a folder beside this file and a line below."""

from collections.abc import Mapping

from core.text import T
from pages.activations.lesson import ACTIVATIONS
from pages.batches.lesson import BATCHES
from pages.compass.lesson import COMPASS
from pages.coordinates.lesson import COORDINATES
from pages.depth.lesson import DEPTH
from pages.fine_print.lesson import FINE_PRINT
from pages.microscope.lesson import MICROSCOPE
from pages.momentum.lesson import MOMENTUM
from pages.normalisation.lesson import NORMALISATION
from pages.race.lesson import RACE
from pages.recipes.lesson import RECIPES
from pages.schedules.lesson import SCHEDULES
from pages.step_size.lesson import STEP_SIZE
from pages.traps.lesson import TRAPS
from teaching.contract import Lesson

COURSE: Mapping[str, tuple[Lesson, ...]] = {
    "": (RACE,),
    T("Landscape"): (COMPASS, MICROSCOPE, STEP_SIZE),
    T("Motion"): (MOMENTUM, TRAPS, COORDINATES, FINE_PRINT),
    T("Noise and time"): (BATCHES, SCHEDULES, RECIPES),
    T("Networks"): (ACTIVATIONS, DEPTH, NORMALISATION),
}
LESSONS = {lesson.key: lesson for part in COURSE.values() for lesson in part}
