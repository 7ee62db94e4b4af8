"""Integrations of a workspace (``contracts/core.md`` 6.3, ``contracts/workflows.md`` 4.3).

Nothing is ever delivered: events are accepted in a registration and forgotten.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pennsieve_agent.sandbox.data.people import directory
from pennsieve_agent.sandbox.data.v1_answers import (
    counted,
    flag,
    json_object,
    optional_text,
    present,
    refusal,
    text,
)
from pennsieve_agent.sandbox.host.clock import iso
from pennsieve_agent.sandbox.host.store import Row, Store
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Caller, Request, Response, Route, Scheme

_EVENTS = frozenset(
    {
        *("METADATA", "STATUS", "FILES", "RECORDS_AND_MODELS"),
        *("PERMISSIONS", "PUBLISHING", "CUSTOM"),
    }
)
_TARGETS = frozenset({"PACKAGE", "PACKAGES", "RECORD", "RECORDS", "DATASET"})


@dataclass(frozen=True, slots=True)
class _Text:
    """A column of text, its name on the wire, and how many characters it must stay below."""

    column: str
    wire: str
    limit: int


_TEXTS = (
    _Text("api_url", "apiUrl", 256),
    _Text("description", "description", 200),
    _Text("secret", "secret", 256),
    _Text("display_name", "displayName", 256),
)


def routes(world: World) -> list[Route]:
    """The routes."""
    store = world.store

    def listing(request: Request) -> Response:
        rows = store.rows(
            "SELECT * FROM webhooks WHERE workspace_int_id = ?"
            " AND (NOT is_private OR created_by = ?) ORDER BY id",
            (request.caller.org_int_id, request.caller.user_int_id),
        )
        return Response(200, [webhook_json(row) for row in rows])

    def create(request: Request) -> Response:
        return Response(201, _create(world, request.caller, json_object(request)))

    def one(request: Request) -> Response:
        return Response(200, webhook_json(usable(store, request.caller, request.params["id"])))

    def change(request: Request) -> Response:
        row, body = _own(store, request), json_object(request)
        _change(store, row, body)
        return Response(200, webhook_json(usable(store, request.caller, str(row["id"]))))

    def delete(request: Request) -> Response:
        _delete(store, _own(store, request))
        return Response(200, 1)

    return [
        Route("GET", "/webhooks", Scheme.USER, listing),
        Route("POST", "/webhooks", Scheme.USER, create),
        Route("GET", "/webhooks/<id>", Scheme.USER, one),
        Route("PUT", "/webhooks/<id>", Scheme.USER, change),
        Route("DELETE", "/webhooks/<id>", Scheme.USER, delete),
    ]


def usable(store: Store, caller: Caller, webhook_id: str) -> Row:
    """An integration that the caller may see and use: a public one, or their own."""
    row = store.row(
        "SELECT * FROM webhooks WHERE id = ? AND workspace_int_id = ?",
        (counted(webhook_id, "webhookId"), caller.org_int_id),
    )
    if row is None:
        raise refusal(404, f"Webhook ({webhook_id}) not found")
    if row["is_private"] and row["created_by"] != caller.user_int_id:
        raise refusal(403, f"Webhook ({webhook_id}) is private")
    return row


def webhook_json(row: Row) -> dict[str, Any]:
    """An integration as v1 writes it; the secret is never sent back."""
    return present(
        {
            "id": row["id"],
            "apiUrl": row["api_url"],
            "imageUrl": row["image_url"],
            "description": row["description"],
            "name": row["name"],
            "displayName": row["display_name"],
            "isPrivate": bool(row["is_private"]),
            "isDefault": bool(row["is_default"]),
            "isDisabled": bool(row["is_disabled"]),
            "hasAccess": bool(row["has_access"]),
            "eventTargets": json.loads(row["event_targets"]),
            "customTargets": json.loads(row["custom_targets"]),
            "createdBy": row["created_by"],
            "createdAt": iso(row["created_at"]),
        }
    )


def _own(store: Store, request: Request) -> Row:
    row = store.row(
        "SELECT * FROM webhooks WHERE id = ? AND workspace_int_id = ?",
        (counted(request.params["id"], "webhookId"), request.caller.org_int_id),
    )
    if row is None:
        raise refusal(404, f"Webhook ({request.params['id']}) not found")
    if row["created_by"] != request.caller.user_int_id and not request.caller.is_admin:
        raise refusal(403, "only its creator or an administrator may do this")
    return row


def _create(world: World, caller: Caller, body: Mapping[str, Any]) -> dict[str, Any]:
    """Make an integration.

    Its user and key are made before the body is checked, and stay when it is refused, as on the
    platform (``contracts/upstream-2026-11.md`` 1): such an orphan can no longer be removed.
    """
    user, key = _integration_user(world, caller.org_int_id)
    texts = {field.column: text(body, field.wire, field.limit) for field in _TEXTS}
    if not texts["api_url"].strip() or not texts["display_name"].strip():
        raise refusal(400, "apiUrl and displayName must not be empty")
    values = {
        **texts,
        **_targets(body),
        "image_url": optional_text(body, "imageUrl", 256),
        "name": _slug(texts["display_name"]),
        "is_private": flag(body, "isPrivate"),
        "is_default": flag(body, "isDefault"),
        "has_access": flag(body, "hasAccess"),
        "workspace_int_id": caller.org_int_id,
        "created_by": caller.user_int_id,
        "created_at": world.now(),
        "integration_user": user,
    }
    number = world.store.execute(
        f"INSERT INTO webhooks ({', '.join(values)})"  # noqa: S608 - our own column names
        f" VALUES ({', '.join(f':{name}' for name in values)})",
        values,
    )
    content = webhook_json(usable(world.store, caller, str(number)))
    return {
        **content,
        "tokenSecret": {"name": "Integration-user", "key": key.key, "secret": key.secret},
    }


def _integration_user(world: World, workspace: int) -> tuple[int, directory.NewKey]:
    """An ordinary member of the workspace, nameless and without an address, with an API key."""
    person = directory.Person("", "", "", is_integration=True)
    with world.store.transaction():
        user = directory.add_person(world.store, workspace, person, world.now())
        key = directory.create_key(world.store, user, workspace, "Integration-user", world.now())
    return user, key


def _change(store: Store, row: Row, body: Mapping[str, Any]) -> None:
    """Change what a body names; ``hasAccess`` is ignored, as it is on the platform."""
    changed: dict[str, Any] = {
        field.column: text(body, field.wire, field.limit) for field in _TEXTS if field.wire in body
    }
    for column, wire in (
        ("is_private", "isPrivate"),
        ("is_default", "isDefault"),
        ("is_disabled", "isDisabled"),
    ):
        if wire in body:
            changed[column] = flag(body, wire)
    if "imageUrl" in body:
        changed["image_url"] = optional_text(body, "imageUrl", 256)
    if "targetEvents" in body or "customTargets" in body:
        changed.update(_targets(body))
    if "display_name" in changed:
        changed["name"] = _slug(changed["display_name"])
    if changed:
        store.execute(
            f"UPDATE webhooks SET {', '.join(f'{name} = :{name}' for name in changed)}"  # noqa: S608 - our own column names
            " WHERE id = :id",
            {**changed, "id": row["id"]},
        )


def _delete(store: Store, row: Row) -> None:
    """Remove an integration, and its user with all their roles and keys.

    Datasets that this user made and owns fall to the owner of the workspace: ours.
    """
    user = (row["integration_user"],)
    owner = directory.owner_of(store, row["workspace_int_id"])
    with store.transaction():
        store.execute(
            "UPDATE OR REPLACE collaborators SET subject_int_id = ?"
            " WHERE kind = 'user' AND role = 'owner' AND subject_int_id = ?",
            (owner, *user),
        )
        store.execute("DELETE FROM webhooks WHERE id = ?", (row["id"],))
        store.execute("DELETE FROM collaborators WHERE kind = 'user' AND subject_int_id = ?", user)
        store.execute("DELETE FROM users WHERE int_id = ?", user)


def _targets(body: Mapping[str, Any]) -> dict[str, str]:
    events = body.get("targetEvents") or []
    if not isinstance(events, list) or not all(
        isinstance(event, str) and event in _EVENTS for event in events
    ):
        raise refusal(400, "invalid targetEvents")
    custom = body.get("customTargets") or []
    if not isinstance(custom, list) or not all(map(_is_target, custom)):
        raise refusal(400, "invalid customTargets")
    return {"event_targets": json.dumps(events), "custom_targets": json.dumps(custom)}


def _is_target(value: Any) -> bool:
    named = value.get("target") if isinstance(value, dict) else None
    return isinstance(named, str) and named in _TARGETS


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
