"""Bringing a run's files in from its dataset, and its results back."""

from __future__ import annotations

import json
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pennsieve_agent.domain.plans import Job
from pennsieve_agent.engine.backend import Log
from pennsieve_agent.engine.files import entries, require_space
from pennsieve_agent.errors import AgentError
from pennsieve_agent.sandbox.compute.delivery import (
    Deliveries,
    copy_file,
    folder_name,
    inner_folder,
)
from pennsieve_agent.sandbox.compute.layers import LayerShelf
from pennsieve_agent.sandbox.compute.records import find_run
from pennsieve_agent.sandbox.compute.seams import DatasetFiles
from pennsieve_agent.sandbox.compute.target_types import LAYER_NAME, LAYER_TARGET
from pennsieve_agent.sandbox.store import Row, Store


@dataclass(frozen=True, slots=True)
class DatasetMover:
    """The :class:`~pennsieve_agent.engine.backend.Mover` of one run.

    Files are copied both ways, so that no program ever holds a file of the dataset itself.
    """

    store: Store
    files: DatasetFiles
    run: Row
    halt: threading.Event
    shelf: LayerShelf

    def stage_in(self, job: Job, into: Path, log: Log) -> None:
        """Copy the chosen files, keeping their folders.

        Raises:
            AgentError: a package is no longer in the dataset.
            OSError: for example, no space left.

        """
        try:
            found = self.files.resolve(self.run["dataset_id"], job.package_ids)
        except LookupError as error:
            raise AgentError(f"a package is no longer in the dataset: {error}") from None
        size = sum(source.stat().st_size for _, source in found)
        require_space(into, size)
        for path, source in found:
            self._check_halt()
            if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
                raise AgentError(f"'{path}' is no path of the dataset")
            target = into / path
            target.parent.mkdir(parents=True, exist_ok=True)
            copy_file(source, target, self._check_halt)
        log(f"{_count(len(found))} ({size} bytes) from dataset {self.run['dataset_id']}")

    def deliver(self, job: Job, out_of: Path, log: Log) -> None:
        """Copy a step's files into the dataset, below the target's folder, or into a layer.

        Raises:
            AgentError: the folder cannot be in the dataset, or the layer cannot be filled.
            OSError: for example, no space left.

        """
        if job.target_type == LAYER_TARGET:
            self._fill_layer(job, out_of, log)
        else:
            self._fill_dataset(job, out_of, log)

    def _fill_layer(self, job: Job, out_of: Path, log: Log) -> None:
        found = [entry for entry in entries(out_of) if not entry.is_folder]
        name, node = job.environment[LAYER_NAME], self.run["node_uuid"]
        if not self.shelf.claim(node, name, self.run["uuid"]):
            raise AgentError(f"layer {name} is no longer there, or no longer empty")

        def write(folder: Path) -> None:
            require_space(folder, sum(entry.real.stat().st_size for entry in found))
            for entry in found:
                self._check_halt()
                target = folder / entry.name
                target.parent.mkdir(parents=True, exist_ok=True)
                copy_file(entry.real, target, self._check_halt)
                shutil.copymode(entry.real, target)

        count, size = self.shelf.fill(node, name, write)
        log(f"{_count(count)} ({size} bytes) in layer {name}")

    def _fill_dataset(self, job: Job, out_of: Path, log: Log) -> None:
        found = [entry for entry in entries(out_of) if not entry.is_folder]
        if not found:
            log("no files to deliver")
            log("warning: the steps before this one wrote no files")
            return
        dataset = self.run["dataset_id"]
        root = self.files.folder(dataset).resolve()
        require_space(root, sum(entry.real.stat().st_size for entry in found))
        base = job.target_folder or default_folder(self.run)
        deliveries = Deliveries(self.store, self.run["uuid"], job.id, self._check_halt)
        delivered = 0
        try:
            for entry in found:
                self._check_halt()
                if why := _unfit(entry.name, entry.real):
                    log(f"skipped {_shown(entry.name)}: {why}")
                    continue
                parent = entry.name.rpartition("/")[0]
                folder = inner_folder(root, f"{base}/{parent}")
                log(f"delivered {deliveries.deliver(entry.real, entry.name, folder, root)}")
                delivered += 1
        finally:
            self.files.sync(dataset)
        log(f"{_count(delivered)} in {base}")
        self._note(job.id, base, delivered)

    def _check_halt(self) -> None:
        if self.halt.is_set():
            raise AgentError("stopped")

    def _note(self, node_id: str, folder: str, count: int) -> None:
        """Ours: the run's outputs say where the files are; keys begin with the writer (3.6)."""
        with self.store.transaction():
            run = find_run(self.store, self.run["uuid"])
            outputs = json.loads(run["outputs"]) if run else {}
            outputs |= {f"{node_id}.folder": folder, f"{node_id}.files": str(count)}
            self.store.execute(
                "UPDATE workflow_runs SET outputs = ? WHERE uuid = ?",
                (json.dumps(outputs), self.run["uuid"]),
            )


def default_folder(run: Row) -> str:
    """Where results go when the run does not say: the workflow's name, then the run's."""
    unnamed = run["name"] == f"run-{run['created_at']}"
    own = run["uuid"][:8] if unnamed else run["name"]
    return f"{folder_name(run['workflow_name'])}/{folder_name(own)}"


def _unfit(name: str, real: Path) -> str:
    """Why a file cannot be in a dataset; empty if it can."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return "its name is not Unicode"
    return "" if real.stat().st_size else "it is empty"


def _shown(name: str) -> str:
    return name.encode(errors="replace").decode()


def _count(number: int) -> str:
    return f"{number} file" if number == 1 else f"{number} files"
