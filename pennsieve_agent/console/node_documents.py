"""Compute nodes, and who may use them, as JSON documents.

See :mod:`pennsieve_agent.console.documents` for what scripts may rely on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pennsieve_agent.console.documents import time
from pennsieve_agent.console.people_documents import grantee

if TYPE_CHECKING:
    from pennsieve_agent.account.world.node_shares import Share
    from pennsieve_agent.domain.compute import ComputeNode
    from pennsieve_agent.domain.own_node import OwnNode
    from pennsieve_agent.services.nodes.node_access import NodeAccess


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


def access(now: NodeAccess) -> dict[str, Any]:
    """Who may use a node that Pennsieve runs."""
    return {
        "id": now.node.uuid,
        "name": now.node.name,
        "access": now.scope.value,
        "owner": {"id": now.owner.id, "name": now.owner.name, "email": now.owner.email or None},
        "shared_with": [grantee(member) for member in now.grantees],
    }


def share(row: Share) -> dict[str, Any]:
    """An AWS identity that an own node is shared with."""
    return {
        "arn": row.principal.arn,
        "workflow_ids": list(row.workflows),
        "created_at": time(row.at),
    }
