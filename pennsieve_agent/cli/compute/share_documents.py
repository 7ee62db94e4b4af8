"""Who may use a compute node, as JSON documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pennsieve_agent.console.documents import time
from pennsieve_agent.console.people_documents import grantee

if TYPE_CHECKING:
    from pennsieve_agent.account.world.node_shares import Share
    from pennsieve_agent.services.nodes.node_access import NodeAccess


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
