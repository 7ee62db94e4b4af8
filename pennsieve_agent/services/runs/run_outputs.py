"""The files of a run's results as they are on Pennsieve, to be read.

Pennsieve imports what a run delivered seconds to minutes later, and tells nobody when an import
failed (``contracts/core.md`` 4.5). So what is not in the dataset is either on its way, as its
upload says (4.6), or was there and is gone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pennsieve_agent.domain.datasets import DataFile
from pennsieve_agent.domain.poll_delays import pauses
from pennsieve_agent.domain.run_results import own_folder, target_folders
from pennsieve_agent.domain.runs import RunStatus, unix_seconds

if TYPE_CHECKING:
    from pennsieve_agent.domain.runs import OutputFile, Run
    from pennsieve_agent.domain.transfers import QueuedFile
    from pennsieve_agent.platform.client import Platform
    from pennsieve_agent.services.runs.all_runs import Located

IMPORT_SECONDS = 600.0
"""How long after a run's end its results are waited for; ours: the contract says minutes."""
LOST_SECONDS = 6 * 3600.0
"""After so long Pennsieve itself looks for files that it did not import (``core.md`` 4.5)."""
_CLOCKS_SECONDS = 300.0
NOT_IMPORTED = "Pennsieve has not imported it in hours, so its import failed: start the run again"
NOT_THERE = "it is not in the dataset any more: it was deleted, or moved to another dataset"


@dataclass(frozen=True, slots=True)
class ImportWait:
    """How to wait for imports. ``show`` is told how many files are waited for, 0 at the end.

    ``seconds`` is for how long after the run's end; 0 does not wait.
    """

    now: Callable[[], float]
    sleep: Callable[[float], None]
    show: Callable[[int], None]
    seconds: float = IMPORT_SECONDS


@dataclass(frozen=True, slots=True)
class Results:
    """A run's results: those in the dataset, and why others are not there.

    ``importing`` are paths of files on their way; ``missing`` are paths that will not come, each
    with the reason.
    """

    files: tuple[DataFile, ...]
    importing: tuple[str, ...] = ()
    missing: tuple[tuple[str, str], ...] = ()

    def renamed(self, name: Callable[[str], str]) -> Results:
        """The same under other paths."""
        return Results(
            tuple(replace(file, path=name(file.path)) for file in self.files),
            tuple(map(name, self.importing)),
            tuple((name(path), why) for path, why in self.missing),
        )


@dataclass(frozen=True, slots=True)
class Placed:
    """A file that was delivered, by its path of today.

    ``status`` is ``there``, ``importing``, ``missing`` (``why`` says the reason), or ``untold``.
    """

    file: OutputFile
    status: str = "untold"
    why: str = ""


def placed(platform: Platform, run: Run, written: Sequence[OutputFile], now: float) -> list[Placed]:
    """What was delivered, and whether it is in the dataset now; nothing is waited for."""
    if not written or not run.dataset_id:
        return [Placed(file) for file in written]
    if not all(file.package_id for file in written):
        return [Placed(file, "there" if file.package_id else "untold") for file in written]
    files, lacking = _placed(platform, run, written)
    recent = _is_recent(run, now)
    absent = Placed(files[0], "importing") if recent else Placed(files[0], "missing", NOT_THERE)
    return [
        replace(absent, file=file) if file.package_id in lacking else Placed(file, "there")
        for file in files
    ]


def in_dataset(platform: Platform, run: Run, written: Sequence[OutputFile]) -> list[OutputFile]:
    """What was delivered, under the paths that it has in the dataset now.

    Where a name was taken, Pennsieve gave the file another one (``contracts/core.md`` 4.5), so the
    path that the run wrote may be that of somebody else's file. A file that is not there, or not
    yet, keeps its path.
    """
    return _placed(platform, run, written)[0]


def may_be_renamed(run: Run) -> bool:
    """Whether a run wrote to a folder that others may have written to: one that was chosen.

    A trial run of a node has no dataset at all.
    """
    if run.details is None or not run.dataset_id:
        return False
    return run.details.folder != own_folder(run.name)


def on_pennsieve(
    platform: Platform,
    located: Located,
    wait: ImportWait,
    kept: Callable[[OutputFile], bool] = lambda _: True,
) -> Results:
    """What a run delivered, once Pennsieve has imported it; as long as ``wait`` says."""
    run, backend = located.run, located.backend
    written = [file for file in backend.outputs(run) if kept(file)]
    files, absent = _look(platform, run, written)
    queued: Sequence[QueuedFile] = ()
    if absent or _may_lack_files(run, wait.now()):
        queued = _await(platform, run, absent, wait)
        # Also where none is on its way: it may have come between the two looks.
        written = [file for file in backend.outputs(run) if kept(file)]
        files, absent = _look(platform, run, written)
    late = wait.now() - (unix_seconds(run.completed_at) or wait.now()) > LOST_SECONDS
    by_id = {file.package_id: file.path for file in queued}
    waiting = () if late else tuple(sorted(by_id.values()))
    here = {file.path for file in files}
    reasons = [(f.path, NOT_IMPORTED if f.package_id in by_id else NOT_THERE) for f in absent]
    missing = tuple(one for one in reasons if one[0] not in waiting)
    return Results(tuple(files), tuple(p for p in waiting if p not in here), missing)


def on_their_way(
    platform: Platform, run: Run, written: Sequence[OutputFile], now: float
) -> list[str]:
    """Paths of what a run that has just ended delivered, and Pennsieve has not imported yet."""
    noted = written if _is_recent(run, now) and run.details is not None else ()
    if not noted and not _may_lack_files(run, now):
        return []
    return sorted(file.path for file in _importing(platform, run, noted))


def _is_recent(run: Run, now: float) -> bool:
    """Whether a run ended so lately that its results may still be on their way."""
    ended = unix_seconds(run.completed_at)
    return ended is not None and now < ended + IMPORT_SECONDS


def _may_lack_files(run: Run, now: float) -> bool:
    """Whether files may be on their way that nobody noted: those of a run of Pennsieve's nodes.

    One that did not succeed may have stopped in the middle, and nobody goes on to send the rest.
    """
    return run.details is None and run.status is RunStatus.SUCCEEDED and _is_recent(run, now)


def _importing(platform: Platform, run: Run, absent: Sequence[OutputFile]) -> list[QueuedFile]:
    """The run's files that are uploaded and not imported, as the dataset's uploads say.

    Those that are ``absent`` from the dataset, where the run's node knows their packages; else all
    below the folders that the run's targets write to.
    """
    begun = unix_seconds(run.created_at or run.started_at) or 0.0
    ended = unix_seconds(run.completed_at) or float("inf")
    since, until = begun - _CLOCKS_SECONDS, ended + _CLOCKS_SECONDS
    unfinished = platform.uploads.unfinished(run.dataset_id, since, until)
    if run.details is not None:
        ids = {file.package_id for file in absent}
        return [file for file in unfinished if file.package_id in ids]
    folders = tuple(f"{folder}/" for folder in target_folders(run))
    return [file for file in unfinished if file.path.startswith(folders)]


def _await(
    platform: Platform, run: Run, absent: Sequence[OutputFile], wait: ImportWait
) -> Sequence[QueuedFile]:
    """Wait until nothing of a run is on its way; what still is when the time is up."""
    queued = _importing(platform, run, absent)
    ended = unix_seconds(run.completed_at) or wait.now()
    try:
        for pause in pauses(ended + wait.seconds - wait.now()):
            if not queued:
                break
            wait.show(len(queued))
            wait.sleep(pause)
            queued = _importing(platform, run, absent)
    finally:
        wait.show(0)
    return queued


def _look(
    platform: Platform, run: Run, written: Sequence[OutputFile]
) -> tuple[list[DataFile], list[OutputFile]]:
    """The files in the dataset, and those that are not there; packages nobody noted by path."""
    if not written:
        return [], []
    if all(file.package_id for file in written):
        placed, lacking = _placed(platform, run, written)
        here = [DataFile(f.package_id, f.path, f.size) for f in placed]
        return (
            [file for file in here if file.package_id not in lacking],
            [file for file in written if file.package_id in lacking],
        )
    there = {file.path: file for file in platform.datasets.files(run.dataset_id)}
    return (
        [there[file.path] for file in written if file.path in there],
        [file for file in written if file.path not in there],
    )


def _placed(
    platform: Platform, run: Run, written: Sequence[OutputFile]
) -> tuple[list[OutputFile], frozenset[str]]:
    """What was delivered under the paths that it has now, and the packages that are not there."""
    held = platform.datasets.files_of(run.dataset_id, {file.package_id for file in written})
    packages = Counter(file.package_id for file in held.files)
    paths = {f.package_id: f.path for f in held.files if packages[f.package_id] == 1}
    placed = [replace(file, path=paths.get(file.package_id, file.path)) for file in written]
    return placed, frozenset(held.missing)
