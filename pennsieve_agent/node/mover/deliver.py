"""Taking a run's results out: to a dataset, as a viewer asset, or into a layer of the node.

What is decided is written to the run's folder before it is done: which manifest, which file has
which upload id, which are finalized. A job that was killed and is run again reads it and goes on,
so nothing is uploaded twice (an upload id is the platform's own mark of a repeated request,
``contracts/core.md`` 4.1).
"""

from __future__ import annotations

import base64
import json
import os
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pennsieve_agent.domain.transfers import StorageKeys, batches
from pennsieve_agent.node.amounts import amount
from pennsieve_agent.node.mover.relay import Relay
from pennsieve_agent.node.mover.storage import Storage
from pennsieve_agent.node.mover.trouble import Trouble
from pennsieve_agent.node.tasks import OUTPUTS_PATH, RECEIPT_PATH, Task

RENEW_SECONDS = 300.0
"""Keys with less time left than this are renewed before they are used."""
NOTED_AT_ONCE = 250
_OUTCOMES = {"finalized"}
Say = Callable[[str], None]


@dataclass(slots=True)
class State:
    """What a delivery has decided so far, in a file of the run's folder."""

    path: Path
    manifest: str = ""
    ids: dict[str, str] = field(default_factory=dict)
    done: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> State:
        """What an earlier attempt left; nothing, if it left half a file."""
        try:
            found = json.loads(path.read_text())
            return cls(path, found["manifest"], found["ids"], found["done"])
        except (FileNotFoundError, KeyError, ValueError):
            return cls(path)

    def write(self) -> None:
        """Replace the file, all or nothing."""
        partial = self.path.with_name(f"{self.path.name}.part")
        body = {"manifest": self.manifest, "ids": self.ids, "done": self.done}
        with partial.open("w") as file:
            json.dump(body, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self.path)


@dataclass(slots=True)
class Keys:
    """Keys to storage, renewed before they end. ``now`` is in unix seconds."""

    fetch: Callable[[], Mapping[str, Any]]
    now: Callable[[], float]
    found: StorageKeys | None = None

    def __call__(self, fresh: bool) -> StorageKeys:  # noqa: FBT001 - the storage's own question
        """Keys that last for a while."""
        if fresh or self.found is None or self.found.expires_at - self.now() < RENEW_SECONDS:
            row = self.fetch()
            until = datetime.fromisoformat(str(row["expiration"]))
            self.found = StorageKeys(
                access_key=row["accessKeyId"],
                secret=row["secretAccessKey"],
                token=row["sessionToken"],
                expires_at=until.timestamp(),
                bucket=row["bucket"],
                prefix=str(row["keyPrefix"]).strip("/"),
                region=row["region"],
            )
        return self.found


@dataclass(frozen=True, slots=True)
class Delivery:
    """One target's delivery to its dataset."""

    task: Task
    relay: Relay
    state: State
    say: Say
    now: Callable[[], float]

    def run(self, made: Iterable[tuple[str, Path]]) -> None:
        """Upload what the steps made; what is finalized already is left.

        Raises:
            Trouble: something cannot be uploaded; what was stays, and is not repeated.

        """
        files = self._files(made)
        if not files:
            return
        files |= self._receipt(files)
        self._decide(files)
        left = {name: path for name, path in files.items() if name not in self.state.done}
        keys = Keys(self._storage_keys, self.now)
        tags = f"OrgId=&DatasetId={self.task.dataset}"
        storage = Storage(keys, self.relay.sleep, self.relay.endpoint, tags)
        for batch in batches(left.items()):
            self._register([name for name, _ in batch])
            sent = {name: storage.put(path, self.state.ids[name]) for name, path in batch}
            self._finalize(sent)
        size = sum(path.stat().st_size for path in files.values())
        self.say(f"{amount(len(files), size)} in {self._folder() or 'the root of the dataset'}")

    def _files(self, made: Iterable[tuple[str, Path]]) -> dict[str, Path]:
        files: dict[str, Path] = {}
        for relative, path in made:
            if relative in files:
                raise Trouble(f"two steps made '{relative}', and one dataset folder gets both")
            if not path.stat().st_size:
                self.say(f"left out, as Pennsieve takes no empty file: {relative}")
                continue
            files[relative] = path
        return files

    def _receipt(self, files: Mapping[str, Path]) -> dict[str, Path]:
        """The run's receipt as a file beside its results; none where Pennsieve keeps the run."""
        path = self.state.path.with_suffix(".receipt")
        if not path.exists():
            receipt = self.relay.ask("GET", RECEIPT_PATH, {})
            if not receipt:
                return {}
            partial = path.with_suffix(".part")
            partial.write_text(json.dumps(receipt))
            partial.replace(path)
        receipt = json.loads(path.read_text())
        text = path.with_suffix(".json.receipt")
        text.write_text(receipt["text"])
        name = str(receipt["name"])
        return {name if name not in files else f"{self.task.run}-{name}": text}

    def _decide(self, files: Mapping[str, Path]) -> None:
        for name in files:
            self.state.ids.setdefault(name, str(uuid.uuid4()))
        self.state.write()
        if not self.state.manifest:
            body = {"id": "", "dataset_id": self.task.dataset, "status": 0, "files": None}
            answer = self.relay.ask("POST", "/upload/manifest", self._query(), body)
            self.state.manifest = str(answer["manifest_node_id"])
            self.state.write()

    def _register(self, names: list[str]) -> None:
        entries = [self._entry(name) for name in names]
        body = {
            "id": self.state.manifest,
            "dataset_id": self.task.dataset,
            "status": 0,
            "files": entries,
        }
        answer = self.relay.ask("POST", "/upload/manifest", self._query(), body)
        if failed := answer.get("failed_files"):
            named = {self.state.ids[name]: name for name in names}
            which = ", ".join(f"'{named.get(str(each), each)}'" for each in failed)
            raise Trouble(f"Pennsieve takes no file of this name: {which}")

    def _entry(self, name: str) -> dict[str, Any]:
        inner, _, last = name.rpartition("/")
        parts = (self._folder(), inner)
        return {
            "upload_id": self.state.ids[name],
            "s3_key": "",
            "target_path": "/".join(part for part in parts if part),
            "target_name": last,
            "status": 0,
            "merge_package_id": "",
            "file_type": "",
        }

    def _finalize(self, sent: Mapping[str, tuple[int, str]]) -> None:
        files = [
            {"uploadId": self.state.ids[name], "size": size, "sha256": checksum}
            for name, (size, checksum) in sent.items()
        ]
        body = {"manifestNodeId": self.state.manifest, "onConflict": "keepBoth", "files": files}
        path = "/upload/manifest/files/finalize"
        answer = self.relay.ask("POST", path, self._query(), body)
        results = {row["uploadId"]: row for row in answer.get("results") or ()}
        for name in sent:
            row = results.get(self.state.ids[name], {"error": "no answer about it"})
            if row.get("status") not in _OUTCOMES:
                raise Trouble(f"Pennsieve does not take '{name}': {row.get('error', 'unknown')}")
            self.state.done[name] = self.state.ids[name]
            self.say(f"delivered {self._folder()}/{name}".replace("//", "/"))
        self._note(sent)
        self.state.write()

    def _note(self, sent: Mapping[str, tuple[int, str]]) -> None:
        """Tell the node what was delivered; a package's id is its upload's (``core.md`` 4.4)."""
        rows = [
            {
                "path": f"{self._folder()}/{name}".lstrip("/"),
                "package": f"N:package:{self.state.ids[name]}",
                "size": size,
                "sha256": hex_of(checksum),
            }
            for name, (size, checksum) in sent.items()
        ]
        note(self.relay, self.task, rows)

    def _storage_keys(self) -> Mapping[str, Any]:
        path, body = "/upload/manifest/storage-credentials", {"manifestNodeId": self.state.manifest}
        return self.relay.ask("POST", path, self._query(), body)

    def _query(self) -> dict[str, str]:
        return {"dataset_id": self.task.dataset}

    def _folder(self) -> str:
        return self.task.params.get("TARGET_FOLDER", "").strip("/")


def note(relay: Relay, task: Task, rows: Sequence[Mapping[str, Any]]) -> None:
    """Tell the node what a task has delivered."""
    for start in range(0, len(rows), NOTED_AT_ONCE):
        body = {"step": task.step, "files": list(rows[start : start + NOTED_AT_ONCE])}
        relay.ask("PUT", OUTPUTS_PATH, {}, body)


def hex_of(checksum: str) -> str:
    """A SHA-256 in hex; empty for that of a file in parts, which is not the file's own."""
    return "" if "-" in checksum else base64.b64decode(checksum).hex()
