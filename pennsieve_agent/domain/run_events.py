"""What happens in a run, in the order in which it happened. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pennsieve_agent.domain.runs import LogMessage, RunState, RunStatus, StepState, unix_seconds

_NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a step's log. ``timestamp`` is unix milliseconds; the first attempt is 1."""

    step: str
    timestamp: int
    text: str
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class NewAttempt:
    """A step is tried again; ``why`` is how the attempt before ended."""

    step: str
    attempt: int
    why: str
    timestamp: int


@dataclass(frozen=True, slots=True)
class Change:
    """A step, or with ``step`` empty the run, came to a new state, or waits for a new reason."""

    step: str
    status: RunStatus
    reason: str = ""


Event = Line | Change | NewAttempt


@dataclass
class RunEvents:
    """Puts what changed between the lines. Each is told once."""

    _last: dict[str, RunStatus] = field(default_factory=dict)
    _reasons: dict[str, str] = field(default_factory=dict)
    _attempts: dict[str, int] = field(default_factory=dict)
    _next: dict[str, NewAttempt] = field(default_factory=dict)
    """What is told if its step prints once more."""
    _due: list[tuple[float, Change | NewAttempt]] = field(default_factory=list)

    def of_look(
        self, state: RunState, steps: Sequence[StepState], pages: Iterable[Sequence[LogMessage]]
    ) -> Iterator[list[Event]]:
        """What is new in a look at a run: ``pages`` of its lines, and what happened between them.

        In parts that are told at once.
        """
        yield list(self._begin(state, steps))
        for page in pages:
            yield list(self._lines(page))
        yield list(self._end(state))

    def _begin(self, state: RunState, steps: Sequence[StepState]) -> Iterator[Event]:
        self._due = [change for step in steps for change in self._of_step(step)]
        self._due.sort(key=lambda row: row[0])  # stable: a step's own order is kept
        if not state.status.is_final:
            yield from self._run(state)

    def _lines(self, page: Sequence[LogMessage]) -> Iterator[Event]:
        first = {line.step: line.timestamp for line in reversed(page)}
        last = {line.step: line.timestamp for line in page}
        # A step begins before its first line and ends behind its last one, also where clocks or
        # roundings differ.
        self._due = [(_beside(at, event, first, last), event) for at, event in self._due]
        self._due.sort(key=lambda row: row[0])
        for line in page:
            if self._due and self._due[0][0] <= line.timestamp:
                yield from self._until(line.timestamp)
            if self._last.get(line.step, RunStatus.NOT_STARTED) is RunStatus.NOT_STARTED:
                yield from self._start(line.step)
            following = self._next.get(line.step)
            if following is not None and line.timestamp > following.timestamp:
                yield self._note(self._next.pop(line.step))
            attempt = self._attempts.get(line.step, 1)
            yield Line(line.step, line.timestamp, line.message, attempt)

    def _end(self, state: RunState) -> Iterator[Event]:
        yield from self._until(_NEVER)
        if state.status.is_final:
            yield from self._run(state)

    def _until(self, at: float) -> Iterator[Event]:
        while self._due and self._due[0][0] <= at:
            yield self._note(self._due.pop(0)[1])

    def _note(self, event: Change | NewAttempt) -> Event:
        if isinstance(event, Change):
            self._last[event.step] = event.status
            self._reasons[event.step] = event.reason
        else:
            self._attempts[event.step] = event.attempt
        return event

    def _start(self, step: str) -> Iterator[Event]:
        """A step that printed has begun, whatever was told of it."""
        mine = [row for row in self._due if _is_start(row[1], step)]
        self._due = [row for row in self._due if row not in mine]
        yield self._note(mine[0][1] if mine else Change(step, RunStatus.STARTED))

    def _of_step(self, step: StepState) -> Iterator[tuple[float, Change | NewAttempt]]:
        before = self._last.get(step.id, RunStatus.NOT_STARTED)
        if step.status.is_final and step.started_at and before is RunStatus.NOT_STARTED:
            yield _moment(step.started_at), Change(step.id, RunStatus.STARTED)
        yield from self._tries(step)
        if step.status is before and (not step.reason or step.reason == self._reason(step.id)):
            return
        when = step.completed_at if step.status.is_final else step.started_at
        yield _moment(when), Change(step.id, step.status, step.reason)

    def _reason(self, step: str) -> str:
        return self._reasons.get(step, "")

    def _tries(self, step: StepState) -> Iterator[tuple[float, NewAttempt]]:
        """Attempts behind the first.

        The last that is listed may still run. Has it failed, one more may run that is not listed
        yet, or the end of the step was not noticed: its first line shows it.
        """
        self._next.pop(step.id, None)
        for number in range(self._attempts.get(step.id, 1) + 1, len(step.attempts) + 2):
            ended = step.attempts[number - 2]
            at = _moment(ended.completed_at or ended.started_at or step.started_at)
            event = NewAttempt(step.id, number, ended.reason, 0 if at == _NEVER else int(at))
            if number <= len(step.attempts):
                yield at, event
            elif not step.status.is_final and ended.completed_at and ended.exit_code != 0:
                self._next[step.id] = event

    def _run(self, state: RunState) -> Iterator[Event]:
        if state.status is not self._last.get("", RunStatus.NOT_STARTED):
            self._last[""] = state.status
            yield Change("", state.status, state.reason)


def _is_start(event: Change | NewAttempt, step: str) -> bool:
    return isinstance(event, Change) and event.step == step and not event.status.is_final


def _beside(
    at: float, event: Change | NewAttempt, first: Mapping[str, int], last: Mapping[str, int]
) -> float:
    """When an event is told, of a step with a first and a last line."""
    if event.step not in last or isinstance(event, NewAttempt):
        return at
    return max(at, last[event.step] + 0.5) if event.status.is_final else first[event.step]


def _moment(text: str) -> float:
    """ISO 8601 in unix milliseconds; what has no time is told behind all that has."""
    at = unix_seconds(text)
    return _NEVER if at is None else at * 1000
