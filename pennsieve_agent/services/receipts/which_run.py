"""From a file to the run that wrote it: by its place in a dataset, or by its content.

Own nodes note what each run delivered, with the SHA-256 of each file that was sent in one piece.
Pennsieve's nodes note nothing (``contracts/workflows.md`` 3), so their results are told by the
folder and the time alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pennsieve_agent.domain.receipt.form import NAME
from pennsieve_agent.domain.run_filter import RunQuery
from pennsieve_agent.domain.run_results import RECEIPT, target_folders
from pennsieve_agent.errors import AgentError
from pennsieve_agent.services.receipts.check_receipt import load
from pennsieve_agent.services.runs.all_runs import Located
from pennsieve_agent.services.side_by_side import MOST_AT_ONCE, side_by_side

if TYPE_CHECKING:
    from pennsieve_agent.domain.datasets import DataFile
    from pennsieve_agent.domain.receipt.form import Receipt
    from pennsieve_agent.domain.runs import OutputFile, Run
    from pennsieve_agent.services.runs.all_runs import AllRuns

MOST_RUNS = 1000
"""Runs that are asked for their results, newest first."""
_CHUNK = 1024 * 1024
_LEVELS = 6
"""Folders above a file in which its receipt is looked for."""


@dataclass(frozen=True, slots=True)
class Written:
    """The run that wrote a file; ``by`` says how that is known: package, checksum or folder."""

    located: Located
    file: OutputFile
    by: str


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hex.

    Raises:
        OSError: it cannot be read.
    """
    sum_ = hashlib.sha256()
    with path.open("rb") as file:
        while data := file.read(_CHUNK):
            sum_.update(data)
    return sum_.hexdigest()


def by_receipt(path: Path, digest: str) -> tuple[Path, Receipt] | None:
    """The receipt near a file that names it by its checksum; nothing is asked."""
    for folder in list(path.resolve().parents)[:_LEVELS]:
        for name in (NAME, RECEIPT):
            if not (folder / name).is_file():
                continue
            try:
                place, receipt = load(folder / name)
            except AgentError:  # something else of this name
                continue
            if any(row.get("sha256") == digest for row in _results(receipt)):
                return place, receipt
    return None


def _results(receipt: Receipt) -> Iterator[dict[str, str]]:
    yield from receipt["outputs"].get("files") or ()
    for subject in receipt.get("subjects") or ():
        yield from (subject.get("outputs") or {}).get("files") or ()


def by_place(runs: AllRuns, dataset_id: str, file: DataFile) -> Written | None:
    """The run that wrote a file of a dataset."""
    rows = _candidates(runs, dataset_id)
    inside = [row for row in rows if _may_have(row.run, file.path)]
    # A file may have been moved since: then its package alone tells.
    others = [row for row in rows if row not in inside and row.backend.token]

    def fits(written: OutputFile) -> str:
        if written.package_id:
            return "package" if written.package_id == file.package_id else ""
        return "folder" if written.path == file.path else ""

    return _first([*inside, *others], fits)


def by_content(runs: AllRuns, dataset_id: str, digest: str) -> Written | None:
    """The newest run on an own node that wrote a file of this content."""
    rows = [row for row in _candidates(runs, dataset_id) if row.backend.token]
    return _first(rows, lambda written: "checksum" if written.sha256 == digest else "")


def _candidates(runs: AllRuns, dataset_id: str) -> list[Located]:
    """Runs that may have delivered something, newest first."""
    query = RunQuery(dataset=dataset_id, limit=MOST_RUNS)
    rows = runs.located(query)
    return [row for row in rows if row.run.dataset_id and row.run.started_at][:MOST_RUNS]


def _may_have(run: Run, path: str) -> bool:
    """Whether a run's folder has a path; one whose folder nobody tells may."""
    folders = {run.details.folder} if run.details else target_folders(run)
    return not folders or any(not one or path.startswith(f"{one.strip('/')}/") for one in folders)


def _first(rows: Sequence[Located], fits: Callable[[OutputFile], str]) -> Written | None:
    """The first run with a result that fits; several are asked at once."""
    for begin in range(0, len(rows), MOST_AT_ONCE):
        some = rows[begin : begin + MOST_AT_ONCE]
        answers = side_by_side([partial(row.backend.outputs, row.run) for row in some])
        for row, files in zip(some, answers, strict=True):
            for file in files:
                if by := fits(file):
                    whole = Located(row.backend.get(row.run.uuid), row.backend)
                    return Written(whole, file, by)
    return None
