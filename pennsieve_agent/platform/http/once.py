"""Something expensive that is made when it is first needed, by whichever thread comes first.

``functools.cached_property`` does this too, but since Python 3.12 without a lock: two threads then
make two clients, and one of them is never closed.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Once(Generic[T]):
    """Makes a thing at most once; safe to share between threads."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = Lock()
        self._value: T | None = None

    def __call__(self) -> T:
        """The thing; raises what making it raises, and then tries again the next time."""
        with self._lock:
            if self._value is None:
                self._value = self._make()
            return self._value

    def existing(self) -> T | None:
        """The thing, if it was ever needed."""
        with self._lock:
            return self._value
