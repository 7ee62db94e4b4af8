"""Where the secrets of compute nodes are kept: never in the database.

On the platform they are in the customer's own account (``contracts/resources.md`` 3.9). Here each
node has a file that only the user may read, so that a copy of the database, and every answer made
from it, is free of them.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path

from pennsieve_agent.sandbox.private_files import write_private

SHARED = "shared"
MAX_BYTES = 65_536
"""Of one person's secrets on one node: what AWS Secrets Manager takes as one secret."""

_Scopes = dict[str, dict[str, str]]


class VaultFull(Exception):  # noqa: N818 - a kind of answer, not a fault
    """The secrets would be more than a node can keep."""


class SecretVault:
    """Secrets by node and scope: ``shared``, or the node id of the user whose they are."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        """Where it is, and nothing of what is in it."""
        return f"SecretVault({str(self._folder)!r})"

    def names(self, node_uuid: str, scope: str) -> list[str]:
        """The names of a scope's secrets, sorted."""
        with self._lock:
            return sorted(self._read(node_uuid).get(scope, {}))

    def merge(self, node_uuid: str, scope: str, secrets: Mapping[str, str]) -> None:
        """Set some secrets; others of the scope stay.

        Raises:
            VaultFull: together they would be too much.

        """
        with self._lock:
            scopes = self._read(node_uuid)
            merged = {**scopes.get(scope, {}), **secrets}
            if len(json.dumps(merged).encode()) > MAX_BYTES:
                raise VaultFull
            self._write(node_uuid, {**scopes, scope: merged})

    def remove(self, node_uuid: str, scope: str, name: str | None = None) -> None:
        """Remove one secret, or all of the scope; what is not there is no error."""
        with self._lock:
            scopes = self._read(node_uuid)
            if name is None:
                scopes.pop(scope, None)
            else:
                scopes.get(scope, {}).pop(name, None)
            self._write(node_uuid, {key: kept for key, kept in scopes.items() if kept})

    def environment(self, node_uuid: str, user_id: str) -> dict[str, str]:
        """What the containers of a user's run get: the shared secrets, and over them their own."""
        with self._lock:
            scopes = self._read(node_uuid)
        return {**scopes.get(SHARED, {}), **scopes.get(user_id, {})}

    def forget(self, node_uuid: str) -> None:
        """The node is gone, and its secrets with it."""
        with self._lock:
            self._path(node_uuid).unlink(missing_ok=True)

    def _read(self, node_uuid: str) -> _Scopes:
        try:
            scopes: _Scopes = json.loads(self._path(node_uuid).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return scopes

    def _write(self, node_uuid: str, scopes: _Scopes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if scopes:
            write_private(self._path(node_uuid), json.dumps(scopes))
        else:
            self._path(node_uuid).unlink(missing_ok=True)

    def _path(self, node_uuid: str) -> Path:
        return self._folder / f"{node_uuid}.json"
