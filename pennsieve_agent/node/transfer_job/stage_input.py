"""Bringing a run's input in: from Pennsieve's storage into the node's bucket, many at once."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from pennsieve_agent.domain.backoff import Backoff
from pennsieve_agent.domain.input_layout import (
    NO_FILES_AT_TOP,
    Layout,
    has_files_at_top,
    local_paths,
)
from pennsieve_agent.domain.transfer_progress import MovedBytes
from pennsieve_agent.domain.transfers import SignedFile, dataset_rows
from pennsieve_agent.errors import AgentError, UsageProblem
from pennsieve_agent.node.jobs.tasks import Task
from pennsieve_agent.node.records.amounts import amount
from pennsieve_agent.node.transfer_job.pace import Pace
from pennsieve_agent.node.transfer_job.relay import Relay
from pennsieve_agent.node.transfer_job.run_objects import RunObjects
from pennsieve_agent.node.transfer_job.transfer_error import TransferError, files_word
from pennsieve_agent.transfer.download import fetch_all
from pennsieve_agent.transfer.fetch import Fetching, Place
from pennsieve_agent.transfer.network import network
from pennsieve_agent.transfer.receive import read
from pennsieve_agent.transfer.sender import Sender

BACKOFF = Backoff(first=2.0, longest=20.0, repeats=5)
PACKAGES_A_CALL = 500


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file to bring: its path in the dataset, and its address for a while.

    ``local`` is its place in ``INPUT_DIR``, ``checksum`` "" when none is known.
    """

    signed: SignedFile
    path: PurePosixPath
    checksum: str = ""
    local: PurePosixPath = field(default_factory=PurePosixPath)


@dataclass(frozen=True, slots=True)
class Listed:
    """What the list of the whole dataset says of a package."""

    folder: str
    checksums: Mapping[str, str]
    """By the names of its files."""


def stage_in(
    task: Task, relay: Relay, objects: RunObjects, pace: Pace, say: Callable[[str], None]
) -> int:
    """Bring everything that a task names, laid out as the task says; how many bytes.

    Raises:
        TransferError: a file cannot be brought, a name leads out of the folder, or two files
            would be in one place.

    """
    with Sender(network(os.environ)) as sender:
        files = list(manifest(task, relay, sender))
        if not files:
            raise TransferError("none of the input files is in the dataset any more")
        files = _laid_out(files, task.layout)
        size = sum(file.signed.size for file in files)
        pace.begin(len(files), size)
        say(f"{amount(len(files), size)} from dataset {task.dataset}")
        _Staging(task, relay, objects, pace, say).fetch(files, sender)
    say(f"all files are there: {files_word(len(files))}, layout '{task.layout}'")
    if not has_files_at_top([file.local for file in files]):
        say(NO_FILES_AT_TOP)
    return size


def manifest(task: Task, relay: Relay, sender: Sender) -> Iterator[Incoming]:
    """The files of a task's packages (``contracts/core.md`` 3.6).

    Who asks for a run names the packages. Nothing says that Pennsieve leaves out those
    of other datasets which the workflow's user reaches, so each is looked for in the list of the
    run's own dataset.

    Raises:
        TransferError: a package is of another dataset.

    """
    query = {"dataset_id": task.dataset}
    listed = _listed(relay, query, sender)
    for start in range(0, len(task.packages), PACKAGES_A_CALL):
        ids = list(task.packages[start : start + PACKAGES_A_CALL])
        answer = relay.ask("POST", "/packages/download-manifest", query, {"nodeIds": ids})
        for row in answer.get("data") or ():
            package, name = row["nodeId"], row["fileName"]
            if listed is not None and package not in listed:
                raise TransferError(
                    f"package {package} is not in dataset {task.dataset}; nothing was downloaded"
                )
            # A package that was asked for by itself comes without its folders.
            known = (listed or {}).get(package) or Listed("/".join(row.get("path") or ()), {})
            signed = SignedFile(package, name, int(row["size"]), row["url"])
            yield Incoming(signed, PurePosixPath(known.folder, name), known.checksums.get(name, ""))


def _listed(relay: Relay, query: Mapping[str, str], sender: Sender) -> dict[str, Listed] | None:
    """The packages in the list of the whole dataset; None where there is none."""
    try:
        answer = relay.ask("GET", "/datasets/manifest", query)
        rows = dataset_rows(read(sender, str(answer["url"]), relay.sleep))
        listed: dict[str, Listed] = {}
        for row in rows:
            package = str(row["packageId"])
            checksums = dict(listed[package].checksums) if package in listed else {}
            if row.get("checksum"):
                checksums[str(row.get("fileName", ""))] = str(row["checksum"])
            listed[package] = Listed(str(row["path"]), checksums)
    except (KeyError, AgentError, TransferError, ValueError):
        return None
    return listed


def _laid_out(files: Sequence[Incoming], layout: Layout) -> list[Incoming]:
    """The files with their places; refuses names that lead out, and two files in one place."""
    for file in files:
        parts = file.path.parts
        if file.path.is_absolute() or ".." in parts or "\0" in str(file.path) or not parts:
            raise TransferError(
                f"'{file.path}' leads out of the run's folder; nothing was downloaded"
            )
    seen: dict[PurePosixPath, str] = {}
    for file in files:
        if seen.setdefault(file.path, file.signed.package_id) != file.signed.package_id:
            raise TransferError(f"two files are called '{file.path}'; rename one of them")
    try:
        places = local_paths([str(file.path) for file in files], layout)
    except UsageProblem as problem:
        raise TransferError(f"{problem.message}; nothing was downloaded") from None
    return [replace(file, local=place) for file, place in zip(files, places, strict=True)]


@dataclass(frozen=True, slots=True)
class _Staging:
    """Brings files of one task, with addresses renewed when they have ended."""

    task: Task
    relay: Relay
    objects: RunObjects
    pace: Pace
    say: Callable[[str], None]

    def fetch(self, files: Sequence[Incoming], sender: Sender) -> None:
        """Bring files; a complete one is left unchanged.

        Raises:
            TransferError: one cannot be brought.

        """
        step = self.task.step
        try:
            self.objects.lay_out(dict.fromkeys((*self.task.steps, step)))
            self.objects.make_folders(step, [Path(file.local) for file in files])
            there = self.objects.sizes(step)
            self._fetch(
                [file for file in files if there.get(str(file.local)) != file.signed.size], sender
            )
        except AgentError as error:
            raise TransferError(error.message) from error

    def _fetch(self, files: Sequence[Incoming], sender: Sender) -> None:
        size = sum(file.signed.size for file in files)
        progress = MovedBytes("downloaded", size, self.say, self.pace.now)

        def moved(count: int) -> None:
            progress.count(count)
            self.pace.check(count)

        tools = Fetching(
            sender,
            self._renewed,
            self.relay.sleep,
            moved,
            random.random,
            lambda _: None,
            grow=self.objects.grow(self.task.step),
            backoff=BACKOFF,
        )
        failed: list[str] = []

        def note(signed: SignedFile, _: Place, error: AgentError | None) -> None:
            if error is not None:
                failed.append(f"'{signed.name}' cannot be downloaded: {error.message}")

        rows = [(file.signed, Place(Path(file.local), Path(), file.checksum)) for file in files]
        fetch_all(rows, tools, note)
        if failed:  # the others are there, for a job that is repeated
            raise TransferError(failed[0])

    def _renewed(self, old: SignedFile) -> SignedFile:
        query, ids = {"dataset_id": self.task.dataset}, {"nodeIds": [old.package_id]}
        answer = self.relay.ask("POST", "/packages/download-manifest", query, ids)
        for row in answer.get("data") or ():
            if row["nodeId"] == old.package_id and row["fileName"] == old.name:
                return replace(old, url=str(row["url"]))
        raise TransferError(f"'{old.name}' is no longer in the dataset")
