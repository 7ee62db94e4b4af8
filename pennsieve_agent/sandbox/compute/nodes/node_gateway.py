"""The platform's way into a node: its account's role, then its gateway.

The gateway's protocol is ours (:mod:`pennsieve_agent.node`): an event ``{method, path, query,
body}`` is answered by ``{status, body}``.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pennsieve_agent.sandbox.compute.nodes.cross_account import CustomerAccount, Refused
from pennsieve_agent.sandbox.compute.rows import find_account
from pennsieve_agent.sandbox.host.store import Row, Store
from pennsieve_agent.sandbox.host.world import World

KEYS_SECONDS = 900.0
"""How long the platform uses one session of a role."""


class Unreachable(Exception):  # noqa: N818 - a kind of answer
    """The node does not answer; the text says why."""


@dataclass(frozen=True, slots=True)
class GatewayAnswer:
    """What a gateway answered."""

    status: int
    body: Mapping[str, Any]

    @property
    def ok(self) -> bool:
        """Whether it did what it was asked."""
        return 200 <= self.status < 300  # noqa: PLR2004 - HTTP

    @property
    def why(self) -> str:
        """Why it did not."""
        return str(self.body.get("message") or f"it answers {self.status}")


class NodeGateway:
    """Asks nodes. Whether one answered is written down, for its health."""

    def __init__(self, world: World) -> None:
        self._store = world.store
        self._endpoint = world.urls.aws
        self._now = world.now
        self._lock = threading.Lock()
        self._keys: dict[str, tuple[float, dict[str, str]]] = {}

    def ask(
        self,
        node: Row,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> GatewayAnswer:
        """Ask a node's gateway and wait for its answer.

        Raises:
            Unreachable: the role cannot be assumed, or the function does not answer.

        """
        region, name = place_of(self._store, node)
        if not name:
            raise Unreachable(f"compute node {node['name']} has no gateway")
        event = {"method": method, "path": path, "query": dict(query or {}), "body": body}
        try:
            answer = self._customer(node).invoke(self._session(node), name, region, event)
        except Refused as refused:
            self._forget(node)
            note_health(self._store, node["uuid"], "UNREACHABLE", [str(refused)], self._now())
            raise Unreachable(str(refused)) from None
        self._store.execute(
            "DELETE FROM compute_node_health WHERE node_uuid = ? AND status = 'UNREACHABLE'",
            (node["uuid"],),
        )
        return _answer(answer)

    def _customer(self, node: Row) -> CustomerAccount:
        account = find_account(self._store, node["account_uuid"])
        if account is None:
            raise Refused("its account is no longer registered")
        return CustomerAccount(self._endpoint, account["account_id"], account["role_name"])

    def _session(self, node: Row) -> dict[str, str]:
        now = self._now()
        with self._lock:
            until, keys = self._keys.get(node["uuid"], (0.0, {}))
        if until > now:
            return keys
        keys = self._customer(node).assume()
        with self._lock:
            self._keys[node["uuid"]] = (now + KEYS_SECONDS, keys)
        return keys

    def _forget(self, node: Row) -> None:
        with self._lock:
            self._keys.pop(node["uuid"], None)


def place_of(store: Store, node: Row) -> tuple[str, str]:
    """The region and the name of a node's gateway function; empty when it has none."""
    row = store.row("SELECT * FROM compute_node_places WHERE node_uuid = ?", (node["uuid"],))
    return (str(row["region"]), str(row["gateway"])) if row else ("", "")


def was_entered(store: Store, node_uuid: str) -> bool:
    """Whether the platform ever was in the account to make a node."""
    row = store.row("SELECT 1 FROM compute_node_places WHERE node_uuid = ?", (node_uuid,))
    return row is not None


def note_place(store: Store, node_uuid: str, region: str, gateway: str) -> None:
    """Write down where a node is made, and its gateway function, empty until there is one."""
    store.execute(
        "INSERT OR REPLACE INTO compute_node_places VALUES (?, ?, ?)", (node_uuid, region, gateway)
    )


def note_health(store: Store, node_uuid: str, status: str, issues: list[str], now: float) -> None:
    """Write down how a node is."""
    store.execute(
        "INSERT OR REPLACE INTO compute_node_health VALUES (?, ?, ?, ?)",
        (node_uuid, status, json.dumps(issues), now),
    )


def _answer(reply: Mapping[str, Any]) -> GatewayAnswer:
    body = reply.get("body")
    if isinstance(body, str):
        body = json.loads(body or "{}")
    status = reply.get("status")
    if not isinstance(status, int):
        raise Unreachable("the gateway's answer has no status")
    return GatewayAnswer(status, body if isinstance(body, Mapping) else {})
