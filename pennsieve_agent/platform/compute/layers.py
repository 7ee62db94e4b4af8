"""Layers of a compute node (v2, ``contracts/workflows.md`` 2.6)."""

from __future__ import annotations

import re

from pennsieve_agent.domain.layers import Layer, LayerStatus
from pennsieve_agent.errors import Forbidden, UsageProblem
from pennsieve_agent.platform.http.decode import Fields
from pennsieve_agent.platform.http.failures import clean
from pennsieve_agent.platform.http.surface import Surface, segment
from pennsieve_agent.platform.http.times import iso

# Named here because inside the class below "list" is the method.
_Layers = list[Layer]

_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")


class Layers:
    """The layers of nodes, for those who may use the node."""

    def __init__(self, v2: Surface) -> None:
        self._v2 = v2

    def list(self, node_uuid: str) -> _Layers:
        """The layers of a node, by name; one without the right to see any is without layers.

        Route: GET v2 /compute/workflows/compute-nodes/{id}/layers
        """
        try:
            answer = self._v2.get_record(_path(node_uuid))
        except Forbidden:  # the web app takes it so too (2.6)
            return []
        return sorted(map(_layer, answer.records("layers")), key=lambda layer: layer.name)

    def create(self, node_uuid: str, name: str, description: str = "", kind: str = "data") -> None:
        """Make an empty layer; ``kind`` is ``data``, ``python-env`` or ``r-env``.

        Route: POST v2 /compute/workflows/compute-nodes/{id}/layers

        Raises:
            UsageProblem: the name is not allowed.
            Conflict: the node has one of this name.

        """
        if not _NAME.fullmatch(name):
            raise UsageProblem(
                f"'{clean(name)}' cannot be the name of a layer",
                hint="use lower-case letters, digits and -, a letter or digit first",
            )
        body = {"layerName": name, "description": description, "layerType": kind}
        self._v2.call("POST", _path(node_uuid), body=body)

    def delete(self, node_uuid: str, name: str) -> None:
        """Delete a layer with all that is in it.

        Route: DELETE v2 /compute/workflows/compute-nodes/{id}/layers/{name}

        Raises:
            NotFound: there is none of this name.

        """
        self._v2.delete(f"{_path(node_uuid)}/{segment(name)}")


def _path(node_uuid: str) -> str:
    return f"/compute/workflows/compute-nodes/{segment(node_uuid)}/layers"


def _layer(item: Fields) -> Layer:
    return Layer(
        name=item.need_text("layerName"),
        status=LayerStatus.of(item.text("status")),
        kind=item.text("layerType") or "data",
        description=item.text("description"),
        size=item.integer("sizeBytes"),
        file_count=item.integer("fileCount"),
        monthly_cost=item.number("estimatedMonthlyCostUsd"),
        created_at=iso(item.raw("createdAt")),
        last_accessed=iso(item.raw("lastAccessed")),
        created_by=item.text("createdBy"),
    )
