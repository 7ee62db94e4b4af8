"""Environment variables that code reads and sets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Read:
    """A variable that is read; ``is_needed`` says that the program ends without it."""

    name: str
    file: str
    line: int
    is_needed: bool = False


@dataclass(frozen=True, slots=True)
class Variables:
    """What code reads and sets. ``is_open``: it may read others, whose names cannot be told."""

    reads: tuple[Read, ...] = ()
    sets: frozenset[str] = frozenset()
    is_open: bool = False


def together(parts: Iterable[Variables]) -> Variables:
    """What several files read and set."""
    every = list(parts)
    return Variables(
        tuple(read for part in every for read in part.reads),
        frozenset(name for part in every for name in part.sets),
        any(part.is_open for part in every),
    )
