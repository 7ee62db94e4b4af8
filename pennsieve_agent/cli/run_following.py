"""Following a run from the command line: how it begins, how it ends, and Ctrl+C."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.run_views import LinePrinter, say_ended
from pennsieve_agent.console import documents
from pennsieve_agent.domain.runs import Run, RunStatus
from pennsieve_agent.errors import RunFailed
from pennsieve_agent.services.follow_run import Change, Follower

if TYPE_CHECKING:
    from pennsieve_agent.services.run_backend import RunBackend


def follower(
    context: Context,
    run: Run,
    backend: RunBackend,
    *,
    step: str | None = None,
    timeout: float | None = None,
) -> Follower:
    """Somebody who follows a run; ``timeout`` is in seconds."""
    return Follower(
        backend,
        run,
        context.now,
        context.sleep,
        context.streams.note,
        deadline=None if timeout is None else context.now() + timeout,
        only_step=step,
    )


def to_end(
    context: Context, following: Follower, *, show: bool, printer: LinePrinter | None = None
) -> None:
    """Follow a run to its end, printing what happens if ``show``.

    Raises:
        RunFailed: it failed or was cancelled.
        StillRunning: the time was up.
    """
    run = following.run
    printer = printer or LinePrinter(context, run)
    status = RunStatus.UNKNOWN
    try:
        for event in following.events():
            if show:
                printer.show(event)
            if isinstance(event, Change) and not event.step:
                status = event.status
    except KeyboardInterrupt:
        context.streams.note(
            f"\nstopped following; the run goes on\n"
            f"  follow it again: pennsieve run logs {run.uuid} --follow\n"
            f"  cancel it:       pennsieve run cancel {run.uuid}"
        )
        raise
    _end(context, following, status, show=show)


def _end(context: Context, following: Follower, status: RunStatus, *, show: bool) -> None:
    run = following.run
    state = following.backend.state(run.uuid)
    if context.as_json and not show:
        # The run is the one document, also when it failed; the exit code says that it did.
        context.streams.document(documents.run(run, state))
        if status is not RunStatus.SUCCEEDED:
            raise typer.Exit(int(RunFailed.exit_code))
        return
    if status is RunStatus.SUCCEEDED:
        say_ended(context, run, state)
        return
    failed = next((s.id for s in state.steps if s.status is RunStatus.FAILED), "")
    raise RunFailed(
        f"run '{run.label}' {state.status.label}" + (f" in step '{failed}'" if failed else ""),
        where=run.uuid,
        hint=f"read why: pennsieve run logs {run.uuid}" + (f" --step {failed}" if failed else ""),
    )
