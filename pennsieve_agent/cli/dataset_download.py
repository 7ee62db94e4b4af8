"""``pennsieve dataset download``: files of a dataset to a local folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.console.shown import Shown, show
from pennsieve_agent.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.domain.datasets import DataFile
    from pennsieve_agent.domain.transfers import TransferProgress
    from pennsieve_agent.services.files.download import DownloadReport

_SHOWN = 10


def download(
    ctx: typer.Context,
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="Name, unique prefix or id.")],
    to: Annotated[
        Path,
        typer.Option("--to", metavar="DIR", help="The folder the files go to.", file_okay=False),
    ],
    match: Annotated[
        list[str] | None,
        typer.Option("--files", metavar="GLOB", help="Only these, such as 'raw/**/*.edf'."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace other files of the same names.")
    ] = False,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Files of a dataset to a folder. Run it again to go on where it stopped."""
    from pennsieve_agent.domain.globs import select
    from pennsieve_agent.errors import UsageProblem
    from pennsieve_agent.services import lookup

    context = options.use(ctx, profile, as_json=json)
    found = lookup.dataset(context.platform, dataset)
    listed = context.platform.datasets.files(found.id)
    chosen = select(listed, match) if match else sorted(listed, key=lambda f: f.path)
    if match and not chosen:
        raise UsageProblem(
            f"no file of dataset '{found.name}' matches {', '.join(map(repr, match))}",
            hint=f"see what is there with: pennsieve dataset files '{found.name}'",
        )
    shown = fetched(context, found.id, chosen, to, overwrite=overwrite)
    show(shown, context.streams, as_json=json)
    if shown.exit_code:
        raise typer.Exit(shown.exit_code)


def fetched(
    context: Context,
    dataset_id: str,
    files: Sequence[DataFile],
    to: Path,
    *,
    overwrite: bool = False,
) -> Shown:
    """Download files, show how far it is and what came of it; exit code 1 if any is missing."""
    from pennsieve_agent.console.progress import ProgressLine
    from pennsieve_agent.services.files.download import Download

    line = ProgressLine(context.streams, "Downloading", context.now)

    def show_progress(at: TransferProgress) -> None:
        line.show(at.files, at.total_files, at.size, at.total_size)

    target = to.expanduser().absolute()
    try:
        report = Download(
            context.platform,
            context.sender,
            dataset_id,
            target,
            context.sleep,
            show_progress,
            overwrite=overwrite,
        ).run(files)
    finally:
        line.end()
    code = ExitCode.OK if report.complete else ExitCode.FAILED
    text, notes = _words(target, report)
    return Shown(_document(target, report), text, notes, exit_code=code)


def _words(target: Path, report: DownloadReport) -> tuple[str, list[str]]:
    """What was downloaded, and what was not."""
    from pennsieve_agent.console.words import plural, size

    problems = [f"'{path}' is held back by Pennsieve's scanner" for path, _ in report.blocked]
    problems += [f"'{path}': {error.message}" for path, error in report.failed]
    notes = [f"not downloaded: {problem}" for problem in problems[:_SHOWN]]
    if len(problems) > _SHOWN:
        notes.append(f"not downloaded: {len(problems) - _SHOWN} more; --json lists all")
    text = f"Downloaded {plural(len(report.fetched), 'file')}, {size(report.size)}, to {target}"
    if report.skipped:
        text += f"; {len(report.skipped)} were there already"
    return text, notes


def _document(target: Path, report: DownloadReport) -> dict[str, Any]:
    return {
        "folder": str(target),
        "downloaded": [path.as_posix() for path in report.fetched],
        "skipped": [path.as_posix() for path in report.skipped],
        "blocked": [
            {"path": path.as_posix(), "scan_status": status} for path, status in report.blocked
        ],
        "failed": [
            {"path": path.as_posix(), "message": error.message} for path, error in report.failed
        ],
        "size": report.size,
    }
