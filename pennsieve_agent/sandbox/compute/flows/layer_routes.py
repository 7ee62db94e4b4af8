"""The layers of a compute node, for those who may use it (``contracts/workflows.md`` 2.6)."""

from __future__ import annotations

import re
import sqlite3
from typing import Any

from pennsieve_agent.sandbox.compute import compute_answers
from pennsieve_agent.sandbox.compute.flows.definitions import BAD_BODY, ROOT
from pennsieve_agent.sandbox.compute.flows.layers import BUILDING, LayerShelf
from pennsieve_agent.sandbox.compute.neighbour_protocols import Members
from pennsieve_agent.sandbox.compute.nodes.node_access import NodeAccess, NodeGate, check_gateway
from pennsieve_agent.sandbox.compute.request_bodies import BadBody, read
from pennsieve_agent.sandbox.compute.times import rfc3339
from pennsieve_agent.sandbox.host.store import Row
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Request, Response, Route, Scheme

PATH = f"{ROOT}/compute-nodes/<id>/layers"
NO_NODE = "compute node not found"
MAX_NAME = 100
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_KINDS = {"data", "python-env", "r-env"}
_GIGABYTE = 1_000_000_000


class NodeLayers:
    """List, make and delete layers."""

    def __init__(self, world: World, members: Members, shelf: LayerShelf) -> None:
        self._store = world.store
        self._now = world.now
        self._gate = NodeGate(world.store, members)
        self._access = NodeAccess(world.store, members)
        self._shelf = shelf

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route("GET", PATH, Scheme.USER, self.list_all),
            Route("POST", PATH, Scheme.USER, self.create),
            Route("DELETE", f"{PATH}/<name>", Scheme.USER, self.delete),
        ]

    def list_all(self, request: Request) -> Response:
        """The node's layers and their size (2.6); those of a sandbox cost nothing."""
        node = self._gate.usable(request, NO_NODE)
        layers = self._shelf.of_node(node["uuid"])
        total = sum(layer["size"] for layer in layers)
        return Response(
            200,
            {
                "layers": [_layer_json(layer) for layer in layers],
                "totalSizeGB": round(total / _GIGABYTE, 6),
                "totalEstimatedMonthlyCostUsd": 0,
            },
        )

    def create(self, request: Request) -> Response:
        """Make an EMPTY layer (2.6). The order of the checks is ours."""
        node = self._gate.usable(request, NO_NODE)
        check_gateway(node)
        try:
            body = read(request)
            name, about = body.text("layerName"), body.text("description")
            kind = body.text("layerType") or "data"
        except BadBody:
            raise compute_answers.message(400, BAD_BODY) from None
        if not _NAME.fullmatch(name) or len(name) > MAX_NAME:
            raise compute_answers.message(400, "layerName must match ^[a-z0-9][a-z0-9-]*$")
        if kind not in _KINDS:
            raise compute_answers.message(400, f"unknown layerType {kind}")
        values = (node["uuid"], name, kind, about, rfc3339(self._now()), request.caller.user_id)
        try:
            self._store.execute(
                "INSERT INTO compute_layers (node_uuid, name, kind, description, created_at,"
                " created_by) VALUES (?, ?, ?, ?, ?, ?)",
                values,
            )
        except sqlite3.IntegrityError:
            raise compute_answers.message(409, f"layer {name} already exists") from None
        layer = self._shelf.find(node["uuid"], name)
        return Response(201, _layer_json(layer) if layer else None)

    def delete(self, request: Request) -> Response:
        """Delete a layer that no run uses (2.6).

        Ours: its maker may, and who manages the node.
        """
        node, name = self._gate.usable(request, NO_NODE), request.params["name"]
        with self._store.transaction():
            layer = self._shelf.find(node["uuid"], name)
            if layer is None:
                raise compute_answers.message(404, f"layer {name} not found")
            own = layer["created_by"] == request.caller.user_id
            if not own and not self._access.may_manage(request.caller.user_id, node):
                raise compute_answers.message(403, compute_answers.FORBIDDEN)
            if layer["status"] == BUILDING or self._in_use(node, name):
                raise compute_answers.message(409, f"layer {name} is used by a run")
            self._shelf.remove(node["uuid"], name)
        return Response(200, {"message": f"layer {name} deleted"})

    def _in_use(self, node: Row, name: str) -> bool:
        row = self._store.row(
            "SELECT 1 FROM workflow_runs r, json_each(r.request, '$.layers') l"
            " WHERE r.node_uuid = ? AND l.value = ?"
            " AND r.status IN ('NOT_STARTED', 'STARTED', 'CANCELING')",
            (node["uuid"], name),
        )
        return row is not None


def _layer_json(layer: Row) -> dict[str, Any]:
    return {
        "layerName": layer["name"],
        "layerType": layer["kind"],
        "description": layer["description"],
        "status": layer["status"],
        "sizeBytes": layer["size"],
        "fileCount": layer["files"],
        "storageClass": "STANDARD",
        "estimatedMonthlyCostUsd": 0,
        "lastAccessed": layer["last_accessed"],
        "createdAt": layer["created_at"],
        "createdBy": layer["created_by"],
    }
