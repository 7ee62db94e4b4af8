"""Reading the lines of a run up to now: all that are wanted, or the last of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pennsieve_agent.domain.log_filter import LogFilter
    from pennsieve_agent.domain.run_events import Event
    from pennsieve_agent.services.runs.follow_run import Follower


def from_the_last(follower: Follower, only: LogFilter, tail: int) -> LogFilter:
    """The lines that are wanted, from about the first of the last on, where that can be asked.

    Attempts are told from what comes before; of a pattern, all is read once to find it.
    """
    if only.attempt or (only.pattern and not only.is_followed):
        return only
    steps = follower.followed_steps()
    lines = follower.backend.last_lines(follower.run.uuid, steps, tail, only) if steps else ()
    return replace(only, since=lines[0].timestamp) if len(lines) == tail else only


def lines_of(follower: Follower, tail: int | None) -> Iterator[Sequence[Event]]:
    """The lines so far, or the last of them, and where attempts began between."""
    from pennsieve_agent.domain.run_events import Change, Line

    pages = ([one for one in page if not isinstance(one, Change)] for page in follower.once())
    if tail is None:
        yield from pages
        return
    last = deque[Line](maxlen=tail)
    for page in pages:
        last.extend(one for one in page if isinstance(one, Line))
    yield list(last)
