"""Finding the new lines of a log that can only be read as a whole.

The platform answers a step's whole log each time, without a cursor
(``contracts/workflows.md`` 3.5). :class:`LogReader` keeps what was shown and finds what is new,
also when the server forgot the beginning or was restarted in between.
"""

from __future__ import annotations

from collections.abc import Sequence

from pennsieve_agent.domain.runs import LogMessage

_OVERLAP = 1000


class LogReader:
    """What is new in one step's log."""

    def __init__(self) -> None:
        self._seen = 0
        self._tail: list[LogMessage] = []

    def fresh(self, messages: Sequence[LogMessage]) -> list[LogMessage]:
        """The messages that were not there before, in order."""
        start = self._start(messages)
        new = list(messages[start:])
        if new:
            self._seen = len(messages)
            self._tail = list(messages[-_OVERLAP:])
        return new

    def _start(self, messages: Sequence[LogMessage]) -> int:
        """Where the new part begins: behind the longest end of what we know that is there."""
        if not self._tail:
            return 0
        if list(messages[self._seen - len(self._tail) : self._seen]) == self._tail:
            return self._seen
        if len(messages) <= self._seen and self._is_older(messages):
            return len(messages)
        for length in range(min(len(self._tail), len(messages)), 0, -1):
            end = self._tail[-length:]
            for at in range(len(messages) - length, -1, -1):
                if list(messages[at : at + length]) == end:
                    return at + length
        return 0

    def _is_older(self, messages: Sequence[LogMessage]) -> bool:
        """An answer that lags behind: all of it is no newer than what was shown."""
        return not messages or messages[-1].timestamp <= self._tail[-1].timestamp
