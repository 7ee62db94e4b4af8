"""Attempting rows of a batch once more: each attempt begins once, whoever asks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pennsieve_agent.domain.batches import Batch, BatchRow, BatchStatus, RowStatus, run_id
from pennsieve_agent.errors import AgentError, Conflict
from pennsieve_agent.node.batches.batch_store import Again, BatchStore
from pennsieve_agent.node.batches.batch_summary import state_of
from pennsieve_agent.node.records.run_store import RunStore
from tests.node.batches.batch_calls import batch, deliver_all, finish, rows, statuses
from tests.node.owned import DATASET, WORKFLOW, Owned, grant
from tests.node.services import Job


def failed_one(node: Owned, subject: str = "sub-01") -> dict[str, Any]:
    """A batch of three of which one has failed."""
    asks = batch(3)
    bad = run_id(asks["id"], subject)
    node.owner.ask("POST", "/batches", body=asks)

    def fails(job: Job) -> bool:
        return job.name.startswith(bad) and "-work-" in job.name

    finish(node.world, fails)
    return asks


def test_a_failed_subject_is_attempted_again(node: Owned) -> None:
    owner = node.furnish()
    asks = failed_one(node)
    path = f"/batches/{asks['id']}"
    before = owner.ask("GET", path)
    answer = owner.ask("POST", f"{path}/retry", body={"rows": {"sub-01": 1}})
    assert answer == {"batch": asks["id"], "begun": ["sub-01"]}
    assert statuses(owner, asks) == ["SUCCEEDED", "WAITING", "SUCCEEDED"]
    shown = Batch.of(owner.ask("GET", path))
    assert (shown.status, shown.ended, shown.counts.waiting) == (BatchStatus.STARTED, "", 1)
    assert Batch.of(owner.ask("GET", "/batches")["batches"][0]).status is BatchStatus.STARTED
    finish(node.world)
    again = rows(owner, asks)[1]
    assert (again["status"], again["attempt"]) == ("SUCCEEDED", 2)
    assert again["run"] == run_id(asks["id"], "sub-01", 2)
    first = owner.ask("GET", f"/runs/{run_id(asks['id'], 'sub-01', 1)}")
    assert (first["status"], first["batch"]["attempt"]) == ("FAILED", 1)
    shown = Batch.of(owner.ask("GET", path))
    assert shown.status is BatchStatus.SUCCEEDED
    assert shown.cost > before["cost"] > 0  # the first attempt counts, too
    assert not node.world.left()


def folders(node: Owned, asks: dict[str, Any], *attempts: int) -> list[str]:
    """Where these attempts of sub-01 write."""
    runs = [run_id(asks["id"], "sub-01", attempt) for attempt in attempts]
    return [node.owner.ask("GET", f"/runs/{run}")["folder"] for run in runs]


def test_an_attempt_writes_where_the_failed_one_delivered_nothing(node: Owned) -> None:
    node.furnish()
    asks = failed_one(node)
    node.owner.ask("POST", f"/batches/{asks['id']}/retry", body={"rows": {"sub-01": 1}})
    finish(node.world)
    own = f"results/{asks['name']}/sub-01"
    assert folders(node, asks, 1, 2) == [own, own]


def test_an_attempt_does_not_write_over_what_an_earlier_one_delivered(node: Owned) -> None:
    owner = node.furnish()
    asks, cut = batch(3), 0

    def fails_in_the_delivery(job: Job) -> bool:
        nonlocal cut
        is_it = job.name.startswith(run_id(asks["id"], "sub-01")) and "-out-" in job.name
        cut += is_it
        return is_it

    owner.ask("POST", "/batches", body=asks)
    finish(node.world, fails_in_the_delivery)
    assert cut, [job.name for job in node.world.jobs.values()]
    assert statuses(owner, asks)[1] == "FAILED"
    retry = f"/batches/{asks['id']}/retry"
    owner.ask("POST", retry, body={"rows": {"sub-01": 1}})
    finish(node.world, lambda job: "-work-" in job.name)
    owner.ask("POST", retry, body={"rows": {"sub-01": 2}})
    finish(node.world)
    own = f"results/{asks['name']}/sub-01"
    assert folders(node, asks, 1, 2, 3) == [own, f"{own}-attempt-2", f"{own}-attempt-3"]
    assert statuses(owner, asks) == ["SUCCEEDED"] * 3


class Beginning(BatchStore):
    """A store in which the attempts that were asked for begin as soon as somebody looks."""

    def again(self, batch: str) -> list[Again]:
        for repeat in super().again(batch):
            row = BatchRow(repeat.index, "", attempt=repeat.attempt, status=RowStatus.STARTED)
            self.rows(batch).put(row)
            self.took(batch, repeat)
        return super().again(batch)


def test_an_attempt_that_begins_while_a_batch_is_counted_is_counted(node: Owned) -> None:
    """Who waits for the batch must not be told that it is over."""
    owner = node.furnish()
    asks = failed_one(node)
    owner.ask("POST", f"/batches/{asks['id']}/retry", body={"rows": {"sub-01": 1}})
    store = Beginning(node.world.node(), RunStore(node.world.node()))
    head = store.read(asks["id"])
    assert head is not None
    assert state_of(store, head).counts.running == 1


def test_two_people_retry_one_batch_and_nothing_begins_twice(node: Owned) -> None:
    owner = node.furnish()
    asks = failed_one(node)
    path = f"/batches/{asks['id']}/retry"
    owner.ask("POST", path, body={"rows": {"sub-01": 1}})
    for _ in range(3):  # while it waits, while it runs, and when it has ended
        with pytest.raises(Conflict, match="'sub-01' is running, or retried by somebody") as error:
            owner.ask("POST", path, body={"rows": {"sub-01": 1}})
        assert error.value.answer["subjects"] == ["sub-01"]
        assert error.value.answer["begun"] == []
        deliver_all(node.world)
    finish(node.world)
    attempts = {job.name[:36] for job in node.world.jobs.values()}
    assert len(attempts) == 4
    with pytest.raises(Conflict):
        owner.ask("POST", path, body={"rows": {"sub-01": 1}})


def test_one_that_was_retried_meanwhile_lets_none_begin(node: Owned) -> None:
    owner = node.furnish()
    asks = failed_one(node)
    path = f"/batches/{asks['id']}/retry"
    owner.ask("POST", path, body={"rows": {"sub-01": 1}})
    with pytest.raises(Conflict) as error:
        owner.ask("POST", path, body={"rows": {"sub-00": 1, "sub-01": 1}})
    assert error.value.answer["subjects"] == ["sub-01"]
    assert statuses(owner, asks)[0] == "SUCCEEDED"


def test_limits_of_a_retry_go_over_those_of_the_batch(node: Owned) -> None:
    owner = node.furnish()
    asks = failed_one(node)
    body = {"rows": {"sub-01": 1}, "limits": {"retries": 2}}
    owner.ask("POST", f"/batches/{asks['id']}/retry", body=body)
    deliver_all(node.world)
    run = owner.ask("GET", f"/runs/{run_id(asks['id'], 'sub-01', 2)}")
    assert run["limits"] == {"retries": 2}


def test_skipped_and_cancelled_subjects_can_be_attempted(node: Owned) -> None:
    owner = node.furnish()
    asks = batch(4, parallel=1)
    owner.ask("POST", "/batches", body=asks)
    deliver_all(node.world)
    owner.ask("DELETE", "/grants", {"workflow": WORKFLOW, "dataset": DATASET})
    finish(node.world)
    assert statuses(owner, asks)[1:] == ["SKIPPED"] * 3
    path = f"/batches/{asks['id']}/retry"
    owner.ask("POST", path, body={"rows": {"sub-01": 1}})
    finish(node.world)  # still no grant
    assert [(r["status"], r["attempt"]) for r in rows(owner, asks)][1] == ("SKIPPED", 2)
    assert "revoked" in rows(owner, asks)[1]["reason"]
    grant(owner)
    owner.ask("POST", path, body={"rows": {"sub-01": 2, "sub-03": 1}})
    finish(node.world)
    assert statuses(owner, asks)[1:] == ["SUCCEEDED", "SKIPPED", "SUCCEEDED"]
    assert not node.world.left()


def test_a_batch_with_attempts_that_wait_is_cancelled(node: Owned) -> None:
    owner = node.furnish()
    asks = failed_one(node)
    path = f"/batches/{asks['id']}"
    owner.ask("POST", f"{path}/retry", body={"rows": {"sub-01": 1}})
    owner.ask("POST", f"{path}/cancel")
    with pytest.raises(Conflict, match="being cancelled"):
        owner.ask("POST", f"{path}/retry", body={"rows": {"sub-00": 1}})
    finish(node.world)
    assert [(r["status"], r["attempt"]) for r in rows(owner, asks)][1] == ("CANCELED", 2)
    assert owner.ask("GET", path)["status"] == "CANCELED"
    owner.ask("POST", f"{path}/retry", body={"rows": {"sub-01": 2}})
    finish(node.world)
    assert statuses(owner, asks) == ["SUCCEEDED"] * 3


@pytest.mark.parametrize("after", [False, True])
def test_a_retry_that_is_cut_off_anywhere_begins_once(node: Owned, *, after: bool) -> None:
    owner = node.furnish()
    world = node.world
    asks = failed_one(node)
    owner.ask("POST", f"/batches/{asks['id']}/retry", body={"rows": {"sub-01": 1}})
    kills = 0
    while True:
        world.kill_at, world.kill_after = kills, after
        if world.deliver({"batch": asks["id"]}):
            break
        kills += 1
    world.kill_at = -1
    assert kills > 10
    world.events = []
    world.tick()
    finish(world)
    assert statuses(owner, asks) == ["SUCCEEDED"] * 3
    assert len({job.name[:36] for job in world.jobs.values()}) == 4
    assert not world.left()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "'rows'"),
        ({"rows": {}}, "'rows'"),
        ({"rows": ["sub-01"]}, "'rows'"),
        ({"rows": {"sub-01": 0}}, "number from 1"),
        ({"rows": {"sub-01": "1"}}, "number from 1"),
        ({"rows": {"sub-01": 1}, "limits": {"retries": 99}}, "'retries'"),
        ({"rows": {"sub-77": 1}}, "no subject 'sub-77'"),
    ],
)
def test_what_is_no_retry(node: Owned, body: dict[str, Any], words: str) -> None:
    owner = node.furnish()
    asks = batch(["sub-01"])
    owner.ask("POST", "/batches", body=asks)
    with pytest.raises(AgentError, match=words):
        owner.ask("POST", f"/batches/{asks['id']}/retry", body=body)


def test_the_budget_in_the_middle_of_a_retry_skips_the_rest(node: Owned) -> None:
    owner = node.furnish()
    asks = batch(3, parallel=1)
    owner.ask("POST", "/batches", body=asks)
    finish(node.world, lambda job: "-work-" in job.name)
    assert statuses(owner, asks) == ["FAILED"] * 3
    node.world.settings = replace(node.world.settings, monthly_budget="5")
    path = f"/batches/{asks['id']}/retry"
    owner.ask("POST", path, body={"rows": {f"sub-0{n}": 1 for n in range(3)}})
    deliver_all(node.world)
    RunStore(node.world.node()).note_cost("2026-09", "other", 9.0)
    finish(node.world)
    after = rows(owner, asks)
    assert [(row["status"], row["attempt"]) for row in after] == [
        ("FAILED", 2),
        ("SKIPPED", 2),
        ("SKIPPED", 2),
    ]
    assert all("budget of the compute node" in row["reason"] for row in after)
    node.world.settings = replace(node.world.settings, monthly_budget="50")
    owner.ask("POST", path, body={"rows": {f"sub-0{n}": 2 for n in range(3)}})
    finish(node.world)
    assert statuses(owner, asks) == ["SUCCEEDED"] * 3
