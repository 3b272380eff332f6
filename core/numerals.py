"""Read a number as people write it: understood exactly, or refused with the reason, never changed in silence."""

import math
import re

_PLAIN = str.maketrans(
    {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}  # full-width forms of Chinese input methods
    | dict.fromkeys("\u3002\uff61", ".")  # the full stop of Chinese input methods
    | dict.fromkeys("\u2212\u2010\u2011\u2012\u2013\ufe63", "-")  # the minus sign, and dashes that stand for it
    | dict.fromkeys("\u3000\u00a0\u2007\u2009\u202f", " ")
    | dict.fromkeys("\u200b\u200e\u200f\u2060\ufeff", "")  # marks that nobody sees
)
_NUMBER = re.compile(r"([+-]?) ?((?:[0-9]+|[0-9]{1,3}(?: [0-9]{3})+)?)(?:([.,])([0-9]*))?(?:e([+-]?[0-9]+))?")
LONGEST = 60
"""Characters of a number at most."""


class NotRead(ValueError):
    """A text that is no number here. `reason` is one of REASONS."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


REASONS = ("empty", "not a number", "two readings", "too large", "too small")


def read(text: str) -> float:
    """Return the number that a text says, with a decimal point or comma; spaces may part thousands.

    Raises NotRead, among others for a comma that may part thousands (1,234), and for a number that a double cannot
    hold even roughly.
    """
    plain = text.translate(_PLAIN).strip()
    if not plain:
        raise NotRead("empty")
    found = _NUMBER.fullmatch(plain.lower()) if len(plain) <= LONGEST else None
    if not found or not (found[2] or found[4]):
        raise NotRead("not a number")
    sign, whole, mark, part, exponent = (group or "" for group in found.groups())
    if mark == "," and len(part) == 3 and 1 <= len(whole) <= 3 and whole[0] != "0":
        raise NotRead("two readings")
    value = float(f"{sign}{whole.replace(' ', '')}.{part}e{exponent or 0}")
    if math.isinf(value):
        raise NotRead("too large")
    if value == 0 and any(digit in "123456789" for digit in whole + part):
        raise NotRead("too small")
    return value


def written(value: float) -> str:
    """Return the shortest text that reads as exactly this number, with a decimal point: 3, 0.25, 1e-7."""
    digits, _e, exponent = repr(float(value)).partition("e")
    return digits.removesuffix(".0") + (f"e{int(exponent)}" if exponent else "")
