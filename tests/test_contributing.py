"""The examples of CONTRIBUTING.md work: pasted into a copy of the project as the text says, pages show them."""

import re
import shutil
from pathlib import Path

import pytest

from tests.process import ROOT, python

PARTS = ("core", "surfaces", "ui", "pages", "locale", "tests", ".streamlit")


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
    """Make a row the last of a tuple."""
    source = file.read_text()
    begin = re.search(rf"^{name}\b.*= \($", source, re.M)
    assert begin, f"{file.name} has no tuple {name}"
    end = source.index("\n)\n", begin.end()) + 1
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
        add_row(root / package / "__init__.py", name, f"    {constant},\n")
    for heading, file, name in (
        ("A schedule", "core/schedules.py", "SCHEDULES"),
        ("An activation", "core/activations.py", "ACTIVATIONS"),
    ):
        formula, row = examples(heading)
        add_row(root / file, name, f"{row.rstrip()},\n")
        insert(root / file, name, f"{formula}\n\n")
    return root


PAGE = """
from tests.pages import open_page
from ui.frame import PAGES

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
    text = shown(copy, "pages/activations.py", functions=["cube"], focus="cube", drawer_torch=True)
    assert "Cube" in text
    assert "lambda x: x**3" in text
