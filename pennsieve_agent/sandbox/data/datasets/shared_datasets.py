"""What v2 lists of other workspaces, and of package types (``contracts/upstream-2026-11.md`` 9)."""

from __future__ import annotations

import json
from typing import Any

from pennsieve_agent.sandbox.data.access import settings
from pennsieve_agent.sandbox.data.datasets.dataset_status import STATUSES, find_status
from pennsieve_agent.sandbox.data.folders.file_types import PACKAGE_TYPES
from pennsieve_agent.sandbox.data.people import directory
from pennsieve_agent.sandbox.data.v2_answers import page_of
from pennsieve_agent.sandbox.host.clock import iso
from pennsieve_agent.sandbox.host.store import Row
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Request, Response, Route, Scheme

_SHARED = (
    " FROM datasets d JOIN workspaces w ON w.int_id = d.workspace_int_id"
    " JOIN memberships m ON m.workspace_int_id = w.int_id AND m.user_int_id = :user"
    " JOIN collaborators c ON c.dataset_int_id = d.int_id AND c.kind = 'user'"
    " AND c.subject_int_id = :user WHERE m.role = :guest"
)


class Shared:
    """``GET /datasets/shared-datasets`` and ``GET /packages/types``."""

    def __init__(self, world: World) -> None:
        self._store = world.store

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route("GET", "/datasets/shared-datasets", Scheme.USER, self.datasets),
            Route("GET", "/packages/types", Scheme.USER, _types),
        ]

    def datasets(self, request: Request) -> Response:
        """The datasets that the caller has from workspaces of which they are a guest.

        The answer's keys, and that workspaces of members do not count, are read from the public
        datasets-service (api/models/shared_datasets.go, api/store/cross_org_postgres_simple.go).
        """
        limit, offset = page_of(request)
        values = {"user": request.caller.user_int_id, "guest": directory.GUEST}
        count = self._store.row(f"SELECT count(*) AS n{_SHARED}", values) or {"n": 0}
        rows = self._store.rows(
            f"SELECT d.*, w.node_id AS workspace, w.name AS workspace_name{_SHARED}"
            " ORDER BY d.int_id LIMIT :limit OFFSET :offset",
            {**values, "limit": limit, "offset": offset},
        )
        page = {"limit": limit, "offset": offset, "totalCount": count["n"]}
        return Response(200, {**page, "datasets": [self._item(row) for row in rows]})

    def _item(self, row: Row) -> dict[str, Any]:
        status = find_status(settings(self._store, row["int_id"])["status_id"]) or STATUSES[0]
        optional = {"description": row["description"], "tags": json.loads(row["tags"])}
        content = {
            "id": row["node_id"],
            "name": row["name"],
            "state": "READY",
            "createdAt": iso(row["created_at"]),
            "updatedAt": iso(row["updated_at"]),
            "status": status.name,
            "intId": row["int_id"],
            "workspaceNodeId": row["workspace"],
            "workspaceName": row["workspace_name"],
            **{name: value for name, value in optional.items() if value},
        }
        return {"content": content}


def _types(_request: Request) -> Response:
    """The package types (``contracts/core.md`` 3.9); that it is a bare list of names is ours."""
    return Response(200, sorted(PACKAGE_TYPES))
