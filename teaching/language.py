"""The languages of the app: English in the code, every other one a folder of `locale/` with its catalogue."""

import gettext
from functools import cache
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "locale"
LANGUAGES = {
    code: str(Locale(code).get_display_name(code)).capitalize()
    for code in ("en", *sorted(folder.name for folder in FOLDER.iterdir() if folder.is_dir()))
}
"""Code -> its own name: English, 中文."""


def catalogue(code: str) -> Path:
    """Return the file with the texts of a language other than English."""
    return FOLDER / code / "LC_MESSAGES" / "messages.po"


@cache
def translation(code: str) -> gettext.NullTranslations:
    """Return the texts of a language, compiled in memory so that no binary can be out of date."""
    if code == "en":
        return gettext.NullTranslations()
    compiled = BytesIO()
    with catalogue(code).open("rb") as source:
        write_mo(compiled, read_po(source, locale=code))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def translated(text: str, code: str) -> str:
    """Return a text, a `T` or not, in a language."""
    if not text:
        return ""
    context, known = getattr(text, "context", ""), translation(code)
    return known.pgettext(context, text) if context else known.gettext(text)


def spellings(text: str) -> set[str]:
    """Return a text in every language, in lower case: what a link may call an option."""
    return {translated(text, code).casefold() for code in LANGUAGES}


def language_of(asked: str) -> str | None:
    """Return the language that a link or a browser asks for: "zh", "zh-CN", "en_US", "English", "中文"; else None."""
    plain = asked.strip().casefold()
    code = plain.replace("_", "-").split("-")[0]
    return next((known for known, name in LANGUAGES.items() if plain == name.casefold() or code == known), None)
