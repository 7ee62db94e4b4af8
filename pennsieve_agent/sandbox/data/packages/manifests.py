"""What is in packages and datasets, with addresses to fetch it (``contracts/core.md`` 3.6)."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Collection, Iterable
from pathlib import PurePosixPath
from typing import Any

from pennsieve_agent.sandbox.data.folders import file_types
from pennsieve_agent.sandbox.data.folders.dataset_folders import DatasetFiles
from pennsieve_agent.sandbox.data.packages.virus_scanner import INFECTED, scan_status
from pennsieve_agent.sandbox.host.store import Row
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Response
from pennsieve_agent.sandbox.http.signed_addresses import SignedFiles

BUCKET = "pennsieve-sandbox-storage-use1"
"""Named in answers; the files themselves are on this disk."""
FILE_ID_OFFSET = 500_000
"""A file's number is its package's plus this, so that nobody takes one for the other."""


CHECKSUM = (
    "(SELECT checksum FROM package_checksums known WHERE known.node_id = packages.node_id"
    " AND known.size = packages.size AND known.mtime_ns = packages.mtime_ns) AS checksum"
)
"""The checksum of a file that was uploaded and not changed since; none was made of other files."""


class Manifests:
    """Makes the manifests of both surfaces."""

    def __init__(self, world: World, files: DatasetFiles) -> None:
        self._world = world
        self._files = files
        self.signed = SignedFiles(world, files, self.whole_dataset)

    def download(
        self, requested: Iterable[tuple[Row, Row]], file_ids: Collection[int] = ()
    ) -> dict[str, Any]:
        """The manifest of packages and collections, each with its dataset's row.

        Files that the scanner found infected are listed as ``blocked``, without an address.
        """
        data: list[dict[str, Any]] = []
        blocked: list[dict[str, Any]] = []
        for package, dataset in requested:
            for row in self._files.files_below(package):
                if file_ids and row["int_id"] + FILE_ID_OFFSET not in file_ids:
                    continue
                path = self._files.folder(dataset["node_id"]) / row["path"]
                entry = _entry(row, scan_status(path, row["size"]))
                if entry["scanStatus"] == INFECTED:
                    blocked.append(entry)
                else:
                    data.append({**entry, **self._place(package, dataset, row)})
        size = sum(entry["size"] for entry in data)
        header = {"count": len(data), "size": size, "blockedCount": len(blocked)}
        return {"header": header, "data": data, "blocked": blocked}

    def whole_dataset(self, dataset_id: str) -> Response:
        """The document that ``GET /datasets/manifest`` gives the address of."""
        store = self._world.store
        dataset = store.row("SELECT * FROM datasets WHERE node_id = ?", (dataset_id,)) or {}
        rows = store.rows(
            f"SELECT *, {CHECKSUM} FROM packages WHERE dataset_int_id = ? AND NOT is_folder"  # noqa: S608 - our own words
            " ORDER BY path",
            (dataset["int_id"],),
        )
        created_on = time.strftime("%a %b %e %H:%M:%S %Y", time.gmtime(self._world.now()))
        content = {
            "manifestCreatedOn": created_on,
            "datasetId": dataset["int_id"],
            "datasetNodeId": dataset_id,
            "name": dataset["name"],
            "description": dataset["description"],
            "license": dataset["license"],
            "contributors": [],
            "tags": json.loads(dataset["tags"]),
            "files": [_listed(row) for row in rows],
        }
        return Response(200, content, {"Content-Type": "application/json"})

    def _place(self, requested: Row, dataset: Row, row: Row) -> dict[str, Any]:
        """Where a file goes: its path starts with the name of the collection asked for."""
        above = PurePosixPath(requested["path"]).parent
        return {
            "path": list(PurePosixPath(row["path"]).parent.relative_to(above).parts),
            "url": self.signed.url(dataset["node_id"], row["path"]),
            "size": row["size"],
            "fileExtension": file_types.extension(row["name"]) or "",
        }


def _entry(row: Row, status: str) -> dict[str, Any]:
    return {
        "nodeId": row["node_id"],
        "fileName": row["name"],
        "packageName": row["name"],
        "scanStatus": status,
    }


def _listed(row: Row) -> dict[str, Any]:
    folder, _, _ = row["path"].rpartition("/")
    return {
        "packageId": row["node_id"],
        "packageName": row["name"],
        "fileId": str(uuid.uuid5(uuid.NAMESPACE_URL, row["node_id"])),
        "fileName": row["name"],
        "path": folder,
        "size": row["size"],
        "checksum": row["checksum"],
    }
