"""``pennsieve run download``: the files that a run wrote."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.dataset.download import Overwrite, fetched
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.errors import NotFound, StillRunning, UsageProblem

if TYPE_CHECKING:
    from collections.abc import Callable

    from pennsieve_agent.domain.runs import Run
    from pennsieve_agent.services.runs.all_runs import Located


@command(
    "run download",
    answers="download",
    examples=[
        "pennsieve run download --to ./results",
        "pennsieve run download all-mice --to ./results --as-they-come",
    ],
)
def download(
    context: Context,
    run: options.Run = None,
    to: Annotated[
        Path,
        typer.Option("--to", metavar="DIR", help="The folder to download to.", file_okay=False),
    ] = Path(),
    overwrite: Overwrite = False,
    as_they_come: Annotated[
        bool,
        typer.Option(
            "--as-they-come", help="Wait for the end, and fetch what each run wrote as it succeeds."
        ),
    ] = False,
) -> Shown:
    """Download the files that a run wrote. Run it again to go on where it stopped.

    The command waits for results that Pennsieve has not imported yet, until ten minutes after the
    run's end. The exit code is 8 when some have still not arrived, or when the run has
    delivered none yet. Of a batch, the results of each subject go to a folder of their own.

    With --as-they-come the command goes on until the run or the batch has ended: the exit code is
    then 0 when all succeeded, and 3 when one did not.
    """
    from pennsieve_agent.cli.run import batch_download, batch_places, download_arrivals

    located = batch_places.run_or_batch(context, run)
    fetch = partial(download_run, overwrite=overwrite)
    if isinstance(located, batch_places.LocatedBatch):
        get = download_arrivals.of_batch if as_they_come else batch_download.download
        return get(context, located, to, partial(fetch, has_folder=True))
    return (download_arrivals.of_run if as_they_come else _of_run)(context, located, to, fetch)


def _of_run(context: Context, located: Located, to: Path, fetch: Callable[..., Shown]) -> Shown:
    return fetch(context, located, to)


def _need_dataset(run: Run) -> None:
    if not run.dataset_id:
        raise UsageProblem(
            f"run '{run.label}' had no dataset, so it delivered no files",
            hint="list your runs with: pennsieve run list",
        )


def download_run(
    context: Context,
    located: Located,
    to: Path,
    *,
    overwrite: bool = False,
    has_folder: bool = False,
    import_seconds: float | None = None,
) -> Shown:
    """Download the results of a run into a folder, under their paths in the dataset.

    Where that is a folder of the run alone (``has_folder``), they lie in it as they did in the
    run's folder in the dataset. ``import_seconds`` after its end are waited for Pennsieve to import
    them; None: ten minutes.

    Raises:
        UsageProblem: it had no dataset. StillRunning: it has delivered none yet.
        NotFound: what it delivered is not in the dataset any more.
    """
    from pennsieve_agent.cli.run import output_views, places
    from pennsieve_agent.domain.run_results import path_in_folder
    from pennsieve_agent.services.runs import run_outputs

    _need_dataset(located.run)
    wait = places.import_wait(context, import_seconds)
    results = run_outputs.on_pennsieve(context.platform, located, wait)
    if not (results.files or results.importing or results.missing):
        if not places.state(located).status.is_final:
            raise StillRunning(
                f"run '{located.run.label}' has not ended, and has delivered no files yet",
                hint=f"wait for it with: pennsieve run wait {located.run.typed}",
            )
        shown = fetched(context, located.run.dataset_id, (), to, overwrite=overwrite)
        return replace(shown, text=None, notes=[output_views.wrote_nothing(located.run)])
    if results.missing and not (results.files or results.importing):
        path, why = results.missing[0]
        raise NotFound(f"run '{located.run.label}' wrote '{path}', but {why}")
    if has_folder:
        results = results.renamed(partial(path_in_folder, located.run))
    return fetched(
        context,
        located.run.dataset_id,
        results.files,
        to,
        overwrite=overwrite,
        importing=results.importing,
        missing=results.missing,
    )
