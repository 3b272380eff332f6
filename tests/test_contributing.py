"""The examples of CONTRIBUTING.md work: pasted into a copy of the project as the text says, pages show them."""

import re
import shutil
from pathlib import Path

import pytest

from tests.process import ROOT, python

PARTS = ("core", "surfaces", "teaching", "ui", "pages", "locale", "tests", ".streamlit")


def examples(heading: str) -> list[str]:
    """Return the blocks of code under the heading that begins with these words."""
    (section,) = re.findall(rf"^## {heading}.*?(?=^## |\Z)", (ROOT / "CONTRIBUTING.md").read_text(), re.M | re.S)
    return re.findall(r"^```python\n(.*?)^```$", section, re.M | re.S)


def insert(file: Path, before: str, text: str) -> None:
    """Put a text in front of the first line that begins with `before`."""
    source = file.read_text()
    place = re.search(rf"^{before}", source, re.M)
    assert place, f"{file.name} has no line {before}"
    file.write_text(source[: place.start()] + text + source[place.start() :])


def add_row(file: Path, name: str, row: str) -> None:
    """Make a row the last of a catalogue."""
    source = file.read_text()
    begin = re.search(rf"^{name}\b.*= Catalogue\($", source, re.M)
    assert begin, f"{file.name} has no catalogue {name}"
    end = source.index("\n    ),\n)\n", begin.end()) + 1
    file.write_text(source[:end] + row + source[end:])


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """A copy of the project with every example pasted in."""
    root = tmp_path_factory.mktemp("project")
    for part in PARTS:
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "app.py", root)
    for heading, file, name in (
        ("An optimizer", "core/optimizers/halving.py", "OPTIMIZERS"),
        ("A surface", "surfaces/trough.py", "SURFACES"),
    ):
        (code,) = examples(heading)
        (root / file).write_text(code)
        constant, package = Path(file).stem.upper(), Path(file).parent
        insert(root / package / "__init__.py", "from ", f"from {file[:-3].replace('/', '.')} import {constant}\n")
        add_row(root / package / "__init__.py", name, f"        {constant},\n")
    for heading, file, name in (
        ("A schedule", "core/schedules/__init__.py", "SCHEDULES"),
        ("An activation", "core/networks/activations.py", "ACTIVATIONS"),
    ):
        formula, row = examples(heading)
        add_row(root / file, name, f"{row.rstrip()},\n")
        insert(root / file, name, f"{formula}\n\n")
    (root / "pages" / "marble").mkdir()
    for name, code in zip(("__init__", "claims", "view", "lesson"), ("", *examples("A lesson")), strict=True):
        (root / "pages" / "marble" / f"{name}.py").write_text(code)
    course = root / "pages" / "__init__.py"
    insert(course, "from pages", "from pages.marble.lesson import MARBLE\n")
    course.write_text(course.read_text().replace("(RACE,)", "(RACE, MARBLE)"))
    return root


PAGE = """
from tests.pages import open_page

app = open_page(*{arguments!r}, **{session!r})
assert not app.error, app.error
print([table.value.to_dict("records") for table in app.table])
print([block.value for block in app.code])
"""


def shown(copy: Path, *arguments, **session) -> str:
    """Open a page of the copy and return its tables and scripts."""
    return python("-c", PAGE.format(arguments=arguments, session=session), cwd=copy)


@pytest.mark.parametrize("fairness", ["own", "tuned"])
def test_race_runs_with_optimizer_surface_and_schedule(copy: Path, fairness: str) -> None:
    settings = {"race": ["halving"], "surface": "trough", "schedule": "halfway", "fairness": fairness}
    text = shown(copy, drawer_run=True, drawer_torch=True, drawer_code=True, **settings)
    assert "Halving" in text
    assert "class Halving(torch.optim.Optimizer)" in text
    assert "return x**2 + y**4" in text
    assert "1.0 if t < 500 / 2 else 0.5" in text


def test_gallery_shows_the_activation(copy: Path) -> None:
    text = shown(copy, "activations", functions=["cube"], focus="cube", drawer_torch=True)
    assert "Cube" in text
    assert "lambda x: x**3" in text


def test_lesson_stands_at_its_address_with_its_claim(copy: Path) -> None:
    code = """
from tests.pages import link_of, open_page
app = open_page("marble")
app.button_group(key="load_claim").set_value(1).run()
app.slider(key="lr_marble").set_value(-2.0).run()
print(app.title[0].value, link_of(app), [text.value for text in app.markdown])
"""
    text = python("-c", code, cwd=copy)
    assert text.startswith("A marble {'lr_marble': '0.01'}")
    assert "only if" in text and "After 200 steps f is" in text
    records = copy / "pages" / "marble" / "measured.json"
    python("-m", "pages.record", "marble", cwd=copy)
    assert "marble_arrives" in records.read_text()
    assert "every number is confirmed" in python("-m", "pages.record", "--check", "marble", cwd=copy)


def test_a_language_is_a_folder(copy: Path) -> None:
    (copy / "locale" / "fr" / "LC_MESSAGES").mkdir(parents=True)
    assert "français" in python("-m", "ui.messages", cwd=copy).casefold()
    code = """
from tests.pages import open_page
print(open_page("compass", link={"lang": "fr"}).title[0].value)
"""
    assert "Gradient compass" in python("-c", code, cwd=copy), "what has no translation yet stays English"
