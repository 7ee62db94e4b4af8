"""``pennsieve dataset download``: files of a dataset to a local folder."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.errors import ExitCode, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pennsieve_agent.domain.datasets import DataFile
    from pennsieve_agent.domain.transfers import TransferProgress
    from pennsieve_agent.services.files.download import Download, DownloadReport

_SHOWN = 10
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace other files of the same names.")
]


@command(
    "dataset download",
    answers="download",
    examples=[
        "pennsieve dataset download 'Mouse EEG' --to ./eeg",
        "pennsieve dataset download 'Mouse EEG' --to ./eeg --files 'raw/**/*.edf'",
    ],
)
def download(
    context: Context,
    dataset: options.DatasetArgument,
    to: Annotated[
        Path,
        typer.Option("--to", metavar="DIR", help="The folder to download to.", file_okay=False),
    ],
    match: options.Files = None,
    overwrite: Overwrite = False,
) -> Shown:
    """Download files of a dataset to a folder. Run it again to go on where it stopped."""
    from pennsieve_agent.services import lookup
    from pennsieve_agent.services.files.choose_files import choose, coming_notes, idle_notes

    where = lookup.dataset(context.platform, dataset)
    chosen = choose(context.platform, where, match or ())
    left_out = coming_notes(context.platform, where, match or ())
    for note in (*idle_notes(chosen.idle), *left_out):
        context.streams.note(note)
    return fetched(context, where.id, chosen.files, to, overwrite=overwrite)


def fetched(
    context: Context,
    dataset_id: str,
    files: Sequence[DataFile],
    to: Path,
    *,
    overwrite: bool = False,
    importing: Sequence[str] = (),
    missing: Sequence[tuple[str, str]] = (),
) -> Shown:
    """Download files and show the progress; the exit code is 1 if any is missing.

    It is 8 where all else is there, and Pennsieve is still ``importing`` some. ``missing`` are
    files that are not in the dataset, and why.
    """
    target = to.expanduser().absolute()
    with downloading(context, dataset_id, target) as download:
        download.overwrite = overwrite
        report = download.run(files)
    report.importing += importing
    report.failed += [(Path(path), NotFound(why)) for path, why in missing]
    return of_report(target, report)


@contextmanager
def downloading(context: Context, dataset_id: str, target: Path) -> Iterator[Download]:
    """A download from a dataset into a folder, which shows its progress."""
    from pennsieve_agent.console.progress import ProgressLine
    from pennsieve_agent.services.files.download import Download

    line = ProgressLine(context.streams, "Downloading", context.now)

    def show_progress(at: TransferProgress) -> None:
        line.show(at.files, at.total_files, at.size, at.total_size)

    kept = context.interruption.during(
        "what was downloaded is kept, and partial files have temporary names",
        "go on with: the same command",
        always=True,
    )
    try:
        with kept:
            yield Download(
                context.platform, context.sender, dataset_id, target, context.sleep, show_progress
            )
    finally:
        line.end()


def of_report(target: Path, report: DownloadReport) -> Shown:
    """What a download came to; exit code 1 if anything is missing."""
    code = ExitCode.FAILED if report.blocked or report.failed else ExitCode.OK
    if code is ExitCode.OK and report.importing:
        code = ExitCode.STILL_RUNNING
    text, notes = _words(target, report)
    return Shown(_document(target, report), text, notes, exit_code=code)


def _words(target: Path, report: DownloadReport) -> tuple[str, list[str]]:
    """What was downloaded, and what was not."""
    from pennsieve_agent.console.words import plural, size

    notes = [
        f"renamed: '{path}' is '{here.as_posix()}' here, because the file system does not allow "
        "that name, or has it already"
        for path, here in report.renamed[:_SHOWN]
    ]
    if len(report.renamed) > _SHOWN:
        notes.append(f"renamed: {len(report.renamed) - _SHOWN} more; --json lists all")
    if report.unchecked:
        files = plural(len(report.unchecked), "file")
        notes.append(
            f"compared by size alone: {files}, because Pennsieve has no checksum of them; "
            "download them again with: --overwrite"
        )
    problems = [f"'{path}' is held back by Pennsieve's scanner" for path, _ in report.blocked]
    problems += [f"'{path}': {error.message}" for path, error in report.failed]
    notes += [f"not downloaded: {problem}" for problem in problems[:_SHOWN]]
    if len(problems) > _SHOWN:
        notes.append(f"not downloaded: {len(problems) - _SHOWN} more; --json lists all")
    if report.importing:
        files = plural(len(report.importing), "file")
        notes.append(
            f"not there yet: {files} that Pennsieve is still importing, such as "
            f"'{report.importing[0]}'; type the same command again later"
        )
    text = f"Downloaded {plural(len(report.fetched), 'file')}, {size(report.size)}, to {target}"
    if report.skipped:
        text += f"; {len(report.skipped)} were there already"
    return text, notes


def _document(target: Path, report: DownloadReport) -> dict[str, Any]:
    return {
        "folder": str(target),
        "downloaded": [path.as_posix() for path in report.fetched],
        "skipped": [path.as_posix() for path in report.skipped],
        "unchecked": [path.as_posix() for path in report.unchecked],
        "blocked": [
            {"path": path.as_posix(), "scan_status": status} for path, status in report.blocked
        ],
        "failed": [
            {"path": path.as_posix(), "message": error.message} for path, error in report.failed
        ],
        "importing": report.importing,
        "renamed": [{"path": path, "local": here.as_posix()} for path, here in report.renamed],
        "size": report.size,
    }
