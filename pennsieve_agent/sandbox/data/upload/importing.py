"""The import: queued files become ordinary files of their dataset (``contracts/core.md`` 4.5).

It happens a while after finalize, in the background; what goes wrong is only in the log, as on the
platform, where a failed import shows as a file that never becomes Finalized.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

from pennsieve_agent.sandbox.data.folders.dataset_folders import DatasetFiles
from pennsieve_agent.sandbox.data.folders.tree import Tree, numbered
from pennsieve_agent.sandbox.host.store import Row
from pennsieve_agent.sandbox.host.world import World

log = logging.getLogger(__name__)

BATCH = 500
IMPORT_SECONDS = 0.5
RETRY_SECONDS = 30.0
LOOK_SECONDS = 1.0
"""The longest time between two looks at files that are not due: the clock may be set meanwhile."""
STOP_SECONDS = 20.0


class Importer:
    """Imports queued files when they are due, in a thread of its own."""

    def __init__(
        self, world: World, files: DatasetFiles, staged: Callable[[str], Path], delay: float
    ) -> None:
        self._world = world
        self._store = world.store
        self._files = files
        self._tree = Tree(world, files)
        self._staged = staged
        self._delay = delay
        self._changed = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="import", daemon=True)

    def start(self) -> None:
        """Begin; what an earlier process left queued is taken up."""
        self._thread.start()

    def stop(self) -> None:
        """End after the batch in hand."""
        self._stopping.set()
        self._changed.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)

    def wake(self) -> None:
        """Look at the queue now."""
        self._changed.set()

    def run_due(self) -> int:
        """Import the files that are due; answers how many."""
        rows = self._store.rows(
            "SELECT f.*, d.node_id AS dataset_id FROM upload_files f"
            " JOIN upload_manifests m ON m.id = f.manifest_id"
            " JOIN datasets d ON d.int_id = m.dataset_int_id"
            " WHERE f.queued_at <= ? ORDER BY d.node_id, f.queued_at, f.upload_id LIMIT ?",
            (self._world.now() - self._delay, BATCH),
        )
        for dataset_id, group in groupby(rows, key=lambda row: str(row["dataset_id"])):
            self._take_in(dataset_id, list(group))
        return len(rows)

    def _work(self) -> None:
        while not self._stopping.is_set():
            self._changed.clear()
            try:
                pause = 0.0 if self.run_due() else self._until_next()
            except Exception:
                if self._stopping.is_set():
                    return
                log.exception("imports failed")
                pause = RETRY_SECONDS
            if pause:
                self._changed.wait(pause)

    def _until_next(self) -> float:
        row = self._store.row("SELECT min(queued_at) AS at FROM upload_files")
        if row is None or row["at"] is None:
            return RETRY_SECONDS
        return min(max(float(row["at"]) + self._delay - self._world.now(), 0.01), LOOK_SECONDS)

    def _take_in(self, dataset_id: str, rows: list[Row]) -> None:
        placed = []
        with self._files.changing(dataset_id) as dataset:
            root = self._files.folder(dataset_id)
            for row in rows:
                try:
                    placed.append((row, self._place(root, dataset, row)))
                except OSError:
                    log.exception("file %s cannot be imported", row["upload_id"])
                    self._put_back(row)
            self._files.sync(dataset_id)
            with self._store.transaction():
                for row, path in placed:
                    self._name(dataset, row, path)

    def _place(self, root: Path, dataset: Row, row: Row) -> str:
        """Give a file its place; where that is, is written down first, for a restart."""
        staged = self._staged(row["upload_id"])
        same = "SELECT path FROM packages WHERE node_id = ? AND dataset_int_id = ?"
        if known := self._store.row(same, (_package_id(row), dataset["int_id"])):
            staged.unlink(missing_ok=True)  # an id used again is the same package (trap 32)
            return str(known["path"])
        if row["placed"] and not staged.exists():
            return str(row["placed"])
        folder = root / row["path"]
        folder.mkdir(parents=True, exist_ok=True)
        if not folder.resolve().is_relative_to(root.resolve()):
            raise NotADirectoryError(f"{row['path']} leads out of the dataset")
        target = folder / row["name"]
        if row["on_conflict"] == "replace":
            self._remove(dataset, target.relative_to(root).as_posix())
        number = 0
        while os.path.lexists(target):
            number += 1
            target = folder / numbered(row["name"], number, is_folder=False)
        path: str = target.relative_to(root).as_posix()
        self._store.execute(
            "UPDATE upload_files SET placed = ? WHERE manifest_id = ? AND upload_id = ?",
            (path, row["manifest_id"], row["upload_id"]),
        )
        staged.rename(target)
        return path

    def _remove(self, dataset: Row, path: str) -> None:
        """Delete the package that a new one replaces; folders stay."""
        same_name = self._store.row(
            "SELECT * FROM packages WHERE dataset_int_id = ? AND path = ? AND NOT is_folder",
            (dataset["int_id"], path),
        )
        if same_name is not None:
            self._tree.delete(dataset["node_id"], same_name)

    def _name(self, dataset: Row, row: Row, path: str) -> None:
        """The package has its id from the upload; the file of the manifest is Finalized."""
        self._store.execute(
            "UPDATE packages SET node_id = ? WHERE dataset_int_id = ? AND path = ?",
            (_package_id(row), dataset["int_id"], path),
        )
        self._store.execute(
            "INSERT OR REPLACE INTO package_checksums"
            " SELECT node_id, ?, size, mtime_ns FROM packages WHERE node_id = ?",
            (row["sha256"], _package_id(row)),
        )
        self._store.execute(
            "UPDATE upload_files SET status = 'Finalized', queued_at = NULL"
            " WHERE manifest_id = ? AND upload_id = ?",
            (row["manifest_id"], row["upload_id"]),
        )

    def _put_back(self, row: Row) -> None:
        self._store.execute(
            "UPDATE upload_files SET queued_at = NULL WHERE manifest_id = ? AND upload_id = ?",
            (row["manifest_id"], row["upload_id"]),
        )


def _package_id(row: Row) -> str:
    return f"N:package:{row['upload_id']}"
