"""Print the table. Words pick rows: `python -m benchmarks torch basin` runs those whose name contains one of them."""

import sys

from benchmarks.rows import ROWS, Row
from benchmarks.yardsticks import Missing

COLUMNS = "{:>10}  {:>10}  {:>8}  {:>10}  {:>4}"


def seconds(value: float) -> str:
    """Write seconds with three digits, in the unit that suits them."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value / 1e-6:.3g} us"


def share(value: float) -> str:
    """Write a ratio; a small one as 1/n."""
    return f"1/{1 / value:.0f}" if value < 0.1 else f"{value:.2f}"


def line(row: Row) -> str:
    """Write the numbers of a row in columns."""
    goal = ""
    if row.most_ratio is not None:
        goal = f"<= {share(row.most_ratio)}"
    elif row.most_seconds is not None:
        goal = f"<= {seconds(row.most_seconds)}"
    met = {True: "yes", False: "NO", None: ""}[row.met]
    return COLUMNS.format(seconds(row.ours), seconds(row.yardstick), share(row.ratio), goal, met)


def main(words: list[str]) -> None:
    """Run the rows whose name contains one of `words`, or all."""
    print(COLUMNS.format("ours", "yardstick", "ratio", "goal", "met"))
    for row in ROWS:
        if words and not any(word in row.__name__ for word in words):
            continue
        try:
            numbers = line(row())
        except Missing as missing:
            numbers = f"not measured: {missing}"
        print(f"{row.__doc__}\n{numbers}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
