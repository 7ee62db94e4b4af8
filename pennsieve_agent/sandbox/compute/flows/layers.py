"""Layers: read-only directories on a compute node (``contracts/workflows.md`` 2.6).

A layer begins EMPTY. A run's ``persistent-layer`` target fills it: BUILDING from the run's start,
READY when its node did it, and EMPTY again when the run ended otherwise. Only READY layers are
given to runs. The files are the node's, in its own file system.
"""

from __future__ import annotations

from collections.abc import Iterable

from pennsieve_agent.sandbox.compute.times import rfc3339
from pennsieve_agent.sandbox.host.store import Row
from pennsieve_agent.sandbox.host.world import World

EMPTY, BUILDING, READY = "EMPTY", "BUILDING", "READY"


class LayerShelf:
    """The rows of the layers of all nodes."""

    def __init__(self, world: World) -> None:
        self._store = world.store
        self._now = world.now

    def find(self, node_uuid: str, name: str) -> Row | None:
        """A layer's row."""
        return self._store.row(
            "SELECT * FROM compute_layers WHERE node_uuid = ? AND name = ?", (node_uuid, name)
        )

    def of_node(self, node_uuid: str) -> list[Row]:
        """The layers of a node, by name."""
        return self._store.rows(
            "SELECT * FROM compute_layers WHERE node_uuid = ? ORDER BY name", (node_uuid,)
        )

    def use(self, node_uuid: str, names: Iterable[str]) -> None:
        """A run reads these layers."""
        self._store.execute_many(
            "UPDATE compute_layers SET last_accessed = ? WHERE node_uuid = ? AND name = ?",
            [(rfc3339(self._now()), node_uuid, name) for name in names],
        )

    def claim(self, node_uuid: str, name: str, run_uuid: str) -> bool:
        """Let a run fill an EMPTY layer; False when it is not EMPTY, or gone."""
        changed = self._store.execute(
            "UPDATE compute_layers SET status = ?, builder = ? WHERE node_uuid = ? AND name = ?"
            " AND status = ?",
            (BUILDING, run_uuid, node_uuid, name, EMPTY),
        )
        return changed > 0

    def building(self, run_uuid: str = "") -> list[Row]:
        """The layers that a run fills; without one, all that are being filled."""
        return self._store.rows(
            "SELECT * FROM compute_layers WHERE status = ? AND (builder = ? OR ? = '')",
            (BUILDING, run_uuid, run_uuid),
        )

    def settle(self, layer: Row, status: str, count: int = 0, size: int = 0) -> None:
        """The run that filled a layer has ended: it is READY with its files, or EMPTY."""
        self._store.execute(
            "UPDATE compute_layers SET status = ?, files = ?, size = ?, builder = ''"
            " WHERE node_uuid = ? AND name = ? AND builder = ? AND status = ?",
            (status, count, size, layer["node_uuid"], layer["name"], layer["builder"], BUILDING),
        )

    def remove(self, node_uuid: str, name: str) -> None:
        """Delete a layer."""
        self._store.execute(
            "DELETE FROM compute_layers WHERE node_uuid = ? AND name = ?", (node_uuid, name)
        )

    def forget(self, node_uuid: str) -> None:
        """The node is gone, and its layers with it."""
        self._store.execute("DELETE FROM compute_layers WHERE node_uuid = ?", (node_uuid,))
