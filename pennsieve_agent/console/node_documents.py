"""Compute nodes as JSON documents.

See :mod:`pennsieve_agent.console.documents` for what scripts may rely on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pennsieve_agent.console.documents import time

if TYPE_CHECKING:
    from pennsieve_agent.domain.compute import ComputeNode
    from pennsieve_agent.domain.own_node import OwnNode


def own(node: OwnNode) -> dict[str, Any]:
    """A node of the user's own, or one that its owner shared. ``id`` is its token."""
    return {
        "id": node.token,
        "name": node.name,
        "kind": "own",
        "status": None,
        "aws_account": node.account,
        "region": node.region,
        "mode": node.mode or None,
        "access": "owner" if node.is_owned else "shared",
        "version": node.version or None,
        "created_at": None,
        "gateway": node.gateway,
        "admin": node.admin or None,
        "aws_profile": node.aws_profile or None,
    }


def pennsieves(node: ComputeNode) -> dict[str, Any]:
    """A node that Pennsieve runs."""
    return {
        "id": node.uuid,
        "name": node.name,
        "kind": "pennsieve",
        "status": node.status.value.lower(),
        "aws_account": node.aws_account_id,
        "region": None,
        "mode": node.deployment_mode or None,
        "access": node.access_scope.lower() or None,
        "version": node.provisioner_tag or None,
        "created_at": time(node.created_at),
        "health": node.health.lower() or None,
        "account_id": node.account_uuid,
        "owner_id": node.owner_id,
        "description": node.description or None,
    }
