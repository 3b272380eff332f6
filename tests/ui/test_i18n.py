"""Nothing that the interface shows lacks its Chinese text, and every text keeps its placeholders."""

import re

import pytest

from ui.i18n import ROOT, translation
from ui.messages import collect

MESSAGES = collect()
CHINESE = re.compile(r"[\u4e00-\u9fff]")
SAME = {"", "x", "y", "CSV"}
"""Messages that are the same in both languages."""


def placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"\{[^}]*\}", text))


@pytest.mark.parametrize("message", MESSAGES, ids=lambda m: m[:40])
def test_message_has_its_chinese(message):
    translated = translation("zh").gettext(message)
    if message not in SAME:
        assert CHINESE.search(translated), f"{MESSAGES[message]}: {message!r} has no Chinese text"
    assert placeholders(translated) == placeholders(message)
    assert translated.count("$") == message.count("$")


def test_catalogue_holds_nothing_that_is_not_shown():
    catalogue = translation("zh")._catalog
    assert not [m for m in catalogue if m and m not in MESSAGES], "run `python -m ui.messages`"


def test_every_call_names_its_message():
    """A call of `_` with anything but a literal is data, and data must be in the specs that `collect` reads."""
    texts = [(p, p.read_text(encoding="utf-8")) for folder in ("ui", "pages") for p in (ROOT / folder).glob("*.py")]
    for path, text in texts:
        for found in re.findall(r"(?<![\w.])_\((f[\"'])", text):
            pytest.fail(f"{path.name}: an f-string cannot be translated: {found}")
        for found in re.findall(r"\{_\([\"'][^\"']*", text):
            pytest.fail(f"{path.name}: a call inside an f-string is not found by the extractor: {found}")
