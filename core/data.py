"""Rows (x, y) that a loss is the mean over: drawn with a shown seed, or read from a file that a visitor brings."""

import csv
import io
from dataclasses import dataclass

import numpy as np

MOST_ROWS = 10_000
LARGEST = 1e6
"""Numbers beyond this would overflow the square of a square; who has them should change their unit."""
MOST_BYTES = 1_000_000


@dataclass(frozen=True, eq=False)
class Data:
    """Rows (x, y). Equal to itself alone, so that a surface over it is hashable and its figures can be remembered."""

    rows: np.ndarray
    """(N, 2) float64 in C order, read-only."""

    def __post_init__(self):
        rows = np.array(self.rows, dtype=float, order="C")
        if rows.ndim != 2 or rows.shape[1] != 2 or not 1 <= len(rows) <= MOST_ROWS:
            raise ValueError(f"rows: got shape {rows.shape}, allowed are 1 to {MOST_ROWS} rows of two numbers")
        if not np.all(np.abs(rows) <= LARGEST):
            raise ValueError(f"rows: allowed are finite numbers from {-LARGEST:g} to {LARGEST:g}")
        rows.setflags(write=False)
        object.__setattr__(self, "rows", rows)

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

    def standardised(self) -> "Data":
        """Return the rows with inputs of mean 0 and standard deviation 1: a valley turned into a bowl."""
        return Data(np.column_stack([(self.x - self.x.mean()) / self.x.std(), self.y]))


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


def read_csv(content: bytes | str) -> Data:
    """Return the rows of a CSV file of two columns.

    Commas, semicolons or tabs separate them; the first line may hold names. Raises ValueError, one sentence with the
    line and the reason, for everything else.
    """
    if len(content) > MOST_BYTES:
        raise ValueError(f"The file has {len(content)} characters; allowed are {MOST_BYTES}.")
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content.removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1  # type: ignore[arg-type]
        raise ValueError(f"Line {line}: this is not text in UTF-8.") from None
    rows: list[list[float]] = []
    for line, fields in _lines(text):
        if not rows and line == 1 and not any(_number(field) is not None for field in fields):
            continue  # names of the columns
        rows.append(_checked_row(line, fields))
        if len(rows) > MOST_ROWS:
            raise ValueError(f"Line {line}: this is row {len(rows)}; allowed are {MOST_ROWS}.")
    if len(rows) < 2:
        raise ValueError(f"The file has {len(rows) or 'no'} row{'s' * (not rows)} of numbers; at least 2 are needed.")
    data = Data(np.array(rows))
    for name, column in (("first", data.x), ("second", data.y)):
        if np.all(column == column[0]):
            raise ValueError(f"The {name} column is {column[0]:g} in every line; there is nothing to learn from it.")
    return data


def _lines(text: str):
    """Yield (number, fields) of every line that is not empty."""
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        for fields in reader:
            if any(field.strip() for field in fields):
                yield reader.line_num, fields
    except csv.Error as error:
        raise ValueError(f"Line {reader.line_num}: {error}.") from None


def _checked_row(line: int, fields: list[str]) -> list[float]:
    if len(fields) != 2:
        raise ValueError(f"Line {line}: {len(fields)} column{'s' * (len(fields) != 1)}; there must be two.")
    row = []
    for field in fields:
        value = _number(field)
        shown = " ".join(field.split())[:30]
        if value is None:
            raise ValueError(f"Line {line}: {shown!r} is not a number.")
        if not abs(value) <= LARGEST:
            raise ValueError(f"Line {line}: {shown} is outside {-LARGEST:g} to {LARGEST:g}.")
        row.append(value)
    return row


def _number(field: str) -> float | None:
    try:
        return float(field)
    except ValueError:
        return None
