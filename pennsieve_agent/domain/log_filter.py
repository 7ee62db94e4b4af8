"""Which lines of a run's log somebody wants to read. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pennsieve_agent.domain.run_events import Change, Event, Line, NewAttempt
from pennsieve_agent.domain.runs import LogMessage

_SPECIAL = re.compile(r"[\\^$.|?*+()\[\]{}]")


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Lines from ``since`` up to before ``until``, in unix milliseconds, 0 for no bound.

    ``attempt`` counts from 1, 0 for all. ``pattern`` is a regular expression that a line must have
    somewhere. ``is_followed`` is for a log that is read again and again.
    """

    since: int = 0
    until: int = 0
    attempt: int = 0
    pattern: re.Pattern[str] | None = None
    is_followed: bool = False

    @property
    def word(self) -> str:
        """What is in each line that fits the pattern; empty where that cannot be told.

        A node looks for it in place of the pattern: how long a pattern takes has no bound. Of a log
        that is followed, it would read the beginning again until a line fits.
        """
        if self.is_followed:
            return ""
        text = self.pattern.pattern if self.pattern else ""
        return "" if _SPECIAL.search(text) else text

    def lines(self, lines: Sequence[LogMessage]) -> list[LogMessage]:
        """Those that fit, as far as a line alone can tell."""
        return [line for line in lines if self._fits(line)]

    def events(self, events: Sequence[Event]) -> list[Event]:
        """Those that fit, and changes; where lines are chosen, no word of new attempts between."""
        return [
            event
            for event in events
            if isinstance(event, Change)
            or (isinstance(event, Line) and self.attempt in {0, event.attempt})
            or (isinstance(event, NewAttempt) and not self._chooses)
        ]

    @property
    def _chooses(self) -> bool:
        return bool(self.since or self.until or self.attempt or self.pattern)

    def _fits(self, line: LogMessage) -> bool:
        return (
            line.timestamp >= self.since
            and (not self.until or line.timestamp < self.until)
            and (self.pattern is None or bool(self.pattern.search(line.message)))
        )


ALL_LINES = LogFilter()
