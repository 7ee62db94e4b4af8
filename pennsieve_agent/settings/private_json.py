"""A JSON file beside the settings: private, changed in one step, by one process at a time."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pennsieve_agent.errors import SettingsError
from pennsieve_agent.settings.private_file import write_private

_VERSION = 1


@dataclass(frozen=True, slots=True)
class PrivateJson:
    """A file that holds one JSON object. ``what`` names it in errors, ``hint`` says how to go on.

    A file that cannot be understood is never written over.
    """

    path: Path
    what: str
    hint: str = "restore the file from a backup, or move it away"

    def read(self) -> dict[str, Any]:
        """Its content; a missing file is an empty one.

        Raises:
            SettingsError: it cannot be read or understood.

        """
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise self.unusable(error.strerror or "the system refused") from None
        except ValueError:
            raise self.unusable("it is not JSON") from None
        if not isinstance(content, dict):
            raise self.unusable("it does not have the form that this program writes")
        if content.get("version") != _VERSION:
            raise self.unusable("another version of this program wrote it")
        return content

    @contextmanager
    def changing(self) -> Iterator[dict[str, Any]]:
        """Its content, to be changed in place, and on the disk when this ends without an error.

        Raises:
            SettingsError: it cannot be understood or written; nothing has changed then.

        """
        with self.held("lock", lambda: None):
            content = self.read()
            yield content
            self._write({**content, "version": _VERSION})

    @contextmanager
    def held(self, purpose: str, waits: Callable[[], None]) -> Iterator[None]:
        """Hold a lock of that purpose beside the file; ``waits`` is called if another has it.

        Raises:
            SettingsError: the lock cannot be made.

        """
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self.path.with_suffix(f".{purpose}"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise self.unusable(error.strerror or "the system refused") from None
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waits()
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _write(self, content: dict[str, Any]) -> None:
        try:
            write_private(self.path, json.dumps(content, indent=2).encode())
        except OSError as error:
            raise self.unusable(error.strerror or "the system refused") from None

    def unusable(self, why: str) -> SettingsError:
        """The error of a file that cannot be used."""
        return SettingsError(
            f"{self.what} cannot be used: {why}",
            where=str(self.path),
            hint=self.hint,
        )
