"""Following a run: each log line once, each change of state, until it ends.

The platform offers no stream (``contracts/workflows.md`` 3.5, 3.10), so this polls: quickly while
things happen, slowly while they do not. A lost connection is waited for, and said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pennsieve_agent.domain.logs import LogReader
from pennsieve_agent.domain.runs import Run, RunState, RunStatus
from pennsieve_agent.domain.workflows import StepKind
from pennsieve_agent.errors import PlatformError, RateLimited, StillRunning, Unreachable

if TYPE_CHECKING:
    from pennsieve_agent.platform.client import Platform

_POLL_FIRST, _POLL_MOST, _SLOWER = 0.25, 5.0, 1.4
GIVE_UP_SECONDS = 600
_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a step's log. ``timestamp`` is unix milliseconds."""

    step: str
    timestamp: int
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """A step, or with ``step`` empty the run, came to a new state."""

    step: str
    status: RunStatus


Event = Line | Change


@dataclass
class Follower:
    """Follows one run. ``deadline`` is in unix seconds; None waits for ever."""

    platform: Platform
    run: Run
    now: Callable[[], float]
    sleep: Callable[[float], None]
    note: Callable[[str], None]
    deadline: float | None = None
    only_step: str | None = None
    _readers: dict[str, LogReader] = field(default_factory=dict)
    _drained: set[str] = field(default_factory=set)
    _last: dict[str, RunStatus] = field(default_factory=dict)

    def events(self) -> Iterator[Event]:
        """Everything that happens until the run ends.

        Raises:
            StillRunning: the deadline came first.
            Unreachable: Pennsieve gave no answer for ten minutes.
        """
        pause = _POLL_FIRST
        while True:
            state, batch = self._patiently()
            yield from batch
            if state.status.is_final:
                return
            if self.deadline is not None and self.now() >= self.deadline:
                raise StillRunning(
                    f"run '{self.run.name or self.run.uuid}' is still {state.status.label}",
                    hint=f"go on waiting with: pennsieve run logs {self.run.uuid} --follow",
                )
            pause = _POLL_FIRST if batch else min(pause * _SLOWER, _POLL_MOST)
            self.sleep(pause)

    def once(self) -> Iterator[Event]:
        """What is there now."""
        _, batch = self._poll()
        yield from batch

    def _patiently(self) -> tuple[RunState, list[Event]]:
        lost_at: float | None = None
        pause = _POLL_FIRST
        while True:
            try:
                answer = self._poll()
            except (Unreachable, RateLimited, PlatformError) as error:
                if not _passing(error):
                    raise
                if lost_at is None:
                    lost_at = self.now()
                    self.note(f"lost the connection ({error.message}); the run goes on, waiting")
                elif self.now() - lost_at > GIVE_UP_SECONDS:
                    raise
                self.sleep(pause)
                pause = min(pause * 2, _POLL_MOST)
            else:
                if lost_at is not None:
                    self.note(f"connected again after {self.now() - lost_at:.0f} s, no line lost")
                return answer

    def _poll(self) -> tuple[RunState, list[Event]]:
        # The state is read before the logs: a step that is final now has all its lines written.
        state = self.platform.runs.state(self.run.uuid)
        batch: list[Event] = []
        done = {step.id for step in state.steps if step.status.is_final}
        for step in state.steps:
            if step.status is not self._last.get(step.id, RunStatus.NOT_STARTED):
                self._last[step.id] = step.status
                if not step.status.is_final:
                    batch.append(Change(step.id, step.status))
        batch.extend(self._lines(state))
        ended = (s for s in state.steps if s.status.is_final and s.id not in self._drained)
        batch.extend(Change(step.id, step.status) for step in ended)
        self._drained |= done
        if state.status is not self._last.get("", RunStatus.NOT_STARTED):
            self._last[""] = state.status
            batch.append(Change("", state.status))
        return state, batch

    def _lines(self, state: RunState) -> list[Line]:
        lines: list[Line] = []
        for step in state.steps:
            if step.id in self._drained or step.status is RunStatus.NOT_STARTED:
                continue
            if self.only_step is not None and step.id != self.only_step:
                continue
            reader = self._readers.setdefault(step.id, LogReader())
            fresh = reader.fresh(self.platform.runs.logs(self.run.uuid, step.id))
            lines += [Line(step.id, m.timestamp, m.message) for m in fresh]
        return sorted(lines, key=lambda line: line.timestamp)  # stable: a step's order is kept


def _passing(error: PlatformError) -> bool:
    """Whether an error may pass by itself."""
    if isinstance(error, Unreachable | RateLimited):
        return True
    return (error.status or 0) >= _SERVER_ERROR


def steps_with_logs(run: Run) -> tuple[str, ...]:
    """The ids of steps that run code."""
    return tuple(step.id for step in run.steps if step.kind is StepKind.PROCESSOR)
