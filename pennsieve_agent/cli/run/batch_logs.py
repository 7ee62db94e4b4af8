"""What the runs of a batch printed; each line begins with its subject."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.run import batch_places, log_lines, log_options
from pennsieve_agent.console import cells
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.errors import AwsError, NodeError, PlatformError, UnknownName

if TYPE_CHECKING:
    from pennsieve_agent.cli.run.batch_places import LocatedBatch
    from pennsieve_agent.cli.run.event_views import EventViews
    from pennsieve_agent.domain.batches import BatchRow
    from pennsieve_agent.domain.log_filter import LogFilter
    from pennsieve_agent.services.batches.follow_batch import BatchWait
    from pennsieve_agent.services.runs.follow_run import Follower
    from pennsieve_agent.services.runs.run_backend import RunBackend

BETWEEN_SECONDS = 0.5
"""Between two runs that are looked at. A look asks for the state and for the lines: four questions
a second, of the five that Amazon CloudWatch Logs answers of FilterLogEvents in the slowest regions
(AWS, "CloudWatch Logs quotas")."""
_WIDEST = 24
"""Columns of the longest subject before a line; longer ones are cut."""


@dataclass(frozen=True, slots=True)
class LogChoice:
    """Which lines: of these subjects (a name or a pattern), of those that failed, as was typed."""

    subject: str | None = None
    failed: bool = False
    typed: log_options.Typed = log_options.NONE
    timestamps: bool = False

    def lines(self, context: Context, located: LocatedBatch, *, follow: bool) -> LogFilter:
        """The lines of each run.

        Raises:
            UsageProblem: a value makes no sense.
        """
        return log_options.chosen_of_batch(
            self.typed,
            [step.id for step in located.batch.steps],
            context.now(),
            has_attempts=bool(located.backend.token),
            follow=follow,
        )

    def takes(self, row: BatchRow) -> bool:
        """Whether a subject is one of them."""
        named = self.subject is None or self.subject == row.subject
        named = named or fnmatchcase(row.subject, self.subject or "")
        return named and (not self.failed or row.status.value == "FAILED")


def until_now(context: Context, located: LocatedBatch, choice: LogChoice) -> Iterator[Shown]:
    """The lines so far, run after run.

    Raises:
        UnknownName: no subject is called so.
    """
    messages = list[Any]()
    is_empty = True
    for part in _so_far(context, located, choice):
        is_empty = False
        messages += part.lines
        yield replace(part, lines=())
    notes = [_nothing(located, choice)] if is_empty else []
    yield Shown(document={"batch_id": located.batch.id, "messages": messages}, notes=notes)


def _so_far(context: Context, located: LocatedBatch, choice: LogChoice) -> Iterator[Shown]:
    only = choice.lines(context, located, follow=False)
    rows = _rows(located, choice)
    readers = Readers(context, batch_places.runs_of(context, located), choice, only, _width(rows))
    for row in rows:
        if row.run:
            yield from readers.look(row)


def _nothing(located: LocatedBatch, choice: LogChoice) -> str:
    if choice.typed.is_any:
        return f"no such line of batch '{located.batch.name}'"
    is_over = located.batch.status.is_final
    return f"no line {'' if is_over else 'yet '}of batch '{located.batch.name}'"


def _printed(context: Context, located: LocatedBatch, choice: LogChoice) -> Iterator[Shown]:
    """The lines of a batch that is over, as they are followed."""
    choice.lines(context, located, follow=True)  # what does not go with --follow is refused
    is_empty = True
    for part in _so_far(context, located, choice):
        is_empty = False
        yield part
    if is_empty:
        yield Shown(notes=[_nothing(located, choice)])


def followed(
    context: Context, located: LocatedBatch, wait: BatchWait, choice: LogChoice | None = None
) -> Iterator[Shown]:
    """The lines of the runs that go on, as they come, until the batch is over.

    Of a batch that is over already, what it printed.
    """
    choice = choice or LogChoice()
    if located.batch.status.is_final:
        yield from _printed(context, located, choice)
        return
    only = choice.lines(context, located, follow=True)
    rows = _rows(located, choice)
    readers = Readers(context, batch_places.runs_of(context, located), choice, only, _width(rows))
    batch = located.batch
    finished = {row.subject for row in rows if row.status.is_final}
    while True:
        active = [row for row in rows if row.run and row.subject not in finished]
        for row in active:
            yield from readers.look(row)
            if row.status.is_final:
                finished.add(row.subject)
            else:
                context.sleep(BETWEEN_SECONDS if not wait.here else 0.0)
        if batch.status.is_final and not active:
            return
        wait.check_deadline(batch)
        wait.pause()
        batch = wait.look(batch)
        rows = [row for row in wait.rows(batch) if choice.takes(row)]


@dataclass
class Readers:
    """What was read of each run, so that no line is shown twice."""

    context: Context
    backend: RunBackend
    choice: LogChoice
    only: LogFilter
    width: int
    _known: dict[str, tuple[Follower, EventViews]] = field(default_factory=dict)

    def look(self, row: BatchRow) -> Iterator[Shown]:
        """The new lines of a subject's run; an outage is for the next look."""
        try:
            follower, views = self._of(row)
            # What is followed has begun with its last lines, and all that come are new.
            tail = None if self.only.is_followed else self.choice.typed.tail
            for events in log_lines.lines_of(follower, tail):
                yield from views.shown(events)
        except (PlatformError, AwsError, NodeError) as error:
            from pennsieve_agent.services.runs.follow_run import is_passing

            if not is_passing(error):
                raise

    def _of(self, row: BatchRow) -> tuple[Follower, EventViews]:
        from pennsieve_agent.cli.run import following
        from pennsieve_agent.cli.run.event_views import EventViews

        if row.run not in self._known:
            run = self.backend.get(row.run)
            typed = self.choice.typed
            follower = following.follower(self.context, run, self.backend, step=typed.step)
            tail, only = typed.tail, self.only
            follower.only = only if tail is None else log_lines.from_the_last(follower, only, tail)
            begin = cells.pad(cells.cut(row.subject, self.width), self.width)
            views = EventViews(
                self.context,
                run,
                timestamps=self.choice.timestamps,
                subject=row.subject,
                begin=f"{begin} ",
            )
            self._known[row.run] = (follower, views)
        return self._known[row.run]


def _rows(located: LocatedBatch, choice: LogChoice) -> list[BatchRow]:
    rows = list(located.backend.rows(located.batch.id))
    chosen = [row for row in rows if choice.takes(row)]
    if (
        not chosen
        and choice.subject is not None
        and not any(replace(choice, failed=False).takes(row) for row in rows)
    ):
        raise UnknownName(
            f"batch '{located.batch.name}' has no subject '{choice.subject}'",
            hint=f"see them: pennsieve run show {located.batch.id}",
        )
    return chosen


def _width(rows: Sequence[BatchRow]) -> int:
    return min(max((cells.width(row.subject) for row in rows), default=0), _WIDEST)
