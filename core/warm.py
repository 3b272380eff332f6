"""Compile every kernel before anyone waits for it: `python -m core.warm`, or warm() in a thread while the app starts.

Numba keeps what it compiled on disk, so that the next process only loads it.
"""

from collections.abc import Callable, Sequence
from time import perf_counter

from core import descend
from core.engine.spec import Surface
from core.optimizers import OPTIMIZERS, VARIANTS


def warm(surfaces: Sequence[Surface], between: Callable[[], None] = lambda: None) -> int:
    """Compile the engine and the kernels of every optimizer and of `surfaces`, or load them; return how many.

    `between` is called before every kernel. Safe beside other threads: Numba compiles one kernel at a time, and
    whoever needs the same one waits for it.
    """
    optimizers = OPTIMIZERS + VARIANTS
    for optimizer in optimizers:
        between()
        descend(surfaces[0], optimizer, steps=1)
    for surface in surfaces:
        between()
        surface.value(*surface.starts[0])
    engine = 2
    return engine + len(optimizers) + len({surface.formulas for surface in surfaces})


if __name__ == "__main__":
    begin = perf_counter()
    from surfaces import ALL_SURFACES  # a program of its own stands above them

    count = warm(ALL_SURFACES)
    print(f"{count} kernels ready after {perf_counter() - begin:.1f} s")
