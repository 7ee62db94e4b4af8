"""Which identities of workflows were made on this machine: ``workflow-identities.json``.

The file lies beside ``config.ini`` and has no keys in it; those are in the keychain
(:mod:`.workflow_keys`). An integration that is about to be made is written down first, by its
random mark, and crossed out when its key is where it belongs: what is left of a lost answer or a
killed program is found by it, and deleted. The ends of grants are here, too: after them, the
workflow's users are to be taken off the datasets.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from pennsieve_agent.domain.workflow_identity import Kind, NewIntegration, WorkflowUser
from pennsieve_agent.settings.private_json import PrivateJson

FILE_NAME = "workflow-identities.json"


def any_end(config_path: Path, now: float) -> bool:
    """Whether the end of a grant has passed, of anybody's on this machine."""
    try:
        text = (config_path.parent / FILE_NAME).read_text(encoding="utf-8")
        owners = json.loads(text)["owners"].values()
        return any(until <= now for rows in owners for until in rows.get("ends", {}).values())
    except (OSError, AttributeError, KeyError, TypeError, ValueError):
        return False  # who needs the file says what is wrong with it


@dataclass(frozen=True, slots=True)
class WorkflowIdentities:
    """Those of one owner: a person in a workspace, at one address of Pennsieve."""

    file: PrivateJson
    owner: str

    @classmethod
    def beside(cls, config_path: Path, api: str, workspace: str, user: str) -> Self:
        """The store beside a settings file; ids are node ids."""
        path = config_path.parent / FILE_NAME
        what = "the list of your workflows' identities"
        return cls(PrivateJson(path, what), f"{api} {workspace} {user}")

    @contextmanager
    def alone(self, note: Callable[[str], None]) -> Iterator[None]:
        """Only one command at a time makes identities: two would each make one.

        Raises:
            SettingsError: the lock cannot be made.

        """
        with self.file.held("making", lambda: note("waiting for another command that grants")):
            yield

    def begin(self, new: NewIntegration, now: float) -> None:
        """Write down that an integration is about to be made.

        Raises:
            SettingsError: it cannot be written down.

        """
        row = {"workflow": new.workflow, "kind": new.kind.value, "at": now}
        with self.file.changing() as content:
            self._mine(content).setdefault("pending", {})[new.mark] = row

    def pending(self) -> dict[str, float]:
        """The marks of integrations whose keys may be lost, and when they were to be made.

        Raises:
            SettingsError: the file cannot be understood.

        """
        rows = self._mine(self.file.read()).get("pending", {})
        try:
            return {str(mark): float(row["at"]) for mark, row in rows.items()}
        except (KeyError, TypeError, ValueError):
            raise self.file.unusable("an entry in it is not an identity") from None

    def settle(self, mark: str) -> None:
        """Cross a mark out: its integration's key is where it belongs, or it was deleted.

        Raises:
            SettingsError: it cannot be written down.

        """
        with self.file.changing() as content:
            self._mine(content).get("pending", {}).pop(mark, None)

    def users(self, workflow: str) -> dict[Kind, WorkflowUser]:
        """The users of a workflow that were made here.

        Raises:
            SettingsError: the file cannot be understood.

        """
        rows = self._mine(self.file.read()).get("workflows", {}).get(workflow, {})
        try:
            return {Kind(kind): WorkflowUser.of(row) for kind, row in rows.items()}
        except (AttributeError, KeyError, TypeError, ValueError):
            raise self.file.unusable("an entry in it is not an identity") from None

    def names(self) -> dict[str, str]:
        """The names of all users that were made here, by their ids.

        Raises: as :meth:`users`.
        """
        workflows = self._mine(self.file.read()).get("workflows", {})
        users = [user for workflow in workflows for user in self.users(workflow).values()]
        return {user.user: user.name for user in users}

    def keep(self, workflow: str, kind: Kind, user: WorkflowUser) -> None:
        """Remember a user, in place of the one of its kind.

        Raises:
            SettingsError: it cannot be written down.

        """
        with self.file.changing() as content:
            workflows = self._mine(content).setdefault("workflows", {})
            workflows.setdefault(workflow, {})[kind.value] = asdict(user)

    def forget(self, workflow: str, kind: Kind) -> None:
        """Forget a user; one that is not known is fine.

        Raises:
            SettingsError: it cannot be written down.

        """
        if kind not in self.users(workflow):
            return
        with self.file.changing() as content:
            rows = self._mine(content)["workflows"]
            rows[workflow].pop(kind.value)
            if not rows[workflow]:
                del rows[workflow]

    def note_end(self, workflow: str, dataset: str, until: float) -> None:
        """Remember when a grant ends, in unix seconds; 0 forgets it.

        Raises:
            SettingsError: it cannot be written down.

        """
        key = f"{workflow} {dataset}"
        if not until and key not in self._mine(self.file.read()).get("ends", {}):
            return
        with self.file.changing() as content:
            ends = self._mine(content).setdefault("ends", {})
            ends.pop(key, None)
            if until:
                ends[key] = until

    def ended(self, now: float) -> list[tuple[str, str]]:
        """The grants whose end has passed and that were not swept, by workflow and dataset.

        Raises:
            SettingsError: the file cannot be understood.

        """
        rows = self._mine(self.file.read()).get("ends", {})
        try:
            keys = [key for key, until in rows.items() if float(until) <= now]
            return [(workflow, dataset) for workflow, dataset in map(str.split, keys)]
        except (TypeError, ValueError):
            raise self.file.unusable("an entry in it is not the end of a grant") from None

    def _mine(self, content: dict[str, Any]) -> dict[str, Any]:
        try:
            mine: dict[str, Any] = content.setdefault("owners", {}).setdefault(self.owner, {})
            good = all(isinstance(rows, dict) for rows in mine.values())
        except AttributeError:
            good, mine = False, {}
        if not good:
            raise self.file.unusable("it does not have the form that this program writes")
        return mine
