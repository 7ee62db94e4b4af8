"""Integrations enabled on a dataset: this is what a grant is (``contracts/core.md`` 6.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.sandbox.data.access import dataset
from pennsieve_agent.sandbox.data.datasets import collaborators
from pennsieve_agent.sandbox.data.people import webhooks
from pennsieve_agent.sandbox.data.v1_answers import MAX_INTEGER, counted, refusal
from pennsieve_agent.sandbox.host.clock import iso
from pennsieve_agent.sandbox.host.store import Row, Store
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Caller, Request, Response, Route, Scheme


def routes(world: World) -> list[Route]:
    """The routes."""
    store = world.store

    def listing(request: Request) -> Response:
        row = dataset(world, request)
        rows = store.rows(
            "SELECT * FROM dataset_webhooks WHERE dataset_int_id = ? ORDER BY id",
            (row["int_id"],),
        )
        return Response(200, [_enabled_json(webhook) for webhook in rows])

    def put(request: Request) -> Response:
        row = dataset(world, request, Role.MANAGER)
        webhook = webhooks.usable(store, request.caller, request.params["webhook"])
        enabled = enable(world, webhook, row["int_id"], request.caller.user_int_id)
        return Response(200, _enabled_json(enabled))

    def delete(request: Request) -> Response:
        row = dataset(world, request, Role.MANAGER)
        removed = _disable(store, row, request)
        return Response(200, removed)

    return [
        Route("GET", "/datasets/<id>/webhook", Scheme.USER, listing),
        Route("PUT", "/datasets/<id>/webhook/<webhook>", Scheme.USER, put),
        Route("DELETE", "/datasets/<id>/webhook/<webhook>", Scheme.USER, delete),
    ]


def enable(world: World, webhook: Row, dataset_int_id: int, user_int_id: int) -> Row:
    """Enable an integration on a dataset and put its user there; does nothing when it is."""
    store = world.store
    role = Role.MANAGER if webhook["has_access"] else Role.VIEWER
    with store.transaction():
        store.execute(
            "INSERT OR IGNORE INTO dataset_webhooks"
            " (webhook_id, dataset_int_id, enabled_by, enabled_on) VALUES (?, ?, ?, ?)",
            (webhook["id"], dataset_int_id, user_int_id, world.now()),
        )
        collaborators.set_role(store, dataset_int_id, webhook["integration_user"], role)
        enabled = _find(store, webhook["id"], dataset_int_id)
    if enabled is None:
        raise RuntimeError("an integration that was just enabled is not there")
    return enabled


def chosen(store: Store, caller: Caller, body: Mapping[str, Any]) -> list[Row]:
    """The integrations to enable on a new dataset: the default ones, as adjusted by its body."""
    included = _numbers(body, "includedWebhookIds")
    excluded = set(_numbers(body, "excludedWebhookIds"))
    defaults = store.rows(
        "SELECT * FROM webhooks WHERE workspace_int_id = ? AND is_default AND NOT is_disabled"
        " AND (NOT is_private OR created_by = ?)",
        (caller.org_int_id, caller.user_int_id),
    )
    rows = {row["id"]: row for row in defaults}
    rows |= {number: webhooks.usable(store, caller, str(number)) for number in included}
    return [row for number, row in rows.items() if number not in excluded]


def _numbers(body: Mapping[str, Any], name: str) -> list[int]:
    numbers = body.get(name) or []
    if not isinstance(numbers, list) or not all(
        type(number) is int and 0 <= number <= MAX_INTEGER for number in numbers
    ):
        raise refusal(400, f"{name} must be a list of integers")
    return numbers


def _disable(store: Store, dataset_row: Row, request: Request) -> int:
    webhook_id = counted(request.params["webhook"], "webhookId")
    enabled = _find(store, webhook_id, dataset_row["int_id"])
    if enabled is None:
        raise refusal(404, f"Webhook ({webhook_id}) is not enabled on this dataset")
    # A private one can be taken off by its maker alone (contracts/upstream-2026-11.md 1).
    webhook = webhooks.usable(store, request.caller, request.params["webhook"])
    with store.transaction():
        removed = store.execute("DELETE FROM dataset_webhooks WHERE id = ?", (enabled["id"],))
        collaborators.remove(store, dataset_row["int_id"], webhook["integration_user"])
    return removed


def _find(store: Store, webhook_id: int, dataset_int_id: int) -> Row | None:
    return store.row(
        "SELECT * FROM dataset_webhooks WHERE webhook_id = ? AND dataset_int_id = ?",
        (webhook_id, dataset_int_id),
    )


def _enabled_json(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "webhookId": row["webhook_id"],
        "datasetId": row["dataset_int_id"],
        "enabledBy": row["enabled_by"],
        "enabledOn": iso(row["enabled_on"]),
    }
