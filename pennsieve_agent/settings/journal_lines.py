"""Journals on this machine: a file of JSON objects, one a line, that only grows."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def entries_of(path: Path) -> list[dict[str, Any]]:
    """The entries of a file; half a line, of a machine that stopped, counts as nothing."""
    entries = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        with contextlib.suppress(ValueError):
            entry = json.loads(line)
            if isinstance(entry, dict):
                entries.append(entry)
    return entries


def append_entry(descriptor: int, entry: Mapping[str, Any]) -> None:
    """Write an entry, which is on the disk when this returns.

    Raises:
        OSError: it cannot be written.
    """
    # The first newline ends half a line, if there is one.
    rest = f"\n{json.dumps(entry)}\n".encode()
    while rest:  # a disk that gets full takes a part, and refuses the next
        rest = rest[os.write(descriptor, rest) :]
    os.fsync(descriptor)
