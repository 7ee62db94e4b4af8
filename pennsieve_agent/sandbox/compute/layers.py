"""Layers: read-only directories on a compute node (``contracts/workflows.md`` 2.6).

A layer begins EMPTY. A run's ``persistent-layer`` target fills it: BUILDING while it does, READY
when everything is there, and EMPTY again when that failed. Only READY layers are given to runs.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable
from pathlib import Path

from pennsieve_agent.engine.files import remove_tree
from pennsieve_agent.sandbox.compute.times import rfc3339
from pennsieve_agent.sandbox.store import Row
from pennsieve_agent.sandbox.world import World

EMPTY, BUILDING, READY = "EMPTY", "BUILDING", "READY"
_READABLE = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH
_SEARCHABLE = _READABLE | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH


class LayerShelf:
    """The layers of all nodes: their rows and their folders."""

    def __init__(self, world: World) -> None:
        self._store = world.store
        self._now = world.now
        self._folder = world.data / "layers"

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

    def path(self, node_uuid: str, name: str) -> Path:
        """Where a layer's files are."""
        return self._folder / node_uuid / name

    def use(self, node_uuid: str, names: Iterable[str]) -> dict[str, str]:
        """Give READY layers to a run: their folders by name.

        Raises:
            LookupError: one of them is not READY.

        """
        found = {}
        for name in names:
            layer = self.find(node_uuid, name)
            if layer is None or layer["status"] != READY:
                raise LookupError(name)
            found[name] = str(self.path(node_uuid, name).absolute())
        self._store.execute_many(
            "UPDATE compute_layers SET last_accessed = ? WHERE node_uuid = ? AND name = ?",
            [(rfc3339(self._now()), node_uuid, name) for name in found],
        )
        return found

    def claim(self, node_uuid: str, name: str, run_uuid: str) -> bool:
        """Begin to fill an EMPTY layer, or again one that the same run began with."""
        changed = self._store.execute(
            "UPDATE compute_layers SET status = ?, builder = ? WHERE node_uuid = ? AND name = ?"
            " AND (status = ? OR (status = ? AND builder = ?))",
            (BUILDING, run_uuid, node_uuid, name, EMPTY, BUILDING, run_uuid),
        )
        return changed > 0

    def fill(self, node_uuid: str, name: str, write: Callable[[Path], None]) -> tuple[int, int]:
        """Write a claimed layer's files and make it READY; answers their number and bytes.

        Raises:
            Exception: what ``write`` raised; the layer is then still BUILDING.

        """
        folder = self.path(node_uuid, name)
        part = folder.with_name(f".{name}.part")
        remove_tree(part)
        part.mkdir(parents=True)
        write(part)
        count, size = _seal(part)
        remove_tree(folder)
        part.rename(folder)
        self._store.execute(
            "UPDATE compute_layers SET status = ?, size = ?, files = ?"
            " WHERE node_uuid = ? AND name = ? AND status = ?",
            (READY, size, count, node_uuid, name, BUILDING),
        )
        return count, size

    def release(self, run_uuid: str) -> None:
        """A run ended: what it did not finish filling is EMPTY again."""
        for layer in self._store.rows(
            "SELECT * FROM compute_layers WHERE builder = ? AND status = ?", (run_uuid, BUILDING)
        ):
            folder = self.path(layer["node_uuid"], layer["name"])
            remove_tree(folder.with_name(f".{layer['name']}.part"))
            self._store.execute(
                "UPDATE compute_layers SET status = ?, builder = '' WHERE node_uuid = ?"
                " AND name = ? AND builder = ? AND status = ?",
                (EMPTY, layer["node_uuid"], layer["name"], run_uuid, BUILDING),
            )

    def remove(self, node_uuid: str, name: str) -> None:
        """Delete a layer with its files."""
        self._store.execute(
            "DELETE FROM compute_layers WHERE node_uuid = ? AND name = ?", (node_uuid, name)
        )
        remove_tree(self.path(node_uuid, name))

    def forget(self, node_uuid: str) -> None:
        """The node is gone, and its layers with it."""
        self._store.execute("DELETE FROM compute_layers WHERE node_uuid = ?", (node_uuid,))
        remove_tree(self._folder / node_uuid)


def _seal(root: Path) -> tuple[int, int]:
    """Make a tree readable to everybody and writable to nobody; its files and their bytes."""
    count = size = 0
    for folder, _, names in os.walk(root, topdown=False):
        for path in (Path(folder, name) for name in names):
            size += path.stat().st_size
            count += 1
            runs = path.stat().st_mode & stat.S_IXUSR
            path.chmod(_SEARCHABLE if runs else _READABLE)
        Path(folder).chmod(_SEARCHABLE)
    return count, size
