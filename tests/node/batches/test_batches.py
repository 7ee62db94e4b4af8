"""Batches on an own node: accepted as a whole, run a few at a time, seen row by row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pytest

from pennsieve_agent.domain.batches import Batch, BatchRow, BatchStatus, RowStatus, run_id
from pennsieve_agent.errors import AgentError, Conflict, Forbidden, NotFound
from pennsieve_agent.node.api import routes_batches
from tests.node.batches.batch_calls import (
    batch,
    deliver_all,
    finish,
    open_runs,
    row,
    rows,
    statuses,
)
from tests.node.owned import DATASET, WORKFLOW, Owned, start, user, version


def test_a_batch_runs_a_few_at_a_time_to_its_end(node: Owned) -> None:
    owner = node.furnish()
    asks = batch(5, limits={"retries": 1})
    answer = owner.ask("POST", "/batches", body=asks)
    assert answer == {"batch": asks["id"], "created": True, "runs": 5}
    assert set(statuses(owner, asks)) == {"WAITING"}
    deliver_all(node.world)
    assert len(open_runs(node, asks)) == 2
    assert statuses(owner, asks) == ["STARTED", "STARTED", "WAITING", "WAITING", "WAITING"]
    assert finish(node.world) <= 2
    assert set(statuses(owner, asks)) == {"SUCCEEDED"}
    shown = Batch.of(owner.ask("GET", f"/batches/{asks['id']}"))
    assert shown.status is BatchStatus.SUCCEEDED
    assert (shown.counts.succeeded, shown.counts.total) == (5, 5)
    assert shown.created <= shown.ended
    assert shown.cost is not None
    assert shown.limits == {"retries": 1}
    assert [(step.id, step.name) for step in shown.steps] == [
        ("in", "in"),
        ("work", "work"),
        ("out", "out"),
    ]
    assert not node.world.left()
    assert not node.world.schedule


def test_a_row_is_a_run_with_its_own_name_folder_and_files(node: Owned) -> None:
    owner = node.furnish()
    asks = batch(
        ["sub-01/ses 1", "被験者"], name="étude", parameters={"work": {"A": "1", "B": "2"}}
    )
    asks["runs"][1]["parameters"] = {"work": {"B": "3"}}
    owner.ask("POST", "/batches", body=asks)
    finish(node.world)
    first, second = map(BatchRow.of, rows(owner, asks))
    assert (first.run, first.attempt) == (run_id(asks["id"], "sub-01/ses 1"), 1)
    assert first.status is RowStatus.SUCCEEDED
    assert first.steps == dict.fromkeys(("in", "work", "out"), ("SUCCEEDED", ""))
    assert "" < first.started <= first.ended
    run = owner.ask("GET", f"/runs/{first.run}")
    assert run["name"] == "étude/sub-01/ses 1"
    assert run["folder"] == "results/étude/sub-01/ses-1"
    assert run["batch"] == {
        "id": asks["id"],
        "name": "étude",
        "subject": "sub-01/ses 1",
        "attempt": 1,
    }
    assert owner.ask("GET", f"/runs/{first.run}/files")["files"] == asks["runs"][0]["files"]
    other = owner.ask("GET", f"/runs/{second.run}")
    assert (run["parameters"], other["parameters"]) == (
        {"work": {"A": "1", "B": "2"}},
        {"work": {"A": "1", "B": "3"}},
    )
    owner.ask("POST", "/runs", body=start())
    listed = owner.ask("GET", "/runs", {"batch": asks["id"]})["runs"]
    assert {entry["id"] for entry in listed} == {first.run, second.run}
    assert owner.ask("GET", "/runs", {"batch": "étude"})["runs"] == listed
    single = next(r for r in owner.ask("GET", "/runs")["runs"] if r not in listed)
    assert "batch" not in single


def test_a_folder_for_the_batch_has_one_for_each_subject(node: Owned) -> None:
    owner = node.furnish()
    asks = batch(["a"], targets={"out": {"TARGET_FOLDER": "mine/"}})
    owner.ask("POST", "/batches", body=asks)
    deliver_all(node.world)
    assert owner.ask("GET", f"/runs/{run_id(asks['id'], 'a')}")["folder"] == "mine/a"


def test_some_fail_and_the_rest_goes_on(node: Owned) -> None:
    owner = node.furnish()
    asks = batch(12, parallel=4)
    failing = {run_id(asks["id"], f"sub-{n:02}") for n in (1, 5, 9)}
    owner.ask("POST", "/batches", body=asks)
    assert finish(node.world, lambda job: job.name[:36] in failing and "-work-" in job.name) <= 4
    shown = Batch.of(owner.ask("GET", f"/batches/{asks['id']}"))
    assert shown.status is BatchStatus.FAILED
    assert (shown.counts.succeeded, shown.counts.failed) == (9, 3)
    failed = rows(owner, asks, status="failed")
    assert [entry["subject"] for entry in failed] == ["sub-01", "sub-05", "sub-09"]
    assert all("step 'work'" in entry["reason"] for entry in failed)
    assert {entry["steps"]["work"][0] for entry in failed} == {"FAILED"}


def test_the_same_request_twice_is_one_batch(node: Owned) -> None:
    owner = node.furnish()
    asks = batch(2)
    owner.ask("POST", "/batches", body=asks)
    again = {"batch": asks["id"], "created": False, "runs": 2}
    assert owner.ask("POST", "/batches", body=asks) == again
    finish(node.world)
    runs = len(node.world.jobs)
    assert owner.ask("POST", "/batches", body=asks) == again
    finish(node.world)
    assert len(node.world.jobs) == runs
    with pytest.raises(Conflict, match="another batch has this id"):
        owner.ask("POST", "/batches", body={**asks, "runs": [row("other")]})
    assert [entry["subject"] for entry in rows(owner, asks)] == ["sub-00", "sub-01"]


def test_names_are_reserved_for_the_batch_and_its_runs(node: Owned) -> None:
    owner = node.furnish()
    asks = batch(["a"], name="one")
    owner.ask("POST", "/batches", body=asks)
    with pytest.raises(Conflict, match="'One' already"):
        owner.ask("POST", "/batches", body=batch(["a"], name="One"))
    with pytest.raises(Conflict, match="already"):
        owner.ask("POST", "/runs", body=start(name="one"))
    owner.ask("POST", "/runs", body=start(name="two/b"))
    two = batch(["b", "c"], name="two")
    owner.ask("POST", "/batches", body=two)
    finish(node.world)
    assert statuses(owner, two) == ["SKIPPED", "SUCCEEDED"]
    assert "another run on this node is called 'two/b'" in rows(owner, two)[0]["reason"]


def _with(**changes: Any) -> dict[str, Any]:
    return batch(2, **changes)


@pytest.mark.parametrize(
    ("asks", "words"),
    [
        (_with(runs=[]), "1 to 10000 runs"),
        (_with(runs="all"), "1 to 10000 runs"),
        (_with(runs=["sub-01"]), "names and values"),
        (_with(id="1"), "'id'"),
        (_with(name=""), "name"),
        (_with(name="a" * 128), "name"),
        (_with(name="a\nb"), "name"),
        (_with(parallel=0), "from 1 to 500"),
        (_with(parallel=501), "from 1 to 500"),
        (_with(parallel=True), "from 1 to 500"),
        (_with(limits={"retries": 99}), "'retries'"),
        (_with(layout="round"), "tree or flat"),
        (_with(targets={"out": "x"}), "'targets'"),
        (_with(fingerprint=5), "'fingerprint'"),
    ],
)
def test_what_is_no_batch(node: Owned, asks: dict[str, Any], words: str) -> None:
    owner = node.furnish()
    with pytest.raises(AgentError, match=words):
        owner.ask("POST", "/batches", body=asks)
    assert owner.ask("GET", "/batches") == {"batches": [], "next": ""}
    assert not node.world.events


def test_a_batch_of_another_person_does_not_exist(node: Owned) -> None:
    owner = node.furnish(share=user("bob"))
    owner.ask("PUT", "/shares", body={"arn": user("eve"), "workflows": [WORKFLOW]})
    bob, eve = node.caller("bob"), node.caller("eve")
    asks = batch(2)
    bob.ask("POST", "/batches", body=asks)
    assert [entry["id"] for entry in bob.ask("GET", "/batches")["batches"]] == [asks["id"]]
    assert eve.ask("GET", "/batches")["batches"] == []
    for method, path in (("GET", ""), ("GET", "/rows"), ("POST", "/cancel")):
        with pytest.raises(NotFound, match="no such batch of yours"):
            eve.ask(method, f"/batches/{asks['id']}{path}")
    with pytest.raises(Conflict, match="another batch has this id"):
        eve.ask("POST", "/batches", body=asks)
    assert owner.ask("GET", f"/batches/{asks['id']}")["caller"] == user("bob")
    finish(node.world)
    assert statuses(bob, asks) == ["SUCCEEDED"] * 2


def test_rights_and_grants_are_checked_before_a_batch_is_taken(node: Owned) -> None:
    owner = node.furnish(access="read")
    with pytest.raises(Forbidden, match="may only read"):
        owner.ask("POST", "/batches", body=batch())
    with pytest.raises(NotFound, match="'v9'"):
        owner.ask("POST", "/batches", body=batch(version="v9"))


def test_batches_are_listed_newest_first_page_by_page(node: Owned) -> None:
    owner = node.furnish()
    ids: list[str] = []
    for _ in range(5):
        asks = batch(1)
        owner.ask("POST", "/batches", body=asks)
        ids.insert(0, asks["id"])
        node.world.clock += 1
    first = owner.ask("GET", "/batches", {"limit": "2"})
    rest = owner.ask("GET", "/batches", {"limit": "9", "next": first["next"]})
    assert [entry["id"] for entry in first["batches"] + rest["batches"]] == ids
    assert rest["next"] == ""
    for query, count in (
        ({"workflow": WORKFLOW}, 5),
        ({"workflow": "flow 1"}, 5),
        ({"workflow": "no"}, 0),
        ({"dataset": DATASET}, 5),
        ({"dataset": "N:dataset:none"}, 0),
    ):
        assert len(owner.ask("GET", "/batches", query)["batches"]) == count


def test_rows_come_in_pages_whatever_of_them_has_begun(node: Owned) -> None:
    owner = node.furnish()
    asks = batch(230, parallel=3)
    owner.ask("POST", "/batches", body=asks)
    deliver_all(node.world)
    seen: list[dict[str, Any]] = []
    after = "0"
    while after:
        query = {"limit": "70", "next": after}
        page = owner.ask("GET", f"/batches/{asks['id']}/rows", query)
        seen += page["rows"]
        after = page["next"]
    assert [entry["index"] for entry in seen] == list(range(230))
    assert [entry["subject"] for entry in seen] == [r["subject"] for r in asks["runs"]]
    assert [entry["run"] != "" for entry in seen] == [True] * 3 + [False] * 227
    page = owner.ask("GET", f"/batches/{asks['id']}/rows", {"status": "waiting", "limit": "5"})
    assert [entry["index"] for entry in page["rows"]] == [3, 4, 5, 6, 7]
    assert page["next"] == "8"
    counts = owner.ask("GET", f"/batches/{asks['id']}")["counts"]
    assert (counts["waiting"], counts["running"]) == (227, 3)


def test_an_accepted_batch_has_all_that_it_needs(node: Owned) -> None:
    owner = node.furnish()
    asks = batch(4, parallel=1)
    owner.ask("POST", "/batches", body=asks)
    owner.ask("PUT", f"/workflows/{WORKFLOW}/versions/v2", body=version("v2"))
    owner.ask("DELETE", f"/workflows/{WORKFLOW}/versions/v1")
    finish(node.world)
    assert statuses(owner, asks) == ["SUCCEEDED"] * 4


def test_what_a_batch_was_started_with_is_told_in_pages(
    node: Owned, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = node.furnish(share=user("bob"))
    asks = batch(5, parameters={"work": {"A": "1"}}, limits={"retries": 1}, layout="flat")
    asks["runs"][3]["parameters"] = {"work": {"B": "3"}}
    owner.ask("POST", "/batches", body=asks)
    monkeypatch.setattr(routes_batches, "MOST_FILES", 2)
    path, page = f"/batches/{asks['id']}/start", cast("Mapping[str, Any]", {"next": "0"})
    runs: list[Any] = []
    while token := page["next"]:
        page = owner.ask("GET", path, {"next": token})
        runs += page["runs"]
        assert len(page["runs"]) <= 2
    assert runs == asks["runs"]
    assert (page["parameters"], page["limits"]) == (asks["parameters"], {"retries": 1})
    assert (page["layout"], page["undeclared"]) == ("flat", False)
    with pytest.raises(NotFound):
        node.caller("bob").ask("GET", path)
