"""Which workspaces an account serves (``contracts/resources.md`` 1.7)."""

from __future__ import annotations

import sqlite3
from typing import Any

from pennsieve_agent.sandbox.compute import compute_answers
from pennsieve_agent.sandbox.compute.request_bodies import BadBody, read
from pennsieve_agent.sandbox.compute.rows import find_account, find_enablement
from pennsieve_agent.sandbox.host.store import Row
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Request, Response, Route, Scheme

PATH = "/compute/resources/accounts/<uuid>/workspaces"


def enablement_json(row: Row) -> dict[str, Any]:
    """An enablement as it is sent."""
    return {
        "accountUuid": row["account_uuid"],
        "organizationId": row["organization_id"],
        "isPublic": bool(row["is_public"]),
        "enableCompute": bool(row["enable_compute"]),
        "enableStorage": bool(row["enable_storage"]),
        "enabledBy": row["enabled_by"],
        "enabledAt": row["enabled_at"],
    }


class Enablements:
    """The routes that enable an account for a workspace."""

    def __init__(self, world: World) -> None:
        self._store = world.store
        self._now = world.now

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route("POST", PATH, Scheme.WORKSPACE, self.enable),
            Route("DELETE", f"{PATH}/<workspace>", Scheme.USER, self.disable),
        ]

    def enable(self, request: Request) -> Response:
        """Enable the account for the workspace of the query (1.7)."""
        handler = "PostAccountWorkspaceEnablementHandler"
        try:
            body = read(request)
            flags = [body.flag(n) for n in ("isPublic", "enableCompute", "enableStorage")]
        except BadBody:
            raise compute_answers.plain(400, handler, compute_answers.UNMARSHAL) from None
        caller = request.caller
        uuid = self._owned(request, handler)
        try:
            self._store.execute(
                "INSERT INTO compute_enablements VALUES (?, ?, ?, ?, ?, ?, ?)",
                (uuid, caller.org_id, *flags, caller.user_id, int(self._now())),
            )
        except sqlite3.IntegrityError:
            raise compute_answers.plain(422, handler, compute_answers.ALREADY_ENABLED) from None
        row = find_enablement(self._store, uuid, caller.org_id)
        return Response(201, enablement_json(row) if row else None)

    def disable(self, request: Request) -> Response:
        """Disable it; refused while the account has nodes there (1.7)."""
        handler = "DeleteAccountWorkspaceEnablementHandler"
        workspace = request.params["workspace"]
        with self._store.transaction():
            uuid = self._owned(request, handler)
            if find_enablement(self._store, uuid, workspace) is None:
                raise compute_answers.plain(404, handler, compute_answers.NO_ENABLEMENT)
            if self._store.row(
                "SELECT 1 FROM compute_nodes WHERE account_uuid = ? AND organization_id = ?",
                (uuid, workspace),
            ):
                raise compute_answers.plain(409, handler, compute_answers.WORKSPACE_ACTIVE)
            self._store.execute(
                "DELETE FROM compute_enablements WHERE account_uuid = ? AND organization_id = ?",
                (uuid, workspace),
            )
        return Response(204)

    def _owned(self, request: Request, handler: str) -> str:
        row = find_account(self._store, request.params["uuid"])
        if row is None:
            raise compute_answers.plain(404, handler, compute_answers.NO_ACCOUNT)
        if row["user_id"] != request.caller.user_id:
            raise compute_answers.plain(403, handler, compute_answers.NOT_YOURS)
        return str(row["uuid"])
