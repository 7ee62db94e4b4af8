"""Names that complete in a shell, kept for some minutes: never a secret, and never an id of one.

One file for each key that signs in, in the user's cache folder, readable by its owner alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from pennsieve_agent.settings.private_file import write_private

FRESH_SECONDS = 60
"""Younger names are not asked for again."""
USABLE_SECONDS = 900
"""Older names are no longer offered."""
_REFRESH_SECONDS = 60
"""How long a process that asks for them may take, before another one may."""
_DIGEST = 24

Names = Mapping[str, Sequence[str]]
"""By kind: ``datasets``, ``workflows``, ``nodes``, ``runs``."""


def cache_folder(environ: Mapping[str, str], home: Path, platform: str = sys.platform) -> Path:
    """The user's cache folder: ``XDG_CACHE_HOME``, else that of the system."""
    if named := environ.get("XDG_CACHE_HOME", ""):
        return Path(named) / "pennsieve"
    folder = home / "Library" / "Caches" if platform == "darwin" else home / ".cache"
    return folder / "pennsieve"


class NameCache:
    """The names that one API key may see."""

    def __init__(self, folder: Path, key: str) -> None:
        digest = hashlib.sha256(key.encode()).hexdigest()[:_DIGEST]
        self._path = folder / f"names-{digest}.json"

    def read(self, now: float) -> tuple[Names, bool]:
        """Names that are usable, and whether they are fresh; none when anything is wrong."""
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
            age = now - float(kept["at"])
            listed = kept["names"].items()
            names = {str(kind): [str(name) for name in row] for kind, row in listed}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}, False
        if not 0 <= age < USABLE_SECONDS:
            return {}, False
        return names, age < FRESH_SECONDS

    def write(self, names: Names, now: float) -> None:
        """Keep names; a reader sees the old ones or the new ones, never half of them.

        Raises:
            OSError: the folder cannot be written to.
        """
        folder = self._path.parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(self._path, json.dumps({"at": now, "names": names}).encode())

    def claim(self, now: float) -> bool:
        """Whether this process may ask for the names now; then, no other does for a minute."""
        lock = self._path.with_suffix(".asking")
        try:
            lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if now - lock.stat().st_mtime < _REFRESH_SECONDS:
                return False
            lock.unlink()
        except FileNotFoundError:
            pass
        except OSError:
            return False
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except OSError:
            return False
        os.utime(lock, (now, now))
        return True

    def release(self) -> None:
        """Let others ask for the names."""
        self._path.with_suffix(".asking").unlink(missing_ok=True)

    def remove(self) -> None:
        """Forget the names."""
        self._path.unlink(missing_ok=True)
