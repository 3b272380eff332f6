"""Collect every text that the interface shows: `python -m ui.messages` brings the Chinese catalogue up to date.

Texts stand in two places: in calls of `_` in the code of ui/ and pages/, and in the specs and lessons as data.
"""

import pkgutil
from collections.abc import Iterator
from importlib import import_module

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from core import OPTIMIZERS, SCHEDULES
from core.analysis.critical_points import NO_HESSIAN
from core.analysis.schedule_trials import TRIALS
from core.engine.data import FAULTS
from core.networks.activations import ACTIVATIONS
from core.networks.initialisation import INITIALISATIONS
from core.networks.normalisation import NORMALISATIONS
from core.optimizers import VARIANTS
from core.schedules import drawn_schedule
from pages.recipes.measure import EXPERIMENTS
from pages.traps.measure import TRAPS
from surfaces import DATA_SURFACES, SURFACES
from teaching import contract as lessons
from teaching.contract import UNCONFIRMED, VERDICTS
from ui import frame, runs
from ui.i18n import CATALOGUE, ROOT
from ui.player import LABELS

_HEADER = b"""# Chinese texts of Descent Lab; `python -m ui.messages` adds new messages.
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Language: zh\\n"

"""


def collect() -> dict[str, str]:
    """Return every message and one place where it stands."""
    found: dict[str, str] = {}
    for where, message in (*_in_code(), *_in_data()):
        if message:
            found.setdefault(message, where)
    return found


def update() -> list[str]:
    """Write the catalogue anew, keep its translations, and return the messages that have none."""
    with CATALOGUE.open("rb") as source:
        known = read_po(source, locale="zh")
    fresh = Catalog(locale="zh", project="Descent Lab", charset="utf-8")
    for message, where in sorted(collect().items(), key=lambda item: (item[1], item[0])):
        old = known.get(message)
        fresh.add(message, old.string if old else "", auto_comments=[where])
    with CATALOGUE.open("wb") as target:
        target.write(_HEADER)  # Babel's own would carry the time, and change whenever nothing else does
        write_po(target, fresh, width=110, omit_header=True)
    return [str(m.id) for m in fresh if m.id and not m.string]


def lesson_modules() -> list:
    """Return the module of every page's questions and claims."""
    return [import_module(f"teaching.contract.{m.name}") for m in pkgutil.iter_modules(lessons.__path__)]


def _in_code() -> Iterator[tuple[str, str]]:
    for folder in ("ui", "pages"):
        for file, _line, message, _comments, _context in extract_from_dir(ROOT / folder, keywords={"_": None}):
            yield f"{folder}/{file}", str(message)


def _in_data() -> Iterator[tuple[str, str]]:
    yield from (("ui/player.py", text) for text in LABELS.values())
    yield from (("ui/frame.py", text) for text in (*frame.COURSE, *(row.title for row in frame.PAGES)))
    yield from (("ui/runs.py", text) for _symbol, text in runs.EXPLAINED.values())
    yield "core/critical_points.py", NO_HESSIAN
    yield from (("core/data.py", text) for text in FAULTS.values())
    yield from (("core/lessons", verdict) for verdict in (*VERDICTS, UNCONFIRMED))
    for trap in TRAPS:
        yield from (("core/traps.py", text) for text in (trap.title, trap.text, trap.left, trap.watch))
    for optimizer in OPTIMIZERS + VARIANTS:
        where = f"core/optimizers/{optimizer.key}.py"
        yield from (
            (where, text)
            for text in (
                optimizer.text,
                *(h.text for h in optimizer.hyper),
                *(s.text for s in optimizer.state),
            )
        )
    for trial in TRIALS:
        yield from (("core/schedule_trials.py", text) for text in (trial.title, trial.text))
    for experiment in EXPERIMENTS:
        yield from (("core/recipes.py", text) for text in (experiment.title, experiment.text))
        yield from (("core/recipes.py", knob.text) for knob in experiment.knobs)
    for schedule in (*SCHEDULES, drawn_schedule(((0.0, 1.0),))):
        yield from (("core/schedules.py", text) for text in (schedule.text, *(s.text for s in schedule.settings)))
    for row in (*ACTIVATIONS, *INITIALISATIONS, *NORMALISATIONS):
        where = type(row).__module__.replace(".", "/") + ".py"
        yield from ((where, text) for text in (row.text, *(p.text for p in row.parameters)))
    for surface in SURFACES + DATA_SURFACES:
        where = f"surfaces/{surface.key}.py"
        facts = (surface.teaches, surface.kinks, surface.proof)
        yield from ((where, text) for text in (*facts, *(p.text for p in surface.parameters)))
    for module in lesson_modules():
        where = module.__name__.replace(".", "/") + ".py"
        for claim in module.CLAIMS:
            yield from ((where, text) for text in (claim.text, claim.condition, claim.reading))
        for question in module.QUESTIONS:
            yield from ((where, text) for text in (question.text, question.because, *question.options))


if __name__ == "__main__":
    missing = update()
    print(f"{len(missing)} of {len(collect())} messages have no translation yet")
