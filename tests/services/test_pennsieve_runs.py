"""Runs on Pennsieve: the newest are the newest of all pages, whose order nobody promises."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, cast

from pennsieve_agent.cli.run.failed_step import failed_step
from pennsieve_agent.domain.run_filter import RunQuery, Someone
from pennsieve_agent.domain.runs import LogMessage, Run, RunState, RunStatus, StepState
from pennsieve_agent.services.runs.all_runs import Located
from pennsieve_agent.services.runs.pennsieve_runs import PennsieveRuns

if TYPE_CHECKING:
    from pennsieve_agent.domain.run_filter import RunFilter
    from pennsieve_agent.platform.client import Platform

MINE = "N:user:me"


class Pages:
    """A Pennsieve that lists the oldest run first."""

    def __init__(self, runs: list[Run]) -> None:
        self._all = runs
        self.runs = self.compute = self

    def workspace_id(self) -> str:
        return "N:organization:1"

    def nodes(self, _: str) -> list[Any]:
        return []

    def logs(self, _: str, step: str) -> Sequence[LogMessage]:
        return [LogMessage(n, f"{step} {n}") for n in range(50)]

    def list(self, _: str, *, only: RunFilter, **__: object) -> Iterator[Run]:
        return (run for run in self._all if only.takes(run))


def test_the_latest_of_mine_is_the_last_of_many_pages() -> None:
    people = (MINE, "N:user:other")
    pages = Pages(
        [
            Run(
                f"{n}",
                RunStatus.SUCCEEDED,
                started_at=f"2026-11-01T{n // 60:02}:{n % 60:02}",
                created_by=people[n % 2],
            )
            for n in range(900)
        ]
    )
    backend = PennsieveRuns(cast("Platform", pages))
    (latest,) = backend.newest(RunQuery(limit=1, person=Someone(MINE)))
    assert latest.uuid == "898"
    assert len(backend.newest(RunQuery())) == 900


def test_a_failed_run_there_has_its_last_lines_and_no_reason() -> None:
    run = Run("7", RunStatus.FAILED, name="spike-rate-1c20")
    backend = PennsieveRuns(cast("Platform", Pages([run])))
    steps = (
        StepState("late", RunStatus.FAILED, completed_at="2026-11-02"),
        StepState("count", RunStatus.FAILED, completed_at="2026-11-01"),
    )
    failed = failed_step(Located(run, backend), RunState(RunStatus.FAILED, steps=steps))
    assert failed is not None
    assert failed.to_json() == {
        "step": "count",
        "reason": None,
        "last_lines": [f"count {n}" for n in range(30, 50)],
        "command": "pennsieve run logs spike-rate-1c20 --step count",
        "advice": None,
    }
    assert failed.command == "pennsieve run logs spike-rate-1c20 --step count"
    assert failed_step(Located(run, backend), RunState(RunStatus.SUCCEEDED, steps=steps)) is None
