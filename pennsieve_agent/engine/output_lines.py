"""Bytes that a program prints, as lines of text."""

from __future__ import annotations

from pennsieve_agent.engine.backend import Log

MAX_LINE_BYTES = 64 * 1024
"""A longer line is handed on in pieces, so that a program cannot fill the memory."""

_UTF8_TAIL_BYTES = 3


class LineSplitter:
    """Hands on complete lines as soon as they are there. Not UTF-8 becomes U+FFFD."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Take more of the output."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._emit(line)
        while len(self._rest) > MAX_LINE_BYTES:
            piece, self._rest = _cut(self._rest)
            self._log(_text(piece))

    def close(self) -> None:
        """Hand on a last line that never ended."""
        if self._rest:
            self._emit(self._rest)
            self._rest = b""

    def _emit(self, line: bytes) -> None:
        line = line.removesuffix(b"\r")
        while len(line) > MAX_LINE_BYTES:
            piece, line = _cut(line)
            self._log(_text(piece))
        self._log(_text(line))


def _cut(line: bytes) -> tuple[bytes, bytes]:
    """A first piece that does not end within a character, and what follows it."""
    end = MAX_LINE_BYTES
    while end > MAX_LINE_BYTES - _UTF8_TAIL_BYTES and line[end] & 0xC0 == 0x80:  # noqa: PLR2004
        end -= 1
    return line[:end], line[end:]


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace")
