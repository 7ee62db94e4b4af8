"""Accounts, machines, layers, code and totals as JSON documents.

See :mod:`pennsieve_agent.console.documents` for what scripts may rely on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pennsieve_agent.console.documents import time

if TYPE_CHECKING:
    from pennsieve_agent.domain.compute import Account
    from pennsieve_agent.domain.layers import Layer
    from pennsieve_agent.domain.metrics import Counters, RunMetrics
    from pennsieve_agent.domain.platform_offers import Build, GpuTier, TargetType
    from pennsieve_agent.domain.workflows import Application, Version


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
        "status": value.status.value,
        "type": value.kind,
        "description": value.description,
        "size": value.size,
        "files": value.file_count,
        "usd_per_month": value.monthly_cost,
        "created_at": time(value.created_at),
    }


def application(value: Application) -> dict[str, Any]:
    """An application with its versions."""
    return {
        "id": value.uuid,
        "name": value.name or None,
        "source_url": value.source_url,
        "description": value.description,
        "owner": value.owner_id,
        "visibility": value.visibility,
        "status": value.status or None,
        "versions": [version(row) for row in value.versions],
    }


def version(value: Version) -> dict[str, Any]:
    """A registered tag of an application."""
    return {
        "id": value.uuid,
        "tag": value.tag,
        "status": value.status.value,
        "problem": value.problem or None,
        "created_at": time(value.created_at),
    }


def build(step_id: str, of: Version, value: Build | None) -> dict[str, Any]:
    """A build of the code of a step; its fields are null before it has begun."""
    return {
        "step": step_id,
        "tag": of.tag,
        "version_status": of.status.value,
        "problem": (value.reason if value else "") or of.problem or None,
        "build_id": value.id if value else None,
        "status": value.status if value else None,
        "failed": value.failed if value else None,
        "started_at": time(value.started_at) if value else None,
        "stopped_at": time(value.stopped_at) if value else None,
    }


def target_type(value: TargetType) -> dict[str, Any]:
    """Something a data target can do."""
    return {
        "name": value.name,
        "label": value.label or None,
        "compute_types": list(value.compute_types),
        "parameters": [
            {"name": p.name, "type": p.type.value, "default": p.default} for p in value.parameters
        ],
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


def run_metrics(run_id: str, value: RunMetrics | None) -> dict[str, Any]:
    """What a run took; null before it was counted."""
    counted = value and {
        "seconds": value.seconds,
        "estimated_usd": value.cost,
        "estimated_usd_by_part": dict(value.parts),
        "packages": value.packages,
        "input_size": value.input_bytes,
        "steps": [
            {
                "id": step.step_id,
                "seconds": step.seconds,
                "compute_type": step.compute_type or None,
                "most_memory_mb": step.most_memory_mb,
            }
            for step in value.steps
        ],
    }
    return {"run_id": run_id, "metrics": counted}
