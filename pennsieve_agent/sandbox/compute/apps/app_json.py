"""Applications, versions and builds as they are sent (``contracts/workflows.md`` 1.3, 1.4)."""

from __future__ import annotations

from typing import Any

from pennsieve_agent.sandbox.compute.apps.catalogue import about
from pennsieve_agent.sandbox.host.store import Row, Store


def app_json(store: Store, app: Row) -> dict[str, Any]:
    """An application with its versions."""
    versions = store.rows(
        "SELECT * FROM app_versions WHERE app_uuid = ? ORDER BY seq", (app["uuid"],)
    )
    latest = max(versions, key=lambda v: (v["created_at"], v["seq"]), default=None)
    body = {
        "uuid": app["uuid"],
        "sourceUrl": app["source_url"],
        "sourceType": app["source_type"],
        "isPrivate": bool(app["is_private"]),
        "visibility": app["visibility"],
        "ownerId": app["owner_id"],
        "organizationId": app["organization_id"],
        "createdAt": app["created_at"],
        "status": "archived" if is_archived(store, app) else "active",
        **about(app),
        "versions": [_version_json(store, version) for version in versions],
    }
    return {**body, "latestVersionTag": latest["version"]} if latest else body


def is_archived(store: Store, app: Row) -> bool:
    """Whether an application was archived."""
    row = store.row("SELECT 1 FROM app_archived WHERE app_uuid = ?", (app["uuid"],))
    return row is not None


def builds_json(store: Store, version_uuid: str) -> list[dict[str, Any]]:
    """The builds of a version, oldest first."""
    rows = store.rows(
        "SELECT d.*, v.version, a.source_url FROM app_deployments d"
        " JOIN app_versions v ON v.uuid = d.version_uuid"
        " JOIN app_store a ON a.uuid = v.app_uuid WHERE d.version_uuid = ? ORDER BY d.seq",
        (version_uuid,),
    )
    return [_build_json(row) for row in rows]


def _version_json(store: Store, version: Row) -> dict[str, Any]:
    return {
        "uuid": version["uuid"],
        "applicationId": version["app_uuid"],
        "version": version["version"],
        "releaseId": version["release_id"],
        "createdAt": version["created_at"],
        "status": version["status"],
        "deployments": builds_json(store, version["uuid"]),
    }


def _build_json(row: Row) -> dict[str, Any]:
    """A deployment (1.3); ``releaseId`` is never there on the platform either."""
    optional = {
        "startedAt": row["started_at"],
        "stoppedAt": row["stopped_at"],
        "stoppedReason": row["stopped_reason"],
    }
    stopped = row["last_status"] == "STOPPED"
    return {
        "deploymentId": row["uuid"],
        "applicationId": row["version_uuid"],
        "initiatedAt": row["initiated_at"],
        "createdAt": row["initiated_at"],
        "updatedAt": row["updated_at"],
        "lastStatus": row["last_status"],
        "desiredStatus": "STOPPED" if stopped else "RUNNING",
        "taskArn": "",
        "sourceUrl": row["source_url"],
        "tag": row["version"],
        **{name: value for name, value in optional.items() if value},
        **({"errored": bool(row["errored"])} if stopped else {}),
    }
