"""Batches on an own node, as a client asks for them, and what becomes of them in memory."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import Any

from pennsieve_agent.aws.node_client import NodeClient
from pennsieve_agent.node.batches.batch_store import BatchStore
from pennsieve_agent.node.records.run_store import RunStore
from tests.node.owned import DATASET, WORKFLOW, Owned
from tests.node.services import Job
from tests.node.world import World


def row(subject: str, **more: Any) -> dict[str, Any]:
    """A row with one file."""
    package = f"N:package:{uuid.uuid4()}"
    file = {"path": f"raw/{subject}/a.edf", "package": package, "size": 7}
    return {"subject": subject, "packages": [package], "files": [file], "parameters": {}, **more}


def batch(subjects: Iterable[str] | int = 3, **changes: Any) -> dict[str, Any]:
    """A request for a batch."""
    names = [f"sub-{n:02}" for n in range(subjects)] if isinstance(subjects, int) else subjects
    return {
        "id": str(uuid.uuid4()),
        "name": f"study-{uuid.uuid4().hex[:6]}",
        "workflow": WORKFLOW,
        "version": "v1",
        "dataset": DATASET,
        "parallel": 2,
        "parameters": {},
        "targets": {"out": {}},
        "limits": {},
        "layout": "",
        "runs": [row(subject) for subject in names],
        **changes,
    }


def rows(client: NodeClient, asks: dict[str, Any], **query: str) -> list[dict[str, Any]]:
    """All rows."""
    answer = client.ask("GET", f"/batches/{asks['id']}/rows", query)
    assert not answer["next"]
    found: list[dict[str, Any]] = answer["rows"]
    return found


def statuses(client: NodeClient, asks: dict[str, Any]) -> list[str]:
    return [row["status"] for row in rows(client, asks)]


def deliver_all(world: World) -> None:
    """Deliver what waits; nothing of Batch's gets on."""
    while world.events:
        world.deliver(world.events.pop(0))


def open_runs(node: Owned, asks: dict[str, Any]) -> set[str]:
    inner = node.world.node()
    return BatchStore(inner, RunStore(inner)).open(asks["id"])


def finish(world: World, fails: Callable[[Job], bool] = lambda _: False, rounds: int = 400) -> int:
    """Let jobs end and deliver what happens; the most runs that had a job at one time."""
    most = 0
    for _ in range(rounds):
        deliver_all(world)
        ready = world.ready()
        going = {job.name[:36] for job in world.jobs.values() if not job.ended}
        most = max(most, len(going))
        for job in ready:
            world.begin(job)
            failed = fails(job)
            world.end(job, "FAILED" if failed else "SUCCEEDED", code=3 if failed else 0)
        while world.called:
            world.answer_call()
        if not ready and not world.events:
            return most
    raise AssertionError("the batch does not end")
