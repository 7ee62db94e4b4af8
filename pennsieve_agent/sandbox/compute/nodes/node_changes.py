"""Changing and deleting compute nodes (``contracts/resources.md`` 3.5, 3.6 and 3.8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pennsieve_agent.sandbox.compute import compute_answers
from pennsieve_agent.sandbox.compute.neighbour_protocols import Members
from pennsieve_agent.sandbox.compute.nodes.node_access import NodeAccess
from pennsieve_agent.sandbox.compute.nodes.node_json import patched_node
from pennsieve_agent.sandbox.compute.nodes.nodes import IMAGE, IMAGES, PATH
from pennsieve_agent.sandbox.compute.request_bodies import BadBody, read
from pennsieve_agent.sandbox.compute.rows import find_account, find_node
from pennsieve_agent.sandbox.host.store import Row
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Request, Response, Route, Scheme

GPU_TIERS = ("small", "medium", "large", "xlarge")


class NodeChanges:
    """PATCH, PUT, update-config, DELETE, attach and detach."""

    def __init__(self, world: World, members: Members, provision: Callable[[str], None]) -> None:
        self._store = world.store
        self._access = NodeAccess(world.store, members)
        self._provision = provision

    def routes(self) -> list[Route]:
        """The routes."""
        one = f"{PATH}/<id>"
        return [
            Route("PATCH", one, Scheme.USER, self.change),
            Route("PUT", one, Scheme.USER, self.upgrade),
            Route("DELETE", one, Scheme.USER, self.delete),
            Route("POST", f"{one}/update-config", Scheme.USER, self.configure),
            Route("POST", f"{one}/organization", Scheme.WORKSPACE, self.attach),
            Route("DELETE", f"{one}/organization", Scheme.USER, self.detach),
        ]

    def change(self, request: Request) -> Response:
        """Rename, describe, pause or resume (3.5)."""
        try:
            body = read(request)
            texts = {n: body.text(n, None) for n in ("status", "name", "description")}
        except BadBody:
            raise compute_answers.message(400, compute_answers.UNMARSHAL) from None
        changes = {name: value for name, value in texts.items() if value is not None}
        if changes.get("status", "Enabled") not in {"Enabled", "Paused"}:
            raise compute_answers.message(400, compute_answers.BAD_STATUS)
        if not changes:
            raise compute_answers.message(400, compute_answers.UNMARSHAL)
        with self._store.transaction():
            node = self._node(request, compute_answers.NOT_FOUND)
            if not self._access.may_manage(request.caller.user_id, node):
                raise compute_answers.message(403, compute_answers.FORBIDDEN)
            self._check_status(node, changes.get("status"))
            node = {**node, **changes}
            self._store.execute(
                "UPDATE compute_nodes SET status = ?, name = ?, description = ? WHERE uuid = ?",
                (node["status"], node["name"], node["description"], node["uuid"]),
            )
        return Response(200, patched_node(self._store, node))

    def _check_status(self, node: Row, status: str | None) -> None:
        if status is None:
            return
        if node["status"] == "Pending":
            raise compute_answers.message(400, compute_answers.PENDING)
        account = find_account(self._store, node["account_uuid"])
        if status == "Enabled" and account is not None and account["status"] == "Paused":
            raise compute_answers.message(400, compute_answers.ACCOUNT_PAUSED)

    def upgrade(self, request: Request) -> Response:
        """Re-apply; without image and tag the node goes to the newest (3.5, trap 39)."""
        try:
            body = read(request)
            image = body.text("provisionerImage") or IMAGE
            tag = body.text("provisionerImageTag") or "latest"
            sessions = body.number("maxInteractiveSessions")
        except BadBody:
            raise compute_answers.message(400, compute_answers.UNMARSHAL) from None
        if image not in IMAGES:
            raise compute_answers.message(400, compute_answers.BAD_REQUEST)
        with self._store.transaction():
            node = self._provisioned(request, compute_answers.NO_RECORDS)
            changes = {"image": image, "image_tag": tag}
            if sessions is not None:
                changes["max_interactive"] = str(sessions)
            self._save(node, {**changes, "task": "UPDATE"})
        self._provision(node["uuid"])
        return Response(202, {"message": "Compute node update initiated"})

    def configure(self, request: Request) -> Response:
        """Change settings and re-apply them; the state is checked before permission (3.5)."""
        try:
            body = read(request)
            numbers = {
                "max_gpu": body.number("maxGpuInstances"),
                "max_interactive": body.number("maxInteractiveSessions"),
            }
            tier = body.text("gpuTier", None)
            llm = body.optional_flag("enableLLMAccess")
        except BadBody:
            raise compute_answers.message(400, compute_answers.UNMARSHAL) from None
        values = {**numbers, "gpu_tier": tier, "enable_llm": llm}
        changes = {name: value for name, value in values.items() if value is not None}
        if not changes:
            raise compute_answers.message(400, compute_answers.UNMARSHAL)
        negative = any(number is not None and number < 0 for number in numbers.values())
        if negative or (tier is not None and tier not in GPU_TIERS):
            raise compute_answers.message(400, compute_answers.BAD_REQUEST)
        with self._store.transaction():
            node = self._node(request, compute_answers.NOT_FOUND)
            if node["status"] in {"Pending", "Destroying"}:
                raise compute_answers.message(400, compute_answers.PENDING)
            node = self._provisioned(request, compute_answers.NOT_FOUND)
            self._save(node, {**changes, "task": "UPDATE"})
        self._provision(node["uuid"])
        return Response(202, {"message": "Config updated, re-provisioning initiated"})

    def delete(self, request: Request) -> Response:
        """Tear down; refused while runs use the node (3.6)."""
        with self._store.transaction():
            node = self._provisioned(request, compute_answers.NO_RECORDS)
            active = len(
                self._store.rows(
                    "SELECT 1 FROM workflow_runs WHERE node_uuid = ? AND status NOT IN"
                    " ('SUCCEEDED', 'FAILED', 'CANCELED')",
                    (node["uuid"],),
                )
            )
            if active:
                raise compute_answers.message(
                    409,
                    f"compute node has {active} active workflow execution(s) or interactive"
                    " session(s) — cancel or wait for them to finish before deleting",
                )
            self._save(node, {"status": "Destroying", "task": "DELETE"})
        self._provision(node["uuid"])
        return Response(202, {"message": "Compute node deletion initiated"})

    def attach(self, request: Request) -> Response:
        """Attach to a workspace; broken on the platform for nodes made through the API (3.8)."""
        uuid, caller = request.params["id"], request.caller
        row = self._access.row(f"user#{caller.user_id}", uuid)
        if row is None or row["access_type"] != "owner":
            raise compute_answers.message(403, compute_answers.FORBIDDEN)
        if row["organization_id"]:
            raise compute_answers.message(400, compute_answers.ATTACHED)
        self._store.execute(
            "UPDATE compute_node_access SET organization_id = ?"
            " WHERE entity_id = ? AND node_uuid = ?",
            (caller.org_id, row["entity_id"], uuid),
        )
        return Response(
            200, _moved("Successfully attached node to organization", uuid, caller.org_id)
        )

    def detach(self, request: Request) -> Response:
        """Detach: all access rows but the owner's go; the node's row stays (3.8)."""
        with self._store.transaction():
            node = find_node(self._store, request.params["id"])
            if node is None:
                raise compute_answers.message(500, "error performing action on DynamoDB table")
            if not self._access.owns_account(request.caller.user_id, node):
                raise compute_answers.message(403, compute_answers.OWNER_DETACH)
            row = self._access.row(f"user#{node['owner_id']}", node["uuid"])
            if row is None or not row["organization_id"]:
                raise compute_answers.message(400, compute_answers.INDEPENDENT)
            self._store.execute(
                "DELETE FROM compute_node_access WHERE node_uuid = ? AND entity_id <> ?",
                (node["uuid"], row["entity_id"]),
            )
            self._store.execute(
                "UPDATE compute_node_access SET organization_id = '' WHERE node_uuid = ?",
                (node["uuid"],),
            )
        return Response(
            200, _moved("Successfully detached node from organization", node["uuid"], "")
        )

    def _node(self, request: Request, missing: str) -> Row:
        node = find_node(self._store, request.params["id"])
        if node is None:
            raise compute_answers.message(404, missing)
        return node

    def _provisioned(self, request: Request, missing: str) -> Row:
        node = self._node(request, missing)
        if not self._access.may_provision(request.caller.user_id, node):
            raise compute_answers.message(403, compute_answers.FORBIDDEN)
        return node

    def _save(self, node: Row, changes: dict[str, Any]) -> None:
        columns = ", ".join(f"{name} = :{name}" for name in changes)
        self._store.execute(
            f"UPDATE compute_nodes SET {columns} WHERE uuid = :uuid",  # noqa: S608 - our own words
            {**changes, "uuid": node["uuid"]},
        )


def _moved(text: str, node_uuid: str, organization: str) -> dict[str, str]:
    action = "attached_to" if organization else "detached_from"
    return {
        "message": text,
        "nodeUuid": node_uuid,
        "action": f"{action}_organization",
        "entityType": "organization",
        "entityId": organization,
    }
