"""Enumerations whose members come from a server and may grow."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class ServerWord(StrEnum):
    """A value that a server sends. A value that we do not know becomes ``UNKNOWN``, never an error.

    Subclasses define ``UNKNOWN``. Comparison with what was sent ignores case, because the
    platform is not consistent (``contracts/resources.md`` section 6, trap 6).
    """

    @classmethod
    def of(cls, value: object) -> Self:
        """The member for what a server sent."""
        text = str(value).casefold() if value is not None else ""
        for member in cls:
            if member.value.casefold() == text:
                return member
        return cls["UNKNOWN"]
