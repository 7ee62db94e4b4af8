"""Following a run: each log line once, each change of state, until it ends.

Neither Pennsieve (``contracts/workflows.md`` 3.5, 3.10) nor a node offers a stream, so this polls:
quickly while things happen, slowly while they do not. Through an outage it waits, and says so in
one line, for as long as it can sign in again. Lines are handed on page by page, and not kept.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pennsieve_agent.domain.backoff import Backoff
from pennsieve_agent.domain.log_filter import ALL_LINES, LogFilter
from pennsieve_agent.domain.run_events import Event, RunEvents
from pennsieve_agent.domain.runs import LogMessage, Run, RunState, StepState
from pennsieve_agent.errors import (
    AgentError,
    AwsError,
    NodeError,
    NodeNewer,
    NodeOlder,
    NotSignedIn,
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
_LATER_SECONDS = 5.0
"""The pause afterwards: each poll asks for the state and for the logs. A container's lines
reach AWS every five seconds (Docker, "Amazon CloudWatch Logs logging driver"), and fifty people who
follow so are ten questions a second, which every AWS account may ask."""
HERE_SECONDS = 0.1
"""The pause for a run on this machine, where a look costs nobody anything."""
_SERVER_ERROR = 500
_NO_ANSWER = frozenset(
    {
        *("EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError"),
        *("ConnectionClosedError", "ConnectionError", "HTTPClientError", "ProxyConnectionError"),
    }
)
"""Names of botocore's errors of a connection (botocore, "exceptions")."""


@dataclass
class Follower:
    """Follows one run. ``deadline`` is in unix seconds; None waits without limit.

    ``outage`` is told how many seconds there was no answer and why, and None when there is one
    again. ``here`` is for a run on this machine, ``only`` says which lines are wanted, if
    it ``reads_lines``. ``looked``
    gets the state at each look, before what is new in it.
    """

    backend: RunBackend
    run: Run
    now: Callable[[], float]
    sleep: Callable[[float], None]
    outage: Callable[[float | None, str], None]
    deadline: float | None = None
    only_step: str | None = None
    only: LogFilter = ALL_LINES
    reads_lines: bool = True
    here: bool = False
    looked: Callable[[RunState], None] = lambda _: None
    _news: RunEvents = field(default_factory=RunEvents)
    _has_looked: bool = False
    _count: int = 0

    def events(self) -> Iterator[list[Event]]:
        """Everything that happens until the run ends, in parts that came at once.

        Raises:
            StillRunning: the deadline came first, or the session ended and cannot be renewed.
        """
        pause, began = _POLL_FIRST, self.now()
        while True:
            before = self._count
            state = yield from self._patiently()
            if state.status.is_final:
                return
            self._check_deadline(f"is still {state.status.label}")
            pause = next_pause(0.0 if self._count > before else pause, self.now() - began)
            self.sleep(HERE_SECONDS if self.here else pause)

    def once(self) -> Iterator[list[Event]]:
        """The events so far, without waiting."""
        yield from self._look()

    def look(self) -> RunState:
        """How far the run is, without its lines; asked again while there is no answer.

        Raises:
            StillRunning: as for :meth:`events`.
        """
        self.reads_lines = False
        looking = self._patiently()
        while True:
            try:
                next(looking)
            except StopIteration as end:
                state: RunState = end.value
                return state

    def followed_steps(self) -> list[StepState]:
        """The steps that are followed, as they are now."""
        state = self.backend.state(self.run.uuid)
        return [step for step in state.steps if self._wants(step)]

    def _check_deadline(self, how: str) -> None:
        if self.deadline is not None and self.now() >= self.deadline:
            raise self._still(how)

    def _still(self, how: str, hint: str | None = None) -> StillRunning:
        again = f"pennsieve run logs {self.run.typed} --follow"
        return StillRunning(
            f"run '{self.run.label}' {how}",
            hint=f"{hint}; then: {again}" if hint else f"keep waiting with: {again}",
        )

    def _patiently(self) -> Generator[list[Event], None, RunState]:
        """One look, repeated while there is no answer."""
        lost_at: float | None = None
        waits = _BACKOFF.waits(random.random)
        while True:
            try:
                state = yield from self._look()
            except (PlatformError, AwsError, NodeError, NotSignedIn) as error:
                if not is_passing(error):
                    if self._has_looked and _ends_session(error):
                        how = f"goes on, but cannot be followed: {error.message}"
                        raise self._still(how, error.hint) from error
                    raise
                lost_at = self.now() if lost_at is None else lost_at
                self.outage(self.now() - lost_at, error.message)
                self._check_deadline("may still be running; there is no answer")
                self.sleep(next(waits) or 0.0)
            else:
                if lost_at is not None:
                    self.outage(None, "")
                return state

    def _look(self) -> Generator[list[Event], None, RunState]:
        # The state is read before the logs: a step that is final now has all its lines written.
        state = self.backend.state(self.run.uuid)
        self.looked(state)
        steps = [step for step in state.steps if self._wants(step)]
        pages: Iterable[Sequence[LogMessage]] = ()
        if self.reads_lines:
            pages = self.backend.new_lines(self.run.uuid, steps, self.only)
        kept = (self.only.lines(page) for page in pages)
        for part in self._news.of_look(state, steps, kept):
            if events := self.only.events(part):
                self._count += 1
                yield events
        self._has_looked = True
        return state

    def _wants(self, step: StepState) -> bool:
        return self.only_step is None or step.id == self.only_step


def next_pause(last: float, since: float) -> float:
    """The seconds before the next look, after a pause of ``last`` that brought nothing.

    ``last`` is 0 when something happened, ``since`` how long the run is followed.
    """
    is_quick = since < _QUICK_SECONDS
    return min(max(last * _SLOWER, _POLL_FIRST), _QUICK_MOST) if is_quick else _LATER_SECONDS


def is_passing(error: AgentError) -> bool:
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


def _ends_session(error: AgentError) -> bool:
    """Whether who follows has to sign in again, to Pennsieve or to AWS."""
    return isinstance(error, NotSignedIn | AwsError)
