"""Following forty minutes of a run in a few milliseconds."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pennsieve_agent.domain.runs import LogMessage, Run, RunState, RunStatus, StepState
from pennsieve_agent.errors import NodeError, NotFound, PlatformError, StillRunning, Unreachable
from pennsieve_agent.services.runs.follow_run import (
    GIVE_UP_SECONDS,
    Change,
    Follower,
    Line,
    next_pause,
)
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

    def logs(self, _: str, steps: Sequence[str]) -> dict[str, list[LogMessage]]:
        self.fail()
        return {step: self._log(step) for step in steps}

    def _log(self, step: str) -> list[LogMessage]:
        number = int(step[1:])
        count = max(0, min(self._written() - number * self.lines, self.lines))
        first = number * self.lines
        return [LogMessage(first + i, f"line {first + i}") for i in range(count)]


def follower(runs: FakeRuns, notes: list[str], deadline: float | None = None) -> Follower:
    run = Run("r-1", STARTED, name="first")
    return Follower(
        cast("RunBackend", runs), run, runs.clock.now, runs.clock.sleep, notes.append, deadline
    )


def texts(found: list[Line | Change]) -> list[str]:
    return [event.text for event in found if isinstance(event, Line)]


def test_each_line_once_in_order_and_every_change() -> None:
    runs = FakeRuns(Clock())
    events = list(follower(runs, []).events())
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
    list(follower(FakeRuns(clock), []).events())
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
    assert texts(list(follower(runs, []).events())) == [f"line {i}" for i in range(20)]


def test_a_lost_connection_is_said_and_its_end_too() -> None:
    clock, notes = Clock(), list[str]()
    runs = FakeRuns(clock)
    begin, end = clock.now() + 100, clock.now() + 280

    def fail() -> None:
        if begin < clock.now() < end:
            raise Unreachable("no answer from api2")

    runs.fail = fail
    assert len(texts(list(follower(runs, notes).events()))) == 20
    assert notes[0] == "lost the connection (no answer from api2); the run continues; reconnecting"
    note = re.fullmatch(r"reconnected after (\d+) s, no line lost", notes[1])
    assert note
    longest_pause = 5  # both before it is noticed and before the next try
    assert abs(int(note[1]) - 180) <= longest_pause
    assert len(notes) == 2


def test_it_gives_up_in_the_end() -> None:
    clock = Clock()
    runs = FakeRuns(clock)

    def fail() -> None:
        raise Unreachable("gone")

    runs.fail = fail
    with pytest.raises(Unreachable):
        list(follower(runs, []).events())
    assert GIVE_UP_SECONDS < clock.now() - runs.begun < GIVE_UP_SECONDS + 20


def test_a_real_refusal_is_not_waited_for() -> None:
    runs = FakeRuns(Clock())

    def fail() -> None:
        raise NotFound("no such run", status=404)

    runs.fail = fail
    with pytest.raises(NotFound):
        list(follower(runs, []).events())
    assert runs.calls == 1


def test_the_deadline_stops_the_waiting() -> None:
    clock = Clock()
    runs = FakeRuns(clock)
    with pytest.raises(StillRunning, match="run 'first' is still running"):
        list(follower(runs, [], deadline=clock.now() + 30).events())
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
    events = list(follower(runs, []).events())
    told = [(e.status, e.reason) for e in events if isinstance(e, Change) and e.step == "s1"]
    assert told == [
        (WAITING, "the queue is full"),
        (WAITING, "the image is being pulled"),
        (STARTED, ""),
        (DONE, ""),
    ]


def test_it_looks_often_at_first_and_then_makes_at_most_a_call_a_second() -> None:
    assert [next_pause(0.0, since) for since in (0.0, 9.9, 10.0, 900.0)] == [0.25, 0.25, 2.0, 2.0]
    pause, early, late = 0.0, [], []
    for _ in range(9):
        pause = next_pause(pause, 1.0)
        early.append(pause)
    assert early == sorted(early)
    assert early[-1] == 0.5
    for _ in range(9):
        pause = next_pause(pause, 60.0)
        late.append(pause)
    assert late == sorted(late)
    assert (late[0], late[-1]) == (2.0, 5.0)
