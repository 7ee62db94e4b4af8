"""Packages: the items of a dataset's tree, and the files in them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Package:
    """A file-like item or a folder (``contracts/core.md`` 3.4).

    ``id`` is the node id, ``number`` the platform's whole number, ``parent`` the number of the
    folder it lies in and None at the root, ``path`` the names of the folders above it where they
    were asked for. ``size`` is in bytes, None where the platform does not say.
    """

    id: str
    number: int
    name: str
    kind: str = ""
    state: str = ""
    dataset_id: str = ""
    parent: int | None = None
    size: int | None = None
    updated_at: str = ""
    path: tuple[str, ...] = ()

    @property
    def is_folder(self) -> bool:
        """Whether other packages lie in it."""
        return self.kind == "Collection"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of a package (``contracts/core.md`` 3.5). ``number`` is what its address needs.

    ``checksum`` is as S3 counts it; ``chunk_size`` the part size in bytes it was made with.
    """

    number: int
    package_id: str
    name: str
    size: int
    checksum: str = ""
    chunk_size: int = 0
    scan_status: str = ""
