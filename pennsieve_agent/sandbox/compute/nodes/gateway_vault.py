"""Secrets of compute nodes, which the nodes keep themselves, in their own account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pennsieve_agent.sandbox.compute import compute_answers
from pennsieve_agent.sandbox.compute.neighbour_protocols import NodeCalls
from pennsieve_agent.sandbox.compute.nodes.node_gateway import GatewayAnswer, Unreachable
from pennsieve_agent.sandbox.compute.rows import find_node
from pennsieve_agent.sandbox.host.store import Row, Store

SHARED = "shared"
_PATH = "/secrets"


class GatewayVault:
    """Secrets by node and scope: ``shared``, or the node id of the user whose they are.

    Every method raises a Refusal (500) when the node does not answer, or does not do it.
    """

    def __init__(self, store: Store, nodes: NodeCalls) -> None:
        self._store = store
        self._nodes = nodes

    def names(self, node_uuid: str, scope: str) -> list[str]:
        """The names of a scope's secrets, sorted."""
        answer = self._ask(node_uuid, "GET", _query(scope))
        return sorted(map(str, answer.body.get("keys") or ()))

    def merge(self, node_uuid: str, scope: str, secrets: Mapping[str, str]) -> None:
        """Set some secrets; others of the scope stay."""
        self._ask(node_uuid, "PATCH", _query(scope), {"secrets": dict(secrets)})

    def remove(self, node_uuid: str, scope: str, name: str | None = None) -> None:
        """Remove one secret, or all of the scope; what is not there is no error."""
        which = {"deleteAll": "true"} if name is None else {"key": name}
        self._ask(node_uuid, "DELETE", {**_query(scope), **which})

    def _ask(
        self,
        node_uuid: str,
        method: str,
        query: Mapping[str, str],
        body: Mapping[str, Any] | None = None,
    ) -> GatewayAnswer:
        node = find_node(self._store, node_uuid)
        if node is None:
            raise compute_answers.message(404, compute_answers.NOT_FOUND)
        return ask_or_refuse(self._nodes, node, method, _PATH, query, body)


def ask_or_refuse(
    nodes: NodeCalls,
    node: Row,
    method: str,
    path: str,
    query: Mapping[str, str] | None = None,
    body: Mapping[str, Any] | None = None,
) -> GatewayAnswer:
    """Ask a node; what does not work becomes the platform's own refusal.

    Raises:
        Refusal: 500, as the platform answers it.

    """
    try:
        answer = nodes.ask(node, method, path, query, body)
    except Unreachable:
        raise compute_answers.message(500, compute_answers.PROVISIONER) from None
    if not answer.ok:
        raise compute_answers.message(500, compute_answers.PROVISIONER)
    return answer


def _query(scope: str) -> dict[str, str]:
    return {"scope": "shared"} if scope == SHARED else {"scope": "user", "userId": scope}
