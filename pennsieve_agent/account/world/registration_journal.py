"""What a registration has decided and done so far, on disk, to continue after a kill.

One file for each profile and node name. It holds no credentials. It is written before whatever
cannot be asked for again (the random names) and after each step; each step asks the real world as
well, so that a journal that is a step behind does no harm.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from pennsieve_agent.account.spec.node_spec import Code, Settings
from pennsieve_agent.account.spec.spec_json import settings_of
from pennsieve_agent.errors import SettingsError, UsageProblem

_TOKEN = re.compile(r"[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """The state of one registration. ``done`` names finished steps; uuids are the platform's."""

    token: str
    #: Of a node that Pennsieve runs: what its AWS account's record says. Empty for own nodes.
    external_id: str = field(repr=False)
    aws_account_id: str
    region: str
    organization_id: str = ""
    account_uuid: str = ""
    #: The nodes there were before ours was asked for; None until it was.
    nodes_before: tuple[str, ...] | None = None
    node_uuid: str = ""
    done: tuple[str, ...] = ()
    #: What was asked for, so that running again keeps it.
    settings: Settings = field(default_factory=Settings)
    #: The role of a node that Pennsieve itself runs; empty for a node of the user's own.
    role: str = ""
    #: The node's code that was turned on last.
    code: Code | None = None


class Journal:
    """The journal of one node, in a folder that only this user may read."""

    def __init__(self, folder: Path, profile: str, name: str) -> None:
        key = hashlib.sha256(f"{profile}\0{name}".encode()).hexdigest()[:12]
        readable = re.sub(r"[^A-Za-z0-9-]+", "-", name).strip("-")[:40]
        self.path = folder / f"{readable}-{key}.json"
        self.name = name

    @classmethod
    def of_node(cls, folder: Path, profile: str, name: str, node_id: str) -> Self:
        """The journal of a node that is there: by its id too, as it may have been renamed.

        ``node_id`` is the token of an own node, or the uuid of one that Pennsieve runs.
        """
        journal = cls(folder, profile, name)
        if not node_id or journal.path.exists():
            return journal
        for path in sorted(folder.glob("*.json")):
            with suppress(OSError, ValueError, AttributeError):
                document = json.loads(path.read_text(encoding="utf-8"))
                if node_id in {document.get("node_uuid"), document.get("token")}:
                    journal.path = path
        return journal

    def read(self) -> JournalEntry | None:
        """The state; None when the registration was not begun on this machine.

        Raises:
            SettingsError: the file cannot be used.

        """
        try:
            document = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise self._unusable(str(error)) from error
        try:
            return _decode(document)
        except (AttributeError, TypeError, ValueError) as error:
            raise self._unusable(str(error)) from error

    def write(self, entry: JournalEntry) -> None:
        """Replace the state, all or nothing.

        Raises:
            SettingsError: the file cannot be written.

        """
        try:
            self._make_folder()
            handle, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=".journal-")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    json.dump(asdict(entry), file, indent=2)
                    file.flush()
                    os.fsync(file.fileno())
                Path(temporary).replace(self.path)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise self._unwritable(error) from error

    def forget(self) -> None:
        """Delete the state: the node is gone."""
        self.path.unlink(missing_ok=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other commands from changing the same node at the same time.

        Raises:
            UsageProblem: another command is changing it.
            SettingsError: nothing can be written here, and nothing was changed.

        """
        lock = self.path.with_suffix(".lock")
        try:
            self._make_folder()
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise UsageProblem(
                    f"another command is changing compute node '{self.name}' right now",
                    hint="wait until it has finished, then run the command again",
                ) from error
            yield
        finally:
            os.close(descriptor)

    def _make_folder(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _unwritable(self, error: OSError) -> SettingsError:
        return SettingsError(
            f"the journal of compute node '{self.name}' cannot be written: "
            f"{error.strerror or 'the system refused'}",
            where=str(self.path),
            hint="make room, or make the folder writable; then type the same command again: it "
            "goes on where it stopped. Nothing in AWS is changed without the journal",
        )

    def _unusable(self, why: str) -> SettingsError:
        return SettingsError(
            f"the journal of compute node '{self.name}' cannot be used: {why}",
            where=str(self.path),
            hint="restore the file from a backup, or choose another name with: --name",
        )


def new_token() -> str:
    """Eight random hexadecimal digits."""
    return secrets.token_hex(4)


def new_external_id() -> str:
    """A secret that the platform could be asked to send: 128 random bits."""
    return secrets.token_hex(16)


def _decode(document: Any) -> JournalEntry:
    if not isinstance(document, dict):
        raise TypeError("it is not an object")
    known = {f.name for f in fields(JournalEntry)}
    values = {key: value for key, value in document.items() if key in known}
    if not _TOKEN.fullmatch(str(values.get("token"))):
        raise ValueError("it has no token")
    for key in ("done", "nodes_before"):
        if values.get(key) is not None:
            values[key] = tuple(str(value) for value in values[key])
    values["settings"] = settings_of(values.get("settings") or {})
    if values.get("code") is not None:
        values["code"] = Code(**values["code"])
    return JournalEntry(**values)
