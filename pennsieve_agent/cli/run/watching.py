"""A run while it is watched: what was seen of it last, drawn live or told line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pennsieve_agent.cli.run.event_views import change_words
from pennsieve_agent.cli.run.watch_rows import Drawn, Watched, no_answer_words, picture
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.domain.log_filter import LogFilter
from pennsieve_agent.domain.run_events import Change, Event, Line
from pennsieve_agent.domain.runs import Run, RunState
from pennsieve_agent.domain.transfer_progress import progress_in

if TYPE_CHECKING:
    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.services.runs.follow_run import Follower

RECENT_SECONDS = 3600.0
"""How old the last line of a log is at most that is shown; older ones are not read."""
ROWS_AT_END = 1000
"""Lines of the picture that stays: all of it."""


class WatchedRun:
    """The run, as its view has it; what is seen is put in by the one who follows it."""

    def __init__(self, context: Context, run: Run) -> None:
        self._now = context.now
        state = RunState(run.status, run.started_at, run.completed_at, run.states, run.reason)
        self.seen = Watched(run, state)

    def look(self, state: RunState) -> None:
        """Note how far the run is."""
        self.seen = replace(self.seen, state=state)

    def note(self, events: Sequence[Event]) -> None:
        """Note the last lines that were printed; a transfer's progress is shown beside its step."""
        lines = {event.step: event for event in events if isinstance(event, Line)}
        if not lines:
            return
        texts = [line for line in lines.values() if progress_in(line.text) is None]
        last = max(texts, key=lambda line: line.timestamp, default=self.seen.last)
        self.seen = replace(self.seen, lines={**self.seen.lines, **lines}, last=last)

    def outage(self, seconds: float | None, why: str) -> None:
        """Note for how long there is no answer; None: there is one again."""
        trouble = "" if seconds is None else no_answer_words(seconds, why)
        self.seen = replace(self.seen, trouble=trouble)

    def picture(self, width: int, height: int) -> list[Drawn]:
        """The view for a terminal of so many columns and lines."""
        return picture([self.seen], self._now(), width, height)

    def last_picture(self, context: Context) -> Shown:
        """What stays on the terminal at the end."""
        from pennsieve_agent.console.live_view import as_text

        lines = self.picture(context.streams.width - 1, ROWS_AT_END)
        return Shown(text=as_text(lines, context.streams))


def seen(context: Context, following: Follower) -> Iterator[Iterable[Shown]]:
    """What is shown of what happens, in parts that came at once.

    On a terminal the view is drawn meanwhile, and stays at the end as text; elsewhere, each change
    is a line.
    """
    from pennsieve_agent.console.live_view import shown_live

    if not context.streams.out_is_terminal or context.environ.get("TERM") == "dumb":
        following.reads_lines = False
        for events in following.events():
            yield _change_lines(context, events)
        return
    watched = WatchedRun(context, following.run)
    following.looked, following.outage = watched.look, watched.outage
    # What was printed long ago is not shown, and not read.
    following.only = LogFilter(since=int((context.now() - RECENT_SECONDS) * 1000))
    with shown_live(context.streams, watched.picture):
        for events in following.events():
            watched.note(events)
    state = watched.seen.state
    context.streams.announce(f"{following.run.label} {state.status.label}")
    yield [watched.last_picture(context)]


def _change_lines(context: Context, events: Sequence[Event]) -> Iterator[Shown]:
    lines = [change_words(context.streams, one) for one in events if isinstance(one, Change)]
    if lines:
        yield Shown(text="\n".join(lines))
