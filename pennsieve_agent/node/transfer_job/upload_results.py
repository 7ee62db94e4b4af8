"""Taking a run's results out to its dataset.

What is decided is written to the run's folder before it is done: which manifest, which file has
which upload id, which are finalized. A job that was killed and is run again reads it and goes on,
so nothing is uploaded twice (an upload id is the platform's own mark of a repeated request,
``contracts/core.md`` 4.1).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pennsieve_agent.domain.receipt import with_results
from pennsieve_agent.domain.receipt.form import NotAReceipt, read
from pennsieve_agent.domain.transfer_progress import MovedBytes
from pennsieve_agent.domain.transfers import LocalFile
from pennsieve_agent.errors import AgentError
from pennsieve_agent.node.jobs.tasks import OUTPUTS_PATH, RECEIPT_PATH, Task
from pennsieve_agent.node.records.amounts import amount
from pennsieve_agent.node.transfer_job.left_out import LeftOut
from pennsieve_agent.node.transfer_job.manifests import RelayManifests
from pennsieve_agent.node.transfer_job.relay import Relay
from pennsieve_agent.node.transfer_job.transfer_error import TransferError
from pennsieve_agent.transfer.digests import plain_digest
from pennsieve_agent.transfer.journal import Planned, UploadJournal
from pennsieve_agent.transfer.network import network
from pennsieve_agent.transfer.object_store import ObjectStore
from pennsieve_agent.transfer.sender import Sender
from pennsieve_agent.transfer.upload import Destination, Upload, UploadReport

NOTED_AT_ONCE = 250
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One target's delivery to its dataset.

    ``state`` is the file with what it has decided; ``wrote`` is told of each change of it and of
    the receipt's, before anything is done about it.
    """

    task: Task
    relay: Relay
    state: Path
    say: Say
    now: Callable[[], float]
    left_out: LeftOut
    wrote: Callable[[Path], None] = lambda _: None

    def run(self, results: Iterable[tuple[str, Path]]) -> int:
        """Upload what the steps made; what is finalized already is left. How many files went.

        Raises:
            TransferError: nothing can be uploaded; what was stays, and is not repeated.

        """
        files = self._files(results)
        if not files:
            return 0
        receipt = self._receipt()
        places = {**files, **self._more(receipt.get("more") or {}, files)}
        local = [self._local(name, path) for name, path in places.items()]
        try:
            report, sent = self._upload(local)
            if receipt:
                # The receipt has the checksums of what was sent, so it goes last.
                local += self._own_files(receipt, files, sent)
                report, _ = self._upload(local)
        except AgentError as error:
            raise TransferError(error.message) from error
        for name, failure in report.failed:
            named = name in failure.message
            self.left_out.note(failure.message if named else f"'{name}': {failure.message}")
        done = set(report.uploaded)
        size = sum(file.size for file in local if file.target in done)
        if done:
            self.say(f"{amount(len(done), size)} in {self._folder() or 'the root of the dataset'}")
        return len(done)

    def _upload(self, files: Sequence[LocalFile]) -> tuple[UploadReport, list[Planned]]:
        """Upload files; those that are finalized already are left. Which are, with checksums."""
        size = sum(file.size for file in files)
        moved = MovedBytes("uploaded", size, self.say, self.now)
        # One job of a task runs at a time, and not every file system that AWS mounts has locks.
        with (
            UploadJournal(self.state, shared=True, wrote=self.wrote) as journal,
            Sender(network(os.environ)) as sender,
            ObjectStore(sender, self.relay.sleep, endpoint=self.relay.endpoint) as storage,
        ):
            report = Upload(
                RelayManifests(self.relay),
                storage,
                Destination(self.task.dataset, ""),
                journal,
                self.now,
                self.relay.sleep,
                lambda progress: moved.reach(progress.size),
                self._note,
            ).run(files)
            return report, [item for item in journal.plan(files) if item.finalized]

    def _files(self, results: Iterable[tuple[str, Path]]) -> dict[str, Path]:
        files: dict[str, Path] = {}
        for relative, path in results:
            if relative in files:
                self.left_out.note(
                    f"'{relative}' of one step, as another made a file of this name and one "
                    "dataset folder gets both"
                )
            elif not path.stat().st_size:
                self.say(f"left out, as Pennsieve does not accept empty files: {relative}")
            else:
                files[relative] = path
        return files

    def _receipt(self) -> dict[str, Any]:
        """The run's receipt as its node has it; empty where Pennsieve keeps the run."""
        path = self.state.with_suffix(".receipt")
        if not path.exists():
            receipt = self.relay.ask("GET", RECEIPT_PATH, {"step": self.task.step})
            if not receipt:
                return {}
            _write_new(path, json.dumps(receipt))
            self.wrote(path)
        kept: dict[str, Any] = json.loads(path.read_text())
        return kept

    def _own_files(
        self, receipt: Mapping[str, Any], files: Mapping[str, Path], sent: Sequence[Planned]
    ) -> list[LocalFile]:
        """The receipt with what was sent, and its RO-Crate, as files that go with the results."""
        name = str(receipt["name"])
        name = name if name not in files else f"{self.task.run}-{name}"
        texts = {name: str(receipt["text"])}
        with suppress(NotAReceipt):  # a node of another version wrote it: it goes as it came
            whole = read(texts[name])
            rows = [_sent(item) for item in sent if self._inner(item.file.target) in files]
            texts = with_results.texts_of(whole, name, self._folder(), rows, files.keys())
        return [
            self._local(one, self._written(f".{number}.own", text))
            for number, (one, text) in enumerate(texts.items())
        ]

    def _written(self, suffix: str, text: str) -> Path:
        """A file of a text; one that is there stays, as another would count as changed."""
        path = self.state.with_suffix(suffix)
        if not path.exists():
            _write_new(path, text)
            self.wrote(path)
        return path

    def _inner(self, target: str) -> str:
        """The name of a result as its step called it."""
        return target.removeprefix(f"{self._folder()}/") if self._folder() else target

    def _more(self, texts: Mapping[str, str], files: Mapping[str, Path]) -> dict[str, Path]:
        """What goes with the results where they have no file of the name; lists are added to."""
        places = {}
        for number, (name, text) in enumerate(sorted(texts.items())):
            if name in files and not name.startswith("."):
                continue
            places[name] = self.state.with_suffix(f".{number}.more")
            if not places[name].exists():
                # A list of names, such as .bidsignore, is added to.
                own = files[name].read_text(errors="replace").rstrip("\n") if name in files else ""
                _write_new(places[name], f"{own}\n{text}" if own else text)
                self.wrote(places[name])
        return places

    def _local(self, name: str, path: Path) -> LocalFile:
        inner, _, last = name.rpartition("/")
        folder = "/".join(part for part in (self._folder(), inner) if part)
        state = path.stat()
        return LocalFile(path, folder, last, state.st_size, state.st_mtime_ns)

    def _note(self, planned: Sequence[Planned]) -> None:
        """Tell the node what was delivered; a package's id is its upload's (``core.md`` 4.4)."""
        note(self.relay, self.task, [_sent(item) for item in planned])

    def _folder(self) -> str:
        return self.task.params.get("TARGET_FOLDER", "").strip("/")


def _sent(item: Planned) -> dict[str, Any]:
    """A file that was delivered, as the node notes it."""
    return {
        "path": item.file.target,
        "package": f"N:package:{item.upload_id}",
        "size": item.stored.size if item.stored else item.file.size,
        "sha256": hex_of(item.stored.sha256) if item.stored else "",
    }


def _write_new(path: Path, text: str) -> None:
    partial = path.with_suffix(".part")
    partial.write_text(text)
    partial.replace(path)


def note(relay: Relay, task: Task, rows: Sequence[Mapping[str, Any]]) -> None:
    """Tell the node what a task has delivered."""
    for start in range(0, len(rows), NOTED_AT_ONCE):
        body = {"step": task.step, "files": list(rows[start : start + NOTED_AT_ONCE])}
        relay.ask("PUT", OUTPUTS_PATH, {}, body)


def hex_of(checksum: str) -> str:
    """A SHA-256 in hex; empty for that of a file in parts, which is not the file's own."""
    return "" if "-" in checksum else plain_digest(checksum).hex()
