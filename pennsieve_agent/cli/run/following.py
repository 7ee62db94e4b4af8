"""Following a run from the command line: how it begins, how it ends, and Ctrl+C."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from typing import TYPE_CHECKING

from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.run.event_views import EventViews
from pennsieve_agent.cli.run.views import took
from pennsieve_agent.console import documents
from pennsieve_agent.console.progress import OutageLine
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.domain.run_events import Change, Event
from pennsieve_agent.domain.runs import Run, RunStatus
from pennsieve_agent.errors import ExitCode, RunFailed
from pennsieve_agent.services.runs.follow_run import Follower

if TYPE_CHECKING:
    from pennsieve_agent.services.runs.run_backend import RunBackend


class Mode(Enum):
    """What is shown of a run that is waited for."""

    QUIET = "wait"
    LINES = "logs --follow"
    WATCH = "watch"


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
    context: Context, following: Follower, mode: Mode, *, views: EventViews | None = None
) -> Iterator[Shown]:
    """Follow a run to its end, showing what happens as the mode says, and how it ended.

    Raises:
        RunFailed: it failed or was cancelled.
        StillRunning: the time was up.
    """
    run = following.run
    status = RunStatus.UNKNOWN
    with context.interruption.during(*_interrupted(run, mode), always=True):
        for events, parts in _seen(context, following, mode, views):
            yield from parts
            for event in events:
                if isinstance(event, Change) and not event.step:
                    status = event.status
    yield _end(context, following, status, mode)


def _interrupted(run: Run, mode: Mode) -> tuple[str, str]:
    """What is said after Ctrl+C, and what to type then."""
    cancel = f"  cancel it:       pennsieve run cancel {run.typed}"
    if mode is Mode.WATCH:
        again = f"watch it again: pennsieve run watch {run.typed}"
        return "stopped watching; the run goes on", f"{again}\n{cancel}"
    again = f"follow it again: pennsieve run logs {run.typed} --follow"
    return "stopped following; the run goes on", f"{again}\n{cancel}"


def _seen(
    context: Context, following: Follower, mode: Mode, views: EventViews | None
) -> Iterator[tuple[Sequence[Event], Iterable[Shown]]]:
    """What happens, in parts that came at once, and what is shown of each."""
    if mode is Mode.WATCH and not context.as_json:
        from pennsieve_agent.cli.run import watching

        yield from watching.seen(context, following)
        return
    views = views or EventViews(context, following.run)
    for events in following.events():
        yield events, views.shown(events) if mode is Mode.LINES else ()


def _end(context: Context, following: Follower, status: RunStatus, mode: Mode) -> Shown:
    run = following.run
    state = following.backend.state(run.uuid)
    succeeded = status is RunStatus.SUCCEEDED
    if context.as_json and mode is not Mode.LINES:
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
