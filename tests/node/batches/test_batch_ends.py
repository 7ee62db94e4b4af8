"""What ends a batch in the middle: a cancel, the budget, a grant or a share taken back, a kill."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pennsieve_agent.domain.batches import Batch, BatchStatus, run_id
from pennsieve_agent.errors import Conflict
from pennsieve_agent.node.records.run_store import RunStore
from tests.node.batches.batch_calls import (
    batch,
    deliver_all,
    finish,
    open_runs,
    rows,
    statuses,
)
from tests.node.owned import DATASET, WORKFLOW, Owned, user


def ended(node: Owned, asks: dict[str, Any]) -> Batch:
    """The batch, of which nothing is left to do."""
    shown = Batch.of(node.owner.ask("GET", f"/batches/{asks['id']}"))
    assert shown.status.is_final
    assert shown.ended
    assert not node.world.left()
    assert open_runs(node, asks) == set()
    return shown


def begun(node: Owned, **changes: Any) -> dict[str, Any]:
    """A batch of six of which two have ended, two run and two wait."""
    asks = batch(6, **changes)
    node.owner.ask("POST", "/batches", body=asks)
    deliver_all(node.world)
    first = {run_id(asks["id"], f"sub-{n:02}") for n in (0, 1)}
    while set(statuses(node.owner, asks)[:2]) != {"SUCCEEDED"}:
        deliver_all(node.world)
        for job in node.world.ready():
            if job.name[:36] in first:
                node.world.begin(job)
                node.world.end(job, "SUCCEEDED", code=0)
        deliver_all(node.world)
    assert statuses(node.owner, asks) == ["SUCCEEDED"] * 2 + ["STARTED"] * 2 + ["WAITING"] * 2
    return asks


def test_a_cancelled_batch_ends_what_runs_and_begins_nothing(node: Owned) -> None:
    owner = node.furnish()
    asks = begun(node)
    assert owner.ask("POST", f"/batches/{asks['id']}/cancel") == {"batch": asks["id"]}
    assert owner.ask("GET", f"/batches/{asks['id']}")["status"] == "CANCELING"
    deliver_all(node.world)
    assert statuses(owner, asks)[4:] == ["CANCELED"] * 2
    finish(node.world)
    node.world.tick()
    assert statuses(owner, asks) == ["SUCCEEDED"] * 2 + ["CANCELED"] * 4
    assert ended(node, asks).status is BatchStatus.CANCELED
    with pytest.raises(Conflict, match="the batch has ended: CANCELED"):
        owner.ask("POST", f"/batches/{asks['id']}/cancel")


def test_a_batch_that_is_cancelled_before_anything_began(node: Owned) -> None:
    owner = node.furnish()
    asks = batch(3)
    owner.ask("POST", "/batches", body=asks)
    owner.ask("POST", f"/batches/{asks['id']}/cancel")
    finish(node.world)
    assert statuses(owner, asks) == ["CANCELED"] * 3
    assert ended(node, asks).counts.canceled == 3
    assert not node.world.jobs


def test_the_budget_in_the_middle_skips_what_has_not_begun(node: Owned) -> None:
    owner = node.furnish()
    node.world.settings = replace(node.world.settings, monthly_budget="5")
    asks = begun(node)
    RunStore(node.world.node()).note_cost("2026-09", "other", 9.0)
    finish(node.world)
    shown = ended(node, asks)
    assert shown.status is BatchStatus.FAILED
    assert shown.counts.skipped == 2
    for entry in rows(owner, asks, status="SKIPPED"):
        assert entry["run"] == ""
        assert "budget of the compute node, 5.00 USD, is used up" in entry["reason"]
    # Those that ran were ended by the same budget, as single runs are.
    assert shown.counts.failed == 2


def test_a_grant_that_is_taken_back_in_the_middle_skips_the_rest(node: Owned) -> None:
    owner = node.furnish()
    asks = begun(node)
    owner.ask("DELETE", "/grants", {"workflow": WORKFLOW, "dataset": DATASET})
    finish(node.world)
    assert ended(node, asks).status is BatchStatus.FAILED
    assert [entry["reason"] for entry in rows(owner, asks, status="skipped")] == [
        f"the workflow's grant on dataset {DATASET} was revoked"
    ] * 2


def test_a_share_that_is_taken_back_in_the_middle_skips_the_rest(node: Owned) -> None:
    owner = node.furnish(share=user("bob"))
    asks = batch(4, parallel=1)
    node.caller("bob").ask("POST", "/batches", body=asks)
    deliver_all(node.world)
    owner.ask("DELETE", "/shares", {"arn": user("bob")})
    finish(node.world)
    assert statuses(owner, asks) == ["SUCCEEDED"] + ["SKIPPED"] * 3
    assert "no longer shared" in rows(owner, asks)[1]["reason"]


@pytest.mark.parametrize("after", [False, True])
def test_a_node_that_is_killed_at_any_call_of_opening_goes_on(node: Owned, *, after: bool) -> None:
    """Each call is the last of an invocation once; each run begins once."""
    owner = node.furnish()
    world, kills = node.world, 0
    asks = batch(3, parallel=3)
    owner.ask("POST", "/batches", body=asks)
    while True:
        world.kill_at, world.kill_after = kills, after
        if world.deliver({"batch": asks["id"]}):
            break
        kills += 1
    world.kill_at = -1
    assert kills > 20
    assert len(open_runs(node, asks)) == 3
    world.events = []  # what was sent to wake them is lost, too
    world.tick()
    finish(world)
    assert statuses(owner, asks) == ["SUCCEEDED"] * 3
    names = [job.name for job in world.jobs.values()]
    assert len(names) == len(set(names))
    assert len({name[:36] for name in names}) == 3
    ended(node, asks)


@pytest.mark.parametrize("call", ["table.delete_item", "table.put_item", "functions.invoke"])
def test_a_node_that_is_killed_as_a_run_ends_opens_the_next(node: Owned, call: str) -> None:
    owner = node.furnish()
    world = node.world
    asks = batch(2, parallel=1)
    owner.ask("POST", "/batches", body=asks)
    deliver_all(world)
    for round_ in range(40):
        if "WAITING" not in statuses(owner, asks):
            break
        for job in world.ready():
            world.begin(job)
            world.end(job, "SUCCEEDED", code=0)
        world.kill_on = call if round_ % 2 else ""
        world.tick()
        world.kill_on = ""
        world.events = []
        assert round_ < 39
    world.clock += 120  # the lease of who was killed ends
    world.tick()
    finish(world)
    assert statuses(owner, asks) == ["SUCCEEDED"] * 2
    ended(node, asks)


@pytest.mark.parametrize("after", [False, True])
def test_a_cancel_in_the_middle_of_opening(node: Owned, *, after: bool) -> None:
    """Opening is cut off at each call, then the batch is cancelled: everything comes to an end."""
    owner = node.furnish()
    world = node.world
    for at in range(3, 45, 6):
        asks = batch(4, parallel=3)
        owner.ask("POST", "/batches", body=asks)
        (event,) = world.events
        world.events = []
        world.kill_at, world.kill_after = at, after
        world.deliver(event)
        world.kill_at = -1
        owner.ask("POST", f"/batches/{asks['id']}/cancel")
        world.clock += 120
        finish(world)
        for _ in range(3):
            world.tick()
            finish(world)
        assert set(statuses(owner, asks)) == {"CANCELED"}
        world.clock += 7200  # what was noted as active and never written down
        world.tick()
        ended(node, asks)


def test_a_batch_whose_request_was_cut_off_is_forgotten(node: Owned) -> None:
    node.furnish()
    world = node.world
    world.broken = {"functions.invoke": lambda: RuntimeError("cut off")}
    asks = batch(2)
    with pytest.raises(RuntimeError):
        node.owner.ask("POST", "/batches", body=asks)
    world.broken = {}
    world.tick()  # nobody was woken; the clock looks at it all the same
    finish(world)
    assert statuses(node.owner, asks) == ["SUCCEEDED"] * 2
