"""Compute once, for everyone who asks: a bounded memory that never does the same work twice at a time.

    @remembered(48, T("Running {count} runs"))
    def diagram(surface, key, count): ...

However many threads ask at the same time, the function runs once and the others wait for it. It runs in a thread of
its own and goes on when whoever asked first has stopped waiting. The oldest value is forgotten first. How a thread
waits can be set: an interface lets other visitors pass meanwhile and shows how far it is.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import wraps
from inspect import signature
from typing import Any, Generic, TypeVar

from core.text import T

Value = TypeVar("Value")
WORKERS = 2
"""Values that are computed at the same time: the kernels release the interpreter lock, Python does not."""
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


class Memory(Generic[Value]):
    """Values by key, each computed once however many ask for it at the same time, the oldest forgotten first."""

    def __init__(self, size: int):
        self._size = size
        self._known: OrderedDict[Hashable, Value] = OrderedDict()
        self._asked: dict[Hashable, Pending[Value]] = {}
        self._changing = threading.Lock()

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
            self._known.clear()

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
        with self._changing:
            self._known[key] = value
            del self._asked[key]
            while len(self._known) > self._size:
                self._known.popitem(last=False)
        pending.set_result(value)


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
