"""Grants and identities of workflows as JSON documents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pennsieve_agent.console.documents import time
from pennsieve_agent.domain.grants import Grant

if TYPE_CHECKING:
    from pennsieve_agent.domain.dataset_uses import DatasetUse


def grant(value: Grant, workflow_name: str, nodes: Sequence[str]) -> dict[str, Any]:
    """A workflow's grant on a dataset; ``nodes`` are the compute nodes that keep it."""
    return {
        "workflow": workflow_name or None,
        "workflow_id": value.workflow,
        "dataset": value.dataset_name or None,
        "dataset_id": value.dataset,
        "access": value.access.value,
        "created_by": {
            "id": None,
            "name": value.by or None,
            "email": value.by_email or None,
        },
        "created_at": moment(value.at) if value.at else None,
        "until": moment(value.until) if value.until else None,
        "ended": value.ended,
        "nodes": list(nodes),
    }


def dataset_use(value: DatasetUse) -> dict[str, Any]:
    """A run that used a dataset."""
    return {
        "run_name": value.run or None,
        "run_id": value.run_id,
        "started_at": time(value.started),
        "completed_at": time(value.ended),
        "person": {"id": None, "name": value.person or None, "email": value.email or None},
        "aws_identity": value.caller or None,
        "workflow": value.workflow or None,
        "workflow_id": value.workflow_id,
        "version": value.version or None,
        "node": value.node or None,
        "status": value.state,
    }


def moment(seconds: float) -> str:
    """A time in unix seconds as ISO 8601 in UTC."""
    at = datetime.fromtimestamp(int(seconds), UTC)
    return at.isoformat().replace("+00:00", "Z")
