"""Following a run: each log line once, each change of state, until it ends.

Neither Pennsieve (``contracts/workflows.md`` 3.5, 3.10) nor a node offers a stream, so this polls:
quickly while things happen, slowly while they do not. A lost connection is waited for, and said.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pennsieve_agent.domain.backoff import Backoff
from pennsieve_agent.domain.log_follower import LogReader
from pennsieve_agent.domain.runs import LogMessage, Run, RunState, RunStatus, StepState
from pennsieve_agent.errors import (
    AgentError,
    AwsError,
    NodeError,
    NodeNewer,
    NodeOlder,
    PlatformError,
    RateLimited,
    StillRunning,
    Unreachable,
)

if TYPE_CHECKING:
    from pennsieve_agent.services.runs.run_backend import RunBackend

_POLL_FIRST, _POLL_MOST, _SLOWER = 0.25, 5.0, 1.4
_BACKOFF = Backoff(first=_POLL_FIRST, longest=_POLL_MOST, repeats=None)
_QUICK_SECONDS, _QUICK_MOST = 10.0, 0.5
"""Seconds after the start in which it polls quickly, and the longest pause then."""
_LATER_LEAST = 2.0
"""The shortest pause afterwards: each poll asks for the state and for the logs."""
GIVE_UP_SECONDS = 600
_SERVER_ERROR = 500
_NO_ANSWER = frozenset(
    {
        *("EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError"),
        *("ConnectionClosedError", "ConnectionError", "HTTPClientError", "ProxyConnectionError"),
    }
)
"""Names of botocore's errors of a connection (botocore, "exceptions")."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a step's log. ``timestamp`` is unix milliseconds."""

    step: str
    timestamp: int
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """A step, or with ``step`` empty the run, came to a new state, or waits for a new reason."""

    step: str
    status: RunStatus
    reason: str = ""


Event = Line | Change


@dataclass
class Follower:
    """Follows one run. ``deadline`` is in unix seconds; None waits without limit."""

    backend: RunBackend
    run: Run
    now: Callable[[], float]
    sleep: Callable[[float], None]
    note: Callable[[str], None]
    deadline: float | None = None
    only_step: str | None = None
    _readers: dict[str, LogReader] = field(default_factory=dict)
    _drained: set[str] = field(default_factory=set)
    _last: dict[str, RunStatus] = field(default_factory=dict)
    _reasons: dict[str, str] = field(default_factory=dict)

    def events(self) -> Iterator[Event]:
        """Everything that happens until the run ends.

        Raises:
            StillRunning: the deadline came first.
            Unreachable: there was no answer for ten minutes.
        """
        pause, began = _POLL_FIRST, self.now()
        while True:
            state, batch = self._patiently()
            yield from batch
            if state.status.is_final:
                return
            if self.deadline is not None and self.now() >= self.deadline:
                raise StillRunning(
                    f"run '{self.run.name or self.run.uuid}' is still {state.status.label}",
                    hint=f"keep waiting with: pennsieve run logs {self.run.typed} --follow",
                )
            pause = next_pause(0.0 if batch else pause, self.now() - began)
            self.sleep(pause)

    def once(self) -> Iterator[Event]:
        """The events so far, without waiting."""
        _, batch = self._poll()
        yield from batch

    def _patiently(self) -> tuple[RunState, list[Event]]:
        lost_at: float | None = None
        waits = _BACKOFF.waits(random.random)
        while True:
            try:
                answer = self._poll()
            except (PlatformError, AwsError, NodeError) as error:
                if not _passing(error):
                    raise
                if lost_at is None:
                    lost_at = self.now()
                    self.note(
                        f"lost the connection ({error.message}); the run continues; reconnecting"
                    )
                elif self.now() - lost_at > GIVE_UP_SECONDS:
                    raise
                self.sleep(next(waits) or 0.0)
            else:
                if lost_at is not None:
                    self.note(f"reconnected after {self.now() - lost_at:.0f} s, no line lost")
                return answer

    def _poll(self) -> tuple[RunState, list[Event]]:
        # The state is read before the logs: a step that is final now has all its lines written.
        # Everything is read before anything is taken as shown: a failure half way loses nothing.
        state = self.backend.state(self.run.uuid)
        step_ids = [step.id for step in state.steps if self._wants(step)]
        logs = self.backend.logs(self.run.uuid, step_ids)
        ended = [s for s in state.steps if s.status.is_final and s.id not in self._drained]
        going = [s for s in state.steps if not s.status.is_final]
        batch = [*self._events_of(ended, logs), *self._events_of(going, logs)]
        self._drained |= {step.id for step in ended}
        if state.status is not self._last.get("", RunStatus.NOT_STARTED):
            self._last[""] = state.status
            change = Change("", state.status, state.reason)
            batch.insert(len(batch) if state.status.is_final else 0, change)
        return state, batch

    def _events_of(
        self, steps: Sequence[StepState], logs: Mapping[str, Sequence[LogMessage]]
    ) -> list[Event]:
        """Steps that began, their new lines in order of time, steps that ended."""
        changed = [s for s in steps if self._is_news(s)]
        self._last.update({step.id: step.status for step in changed})
        self._reasons.update({step.id: step.reason for step in changed})
        lines = [
            Line(step.id, message.timestamp, message.message)
            for step in steps
            for message in self._readers.setdefault(step.id, LogReader()).fresh(
                logs.get(step.id, ())
            )
        ]
        changes = [Change(step.id, step.status, step.reason) for step in changed]
        return [
            *(change for change in changes if not change.status.is_final),
            *sorted(lines, key=lambda line: line.timestamp),  # stable: a step's order is kept
            *(change for change in changes if change.status.is_final),
        ]

    def _is_news(self, step: StepState) -> bool:
        """Whether a step is in a new state, or a reason to wait was given that was not before."""
        if step.status is not self._last.get(step.id, RunStatus.NOT_STARTED):
            return True
        return bool(step.reason) and step.reason != self._reasons.get(step.id, "")

    def _wants(self, step: StepState) -> bool:
        if step.id in self._drained or step.status is RunStatus.NOT_STARTED:
            return False
        return self.only_step is None or step.id == self.only_step


def next_pause(last: float, since: float) -> float:
    """The seconds before the next look, after a pause of ``last`` that brought nothing.

    ``last`` is 0 when something happened, ``since`` how long the run is followed.
    """
    is_quick = since < _QUICK_SECONDS
    least, most = (_POLL_FIRST, _QUICK_MOST) if is_quick else (_LATER_LEAST, _POLL_MOST)
    return min(max(last * _SLOWER, least), most)


def _passing(error: AgentError) -> bool:
    """Whether an error may be temporary.

    Of AWS's those of the way to it do; expired or missing credentials need the user. A node whose
    function ended in the middle answers the next time.
    """
    if isinstance(error, NodeOlder | NodeNewer):
        return False
    if isinstance(error, Unreachable | RateLimited | NodeError):
        return True
    if isinstance(error, AwsError):
        return error.aws_code in _NO_ANSWER
    return isinstance(error, PlatformError) and (error.status or 0) >= _SERVER_ERROR
