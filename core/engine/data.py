"""Rows (x, y) that a loss is the mean over: drawn with a shown seed, or read from a file that a visitor brings."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple

import numpy as np

from core.numerals import NotRead, read
from core.text import T

MOST_ROWS = 10_000
LARGEST = 1e6
"""Numbers beyond this would overflow the square of a square; who has them should change their unit."""
MOST_BYTES = 1_000_000


@dataclass(frozen=True, eq=False)
class Data:
    """Rows (x, y). Equal where the rows are, so that what is remembered of a surface over them is remembered once."""

    rows: np.ndarray
    """(N, 2) float64 in C order, read-only."""
    _digest: bytes = field(init=False, repr=False)

    def __post_init__(self):
        rows = np.array(self.rows, dtype=float, order="C")
        if rows.ndim != 2 or rows.shape[1] != 2 or not 1 <= len(rows) <= MOST_ROWS:
            raise ValueError(f"rows: got shape {rows.shape}, allowed are 1 to {MOST_ROWS} rows of two numbers")
        if not np.all(np.abs(rows) <= LARGEST):
            raise ValueError(f"rows: allowed are finite numbers from {-LARGEST:g} to {LARGEST:g}")
        rows.setflags(write=False)
        object.__setattr__(self, "rows", rows)
        object.__setattr__(self, "_digest", blake2b(rows.tobytes(), digest_size=16).digest())

    def __eq__(self, other):
        return isinstance(other, Data) and self._digest == other._digest

    def __hash__(self):
        return hash(self._digest)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def x(self) -> np.ndarray:
        """(N,) inputs."""
        return self.rows[:, 0]

    @property
    def y(self) -> np.ndarray:
        """(N,) targets."""
        return self.rows[:, 1]

    @property
    def address(self) -> float:
        """Where the rows stand in memory. A double holds it exactly, so that it can be a parameter of a kernel."""
        return float(self.rows.ctypes.data)


class Scale(NamedTuple):
    """Where the columns of standardised rows come from: mean and standard deviation of inputs and targets."""

    x_mean: float = 0.0
    x_std: float = 1.0
    y_mean: float = 0.0
    y_std: float = 1.0

    def line(self, w: float, b: float) -> tuple[float, float]:
        """Return (slope, intercept) in the units of the file of the line w x + b through the standardised rows."""
        slope = self.y_std * w / self.x_std
        return slope, self.y_mean + self.y_std * b - slope * self.x_mean


def standardised(rows: np.ndarray, *, targets: bool) -> tuple[Data, Scale]:
    """Return rows (N, 2) with inputs, on request targets too, of mean 0 and deviation 1: a valley becomes a bowl."""
    columns, scales = [], []
    for values, wanted in zip(rows.T, (True, targets), strict=True):
        unit = np.abs(values).max() if wanted else 1.0  # the square of a tiny number would be zero
        mean = float(np.mean(values / unit)) * unit if wanted else 0.0
        std = float(np.std(values / unit)) * unit if wanted else 1.0
        columns.append((values - mean) / std)
        scales += [float(mean), float(std)]
    return Data(np.column_stack(columns)), Scale(*scales)


LINE = 2.0, -1.0
"""Slope and intercept behind drawn rows."""
THROW = 8.0
"""Standard deviation of the targets of outliers."""


def noisy_line(
    size: int = 256, noise: float = 0.5, outliers: float = 0.0, correlation: float = 0.0, seed: int = 0
) -> Data:
    """Draw rows around the line y = 2 x - 1.

    `noise` is the standard deviation of y around the line; a part `outliers` of the rows has an error of THROW.
    `correlation` is that of the inputs with the constant 1, mean(x) / sqrt(mean(x^2)): it tilts the valley of the
    loss, whose condition number becomes (1 + correlation) / (1 - correlation). The first draws are
    `r.standard_normal(size)` for x, then the same for the noise, from r = `numpy.random.default_rng(seed)`.
    """
    x, error, rng = _inputs_and_errors(size, noise, outliers, correlation, seed)
    wild = rng.random(size) < outliers
    return Data(np.column_stack([x, LINE[0] * x + LINE[1] + noise * error + wild * THROW * rng.standard_normal(size)]))


def two_classes(
    size: int = 256, noise: float = 1.0, outliers: float = 0.0, correlation: float = 0.0, seed: int = 0
) -> Data:
    """Draw rows with labels y = 1 where 2 x - 1 + noise * error > 0, else 0. Without noise they can be separated.

    A part `outliers` of the labels is wrong. Draws and `correlation` as in `noisy_line`.
    """
    x, error, rng = _inputs_and_errors(size, noise, outliers, correlation, seed)
    wrong = rng.random(size) < outliers
    return Data(np.column_stack([x, (LINE[0] * x + LINE[1] + noise * error > 0) ^ wrong]))


def _inputs_and_errors(size, noise, outliers, correlation, seed):
    for name, value, low, high in (
        ("size", size, 2, MOST_ROWS),
        ("noise", noise, 0.0, 100.0),
        ("outliers", outliers, 0.0, 1.0),
        ("correlation", correlation, -0.999, 0.999),
        ("seed", seed, 0, 2**63 - 1),
    ):
        if not low <= value <= high:
            raise ValueError(f"{name}: got {value!r}, allowed are numbers from {low:g} to {high:g}")
    rng = np.random.default_rng(seed)
    inputs = rng.standard_normal(size)
    return correlation + np.sqrt(1 - correlation**2) * inputs, rng.standard_normal(size), rng


FAULTS = {
    "size": T("The file has {count} bytes; allowed are {most}."),
    "coding": T("Line {line}: this is not text in UTF-8, UTF-16 or GB18030."),
    "quotes": T("Line {line}: a cell begins with a quotation mark and does not end with one, or is too long."),
    "columns": T("Line {line}: there must be two columns, and there are {count}."),
    "many rows": T("Line {line}: this is row {count}; allowed are {most}."),
    "few rows": T("Rows of numbers in the file: {count}; at least 2 are needed."),
    "empty": T("Line {line}, column {column}: the cell is empty."),
    "not a number": T("Line {line}, column {column}: {cell} is not a number."),
    "two readings": T("Line {line}, column {column}: the comma in {cell} may be a decimal comma or part thousands."),
    "too large": T("Line {line}, column {column}: {cell} is too large."),
    "too small": T("Line {line}, column {column}: {cell} is too close to zero."),
    ",.": T("Line {line}, column {column}: {cell} has a decimal point, but a number before it a decimal comma."),
    ".,": T("Line {line}, column {column}: {cell} has a decimal comma, but a number before it a decimal point."),
    "constant": T("Column {column} is {value} in every row; there is nothing to learn from it."),
}
"""What a file may have wrong, one sentence each."""
SEPARATORS = ";\t,"
MOST_IN_FILE = 1e100
"""Numbers beyond this would overflow the variance of a column."""


class BadFile(ValueError):
    """A file that cannot be used. `text` is one of FAULTS, `values` are what its braces stand for."""

    def __init__(self, fault: str, **values):
        self.text, self.values = FAULTS[fault], values
        super().__init__(self.text.format(**values))


def read_csv(content: bytes | str) -> np.ndarray:
    """Return the rows (N, 2) of a CSV file of two columns, which differ in each.

    Commas, semicolons or tabs separate them, decimals have a point or a comma, the first line may hold names. Raises
    BadFile for everything that cannot be understood exactly.
    """
    if len(content) > MOST_BYTES:
        raise BadFile("size", count=len(content), most=MOST_BYTES)
    text = _decoded(content) if isinstance(content, bytes) else content
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if strange := re.search(r"[\x00-\x08\x0e-\x1f]", text):
        raise BadFile("coding", line=text.count("\n", 0, strange.start()) + 1)
    declared = re.match(r'\s*"?sep=(.)"?[;,\t]*(?=\n|$)', text, re.IGNORECASE)
    skipped = text[: declared.end()].count("\n") if declared else 0
    body = text[declared.end() :] if declared else text
    faults = {}
    for separator in declared[1] if declared else SEPARATORS:
        try:
            return _differing(_rows(body, separator, skipped))
        except BadFile as fault:
            faults[separator] = fault
    raise faults[next((separator for separator in faults if separator in body), next(reversed(faults)))]


def _decoded(content: bytes) -> str:
    """Return the text of a file as Excel and others write it: with a byte order mark, as UTF-8, or as GB18030."""
    for mark, coding in _MARKS.items():
        if content.startswith(mark):
            return _text(content.removeprefix(mark), coding)
    zeros = content[::2].count(0), content[1::2].count(0)
    if sum(zeros) * 4 >= len(content) > 0 and 0 in zeros:  # ASCII in 16 bits, the zeros on one side
        return _text(content, "utf-16-be" if zeros[0] else "utf-16-le")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return _text(content, "gb18030")


_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
"""Byte order marks; that of UTF-32 begins as that of UTF-16."""


def _text(content: bytes, coding: str) -> str:
    try:
        return content.decode(coding)
    except UnicodeDecodeError as error:
        before = content[: error.start].decode(coding, "replace")
        raise BadFile("coding", line=before.count("\n") + 1) from None


def _rows(text: str, separator: str, skipped: int) -> np.ndarray:
    lines = list(_lines(text, separator, skipped))
    if lines and not any(_reading(cell) for cell in lines[0][1]):
        lines = lines[1:]  # names of the columns
    mark, rows = "", np.empty((len(lines), 2))
    for line, cells in lines:
        for column, cell in enumerate(cells, start=1):
            found = _reading(cell)
            if found and mark and found != mark and "none" not in (found, mark):
                raise BadFile(mark + found, line=line, column=column, cell=_shown(cell))
            mark = mark if found in (None, "none") else found
    for row, (line, cells) in enumerate(lines):
        for column, cell in enumerate(cells, start=1):
            try:
                rows[row, column - 1] = read(cell.replace(",", ".") if mark == "," else cell)
            except NotRead as error:
                raise BadFile(error.reason, line=line, column=column, cell=_shown(cell)) from None
            if abs(rows[row, column - 1]) > MOST_IN_FILE:
                raise BadFile("too large", line=line, column=column, cell=_shown(cell))
    return rows


def _lines(text: str, separator: str, skipped: int) -> Iterator[tuple[int, list[str]]]:
    """Yield (number of the line, its two cells) of every line that is not empty, without separators at its end."""
    reader, line, count = csv.reader(io.StringIO(text), delimiter=separator, strict=True), skipped, -1
    try:
        for cells in reader:
            line, began = skipped + reader.line_num, line + 1
            while len(cells) > 2 and not cells[-1].strip():
                cells.pop()
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != 2:
                raise BadFile("columns", line=began, count=len(cells))
            count += 1
            if count > MOST_ROWS:
                raise BadFile("many rows", line=began, count=count, most=MOST_ROWS)
            yield began, cells
    except csv.Error:
        raise BadFile("quotes", line=line + 1) from None


def _reading(cell: str) -> str | None:
    """Return the decimal mark of a cell that is certainly a number, "none" for one without, None for other text."""
    try:
        read(cell)
    except NotRead as error:
        return "none" if error.reason == "two readings" else None
    return next((mark for mark in ".," if mark in cell), "none")


def _shown(cell: str) -> str:
    return f"“{' '.join(cell.split())[:30]}”"


def _differing(rows: np.ndarray) -> np.ndarray:
    """Return the rows. Raises BadFile where there are too few, or a column says nothing."""
    if len(rows) < 2:
        raise BadFile("few rows", count=len(rows))
    for column, values in enumerate(rows.T, start=1):
        if np.all(values == values[0]):
            raise BadFile("constant", column=column, value=f"{values[0]:g}")
    return rows
