"""Reasons of failed jobs that come from their logs, beyond what AWS Batch reports."""

from __future__ import annotations

from pennsieve_agent.domain.input_layout import NO_FILES_AT_TOP
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.records.run_record import JobKind, JobRecord, RunRecord
from pennsieve_agent.node.runs.run_logs import step_lines

MOST_REASON = 500
_ENDED = "it ended"
"""How the reason of a program begins that ended by itself."""


def explain(node: Node, record: RunRecord) -> None:
    """Add to the reasons of jobs that failed.

    A transfer job says why in its last line. A processor that failed, and whose input has no file
    at the top, is told of the layout that would put them there.
    """
    for job in record.work:
        if job.status != "FAILED" or not job.reason.startswith(_ENDED):
            continue
        if job.kind is JobKind.PROCESS:
            if NO_FILES_AT_TOP not in job.reason and _has_only_folders(node, record, job):
                job.reason = f"{job.reason}; {NO_FILES_AT_TOP}"
        # 1 is what a transfer job ends with when it has said why.
        elif job.exit_code == 1:
            lines = list(step_lines(node, record, job.step, ()))
            if lines:
                job.reason = str(lines[-1]["message"])[:MOST_REASON]


def _has_only_folders(node: Node, record: RunRecord, job: JobRecord) -> bool:
    """Whether a processor reads staged files alone, none of which is at the top."""
    steps = {row["id"]: row for row in record.plan.get("jobs") or ()}
    parents = steps.get(job.step, {}).get("depends_on") or ()
    staged = {other.step for other in record.work if other.kind is JobKind.STAGE}
    return (
        bool(parents)
        and staged.issuperset(parents)
        and all(
            any(NO_FILES_AT_TOP in line["message"] for line in step_lines(node, record, step, ()))
            for step in parents
        )
    )
