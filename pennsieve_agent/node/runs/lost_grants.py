"""Whether a run may go on: a grant that it still needs may have been taken back, or have ended.

It is asked at each event of a run and by the clock, so a run ends within five minutes of the date.

Apart from :mod:`.own_run`, as the reconciler needs this alone, at each event, and what it loads is
what a cold start takes.
"""

from __future__ import annotations

from pennsieve_agent.domain.target_types import TARGETS
from pennsieve_agent.node.identity.workflow_registry import READ, WRITE, Registry
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.records.run_record import JobKind, RunRecord


def lost_grant(node: Node, record: RunRecord) -> str:
    """Why a run may not go on: a grant that it still needs was taken back; empty when it may."""
    need = _still_needed(record)
    workflow = record.workflow.get("id", "")
    registry = Registry(node)
    if not record.is_own or not need or registry.allows(workflow, record.dataset, need):
        return ""
    what, why = "read" if need == READ else "change", registry.why_not(workflow, record.dataset)
    return f"the workflow may no longer {what} dataset {record.dataset}: {why}"


def _still_needed(record: RunRecord) -> str:
    left = [job for job in record.work if not job.ended]
    rows = {row["id"]: row for row in record.plan.get("jobs") or ()}
    delivers = [job for job in left if job.kind is JobKind.DELIVER]
    if any(rows.get(job.step, {}).get("target_type") in TARGETS[:2] for job in delivers):
        return WRITE
    reads = {JobKind.STAGE}
    if needs := record.plan.get("needsPennsieve"):  # its steps use the dataset themselves
        reads.add(JobKind.PROCESS)
        if needs == "write" and any(job.kind is JobKind.PROCESS for job in left):
            return WRITE
    return READ if any(job.kind in reads for job in left) else ""
