"""What AWS shows of a run's jobs now, and the limits of the node that they are judged by."""

from __future__ import annotations

from typing import Any

from pennsieve_agent.node.jobs import calls
from pennsieve_agent.node.jobs.metered_task import plain_row
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.records.run_record import JobRecord, RunRecord
from pennsieve_agent.node.records.run_store import RunStore
from pennsieve_agent.node.runs.job_starts import Starting, kept_starts
from pennsieve_agent.node.runs.lost_grants import lost_grant
from pennsieve_agent.node.runs.month_budget import budget_of, month_of
from pennsieve_agent.node.runs.run_costs import NodeLimits
from pennsieve_agent.node.runs.transitions import AwsState

_DESCRIBED = 100
"""Jobs in one question (AWS Batch, "DescribeJobs")."""


def observe(
    node: Node, store: RunStore, record: RunRecord, starting: Starting | None = None
) -> AwsState:
    """What AWS shows of a run's jobs now; ``starting`` is what an event has told."""
    ids = [job.id for job in record.live if not calls.is_call(job)]
    rows = calls.rows_of(node, record.run, record.live)
    batch = node.client("batch")
    for start in range(0, len(ids), _DESCRIBED):
        answer = batch.describe_jobs(jobs=ids[start : start + _DESCRIBED])
        rows |= {row["jobId"]: plain_row(row) for row in answer["jobs"]}
    waits = [job for job in record.live if rows.get(job.id, {}).get("status") == "RUNNABLE"]
    places = _environments(node, waits) if waits else {}
    month = month_of(record, node.now())
    spent = store.cost_of(month, but=record.run) if budget_of(node) else 0.0
    cancelled = store.is_cancelled(record.run)
    now = node.now()
    kept = kept_starts(node, record, rows)
    shown = {
        key: (len(row.get("attempts") or ()), now)
        for key, row in rows.items()
        if row.get("status") == "STARTING"
    }
    return AwsState(
        rows,
        places,
        cancelled,
        spent,
        lost_grant(node, record),
        {**kept, **shown, **(starting or {})},
    )


def _environments(node: Node, jobs: list[JobRecord]) -> dict[str, Any]:
    """The compute environments of jobs that wait; they are called as their queues."""
    settings = node.settings
    names = [settings.fargate_queue, settings.spot_queue, settings.gpu_queue]
    answer = node.client("batch").describe_compute_environments(
        computeEnvironments=[name for name in names if name]
    )
    environments = {row["computeEnvironmentName"]: row for row in answer["computeEnvironments"]}
    default = environments.get(settings.fargate_queue, {})
    return {job.key: environments.get(settings.gpu_queue) if job.gpu else default for job in jobs}


def limits_of(node: Node) -> NodeLimits:
    """The node's own limits."""
    settings = node.settings
    return NodeLimits(
        float(settings.max_vcpus or 0),
        budget_of(node),
        settings.mode,
        settings.region,
        settings.gpu_type,
    )
