"""The process's own standard streams, in whatever state a shell or another program left them.

Imports little, so that ``pennsieve --version`` is instant.
"""

from __future__ import annotations

import io
import os
import select
import sys
from typing import Any, TextIO

_IN, _OUT, _ERR = 0, 1, 2
_ABSENT = ((_IN, os.O_RDONLY), (_OUT, os.O_RDONLY), (_ERR, os.O_WRONLY))
"""How ``/dev/null`` is opened in place of a closed stream: what is written to the output fails."""


def fill() -> None:
    """Put something in the place of closed streams, before a file or a socket takes their number.

    What a child process says on standard error would else be written into that file.
    """
    for number, flags in _ABSENT:  # the lowest free number is taken, so these are in order
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, flags), True)  # noqa: FBT003 - only by position
    # Python has none of those that were closed; libraries expect them.
    sys.stdin = sys.stdin or stdin()
    sys.stdout = sys.stdout or stdout()
    sys.stderr = sys.stderr or stderr()


def stdin() -> TextIO:
    """Standard input, or what stands in its place."""
    if _is_replaced("stdin"):
        return sys.stdin
    raw = _Patient(_IN)
    return io.TextIOWrapper(io.BufferedReader(raw), _encoding("stdin"))


def stdout() -> TextIO:
    """Standard output, or what stands in its place; each ``write`` writes all or raises."""
    return sys.stdout if _is_replaced("stdout") else _writer(_Patient(_OUT), "stdout")


def stderr() -> TextIO:
    """Standard error, or what stands in its place; nothing fails for what cannot be said there."""
    return sys.stderr if _is_replaced("stderr") else _writer(_Forgiving(_ERR), "stderr")


def _is_replaced(name: str) -> bool:
    """Whether somebody put a stream of his own there, as tests do."""
    stream = getattr(sys, name)
    return stream is not None and stream is not getattr(sys, f"__{name}__")


def _encoding(name: str) -> str:
    return getattr(getattr(sys, f"__{name}__"), "encoding", None) or "utf-8"


def _writer(raw: _Patient, name: str) -> TextIO:
    # Nothing is kept back: what cannot be written is known at once, not when the program ends.
    return io.TextIOWrapper(raw, _encoding(name), "replace", write_through=True)  # type: ignore[type-var]


class _Patient(io.RawIOBase):
    """A descriptor that may be non-blocking, as Node and some CI runners leave it."""

    def __init__(self, number: int) -> None:
        self._number = number

    def fileno(self) -> int:
        """Its number."""
        return self._number

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return os.isatty(self._number)

    def readable(self) -> bool:
        """Whether it is standard input."""
        return self._number == _IN

    def writable(self) -> bool:
        """Whether it is an output."""
        return self._number != _IN

    def readinto(self, buffer: Any) -> int:
        """Read what is there; waits for something.

        Raises:
            OSError: it cannot be read.

        """
        while True:
            try:
                data = os.read(self._number, len(buffer))
            except BlockingIOError:
                select.select([self._number], [], [])
                continue
            buffer[: len(data)] = data
            return len(data)

    def write(self, data: Any) -> int:
        """Write all of it; waits where the reader is slower.

        Raises:
            OSError: not all could be written.

        """
        rest = memoryview(data).cast("B")
        count = len(rest)
        while rest:
            try:
                rest = rest[os.write(self._number, rest) :]
            except BlockingIOError:
                select.select([], [self._number], [])
        return count


class _Forgiving(_Patient):
    """For messages: a command does not fail because nobody can read them."""

    def write(self, data: Any) -> int:
        """Write it if that is possible."""
        try:
            return super().write(data)
        except OSError:
            return len(data)
