"""``pennsieve run download BATCH``: the results of each subject in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.console.words import plural
from pennsieve_agent.errors import AgentError, ExitCode, NotFound, StillRunning, UsageProblem

Fetch = Callable[..., Shown]
"""Gets what a run wrote into a folder: of the context, the run, the folder, ``import_seconds``."""
if TYPE_CHECKING:
    from pennsieve_agent.cli.run.batch_places import LocatedBatch
    from pennsieve_agent.domain.datasets import DataFile
    from pennsieve_agent.domain.local_names import FileSystem

_LISTS = ("downloaded", "skipped", "unchecked", "importing")
_RECORDS = ("blocked", "failed", "renamed")
_SHOWN = 20


def download(
    context: Context,
    located: LocatedBatch,
    to: Path,
    fetch: Fetch,
) -> Shown:
    """Download what the runs that succeeded wrote; ``fetch`` gets that of one into a folder.

    Results that cannot be fetched do not hinder the others.

    Raises:
        StillRunning: none has succeeded, and the batch is not over.
        NotFound: none has succeeded.
    """
    from pennsieve_agent.cli.run.batch_places import runs_of
    from pennsieve_agent.domain.batches import RowStatus
    from pennsieve_agent.services.runs.all_runs import Located

    batch = located.batch
    rows = list(located.backend.rows(batch.id, RowStatus.SUCCEEDED))
    if not rows:
        raise _nothing(located)
    backend = runs_of(context, located)
    whole = Whole(to)
    folders = folders_of(to, [row.subject for row in rows])
    for number, row in enumerate(rows, 1):
        context.streams.note(f"{number} of {len(rows)}: {row.subject}")
        try:
            run = Located(backend.get(row.run), backend)
            shown = fetch(context, run, folders[row.subject])
        except (UsageProblem, StillRunning, NotFound) as problem:
            whole.fail(row.subject, problem)
        else:
            whole.add(row.subject, shown)
    left = batch.counts.waiting + batch.counts.running
    if left:
        whole.notes.append(f"{plural(left, 'run')} to go; type the same command again later")
        whole.code = whole.code or int(ExitCode.STILL_RUNNING)
    return whole.shown(len(rows))


def folders_of(
    to: Path,
    subjects: Sequence[str],
    ask: Callable[[Path, Sequence[DataFile]], FileSystem] | None = None,
) -> dict[str, Path]:
    """The folder of each subject below ``to``, under a name that its file system takes.

    ``ask`` tells how that takes names.
    """
    from pennsieve_agent.domain.datasets import DataFile
    from pennsieve_agent.domain.local_names import local_paths
    from pennsieve_agent.services.files.file_system import file_system
    from pennsieve_agent.transfer.fetch import writing

    target = to.expanduser().absolute()
    # As of a file in each: a subject may lie in the folder of another one.
    files = [DataFile("", f"{subject}/results", None) for subject in subjects]
    with writing(target):
        system = (ask or file_system)(target, files)
    placed = zip(subjects, local_paths(files, system), strict=True)
    return {subject: to / path.parent for subject, (_, path) in placed}


def _nothing(located: LocatedBatch) -> StillRunning | NotFound:
    from pennsieve_agent.cli.run import batch_views

    batch = located.batch
    if batch.status.is_final:
        return NotFound(
            f"no run of batch '{batch.name}' succeeded, so there are no results",
            hint=batch_views.why_hint(batch),
        )
    return StillRunning(
        f"no run of batch '{batch.name}' has succeeded yet",
        hint=f"wait for it with: pennsieve run wait {batch.id}",
    )


class Whole:
    """What all downloads came to together."""

    def __init__(self, to: Path) -> None:
        self.document: dict[str, Any] = {
            "folder": str(to),
            **{name: [] for name in (*_LISTS, *_RECORDS)},
            "size": 0,
        }
        self.notes: list[str] = []
        self._hints: dict[str, None] = {}
        self.code = 0

    def add(self, subject: str, shown: Shown) -> None:
        """Add what a subject's download came to; its paths begin with the subject."""
        part = shown.document
        for name in _LISTS:
            self.document[name] += [f"{subject}/{path}" for path in part[name]]
        for name in _RECORDS:
            self.document[name] += [{**r, "path": f"{subject}/{r['path']}"} for r in part[name]]
        self.document["size"] += part["size"]
        # A file that cannot be fetched weighs more than one that is still to come.
        self.code = min(filter(None, (self.code, int(shown.exit_code))), default=0)
        if shown.exit_code:
            self.notes += [f"{subject}: {note}" for note in shown.notes]

    def fail(self, subject: str, problem: AgentError) -> None:
        """Note that a subject's results cannot be downloaded."""
        self.document["failed"].append({"path": subject, "message": problem.message})
        self.notes.append(f"not downloaded: {subject}: {problem.message}")
        if problem.hint:
            self._hints[problem.hint] = None
        self.code = int(ExitCode.FAILED)

    def shown(self, subjects: int) -> Shown:
        """All of it."""
        files, there = len(self.document["downloaded"]), len(self.document["skipped"])
        text = (
            f"Downloaded {plural(files, 'file')} of {plural(subjects, 'subject')} to "
            f"{self.document['folder']}"
        )
        text += f"; {there} were there already" if there else ""
        notes = self.notes[:_SHOWN]
        if more := len(self.notes) - len(notes):
            notes.append(f"{more} more; --json lists all")
        notes += [f"hint: {hint}" for hint in self._hints]
        return Shown(self.document, text, notes, exit_code=self.code)
