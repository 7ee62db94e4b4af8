"""What a run took and cost; the cost is noted in its record.

Source of the shape: ``contracts/workflows.md`` 3.9.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pennsieve_agent.domain.measured import Measured
from pennsieve_agent.domain.prices import (
    FUNCTION_GB_SECONDS,
    VERSION,
    JobUsage,
    job_cost,
    wakes,
)
from pennsieve_agent.node.records.run_record import JobKind, JobRecord, RunRecord
from pennsieve_agent.node.runs.run_costs import (
    NodeLimits,
    kept_days,
    moved,
    run_cost,
    run_seconds,
    usages,
)

_GB, _MB = 1024**3, 1024**2
_NO_LLM = {
    "lastModel": "",
    "requestCount": 0,
    "inputTokens": 0,
    "outputTokens": 0,
    "estimatedCost": 0,
}


def metrics_of(record: RunRecord, limits: NodeLimits, now: float) -> dict[str, Any]:
    """What the run took and cost, in the platform's shape (``contracts/workflows.md`` 3.9).

    How each part is counted is said in :mod:`~pennsieve_agent.domain.prices`.
    """
    used = {job.key: usages(record, job, limits, now) for job in record.jobs}
    cost, seconds = run_cost(record, limits, now), run_seconds(record, now)
    _, read, _ = moved(record)
    record.cost = cost.total
    return {
        "executionTimeSec": round(seconds, 3),
        "totalEstimatedCost": round(record.cost, 6),
        "packagesProcessed": sum(map(len, (record.plan.get("sources") or {}).values())),
        "processorCount": sum(job.kind is JobKind.PROCESS for job in record.work),
        "targetCount": sum(job.kind is JobKind.DELIVER for job in record.work),
        "nodeMetrics": [
            _row(job, used[job.key]) for job in record.work if job.kind is not JobKind.CLEAR
        ],
        "costEstimate": {
            "lambda": _functions(wakes(len(record.jobs), seconds), cost.functions),
            "ecs": _ecs(used, cost.machines),
            "stepFunctions": {"stateTransitions": 0, "estimatedCost": 0},
            "data": {
                "inputBytes": record.staged_bytes,
                "estimatedCost": round(cost.network, 6),
            },
            "efsThroughput": {
                "readBytes": round(read * _GB) + record.delivered_bytes,
                "writeBytes": record.staged_bytes,
                "estimatedCost": round(cost.files, 6),
            },
            "cloudWatchLogs": {
                "estimatedIngestGB": round(record.log_bytes / _GB, 6),
                "estimatedCost": round(cost.logs, 6),
            },
            **_kept(record, cost.kept),
            "llm": _NO_LLM,
            "pricingVersion": VERSION,
        },
    }


def _row(job: JobRecord, used: Sequence[JobUsage]) -> dict[str, Any]:
    """A job; what it cost is not among the platform's fields."""
    return {
        "nodeId": job.step,
        "computeType": "gpu" if job.gpu else "standard",
        "durationSec": round(sum(usage.seconds for usage in used), 3),
        "estimatedCost": round(sum(map(job_cost, used)), 6),
        "memoryConfiguredMiB": job.memory,
        **_most_memory(job),
        "status": job.status,
    }


def _most_memory(job: JobRecord) -> dict[str, float]:
    """The most memory of all attempts that were measured; nothing, where none was."""
    used = (Measured.of(row.get("measured")) for row in (*job.past, *job.attempts))
    peaks = [one.peak_memory for one in used if one is not None and one.peak_memory is not None]
    return {"maxMemoryUsedMiB": round(max(peaks) / _MB, 1)} if peaks else {}


def _kept(record: RunRecord, cost: float) -> dict[str, Any]:
    """What is kept after the run, which is not among the platform's fields."""
    if not record.kept:
        return {}
    return {
        "keptSteps": {
            "storedBytes": record.kept.get("bytes"),
            "days": round(kept_days(record), 3),
            "estimatedCost": round(cost, 6),
        }
    }


def _functions(calls: int, cost: float) -> dict[str, Any]:
    return {
        "invocationCount": calls,
        "totalGBSeconds": round(calls * FUNCTION_GB_SECONDS, 3),
        "estimatedCost": round(cost, 6),
    }


def _ecs(used: Mapping[str, Sequence[JobUsage]], machines: float) -> dict[str, Any]:
    tasks = [usage for usages_ in used.values() for usage in usages_]
    return {
        "taskCount": len(used),
        "vcpuHours": round(sum(task.vcpu_hours for task in tasks), 6),
        "memoryGBHours": round(sum(task.gb_hours for task in tasks), 6),
        "estimatedCost": round(machines, 6),
    }
