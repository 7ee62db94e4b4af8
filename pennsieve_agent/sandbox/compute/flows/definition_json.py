"""Workflow definitions as they are sent (``contracts/workflows.md`` 2.3)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pennsieve_agent.sandbox.compute.apps.catalogue import about, find_app_of, find_version
from pennsieve_agent.sandbox.compute.flows.dag import PROCESSOR, resolve
from pennsieve_agent.sandbox.host.store import Row, Store

SECONDS = "MAX((julianday(completed_at) - julianday(started_at)) * 86400, 0)"
"""SQL: how long an ended run took; NULL when it never started or has not ended."""


def definition_json(store: Store, row: Row) -> dict[str, Any]:
    """One definition."""
    return definitions_json(store, [row])[0]


def definitions_json(store: Store, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Definitions, with what their runs came to."""
    totals = _totals(store, [row["uuid"] for row in rows])
    return [_json(store, row, totals.get(row["uuid"])) for row in rows]


def resolved_dag(store: Store, definition: Row) -> list[dict[str, Any]]:
    """A definition's nodes with what their applications say (2.3)."""
    return [_resolved(store, node) for node in json.loads(definition["nodes"])]


def _resolved(store: Store, node: dict[str, Any]) -> dict[str, Any]:
    app = find_app_of(store, node["sourceUrl"]) if node["type"] == PROCESSOR else None
    version = find_version(store, app["uuid"], node.get("tag", "")) if app else None
    return resolve(node, about(version) or about(app))


def _json(store: Store, row: Row, totals: Row | None) -> dict[str, Any]:
    organization = row["organization_id"]
    return {
        "uuid": row["uuid"],
        "name": row["name"],
        "description": row["description"],
        "summary": row["summary"],
        "isActive": bool(row["is_active"]),
        "visibility": "public" if row["published"] else "private",
        "official": False,  # set by the platform's own people only (2.4)
        **({"organizationId": organization} if organization else {}),
        "createdAt": row["created_at"],
        "createdBy": row["created_by"],
        **_metrics(totals),
        "dag": resolved_dag(store, row),
    }


def _metrics(totals: Row | None) -> dict[str, Any]:
    if totals is None:
        return {"metrics": {"totalRuns": 0}}
    ended = totals["ended"]
    last = {"lastRunAt": totals["last_at"], "lastRunStatus": totals["last_status"]}
    rate = {"successRate": round(100 * totals["succeeded"] / ended, 1)} if ended else {}
    average = {"avgDurationSec": round(totals["average"] or 0, 3)} if ended else {}
    return {"metrics": {"totalRuns": totals["runs"], **rate, **average, **last}, **last}


def _totals(store: Store, uuids: Sequence[str]) -> Mapping[str, Row]:
    marks = ", ".join("?" * len(uuids))
    rows = store.rows(
        "SELECT workflow_uuid, COUNT(*) AS runs, SUM(status = 'SUCCEEDED') AS succeeded,"  # noqa: S608 - only question marks
        " SUM(status IN ('SUCCEEDED', 'FAILED', 'CANCELED')) AS ended,"
        f" AVG(CASE WHEN completed_at <> '' THEN {SECONDS} END) AS average,"
        # With one MAX, SQLite takes the bare column from the row that has it.
        " MAX(created_at) AS last_at, status AS last_status"
        f" FROM workflow_runs WHERE workflow_uuid IN ({marks}) GROUP BY workflow_uuid",
        list(uuids),
    )
    return {row["workflow_uuid"]: row for row in rows}
