"""Numbers as people write them: read exactly, or refused."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.numerals import REASONS, NotRead, read, written

READ = {
    "0.25": 0.25,
    "0,25": 0.25,
    "1e-3": 1e-3,
    "1E-3": 1e-3,
    "1e\u22123": 1e-3,
    "-3": -3.0,
    "\u22123": -3.0,
    "\u20133": -3.0,
    "- 3": -3.0,
    "+3": 3.0,
    "\uff10\uff0e\uff12\uff15": 0.25,
    "\uff10\uff0c\uff12\uff15": 0.25,
    "\uff0d\uff13": -3.0,
    "\uff0b\uff13": 3.0,
    "\uff11\uff45\uff0d\uff13": 1e-3,
    "0\u300225": 0.25,
    "  7\u3000": 7.0,
    "\ufeff7\u200b": 7.0,
    ".5": 0.5,
    ",5": 0.5,
    "5.": 5.0,
    "5,": 5.0,
    "-.5e1": -5.0,
    "1.234": 1.234,
    "0,250": 0.25,
    "1,2345": 1.2345,
    "1234,567": 1234.567,
    "10 000": 1e4,
    "10\u00a0000,5": 1e4 + 0.5,
    "1\u202f234\u202f567": 1_234_567.0,
    "007": 7.0,
    "0e999": 0.0,
    "9007199254740993": 9007199254740992.0,
}


@pytest.mark.parametrize(("text", "value"), READ.items())
def test_number_is_read(text, value):
    assert read(text) == value


REFUSED = {
    "empty": ("", "  ", "\u3000", "\u200b"),
    "two readings": ("1,234", "-12,345", "1,234e2", "\uff11\uff0c\uff12\uff13\uff14", "100,000"),
    "too large": ("1e999", "-1e309", "9" * 40 + "e300"),
    "too small": ("1e-999", "0.00001e-320"),
    "not a number": (
        *("abc", "nan", "inf", "-infinity", "e5", ".", ",", "-", "1e", "1e5.5", "1.2.3", "1,2,3", "--3", "3-"),
        *("1,234.5", "1.234,5", "1,234,567", "1'234", "1_000", "0x10", "1 2", "1 0000", "1 23 456", "12 34", "5%"),
        *("1/3", "10\u00b2", "\u2460", "\u4e09", "\u0663", "1e1_0", "1 e3", "$5", "1" * 61, "1\n2", "0.25m"),
    ),
}


@pytest.mark.parametrize(("reason", "text"), [(reason, text) for reason, texts in REFUSED.items() for text in texts])
def test_other_text_is_refused_with_the_reason(reason, text):
    with pytest.raises(NotRead) as caught:
        read(text)
    assert caught.value.reason == reason


def test_every_reason_is_listed():
    assert set(REFUSED) == set(REASONS)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_what_is_written_is_read_again(value):
    text = written(value)
    assert math.copysign(1, read(text)) == math.copysign(1, value) and read(text) == value
    assert read(text.replace(".", ",")) == value if "," not in text and not _three(text) else True


def _three(text: str) -> bool:
    return len(text.partition("e")[0].partition(".")[2]) == 3


@pytest.mark.parametrize(
    ("value", "text"), [(3.0, "3"), (400, "400"), (0.25, "0.25"), (1e-7, "1e-7"), (2e300, "2e300")]
)
def test_numbers_are_written_short(value, text):
    assert written(value) == text


@given(st.text(max_size=70))
def test_any_text_is_read_or_refused(text):
    try:
        value = read(text)
    except NotRead:
        return
    assert math.isfinite(value) and any(character.isdecimal() for character in text)
