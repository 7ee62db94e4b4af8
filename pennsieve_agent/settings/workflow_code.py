"""Where the code of workflows was taken from on this machine: ``workflow-code.json``.

The file lies beside ``config.ini``. A node is told a folder or a private server by name alone, and
Pennsieve knows tags without their commits; so ``workflow update`` reads here where the code lies,
and what a tag meant when it was registered. Steps are pinned here, too: an update leaves them at
their versions, unless it is asked for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pennsieve_agent.settings.private_json import PrivateJson

FILE_NAME = "workflow-code.json"


@dataclass(frozen=True, slots=True)
class WorkflowCode:
    """The rows of all workflows, by their ids."""

    file: PrivateJson

    @classmethod
    def beside(cls, config_path: Path) -> Self:
        """The store beside a settings file."""
        what = "the list of where your workflows' code is"
        return cls(PrivateJson(config_path.parent / FILE_NAME, what))

    def addresses(self, workflow: str) -> tuple[str, ...]:
        """Where its repositories are, step by step; empty where this machine does not know.

        Raises:
            SettingsError: the file cannot be understood.
        """
        return tuple(str(address) for address in self._row(workflow).get("addresses", ()))

    def every_address(self) -> tuple[str, ...]:
        """Where the repositories of all workflows are.

        Raises:
            SettingsError: the file cannot be understood.
        """
        workflows = self.file.read().get("workflows", {})
        return tuple(address for workflow in workflows for address in self.addresses(workflow))

    def commits(self, workflow: str) -> dict[tuple[str, str], str]:
        """What its tags meant when they were registered here, by shown address and tag.

        Raises:
            SettingsError: the file cannot be understood.
        """
        rows = self._row(workflow).get("commits", ())
        try:
            return {(str(shown), str(tag)): str(commit) for shown, tag, commit in rows}
        except (TypeError, ValueError):
            raise self.file.unusable("an entry in it is not code of a workflow") from None

    def pinned(self, workflow: str) -> tuple[str, ...]:
        """The ids of its steps that stay at their versions, as far as this machine knows.

        Raises:
            SettingsError: the file cannot be understood.
        """
        return tuple(str(step) for step in self._row(workflow).get("pinned", ()))

    def remember(
        self,
        workflow: str,
        addresses: Sequence[str],
        commits: Iterable[tuple[str, str, str]],
        pinned: Sequence[str] | None = None,
    ) -> None:
        """Keep where the code is, rows of shown address, tag and commit, and which are pinned.

        None leaves those pinned that are.

        Raises:
            SettingsError: it cannot be written down.
        """
        newer = {(shown, tag): commit for shown, tag, commit in commits}
        every = {**self.commits(workflow), **newer}
        row = {
            "pinned": list(self.pinned(workflow) if pinned is None else pinned),
            "addresses": list(addresses),
            "commits": [[shown, tag, commit] for (shown, tag), commit in every.items()],
        }
        with self.file.changing() as content:
            content.setdefault("workflows", {})[workflow] = row

    def _row(self, workflow: str) -> dict[str, Any]:
        row = self.file.read().get("workflows", {}).get(workflow, {})
        if not isinstance(row, dict):
            raise self.file.unusable("an entry in it is not code of a workflow")
        return row
