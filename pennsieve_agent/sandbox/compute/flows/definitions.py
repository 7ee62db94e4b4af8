"""Workflow definitions (``contracts/workflows.md`` 2)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from pennsieve_agent.sandbox.compute import compute_answers
from pennsieve_agent.sandbox.compute.apps.catalogue import find_app_of
from pennsieve_agent.sandbox.compute.flows.dag import BadGraph, read_nodes
from pennsieve_agent.sandbox.compute.flows.definition_json import definition_json, definitions_json
from pennsieve_agent.sandbox.compute.flows.target_types import TARGET_TYPES
from pennsieve_agent.sandbox.compute.neighbour_protocols import Members
from pennsieve_agent.sandbox.compute.nodes.node_access import ADMIN
from pennsieve_agent.sandbox.compute.paging import cursor_of, limit_of
from pennsieve_agent.sandbox.compute.request_bodies import BadBody, Body, read
from pennsieve_agent.sandbox.compute.rows import find_definition
from pennsieve_agent.sandbox.compute.times import go_text
from pennsieve_agent.sandbox.host.faults import takes_foreign
from pennsieve_agent.sandbox.host.store import Row, Store
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Caller, Request, Response, Route, Scheme

ROOT = "/compute/workflows"
PATH = f"{ROOT}/definitions"
NO_WORKFLOW = "workflow not found"
BAD_BODY = "invalid request body"
_LIST = (
    "SELECT d.*, p.definition_uuid IS NOT NULL AS published FROM workflow_definitions d"
    " LEFT JOIN workflow_published p ON p.definition_uuid = d.uuid WHERE d.seq > :after"
    " AND CASE WHEN :public THEN p.definition_uuid IS NOT NULL"
    " ELSE d.organization_id = :org AND (:org <> '' OR d.created_by = :user) END"
    " AND (:active IS NULL OR d.is_active = :active)"
    " AND (instr(lower(d.name), lower(:search)) OR instr(lower(d.description), lower(:search)))"
    " ORDER BY d.seq LIMIT :limit"
)


def may_read(members: Members, caller: Caller, row: Row) -> bool:
    """Whether a definition or a run is the caller's, or of a workspace of theirs."""
    organization = row["organization_id"]
    return row["created_by"] == caller.user_id or bool(
        organization and members.org_role(caller.user_id, organization)
    )


def may_read_definition(members: Members, caller: Caller, row: Row) -> bool:
    """Whether a definition is published, or :func:`may_read` says so."""
    return bool(row["published"]) or may_read(members, caller, row)


def readable_definition(store: Store, members: Members, request: Request) -> Row:
    """The definition of the path, if the caller may read it.

    Raises:
        Refusal: 404, there is none, or it is hidden from the caller.

    """
    row = find_definition(store, request.params["uuid"])
    if row is None or not may_read_definition(members, request.caller, row):
        raise compute_answers.message(404, NO_WORKFLOW)
    return row


class Definitions:
    """Create, list, show, change; and the target types."""

    def __init__(self, world: World, members: Members) -> None:
        self._store = world.store
        self._now = world.now
        self._members = members

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route("POST", PATH, Scheme.USER, self.create),
            Route("GET", PATH, Scheme.USER, self.list_all),
            Route("GET", f"{PATH}/<uuid>", Scheme.USER, self.show),
            Route("PATCH", f"{PATH}/<uuid>", Scheme.USER, self.change),
            Route("GET", f"{ROOT}/target-types", Scheme.USER, _target_types),
        ]

    def create(self, request: Request) -> Response:
        """Store a definition (2.2); its graph can never be changed (8.29)."""
        caller = request.caller
        try:
            body = read(request)
            name, organization = body.text("name"), body.text("organizationId")
            texts = (body.text("description"), body.text("summary"))
            nodes = read_nodes(body.objects("processors") or [])
        except BadBody:
            raise compute_answers.message(400, BAD_BODY) from None
        except BadGraph as problem:
            raise compute_answers.message(400, str(problem)) from None
        if not name.strip():
            raise compute_answers.message(400, "missing name")
        if organization and not self._members.org_role(caller.user_id, organization):
            raise compute_answers.message(403, compute_answers.FORBIDDEN)
        self._refuse_foreign(nodes)
        uuid, now = str(uuid4()), go_text(self._now())
        self._store.execute(
            "INSERT INTO workflow_definitions (uuid, name, description, summary, organization_id,"
            " is_active, created_by, created_at, nodes) VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?)",
            (uuid, name, *texts, organization, caller.user_id, now, json.dumps(nodes)),
        )
        row = find_definition(self._store, uuid)
        return Response(201, definition_json(self._store, row) if row else None)

    def _refuse_foreign(self, nodes: Sequence[Mapping[str, Any]]) -> None:
        """Refuse code that is not in the App Store, unless the sandbox was started to accept it.

        Whether the hosted platform does either is not public; the words are ours.
        """
        if takes_foreign(self._store):
            return
        for node in nodes:
            url = str(node.get("sourceUrl") or "")
            if url and find_app_of(self._store, url) is None:
                raise compute_answers.message(400, f"{url} is not an application of the App Store")

    def list_all(self, request: Request) -> Response:
        """Those of a workspace, the caller's personal ones, or the published ones (2.4)."""
        caller, organization = request.caller, request.query.get("organization_id", "")
        public = request.query.get("visibility") == "public"
        if organization and not public and not self._members.org_role(caller.user_id, organization):
            raise compute_answers.message(403, compute_answers.FORBIDDEN)
        if request.query.get("official") == "true":
            return Response(200, {"workflows": [], "nextCursor": ""})  # the sandbox has none
        limit = limit_of(request)
        rows = self._store.rows(
            _LIST,
            {
                "after": cursor_of(request, 0),
                "public": public,
                "org": organization,
                "user": caller.user_id,
                "active": {"active": 1, "archived": 0}.get(request.query.get("status", "")),
                "search": request.query.get("search", ""),
                "limit": limit + 1,
            },
        )
        page = rows[:limit]
        cursor = str(page[-1]["seq"]) if len(rows) > limit else ""
        return Response(
            200, {"workflows": definitions_json(self._store, page), "nextCursor": cursor}
        )

    def show(self, request: Request) -> Response:
        """One definition (2.3)."""
        return Response(200, definition_json(self._store, self._readable(request)))

    def change(self, request: Request) -> Response:
        """Rename, archive, set defaults and versions (2.4); its creator or an administrator may."""
        caller = request.caller
        with self._store.transaction():
            row = self._readable(request)
            admin = self._members.org_role(caller.user_id, row["organization_id"]) >= ADMIN
            if row["created_by"] != caller.user_id and not admin:
                raise compute_answers.message(403, compute_answers.FORBIDDEN)
            try:
                changed = _changed(row, read(request))
            except BadBody:
                raise compute_answers.message(400, BAD_BODY) from None
            except BadGraph as problem:
                raise compute_answers.message(400, str(problem)) from None
            self._store.execute(
                "UPDATE workflow_definitions SET name = :name, description = :description,"
                " is_active = :is_active, nodes = :nodes WHERE uuid = :uuid",
                changed,
            )
        return Response(200, definition_json(self._store, changed))

    def _readable(self, request: Request) -> Row:
        return readable_definition(self._store, self._members, request)


def _changed(row: Row, body: Body) -> dict[str, Any]:
    active = body.optional_flag("isActive")
    name = body.text("name", None)
    if name is not None and not name.strip():
        raise BadGraph("missing name")
    nodes: list[dict[str, Any]] = json.loads(row["nodes"])
    by_id = {node["id"]: node for node in nodes}
    defaults, versions = body.object("defaultParams"), body.text_map("versions")
    for node_id in [*(defaults.names() if defaults else []), *versions]:
        if node_id not in by_id:
            raise BadGraph(f"unknown node {node_id}")
    for node_id in defaults.names() if defaults else []:
        by_id[node_id]["defaultParams"] = defaults.text_map(node_id) if defaults else {}
    for node_id, tag in versions.items():
        if not tag:
            raise BadGraph(f"empty version for node {node_id}")
        by_id[node_id]["tag"] = tag
    return {
        **row,
        "name": row["name"] if name is None else name,
        "description": body.text("description", row["description"]),
        "is_active": row["is_active"] if active is None else active,
        "nodes": json.dumps(nodes),
    }


def _target_types(_request: Request) -> Response:
    """What data targets can do (2.5)."""
    return Response(200, TARGET_TYPES)
