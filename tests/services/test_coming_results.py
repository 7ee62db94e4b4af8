"""Results as they appear, and a folder for each run."""

from __future__ import annotations

from pathlib import Path

from pennsieve_agent.domain.datasets import DataFile
from pennsieve_agent.domain.runs import Run, RunStatus
from pennsieve_agent.services.runs.coming_results import LOOK_SECONDS, as_they_come, folders_of
from tests.fakes.clock import Clock


def test_each_file_is_given_once_as_it_appears_until_the_run_is_over() -> None:
    a, b, c = (DataFile(name, name, 1) for name in "abc")
    looks = iter([[], [a], [a], [a, b], [a, b, c]])
    states, clock = iter([False] * 4 + [True]), Clock()
    batches = list(as_they_come(lambda: next(looks), lambda: next(states), clock.sleep))
    assert batches == [[a], [b]]
    assert clock.slept == [LOOK_SECONDS, LOOK_SECONDS]
    assert next(looks) == [a, b, c], "what comes at the very end is fetched by who waits for it"


def test_a_run_that_is_over_is_not_waited_for() -> None:
    clock = Clock()
    assert list(as_they_come(list, lambda: True, clock.sleep)) == []
    assert clock.slept == []


def test_each_run_has_a_folder_of_its_own() -> None:
    runs = [
        Run("11111111-aaaa", RunStatus.SUCCEEDED, "one"),
        Run("22222222-aaaa", RunStatus.SUCCEEDED, "Two/../x"),
        Run("33333333-aaaa", RunStatus.SUCCEEDED, "ONE"),
        Run("44444444-aaaa", RunStatus.SUCCEEDED),
    ]
    to = Path("results")
    assert folders_of(runs, to) == [
        to / "one-11111111",
        to / "Two_.._x",
        to / "ONE-33333333",
        to / "44444444-aaaa",
    ]
