"""What the runs of a workspace came to (``contracts/workflows.md`` 3.9)."""

from __future__ import annotations

from typing import Any

from pennsieve_agent.sandbox.compute import compute_answers
from pennsieve_agent.sandbox.compute.flows.definition_json import SECONDS
from pennsieve_agent.sandbox.compute.flows.definitions import ROOT
from pennsieve_agent.sandbox.compute.neighbour_protocols import Members
from pennsieve_agent.sandbox.compute.times import rfc3339
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Request, Response, Route, Scheme

_DAY = 24 * 3600
RANGES = {"allTime": None, "lastYear": 365 * _DAY, "lastMonth": 30 * _DAY}
_SCOPES = {
    "": "",
    "workflow": " AND workflow_uuid = :id",
    "application": (
        " AND uuid IN (SELECT run_uuid FROM workflow_run_sources WHERE source_url = :id)"
    ),
}


class RunTotals:
    """Counters and export. Unlike the platform's they are never late."""

    def __init__(self, world: World, members: Members) -> None:
        self._store = world.store
        self._now = world.now
        self._members = members

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route("GET", f"{ROOT}/metrics/counters", Scheme.USER, self.counters),
            Route("GET", f"{ROOT}/metrics/export", Scheme.USER, self.export),
        ]

    def counters(self, request: Request) -> Response:
        """Totals (3.9), under ``allTime`` whatever the range is (8.37)."""
        organization = self._organization(request)
        period = request.query.get("range") or "allTime"
        scope, scope_id = request.query.get("scope", ""), request.query.get("id", "")
        if period not in RANGES:
            raise compute_answers.message(400, f"invalid range {period}")
        if scope not in _SCOPES or (scope and not scope_id):
            raise compute_answers.message(400, "scope must be workflow or application, with an id")
        seconds = RANGES[period]
        since = "" if seconds is None else rfc3339(self._now() - seconds)
        row = self._store.row(
            "SELECT COUNT(*) AS runs, SUM(status = 'SUCCEEDED') AS succeeded,"  # noqa: S608 - our own words
            " SUM(status = 'FAILED') AS failed, SUM(status = 'CANCELED') AS cancelled,"
            f" SUM(CASE WHEN completed_at <> '' THEN {SECONDS} END) AS seconds"
            " FROM workflow_runs WHERE organization_id = :org AND created_at >= :since"
            f" AND (:org <> '' OR created_by = :user){_SCOPES[scope]}",
            {"org": organization, "since": since, "user": request.caller.user_id, "id": scope_id},
        )
        totals: dict[str, Any] = dict(row or {})
        return Response(
            200,
            {
                "allTime": {
                    "totalRuns": totals["runs"],
                    "succeeded": totals["succeeded"] or 0,
                    "failed": totals["failed"] or 0,
                    "canceled": totals["cancelled"] or 0,
                    "totalDurationSec": round(totals["seconds"] or 0, 3),
                    "totalCost": 0,
                }
            },
        )

    def export(self, request: Request) -> Response:
        """Addresses of Parquet files (3.9): none, as the sandbox writes no Parquet."""
        self._organization(request)
        return Response(200, {"urls": []})

    def _organization(self, request: Request) -> str:
        organization = request.query.get("organization_id", "")
        if organization and not self._members.org_role(request.caller.user_id, organization):
            raise compute_answers.message(403, compute_answers.FORBIDDEN)
        return organization
