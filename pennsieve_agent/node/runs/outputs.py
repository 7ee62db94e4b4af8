"""The result files of a run, as its transfer jobs reported them.

A transfer job may write nothing but the run's files and its log, so it tells the relay, which
writes down what was said once, however often it is repeated.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pennsieve_agent.node.jobs.tasks import step_slug
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.records.run_record import JobKind
from pennsieve_agent.node.records.run_store import DOCUMENT_SECONDS, RunStore
from pennsieve_agent.node.table import Documents, Items, expiry

MOST_AT_ONCE = 500
"""Files in one message; a transfer job sends half as many."""
_FIELDS = ("path", "package", "asset", "size", "sha256")


def note_outputs(node: Node, run: str, message: Any) -> dict[str, Any]:
    """Write down what a transfer job delivered, ``{step, files: [...]}``; of own runs alone."""
    body: Mapping[str, Any] = message if isinstance(message, Mapping) else {}
    step, files = str(body.get("step") or ""), body.get("files")
    record = RunStore(node).read(run)
    delivers = record is not None and any(
        job.step == step and job.kind is JobKind.DELIVER for job in record.work
    )
    if record is None or not delivers or not isinstance(files, list) or len(files) > MOST_AT_ONCE:
        return {"status": 403, "body": {"message": "no such target of a run is known"}}
    if record.is_own:
        rows = [{name: row[name] for name in _FIELDS if name in row} for row in files]
        # The key is made of the content, so a message that comes twice is one item.
        digest, item = Documents(node).keep(rows, f"runs/{run}")
        item |= expiry(node.now() + DOCUMENT_SECONDS)
        Items(node).put(f"RUN#{run}", f"OUT#{step_slug(step)}#{digest}", item)
    return {"status": 200, "body": {}}


def outputs_of(node: Node, run: str) -> list[dict[str, Any]]:
    """The files that a run has delivered, each once, in the order of their paths."""
    items = Items(node).query(f"RUN#{run}", "OUT#")
    rows = [row for item in items for row in Documents(node).read(item)]
    files = {(row.get("path"), row.get("package"), row.get("asset")): row for row in rows}
    return sorted(files.values(), key=lambda row: str(row.get("path")))
