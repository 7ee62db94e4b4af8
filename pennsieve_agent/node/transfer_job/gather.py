"""What a target's steps made: in the run's folder, or brought from there in one archive.

A function that reaches Pennsieve mounts nothing, and one that mounts the run's folder reaches
nothing but the node's bucket; so small results go from one to the other as an archive there.
"""

from __future__ import annotations

import json
import os
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pennsieve_agent.domain import target_types
from pennsieve_agent.node.jobs.tasks import Task
from pennsieve_agent.node.transfer_job.run_files import RunFiles, refuse

_INDEX = "index.json"
Results = Sequence[tuple[str, Path]]


@dataclass(frozen=True, slots=True)
class Gathered:
    """The files of each step by their paths; ``left_out`` says what cannot be handed over.

    ``at_top`` is whether a step that brought input has files outside of folders.
    """

    files_by_step: Mapping[str, Results]
    left_out: Sequence[str] = field(default_factory=list)
    at_top: bool = True

    @property
    def files(self) -> list[tuple[str, Path]]:
        """All files."""
        return [file for files in self.files_by_step.values() for file in files]

    @property
    def size(self) -> int:
        """All bytes."""
        return sum(path.stat().st_size for _, path in self.files)


def gather(task: Task, run: RunFiles) -> Gathered:
    """Find what the steps before a target made.

    Raises:
        TransferError: a layer's file cannot be handed over: it is complete or not there.

    """
    left_out: list[str] = []
    leave_out = refuse if task.target == target_types.LAYER_TARGET else left_out.append
    results = {step: list(run.files(step, leave_out)) for step in task.parents}
    at_top = any(run.has_files_at_top(step) for step in task.sources)
    return Gathered(results, left_out, at_top)


def pack(gathered: Gathered, archive: Path) -> None:
    """Write everything into an archive; the index comes first.

    Raises:
        OSError: it cannot be read or written.

    """
    places = [path for _, path in gathered.files]
    names = iter(range(len(places)))
    rows = {
        step: [[relative, next(names), path.stat().st_mtime_ns] for relative, path in files]
        for step, files in gathered.files_by_step.items()
    }
    index = {"steps": rows, "leftOut": list(gathered.left_out), "atTop": gathered.at_top}
    with tarfile.open(archive, "w") as tar:
        first = archive.with_suffix(".index")
        first.write_text(json.dumps(index))
        tar.add(first, _INDEX)
        first.unlink()
        for number, path in enumerate(places):
            tar.add(path, str(number))


def unpack(archive: Path, into: Path) -> Gathered:
    """Bring everything from an archive; files get numbers as names, and the times that they had.

    Raises:
        OSError: it cannot be written.

    """
    into.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as tar:
        tar.extractall(into, filter="data")
    index = json.loads((into / _INDEX).read_text())
    results: dict[str, Results] = {}
    for step, rows in index["steps"].items():
        results[step] = [(relative, into / str(number)) for relative, number, _ in rows]
        for _, number, at in rows:
            # The journal of a delivery knows a file by its size and time.
            os.utime(into / str(number), ns=(at, at))
    return Gathered(results, index["leftOut"], index["atTop"])
