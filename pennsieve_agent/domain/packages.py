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
