"""How far a transfer job is: the line that it logs, and what who watches a run reads from it.

A transfer job may write only its log and the run's files, so its progress is read from the log
without another permission.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass

EVERY_SECONDS = 10.0
"""Between two such lines: a log costs by its bytes, and who watches looks every few seconds."""
_LINE = re.compile(r"(downloaded|uploaded) (\d+) of (\d+) bytes")


@dataclass(frozen=True, slots=True)
class Progress:
    """So many bytes of all were ``verb``, downloaded or uploaded."""

    verb: str
    done: int
    total: int

    def line(self) -> str:
        """As it is logged."""
        return f"{self.verb} {self.done} of {self.total} bytes"


def progress_in(text: str) -> Progress | None:
    """What a line of a log tells; None when it is about something else."""
    match = _LINE.fullmatch(text.strip())
    return Progress(match[1], int(match[2]), int(match[3])) if match else None


class MovedBytes:
    """Counts bytes from several threads, and says from time to time how many there were.

    ``now`` is in seconds. A transfer that takes less than the pause says nothing.
    """

    def __init__(
        self, verb: str, total: int, say: Callable[[str], None], now: Callable[[], float]
    ) -> None:
        self._verb, self._total, self._say, self._now = verb, total, say, now
        self._done, self._said_at = 0, now()
        self._lock = threading.Lock()

    def count(self, size: int) -> None:
        """Note that bytes were moved; fewer than 0 where some have to be moved again."""
        with self._lock:
            self._reach(self._done + size)

    def reach(self, done: int) -> None:
        """Note how many bytes were moved in all."""
        with self._lock:
            self._reach(done)

    def _reach(self, count: int) -> None:
        self._done, now = count, self._now()
        if now - self._said_at >= EVERY_SECONDS:
            self._said_at = now
            done = min(max(self._done, 0), self._total)
            self._say(Progress(self._verb, done, self._total).line())
