"""What a workspace calls the stages of its datasets."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DatasetStatus:
    """A status that a dataset may have. ``name`` is what the platform is told, such as NO_STATUS.

    ``color`` is ``#`` and six hexadecimal digits (``contracts/core.md`` 3.1, 6.1).
    """

    id: int
    name: str
    label: str = ""
    color: str = ""
    in_use: bool = False
