"""Who may use a compute node, and what it may run (``contracts/resources.md`` 3.7, 3.10)."""

from __future__ import annotations

import json
from typing import Any, Literal

from pennsieve_agent.sandbox.compute import compute_answers
from pennsieve_agent.sandbox.compute.neighbour_protocols import Members, NodeCalls
from pennsieve_agent.sandbox.compute.nodes.gateway_vault import ask_or_refuse
from pennsieve_agent.sandbox.compute.nodes.node_access import INDEPENDENT, NodeGate, check_gateway
from pennsieve_agent.sandbox.compute.nodes.node_json import access_scope
from pennsieve_agent.sandbox.compute.nodes.nodes import PATH
from pennsieve_agent.sandbox.compute.request_bodies import BadBody, read
from pennsieve_agent.sandbox.compute.times import go_text
from pennsieve_agent.sandbox.host.store import Row
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Request, Response, Route, Scheme

Kind = Literal["user", "team"]

_GPUS = (
    ("small", "g4dn.xlarge", "NVIDIA T4", 16, 4, 16, 0.526),
    ("medium", "g6.2xlarge", "NVIDIA L4", 24, 8, 32, 0.978),
    ("large", "g5.4xlarge", "NVIDIA A10G", 24, 16, 64, 1.624),
    ("xlarge", "g6e.4xlarge", "NVIDIA L40S", 48, 16, 128, 3.004),
)
_GPU_FIELDS = ("tier", "instanceType", "gpu", "gpuMemoryGB", "vcpus", "memoryGB", "pricePerHour")


class NodeSharing:
    """Permissions, allowed processors, and the GPU price list."""

    def __init__(self, world: World, members: Members, nodes: NodeCalls) -> None:
        self._nodes = nodes
        self._store = world.store
        self._now = world.now
        self._members = members
        self._gate = NodeGate(world.store, members)

    def routes(self) -> list[Route]:
        """The routes."""
        base = f"{PATH}/<id>/permissions"
        return [
            Route("GET", base, Scheme.USER, self.show),
            Route("PUT", base, Scheme.USER, self.set_scope),
            Route("POST", f"{base}/users", Scheme.USER, self.grant_user),
            Route("POST", f"{base}/teams", Scheme.USER, self.grant_team),
            Route("DELETE", f"{base}/users/<who>", Scheme.USER, self.revoke_user),
            Route("DELETE", f"{base}/teams/<who>", Scheme.USER, self.revoke_team),
            Route("GET", f"{PATH}/<id>/allowed-processors", Scheme.USER, self.allowed),
            Route("PUT", f"{PATH}/<id>/allowed-processors", Scheme.USER, self.allow),
            Route("GET", "/compute/resources/gpu-tiers", Scheme.WORKSPACE, _gpu_tiers),
        ]

    def show(self, request: Request) -> Response:
        """Whom it is shared with (3.7)."""
        node = self._gate.usable(request, compute_answers.NO_RECORDS)
        return Response(200, self._permissions(node))

    def _permissions(self, node: Row) -> dict[str, Any]:
        rows = self._store.rows(
            "SELECT * FROM compute_node_access WHERE node_uuid = ? ORDER BY rowid", (node["uuid"],)
        )
        shared = [row["entity_id"] for row in rows if row["access_type"] == "shared"]
        users = [e.removeprefix("user#") for e in shared if e.startswith("user#")]
        teams = [e.removeprefix("team#") for e in shared if e.startswith("team#")]
        scope = access_scope(self._store, node["uuid"])
        organization = node["organization_id"] if scope == "workspace" else ""
        return {
            "nodeUuid": node["uuid"],
            "accessScope": scope,
            "owner": node["owner_id"],
            **({"sharedWithUsers": users} if users else {}),
            **({"sharedWithTeams": teams} if teams else {}),
            **({"organizationId": organization} if organization else {}),
            "organizationIndependent": not organization,
        }

    def set_scope(self, request: Request) -> Response:
        """Make it private or the workspace's; every share is dropped (3.7, trap 29)."""
        try:
            scope = read(request).text("accessScope")
        except BadBody:
            raise compute_answers.message(400, compute_answers.UNMARSHAL) from None
        if scope not in {"private", "workspace", "shared"}:
            raise compute_answers.message(400, compute_answers.SCOPE)
        with self._store.transaction():
            node = self._gate.managed(request)
            self._store.execute(
                "DELETE FROM compute_node_access WHERE node_uuid = ? AND entity_id <> ?",
                (node["uuid"], f"user#{node['owner_id']}"),
            )
            if scope == "workspace":
                entity = f"workspace#{node['organization_id']}"
                self._add(node, entity, "workspace", request.caller.user_id)
        return Response(200, self._permissions(node))

    def grant_user(self, request: Request) -> Response:
        """Share it with a user (3.7)."""
        return self._grant(request, "user")

    def grant_team(self, request: Request) -> Response:
        """Share it with a team (3.7)."""
        return self._grant(request, "team")

    def _grant(self, request: Request, kind: Kind) -> Response:
        try:
            who = read(request).text(f"{kind}Id")
        except BadBody:
            raise compute_answers.message(400, compute_answers.UNMARSHAL) from None
        if not who:
            raise compute_answers.message(
                400, compute_answers.NO_USER if kind == "user" else compute_answers.NO_TEAM
            )
        caller = request.caller
        with self._store.transaction():
            node = self._gate.managed(request)
            if node["organization_id"] == INDEPENDENT:
                raise compute_answers.message(400, compute_answers.INDEPENDENT)
            if self._members.org_role(caller.user_id, node["organization_id"]) == 0:
                raise compute_answers.error(
                    403,
                    "You are no longer a member of the workspace of this compute node; ask a"
                    " member of the workspace to share it",
                )
            exists = self._members.user_exists if kind == "user" else self._members.team_exists
            if not exists(who):
                raise compute_answers.error(400, f"{kind.capitalize()} {who} does not exist")
            if who != node["owner_id"]:
                self._add(node, f"{kind}#{who}", "shared", caller.user_id)
        return Response(201, _changed(node, kind, who, granted=True))

    def revoke_user(self, request: Request) -> Response:
        """Stop sharing it with a user (3.7)."""
        return self._revoke(request, "user")

    def revoke_team(self, request: Request) -> Response:
        """Stop sharing it with a team (3.7)."""
        return self._revoke(request, "team")

    def _revoke(self, request: Request, kind: Kind) -> Response:
        who = request.params["who"]
        with self._store.transaction():
            node = self._gate.managed(request)
            if kind == "user" and who == node["owner_id"]:
                raise compute_answers.message(400, compute_answers.NO_REVOKE_OWNER)
            self._store.execute(
                "DELETE FROM compute_node_access WHERE node_uuid = ? AND entity_id = ?",
                (node["uuid"], f"{kind}#{who}"),
            )
        return Response(200, _changed(node, kind, who, granted=False))

    def allowed(self, request: Request) -> Response:
        """The repositories the node may run; none means all (3.10)."""
        node = self._gate.usable(request, compute_answers.NOT_FOUND)
        check_gateway(node)
        return Response(200, {"processors": json.loads(node["processors"])})

    def allow(self, request: Request) -> Response:
        """Replace the list (3.10)."""
        node = self._gate.managed(request)
        check_gateway(node)
        try:
            processors = read(request).texts("processors")
        except BadBody:
            raise compute_answers.message(400, compute_answers.UNMARSHAL) from None
        body = {"processors": processors or []}
        ask_or_refuse(self._nodes, node, "PUT", "/allowed-processors", body=body)
        self._store.execute(
            "UPDATE compute_nodes SET processors = ? WHERE uuid = ?",
            (json.dumps(processors or []), node["uuid"]),
        )
        return Response(200, {"message": "allowed processors updated"})

    def _add(self, node: Row, entity: str, kind: str, granter: str) -> None:
        self._store.execute(
            "INSERT OR REPLACE INTO compute_node_access VALUES (?, ?, ?, ?, ?, ?)",
            (entity, node["uuid"], kind, node["organization_id"], granter, go_text(self._now())),
        )


def _changed(node: Row, kind: Kind, who: str, *, granted: bool) -> dict[str, str]:
    verb = "granted access to" if granted else "revoked access from"
    return {
        "message": f"Successfully {verb} {kind} {who}",
        "nodeUuid": node["uuid"],
        "action": "granted" if granted else "revoked",
        "entityType": kind,
        "entityId": who,
    }


def _gpu_tiers(_request: Request) -> Response:
    """What graphics processors there are, and what they cost (3.12)."""
    return Response(200, [dict(zip(_GPU_FIELDS, tier, strict=True)) for tier in _GPUS])
