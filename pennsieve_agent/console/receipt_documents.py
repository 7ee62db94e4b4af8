"""Receipts as JSON documents: what was written, checked and compared."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
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
