"""``pennsieve dataset upload``: local files and folders into a dataset."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown, Table
from pennsieve_agent.console.tables import PATH
from pennsieve_agent.errors import ExitCode, UsageProblem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pennsieve_agent.domain.datasets import Dataset
    from pennsieve_agent.domain.transfers import TransferProgress
    from pennsieve_agent.services.files.upload_files import Collected
    from pennsieve_agent.transfer.journal import UploadJournal
    from pennsieve_agent.transfer.upload import UploadReport

_SHOWN = 10


@command(
    "dataset upload",
    answers=("upload", "upload_plan"),
    examples=[
        "pennsieve dataset upload 'Mouse EEG' ./day-1 --folder raw",
        "pennsieve dataset upload 'Mouse EEG' ./day-1 --dry-run",
    ],
)
def upload(
    context: Context,
    dataset: options.DatasetArgument,
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH...", help="Files, and folders with everything in them."),
    ],
    folder: Annotated[
        str | None,
        typer.Option("--folder", metavar="FOLDER", help="The folder of the dataset to upload to."),
    ] = None,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Replace files of the same names; otherwise both are kept."),
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Upload also files that the dataset already has.")
    ] = False,
    hidden: Annotated[
        bool,
        typer.Option("--include-hidden", help="Upload also .git folders and likely secrets."),
    ] = False,
    dry_run: options.DryRun = False,
) -> Shown:
    """Upload files and folders to a dataset. Run it again to go on where it stopped.

    Files that the dataset already has, with the same content, are left out and counted. Empty
    files, files that operating systems leave behind, .git folders and likely secrets are not
    uploaded; a note names each.
    """
    from pennsieve_agent.services import lookup
    from pennsieve_agent.services.files.equal_files import equal_files, unchecked_files
    from pennsieve_agent.services.files.upload_files import clean_folder, collect

    into = clean_folder(folder)
    collected = collect([path.expanduser() for path in paths], into, hidden=hidden)
    for note in _left_out(collected):
        context.streams.note(note)
    if not collected.files:
        raise UsageProblem("there is nothing to upload", hint="name files that are not empty")
    where = lookup.dataset(context.platform, dataset)
    listed = () if again else tuple(context.platform.datasets.files(where.id))
    equal = equal_files(collected.files, listed)
    collected.unchecked = unchecked_files(collected.files, listed, equal)
    collected.files = [file for file in collected.files if file.target not in equal]
    if collected.unchecked:
        context.streams.note(_unchecked(collected.unchecked))
    if dry_run:
        return _plan(where, collected, equal)
    target = [context.profile.hosts.api2, where.id, into, "replace" if replace else "keep"]
    target += [str(path.expanduser().resolve()) for path in paths] + ["again"] * again
    with context.interruption.during(
        "what was sent is kept, the other files are not uploaded", "go on with: the same command"
    ):
        report = resumed(context, where, target, collected, replace=replace)
    return _shown(where, collected, report, equal)


def resumed(
    context: Context, where: Dataset, target: list[str], collected: Collected, *, replace: bool
) -> UploadReport:
    """Upload, going on with an upload to the same ``target`` that was interrupted."""
    from pennsieve_agent.transfer.journal import UploadJournal, journal_path
    from pennsieve_agent.transfer.upload import UploadReport

    with UploadJournal(journal_path(context.config_path.parent / "uploads", *target)) as journal:
        if not collected.files:  # an earlier upload, of which all is there, is over
            journal.finish()
            return UploadReport()
        if journal.goes_on:
            context.streams.note("resuming an upload that was interrupted")
        return _send(context, where, journal, collected, replace=replace)


def _send(
    context: Context,
    where: Dataset,
    journal: UploadJournal,
    collected: Collected,
    *,
    replace: bool,
) -> UploadReport:
    from pennsieve_agent.console.progress import ImportLine, ProgressLine
    from pennsieve_agent.services.files import upload
    from pennsieve_agent.transfer.object_store import ObjectStore, endpoint_of
    from pennsieve_agent.transfer.upload import Destination, Upload

    line = ProgressLine(context.streams, "Uploading", context.now)

    def show(at: TransferProgress) -> None:
        line.show(at.files, at.total_files, at.size, at.total_size)

    def show_import(files: int) -> None:
        line.end()
        importing.show(files)

    importing = ImportLine(context.streams)
    profile = context.profile
    endpoint = endpoint_of(profile.aws, context.environ, hosted=profile.hosts.hosted)
    uploads = context.platform.uploads
    try:
        with ObjectStore(context.sender, context.sleep, endpoint=endpoint) as storage:
            sending = Upload(
                uploads,
                storage,
                Destination(where.id, context.workspace_id, replace),
                journal,
                context.now,
                context.sleep,
                show,
            )
            return upload.run(sending, uploads, collected.files, show=show_import)
    finally:
        line.end()


def _left_out(collected: Collected) -> list[str]:
    notes = [f"left out: {path}: {why}" for path, why in collected.left_out[:_SHOWN]]
    if len(collected.left_out) > _SHOWN:
        notes.append(f"left out: {len(collected.left_out) - _SHOWN} more; --json lists all")
    return notes


def _unchecked(paths: list[str]) -> str:
    from pennsieve_agent.console.words import plural

    count = plural(len(paths), "file")
    return (
        f"{count} may now be in the dataset twice, such as '{paths[0]}': the dataset had a file "
        "of that name and size, but Pennsieve has no checksum to compare"
    )


def _shown(
    where: Dataset, collected: Collected, report: UploadReport, equal: Mapping[str, str]
) -> Shown:
    from pennsieve_agent.console.words import plural, size

    notes = [f"not uploaded: '{path}': {error.message}" for path, error in report.failed[:_SHOWN]]
    if len(report.failed) > _SHOWN:
        notes.append(f"not uploaded: {len(report.failed) - _SHOWN} more; --json lists all")
    count = plural(len(report.uploaded), "file")
    text = f"Uploaded {count}, {size(report.size)}, to dataset '{where.name}'"
    if equal:
        text += f"; {len(equal)} were there already"
        notes.append("files that the dataset has are left out; upload them again with: --again")
    code = ExitCode.FAILED if report.failed else ExitCode.OK
    document = _document(where, collected, report)
    document |= {"skipped": _skipped(equal), "unchecked": collected.unchecked}
    return Shown(document, text, notes, exit_code=code)


def _document(where: Dataset, collected: Collected, report: UploadReport) -> dict[str, Any]:
    from pennsieve_agent.console import dataset_documents

    return {
        **dataset_documents.of(where),
        "uploaded": [
            {"path": path, "package_id": report.package_ids[path] or None}
            for path in report.uploaded
        ],
        "failed": [{"path": path, "message": error.message} for path, error in report.failed],
        "left_out": _left_out_document(collected),
        "size": report.size,
    }


def _skipped(equal: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"path": path, "package_id": package} for path, package in sorted(equal.items())]


def _plan(where: Dataset, collected: Collected, equal: Mapping[str, str]) -> Shown:
    """What would be uploaded."""
    from pennsieve_agent.console import dataset_documents
    from pennsieve_agent.console.words import plural, size

    total = sum(file.size for file in collected.files)
    document = {
        **dataset_documents.of(where),
        "files": [{"path": file.target, "size": file.size} for file in collected.files],
        "left_out": _left_out_document(collected),
        "skipped": _skipped(equal),
        "unchecked": collected.unchecked,
        "size": total,
    }
    rows = [[file.target, size(file.size)] for file in collected.files]
    count = plural(len(collected.files), "file")
    note = f"would upload {count}, {size(total)}, to dataset '{where.name}' (--dry-run)"
    if equal:
        note += f"; {len(equal)} are there already"
    return Shown(document, Table([PATH, "SIZE"], rows), [note])


def _left_out_document(collected: Collected) -> list[dict[str, str]]:
    return [{"path": str(path), "reason": why} for path, why in collected.left_out]
