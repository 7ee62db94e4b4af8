"""What was deleted from a dataset and can be taken back for a while."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Discarded:
    """A file or a folder in the trash. ``id`` is its node id, with which it is restored."""

    id: str
    name: str
    is_folder: bool = False
    state: str = ""
