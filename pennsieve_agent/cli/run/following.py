"""Following a run from the command line: how it begins, how it ends, and Ctrl+C."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.run.event_views import EventViews
from pennsieve_agent.cli.run.views import took
from pennsieve_agent.console import documents
from pennsieve_agent.console.progress import OutageLine
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.domain.run_events import Change
from pennsieve_agent.domain.runs import Run, RunStatus
from pennsieve_agent.errors import ExitCode, RunFailed
from pennsieve_agent.services.runs.follow_run import Follower

if TYPE_CHECKING:
    from pennsieve_agent.services.runs.run_backend import RunBackend


def follower(
    context: Context,
    run: Run,
    backend: RunBackend,
    *,
    step: str | None = None,
    timeout: float | None = None,
) -> Follower:
    """Somebody who follows a run; ``timeout`` is in seconds."""
    from pennsieve_agent.domain.loopback import is_loopback

    return Follower(
        backend,
        run,
        context.now,
        context.sleep,
        OutageLine(context.streams).show,
        here=is_loopback(context.profile.hosts.api2),
        deadline=None if timeout is None else context.now() + timeout,
        only_step=step,
    )


def to_end(
    context: Context, following: Follower, *, show: bool, views: EventViews | None = None
) -> Iterator[Shown]:
    """Follow a run to its end, showing what happens if ``show``, and how it ended.

    Raises:
        RunFailed: it failed or was cancelled.
        StillRunning: the time was up.
    """
    run = following.run
    views = views or EventViews(context, run)
    status = RunStatus.UNKNOWN
    with context.interruption.during(
        "stopped following; the run goes on",
        f"follow it again: pennsieve run logs {run.typed} --follow\n"
        f"  cancel it:       pennsieve run cancel {run.typed}",
        always=True,
    ):
        for events in following.events():
            if show:
                yield from views.shown(events)
            for event in events:
                if isinstance(event, Change) and not event.step:
                    status = event.status
    yield _end(context, following, status, show=show)


def _end(context: Context, following: Follower, status: RunStatus, *, show: bool) -> Shown:
    run = following.run
    state = following.backend.state(run.uuid)
    succeeded = status is RunStatus.SUCCEEDED
    if context.as_json and not show:
        # The run is the one document, also when it failed; the exit code says that it did.
        code = ExitCode.OK if succeeded else RunFailed.exit_code
        return Shown(documents.run(run, state), exit_code=code)
    if succeeded:
        time = took(state, context.now())
        return Shown(
            notes=[f"run '{run.label}' {state.status.label}" + (f" in {time}" if time else "")]
        )
    if state.reason and not state.reason.startswith("step '"):  # no step's program is to blame
        raise RunFailed(
            f"run '{run.label}' {state.status.label}: {state.reason}",
            where=run.uuid,
            hint=f"see what it did: pennsieve run show {run.typed}",
        )
    failed = next((s.id for s in state.steps if s.status is RunStatus.FAILED), "")
    raise RunFailed(
        f"run '{run.label}' {state.status.label}" + (f" in step '{failed}'" if failed else ""),
        where=run.uuid,
        hint=f"read why: pennsieve run logs {run.typed}" + (f" --step {failed}" if failed else ""),
    )
