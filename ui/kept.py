"""Remember results in a page script, which Streamlit runs anew, definitions and all, for every visitor and change."""

from collections.abc import Callable
from functools import lru_cache
from types import CodeType
from typing import TypeVar

Function = TypeVar("Function", bound=Callable)
_KEPT: dict[CodeType, Callable] = {}


def kept(maxsize: int) -> Callable[[Function], Function]:
    """Decorate a function of a page as `lru_cache` does a function of a module: one memory for the whole process.

    The function must depend on its arguments alone, which the first definition that ran receives for good.
    """

    def remember(function: Function) -> Function:
        # By its code: an edited script gets a new memory.
        return _KEPT.setdefault(function.__code__, lru_cache(maxsize)(function))  # type: ignore[return-value]

    return remember
