"""Packages as v1 writes them, in the two shapes that disagree about ``content.id``."""

from __future__ import annotations

from typing import Any

from pennsieve_agent.sandbox.data.folders import file_types
from pennsieve_agent.sandbox.data.packages.manifests import BUCKET, FILE_ID_OFFSET
from pennsieve_agent.sandbox.data.v1_answers import present
from pennsieve_agent.sandbox.host.clock import iso
from pennsieve_agent.sandbox.host.store import Row

CHUNK_BYTES = 33_554_432
"""The ``chunkSize`` of checksums (``contracts/core.md`` 3.5), however large the parts were."""


def listed(row: Row, dataset: Row, owner: int, *, with_files: bool) -> dict[str, Any]:
    """An item of the flat listing: ``content.id`` is the number (``contracts/core.md`` 3.4 A)."""
    item: dict[str, Any] = {
        "content": present(
            {
                "id": row["int_id"],
                "nodeId": row["node_id"],
                **_common(row, owner),
                "datasetId": dataset["int_id"],
                "datasetNodeId": dataset["node_id"],
            }
        ),
        "properties": [],
        "children": [],
        "extension": None if row["is_folder"] else file_types.extension(row["name"]),
    }
    if with_files:
        item["objects"] = {"source": [] if row["is_folder"] else [{"content": _file(row)}]}
    return present(item)


def node(row: Row, dataset: Row, owner: int) -> dict[str, Any]:
    """A package on its own: ``content.id`` is the node id (``contracts/core.md`` 3.4 B)."""
    content = {
        "id": row["node_id"],
        "nodeId": row["node_id"],
        "intId": row["int_id"],
        **_common(row, owner),
        "datasetId": dataset["node_id"],
        "datasetNodeId": dataset["node_id"],
        "datasetIntId": dataset["int_id"],
    }
    return present(
        {
            "content": present(content),
            "properties": [],
            "children": [],
            "storage": None if row["is_folder"] else row["size"],
            "extension": None if row["is_folder"] else file_types.extension(row["name"]),
        }
    )


def source(row: Row) -> dict[str, Any]:
    """The file of a package, with the keys that only shape B has."""
    return {"content": {**_file(row), **_stored(row), "objectType": "source"}}


def _stored(row: Row) -> dict[str, Any]:
    """Where the platform would keep it; nothing is there."""
    key = f"D{row['dataset_int_id']}/{row['node_id'].rpartition(':')[2]}"
    return {"s3bucket": BUCKET, "s3key": key}


def _common(row: Row, owner: int) -> dict[str, Any]:
    changed = row["mtime_ns"] / 1e9 if row["mtime_ns"] else row["created_at"]
    return {
        "name": row["name"],
        "packageType": "Collection" if row["is_folder"] else file_types.package_type(row["name"]),
        "ownerId": owner,
        "state": "READY",
        "parentId": row["parent_int_id"],
        "createdAt": iso(row["created_at"]),
        "updatedAt": iso(changed),
    }


def _file(row: Row) -> dict[str, Any]:
    checksum = row.get("checksum")
    return {
        "packageId": row["node_id"],
        "id": row["int_id"] + FILE_ID_OFFSET,
        "name": row["name"],
        "filename": row["name"],
        "fileType": file_types.file_type(row["name"]),
        "size": row["size"],
        "createdAt": iso(row["created_at"]),
        "updatedAt": iso(row["mtime_ns"] / 1e9),
        **({"checksum": {"chunkSize": CHUNK_BYTES, "checksum": checksum}} if checksum else {}),
    }
