"""The user's own compute nodes on this machine: ``own-nodes.json``.

The file lies beside ``config.ini``, is readable by its owner alone, and holds no secrets. Each
profile has a list of its own. A file that cannot be understood is never written over.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Self

from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.errors import SettingsError

FILE_NAME = "own-nodes.json"
_VERSION = 1
_TOKEN = re.compile(r"[0-9a-f]{8}")
_NEEDED = ("token", "name", "account", "region", "gateway")
_HINT = "restore it from a backup, or move it away and type: pennsieve compute list --aws"


class OwnNodes:
    """The store. Every question reads the file anew; every change replaces it in one step."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def beside(cls, config_path: Path) -> Self:
        """The store beside a settings file."""
        return cls(config_path.parent / FILE_NAME)

    def of(self, profile: str) -> ProfileNodes:
        """The nodes of one profile."""
        return ProfileNodes(self, profile)

    def list(self, profile: str) -> list[OwnNode]:
        """The nodes of a profile, sorted by name and token.

        Raises:
            SettingsError: the file cannot be read or understood.

        """
        rows = self._read()["profiles"].get(profile, [])
        return sorted(map(self._node, rows), key=lambda n: (n.name.casefold(), n.token))

    def put(self, profile: str, node: OwnNode) -> None:
        """Remember a node; one of the same token is replaced.

        Raises:
            SettingsError: the file cannot be understood or written; nothing has changed then.

        """
        with self._changing() as content:
            rows = content["profiles"].setdefault(profile, [])
            rows[:] = [row for row in rows if self._node(row).token != node.token]
            rows.append(asdict(node))

    def remove(self, profile: str, token: str) -> None:
        """Forget a node; one that is not remembered is fine.

        Raises:
            SettingsError: the file cannot be understood or written; nothing has changed then.

        """
        if not any(node.token == token for node in self.list(profile)):
            return
        with self._changing() as content:
            rows = content["profiles"].get(profile, [])
            rows[:] = [row for row in rows if self._node(row).token != token]

    def _node(self, row: Any) -> OwnNode:
        known = {field.name for field in fields(OwnNode)}
        texts = isinstance(row, dict) and all(
            isinstance(value, str) for key, value in row.items() if key in known
        )
        if not texts or not all(row.get(key) for key in _NEEDED):
            raise self._unusable("an entry in it is not a node")
        if not _TOKEN.fullmatch(row["token"]):
            raise self._unusable("a node in it has no token")
        values = {key: value for key, value in row.items() if key in known}
        return OwnNode(**{"organization_id": "", **values})

    def _read(self) -> dict[str, Any]:
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {"version": _VERSION, "profiles": {}}
        except OSError as error:
            raise self._unusable(error.strerror or "the system refused") from error
        except ValueError:
            raise self._unusable("it is not JSON") from None
        profiles = content.get("profiles") if isinstance(content, dict) else None
        if not isinstance(profiles, dict) or not all(
            isinstance(r, list) for r in profiles.values()
        ):
            raise self._unusable("it does not have the form that this program writes")
        if content.get("version") != _VERSION:
            raise self._unusable("a newer version of this program wrote it")
        return dict(content)

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Any]]:
        """The content, to be changed in place; no other process changes it meanwhile."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise self._unusable(error.strerror or "the system refused") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            content = self._read()
            yield content
            self._write(content)
        finally:
            os.close(lock)

    def _write(self, content: dict[str, Any]) -> None:
        try:
            # mkstemp makes the file with mode 0600.
            handle, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=f".{FILE_NAME}.")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    json.dump(content, file, indent=2)
                    file.flush()
                    os.fsync(file.fileno())
                Path(temporary).replace(self.path)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise self._unusable(error.strerror or "the system refused") from error

    def _unusable(self, why: str) -> SettingsError:
        return SettingsError(
            f"the list of your own compute nodes cannot be used: {why}",
            where=str(self.path),
            hint=_HINT,
        )


class ProfileNodes:
    """The own nodes of one profile."""

    def __init__(self, store: OwnNodes, profile: str) -> None:
        self._store, self._profile = store, profile

    def list(self) -> list[OwnNode]:
        """Those remembered, sorted by name. Errors as of the store."""
        return self._store.list(self._profile)

    def put(self, node: OwnNode) -> None:
        """Remember a node. Errors as of the store."""
        self._store.put(self._profile, node)

    def remove(self, token: str) -> None:
        """Forget a node. Errors as of the store."""
        self._store.remove(self._profile, token)
