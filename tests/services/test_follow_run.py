"""Following forty minutes of a run in a few milliseconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pennsieve_agent.domain.log_filter import LogFilter
from pennsieve_agent.domain.log_follower import LogReader
from pennsieve_agent.domain.run_events import Change, Event, Line, NewAttempt
from pennsieve_agent.domain.runs import (
    Attempt,
    LogMessage,
    Run,
    RunState,
    RunStatus,
    StepState,
    settled,
)
from pennsieve_agent.errors import (
    AgentError,
    AwsError,
    NodeError,
    NotFound,
    NotSignedIn,
    PlatformError,
    StillRunning,
    Unreachable,
)
from pennsieve_agent.services.runs.follow_run import HERE_SECONDS, Follower, next_pause
from tests.fakes.clock import Clock

if TYPE_CHECKING:
    from pennsieve_agent.services.runs.run_backend import RunBackend

STARTED, DONE, WAITING = RunStatus.STARTED, RunStatus.SUCCEEDED, RunStatus.NOT_STARTED


class FakeRuns:
    """A run of two steps: lines appear with time; failures are thrown when asked for."""

    def __init__(self, clock: Clock, lines: int = 10, seconds_a_line: float = 60.0) -> None:
        self.clock, self.begun = clock, clock.now()
        self.lines, self.pace = lines, seconds_a_line
        self.fail: Callable[[], None] = lambda: None
        self.calls = 0
        self.readers: dict[str, LogReader] = {}

    def _written(self) -> int:
        return min(int((self.clock.now() - self.begun) / self.pace), 2 * self.lines)

    def _status(self, number: int) -> RunStatus:
        written = self._written()
        if written >= (number + 1) * self.lines:
            return DONE
        return STARTED if written >= number * self.lines else WAITING

    def state(self, _: str) -> RunState:
        self.calls += 1
        self.fail()
        steps = tuple(StepState(f"s{n}", self._status(n)) for n in (0, 1))
        over = steps[1].status is DONE
        return RunState(DONE if over else STARTED, steps=steps)

    def new_lines(
        self, _: str, steps: Sequence[StepState], __: LogFilter
    ) -> Iterator[list[LogMessage]]:
        """Page by page, of which each may fail."""
        for step in steps:
            self.fail()
            new = self.readers.setdefault(step.id, LogReader()).fresh(self._log(step.id))
            yield [replace(line, step=step.id) for line in new]

    def _log(self, step: str) -> list[LogMessage]:
        number = int(step[1:])
        count = max(0, min(self._written() - number * self.lines, self.lines))
        first = number * self.lines
        return [LogMessage(first + i, f"line {first + i}") for i in range(count)]


Outages = list[tuple[float | None, str]]


def follower(
    runs: FakeRuns, outages: Outages | None = None, deadline: float | None = None
) -> Follower:
    run = Run("r-1", STARTED, name="first")
    told: Outages = [] if outages is None else outages
    return Follower(
        cast("RunBackend", runs),
        run,
        runs.clock.now,
        runs.clock.sleep,
        lambda seconds, why: told.append((seconds, why)),
        deadline,
    )


def texts(found: Sequence[Event]) -> list[str]:
    return [event.text for event in found if isinstance(event, Line)]


def flat(following: Follower) -> list[Event]:
    return [event for events in following.events() for event in events]


def test_each_line_once_in_order_and_every_change() -> None:
    runs = FakeRuns(Clock())
    events = flat(follower(runs))
    assert texts(events) == [f"line {i}" for i in range(20)]
    changes = [(e.step, e.status) for e in events if isinstance(e, Change)]
    assert changes == [
        ("", STARTED),
        ("s0", STARTED),
        ("s0", DONE),
        ("s1", STARTED),
        ("s1", DONE),
        ("", DONE),
    ]
    last_line = max(i for i, e in enumerate(events) if isinstance(e, Line))
    assert events.index(Change("s1", DONE)) > last_line


def test_it_polls_quickly_when_things_happen_and_slowly_when_not() -> None:
    clock = Clock()
    list(follower(FakeRuns(clock)).events())
    assert min(clock.slept) == 0.25
    assert max(clock.slept) == 5.0


@settings(max_examples=50)
@given(st.data())
def test_no_line_is_lost_or_doubled_when_calls_fail(data: st.DataObject) -> None:
    clock = Clock()
    runs = FakeRuns(clock, seconds_a_line=3)
    troubles = [Unreachable("gone"), PlatformError("oops", status=502), NodeError("it ended")]
    kinds = st.sampled_from([None, None, None, *troubles])

    def fail() -> None:
        if error := data.draw(kinds):
            raise error

    runs.fail = fail
    assert texts(flat(follower(runs))) == [f"line {i}" for i in range(20)]


def outage(runs: FakeRuns, error: AgentError, begin: float, seconds: float) -> None:
    """Let calls fail for a time; ``begin`` is in seconds from now."""
    begin += runs.clock.now()

    def fail() -> None:
        if begin < runs.clock.now() < begin + seconds:
            raise error

    runs.fail = fail


def test_through_an_outage_it_counts_and_goes_on() -> None:
    told: Outages = []
    runs = FakeRuns(Clock())
    outage(runs, Unreachable("no answer from api2"), 100, 3 * 3600)
    assert texts(flat(follower(runs, told))) == [f"line {i}" for i in range(20)]
    *counted, end = told
    seconds = [count for count, _ in counted if count is not None]
    assert end == (None, "")
    assert (seconds[0], seconds) == (0, sorted(seconds))
    assert 3 * 3600 - 20 < seconds[-1] < 3 * 3600
    assert {why for _, why in counted} == {"no answer from api2"}


@pytest.mark.parametrize(
    "error",
    [
        NotSignedIn("Pennsieve refused the key", hint="sign in again with: pennsieve login"),
        AwsError("the AWS session has expired", aws_code="ExpiredToken"),
    ],
)
def test_a_session_that_cannot_be_renewed_ends_it_with_8(error: AgentError) -> None:
    runs = FakeRuns(Clock())
    outage(runs, error, 100, 1e9)
    with pytest.raises(StillRunning, match=error.message) as caught:
        flat(follower(runs))
    assert caught.value.exit_code == 8
    assert "pennsieve run logs first --follow" in (caught.value.hint or "")
    assert (error.hint or "") in (caught.value.hint or "")


def test_who_never_got_in_is_told_why() -> None:
    runs = FakeRuns(Clock())
    outage(runs, NotSignedIn("no key"), -1, 1e9)
    with pytest.raises(NotSignedIn):
        flat(follower(runs))


def test_the_deadline_holds_in_an_outage() -> None:
    runs = FakeRuns(Clock())
    outage(runs, Unreachable("gone"), 5, 1e9)
    with pytest.raises(StillRunning):
        list(follower(runs, deadline=runs.clock.now() + 60).events())
    assert runs.clock.now() - runs.begun < 70


def at(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


class Ended(FakeRuns):
    """A run of some steps that is over when it is first looked at."""

    def __init__(
        self, status: RunStatus, steps: Sequence[StepState], log: Sequence[LogMessage]
    ) -> None:
        super().__init__(Clock())
        self.ended = RunState(status, steps=settled(status, steps))
        self.log = log

    def state(self, _: str) -> RunState:
        return self.ended

    def new_lines(
        self, _: str, steps: Sequence[StepState], __: LogFilter
    ) -> Iterator[list[LogMessage]]:
        del steps
        yield list(self.log)

    def told(self) -> list[tuple[str, str]]:
        return [(e.step, _word(e)) for e in flat(follower(self))]


def _word(event: Line | Change | NewAttempt) -> str:
    match event:
        case Line():
            return f"{event.text} ({event.attempt})"
        case NewAttempt():
            return f"attempt {event.attempt}: {event.why}"
        case Change():
            return event.status.label


def test_what_happened_stands_between_the_lines_where_it_happened() -> None:
    first = StepState("a", DONE, at(10), at(20))
    second = StepState("b", DONE, at(20), at(30))
    log = [(11, "a"), (20, "a"), (21, "b"), (29, "b")]
    lines = [LogMessage(when * 1000 + 7, f"at {when}", step) for when, step in log]
    assert Ended(DONE, [first, second], lines).told() == [
        *[("a", "running"), ("a", "at 11 (1)"), ("a", "at 20 (1)"), ("a", "succeeded")],
        *[("b", "running"), ("b", "at 21 (1)"), ("b", "at 29 (1)"), ("b", "succeeded")],
        ("", "succeeded"),
    ]


def test_a_second_attempt_is_announced_between_its_lines_and_those_before() -> None:
    tries = (Attempt(at(10), at(15), 1, "it ended with exit code 1"), Attempt(at(16), at(20), 0))
    step = StepState("a", DONE, at(10), at(20), attempts=tries)
    lines = [LogMessage(when * 1000, f"at {when}", "a") for when in (11, 14, 17)]
    assert Ended(DONE, [step], lines).told() == [
        *[("a", "running"), ("a", "at 11 (1)"), ("a", "at 14 (1)")],
        ("a", "attempt 2: it ended with exit code 1"),
        *[("a", "at 17 (2)"), ("a", "succeeded"), ("", "succeeded")],
    ]


@pytest.mark.parametrize("exit_code", [1, None])
def test_an_attempt_that_runs_is_announced_with_its_first_line(exit_code: int | None) -> None:
    step = StepState("a", STARTED, at(10), attempts=(Attempt(at(10), at(15), exit_code, "gone"),))
    lines = [LogMessage(when * 1000, f"at {when}", "a") for when in (11, 15)]
    runs = Ended(STARTED, [step], lines)
    following = follower(runs)
    told = [_word(event) for events in following.once() for event in events]
    assert told == ["running", "running", "at 11 (1)", "at 15 (1)"]
    runs.log = [LogMessage(16_000, "at 16", "a"), LogMessage(17_000, "at 17", "a")]
    told = [_word(event) for events in following.once() for event in events]
    assert told == ["attempt 2: gone", "at 16 (2)", "at 17 (2)"]


@pytest.mark.parametrize("attempt", [Attempt(at(10), at(15), 0), Attempt(at(10))])
def test_an_attempt_that_runs_or_ended_well_is_the_last(attempt: Attempt) -> None:
    step = StepState("a", STARTED, at(10), attempts=(attempt,))
    runs = Ended(STARTED, [step], [LogMessage(15_001, "last", "a")])
    told = [_word(event) for events in follower(runs).once() for event in events]
    assert told == ["running", "running", "last (1)"]


def test_a_step_that_can_never_run_is_skipped() -> None:
    steps = [StepState("a", RunStatus.FAILED, at(10), at(20), "it ended"), StepState("b", WAITING)]
    assert Ended(RunStatus.FAILED, steps, []).told() == [
        *[("a", "running"), ("a", "failed"), ("b", "skipped"), ("", "failed")],
    ]


def test_a_line_of_a_step_of_which_nothing_was_told_begins_it() -> None:
    steps = [StepState("a", DONE), StepState("b", WAITING)]
    lines = [LogMessage(5, "late", "b")]
    assert Ended(DONE, steps, lines).told() == [
        *[("b", "running"), ("b", "late (1)"), ("a", "succeeded"), ("", "succeeded")],
    ]


def test_a_run_on_this_machine_is_looked_at_often() -> None:
    runs = FakeRuns(Clock())
    following = follower(runs)
    following.here = True
    list(following.events())
    assert set(runs.clock.slept) == {HERE_SECONDS}


def test_a_real_refusal_is_not_waited_for() -> None:
    runs = FakeRuns(Clock())

    def fail() -> None:
        raise NotFound("no such run", status=404)

    runs.fail = fail
    with pytest.raises(NotFound):
        flat(follower(runs))
    assert runs.calls == 1


def test_the_deadline_stops_the_waiting() -> None:
    clock = Clock()
    runs = FakeRuns(clock)
    with pytest.raises(StillRunning, match="run 'first' is still running"):
        list(follower(runs, deadline=clock.now() + 30).events())
    assert clock.now() - runs.begun < 40


def test_why_a_step_waits_is_told_once() -> None:
    clock = Clock()
    runs = FakeRuns(clock)
    plain = runs.state

    def state(uuid: str) -> RunState:
        found = plain(uuid)
        minute = int((clock.now() - runs.begun) / 60)
        why = "the queue is full" if minute < 2 else "the image is being pulled"
        last = replace(found.steps[1], reason=why if found.steps[1].status is WAITING else "")
        return replace(found, steps=(found.steps[0], last))

    runs.state = state  # type: ignore[method-assign, assignment]
    events = flat(follower(runs))
    told = [(e.status, e.reason) for e in events if isinstance(e, Change) and e.step == "s1"]
    assert told == [
        (WAITING, "the queue is full"),
        (WAITING, "the image is being pulled"),
        (STARTED, ""),
        (DONE, ""),
    ]


def test_it_looks_often_at_first_and_then_no_oftener_than_lines_come() -> None:
    assert [next_pause(0.0, since) for since in (0.0, 9.9, 10.0, 900.0)] == [0.25, 0.25, 5.0, 5.0]
    pause, early = 0.0, []
    for _ in range(9):
        pause = next_pause(pause, 1.0)
        early.append(pause)
    assert early == sorted(early)
    assert early[-1] == 0.5
    assert [next_pause(pause, 60.0) for pause in (0.0, 0.5, 5.0)] == [5.0, 5.0, 5.0]
