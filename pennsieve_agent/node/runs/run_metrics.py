"""What a run took and cost; the cost is noted in its record.

Source of the shape: ``contracts/workflows.md`` 3.9.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from pennsieve_agent.domain.prices import VERSION, JobUsage, files_cost, job_cost, log_cost
from pennsieve_agent.node.records.run_record import JobKind, JobRecord, RunRecord
from pennsieve_agent.node.runs.transitions import NodeLimits, usage

_GB = 1024**3
# Not measured: functions cost a small part of a cent, and a node has no language models.
_NO_LAMBDA = {"invocationCount": 0, "totalGBSeconds": 0, "estimatedCost": 0}
_NO_LLM = {
    "lastModel": "",
    "requestCount": 0,
    "inputTokens": 0,
    "outputTokens": 0,
    "estimatedCost": 0,
}


def metrics_of(record: RunRecord, limits: NodeLimits, now: float) -> dict[str, Any]:
    """What the run took and cost, in the platform's shape (``contracts/workflows.md`` 3.9).

    The files' part is the input, read once, and the results, written once, kept for as long as the
    run took; what processors read and write besides AWS tells of no run. Files come from and go to
    storage in the same region, which costs nothing (Amazon S3 pricing, "Data transfer"). Functions
    are left out: AWS tells of no run what they took, a small part of a cent.
    """
    used = {job.key: usage(record, job, limits, now) for job in record.jobs}
    machines = sum(job_cost(usage_) for usage_ in used.values())
    logs = log_cost(record.log_bytes / _GB)
    seconds = max((record.ended or now) - (record.started or now), 0.0)
    staged, delivered = record.staged_bytes / _GB, record.delivered_bytes / _GB
    files = files_cost((staged + delivered) * seconds / 3600, staged, delivered)
    record.cost = machines + logs + files
    return {
        "executionTimeSec": round(seconds, 3),
        "totalEstimatedCost": round(record.cost, 6),
        "packagesProcessed": sum(map(len, (record.plan.get("sources") or {}).values())),
        "processorCount": sum(job.kind is JobKind.PROCESS for job in record.work),
        "targetCount": sum(job.kind is JobKind.DELIVER for job in record.work),
        "nodeMetrics": [_row(job, used[job.key].seconds) for job in record.work],
        "costEstimate": {
            "lambda": _NO_LAMBDA,
            "ecs": _ecs(used.values(), machines),
            "stepFunctions": {"stateTransitions": 0, "estimatedCost": 0},
            "data": {"inputBytes": record.staged_bytes, "estimatedCost": 0},
            "efsThroughput": {
                "readBytes": record.delivered_bytes,
                "writeBytes": record.staged_bytes,
                "estimatedCost": round(files, 6),
            },
            "cloudWatchLogs": {
                "estimatedIngestGB": round(record.log_bytes / _GB, 6),
                "estimatedCost": round(logs, 6),
            },
            "llm": _NO_LLM,
            "pricingVersion": VERSION,
        },
    }


def _row(job: JobRecord, seconds: float) -> dict[str, Any]:
    return {
        "nodeId": job.step,
        "computeType": "gpu" if job.gpu else "standard",
        "durationSec": round(seconds, 3),
        "memoryConfiguredMiB": job.memory,
        "status": job.status,
    }


def _ecs(used: Collection[JobUsage], machines: float) -> dict[str, Any]:
    return {
        "taskCount": len(used),
        "vcpuHours": round(sum(job.vcpu_hours for job in used), 6),
        "memoryGBHours": round(sum(job.gb_hours for job in used), 6),
        "estimatedCost": round(machines, 6),
    }
