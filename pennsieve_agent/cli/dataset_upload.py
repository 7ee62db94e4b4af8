"""``pennsieve dataset upload``: local files and folders into a dataset."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pennsieve_agent.cli import options

if TYPE_CHECKING:
    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.domain.datasets import Dataset
    from pennsieve_agent.domain.transfers import TransferProgress
    from pennsieve_agent.services.files.upload_files import Collected
    from pennsieve_agent.transfer.journal import UploadJournal
    from pennsieve_agent.transfer.upload import UploadReport

_SHOWN = 10


def upload(
    ctx: typer.Context,
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="Name, unique prefix or id.")],
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Files, and folders with all in them.")
    ],
    folder: Annotated[
        str | None,
        typer.Option("--folder", metavar="FOLDER", help="The dataset's folder they go to."),
    ] = None,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="Replace files of the same names; without it, both are kept."
        ),
    ] = False,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Files and folders into a dataset. Run it again to go on where it was stopped.

    Left out, and said: empty files, what operating systems leave behind, likely secrets.
    """
    from pennsieve_agent.errors import UsageProblem
    from pennsieve_agent.services import lookup
    from pennsieve_agent.services.files.upload_files import clean_folder, collect
    from pennsieve_agent.transfer.journal import UploadJournal, journal_path

    context = options.use(ctx, profile, as_json=json)
    into = clean_folder(folder)
    found = collect([path.expanduser() for path in paths], into)
    _tell_left_out(context, found)
    if not found.files:
        raise UsageProblem("there is nothing to upload", hint="name files that are not empty")
    where = lookup.dataset(context.platform, dataset)
    told = [context.profile.hosts.api2, where.id, into, "replace" if replace else "keep"]
    told += [str(path.expanduser().resolve()) for path in paths]
    with UploadJournal(journal_path(context.config_path.parent / "uploads", *told)) as journal:
        if journal.goes_on:
            context.streams.note("going on with an upload that was not completed")
        report = _send(context, where, journal, found, replace=replace)
    _tell(context, where, found, report)
    if report.failed:
        raise typer.Exit(1)


def _send(
    context: Context,
    where: Dataset,
    journal: UploadJournal,
    found: Collected,
    *,
    replace: bool,
) -> UploadReport:
    from pennsieve_agent.console.progress import ProgressLine
    from pennsieve_agent.services.files import upload
    from pennsieve_agent.transfer.object_store import ObjectStore, endpoint_of
    from pennsieve_agent.transfer.upload import Destination, Upload

    line = ProgressLine(context.streams, "Uploading", context.now)

    def show(at: TransferProgress) -> None:
        line.show(at.files, at.total_files, at.size, at.total_size)

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
            return upload.run(sending, uploads, found.files)
    finally:
        line.end()


def _tell_left_out(context: Context, found: Collected) -> None:
    for path, why in found.left_out[:_SHOWN]:
        context.streams.note(f"left out: {path}: {why}")
    if len(found.left_out) > _SHOWN:
        context.streams.note(f"left out: {len(found.left_out) - _SHOWN} more; --json lists all")


def _tell(context: Context, where: Dataset, found: Collected, report: UploadReport) -> None:
    from pennsieve_agent.console.words import plural, size

    if context.as_json:
        context.streams.document(_document(where, found, report))
        return
    for path, error in report.failed[:_SHOWN]:
        context.streams.note(f"not uploaded: '{path}': {error.message}")
    if len(report.failed) > _SHOWN:
        context.streams.note(f"not uploaded: {len(report.failed) - _SHOWN} more")
    count = plural(len(report.uploaded), "file")
    context.streams.result(f"Uploaded {count}, {size(report.size)}, to dataset '{where.name}'")


def _document(where: Dataset, found: Collected, report: UploadReport) -> dict[str, Any]:
    return {
        "dataset": where.name,
        "dataset_id": where.id,
        "uploaded": [
            {"path": path, "package_id": report.package_ids[path]} for path in report.uploaded
        ],
        "failed": [{"path": path, "message": error.message} for path, error in report.failed],
        "left_out": [{"path": str(path), "reason": why} for path, why in found.left_out],
        "size": report.size,
    }
