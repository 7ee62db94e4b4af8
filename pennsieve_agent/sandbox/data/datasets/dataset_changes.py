"""Editing and deleting a dataset, and the deprecated ways to ask about one (``core.md`` 3.1)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.sandbox.data.access import dataset, settings, synced_dataset, unlocked
from pennsieve_agent.sandbox.data.datasets.dataset_json import dataset_json, etag, type_counts
from pennsieve_agent.sandbox.data.datasets.dataset_status import find_status
from pennsieve_agent.sandbox.data.folders.dataset_folders import DatasetFiles
from pennsieve_agent.sandbox.data.folders.tree import Tree
from pennsieve_agent.sandbox.data.roles import dataset_role
from pennsieve_agent.sandbox.data.v1_answers import (
    DEPRECATED,
    flag,
    json_object,
    optional_text,
    refusal,
    tags,
    text,
)
from pennsieve_agent.sandbox.host.store import Row
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Request, Response, Route, Scheme

MAX_NAME = 256
MAX_TEXT = 10_000


class DatasetChanges:
    """The routes."""

    def __init__(self, world: World, files: DatasetFiles) -> None:
        self._world = world
        self._files = files
        self._tree = Tree(world, files)

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route("PUT", "/datasets/<id>", Scheme.USER, self.edit),
            Route("DELETE", "/datasets/<id>", Scheme.USER, self.delete),
            Route("GET", "/datasets/<id>/role", Scheme.USER, self.role),
            Route("GET", "/datasets/<id>/packageTypeCounts", Scheme.USER, self.counts),
            Route("POST", "/datasets/<id>/event", Scheme.USER, self.event),
        ]

    def edit(self, request: Request) -> Response:
        """Change what the body names, for a manager, if ``If-Match`` still holds."""
        self._files.sync(request.params["id"])
        row = unlocked(self._world, dataset(self._world, request, Role.MANAGER))
        expected = request.headers.get("if-match", "*").strip()
        if expected not in ("*", etag(row)):
            raise refusal(412, "the dataset was changed since it was read")
        body = json_object(request)
        changed, chosen = self._columns(row, body), self._settings(row, body)
        changed["updated_at"] = max(self._world.now(), row["updated_at"] + 0.001)
        with self._world.store.transaction():
            self._world.store.execute(
                f"UPDATE datasets SET {', '.join(f'{name} = :{name}' for name in changed)}"  # noqa: S608 - our own column names
                " WHERE int_id = :int_id",
                {**changed, "int_id": row["int_id"]},
            )
            self._world.store.execute(
                "INSERT OR REPLACE INTO dataset_settings (dataset_int_id, status_id, is_locked,"
                " processes) VALUES (:dataset_int_id, :status_id, :is_locked, :processes)",
                chosen,
            )
        row = {**row, **changed}
        content = dataset_json(self._world.store, row, request.caller)
        return Response(200, content, {"ETag": etag(row)})

    def delete(self, request: Request) -> Response:
        """Delete a dataset, for its owner; its folder goes to the trash (ours)."""
        row = unlocked(self._world, dataset(self._world, request, Role.OWNER))
        self._tree.delete_dataset(row["node_id"])
        return Response(200)

    def role(self, request: Request) -> Response:
        """The caller's role; a dataset's own answer says it too."""
        row, caller = dataset(self._world, request, Role.GUEST), request.caller
        role = dataset_role(self._world.store, caller.user_int_id, row["node_id"])
        content = {"userId": caller.user_int_id, "datasetId": row["int_id"], "role": role.value}
        return Response(200, content, DEPRECATED)

    def counts(self, request: Request) -> Response:
        """How many packages of each type there are."""
        row = synced_dataset(self._files, self._world, request)
        return Response(200, type_counts(self._world.store, row["int_id"]), DEPRECATED)

    def event(self, request: Request) -> Response:
        """Accept a custom event, which is sent to nobody here (``contracts/core.md`` 6.3)."""
        dataset(self._world, request, Role.EDITOR)
        body = json_object(request)
        text(body, "eventType", MAX_NAME)
        text(body, "message", MAX_TEXT)
        return Response(200)

    def _columns(self, row: Row, body: Mapping[str, Any]) -> dict[str, Any]:
        changed: dict[str, Any] = {}
        if body.get("name") is not None:
            changed["name"] = self._name(row, text(body, "name", MAX_NAME).strip())
        for name in ("description", "license"):
            if name in body:
                changed[name] = optional_text(body, name, MAX_TEXT)
        if body.get("tags") is not None:
            changed["tags"] = json.dumps(tags(body))
        return changed

    def _name(self, row: Row, name: str) -> str:
        if not name:
            raise refusal(400, "dataset name must not be empty")
        taken = self._world.store.row(
            "SELECT 1 FROM datasets WHERE workspace_int_id = ? AND name = ? AND int_id <> ?",
            (row["workspace_int_id"], name, row["int_id"]),
        )
        if taken:
            raise refusal(400, "dataset name must be unique")
        return name

    def _settings(self, row: Row, body: Mapping[str, Any]) -> dict[str, Any]:
        chosen = {**settings(self._world.store, row["int_id"]), "dataset_int_id": row["int_id"]}
        if body.get("status") is not None:
            status = find_status(text(body, "status", MAX_NAME))
            if status is None:
                raise refusal(400, f"invalid status: {body['status']}")
            chosen["status_id"] = status.id
        if body.get("automaticallyProcessPackages") is not None:
            chosen["processes"] = flag(body, "automaticallyProcessPackages")
        return chosen
