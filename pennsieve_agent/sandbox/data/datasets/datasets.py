"""Datasets: list, look up, create (``contracts/core.md`` 3.1)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.sandbox.data.access import synced_dataset
from pennsieve_agent.sandbox.data.datasets import dataset_webhooks
from pennsieve_agent.sandbox.data.datasets.dataset_json import dataset_json, etag
from pennsieve_agent.sandbox.data.datasets.dataset_status import find_status
from pennsieve_agent.sandbox.data.folders.dataset_folders import DatasetFiles, NewDataset
from pennsieve_agent.sandbox.data.packages.packages import children
from pennsieve_agent.sandbox.data.people.directory import MEMBER
from pennsieve_agent.sandbox.data.roles import dataset_role
from pennsieve_agent.sandbox.data.v1_answers import (
    DEPRECATED,
    MAX_PAGE,
    boolean,
    json_object,
    number,
    optional_text,
    refusal,
    tags,
    text,
)
from pennsieve_agent.sandbox.host.store import Row, Store
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Request, Response, Route, Scheme

MAX_NAME = 256
MAX_TEXT = 10_000
_ORDERS: dict[str, Callable[[Row], Any]] = {
    "Name": lambda row: row["name"].casefold(),
    "IntId": lambda row: row["int_id"],
    "UpdatedAt": lambda row: row["updated_at"],
}
_STOP_WORDS = frozenset(
    {
        *("a", "an", "and", "are", "as", "at", "be", "by", "for", "in"),
        *("is", "it", "of", "on", "or", "the", "to", "with"),
    }
)


def routes(world: World, files: DatasetFiles) -> list[Route]:
    """The routes."""

    def paginated(request: Request) -> Response:
        files.sync()
        return Response(200, _paginated(world.store, request))

    def everything(request: Request) -> Response:
        files.sync()
        rows = sorted(_visible(world.store, request), key=_ORDERS["Name"])
        content = [dataset_json(world.store, row, request.caller) for row in rows]
        return Response(200, content, DEPRECATED)

    def one(request: Request) -> Response:
        row = synced_dataset(files, world, request)
        content = dataset_json(world.store, row, request.caller)
        content["children"] = children(world.store, row, None, request)
        return Response(200, content, {"ETag": etag(row)})

    def create(request: Request) -> Response:
        return Response(201, _create(world, files, request))

    return [
        Route("GET", "/datasets/paginated", Scheme.USER, paginated),
        Route("GET", "/datasets", Scheme.USER, everything),
        Route("GET", "/datasets/<id>", Scheme.USER, one),
        Route("POST", "/datasets", Scheme.USER, create),
    ]


def _paginated(store: Store, request: Request) -> dict[str, Any]:
    limit, offset = number(request, "limit", 25), number(request, "offset", 0)
    order, direction = _order(request)
    rows = [row for row in _visible(store, request) if _matches(row, request)]
    rows.sort(key=_ORDERS[order], reverse=direction == "Desc")
    page = rows[offset : offset + min(limit, MAX_PAGE)]
    return {
        "limit": limit,  # what was asked for, although less may have been given
        "offset": offset,
        "totalCount": len(rows),
        "datasets": [dataset_json(store, row, request.caller) for row in page],
    }


def _order(request: Request) -> tuple[str, str]:
    order = request.query.get("orderBy", "Name")
    direction = request.query.get("orderDirection", "Asc")
    if order not in _ORDERS:
        raise refusal(400, f"invalid orderBy: {order}")
    if direction not in ("Asc", "Desc"):
        raise refusal(400, f"invalid orderDirection: {direction}")
    return order, direction


def _visible(store: Store, request: Request) -> list[Row]:
    """The datasets of the session's workspace where the caller has a role, as filtered."""
    status_name = request.query.get("status")
    status = find_status(status_name) if status_name else None
    if status_name and status is None:
        return []
    mine, exact = boolean(request, "onlyMyDatasets"), request.query.get("withRole")
    if mine and exact is not None:
        raise refusal(400, "onlyMyDatasets and withRole cannot be used together")
    if exact is not None and Role.of(exact) in (Role.UNKNOWN, Role.NONE):
        raise refusal(400, f"invalid withRole: {exact}")
    exact_role = Role.OWNER if mine else Role.of(exact)
    caller, chosen = request.caller, []
    for row in store.rows(
        "SELECT d.* FROM datasets d LEFT JOIN dataset_settings s ON s.dataset_int_id = d.int_id"
        " WHERE d.workspace_int_id = :workspace"
        " AND (:status IS NULL OR coalesce(s.status_id, 1) = :status)",
        {"workspace": caller.org_int_id, "status": status.id if status else None},
    ):
        role = dataset_role(store, caller.user_int_id, row["node_id"])
        if role.at_least(Role.GUEST) and exact_role in (Role.UNKNOWN, role):
            chosen.append(row)
    return chosen


def _matches(row: Row, request: Request) -> bool:
    """Whether the full-text search finds a dataset.

    As in Postgres: stop words and punctuation do not count, so that a name like ``a-b`` is not
    found by itself; a single word is a prefix, several must all be there in full.
    """
    if request.query.get("type", "research") != "research":
        return False
    query_text = request.query.get("query", "")
    if not query_text.strip():
        return True
    words = [re.sub(r"\W", "", word).lower() for word in query_text.split()]
    words = [word for word in words if word and word not in _STOP_WORDS]
    fields = (row["node_id"], row["name"], row["description"] or "", *json.loads(row["tags"]))
    known = set(re.findall(r"\w+", " ".join(fields).lower()))
    if len(words) == 1:
        return any(word.startswith(words[0]) for word in known)
    return bool(words) and known.issuperset(words)


def _create(world: World, files: DatasetFiles, request: Request) -> dict[str, Any]:
    if request.caller.org_role < MEMBER:
        raise refusal(403, "guests cannot create datasets")
    body = json_object(request)
    name = text(body, "name", MAX_NAME).strip()
    if not name:
        raise refusal(400, "dataset name must not be empty")
    new = NewDataset(
        name,
        request.caller.user_int_id,
        request.caller.org_int_id,
        optional_text(body, "description", MAX_TEXT),
        optional_text(body, "license", MAX_TEXT),
        json.dumps(tags(body)),
    )
    chosen = dataset_webhooks.chosen(world.store, request.caller, body)
    try:
        dataset_id = files.create(new)
    except FileExistsError as error:
        raise refusal(400, "dataset name must be unique") from error
    row = world.store.row("SELECT * FROM datasets WHERE node_id = ?", (dataset_id,))
    if row is None:
        raise refusal(404, f"{dataset_id} not found")
    for webhook in chosen:
        dataset_webhooks.enable(world, webhook, row["int_id"], request.caller.user_int_id)
    return dataset_json(world.store, row, request.caller)
