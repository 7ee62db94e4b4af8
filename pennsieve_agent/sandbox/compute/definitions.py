"""Workflow definitions (``contracts/workflows.md`` 2)."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from pennsieve_agent.sandbox.compute import answers
from pennsieve_agent.sandbox.compute.bodies import BadBody, Body, read
from pennsieve_agent.sandbox.compute.catalogue import about, find_app_of, find_version
from pennsieve_agent.sandbox.compute.dag import (
    PROCESSOR,
    TARGET_TYPES,
    BadGraph,
    read_nodes,
    resolve,
)
from pennsieve_agent.sandbox.compute.node_access import ADMIN
from pennsieve_agent.sandbox.compute.paging import cursor_of, limit_of
from pennsieve_agent.sandbox.compute.records import find_definition
from pennsieve_agent.sandbox.compute.seams import Members
from pennsieve_agent.sandbox.compute.times import go_text
from pennsieve_agent.sandbox.http import Caller, Request, Response, Route, Scheme
from pennsieve_agent.sandbox.store import Row, Store
from pennsieve_agent.sandbox.world import World

ROOT = "/compute/workflows"
PATH = f"{ROOT}/definitions"
NO_WORKFLOW = "workflow not found"
BAD_BODY = "invalid request body"


def resolved_dag(store: Store, definition: Row) -> list[dict[str, Any]]:
    """A definition's nodes with what their applications say (2.3)."""
    return [_resolved(store, node) for node in json.loads(definition["nodes"])]


def _resolved(store: Store, node: dict[str, Any]) -> dict[str, Any]:
    app = find_app_of(store, node["sourceUrl"]) if node["type"] == PROCESSOR else None
    version = find_version(store, app["uuid"], node.get("tag", "")) if app else None
    return resolve(node, about(version) or about(app))


def may_read(members: Members, caller: Caller, row: Row) -> bool:
    """Whether a definition or a run is the caller's, or of a workspace of theirs."""
    organization = row["organization_id"]
    return row["created_by"] == caller.user_id or bool(
        organization and members.org_role(caller.user_id, organization)
    )


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
        """Store a definition; its graph can never be changed (8.29)."""
        caller = request.caller
        try:
            body = read(request)
            name, organization = body.text("name"), body.text("organizationId")
            texts = (body.text("description"), body.text("summary"))
            nodes = read_nodes(body.objects("processors") or [])
        except BadBody:
            raise answers.message(400, BAD_BODY) from None
        except BadGraph as problem:
            raise answers.message(400, str(problem)) from None
        if not name.strip():
            raise answers.message(400, "missing name")
        if organization and not self._members.org_role(caller.user_id, organization):
            raise answers.message(403, answers.FORBIDDEN)
        uuid, now = str(uuid4()), go_text(self._now())
        self._store.execute(
            "INSERT INTO workflow_definitions (uuid, name, description, summary, organization_id,"
            " is_active, created_by, created_at, nodes) VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?)",
            (uuid, name, *texts, organization, caller.user_id, now, json.dumps(nodes)),
        )
        return Response(201, self._json(self._find(uuid)))

    def list_all(self, request: Request) -> Response:
        """The definitions of a workspace, or the caller's own personal ones."""
        if request.query.get("visibility") == "public":
            return Response(200, {"workflows": [], "nextCursor": ""})  # nothing can be published
        caller, organization = request.caller, request.query.get("organization_id", "")
        if organization and not self._members.org_role(caller.user_id, organization):
            raise answers.message(403, answers.FORBIDDEN)
        limit = limit_of(request)
        active = {"active": 1, "archived": 0}.get(request.query.get("status", ""))
        rows = self._store.rows(
            "SELECT * FROM workflow_definitions WHERE seq > :after AND organization_id = :org"
            " AND (:org <> '' OR created_by = :user) AND (:active IS NULL OR is_active = :active)"
            " AND instr(lower(name), lower(:search)) ORDER BY seq LIMIT :limit",
            {
                "after": cursor_of(request, 0),
                "org": organization,
                "user": caller.user_id,
                "active": active,
                "search": request.query.get("search", ""),
                "limit": limit + 1,
            },
        )
        page = rows[:limit]
        cursor = str(page[-1]["seq"]) if len(rows) > limit else ""
        return Response(200, {"workflows": [self._json(row) for row in page], "nextCursor": cursor})

    def show(self, request: Request) -> Response:
        """One definition."""
        return Response(200, self._json(self._readable(request)))

    def change(self, request: Request) -> Response:
        """Rename, archive, and set defaults and versions; its creator or an administrator may."""
        caller = request.caller
        with self._store.transaction():
            row = self._readable(request)
            admin = self._members.org_role(caller.user_id, row["organization_id"]) >= ADMIN
            if row["created_by"] != caller.user_id and not admin:
                raise answers.message(403, answers.FORBIDDEN)
            try:
                changed = _changed(row, read(request))
            except BadBody:
                raise answers.message(400, BAD_BODY) from None
            except BadGraph as problem:
                raise answers.message(400, str(problem)) from None
            self._store.execute(
                "UPDATE workflow_definitions SET name = :name, description = :description,"
                " is_active = :is_active, nodes = :nodes WHERE uuid = :uuid",
                changed,
            )
        return Response(200, self._json(changed))

    def _readable(self, request: Request) -> Row:
        row = find_definition(self._store, request.params["uuid"])
        if row is None or not may_read(self._members, request.caller, row):
            raise answers.message(404, NO_WORKFLOW)
        return row

    def _find(self, uuid: str) -> Row:
        row = find_definition(self._store, uuid)
        if row is None:
            raise answers.message(404, NO_WORKFLOW)
        return row

    def _json(self, row: Row) -> dict[str, Any]:
        organization = row["organization_id"]
        return {
            "uuid": row["uuid"],
            "name": row["name"],
            "description": row["description"],
            "summary": row["summary"],
            "isActive": bool(row["is_active"]),
            "visibility": "private",
            "official": False,
            **({"organizationId": organization} if organization else {}),
            "createdAt": row["created_at"],
            "createdBy": row["created_by"],
            "dag": resolved_dag(self._store, row),
        }


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
    return Response(200, TARGET_TYPES)
