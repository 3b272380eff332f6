"""Nothing that the interface shows lacks its text in another language, and every text keeps its placeholders."""

import re

import pytest

from teaching.language import LANGUAGES, ROOT, translation
from ui.messages import FOLDERS, Message, collect

MESSAGES = collect()
CHINESE = re.compile(r"[\u4e00-\u9fff]")
SAME = {"", "x", "y", "CSV"}
"""Messages that are the same in both languages."""


def placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"\{[^}]*\}", text))


def in_language(message: Message, code: str) -> str:
    known = translation(code)
    return known.pgettext(message.context, message.text) if message.context else known.gettext(message.text)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.text[:40])
def test_message_has_its_chinese(message):
    translated = in_language(message, "zh")
    if message.text not in SAME:
        assert CHINESE.search(translated), f"{MESSAGES[message]}: {message.text!r} has no Chinese text"
    assert placeholders(translated) == placeholders(message.text)
    assert translated.count("$") == message.text.count("$")


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "en"])
def test_catalogue_holds_nothing_that_is_not_shown(code):
    shown = {m.text if not m.context else f"{m.context}\x04{m.text}" for m in MESSAGES}
    assert not [m for m in translation(code)._catalog if m and m not in shown], "run `python -m ui.messages`"


def test_a_context_tells_two_meanings_apart():
    from core.text import T

    assert T("step") == "step" and T("step", "stair").context == "stair"


def test_every_call_names_its_message():
    """A call of `_` with anything but a literal is data, and data carry a mark of their own."""
    for path in [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]:
        text = path.read_text(encoding="utf-8")
        for found in re.findall(r"(?<![\w.])[_T]\((f[\"'])", text):
            pytest.fail(f"{path.name}: an f-string cannot be translated: {found}")
        for found in re.findall(r"\{[_T]\([\"'][^\"']*", text):
            pytest.fail(f"{path.name}: a call inside an f-string is not found by the extractor: {found}")
