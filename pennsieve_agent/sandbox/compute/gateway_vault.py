"""Secrets that self-managed nodes keep themselves, in their own account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pennsieve_agent.sandbox.compute import answers
from pennsieve_agent.sandbox.compute.node_gateway import (
    GatewayAnswer,
    NodeGateway,
    Unreachable,
    gateway_of,
)
from pennsieve_agent.sandbox.compute.records import find_node
from pennsieve_agent.sandbox.compute.secret_vault import SHARED, SecretVault
from pennsieve_agent.sandbox.store import Row, Store

_PATH = "/secrets"


class GatewayVault:
    """As :class:`~.secret_vault.SecretVault`, of which nodes without a gateway still make use.

    Every method raises a Refusal (500) when the node does not answer, or does not do it.
    """

    def __init__(self, store: Store, gateway: NodeGateway, vault: SecretVault) -> None:
        self._store = store
        self._gateway = gateway
        self._vault = vault

    def names(self, node_uuid: str, scope: str) -> list[str]:
        """The names of a scope's secrets, sorted."""
        node = self._keeper(node_uuid)
        if node is None:
            return self._vault.names(node_uuid, scope)
        return sorted(map(str, self._ask(node, "GET", _query(scope)).body.get("keys") or ()))

    def merge(self, node_uuid: str, scope: str, secrets: Mapping[str, str]) -> None:
        """Set some secrets; others of the scope stay."""
        node = self._keeper(node_uuid)
        if node is None:
            self._vault.merge(node_uuid, scope, secrets)
        else:
            self._ask(node, "PATCH", _query(scope), {"secrets": dict(secrets)})

    def remove(self, node_uuid: str, scope: str, name: str | None = None) -> None:
        """Remove one secret, or all of the scope; what is not there is no error."""
        node = self._keeper(node_uuid)
        if node is None:
            self._vault.remove(node_uuid, scope, name)
        else:
            which = {"deleteAll": "true"} if name is None else {"key": name}
            self._ask(node, "DELETE", {**_query(scope), **which})

    def _keeper(self, node_uuid: str) -> Row | None:
        node = find_node(self._store, node_uuid)
        return node if node is not None and gateway_of(node) else None

    def _ask(
        self,
        node: Row,
        method: str,
        query: Mapping[str, str],
        body: Mapping[str, Any] | None = None,
    ) -> GatewayAnswer:
        return ask_or_refuse(self._gateway, node, method, _PATH, query, body)


def ask_or_refuse(
    gateway: NodeGateway,
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
        answer = gateway.ask(node, method, path, query, body)
    except Unreachable:
        raise answers.message(500, answers.PROVISIONER) from None
    if not answer.ok:
        raise answers.message(500, answers.PROVISIONER)
    return answer


def _query(scope: str) -> dict[str, str]:
    return {"scope": "shared"} if scope == SHARED else {"scope": "user", "userId": scope}
