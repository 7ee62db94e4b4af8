"""Datasets, the files in them, and what a person may do there."""

from __future__ import annotations

from dataclasses import dataclass

from pennsieve_agent.domain.server_word import ServerWord


class Role(ServerWord):
    """A person's role on a dataset, weakest first (``contracts/core.md`` 3.2)."""

    UNKNOWN = ""
    NONE = "none"
    GUEST = "guest"
    VIEWER = "viewer"
    EDITOR = "editor"
    MANAGER = "manager"
    OWNER = "owner"

    def at_least(self, other: Role) -> bool:
        """Whether this role includes all rights of the other."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(other)


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset. ``id`` is ``N:dataset:<uuid>``; ``size`` is in bytes."""

    id: str
    int_id: int
    name: str
    role: Role = Role.UNKNOWN
    description: str = ""
    size: int | None = None
    updated_at: str = ""
    locked: bool = False


@dataclass(frozen=True, slots=True)
class DataFile:
    """A source file in a dataset. ``path`` is relative to the dataset, with ``/``; size in bytes.

    A package may hold several files; ``package_id`` is what a run is started with. ``size`` is None
    where nobody told it, ``checksum`` is that of its upload, "" where Pennsieve has none, and
    ``created_at`` is UTC text, "" where it was not told.
    """

    package_id: str
    path: str
    size: int | None
    checksum: str = ""
    created_at: str = ""
