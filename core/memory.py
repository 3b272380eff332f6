"""Compute once, for everyone who asks: a bounded memory that never does the same work twice at a time.

    @remembered(48, T("Running {count} runs"))
    def diagram(surface, key, count): ...

However many threads ask at the same time, the function runs once and the others wait for it. It runs in a thread of
its own and goes on when whoever asked first has stopped waiting. The oldest value is forgotten first: where one
function has too many, and where all values of the process together weigh too much. How a thread waits can be set: an
interface lets other visitors pass meanwhile and shows how far it is.
"""

import gc
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import wraps
from inspect import signature
from types import ModuleType
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np

from core.text import T

Value = TypeVar("Value")
WORKERS = 8
"""Values that are computed at the same time. With two, everyone would wait for two visitors who measure for a minute;
those who open a page together ask for the same values, and keep one or two busy."""
MOST = 24 * 2**20
"""Bytes of all values together, whatever function they are of."""
LIGHT = 2**14
"""Bytes up to which a value does not count: a number that took long does not make room for a picture."""
COMPUTING = T("Computing")
_workers = ThreadPoolExecutor(WORKERS, "compute")
_here = threading.local()


class Pending(Future, Generic[Value]):
    """A value on its way, how much of it is done (0 to 1), and the words for what is being done."""

    def __init__(self, message: T = COMPUTING, values: Mapping[str, Any] | None = None):
        super().__init__()
        self.message, self.values, self.part = message, dict(values or {}), 0.0


Waiting = Callable[[Pending], Any]
_wait: Waiting = Future.result


def wait_by(waiting: Waiting) -> None:
    """Let every thread wait by this function, which returns what the pending value becomes."""
    global _wait
    _wait = waiting


def weigh(value: object) -> int:
    """Return about how many bytes a value holds. Functions, classes and modules belong to the program."""
    seen, total, left = set(), 0, [value]
    while left:
        one = left.pop()
        if id(one) in seen or callable(one) or isinstance(one, ModuleType):
            continue
        seen.add(id(one))
        total += sys.getsizeof(one)
        left += [one.base] if isinstance(one, np.ndarray) else gc.get_referents(one)
    return total


class Memory(Generic[Value]):
    """Values by key, each computed once however many ask for it at the same time, the oldest forgotten first."""

    _changing = threading.Lock()
    """One for all memories, because they share a weight."""
    _heavy: ClassVar[OrderedDict[tuple["Memory", Hashable], int]] = OrderedDict()
    """What the values weigh that count, whosever they are, the oldest first."""

    def __init__(self, size: int):
        self._size = size
        self._known: OrderedDict[Hashable, Value] = OrderedDict()
        self._asked: dict[Hashable, Pending[Value]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._known

    def get(self, key: Hashable, compute: Callable[[Callable[[float], None]], Value], pending: Pending[Value]) -> Value:
        """Return the value of `key`; where it is not known, wait for what `compute(progress)` returns.

        `pending` is a fresh one, used by the first who asks. An error reaches everyone who waits, and is forgotten.
        """
        with self._changing:
            if key in self._known:
                self._known.move_to_end(key)
                if (self, key) in self._heavy:
                    self._heavy.move_to_end((self, key))
                return self._known[key]
            first = key not in self._asked
            pending = self._asked.setdefault(key, pending)
        if getattr(_here, "working", False):
            # Where a value needs another one it is computed on the spot: all workers might wait for one another.
            if first:
                self._compute(key, compute, pending)
            return pending.result()
        if first:
            # The context carries the language of the visitor who asks.
            _workers.submit(copy_context().run, self._compute_apart, key, compute, pending)
        return _wait(pending)

    def clear(self) -> None:
        """Forget everything."""
        with self._changing:
            for key in tuple(self._known):
                self._forget(key)

    def _compute_apart(self, *arguments) -> None:
        _here.working = True
        self._compute(*arguments)

    def _compute(self, key: Hashable, compute: Callable, pending: Pending[Value]) -> None:
        try:
            value = compute(lambda part: setattr(pending, "part", part))
        except BaseException as error:
            with self._changing:
                del self._asked[key]
            pending.set_exception(error)
            return
        weight = weigh(value)
        with self._changing:
            self._known[key] = value
            del self._asked[key]
            if weight > LIGHT:
                self._heavy[self, key] = weight
            while len(self._known) > self._size:
                self._forget(next(iter(self._known)))
            while sum(self._heavy.values()) > MOST:
                memory, oldest = next(iter(self._heavy))
                memory._forget(oldest)
        pending.set_result(value)

    def _forget(self, key: Hashable) -> None:
        del self._known[key]
        self._heavy.pop((self, key), None)


def remembered(size: int, message: T = COMPUTING) -> Callable[[Callable[..., Value]], Callable[..., Value]]:
    """Decorate a function whose value depends on its hashable arguments alone: at most `size` values are kept.

    `message` says what is being computed, with {names} for arguments. A function with a parameter `progress` is given
    one, to be called with the part that is done. The decorated function carries its `memory`.
    """

    def decorate(function: Callable[..., Value]) -> Callable[..., Value]:
        memory: Memory[Value] = Memory(size)
        names = signature(function)
        tells = "progress" in names.parameters

        @wraps(function)
        def remember(*arguments: Hashable, **settings: Hashable) -> Value:
            def compute(progress: Callable[[float], None]) -> Value:
                return function(*arguments, **settings, **({"progress": progress} if tells else {}))

            key = (arguments, tuple(sorted(settings.items())))
            if key in memory:
                return memory.get(key, compute, Pending())
            given = names.bind_partial(*arguments, **settings)
            given.apply_defaults()
            return memory.get(key, compute, Pending(message, given.arguments))

        remember.memory = memory  # type: ignore[attr-defined]
        return remember

    return decorate
