"""The threads that share the work of many runs: as many as there are processors, for all callers together.

Kernels run without the interpreter lock, so that threads are enough. Never a parallel Numba kernel: two sessions that
call one at once can end the process.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache


class Threads(ThreadPoolExecutor):
    """Threads whose `map` queues no more than two pieces of work for each, so that several callers take turns."""

    def map(self, work: Callable, *pieces: Iterable, timeout=None, chunksize=1) -> Iterator:
        """Yield work(piece) in the order of the pieces."""
        waiting: deque[Future] = deque()
        try:
            for piece in zip(*pieces, strict=True):
                if len(waiting) == 2 * self._max_workers:
                    yield waiting.popleft().result(timeout)
                waiting.append(self.submit(work, *piece))
            while waiting:
                yield waiting.popleft().result(timeout)
        finally:
            for future in waiting:  # the caller has left
                future.cancel()


@cache
def threads() -> Threads:
    """Return the threads of this process."""
    return Threads(os.cpu_count(), "runs")
