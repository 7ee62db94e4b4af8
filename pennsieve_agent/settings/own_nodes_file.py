"""The user's own compute nodes on this machine: ``own-nodes.json``.

The file lies beside ``config.ini``, is readable by its owner alone, and holds no secrets. Each
profile has a list of its own. A file that cannot be understood is never written over.
"""

from __future__ import annotations

import re
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Self

from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.settings.private_json import PrivateJson

FILE_NAME = "own-nodes.json"
_TOKEN = re.compile(r"[0-9a-f]{8}")
_NEEDED = ("token", "name", "account", "region", "gateway")
# Named here because inside the class below "list" is the method.
_Rows = list[Any]
_HINT = "restore it from a backup, or move it away and type: pennsieve compute list --aws"


class OwnNodes:
    """The store. Every question reads the file anew; every change replaces it in one step."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = PrivateJson(path, "the list of your own compute nodes", _HINT)

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
        rows = self._profiles(self._file.read()).get(profile, [])
        return sorted(map(self._node, rows), key=lambda n: (n.name.casefold(), n.token))

    def put(self, profile: str, node: OwnNode) -> None:
        """Remember a node; one of the same token is replaced.

        Raises:
            SettingsError: the file cannot be understood or written; nothing has changed then.

        """
        with self._file.changing() as content:
            rows = self._profiles(content).setdefault(profile, [])
            rows[:] = [row for row in rows if self._node(row).token != node.token]
            rows.append(asdict(node))

    def remove(self, profile: str, token: str) -> None:
        """Forget a node; one that is not remembered is fine.

        Raises:
            SettingsError: the file cannot be understood or written; nothing has changed then.

        """
        if not any(node.token == token for node in self.list(profile)):
            return
        with self._file.changing() as content:
            rows = self._profiles(content).get(profile, [])
            rows[:] = [row for row in rows if self._node(row).token != token]

    def _node(self, row: Any) -> OwnNode:
        known = {field.name for field in fields(OwnNode)}
        texts = isinstance(row, dict) and all(
            isinstance(value, str) for key, value in row.items() if key in known
        )
        if not texts or not all(row.get(key) for key in _NEEDED):
            raise self._file.unusable("an entry in it is not a node")
        if not _TOKEN.fullmatch(row["token"]):
            raise self._file.unusable("a node in it has no token")
        values = {key: value for key, value in row.items() if key in known}
        return OwnNode(**{"organization_id": "", **values})

    def _profiles(self, content: dict[str, Any]) -> dict[str, _Rows]:
        """The rows of each profile; those of a file that is not there yet can be filled."""
        if not content:
            content["profiles"] = {}
        profiles = content.get("profiles")
        if not isinstance(profiles, dict) or not all(
            isinstance(rows, list) for rows in profiles.values()
        ):
            raise self._file.unusable("it does not have the form that this program writes")
        return profiles


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
