"""A record of the rights that the roles of the emulated account needed, each once, in a file.

A right that is not in it can be taken from the role.
"""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

from pennsieve_agent.domain.iam_policies import Ask

FILE = "asked.jsonl"


class UsedRights:
    """Writes ``{"role", "action"}``, one object a line, readable by the user alone."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._lock = threading.Lock()
        self._known: set[tuple[str, str]] = set(read(folder))

    def __call__(self, role: str, ask: Ask) -> None:
        """Record that a request needed a right of a role."""
        with self._lock:
            if (role, ask.action) in self._known:
                return
            self._known.add((role, ask.action))
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(f"{json.dumps({'role': role, 'action': ask.action})}\n")


def read(folder: Path) -> list[tuple[str, str]]:
    """The recorded pairs of role and action."""
    path = folder / FILE
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [(row["role"], row["action"]) for row in map(json.loads, lines)]
