"""The mark of a text that a reader will see, where it stands in data.

`T("Learning rate")` is that string. The interface translates it when it shows it, and `python -m ui.messages` finds
it by its mark. `T("step", "a stair of a schedule")` says which of two meanings is meant.
"""


class T(str):
    """A text to be shown, with what tells it apart from the same words in another meaning."""

    __slots__ = ("context",)
    context: str

    def __new__(cls, text: str, context: str = "") -> "T":
        mark = super().__new__(cls, text)
        mark.context = context
        return mark

    def __reduce__(self) -> tuple:
        return T, (str(self), self.context)
