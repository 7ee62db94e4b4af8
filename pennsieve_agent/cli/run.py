"""``pennsieve run show|wait|cancel|download``: one run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.errors import Conflict, RunFailed, StillRunning, UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.domain.runs import RunStatus


@command(
    "run show",
    answers=("run", "run_status", "run_outputs"),
    examples=["pennsieve run show", "pennsieve run show spike-rate-1c20 --outputs"],
)
def show(
    context: Context,
    run: options.Run = None,
    status: Annotated[
        bool, typer.Option("--status", help="Only its state, in one word and as the exit code.")
    ] = False,
    outputs: Annotated[
        bool, typer.Option("--outputs", help="Only the files it wrote, and what its steps report.")
    ] = False,
) -> Shown:
    """A run: its steps, times, code, input, parameters and results.

    With --status the exit code is 0 when it succeeded, 3 when it failed or was cancelled, and 8
    when it has not ended.
    """
    from pennsieve_agent.cli import run_places, run_views
    from pennsieve_agent.console import documents

    if status and outputs:
        raise UsageProblem("--status and --outputs cannot be given together")
    located = run_places.find(context, run)
    if outputs:
        return run_views.outputs(context, located.run, located.backend.outputs(located.run))
    state = run_places.state(located)
    if status:
        document = documents.run_status(located.run, state.status)
        return Shown(document, state.status.label, exit_code=_exit_code(state.status))
    return run_views.run(context, located.run, state)


@command(
    "run wait",
    answers="run",
    examples=["pennsieve run wait", "pennsieve run wait spike-rate-1c20 --timeout 3600"],
)
def wait(
    context: Context, run: options.Run = None, timeout: options.Timeout = None
) -> Iterator[Shown]:
    """Wait until a run ends. Exit code 0 succeeded, 3 failed or cancelled, 8 the time was up."""
    from pennsieve_agent.cli import run_following, run_places

    located = run_places.find(context, run)
    follower = run_following.follower(context, located.run, located.backend, timeout=timeout)
    yield from run_following.to_end(context, follower, show=False)


@command(
    "run cancel",
    answers="run_status",
    examples=[
        "pennsieve run cancel spike-rate-1c20",
        "pennsieve run cancel spike-rate-1c20 --wait",
    ],
)
def cancel(
    context: Context,
    run: Annotated[str, typer.Argument(metavar="RUN", help="Name, unique prefix or id.")],
    wait: Annotated[bool, typer.Option("--wait", help="Wait until nothing runs any more.")] = False,
) -> Shown:
    """Stop a run: end what is running, start nothing more."""
    from pennsieve_agent.cli import run_following, run_places
    from pennsieve_agent.console import documents

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
    status = backend.state(found.uuid).status
    return Shown(documents.run_status(found, status), f"Run '{found.label}' is {status.label}")


@command(
    "run download",
    answers="download",
    examples=["pennsieve run download --to ./results"],
)
def download(
    context: Context,
    run: options.Run = None,
    to: Annotated[
        Path, typer.Option("--to", metavar="DIR", help="The folder the files go to.")
    ] = Path(),
) -> Shown:
    """Download the files that a run wrote. Run it again to go on where it stopped."""
    from pennsieve_agent.cli import run_places
    from pennsieve_agent.cli.dataset_download import fetched
    from pennsieve_agent.services.runs import run_outputs

    located = run_places.find(context, run)
    written = located.backend.outputs(located.run)
    files = run_outputs.on_pennsieve(context.platform, located.run, written)
    return fetched(context, located.run.dataset_id, files, to)


def _exit_code(status: RunStatus) -> int:
    from pennsieve_agent.domain.runs import RunStatus

    if status is RunStatus.SUCCEEDED:
        return 0
    return int(RunFailed.exit_code if status.is_final else StillRunning.exit_code)
