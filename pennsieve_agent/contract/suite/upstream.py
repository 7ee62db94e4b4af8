"""What was read from public source up to November 2026 (``contracts/upstream-2026-11.md``)."""

from __future__ import annotations

from typing import Any

from pennsieve_agent.contract.check import Asker, Check, Json, Section, Surface, Text
from pennsieve_agent.contract.families import UNAUTHORIZED, pseudo, says
from pennsieve_agent.contract.shapes import ISO_TIME, Filled, node_id
from pennsieve_agent.contract.suite.grants import NEW, WEBHOOK
from pennsieve_agent.contract.suite.workflows import NODES, PATH, WORKFLOW

_V2 = Surface.V2
_IDENTITY = Section("upstream-2026-11.md 1", Surface.V1)
_TARGET = Section("upstream-2026-11.md 8", _V2)
_ROUTES = Section("upstream-2026-11.md 9", _V2)
_ERRORS = Section("upstream-2026-11.md 10", _V2)
_ON = {"dataset_id": "{dataset}"}
_AS_JSON = {"Content-Type": "application/json.*"}
_MANIFEST = "POST /packages/download-manifest"
_PAGE = {"limit": int, "offset": int, "totalCount": int}
_SHARED = {
    "id": node_id("dataset"),
    "name": str,
    "description?": str,
    "state": str,
    "createdAt": ISO_TIME,
    "updatedAt": ISO_TIME,
    "status": str,
    "intId": int,
    "workspaceNodeId": node_id("organization"),
    "workspaceName": str,
}
_DELETED = {"id": int, "name": str, "node_id": str, "type": str, "state": str}


def _said(text: str) -> Text:
    """A refusal in single quotes, of these words."""
    return Text(rf"\{{'message': '{text} \(requestID: .+\)'\}}")


def _unlike_a_target(**fields: Any) -> dict[str, Any]:
    """The workflow of the other checks, with something else about its target."""
    target = {name: value for name, value in {**NODES[-1], **fields}.items() if value}
    return {**WORKFLOW, "processors": [*NODES[:-1], target]}


CHECKS: list[Check] = [
    _IDENTITY.change(
        "POST /webhooks",
        "without events nothing is subscribed, and there is a key all the same",
        201,
        Json(
            {
                **WEBHOOK,
                "isPrivate": False,
                "tokenSecret": {"name": "Integration-user", "key": str, "secret": str},
            }
        ),
        body={**NEW, "displayName": "Quiet {nowhere}", "targetEvents": [], "isPrivate": False},
        keep={"quiet": "id"},
    ),
    _IDENTITY.change("DELETE /webhooks/{quiet}", "and goes again", 200, Json(int)),
    _TARGET.change(
        f"POST {PATH}",
        "a target that does not say where it runs",
        400,
        says(),
        body=_unlike_a_target(computeType=""),
    ),
    _TARGET.change(
        f"POST {PATH}",
        "a target where its type cannot run",
        400,
        says(),
        body=_unlike_a_target(computeType="gpu"),
    ),
    _ROUTES.get(
        "the trash, in pages",
        "/datasets/trashcan",
        200,
        Json({**_PAGE, "messages": [str], "packages": [_DELETED]}),
        query=_ON,
    ),
    _ROUTES.get(
        "datasets from other workspaces",
        "/datasets/shared-datasets",
        200,
        Json({**_PAGE, "datasets": [{"content": _SHARED}]}),
    ),
    _ROUTES.get(
        "they are asked for with a token",
        "/datasets/shared-datasets",
        401,
        UNAUTHORIZED,
        asker=Asker.NOBODY,
    ),
    _ROUTES.get("the types of packages", "/packages/types", 200),
    _ROUTES.get("topics of messages", "/notification/topics", 200),
    _ROUTES.get("what one is subscribed to", "/notification/subscriptions", 200),
    _ROUTES.get(
        "messages are asked for with a token",
        "/notification/topics",
        401,
        UNAUTHORIZED,
        asker=Asker.NOBODY,
    ),
    _ERRORS.change(
        _MANIFEST,
        "no ids",
        400,
        _said("nodeIds must not be empty"),
        query=_ON,
        body={"nodeIds": []},
        headers=_AS_JSON,
        reads=True,
    ),
    _ERRORS.change(
        _MANIFEST,
        "a body that is not JSON",
        400,
        _said("unable to unmarshal request body: .+"),
        query=_ON,
        body=b"{",
        headers=_AS_JSON,
        reads=True,
    ),
    _ERRORS.change(
        "POST /packages/restore",
        "a body that is not JSON, for restoring",
        400,
        pseudo(),
        query=_ON,
        body=b"{",
        headers=_AS_JSON,
    ),
    _ERRORS.change(
        "POST /packages/assets",
        "a viewer cannot make an asset",
        401,
        pseudo(),
        query=_ON,
        body={"name": "a", "asset_type": "PNG"},
        headers=_AS_JSON,
        asker=Asker.VIEWER,
    ),
    _ERRORS.change(
        _MANIFEST,
        "whether a file was scanned is with it",
        200,
        Json({"data": Filled([{"scanStatus": str}])}),
        query=_ON,
        body={"nodeIds": ["{package}"]},
        reads=True,
        hosted=False,
    ),
]
