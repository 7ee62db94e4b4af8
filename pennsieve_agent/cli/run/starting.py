"""The start of a run that is prepared, and what is shown of it to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.errors import AwsError, NodeError, PlatformError

if TYPE_CHECKING:
    from pennsieve_agent.cli.run.at_end import AtEnd
    from pennsieve_agent.cli.run.following import Mode
    from pennsieve_agent.services.runs.run_backend import RunBackend
    from pennsieve_agent.services.runs.run_request import Prepared, RunOptions
    from pennsieve_agent.services.runs.start_run import Started


def start_and_show(
    context: Context,
    ready: Prepared,
    request: RunOptions,
    check: Callable[[], None],
    *,
    mode: Mode | None,
    timeout: float | None,
    telling: AtEnd,
) -> Iterator[Shown]:
    """Start the run, and follow it to its end as the mode says, if there is one.

    ``check`` refuses a typed name that another run has; ``timeout`` is in seconds.
    """
    with (
        context.interruption.during("the run may or may not have been started", _go_on_hint(ready)),
        _started(context, ready, request, check) as (begun, backend),
    ):
        yield from _go_on(
            context, ready, begun, backend, mode=mode, timeout=timeout, telling=telling
        )


def _go_on_hint(ready: Prepared) -> str:
    if ready.own_node:
        return "type the same command again: it goes on with that run"
    return "check before you type it again: pennsieve run list"


def _go_on(
    context: Context,
    ready: Prepared,
    begun: Started,
    backend: RunBackend,
    *,
    mode: Mode | None,
    timeout: float | None,
    telling: AtEnd,
) -> Iterator[Shown]:
    """Show the run, and follow it if that was asked for.

    Once the user knows of the run, the start is over (``acknowledge``), and the same command
    starts a new run.
    """
    from pennsieve_agent.cli.run import following, start_views

    yield start_views.started(ready, begun, followed=mode is not None)
    if not (context.as_json and mode):
        begun.acknowledge()
    if mode is None:
        return
    follower = following.follower(context, begun.run, backend, timeout=timeout)
    try:
        yield from following.to_end(context, follower, mode, at_end=telling)
    except (PlatformError, AwsError, NodeError):
        raise  # with --json nothing was said of the run: the same command goes on with it
    except BaseException:
        begun.acknowledge()
        raise
    begun.acknowledge()


@contextmanager
def _started(
    context: Context, ready: Prepared, request: RunOptions, check: Callable[[], None]
) -> Iterator[tuple[Started, RunBackend]]:
    from pennsieve_agent.cli.run import places, start_views
    from pennsieve_agent.services.runs import start_run as starting
    from pennsieve_agent.services.runs.pennsieve_runs import PennsieveRuns

    if (own := ready.own_node) is None:
        check()
        start_views.warn_pennsieve_node(context, ready.node.name)
        run = context.platform.runs.start(ready.request)
        yield starting.Started(run), PennsieveRuns(context.platform)
        return
    backend = places.backend_of(context, own)
    with starting.on_own_node(
        ready,
        request,
        calls=context.node_calls(own),
        backend=backend,
        journal=places.journal(context),
        note=context.streams.note,
        check=check,
    ) as begun:
        yield begun, backend
