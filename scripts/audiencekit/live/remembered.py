"""What follows from a name is worked out once: the same few names come in every call of a website."""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

_Result = TypeVar("_Result")
# Names that are remembered, and how long one of them is at most: what others send must not fill the memory.
_NAMES, _LENGTH = 10_000, 100


def remembered(function: Callable[[str], _Result]) -> Callable[[str], _Result]:
    """The same function of a name, which remembers its results."""
    known = lru_cache(_NAMES)(function)

    def result(name: str) -> _Result:
        return known(name) if len(name) <= _LENGTH else function(name)

    return result
