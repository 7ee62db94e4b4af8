"""Creating and reading compute nodes (``contracts/resources.md`` 3.2 and 3.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from pennsieve_agent.sandbox.compute import compute_answers
from pennsieve_agent.sandbox.compute.neighbour_protocols import Members
from pennsieve_agent.sandbox.compute.nodes.node_access import ADMIN, INDEPENDENT, NodeAccess
from pennsieve_agent.sandbox.compute.nodes.node_json import listed_node, single_node
from pennsieve_agent.sandbox.compute.request_bodies import BadBody, Body, read
from pennsieve_agent.sandbox.compute.rows import find_account, find_enablement, find_node
from pennsieve_agent.sandbox.compute.times import go_text
from pennsieve_agent.sandbox.host.faults import unsafe
from pennsieve_agent.sandbox.host.store import Row
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Caller, Request, Response, Route, Scheme

PATH = "/compute/resources/compute-nodes"
IMAGE = "pennsieve/compute-node-aws-provisioner-v2"
IMAGES = {IMAGE, "pennsieve/compute-node-aws-provisioner"}
ORG_PREFIX = "N:organization:"


class Nodes:
    """Create, list and show. ``provision`` is called with the uuid of a node that has a task."""

    def __init__(self, world: World, members: Members, provision: Callable[[str], None]) -> None:
        self._store = world.store
        self._now = world.now
        self._members = members
        self._access = NodeAccess(world.store, members)
        self._provision = provision

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route("POST", PATH, Scheme.USER, self.create),
            Route("GET", PATH, Scheme.USER, self.list_all),
            Route("GET", f"{PATH}/<id>", Scheme.USER, self.show),
        ]

    def create(self, request: Request) -> Response:
        """Ask for a node. Answers no uuid: that is the platform's way (3.2)."""
        try:
            values = _settings(read(request))
        except BadBody:
            raise compute_answers.message(500, compute_answers.UNMARSHAL) from None
        if not values["account"] or values["image"] not in IMAGES:
            raise compute_answers.message(400, compute_answers.BAD_REQUEST)
        sensitive = values["deployment_mode"] in {"secure", "compliant"}
        if values["enable_llm"] and sensitive and not values["llm_baa"]:
            raise compute_answers.message(400, compute_answers.BAA)
        account = find_account(self._store, values["account"])
        if account is None:
            raise compute_answers.message(404, compute_answers.NOT_FOUND)
        self._check_place(request.caller, account, values["organization"])
        uuid = self._insert(request.caller, account, values)
        self._provision(uuid)
        return Response(202, {"message": "Compute node creation initiated"})

    def _check_place(self, caller: Caller, account: Row, organization: str) -> None:
        owner = account["user_id"] == caller.user_id
        if not organization:
            if not owner and not unsafe(self._store):
                # The platform lets anybody who knows the account's uuid do this
                # (contracts/resources.md section 6, trap 31), and no client may rely on it.
                raise compute_answers.message(403, compute_answers.NOT_YOURS)
            return
        if not organization.startswith(ORG_PREFIX):
            raise compute_answers.message(400, compute_answers.ORG_FORMAT)
        enabled = find_enablement(self._store, account["uuid"], organization)
        if enabled is None:
            raise compute_answers.message(403, compute_answers.NOT_ENABLED)
        if not owner:
            self._check_admin(caller, enabled)

    def _check_admin(self, caller: Caller, enabled: Row) -> None:
        if not enabled["is_public"]:
            raise compute_answers.message(403, compute_answers.OWNER_CREATE)
        if not enabled["enable_compute"]:
            raise compute_answers.message(403, compute_answers.NO_COMPUTE)
        organization = enabled["organization_id"]
        if not self._members.org_exists(organization):
            raise compute_answers.message(400, compute_answers.NO_ORG)
        role = self._members.org_role(caller.user_id, organization)
        if role == 0:
            raise compute_answers.message(500, compute_answers.CHECK)  # a bug of the platform (3.2)
        if role < ADMIN:
            raise compute_answers.message(403, compute_answers.ADMIN_CREATE)

    def _insert(self, caller: Caller, account: Row, settings: dict[str, Any]) -> str:
        uuid, now = str(uuid4()), go_text(self._now())
        organization = settings["organization"] or INDEPENDENT
        values = {
            **settings,
            "uuid": uuid,
            "now": now,
            "organization": organization,
            "owner": caller.user_id,
            "aws": account["account_id"],
            "type": account["account_type"],
        }
        with self._store.transaction():
            self._store.execute(
                "INSERT INTO compute_nodes VALUES (:uuid, :name, :description, :account, :aws,"
                " :type, :now, :organization, :owner, :image_tag, :image, :image_tag,"
                " :deployment_mode, :enable_llm, :llm_baa, :max_gpu, :gpu_tier, :max_interactive,"
                " 'Pending', '[]', '', 'CREATE')",
                values,
            )
            self._store.execute(
                "INSERT INTO compute_node_access VALUES (?, ?, 'owner', ?, ?, ?)",
                (f"user#{caller.user_id}", uuid, organization, caller.user_id, now),
            )
        return uuid

    def list_all(self, request: Request) -> Response:
        """The nodes of the caller's accounts, or those reached in a workspace (3.4)."""
        caller = request.caller
        organization = request.query.get("organization_id")
        if request.query.get("account_owner") == "true":
            rows = self._of_accounts(caller)
        elif organization:
            rows = self._of_workspace(caller, organization)
        else:
            rows = self._store.rows(
                "SELECT n.* FROM compute_nodes n JOIN compute_node_access a ON a.node_uuid = n.uuid"
                " WHERE a.entity_id = ? AND a.access_type = 'owner' AND a.organization_id = ''",
                (f"user#{caller.user_id}",),
            )
        return Response(200, [listed_node(self._store, row) for row in rows])

    def _of_accounts(self, caller: Caller) -> list[Row]:
        accounts = self._store.rows(
            "SELECT uuid FROM compute_accounts WHERE user_id = ?", (caller.user_id,)
        )
        if not accounts:
            raise compute_answers.message(403, compute_answers.FORBIDDEN)
        return self._store.rows(
            "SELECT n.* FROM compute_nodes n JOIN compute_accounts a ON a.uuid = n.account_uuid"
            " WHERE a.user_id = ? ORDER BY n.rowid",
            (caller.user_id,),
        )

    def _of_workspace(self, caller: Caller, organization: str) -> list[Row]:
        if self._members.org_role(caller.user_id, organization) == 0:
            raise compute_answers.message(403, compute_answers.FORBIDDEN)
        rows = self._store.rows(
            "SELECT * FROM compute_nodes WHERE organization_id = ? ORDER BY rowid", (organization,)
        )
        return [row for row in rows if self._access.reaches(caller.user_id, row)]

    def show(self, request: Request) -> Response:
        """One node, for those with access to it (3.4)."""
        node = find_node(self._store, request.params["id"])
        if node is None:
            raise compute_answers.message(404, compute_answers.NO_RECORDS)
        if not self._access.may_use(request.caller.user_id, node):
            raise compute_answers.message(403, compute_answers.FORBIDDEN)
        return Response(200, single_node(self._store, node))


def _settings(body: Body) -> dict[str, Any]:
    return {
        "account": body.text("accountId"),
        "name": body.text("name"),
        "description": body.text("description"),
        "organization": body.text("organizationId"),
        "image": body.text("provisionerImage") or IMAGE,
        "image_tag": body.text("provisionerImageTag") or "latest",
        "deployment_mode": body.text("deploymentMode") or "basic",
        "enable_llm": body.flag("enableLLMAccess"),
        "llm_baa": body.flag("llmBaaAcknowledged"),
        "max_gpu": body.number("maxGpuInstances", 2),
        "gpu_tier": body.text("gpuTier") or "small",
        "max_interactive": body.number("maxInteractiveSessions", 0),
    }
