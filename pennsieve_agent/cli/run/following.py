"""Following a run from the command line: how it begins, what is shown, and Ctrl+C."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from typing import TYPE_CHECKING

from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.run.at_end import NOBODY, AtEnd
from pennsieve_agent.cli.run.endings import ended
from pennsieve_agent.cli.run.event_views import EventViews
from pennsieve_agent.console.progress import OutageLine
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.domain.runs import Run
from pennsieve_agent.services.runs.all_runs import Located
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
    context: Context,
    following: Follower,
    mode: Mode,
    *,
    views: EventViews | None = None,
    at_end: AtEnd = NOBODY,
) -> Iterator[Shown]:
    """Follow a run to its end, showing what happens as the mode says, and how it ended.

    Who is to be told ``at_end`` is told then.

    Raises:
        RunFailed: it failed or was cancelled.
        StillRunning: the time was up.
    """
    run = following.run
    with context.interruption.during(*_interrupted(run, mode), always=True):
        for parts in _seen(context, following, mode, views):
            yield from parts
    state = following.backend.state(run.uuid)
    located = Located(run, following.backend)
    yield ended(context, located, state, at_end=at_end, has_lines=mode is Mode.LINES)


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
) -> Iterator[Iterable[Shown]]:
    """What is shown of what happens, in parts that came at once."""
    if mode is Mode.WATCH and not context.as_json:
        from pennsieve_agent.cli.run import watching

        yield from watching.seen(context, following)
        return
    following.reads_lines = mode is Mode.LINES
    views = views or EventViews(context, following.run)
    for events in following.events():
        yield views.shown(events) if mode is Mode.LINES else ()
