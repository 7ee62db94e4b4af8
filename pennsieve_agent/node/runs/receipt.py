"""The receipt of a run, which lies with its results.

The owner of the results is a nameless user of an integration, so this says what made them: which
version of which workflow, from which commits and images, out of which files, for whom, when, and
at what cost until they were delivered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pennsieve_agent.domain.prices import VERSION
from pennsieve_agent.domain.receipt import node_run
from pennsieve_agent.domain.receipt.context import Costs, Stated
from pennsieve_agent.domain.receipt.form import sealed, text_of
from pennsieve_agent.domain.run_results import RECEIPT
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.node_settings import NodeSettings
from pennsieve_agent.node.records.run_document import run_document, timestamp
from pennsieve_agent.node.records.run_record import JobKind, JobRecord, RunRecord
from pennsieve_agent.node.records.run_store import RunStore
from pennsieve_agent.node.runs.bids_description import bids_files
from pennsieve_agent.node.runs.observe_jobs import limits_of
from pennsieve_agent.node.runs.run_costs import RunCost, run_cost
from pennsieve_agent.node.runs.transitions import awaited

_TOO_EARLY = 503
"""HTTP's status for who asks too early."""


def receipt_of(
    record: RunRecord, start: Mapping[str, Any], settings: NodeSettings, cost: RunCost, now: float
) -> dict[str, Any]:
    """A run's receipt at a time in unix seconds, with its cost so far, and without checksums.

    What it delivers is not in it: the job that sends the files adds it.
    """
    stated = Stated(
        written_at=timestamp(now),
        version=settings.version,
        host=settings.api,
        workspace={"id": settings.organization} if settings.organization else {},
        node={"region": settings.region, "account": settings.account, "mode": settings.mode},
        # Where a run was started by packages alone, nobody knows the files in them.
        inputs=start.get("files") or (None if start.get("packages") else []),
    )
    parts = {
        "machines": cost.machines,
        "files": cost.files,
        "transfers": cost.network,
        "logs": cost.logs,
        "functions": cost.functions,
    }
    spent = Costs(
        round(cost.total, 6), {kind: round(usd, 6) for kind, usd in parts.items()}, VERSION
    )
    return node_run.receipt_of(run_document(record, settings), stated, spent)


def receipt_for(node: Node, run: str, step: str = "") -> dict[str, Any]:
    """The receipt of an own run that is being delivered, ``{status, body}``; others have none.

    ``step`` is the data target that delivers; ``more`` are the texts of files that go with the
    results where these have none of the name, and lines for lists such as ``.bidsignore``. It is
    told to ask again while the reconciler has not written down yet that the jobs before it have
    ended.
    """
    store = RunStore(node)
    record = store.read(run)
    if record is None or not record.is_own or record.outcome:
        return {"status": 200, "body": {}}
    if any(awaited(record, job) for job in record.work if _delivers(job, step)):
        return {
            "status": _TOO_EARLY,
            "body": {"message": "the node has not recorded all steps yet"},
        }
    now = node.now()
    cost = run_cost(record, limits_of(node), now)
    document = receipt_of(record, store.start_of(record), node.settings, cost, now)
    text = text_of(sealed(document))
    steps = tuple(record.planned_step(step).get("depends_on") or ())
    more = bids_files(record, steps, node.settings.api)
    return {"status": 200, "body": {"name": RECEIPT, "text": text, "more": more}}


def _delivers(job: JobRecord, step: str) -> bool:
    return job.kind is JobKind.DELIVER and job.step == step
