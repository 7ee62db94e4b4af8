"""Integrations, which carry grants (``contracts/core.md`` 6.3, ``workflows.md`` 4.3)."""

from __future__ import annotations

from pennsieve_agent.contract.check import Asker, Check, Json, Section, Surface
from pennsieve_agent.contract.families import common
from pennsieve_agent.contract.shapes import ABSENT, ISO_TIME, Filled, Only

_HOOKS = Section("core.md 6.3", Surface.V1)
_ON = "/datasets/{dataset}/webhook"
WEBHOOK = {
    "id": int,
    "apiUrl": str,
    "description": str,
    "name": str,
    "displayName": str,
    "isPrivate": bool,
    "isDefault": bool,
    "isDisabled": bool,
    "hasAccess": bool,
    "eventTargets?": [str],
    "customTargets?": list,
    "createdBy": int,
    "createdAt": ISO_TIME,
    "imageUrl?": str,
}
_ENABLED = Only(
    {"id": int, "webhookId": int, "datasetId": int, "enabledBy": int, "enabledOn": ISO_TIME}
)
NEW = {
    "apiUrl": "https://example.org/contract",
    "description": "contract",
    "secret": "not used",
    "displayName": "Contract {nowhere}",
    "targetEvents": ["FILES"],
    "hasAccess": False,
    "isPrivate": True,
    "isDefault": False,
}

CHECKS: list[Check] = [
    _HOOKS.get(
        "the list has no secrets", "/webhooks", 200, Json([{**WEBHOOK, "tokenSecret": ABSENT}])
    ),
    _HOOKS.change(
        "POST /webhooks",
        "a new one brings a key, this once; sent targetEvents, read eventTargets",
        201,
        Json(
            {
                **WEBHOOK,
                "eventTargets": ["FILES"],
                "targetEvents": ABSENT,
                "imageUrl": ABSENT,
                "tokenSecret": {"name": "Integration-user", "key": str, "secret": str},
            }
        ),
        body=NEW,
        keep={"webhook": "id"},
    ),
    _HOOKS.change("POST /webhooks", "a name is needed", 400, body={**NEW, "displayName": None}),
    _HOOKS.change(
        "POST /webhooks", "an unknown event", 400, body={**NEW, "targetEvents": ["WEATHER"]}
    ),
    _HOOKS.get(
        "one, without its key",
        "/webhooks/{webhook}",
        200,
        Json({**WEBHOOK, "tokenSecret": ABSENT, "secret": ABSENT}),
        reads=False,
    ),
    _HOOKS.get(
        "another's private one", "/webhooks/{webhook}", 403, asker=Asker.VIEWER, reads=False
    ),
    _HOOKS.get("an unknown one", "/webhooks/999999999", 404, common(404)),
    _HOOKS.get("a number is needed", "/webhooks/many", 400),
    _HOOKS.change(
        "PUT /webhooks/{webhook}",
        "hasAccess cannot be changed",
        200,
        Json({"hasAccess": False, "description": "changed"}),
        body={**NEW, "hasAccess": True, "description": "changed"},
    ),
    _HOOKS.get("those of a dataset", _ON, 200, Json([_ENABLED])),
    _HOOKS.change(f"PUT {_ON}/{{webhook}}", "enabled", 200, Json(_ENABLED), keep={"enabled": "id"}),
    _HOOKS.change(
        f"PUT {_ON}/{{webhook}}",
        "enabled again: the same",
        200,
        Json({"id": "{#enabled}", "webhookId": "{#webhook}"}),
    ),
    _HOOKS.change(
        f"PUT {_ON}/{{webhook}}", "a viewer cannot enable", 403, common(403), asker=Asker.VIEWER
    ),
    _HOOKS.get(
        "its user is a viewer now",
        "/datasets/{dataset}/collaborators/users",
        200,
        Json(Filled([{"role": str}])),
        reads=False,
    ),
    _HOOKS.change(
        "POST /datasets/{dataset}/event",
        "an event of one's own",
        200,
        body={"eventType": "CUSTOM", "message": "x"},
    ),
    _HOOKS.change(
        "POST /datasets/{dataset}/event",
        "a viewer cannot fire an event",
        403,
        common(403),
        body={"eventType": "CUSTOM", "message": "x"},
        asker=Asker.VIEWER,
    ),
    _HOOKS.change(f"DELETE {_ON}/{{webhook}}", "disabling answers a number", 200, Json(int)),
    _HOOKS.change(
        "DELETE /webhooks/{webhook}", "only its maker deletes it", 403, asker=Asker.VIEWER
    ),
    _HOOKS.change("DELETE /webhooks/{webhook}", "deleting answers a number", 200, Json(int)),
    _HOOKS.get("a deleted one", "/webhooks/{webhook}", 404, common(404), reads=False),
]
