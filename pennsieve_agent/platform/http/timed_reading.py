"""Answers that end in time, however slowly they come.

A socket's own time limit begins anew with each byte: a server that sends one a minute would never
be given up.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from collections.abc import Callable
from typing import Any


class OverdueError(Exception):
    """An answer that began takes longer, or is larger, than any does."""


class TimedReader(io.RawIOBase):
    """What comes on a connection, until a moment; ``idle`` is for how long nothing may come."""

    def __init__(self, raw: io.RawIOBase, connection: socket.socket, idle: float) -> None:
        super().__init__()
        self._raw, self._connection, self._idle = raw, connection, idle
        self._ends_at = time.monotonic() + idle
        self._overdue: Exception = TimeoutError("the head of the answer takes too long")

    def allow(self, seconds: float) -> None:
        """The head is there; the body may take so long."""
        self._ends_at = time.monotonic() + seconds
        self._overdue = OverdueError("the answer takes too long")

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what is there.

        Raises:
            TimeoutError: nothing comes, or the head takes too long.
            OverdueError: the body takes too long.
        """
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise self._overdue
        self._connection.settimeout(min(left, self._idle))
        try:
            return self._raw.readinto(buffer)
        except TimeoutError:
            if time.monotonic() >= self._ends_at:
                raise self._overdue from None
            raise

    def close(self) -> None:
        """Let go of the connection."""
        self._raw.close()
        super().close()


def timed_response(idle: float) -> Callable[..., http.client.HTTPResponse]:
    """What ``http.client`` makes an answer of, with time limits; ``idle`` is that of the head."""

    def response(connection: socket.socket, *more: Any, **named: Any) -> http.client.HTTPResponse:
        answer = http.client.HTTPResponse(connection, *more, **named)
        raw = answer.fp.detach()
        answer.fp = io.BufferedReader(TimedReader(raw, connection, idle))
        return answer

    return response
