"""A catalogue: rows in the order in which they are taught, found by their keys."""

from collections.abc import Iterable
from typing import Any, TypeVar, overload

Row = TypeVar("Row", bound=Any)


class Catalogue(tuple[Row, ...]):
    """Rows in order, each with a `key`: `OPTIMIZERS["adam"]`. `kind` is what a row is, for the sentence of an error."""

    kind: str

    def __new__(cls, kind: str, rows: Iterable[Row]) -> "Catalogue[Row]":
        catalogue = super().__new__(cls, rows)
        catalogue.kind = kind
        return catalogue

    @overload  # type: ignore[override]
    def __getitem__(self, key: str | int) -> Row: ...
    @overload
    def __getitem__(self, key: slice) -> tuple[Row, ...]: ...
    def __getitem__(self, key):
        """Return the row of this key, or of this place. Raises ValueError as `find` does."""
        return super().__getitem__(key) if isinstance(key, int | slice) else self.find(key)

    def find(self, key: str) -> Row:
        """Return the row of this key. Raises ValueError for an unknown one, naming the known ones."""
        for row in self:
            if row.key == key:
                return row
        raise ValueError(f"{self.kind}: got {key!r}, allowed are {', '.join(self.keys())}")

    def __add__(self, other: Iterable[Row]) -> "Catalogue[Row]":  # type: ignore[override]
        return Catalogue(self.kind, (*self, *other))

    def keys(self) -> list[str]:
        """Return the keys in order."""
        return [row.key for row in self]
