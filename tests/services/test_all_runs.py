"""Runs of several places as one: order, names, ids, and places that do not answer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast
from uuid import UUID

import pytest

from pennsieve_agent.domain.run_filter import RunQuery, Someone
from pennsieve_agent.domain.runs import Run, RunStatus
from pennsieve_agent.errors import AgentError, NotFound, Unreachable, UsageProblem
from pennsieve_agent.services.runs.all_runs import AllRuns

if TYPE_CHECKING:
    from pennsieve_agent.services.runs.run_backend import RunBackend

A, B, C = (f"{d * 8}-0000-4000-8000-000000000000" for d in "abc")
ME = Someone("N:user:me", "me@example.org", "Me")


@dataclass
class Place:
    """A backend with runs and nothing else."""

    token: str
    name: str
    runs: list[Run] = field(default_factory=list)
    down: AgentError | None = None
    asked: int = 0

    def newest(self, query: RunQuery) -> list[Run]:
        self._check()
        rows = self.runs
        if query.person:
            rows = [r for r in rows if r.created_by in {query.person.user_id, query.person.email}]
        return rows[: query.limit]

    def get(self, run_id: str) -> Run:
        self._check()
        for run in self.runs:
            if run.uuid == run_id:
                return run
        raise NotFound("there is no such run", status=404)

    def _check(self) -> None:
        self.asked += 1
        if self.down:
            raise self.down


def run(uuid: str, name: str, started: str, node: str, by: str = "N:user:me") -> Run:
    return Run(
        uuid, RunStatus.STARTED, name=name, started_at=started, node_name=node, created_by=by
    )


def places() -> tuple[Place, Place]:
    own = Place("0a1b2c3d", "my-node", [run(A, "first", "2026-11-02", "my-node", "me@example.org")])
    theirs = Place(
        "",
        "Pennsieve",
        [
            run(B, "second", "2026-11-03", "theirs", "N:user:other"),
            run(C, "first", "2026-11-01", "theirs"),
        ],
    )
    return own, theirs


def everywhere(own: Place, theirs: Place, notes: list[str], started_on: str = "") -> AllRuns:
    backends = [cast("RunBackend", own), cast("RunBackend", theirs)]
    return AllRuns(backends, me=lambda: ME, note=notes.append, started_on=lambda _: started_on)


def test_all_places_in_one_order() -> None:
    found = everywhere(*places(), []).newest(RunQuery(limit=2))
    assert [(r.uuid, r.node_name) for r in found] == [(B, "theirs"), (A, "my-node")]


def test_a_place_that_does_not_answer_is_named_once_and_the_others_are_listed() -> None:
    own, theirs = places()
    own.down = Unreachable("the node's function is gone", hint="see: pennsieve compute doctor")
    notes: list[str] = []
    runs = everywhere(own, theirs, notes)
    assert [r.uuid for r in runs.newest(RunQuery(limit=5))] == [B, C]
    runs.newest(RunQuery(limit=5))
    said = "compute node 'my-node' was left out: the node's function is gone "
    assert notes == [f"{said}(see: pennsieve compute doctor)"]


def test_pennsieve_down_leaves_the_own_nodes() -> None:
    own, theirs = places()
    theirs.down = Unreachable("no answer from api2")
    notes: list[str] = []
    assert [r.uuid for r in everywhere(own, theirs, notes).newest(RunQuery(limit=5))] == [A]
    assert notes == ["Pennsieve was left out: no answer from api2"]


def test_when_nobody_answers_that_is_the_error() -> None:
    own, theirs = places()
    own.down = theirs.down = Unreachable("no network")
    with pytest.raises(Unreachable, match="no network"):
        everywhere(own, theirs, []).newest(RunQuery(limit=5))


def test_the_latest_is_mine_on_any_node() -> None:
    located = everywhere(*places(), []).find(None)
    assert (located.run.uuid, located.backend.token) == (A, "0a1b2c3d")
    own, theirs = places()
    own.runs, theirs.runs = [], theirs.runs[:1]
    with pytest.raises(UsageProblem, match="you have not started a run yet"):
        everywhere(own, theirs, []).find(None)


def test_names_and_prefixes_are_looked_for_everywhere() -> None:
    runs = everywhere(*places(), [])
    assert runs.find("second").run.uuid == B
    assert runs.find("cccc").backend.token == ""
    with pytest.raises(UsageProblem) as caught:
        runs.find("first")
    assert caught.value.message == (
        f"2 runs match 'first': first ({A} on my-node), first ({C} on theirs)"
    )
    with pytest.raises(UsageProblem, match="no run is called 'nothing'"):
        runs.find("nothing")


def test_a_whole_id_on_pennsieve_needs_no_own_node() -> None:
    own, theirs = places()
    assert everywhere(own, theirs, []).find(B.upper()).run.uuid == B
    assert own.asked == 0


def test_a_whole_id_that_this_machine_started_is_asked_of_its_node_alone() -> None:
    own, theirs = places()
    assert everywhere(own, theirs, [], started_on="0a1b2c3d").find(A).run.uuid == A
    assert theirs.asked == 0


def test_a_whole_id_is_looked_for_where_somebody_answers() -> None:
    own, theirs = places()
    theirs.down = Unreachable("no answer")
    notes: list[str] = []
    assert everywhere(own, theirs, notes).find(A).run.uuid == A
    assert notes == ["Pennsieve was left out: no answer"]
    with pytest.raises(UsageProblem, match="there is no run dddddddd"):
        everywhere(own, theirs, notes).find(A.replace("a", "d"))


def test_a_run_that_was_just_made_is_the_newest() -> None:
    own, theirs = places()
    own.runs = [replace(own.runs[0], started_at="")]
    assert everywhere(own, theirs, []).newest(RunQuery(limit=1))[0].uuid == A


def many(count: int) -> list[Run]:
    """Runs of mine and of another, the oldest first, as a place may answer them."""
    people = ("N:user:me", "N:user:other")
    return [
        run(str(UUID(int=n)), f"run-{n:03}", f"2026-11-01T{n // 60:02}:{n % 60:02}", "theirs", by)
        for n, by in zip(range(count), people * count, strict=False)
    ]


def test_a_run_older_than_the_newest_200_is_found_by_name_and_prefix() -> None:
    theirs = Place("", "Pennsieve", many(450))
    runs = everywhere(Place("0a1b2c3d", "my-node"), theirs, [])
    for name in ("run-000", "run-003", "run-449"):
        assert runs.find(name).run.name == name
    with pytest.raises(UsageProblem, match="10 runs match 'run-00'"):
        runs.find("run-00")


def test_a_list_by_name_is_counted_whole() -> None:
    runs = everywhere(Place("0a1b2c3d", "my-node"), Place("", "Pennsieve", many(450)), [])
    assert len(runs.newest(RunQuery(name="RUN-00"))) == 10
    assert len(runs.newest(RunQuery(limit=3, name="run-*9"))) == 3
    assert [r.name for r in runs.newest(RunQuery(name="run-?49"))] == [
        *("run-449", "run-349", "run-249", "run-149", "run-049"),
    ]
    assert runs.newest(RunQuery(name="un[0]")) == []
