"""Compute nodes as they are sent (``contracts/resources.md`` 3.1).

List, single read and PATCH each answer a different part of a node; that is the platform's way.
"""

from __future__ import annotations

import re
from typing import Any

from pennsieve_agent.sandbox.compute.nodes.node_access import INDEPENDENT
from pennsieve_agent.sandbox.compute.rows import find_account
from pennsieve_agent.sandbox.compute.times import rfc3339
from pennsieve_agent.sandbox.host.store import Row, Store

LATEST_VERSION = "v1.0.0"
"""The newest provisioner the sandbox knows of."""
_VERSION = re.compile(r"v?([0-9]{1,9})\.([0-9]{1,9})\.([0-9]{1,9})")


def listed_node(store: Store, node: Row) -> dict[str, Any]:
    """A node in a list: with health and version, without its scope."""
    checked = {"healthStatus": "HEALTHY", "lastHealthCheck": node["checked_at"]}
    if health := store.row(
        "SELECT * FROM compute_node_health WHERE node_uuid = ?", (node["uuid"],)
    ):
        when = rfc3339(health["checked_at"])
        checked = {"healthStatus": health["status"], "lastHealthCheck": when}
    return {
        **_common(store, node),
        **_settings(node),
        "status": shown_status(store, node),
        **(checked if node["checked_at"] else {}),
        "latestVersion": LATEST_VERSION,
        "updateAvailable": update_available(node["image_tag"]),
    }


def update_available(tag: str, latest: str = LATEST_VERSION) -> bool:
    """Whether a newer provisioner than ``tag`` is there (3.1).

    A tag that is not a version, such as ``latest``, always counts as outdated (trap 39).
    """
    here, there = _VERSION.fullmatch(tag), _VERSION.fullmatch(latest)
    if there is None:
        return False
    return here is None or [*map(int, here.groups())] < [*map(int, there.groups())]


def single_node(store: Store, node: Row) -> dict[str, Any]:
    """A node read by its id: with its scope, without health."""
    return {
        **_common(store, node),
        **_settings(node),
        "accessScope": access_scope(store, node["uuid"]),
        "status": shown_status(store, node),
        "updateAvailable": False,
    }


def patched_node(store: Store, node: Row) -> dict[str, Any]:
    """What PATCH answers: without settings and the account's owner, and the stored status."""
    body = _common(store, node)
    body["account"].pop("ownerId", None)
    zeros = {"maxGpuInstances": 0, "maxInteractiveSessions": 0, "gpuTier": ""}
    return {**body, **zeros, "status": node["status"], "updateAvailable": False}


def shown_status(store: Store, node: Row) -> str:
    """The status, which a paused account hides (3.3)."""
    account = find_account(store, node["account_uuid"])
    if account is not None and account["status"] == "Paused" and node["status"] != "Pending":
        return "Paused"
    return str(node["status"])


def access_scope(store: Store, node_uuid: str) -> str:
    """``workspace``, ``shared`` or ``private``, derived from the access rows (3.7)."""
    rows = store.rows(
        "SELECT entity_id, access_type FROM compute_node_access WHERE node_uuid = ?", (node_uuid,)
    )
    if any(row["entity_id"].startswith("workspace#") for row in rows):
        return "workspace"
    return "shared" if any(row["access_type"] == "shared" for row in rows) else "private"


def _common(store: Store, node: Row) -> dict[str, Any]:
    account = find_account(store, node["account_uuid"])
    owner = {"ownerId": account["user_id"]} if account else {}
    organization = node["organization_id"]
    body = {
        "uuid": node["uuid"],
        "name": node["name"],
        "description": node["description"],
        "queueUrl": "",
        "account": {
            "uuid": node["account_uuid"],
            "accountId": node["account_id"],
            "accountType": node["account_type"],
            **owner,
        },
        "createdAt": node["created_at"],
        "ownerId": node["owner_id"],
        "identifier": node["uuid"][:8],
        "workflowManagerTag": node["workflow_manager_tag"],
    }
    if organization != INDEPENDENT:
        body["organizationId"] = organization
    if node["deployment_mode"]:
        body["deploymentMode"] = node["deployment_mode"]
    return body


def _settings(node: Row) -> dict[str, Any]:
    body: dict[str, Any] = {
        "provisionerImage": node["image"],
        "provisionerImageTag": node["image_tag"],
        "maxGpuInstances": node["max_gpu"],
        "maxInteractiveSessions": node["max_interactive"],
        "gpuTier": node["gpu_tier"],
    }
    flags = {"enableLLMAccess": node["enable_llm"], "llmBaaAcknowledged": node["llm_baa"]}
    return {**body, **{name: True for name, value in flags.items() if value}}
