"""Runs on Pennsieve: the newest are the newest of all pages, whose order nobody promises."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from pennsieve_agent.domain.run_filter import RunQuery, Someone
from pennsieve_agent.domain.runs import Run, RunStatus
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
