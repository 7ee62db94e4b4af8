"""A dataset as v1 writes it (``contracts/core.md`` 3.1)."""

from __future__ import annotations

import json
from typing import Any

from pennsieve_agent.sandbox.data.access import settings
from pennsieve_agent.sandbox.data.datasets.dataset_status import STATUSES, find_status, status_json
from pennsieve_agent.sandbox.data.folders import file_types
from pennsieve_agent.sandbox.data.roles import dataset_role
from pennsieve_agent.sandbox.data.v1_answers import present
from pennsieve_agent.sandbox.host.clock import iso
from pennsieve_agent.sandbox.host.store import Row, Store
from pennsieve_agent.sandbox.http.routing import Caller

_NUMBERS = """
SELECT
  (SELECT sum(size) FROM packages WHERE dataset_int_id = :id) AS bytes,
  count(*) FILTER (WHERE kind = 'user') AS users,
  count(*) FILTER (WHERE kind = 'workspace') AS organizations,
  count(*) FILTER (WHERE kind = 'team') AS teams,
  (SELECT u.node_id FROM collaborators o JOIN users u ON u.int_id = o.subject_int_id
   WHERE o.dataset_int_id = :id AND o.kind = 'user' AND o.role = 'owner') AS owner
FROM collaborators WHERE dataset_int_id = :id
"""


def dataset_json(store: Store, row: Row, caller: Caller) -> dict[str, Any]:
    """A dataset, without children."""
    numbers = store.row(_NUMBERS, {"id": row["int_id"]}) or {}
    chosen = settings(store, row["int_id"])
    status = find_status(chosen["status_id"]) or STATUSES[0]
    return {
        "content": present(
            {
                "id": row["node_id"],
                "intId": row["int_id"],
                "name": row["name"],
                "description": row["description"],
                "state": "READY",
                "createdAt": iso(row["created_at"]),
                "updatedAt": iso(row["updated_at"]),
                "packageType": "DataSet",
                "datasetType": "research",
                "status": status.name,
                "automaticallyProcessPackages": bool(chosen["processes"]),
                "license": row["license"],
                "tags": json.loads(row["tags"]),
            }
        ),
        "organization": caller.org_id,
        "owner": numbers["owner"] or "",
        "role": dataset_role(store, caller.user_int_id, row["node_id"]).value,
        "collaboratorCounts": {name: numbers[name] for name in ("users", "organizations", "teams")},
        "storage": numbers["bytes"] or 0,
        "status": status_json(status, in_use=True),
        "publication": {"status": "draft"},
        "properties": [],
        "canPublish": False,
        "locked": bool(chosen["is_locked"]),
    }


def etag(row: Row) -> str:
    """The version of a dataset that ``If-Match`` names."""
    return f'"{int(row["updated_at"] * 1000)}"'


def type_counts(store: Store, dataset_int_id: int) -> dict[str, int]:
    """How many packages of each type a dataset has."""
    counts: dict[str, int] = {}
    for row in store.rows(
        "SELECT name, is_folder FROM packages WHERE dataset_int_id = ?", (dataset_int_id,)
    ):
        kind = "Collection" if row["is_folder"] else file_types.package_type(row["name"])
        counts[kind] = counts.get(kind, 0) + 1
    return counts
