"""Grants and identities of workflows as JSON documents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pennsieve_agent.domain.grants import Grant


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


def moment(seconds: float) -> str:
    """A time in unix seconds as ISO 8601 in UTC."""
    at = datetime.fromtimestamp(int(seconds), UTC)
    return at.isoformat().replace("+00:00", "Z")
