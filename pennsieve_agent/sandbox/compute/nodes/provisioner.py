"""Provisions, changes and deletes nodes in the background (``contracts/resources.md`` 3.3).

The platform starts a task that enters the customer's account, and makes a node there
(:mod:`.build_node`). A new one it asks how it is.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing

from pennsieve_agent.sandbox.compute.neighbour_protocols import NodeCalls
from pennsieve_agent.sandbox.compute.nodes.build_node import NodeMaker
from pennsieve_agent.sandbox.compute.nodes.cross_account import CustomerAccount, Refused
from pennsieve_agent.sandbox.compute.nodes.node_gateway import (
    Unreachable,
    note_health,
    note_place,
    was_entered,
)
from pennsieve_agent.sandbox.compute.nodes.node_plan import REGION, NodePlan
from pennsieve_agent.sandbox.compute.rows import find_account, find_node
from pennsieve_agent.sandbox.compute.times import rfc3339
from pennsieve_agent.sandbox.compute.workers import Workers
from pennsieve_agent.sandbox.host.store import Row
from pennsieve_agent.sandbox.host.world import World

log = logging.getLogger(__name__)


class Provisioner:
    """Works through the nodes that have a task, one at a time."""

    def __init__(self, world: World, nodes: NodeCalls, forget: Callable[[str], None]) -> None:
        """``forget`` is called with the uuid of a node that is about to be deleted."""
        self._forget = forget
        self._store = world.store
        self._urls = world.urls
        self._now = world.now
        self._nodes = nodes
        self._workers = Workers("provisioner", self._provision)

    def start(self) -> None:
        """Start, with the tasks that an earlier process left."""
        for row in self._store.rows("SELECT uuid FROM compute_nodes WHERE task <> ''"):
            self._workers.put(row["uuid"])
        self._workers.start()

    def stop(self) -> None:
        """Stop after the task at hand."""
        self._workers.stop()

    def put(self, node_uuid: str) -> None:
        """A node has a task."""
        self._workers.put(node_uuid)

    def _provision(self, node_uuid: str) -> None:
        node = find_node(self._store, node_uuid)
        if node is None or not node["task"]:
            return
        try:
            self._visit(node)
        except Refused as refused:
            self._failed(node, str(refused))
        except Exception as error:
            log.debug("provisioning", exc_info=True)
            self._failed(node, f"{type(error).__name__}: {error}")
        else:
            self._succeeded(node)

    def _visit(self, node: Row) -> None:
        if node["task"] == "DELETE" and not was_entered(self._store, node["uuid"]):
            return  # nothing was ever made there
        account = find_account(self._store, node["account_uuid"])
        if account is None:
            raise Refused("its account is no longer registered")
        customer = CustomerAccount(self._urls.aws, account["account_id"], account["role_name"])
        self._build(node, account, customer)
        if node["task"] != "DELETE":
            self._greet(node)

    def _build(self, node: Row, account: Row, customer: CustomerAccount) -> None:
        """Make a node, or take it away, with the role that the customer gave."""
        keys = customer.assume()
        if node["task"] != "DELETE" and not was_entered(self._store, node["uuid"]):
            note_place(self._store, node["uuid"], REGION, "")
        plan = NodePlan(
            node["uuid"][:8],
            account["account_id"],
            node["deployment_mode"],
            self._urls.api,
            self._urls.api2,
        )
        with closing(customer.enter(keys, REGION)) as access:
            maker = NodeMaker(plan, access)
            if node["task"] == "DELETE":
                maker.remove()
            else:
                note_place(self._store, node["uuid"], REGION, maker.make())

    def _greet(self, node: Row) -> None:
        """Ask a node for its health; only a healthy one becomes Enabled."""
        try:
            answer = self._nodes.ask(node, "GET", "/health")
        except Unreachable as unreachable:
            raise Refused(str(unreachable)) from None
        status = str(answer.body.get("status") or "UNKNOWN")
        issues = [str(issue) for issue in answer.body.get("issues") or ()]
        note_health(self._store, node["uuid"], status, issues, self._now())
        if not answer.ok or status == "UNHEALTHY":
            raise Refused(f"the node is not well: {'; '.join(issues) or answer.why}")

    def _succeeded(self, node: Row) -> None:
        if node["task"] == "DELETE":
            # First what belongs to it: cut off here, the task is done again.
            self._forget(node["uuid"])
            with self._store.transaction():
                for table, column in (
                    ("compute_node_access", "node_uuid"),
                    ("compute_node_places", "node_uuid"),
                    ("compute_node_health", "node_uuid"),
                    ("compute_nodes", "uuid"),
                ):
                    self._store.execute(
                        f"DELETE FROM {table} WHERE {column} = ?",  # noqa: S608 - our own words
                        (node["uuid"],),
                    )
            return
        self._settle(node, "Enabled", rfc3339(self._now()))

    def _failed(self, node: Row, why: str) -> None:
        # The reason is not readable through the API (3.3); the sandbox's log has it.
        log.warning("compute node %s (%s) failed: %s", node["uuid"], node["name"], why)
        self._settle(node, "Failed", node["checked_at"])

    def _settle(self, node: Row, status: str, checked_at: str) -> None:
        """Record a task's end, unless the node was given another task meanwhile."""
        self._store.execute(
            "UPDATE compute_nodes SET status = ?, checked_at = ?, task = ''"
            " WHERE uuid = ? AND task = ?",
            (status, checked_at, node["uuid"], node["task"]),
        )
