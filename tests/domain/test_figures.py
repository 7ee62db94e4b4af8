"""What nobody measured is unknown: it is never taken, summed or shown as 0."""

from __future__ import annotations

import pytest

from pennsieve_agent.console import words
from pennsieve_agent.domain.figures import total
from pennsieve_agent.domain.metrics import Counters
from pennsieve_agent.domain.metrics import total as sum_of
from pennsieve_agent.domain.runs import Attempt, RunState, RunStatus, StepState

T = "2026-11-28T10:00:{:06.3f}Z".format


def test_a_sum_with_an_unknown_part_is_unknown() -> None:
    assert total([]) == 0
    assert total([1, 0, 2]) == 3
    assert total([1, None]) is None
    both = sum_of([Counters(total=2, cost=0.5), Counters(total=3)])
    assert (both.total, both.cost, both.failed) == (5, None, None)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (None, "unknown"),
        (0.0, "0.00 USD"),
        (0.0000001, "<0.000001 USD"),
        (0.0004, "0.0004 USD"),
        (0.01, "0.01 USD"),
        (12.345, "12.35 USD"),
    ],
)
def test_money(amount: float | None, text: str) -> None:
    assert words.usd(amount) == text


def test_sizes_counts_and_times_that_are_unknown() -> None:
    assert words.size(None) == "unknown"
    assert words.figure(None, words.size, plain=True) == ""
    assert words.figure(0, words.size, plain=True) == "0"
    assert words.count(None, "run") == "unknown number of runs"
    assert words.count(0, "run") == "0 runs"
    assert words.count(None, unit="GB") == "unknown"
    assert (words.span(0), words.span(0.2), words.span(1.9)) == ("0 s", "<1 s", "1 s")


def test_a_step_ran_as_long_as_its_attempts_without_the_pauses() -> None:
    tries = (Attempt(T(1), T(3)), Attempt(T(20), T(24.5)))
    step = StepState("s", RunStatus.SUCCEEDED, T(1), T(24.5), attempts=tries)
    assert step.seconds(0.0) == 6.5
    assert StepState("s", RunStatus.SUCCEEDED, T(1), T(24.5)).seconds(0.0) == 23.5


def test_what_goes_on_is_counted_until_now_and_what_ended_unseen_is_unknown() -> None:
    now = 1_795_860_010.0  # 10 s after the hour
    runs = StepState("s", RunStatus.STARTED, T(1), attempts=(Attempt(T(1), T(3)), Attempt(T(7))))
    assert runs.seconds(now) == 5
    assert StepState("s", RunStatus.NOT_STARTED).seconds(now) is None
    assert StepState("s", RunStatus.FAILED, T(1)).seconds(now) is None
    assert RunState(RunStatus.STARTED, T(0)).seconds(now) == 10
    assert RunState(RunStatus.CANCELED).seconds(now) is None
