"""Bytes that a program prints, as lines of text.

A progress bar is one line that is drawn again and again, each state after a carriage return. While
it is drawn, what a terminal would show is handed on now and then, and its last state at its end.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from pennsieve_agent.engine.backend import Log

MAX_LINE_BYTES = 1024 * 1024 - 26
"""A longer line is handed on in pieces of this size, so that a program cannot fill the memory.
CloudWatch Logs takes as much as one event: 1 MB with the 26 bytes that it counts for each."""
STATE_SECONDS = 0.5
"""Between two states of a line that is drawn again."""

_UTF8_TAIL_BYTES = 3
_END = re.compile(rb"\r*\n|\r+")


class LineSplitter:
    """Hands on complete lines as soon as they are there. Not UTF-8 becomes U+FFFD."""

    def __init__(self, log: Log, now: Callable[[], float] = time.monotonic) -> None:
        """``now`` is in seconds, from any beginning."""
        self._log = log
        self._now = now
        self._rest = bytearray()
        self._state = b""
        """What was drawn last and not handed on."""
        self._drawn = b""
        """The state that was handed on last, of this line."""
        self._since: float | None = None
        """When a state was handed on, or the line was first drawn again; None for other lines."""

    def feed(self, data: bytes) -> None:
        """Take more of the output."""
        ends = b"\n" in data or b"\r" in data or self._rest.endswith(b"\r")
        self._rest += data
        if ends:
            whole = bytes(self._rest)
            if b"\r" in whole:
                rest = self._redrawn(whole)
            else:
                *lines, rest = whole.split(b"\n")
                for line in lines:
                    self._line(line)
            self._rest = bytearray(rest)
        while len(self._rest) > MAX_LINE_BYTES:
            piece, rest = cut(bytes(self._rest), MAX_LINE_BYTES)
            self._log(_text(piece))
            self._rest = bytearray(rest)

    def idle(self) -> None:
        """Hand on the state of a line that is being drawn, if it is time; nothing new came."""
        if self._since is not None:
            self._draw(bytes(self._rest.rstrip(b"\r")) or self._state)

    def close(self) -> None:
        """Hand on a last line that never ended."""
        if self._rest or self._state:
            self._line(bytes(self._rest.rstrip(b"\r")))
        self._rest.clear()

    def _redrawn(self, data: bytes) -> bytes:
        """Take output with carriage returns; what is left of it."""
        start = 0
        for end in _END.finditer(data):
            is_line = end[0].endswith(b"\n")
            if not is_line and end.end() == len(data):
                break  # a line feed may belong to it
            piece, start = data[start : end.start()], end.end()
            if is_line:
                self._line(piece)
            else:
                self._draw(piece)
        if self._since is None and data[start:].strip(b"\r") and data.endswith(b"\r"):
            self._since = self._now()
        return data[start:]

    def _draw(self, piece: bytes) -> None:
        now = self._now()
        if self._since is None:
            self._since = now
        if not piece or piece == self._drawn:
            return
        self._state = piece
        if now - self._since >= STATE_SECONDS:
            self._emit(piece)
            self._state, self._drawn, self._since = b"", piece, now

    def _line(self, line: bytes) -> None:
        if self._since is not None:
            line = line or self._state
            is_shown = line in {b"", self._drawn}
            self._state, self._drawn, self._since = b"", b"", None
            if is_shown:
                return
        self._emit(line)

    def _emit(self, line: bytes) -> None:
        while len(line) > MAX_LINE_BYTES:
            piece, line = cut(line, MAX_LINE_BYTES)
            self._log(_text(piece))
        self._log(_text(line))


def cut(line: bytes, most: int) -> tuple[bytes, bytes]:
    """A first piece that does not end within a character, and what follows it."""
    end = most
    while end > most - _UTF8_TAIL_BYTES and line[end] & 0xC0 == 0x80:  # noqa: PLR2004
        end -= 1
    return line[:end], line[end:]


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace")
