"""Accounts, machines, layers, code and totals as JSON documents.

See :mod:`pennsieve_agent.console.documents` for what scripts may rely on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pennsieve_agent.console.documents import time

if TYPE_CHECKING:
    from pennsieve_agent.domain.compute import Account
    from pennsieve_agent.domain.layers import Layer
    from pennsieve_agent.domain.metrics import Counters, RunMetrics
    from pennsieve_agent.domain.platform_offers import GpuTier
    from pennsieve_agent.domain.runs import Run, RunState

Figure = TypeVar("Figure", int, float)


def account(value: Account, *, usable_here: bool) -> dict[str, Any]:
    """A registered AWS account; ``usable_here``: whether nodes may be made in this workspace."""
    return {
        "id": value.uuid,
        "aws_account": value.aws_account_id,
        "name": value.name or None,
        "status": value.status.lower() or None,
        "role": value.role_name,
        "usable_here": usable_here,
    }


def gpu(value: GpuTier) -> dict[str, Any]:
    """A GPU machine: memory in GB, price in USD an hour."""
    return {
        "name": value.name,
        "gpu": value.gpu,
        "gpu_memory_gb": value.gpu_memory,
        "cpus": value.cpus,
        "memory_gb": value.memory,
        "instance_type": value.instance_type,
        "usd_per_hour": value.hourly_price,
    }


def layer(value: Layer) -> dict[str, Any]:
    """A layer of a node; its cost is in USD a month."""
    return {
        "name": value.name,
        "status": value.status.value.lower(),
        "type": value.kind,
        "description": value.description,
        "size": value.size,
        "files": value.file_count,
        "usd_per_month": value.monthly_cost,
        "created_at": time(value.created_at),
    }


def counters(value: Counters, period: str, workflow_id: str | None) -> dict[str, Any]:
    """Totals of runs: seconds and estimated USD."""
    return {
        "period": period,
        "workflow_id": workflow_id,
        "total": value.total,
        "succeeded": value.succeeded,
        "failed": value.failed,
        "canceled": value.canceled,
        "seconds": value.seconds,
        "estimated_usd": value.cost,
    }


def run_metrics(run: Run, state: RunState, value: RunMetrics | None, now: float) -> dict[str, Any]:
    """What a run took; null before it was counted. Times are those that the run itself has."""
    details = run.details
    ran = {step.id: step.seconds(now) for step in state.steps}
    counted = value and {
        "seconds": known(state.seconds(now), value.seconds),
        "estimated_usd": value.cost,
        "estimated_usd_by_part": dict(value.parts),
        "packages": value.packages,
        "input_files": details.input_count if details else None,
        "input_size": known(details.input_bytes if details else None, value.input_bytes),
        "steps": [
            {
                "id": step.step_id,
                "seconds": known(ran.get(step.step_id), step.seconds),
                "estimated_usd": step.cost,
                "compute_type": step.compute_type or None,
                "most_memory_mb": step.most_memory_mb,
            }
            for step in value.steps
        ],
    }
    return {"run_id": run.uuid, "metrics": counted}


def known(first: Figure | None, second: Figure | None) -> Figure | None:
    """The first of two figures that is known: 0 is."""
    return second if first is None else first
