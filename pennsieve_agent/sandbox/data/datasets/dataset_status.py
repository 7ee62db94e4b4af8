"""A workspace's words for how far a dataset is (``contracts/core.md`` 6.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pennsieve_agent.sandbox.data.access import workspace
from pennsieve_agent.sandbox.data.people.directory import READ
from pennsieve_agent.sandbox.host.store import Store
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Request, Response, Route, Scheme


@dataclass(frozen=True, slots=True)
class Status:
    """A status that a dataset can have."""

    id: int
    name: str
    display_name: str
    color: str


STATUSES = (
    Status(1, "NO_STATUS", "No Status", "#71747C"),
    Status(2, "WORK_IN_PROGRESS", "Work in Progress", "#2760FF"),
    Status(3, "IN_REVIEW", "In Review", "#FFB000"),
    Status(4, "COMPLETED", "Completed", "#17BB62"),
)
"""The options of every workspace here; only the first is in the contract."""


def routes(world: World) -> list[Route]:
    """The routes."""

    def options(request: Request) -> Response:
        row = workspace(world, request, READ)
        used = used_statuses(world.store, row["int_id"])
        return Response(200, [status_json(status, in_use=status.id in used) for status in STATUSES])

    return [Route("GET", "/organizations/<id>/dataset-status", Scheme.USER, options)]


def status_json(status: Status, *, in_use: bool) -> dict[str, Any]:
    """A status as v1 writes it."""
    return {
        "id": status.id,
        "name": status.name,
        "displayName": status.display_name,
        "color": status.color,
        "inUse": in_use,
    }


def find_status(value: object) -> Status | None:
    """The status of this name or number."""
    return next((status for status in STATUSES if value in (status.id, status.name)), None)


def used_statuses(store: Store, workspace_int_id: int) -> set[int]:
    """The numbers of the statuses that datasets of a workspace have."""
    rows = store.rows(
        "SELECT DISTINCT coalesce(s.status_id, 1) AS id FROM datasets d"
        " LEFT JOIN dataset_settings s ON s.dataset_int_id = d.int_id WHERE d.workspace_int_id = ?",
        (workspace_int_id,),
    )
    return {row["id"] for row in rows}
