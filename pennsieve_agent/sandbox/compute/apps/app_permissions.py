"""Who may see an application (``contracts/workflows.md`` 1.5)."""

from __future__ import annotations

from typing import Any

from pennsieve_agent.sandbox.compute import compute_answers
from pennsieve_agent.sandbox.compute.apps.applications import (
    NO_APPLICATION,
    NOT_PERMITTED,
    STORE,
    VIEWER,
)
from pennsieve_agent.sandbox.compute.apps.catalogue import find_app, may_see
from pennsieve_agent.sandbox.compute.neighbour_protocols import Members
from pennsieve_agent.sandbox.compute.request_bodies import BadBody, Body, read
from pennsieve_agent.sandbox.compute.times import go_text
from pennsieve_agent.sandbox.host.store import Row
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Request, Response, Route, Scheme


class AppPermissions:
    """Visibility and grants of one application."""

    def __init__(self, world: World, members: Members) -> None:
        self._store = world.store
        self._now = world.now
        self._members = members

    def routes(self) -> list[Route]:
        """The routes."""
        path = f"{STORE}/<uuid>/permissions"
        return [
            Route("GET", path, Scheme.USER, self.show),
            Route("PUT", path, Scheme.USER, self.replace),
        ]

    def show(self, request: Request) -> Response:
        """Who may see it, for those who can (1.5)."""
        app, caller = self._app(request), request.caller
        if caller.org_role < VIEWER:
            raise compute_answers.message(401, NOT_PERMITTED)
        if not may_see(self._store, self._members, caller, app):
            raise compute_answers.message(403, NOT_PERMITTED)
        return Response(200, self._json(app))

    def replace(self, request: Request) -> Response:
        """Set visibility and replace every grant; only the owner may (1.5)."""
        try:
            body = read(request)
            visibility = body.text("visibility")
            kinds = {"user": "users", "team": "teams", "workspace": "workspaces"}
            entities = {kind: _entities(body, field) for kind, field in kinds.items()}
        except BadBody:
            raise compute_answers.message(400, compute_answers.UNMARSHAL) from None
        with self._store.transaction():
            app = self._app(request)
            if app["owner_id"] != request.caller.user_id:
                raise compute_answers.message(403, "only the app owner can manage permissions")
            if visibility not in {"public", "private"}:
                raise compute_answers.message(400, "visibility must be 'public' or 'private'")
            self._write(app, visibility, entities)
        return Response(200, self._json({**app, "visibility": visibility}))

    def _write(self, app: Row, visibility: str, by_kind: dict[str, list[tuple[str, str]]]) -> None:
        owner, now = app["owner_id"], go_text(self._now())
        self._store.execute(
            "UPDATE app_store SET visibility = ? WHERE uuid = ?", (visibility, app["uuid"])
        )
        self._store.execute(
            "DELETE FROM app_access WHERE app_uuid = ? AND access_type <> 'owner'", (app["uuid"],)
        )
        for kind, entities in by_kind.items():
            access = "workspace" if kind == "workspace" else "shared"
            for entity, organization in entities:
                if (kind, entity) != ("user", owner):
                    self._store.execute(
                        "INSERT OR REPLACE INTO app_access VALUES (?, ?, ?, ?, ?, ?)",
                        (f"{kind}#{entity}", app["uuid"], access, organization, owner, now),
                    )

    def _app(self, request: Request) -> Row:
        app = find_app(self._store, request.params["uuid"])
        if app is None:
            raise compute_answers.message(404, NO_APPLICATION)
        return app

    def _json(self, app: Row) -> dict[str, Any]:
        rows = self._store.rows(
            "SELECT * FROM app_access WHERE app_uuid = ? ORDER BY rowid", (app["uuid"],)
        )
        return {
            "visibility": app["visibility"],
            "ownerId": app["owner_id"],
            "access": [_access_json(row) for row in rows],
        }


def _entities(body: Body, field: str) -> list[tuple[str, str]]:
    objects = body.objects(field) or []
    return [(item.text("entityId"), item.text("organizationId")) for item in objects]


def _access_json(row: Row) -> dict[str, str]:
    kind, _, raw = str(row["entity_id"]).partition("#")
    organization = row["organization_id"]
    return {
        "entityId": row["entity_id"],
        "appId": f"app#{row['app_uuid']}",
        "entityType": kind,
        "entityRawId": raw,
        "appUuid": row["app_uuid"],
        "accessType": row["access_type"],
        **({"organizationId": organization} if organization else {}),
        "grantedAt": row["granted_at"],
        "grantedBy": row["granted_by"],
    }
