"""Finding the new lines of a log that is read again and again.

Pennsieve answers a step's whole log each time, without a cursor (``contracts/workflows.md`` 3.5):
:class:`LogReader` keeps what was shown and finds what is new, also when the server forgot the
beginning or was restarted in between. A node answers what was written since a time:
:class:`LogWindow` keeps from when, and what of it is known. Both keep little, however long the log.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from pennsieve_agent.domain.runs import LogMessage

_OVERLAP = 1000
LATE_MILLISECONDS = 60_000
"""How late a line may become readable; lines are read again, but shown once."""
MOST_KNOWN = 2000
"""Lines that are read again at most, of a program that prints quickly."""
_Key = tuple[int, str, int]


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


class LogWindow:
    """From when the log of a run is read again, and which of its lines are known."""

    def __init__(self) -> None:
        self._known: list[_Key] = []
        self._whole_from = 0
        """All lines since are known."""
        self._newest = 0
        self._unmatched: Counter[_Key] = Counter()

    def begin(self) -> int:
        """Begin to read once more; since when, in unix milliseconds."""
        since = max(self._newest - LATE_MILLISECONDS, self._whole_from, 0)
        self._known = [key for key in self._known if key[0] >= since]
        self._unmatched = Counter(self._known)
        return since

    def fresh(self, messages: Iterable[LogMessage]) -> list[LogMessage]:
        """Those of a page that are new."""
        new = []
        for message in messages:
            key = (message.timestamp, message.step, hash(message.message))
            if self._unmatched[key] > 0:
                self._unmatched[key] -= 1
                continue
            new.append(message)
            self._known.append(key)
            self._newest = max(self._newest, message.timestamp)
        if len(self._known) > 2 * MOST_KNOWN:
            self._shorten()
        return new

    def _shorten(self) -> None:
        """Forget old lines; those of one moment are known together or not at all."""
        self._known.sort()
        first = self._known[-MOST_KNOWN][0]
        self._known = [key for key in self._known if key[0] >= first]
        self._whole_from = max(self._whole_from, first)
