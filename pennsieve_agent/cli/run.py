"""``pennsieve run``: start analysis and follow it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options, run_limits, run_totals
from pennsieve_agent.cli.app import group
from pennsieve_agent.cli.context import Context
from pennsieve_agent.errors import RunFailed, StillRunning, UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.domain.runs import Run, RunStatus

app = group("Start analysis and follow it.")
app.add_typer(run_totals.app)


@app.command()
def start(
    ctx: typer.Context,
    dataset: options.Dataset,
    workflow: Annotated[
        str | None,
        typer.Option("--workflow", "-w", metavar="WORKFLOW", help="Default: the only one granted."),
    ] = None,
    node: Annotated[
        str | None,
        typer.Option("--node", "-n", metavar="NODE", help="Default: the only one enabled."),
    ] = None,
    files: Annotated[
        list[str] | None,
        typer.Option("--files", metavar="GLOB", help="Input files, such as 'raw/**/*.edf'."),
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option("--param", "-p", metavar="K=V", help="A parameter; STEP.K=V for one step."),
    ] = None,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="A name for the run.")] = None,
    folder: Annotated[
        str | None, typer.Option(metavar="FOLDER", help="Of the dataset, for the results.")
    ] = None,
    follow_: Annotated[
        bool, typer.Option("--follow", "-f", help="Show the log until the run ends.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait, quietly, until the run ends.")
    ] = False,
    timeout: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="Stop waiting, not the run, after this.")
    ] = None,
    max_cost: run_limits.MaxCost = None,
    time_limit: run_limits.TimeLimit = None,
    spot: run_limits.Spot = False,
    retries: run_limits.Retries = 0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would run, and start nothing.")
    ] = False,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Start a workflow on a dataset's files.

    Everything is checked before anything is sent. With --wait or --follow the exit code is 0 when
    the run succeeded, 3 when it failed or was cancelled, and 8 when the time was up.
    """
    from pennsieve_agent.cli import run_following, run_views
    from pennsieve_agent.console import documents
    from pennsieve_agent.services import submit

    context = options.use(ctx, profile, as_json=json)
    limits = run_limits.limits(max_cost, time_limit, retries, spot=spot)
    chosen = (tuple(files or ()), tuple(param or ()), name, folder)
    wanted = submit.RunOptions(dataset, workflow, node, *chosen, limits)
    ready = submit.prepare(context.platform, context.workspace_id, wanted, context.now())
    if dry_run:
        run_views.show_plan(context, ready)
        return
    started = context.platform.runs.start(ready.request)
    run_views.say_started(context, ready, started, followed=follow_ or wait)
    if not (follow_ or wait):
        if json:
            context.streams.document(documents.run(started))
        return
    follower = run_following.follower(context, started, timeout=timeout)
    run_following.to_end(context, follower, show=follow_ and not json)


@app.command("list")
def list_(
    ctx: typer.Context,
    limit: Annotated[
        int, typer.Option("--limit", "-L", metavar="N", min=1, max=1000, help="The newest N.")
    ] = 20,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """The workspace's latest runs."""
    from pennsieve_agent.cli import run_views
    from pennsieve_agent.console import documents
    from pennsieve_agent.services import lookup

    context = options.use(ctx, profile, as_json=json)
    runs = lookup.recent_runs(context.platform, context.workspace_id, limit)
    if json:
        context.streams.document([documents.run(r) for r in runs])
    elif runs:
        context.streams.result(run_views.runs_table(context, runs))
    else:
        context.streams.note("no run yet; start one with: pennsieve run start --dataset DATASET")


@app.command()
def show(
    ctx: typer.Context,
    run: options.Run = None,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """A run: its steps, times, parameters and where its results are."""
    from pennsieve_agent.cli import run_views
    from pennsieve_agent.console import documents

    context = options.use(ctx, profile, as_json=json)
    found = _find(context, run)
    state = context.platform.runs.state(found.uuid)
    if json:
        context.streams.document(documents.run(found, state))
    else:
        run_views.show_run(context, found, state)


@app.command()
def status(
    ctx: typer.Context,
    run: options.Run = None,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """One word: how a run is. Exit code 0 succeeded, 3 failed or cancelled, 8 not ended."""
    context = options.use(ctx, profile, as_json=json)
    found = _find(context, run)
    state = context.platform.runs.state(found.uuid)
    if json:
        context.streams.document({"id": found.uuid, "status": state.status.value})
    else:
        context.streams.result(state.status.label)
    raise typer.Exit(int(_exit_code(state.status)))


@app.command()
def logs(
    ctx: typer.Context,
    run: options.Run = None,
    follow_: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on until the run ends.")
    ] = False,
    step: Annotated[str | None, typer.Option(metavar="STEP", help="Only this step.")] = None,
    timestamps: Annotated[
        bool, typer.Option("--timestamps", "-t", help="Begin each line with its time.")
    ] = False,
    archive: Annotated[
        Path | None,
        typer.Option("--archive", metavar="FILE", help="All of it as a zip, after the end."),
    ] = None,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """What a run printed. With --follow the exit code is the run's, as for 'run start --wait'.

    --json gives one document; with --follow, one object a line as they come. Ctrl+C stops
    following, not the run.
    """
    from pennsieve_agent.cli import run_following, run_views
    from pennsieve_agent.services import follow

    context = options.use(ctx, profile, as_json=json)
    found = _find(context, run)
    if archive is not None:
        run_totals.save_archive(context, found, archive, alone=not (follow_ or step or timestamps))
        return
    if step is not None and step not in {s.id for s in found.steps}:
        names = ", ".join(s.id for s in found.steps)
        raise UsageProblem(f"the run has no step '{step}'", hint=f"its steps are: {names}")
    follower = run_following.follower(context, found, step=step)
    printer = run_views.LinePrinter(context, found, timestamps=timestamps)
    if follow_:
        run_following.to_end(context, follower, show=True, printer=printer)
        return
    lines = [event for event in follower.once() if isinstance(event, follow.Line)]
    if json:
        context.streams.document(
            {"run": found.uuid, "messages": [run_views.line_document(line) for line in lines]}
        )
        return
    for line in lines:
        printer.show(line)
    if not lines:
        context.streams.note("nothing was logged yet; wait for it with --follow")


@app.command()
def cancel(
    ctx: typer.Context,
    run: Annotated[str, typer.Argument(metavar="RUN", help="Name, unique prefix or id.")],
    wait: Annotated[bool, typer.Option("--wait", help="Wait until nothing runs any more.")] = False,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Stop a run: what runs is ended, nothing more is started."""
    from pennsieve_agent.cli import run_following

    context = options.use(ctx, profile, as_json=json)
    found = _find(context, run)
    context.platform.runs.cancel(found.uuid)
    if wait:
        for _ in run_following.follower(context, found).events():
            pass
    state = context.platform.runs.state(found.uuid)
    if json:
        context.streams.document({"id": found.uuid, "status": state.status.value})
    else:
        context.streams.result(f"Run '{found.name or found.uuid}' is {state.status.label}")


@app.command()
def outputs(
    ctx: typer.Context,
    run: options.Run = None,
    download: Annotated[
        Path | None,
        typer.Option("--download", metavar="DIR", help="Download the files to this folder."),
    ] = None,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """The files a run wrote to its dataset, and what its steps reported."""
    from pennsieve_agent.cli import run_views

    context = options.use(ctx, profile, as_json=json)
    found = _find(context, run)
    # A run that was started elsewhere may have no folder of its own; its target then says where.
    folders = {values.get("TARGET_FOLDER", "") for values in found.target_params.values()}
    folders |= {value for name, value in found.outputs.items() if name.endswith(".folder")}
    written = [
        file
        for file in context.platform.datasets.files(found.dataset_id)
        if any(folder and file.path.startswith(f"{folder.strip('/')}/") for folder in folders)
    ]
    written.sort(key=lambda file: file.path)
    if download is None:
        run_views.show_outputs(context, found, written)
        return
    from pennsieve_agent.cli.dataset_download import fetch

    fetch(context, found.dataset_id, written, download)


def _find(context: Context, wanted: str | None) -> Run:
    from pennsieve_agent.services import lookup

    return lookup.run(context.platform, context.workspace_id, wanted)


def _exit_code(status: RunStatus) -> int:
    from pennsieve_agent.domain.runs import RunStatus

    if status is RunStatus.SUCCEEDED:
        return 0
    return int(RunFailed.exit_code if status.is_final else StillRunning.exit_code)
