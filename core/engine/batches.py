"""Mini-batches: which rows of the data the gradient of a step sees, drawn by NumPy from a shown seed.

"replacement" draws every row anew from all of them. "reshuffled" deals the rows in a new order every epoch, as
torch.utils.data.DataLoader(shuffle=True) does; the last batch of an epoch is smaller where the size does not divide
the data. "fixed" deals them in their own order. A full batch is the size of the data with "reshuffled" or "fixed".
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import cycle, repeat
from typing import NamedTuple

import numpy as np

from core.engine.data import Data

SAMPLING = ("replacement", "reshuffled", "fixed")


@dataclass(frozen=True)
class Batches:
    """Rows of data for every step: `size`, one number or one for every step, how they are drawn, and a NumPy seed.

    Run i of an ensemble draws with seed + i. `skip` leaves out the batches of that many steps: a run that goes on.
    """

    size: int | tuple[int, ...]
    sampling: str = "replacement"
    seed: int = 0
    skip: int = 0

    def __post_init__(self):
        if isinstance(self.size, np.ndarray | list):
            object.__setattr__(self, "size", tuple(int(size) for size in self.size))
        sizes = self.size if isinstance(self.size, tuple) else (self.size,)
        if not sizes or not all(_whole(size) and size >= 1 for size in set(sizes)):
            raise ValueError(f"batches: size: got {self.size!r:.60}, allowed are whole numbers from 1 on")
        if self.sampling not in SAMPLING:
            raise ValueError(f"batches: sampling: got {self.sampling!r}, allowed are {', '.join(SAMPLING)}")
        for name, value in (("seed", self.seed), ("skip", self.skip)):
            if not _whole(value) or not 0 <= value < 2**63:
                raise ValueError(f"batches: {name}: got {value!r}, allowed are whole numbers from 0 on")

    def rows(self, steps: int) -> int:
        """Return how many rows `steps` batches hold at most."""
        return sum(self.size[self.skip : self.skip + steps]) if isinstance(self.size, tuple) else self.size * steps

    def sizes(self, rows: int, steps: int) -> np.ndarray:
        """Return how many rows each of `steps` batches holds, (steps,), of data with `rows` rows.

        Raises ValueError for a batch larger than the data, and for fewer sizes than steps.
        """
        return _sizes(self.size, rows, self.skip + steps, self.sampling != "replacement")[self.skip :]

    def indices(self, rows: int, steps: int) -> np.ndarray:
        """Return the rows of `steps` batches, one after the other: `numpy.split` them at the sums of `sizes`."""
        sizes = _sizes(self.size, rows, self.skip + steps, self.sampling != "replacement")
        total, skipped = int(sizes.sum()), int(sizes[: self.skip].sum())
        rng = np.random.default_rng(self.seed)
        if self.sampling == "fixed":
            drawn = np.arange(total) % rows
        elif self.sampling == "replacement":
            drawn = rng.integers(rows, size=total)
        else:
            drawn = np.concatenate([rng.permutation(rows) for _ in range(-(-total // rows))])[:total]
        return drawn[skipped:]


def batch_places(
    own: Sequence[Batches], data: Data | None, steps: int
) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Return (address and count of every batch (streams, steps, 2), the stream of each run, the rows that stand there).

    Runs with equal Batches share a stream. The caller keeps the rows alive while anyone uses their addresses.
    """
    if data is None or not own:
        return np.empty((0, steps, 2)), np.zeros(max(len(own), 1), dtype=np.intp), []
    number = {chosen: k for k, chosen in enumerate(dict.fromkeys(own))}
    places, rows = zip(*(_placed(chosen, data, steps) for chosen in number), strict=True)
    return np.stack(places), np.array([number[chosen] for chosen in own], dtype=np.intp), list(rows)


def _placed(batches: Batches, data: Data, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Batches in the order of the data, and full ones, are places in the data themselves; others a copy."""
    sizes = batches.sizes(len(data), steps)
    first = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    whole = batches.sampling != "replacement" and sizes.min() == len(data)
    if whole or batches.sampling == "fixed":
        before = int(_sizes(batches.size, len(data), batches.skip + 1, True)[:-1].sum())
        rows, first = data.rows, (before + first) % len(data)
    else:
        rows = data.rows.take(batches.indices(len(data), steps), axis=0)
    return np.column_stack([rows.ctypes.data + rows.strides[0] * first, sizes]).astype(float), rows


@lru_cache(maxsize=256)
def _sizes(size: int | tuple[int, ...], rows: int, steps: int, epochs: bool) -> np.ndarray:
    if isinstance(size, tuple) and len(size) < steps:
        raise ValueError(f"batches: size: got {len(size)} sizes, allowed is one for each of {steps} steps")
    wanted = np.array(size[:steps] if isinstance(size, tuple) else [size] * steps)
    if wanted.max() > rows:
        raise ValueError(f"batches: size: got {wanted.max()}, allowed are sizes up to the {rows} rows of the data")
    if epochs:
        left = rows
        for t in range(steps):
            wanted[t] = min(wanted[t], left)
            left = left - wanted[t] or rows
    wanted.setflags(write=False)
    return wanted


def _whole(value) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


# Rules for the size of a batch.


def alternating(sizes: Sequence[int], each: int) -> Iterator[int]:
    """Yield every size `each` times, for ever."""
    return cycle([size for size in sizes for _ in range(each)])


def growing(first: int, most: int, every: int, factor: float = 2) -> Iterator[int]:
    """Yield sizes that grow by `factor` every so many steps, up to `most`, for ever; a factor below 1 shrinks to 1."""
    size = float(first)
    while True:
        yield from repeat(max(1, min(most, round(size))), every)
        size = min(size * factor, most)


def spend(samples: int, sizes: Iterator[int]) -> tuple[int, ...]:
    """Return the sizes whose sum first reaches `samples`: what a budget of samples buys."""
    taken, spent = [], 0
    while spent < samples:
        taken.append(next(sizes))
        spent += taken[-1]
    return tuple(taken)


def staged(samples: int, sizes: Sequence[int]) -> tuple[int, ...]:
    """Return sizes that share a budget of samples in equal parts, one after the other."""
    return tuple(size for size in sizes for _ in range(samples // len(sizes) // size))


class Clocks(NamedTuple):
    """What a run has cost after k steps, (steps + 1,) each."""

    updates: np.ndarray
    samples: np.ndarray
    seconds: np.ndarray


def clocks(sizes: np.ndarray, least: float = 1e-3, throughput: float = 32_000.0) -> Clocks:
    """Return the three clocks of a run with batches of these sizes.

    Seconds are those of a model, not of a machine: a step takes max(`least`, size / `throughput`), because an
    accelerator is busy for some time however small the batch is. Raises ValueError unless both are positive.
    """
    if not (0 < least < np.inf and 0 < throughput < np.inf):
        raise ValueError(f"clocks: got least {least!r} and throughput {throughput!r}, allowed are positive numbers")
    sizes = np.asarray(sizes)
    steps = np.maximum(least, sizes / throughput)
    return Clocks(np.arange(len(sizes) + 1), np.append(0, np.cumsum(sizes)), np.append(0.0, np.cumsum(steps)))
