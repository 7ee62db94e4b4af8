"""Receipts as JSON documents: what was written, checked and compared."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pennsieve_agent.domain.receipt.compare import Difference
    from pennsieve_agent.domain.receipt.form import FileSum, Receipt


class Compared(Protocol):
    """A file and what became of it."""

    @property
    def path(self) -> str:
        """Beside the receipt."""
        ...

    @property
    def status(self) -> str:
        """unchanged, changed or missing."""
        ...


def _of(receipt: Receipt) -> dict[str, Any]:
    return {
        "id": receipt["id"],
        "name": receipt["name"],
        "kind": receipt["kind"],
        "status": receipt["status"],
    }


def differences(first: Receipt, second: Receipt, rows: Sequence[Difference]) -> dict[str, Any]:
    """What differs between two receipts."""
    return {
        "first": _of(first),
        "second": _of(second),
        "differences": [
            {"part": row.part, "what": row.what, "first": row.first, "second": row.second}
            for row in rows
        ],
    }


def run_of_file(receipt: Receipt, by: str, path: str) -> dict[str, Any]:
    """The run that wrote a file."""
    return {
        "path": path,
        "known_by": by,
        "run_id": receipt["id"],
        "run_name": receipt["name"],
        "kind": receipt["kind"],
        "status": receipt["status"],
        "workflow": receipt["workflow"]["name"],
        "workflow_version": receipt["workflow"]["version"],
        "dataset_id": receipt["dataset"]["id"],
        "code": [
            {
                "step": step["id"],
                **{name: step[name] for name in ("source_url", "tag", "commit", "digest")},
            }
            for step in receipt["steps"]
            if step["source_url"]
        ],
        "parameters": receipt["parameters"],
        "inputs": [
            {name: row[name] for name in ("path", "size", "checksum", "package_id")}
            for row in receipt["inputs"]["files"] or ()
        ],
    }


def written(receipt: Receipt, folder: Path, files: Sequence[FileSum]) -> dict[str, Any]:
    """A receipt that was written to a folder."""
    return {
        **_of(receipt),
        "folder": str(folder),
        "files": [{"path": file.path, "size": file.size, "sha256": file.sha256} for file in files],
    }


def checked(
    place: Path,
    receipt: Receipt,
    files: Sequence[Compared],
    *,
    unchanged: bool,
) -> dict[str, Any]:
    """Whether a receipt was changed."""
    return {
        **_of(receipt),
        "path": str(place),
        "unchanged": unchanged,
        "files": [{"path": file.path, "status": file.status} for file in files],
    }
