"""Collect every text that the interface shows: `python -m ui.messages` brings every catalogue up to date.

A text carries a mark where it stands: `_("...")` in the code that shows it, `T("...")` in data (core.text). A new
language is a folder of locale/: `mkdir -p locale/fr/LC_MESSAGES`, and this program writes the catalogue to fill in.
"""

from collections.abc import Iterator
from typing import NamedTuple

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from teaching.language import LANGUAGES, ROOT, catalogue

FOLDERS = ("core", "surfaces", "teaching", "ui", "pages")
MARKS: dict = {"_": None, "T": {1: (1,), 2: (1, (2, "c"))}}
"""What Babel looks for: `_(text)`, `T(text)` and `T(text, context)`."""
_HEADER = """# Texts of Descent Lab; `python -m ui.messages` adds new messages.
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Language: {code}\\n"

"""


class Message(NamedTuple):
    """A text, and what tells it apart from the same words in another meaning."""

    text: str
    context: str | None = None


def collect() -> dict[Message, str]:
    """Return every message and one place where it stands."""
    found: dict[Message, str] = {}
    for message, where in _marked():
        found.setdefault(message, where)
    return found


def update(code: str) -> list[str]:
    """Write the catalogue of a language anew, keep its translations, and return the messages that have none."""
    path = catalogue(code)
    known = Catalog(locale=code)
    if path.exists():
        with path.open("rb") as source:
            known = read_po(source, locale=code)
    fresh = Catalog(locale=code, project="Descent Lab", charset="utf-8")
    for message, where in sorted(collect().items(), key=lambda item: (item[1], item[0].text)):
        old = known.get(message.text, message.context)
        fresh.add(message.text, old.string if old else "", auto_comments=[where], context=message.context)
    with path.open("wb") as target:
        target.write(_HEADER.format(code=code).encode())  # Babel's own would carry the time, and change with it
        write_po(target, fresh, width=110, omit_header=True)
    return [str(m.id) for m in fresh if m.id and not m.string]


def _marked() -> Iterator[tuple[Message, str]]:
    for folder in FOLDERS:
        for file, _line, text, _comments, context in extract_from_dir(ROOT / folder, keywords=MARKS):
            yield Message(str(text), context), f"{folder}/{file}"


if __name__ == "__main__":
    for code, name in LANGUAGES.items():
        if code != "en":
            print(f"{name}: {len(update(code))} of {len(collect())} messages have no translation yet")
