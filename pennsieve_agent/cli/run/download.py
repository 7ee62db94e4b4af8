"""``pennsieve run download``: the files that a run wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.dataset.download import Overwrite, fetched
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.errors import NotFound, StillRunning, UsageProblem, together

if TYPE_CHECKING:
    from pennsieve_agent.domain.runs import Run
    from pennsieve_agent.services.runs.all_runs import Located

if TYPE_CHECKING:
    from pennsieve_agent.domain.runs import Run
    from pennsieve_agent.services.runs.all_runs import Located


@command(
    "run download",
    answers="download",
    examples=[
        "pennsieve run download --to ./results",
        "pennsieve run download spike-rate-1c20 --to ./results --as-they-come",
    ],
)
def download(
    context: Context,
    run: options.Run = None,
    to: Annotated[
        Path,
        typer.Option("--to", metavar="DIR", help="The folder the files go to.", file_okay=False),
    ] = Path(),
    overwrite: Overwrite = False,
    as_they_come: Annotated[
        bool, typer.Option("--as-they-come", help="Follow the run, and fetch files as they appear.")
    ] = False,
) -> Shown:
    """Download the files that a run wrote. Run it again to go on where it stopped.

    Files are compared by Pennsieve's checksum; those that are there already are not fetched again.
    With --as-they-come a run that goes on is followed: a node delivers the files of each data
    target together, when the steps before it are done, so a run with one target delivers at its
    end.

    Results that Pennsieve has not imported yet are waited for, until ten minutes after the run's
    end. The exit code is 8 when some are still on their way, or when the run has delivered none.
    Of a batch, the results of each subject go to a folder of its own.
    """
    from pennsieve_agent.cli.run import batch_download, batch_places

    located = batch_places.run_or_batch(context, run)
    if isinstance(located, batch_places.LocatedBatch):
        return batch_download.download(context, located, to, overwrite=overwrite)
    return download_run(context, located, to, overwrite=overwrite)


def _need_dataset(run: Run) -> None:
    if not run.dataset_id:
        raise UsageProblem(
            f"run '{run.label}' had no dataset, so it delivered no files",
            hint="list your runs with: pennsieve run list",
        )


def download_run(context: Context, located: Located, to: Path, *, overwrite: bool = False) -> Shown:
    """Download the results of a run into a folder.

    Raises:
        UsageProblem: it had no dataset. StillRunning: it has delivered none yet.
        NotFound: what it delivered is not in the dataset any more.
    """
    from pennsieve_agent.cli.run import places

    located = places.find(context, run)
    if as_they_come:
        _fetch_coming(context, located, to, overwrite=overwrite)
        located = places.find(context, located.run.uuid)
    return download_run(context, located, to, overwrite=overwrite)


def download_runs(
    context: Context, runs: Sequence[Located], to: Path, *, overwrite: bool = False
) -> list[tuple[Located, Path, Shown]]:
    """Download the results of several runs, each into a folder of its own below ``to``.

    A run that has none yet, or has none at all, does not hinder the others: what is wrong is raised
    when all others are there.

    Raises:
        AgentError: what is wrong with one; SeveralProblems where it is several.
    """
    from pennsieve_agent.services.runs.coming_results import folders_of

    done, problems = [], []
    for located, folder in zip(runs, folders_of([one.run for one in runs], to), strict=True):
        try:
            shown = download_run(context, located, folder, overwrite=overwrite)
        except (UsageProblem, StillRunning, NotFound) as problem:
            problems.append(problem)
        else:
            done.append((located, folder, shown))
    if problems:
        raise together(problems, f"{len(problems)} of {len(runs)} runs have no results here")
    return done


def _fetch_coming(context: Context, located: Located, to: Path, *, overwrite: bool) -> None:
    """Fetch what is in the dataset already, and what appears there, until the run has ended."""
    from pennsieve_agent.console.words import plural
    from pennsieve_agent.services.runs import run_outputs
    from pennsieve_agent.services.runs.coming_results import as_they_come

    run, backend = located.run, located.backend
    _need_dataset(run)
    coming = as_they_come(
        lambda: run_outputs.so_far(context.platform, located),
        lambda: backend.state(run.uuid).status.is_final,
        context.sleep,
    )
    with context.interruption.during(
        "the run goes on, and the files that were fetched are kept",
        f"go on with: pennsieve run download {run.typed} --as-they-come",
        always=True,
    ):
        for files in coming:
            fetched(context, run.dataset_id, files, to, overwrite=overwrite)
            context.streams.note(f"fetched {plural(len(files), 'file')}; waiting for more")


def _need_dataset(run: Run) -> None:
    if not run.dataset_id:
        raise UsageProblem(
            f"run '{run.label}' had no dataset, so it delivered no files",
            hint="list your runs with: pennsieve run list",
        )


def download_run(context: Context, located: Located, to: Path, *, overwrite: bool = False) -> Shown:
    """Download the results of a run into a folder.

    Raises:
        UsageProblem: it had no dataset. StillRunning: it has delivered none yet.
        NotFound: what it delivered is not in the dataset any more.
    """
    from pennsieve_agent.cli.run import output_views, places
    from pennsieve_agent.services.runs import run_outputs

    _need_dataset(located.run)
    wait = places.import_wait(context)
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
    return fetched(
        context,
        located.run.dataset_id,
        results.files,
        to,
        overwrite=overwrite,
        importing=results.importing,
        missing=results.missing,
    )
