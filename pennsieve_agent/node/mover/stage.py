"""Bringing a run's input files in: several at once, each going on where it stopped."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from pennsieve_agent.domain.input_layout import (
    NO_FILES_AT_TOP,
    Layout,
    has_files_at_top,
    local_paths,
)
from pennsieve_agent.domain.step_files import step_folder
from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.node.amounts import amount
from pennsieve_agent.node.mover.relay import Relay
from pennsieve_agent.node.mover.run_files import RunFiles
from pennsieve_agent.node.mover.trouble import Trouble, disk_words, files_word
from pennsieve_agent.node.tasks import Task

AT_ONCE = 8
ATTEMPTS = 6
READ_BYTES = 1 << 20
IDLE_SECONDS = 60
PACKAGES_A_CALL = 500
_RANGE_DONE = 416
_PARTIAL_CONTENT = 206


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file to bring: its path in the dataset, size in bytes, and address for a while.

    ``local`` is its place in ``INPUT_DIR``.
    """

    package: str
    name: str
    path: PurePosixPath
    size: int
    url: str = field(repr=False)
    local: PurePosixPath = field(default_factory=PurePosixPath)


def stage_in(task: Task, relay: Relay, run: RunFiles, say: Callable[[str], None]) -> None:
    """Download everything that a task names, laid out as the task says.

    Raises:
        Trouble: a file cannot be downloaded, a name leads out of the folder, or two files would
            be in one place.

    """
    files = list(manifest(task, relay))
    if not files:
        raise Trouble("the packages hold no files")
    files = _laid_out(files, task.layout)
    run.lay_out([*task.steps, task.step])
    total = sum(file.size for file in files)
    say(f"{amount(len(files), total)} from dataset {task.dataset}")
    fetcher = Fetcher(task, relay, run)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for done in [pool.submit(fetcher.fetch, file) for file in files]:
            done.result()
    shutil.rmtree(fetcher.partials, ignore_errors=True)
    say(f"all files are there: {files_word(len(files))}, layout '{task.layout}'")
    if not has_files_at_top([file.local for file in files]):
        say(NO_FILES_AT_TOP)


def manifest(task: Task, relay: Relay) -> Iterator[Incoming]:
    """The files of a task's packages (``contracts/core.md`` 3.6).

    Who asks for a run names the packages. Nothing says that Pennsieve leaves out those
    of other datasets which the workflow's user reaches, so each is looked for in the list of the
    run's own dataset.

    Raises:
        Trouble: a package is of another dataset.

    """
    query = {"dataset_id": task.dataset}
    listed = _folders(relay, query)
    folders = listed or {}
    for start in range(0, len(task.packages), PACKAGES_A_CALL):
        asked = list(task.packages[start : start + PACKAGES_A_CALL])
        answer = relay.ask("POST", "/packages/download-manifest", query, {"nodeIds": asked})
        for row in answer.get("data") or ():
            if listed is not None and row["nodeId"] not in listed:
                raise Trouble(
                    f"package {row['nodeId']} is not in dataset {task.dataset}; nothing was "
                    "downloaded"
                )
            # A package that was asked for by itself comes without its folders.
            folder = folders.get(row["nodeId"], "/".join(row.get("path") or ()))
            where = PurePosixPath(folder, row["fileName"])
            yield Incoming(row["nodeId"], row["fileName"], where, int(row["size"]), row["url"])


def _folders(relay: Relay, query: Mapping[str, str]) -> dict[str, str] | None:
    """The folder of each package, from the list of the whole dataset; None where there is none."""
    try:
        answer = relay.ask("GET", "/datasets/manifest", query)
        with urllib.request.urlopen(answer["url"], timeout=IDLE_SECONDS) as document:  # noqa: S310
            rows: list[dict[str, Any]] = json.load(document)["files"]
    except (KeyError, OSError, Trouble, ValueError):
        return None
    return {row["packageId"]: row["path"] for row in rows}


def _laid_out(files: Sequence[Incoming], layout: Layout) -> list[Incoming]:
    """The files with their places; refuses names that lead out, and two files in one place."""
    for file in files:
        parts = file.path.parts
        if file.path.is_absolute() or ".." in parts or "\0" in str(file.path) or not parts:
            raise Trouble(f"'{file.path}' leads out of the run's folder; nothing was downloaded")
    seen: dict[PurePosixPath, str] = {}
    for file in files:
        if seen.setdefault(file.path, file.package) != file.package:
            raise Trouble(f"two files are called '{file.path}'; rename one of them")
    try:
        places = local_paths([str(file.path) for file in files], layout)
    except UsageProblem as problem:
        raise Trouble(f"{problem.message}; nothing was downloaded") from None
    return [replace(file, local=place) for file, place in zip(files, places, strict=True)]


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Downloads files of one task, with addresses renewed when they have ended."""

    task: Task
    relay: Relay
    run: RunFiles

    @property
    def partials(self) -> Path:
        """Where files grow: beside the step's folder, which never has half a file in it."""
        return self.run.root / f".{step_folder(self.task.step)}.partial"

    def fetch(self, file: Incoming) -> None:
        """Bring one file; a complete one is left as it is.

        Raises:
            Trouble: it cannot be downloaded or written.

        """
        into = self.run.data(self.task.step)
        target = into / file.local
        if target.is_file() and target.stat().st_size == file.size:
            return
        try:
            self.run.owner.make_folders(target.parent, into)
            self.partials.mkdir(exist_ok=True)
            partial = self.partials / hashlib.sha256(str(file.path).encode()).hexdigest()
            self._download(file, partial)
            self.run.owner.take(partial)
            partial.replace(target)
        except OSError as error:
            raise Trouble(disk_words(error, f"writing '{file.path}'")) from error

    def _download(self, file: Incoming, partial: Path) -> None:
        url, said = file.url, ""
        for attempt in range(ATTEMPTS):
            if attempt:
                self.relay.sleep(min(2.0**attempt, 20.0))
            have = partial.stat().st_size if partial.exists() else 0
            if have > file.size:
                partial.unlink()
                have = 0
            if have == file.size and partial.exists():
                return
            try:
                said = self._read(url, partial, have) or said
            except urllib.error.HTTPError as error:
                said = f"HTTP {error.code}"
                if error.code in {400, 401, 403}:  # the address has ended
                    url = self._renewed(file)
                elif error.code == _RANGE_DONE:
                    partial.unlink(missing_ok=True)
            except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
                said = str(getattr(error, "reason", error))
            if partial.exists() and partial.stat().st_size == file.size:
                return
        size = partial.stat().st_size if partial.exists() else 0
        why = said or f"{size} of {file.size} bytes came"
        raise Trouble(f"'{file.path}' cannot be downloaded: {why}")

    def _read(self, url: str, partial: Path, have: int) -> str:
        """Read on from where the file ends; why it stopped too early, if it did."""
        request = urllib.request.Request(url)  # noqa: S310 - an address of the platform's storage
        if have:
            request.add_header("Range", f"bytes={have}-")
        with urllib.request.urlopen(request, timeout=IDLE_SECONDS) as answer:  # noqa: S310
            resumed = have and answer.status == _PARTIAL_CONTENT
            with partial.open("ab" if resumed else "wb") as file:
                while block := answer.read(READ_BYTES):
                    file.write(block)
                file.flush()
                os.fsync(file.fileno())
        return ""

    def _renewed(self, file: Incoming) -> str:
        query = {"dataset_id": self.task.dataset}
        asked = {"nodeIds": [file.package]}
        answer = self.relay.ask("POST", "/packages/download-manifest", query, asked)
        for row in answer.get("data") or ():
            if row["nodeId"] == file.package and row["fileName"] == file.name:
                return str(row["url"])
        raise Trouble(f"'{file.path}' is no longer in the dataset")
