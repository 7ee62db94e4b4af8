"""How what happens in a run is shown while it happens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from pennsieve_agent.console import documents
from pennsieve_agent.console.printable import program_line
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.console.tables import STATUS_STYLES

if TYPE_CHECKING:
    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.console.streams import Streams
    from pennsieve_agent.domain.run_events import Change, Event, Line, NewAttempt
    from pennsieve_agent.domain.runs import Run

_COLOURS = ("cyan", "green", "yellow")


class EventViews:
    """Shows what happens in a run: its lines on standard output, its states on standard error.

    Of a run in a batch, lines ``begin`` with the ``subject``, which --json has beside them.
    """

    def __init__(
        self,
        context: Context,
        run: Run,
        *,
        timestamps: bool = False,
        subject: str = "",
        begin: str = "",
    ) -> None:
        from pennsieve_agent.domain.workflows import StepKind

        self._streams = context.streams
        self._as_json = context.as_json
        self._timestamps = timestamps
        self._subject, self._begin = subject, begin
        steps = [s.id for s in run.steps] or [s.id for s in run.states]
        processors = [s for s in run.steps if s.kind is StepKind.PROCESSOR]
        self._width = max((len(step) for step in steps), default=0)
        self._named = len(steps) > 1
        self._colours = {s.id: _COLOURS[i % len(_COLOURS)] for i, s in enumerate(processors)}

    def shown(self, events: Sequence[Event]) -> Iterator[Shown]:
        """Events that came at once. How the run ended is said at the very end, by the command."""
        from pennsieve_agent.domain.run_events import Change

        for is_change, some in groupby(events, lambda event: isinstance(event, Change)):
            if not is_change:
                yield self._lines([event for event in some if not isinstance(event, Change)])
                continue
            notes = [self._change(event) for event in some if isinstance(event, Change)]
            yield Shown(notes=[note for note in notes if note])

    def _lines(self, lines: Sequence[Line | NewAttempt]) -> Shown:
        if self._as_json:
            subject = {"subject": self._subject} if self._subject else {}
            return Shown(
                lines=[{**documents.log_line(line, _words(line)), **subject} for line in lines]
            )
        return Shown(text="\n".join(map(self._line, lines)))

    def _line(self, line: Line | NewAttempt) -> str:
        from pennsieve_agent.domain.run_events import NewAttempt

        words = _words(line)
        if isinstance(line, NewAttempt):
            return f"{self._prefix(line)}{self._streams.paint(f'-- {words} --', 'yellow')}"
        return f"{self._prefix(line)}{program_line(words)}"

    def _change(self, event: Change) -> str:
        if not event.step and event.status.is_final:
            return ""
        return f"{self._streams.paint('●', 'dim')} {change_words(self._streams, event)}"

    def _prefix(self, line: Line | NewAttempt) -> str:
        stamp = f"{documents.milliseconds(line.timestamp)} " if self._timestamps else ""
        stamp = f"{stamp}{self._streams.paint(program_line(self._begin), 'bold')}"
        if not self._named:
            return f"{stamp}| " if self._begin else stamp
        name = line.step.ljust(self._width)
        colour = self._colours.get(line.step, "dim")
        return f"{stamp}{self._streams.paint(f'{name} |', colour)} "


def change_words(streams: Streams, event: Change) -> str:
    """What came to a new state, or waits for a new reason."""
    label = event.status.label
    name = f"step {event.step}" if event.step else "run"
    why = f": {event.reason}" if event.reason else ""
    return f"{name}: {streams.paint(label, STATUS_STYLES.get(label, 'dim'))}{why}"


def _words(line: Line | NewAttempt) -> str:
    """What a line says, or that its step is tried again and how the attempt before ended."""
    from pennsieve_agent.domain.run_events import Line

    if isinstance(line, Line):
        return line.text
    before = f" (attempt {line.attempt - 1}: {line.why})" if line.why else ""
    return f"attempt {line.attempt} of this step{before}"
