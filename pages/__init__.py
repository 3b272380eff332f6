from collections.abc import Mapping

from core.text import T
from pages.momentum.lesson import MOMENTUM
from teaching.contract import Lesson

COURSE: Mapping[str, tuple[Lesson, ...]] = {T("Motion"): (MOMENTUM,)}
LESSONS = {lesson.key: lesson for part in COURSE.values() for lesson in part}
