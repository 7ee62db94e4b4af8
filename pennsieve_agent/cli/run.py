"""``pennsieve run``: start analysis and follow it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options, run_listing, run_start, run_totals
from pennsieve_agent.cli.app import group
from pennsieve_agent.errors import Conflict, RunFailed, StillRunning, UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.domain.runs import RunStatus

app = group("Start analysis and follow it.")
app.add_typer(run_start.app)
app.add_typer(run_listing.app)
app.add_typer(run_totals.app)


@app.command()
def show(
    ctx: typer.Context,
    run: options.Run = None,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """A run: its steps, times, code, input, parameters and where its results are."""
    from pennsieve_agent.cli import run_places, run_views
    from pennsieve_agent.console import documents

    context = options.use(ctx, profile, as_json=json)
    located = run_places.find(context, run)
    state = run_places.state(located)
    if json:
        context.streams.document(documents.run(located.run, state))
    else:
        run_views.show_run(context, located.run, state)


@app.command()
def status(
    ctx: typer.Context,
    run: options.Run = None,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """One word: how a run is. Exit code 0 succeeded, 3 failed or cancelled, 8 not ended."""
    from pennsieve_agent.cli import run_places

    context = options.use(ctx, profile, as_json=json)
    located = run_places.find(context, run)
    state = run_places.state(located)
    if json:
        context.streams.document({"id": located.run.uuid, "status": state.status.value})
    else:
        context.streams.result(state.status.label)
    raise typer.Exit(int(_exit_code(state.status)))


@app.command()
def wait(
    ctx: typer.Context,
    run: options.Run = None,
    timeout: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="Stop waiting, not the run, after this.")
    ] = None,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Wait until a run ends. Exit code 0 succeeded, 3 failed or cancelled, 8 the time was up."""
    from pennsieve_agent.cli import run_following, run_places

    context = options.use(ctx, profile, as_json=json)
    located = run_places.find(context, run)
    follower = run_following.follower(context, located.run, located.backend, timeout=timeout)
    run_following.to_end(context, follower, show=False)


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
    from pennsieve_agent.cli import run_following, run_places, run_views
    from pennsieve_agent.services import follow_run

    context = options.use(ctx, profile, as_json=json)
    located = run_places.find(context, run)
    found = located.run
    if archive is not None:
        alone = not (follow_ or step or timestamps)
        run_totals.save_archive(context, located, archive, alone=alone)
        return
    if step is not None and step not in {s.id for s in found.steps}:
        names = ", ".join(s.id for s in found.steps)
        raise UsageProblem(f"the run has no step '{step}'", hint=f"its steps are: {names}")
    follower = run_following.follower(context, found, located.backend, step=step)
    printer = run_views.LinePrinter(context, found, timestamps=timestamps)
    if follow_:
        run_following.to_end(context, follower, show=True, printer=printer)
        return
    lines = [event for event in follower.once() if isinstance(event, follow_run.Line)]
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
    from pennsieve_agent.cli import run_following, run_places

    context = options.use(ctx, profile, as_json=json)
    located = run_places.find(context, run)
    found, backend = located.run, located.backend
    if found.status.is_final:
        raise Conflict(
            f"run '{found.label}' has ended already: {found.status.label}",
            hint=f"see it with: pennsieve run show '{found.label}'",
        )
    backend.cancel(found.uuid)
    if wait:
        for _ in run_following.follower(context, found, backend).events():
            pass
    state = backend.state(found.uuid)
    if json:
        context.streams.document({"id": found.uuid, "status": state.status.value})
    else:
        context.streams.result(f"Run '{found.label}' is {state.status.label}")


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
    from pennsieve_agent.cli import run_places, run_views

    context = options.use(ctx, profile, as_json=json)
    located = run_places.find(context, run)
    found = located.run
    written = located.backend.outputs(found)
    if download is None:
        run_views.show_outputs(context, found, written)
        return
    from pennsieve_agent.cli.dataset_download import fetch
    from pennsieve_agent.services import run_outputs

    files = run_outputs.on_pennsieve(context.platform, found, written)
    fetch(context, found.dataset_id, files, download)


def _exit_code(status: RunStatus) -> int:
    from pennsieve_agent.domain.runs import RunStatus

    if status is RunStatus.SUCCEEDED:
        return 0
    return int(RunFailed.exit_code if status.is_final else StillRunning.exit_code)
