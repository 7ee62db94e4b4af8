"""The settings file on disk: read whole, written in one step, private."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Self

from pennsieve_agent.errors import SettingsError
from pennsieve_agent.settings.ini import Ini
from pennsieve_agent.settings.private_file import write_private

MAX_BYTES = 1_000_000
_OTHERS = 0o077


class ConfigFile(Ini):
    """An INI file with secrets in it. Changes reach the disk with :meth:`save`."""

    def __init__(self, path: Path, data: bytes = b"") -> None:
        """Read ``data``, which is what ``path`` holds.

        Raises:
            SettingsError: it is not text, or a line is not valid; nothing is quoted.

        """
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise SettingsError(
                f"line {line} of the settings file is not text",
                where=str(path),
                hint="move the file away and sign in again with: pennsieve login",
            ) from None
        super().__init__(text, where=str(path))
        self.path = path
        self._on_disk = data

    @classmethod
    def load(cls, path: Path) -> Self:
        """The file at ``path``; a missing file is an empty one.

        Raises:
            SettingsError: it cannot be read or understood.

        """
        return cls(path, _content(path))

    def save(self) -> None:
        """Replace the file in one step, readable by its owner alone.

        A new folder is made private too; a symbolic link stays one.

        Raises:
            SettingsError: it cannot be written, or somebody else changed it since it was read.

        """
        data = self.text.encode("utf-8")
        if data == self._on_disk and not is_exposed(self.path):
            return
        target = Path(os.path.realpath(self.path))
        if _content(self.path) != self._on_disk:
            raise SettingsError(
                "another program changed the settings file at the same time",
                where=str(self.path),
                hint="nothing was written; type the same command again",
            )
        try:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(target, data)
        except OSError as error:
            raise SettingsError(
                f"the settings file cannot be written: {error.strerror or 'the system refused'}",
                where=str(self.path),
                hint="make the folder writable, or set PENNSIEVE_CONFIG to another file",
            ) from None
        self._on_disk = data


def is_exposed(path: Path) -> bool:
    """Whether others on this machine may read or change the file."""
    try:
        return bool(path.stat().st_mode & _OTHERS)
    except OSError:
        return False


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise SettingsError(
            f"the settings file cannot be read: {error.strerror or 'the system refused'}",
            where=str(path),
            hint="make it a file that you may read, or set PENNSIEVE_CONFIG to another one",
        ) from None
    if len(data) > MAX_BYTES:
        raise SettingsError(
            "the settings file is too large",
            where=str(path),
            hint="move it away and sign in again with: pennsieve login",
        )
    return data
