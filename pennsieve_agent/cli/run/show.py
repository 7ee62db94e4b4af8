"""``pennsieve run show``: one run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.errors import RunFailed, StillRunning, UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.domain.runs import RunStatus
    from pennsieve_agent.services.runs.all_runs import Located


@command(
    "run show",
    answers=("shown_run", "run_status", "run_outputs", "run_page", "batch", "batch_status"),
    examples=[
        "pennsieve run show",
        "pennsieve run show spike-rate-1c20 --outputs",
        "pennsieve run show first-batch --failed",
    ],
)
def show(
    context: Context,
    run: options.Run = None,
    status: Annotated[
        bool, typer.Option("--status", help="Only its status, as one word and as the exit code.")
    ] = False,
    outputs: Annotated[
        bool,
        typer.Option("--outputs", help="Only the files it wrote, and what its steps reported."),
    ] = False,
    web: Annotated[
        bool, typer.Option("--web", help="Open the run in Pennsieve's web application.")
    ] = False,
    failed: Annotated[
        bool, typer.Option("--failed", help="Of a batch, only the subjects that failed.")
    ] = False,
    csv: Annotated[
        bool, typer.Option("--csv", help="Of a batch, the table as CSV on standard output.")
    ] = False,
) -> Shown:
    """A run: its steps, times, code, input, parameters and results.

    With --web the web application opens in your browser, if there is one, and its address is
    printed with the dataset and the folder of the results; of a sandbox, that folder opens.

    Of a batch, each subject is shown with the state of its steps, its time and cost, and why it
    failed.

    With --status the exit code is 0 when the run succeeded, 3 when it failed or was cancelled, and
    8 when it has not ended.
    """
    from functools import partial

    from pennsieve_agent.cli.run import batch_places, batch_show, places, views
    from pennsieve_agent.cli.run.failed_step import failed_step, read_files
    from pennsieve_agent.console import documents

    if sum((status, outputs, web)) > 1:
        raise UsageProblem(
            "--status, --outputs and --web cannot be given together", hint="give one of them"
        )
    located = batch_places.run_or_batch(context, run)
    if isinstance(located, batch_places.LocatedBatch):
        if outputs or web:
            option = "--web" if web else "--outputs"
            raise UsageProblem(
                f"'{located.batch.name}' is a batch, and {option} is for a run",
                hint=f"download the results: pennsieve run download {located.batch.id} --to DIR",
            )
        if status:
            return batch_show.status(located)
        return batch_show.show(context, located, failed=failed, as_csv=csv)
    if failed or csv:
        raise UsageProblem(
            f"{'--failed' if failed else '--csv'} is for a batch, and '{located.run.label}' is a "
            "run",
            hint="list batches with: pennsieve run list --batches",
        )
    if web:
        return _web(context, located)
    if outputs:
        return _outputs(context, located)
    state = places.state(located)
    if status:
        document = documents.run_status(located.run, state.status)
        return Shown(document, state.status.label, exit_code=_exit_code(state.status))
    located = _with_starter(context, located)
    input_ = located.backend.input(located.run)
    failed_in = failed_step(located, state, partial(read_files, context, located))
    return views.run(context, located.run, state, input_, failed_in)


def _web(context: Context, located: Located) -> Shown:
    """The web application, and where in it the results are."""
    from pennsieve_agent.cli.web import open_web
    from pennsieve_agent.console.shown import Details
    from pennsieve_agent.domain.run_results import target_folders

    run = located.run
    dataset = context.platform.datasets.get(run.dataset_id).name if run.dataset_id else ""
    folders = [run.details.folder] if run.details else sorted(target_folders(run))
    address = open_web(context, dataset, folders)
    document = {"address": address, "dataset": dataset or None, "folders": folders}
    pairs = [("web", address), ("dataset", dataset), ("folder", ", ".join(folders))]
    return Shown(document, Details(pairs))


def _outputs(context: Context, located: Located) -> Shown:
    """The files of a run, by the paths that they have in the dataset."""
    from pennsieve_agent.cli.run import output_views
    from pennsieve_agent.services.runs import run_outputs

    written = here = located.backend.outputs(located.run)
    if run_outputs.may_be_renamed(located.run):
        here = run_outputs.in_dataset(context.platform, located.run, written)
    importing = run_outputs.on_their_way(context.platform, located.run, written, context.now())
    return output_views.outputs(context, located.run, here, written, importing)


def _with_starter(context: Context, located: Located) -> Located:
    """The run with the name of who started it, which Pennsieve gives by id alone."""
    from dataclasses import replace

    from pennsieve_agent.cli.run import places
    from pennsieve_agent.errors import PlatformError

    run = located.run
    if run.details is not None or not run.created_by:
        return located
    try:
        person = places.member(context, run.created_by)
    except PlatformError:
        person = None
    if person is None:
        return located  # the id is said instead
    named = replace(run, creator_name=person.name, creator_email=person.email)
    return replace(located, run=named)


def _exit_code(status: RunStatus) -> int:
    from pennsieve_agent.domain.runs import RunStatus

    if status is RunStatus.SUCCEEDED:
        return 0
    return int(RunFailed.exit_code if status.is_final else StillRunning.exit_code)
