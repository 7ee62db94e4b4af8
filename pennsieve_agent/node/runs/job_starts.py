"""When a machine was there for a job, as AWS told it while somebody else worked on its run.

What an event tells is otherwise gone with the event: where a job starts at once, it is running
before whoever holds the run looks at it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pennsieve_agent.node.node import Node
from pennsieve_agent.node.records.run_record import RunRecord
from pennsieve_agent.node.table import Items, expiry

Starting = Mapping[str, tuple[int, float]]
"""Jobs that have a machine, by id: the number of the attempt, from 0, and since when."""
_KEPT_SECONDS = 86_400
_PAST = {"RUNNING", "SUCCEEDED", "FAILED"}


def keep_starts(node: Node, run: str, starting: Starting) -> None:
    """Write down what an event told, for whoever works on the run."""
    for job, (number, at) in starting.items():
        values = {"at": {"N": str(at)}, **expiry(node.now() + _KEPT_SECONDS)}
        Items(node).put(f"RUN#{run}", _key(job, number), values)


def kept_starts(node: Node, record: RunRecord, rows: Mapping[str, Any]) -> Starting:
    """What was written down of jobs that just went past their start."""
    starts: dict[str, tuple[int, float]] = {}
    for job in record.live:
        row = rows.get(job.id) or {}
        status = str(row.get("status") or "")
        number = len(row.get("attempts") or ()) - (status != "RUNNING")
        is_new = status in _PAST and status != job.status and bool(row.get("startedAt"))
        if not is_new or row.get("isCall") or str(number) in job.starting:
            continue
        item = Items(node).get(f"RUN#{record.run}", _key(job.id, number))
        if item is not None:
            starts[job.id] = number, float(item["at"]["N"])
    return starts


def _key(job: str, number: int) -> str:
    return f"STARTING#{job}#{number}"
