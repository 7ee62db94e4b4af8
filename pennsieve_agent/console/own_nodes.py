"""Own nodes as JSON documents and as words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pennsieve_agent.domain.own_node import OwnNode


def document(node: OwnNode) -> dict[str, Any]:
    """An own node. ``id`` is its token."""
    return {
        "id": node.token,
        "name": node.name,
        "kind": "own",
        "status": None,
        "health": None,
        "aws_account": node.account,
        "region": node.region,
        "mode": node.mode or None,
        "access": "owner" if node.is_owned else "shared",
        "gateway": node.gateway,
        "admin": node.admin or None,
        "aws_profile": node.aws_profile or None,
        "version": node.version or None,
    }


def access(node: OwnNode) -> str:
    """Whose it is, in a word."""
    return "yours" if node.is_owned else "shared with you"
