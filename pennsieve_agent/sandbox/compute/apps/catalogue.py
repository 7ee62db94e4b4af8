"""Looking up applications and their versions."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from pennsieve_agent.domain.workflows import Manifest
from pennsieve_agent.sandbox.compute.neighbour_protocols import Members
from pennsieve_agent.sandbox.host.store import Row, Store
from pennsieve_agent.sandbox.http.routing import Caller

DEPLOYED = "deployed"


def find_app(store: Store, uuid: str) -> Row | None:
    """An application by its uuid."""
    return store.row("SELECT * FROM app_store WHERE uuid = ?", (uuid,))


def find_app_of(store: Store, source_url: str) -> Row | None:
    """An application by its address, byte for byte (``contracts/workflows.md`` 1.2)."""
    return store.row("SELECT * FROM app_store WHERE source_url = ?", (source_url,))


def find_version(store: Store, app_uuid: str, tag: str) -> Row | None:
    """The version of a tag, or of any tag if that is empty: the newest, deployed ones first.

    A tag can be registered more than once (``contracts/workflows.md`` 8.26).
    """
    return store.row(
        "SELECT * FROM app_versions WHERE app_uuid = ? AND (version = ? OR ? = '')"
        " ORDER BY status = ? DESC, seq DESC LIMIT 1",
        (app_uuid, tag, tag, DEPLOYED),
    )


def find_program(store: Store, source_url: str, tag: str) -> Row | None:
    """The deployed version that runs for an address and a tag."""
    app = find_app_of(store, source_url)
    version = find_version(store, app["uuid"], tag) if app else None
    return version if version is not None and version["status"] == DEPLOYED else None


def may_see(store: Store, members: Members, caller: Caller, app: Row) -> bool:
    """Whether an application is visible to somebody (``contracts/workflows.md`` 1.5)."""
    if app["visibility"] == "public" or app["owner_id"] == caller.user_id:
        return True
    teams = members.teams(caller.user_id, caller.org_id)
    entities = {
        f"user#{caller.user_id}",
        f"workspace#{caller.org_id}",
        *(f"team#{team}" for team in teams),
    }
    rows = store.rows("SELECT entity_id FROM app_access WHERE app_uuid = ?", (app["uuid"],))
    return bool(entities & {row["entity_id"] for row in rows})


def about(row: Row | None) -> dict[str, Any]:
    """What a version's manifest says, as it is sent; empty before it was read."""
    description: dict[str, Any] = json.loads(row["about"]) if row is not None else {}
    return description


def without_defaults(manifest: Manifest) -> Manifest:
    """A manifest as it is registered when it breaks the schema: without declared defaults.

    From ``contracts/upstream-2026-11.md`` 4.
    """
    parameters = tuple(replace(parameter, default=None) for parameter in manifest.parameters)
    return replace(manifest, parameters=parameters)


def manifest_json(manifest: Manifest) -> dict[str, Any]:
    """A manifest as the newer server sends it (``contracts/workflows.md`` 1.4 and 1.8)."""
    runtime = {
        "cpu": manifest.cpu,
        "memory": manifest.memory,
        "computeTypes": list(manifest.compute_types),
    }
    defaults = {p.name: p.default for p in manifest.parameters if p.default is not None}
    return {
        "name": manifest.name,
        "description": manifest.description,
        "applicationType": "processor",
        "runtimeConfig": {name: value for name, value in runtime.items() if value},
        "params": defaults,
        "paramSchema": [_parameter_json(parameter) for parameter in manifest.parameters],
        "inputs": [],
        "outputs": [],
        "tags": [],
        "categories": [],
    }


def _parameter_json(parameter: Any) -> dict[str, Any]:
    optional = {
        "defaultValue": parameter.default,
        "label": parameter.label or None,
        "min": parameter.minimum,
        "max": parameter.maximum,
        "validValues": list(parameter.allowed) or None,
        "required": parameter.required or None,
    }
    return {
        "name": parameter.name,
        "type": parameter.type.value,
        "description": parameter.description,
        **{name: value for name, value in optional.items() if value is not None},
    }
