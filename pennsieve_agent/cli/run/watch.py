"""``pennsieve run watch``: the steps of a run while they go on."""

from __future__ import annotations

from collections.abc import Iterator

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.run import at_end
from pennsieve_agent.console.shown import Shown


@command(
    "run watch",
    answers=("run", "batch"),
    examples=["pennsieve run watch", "pennsieve run watch spike-rate-1c20"],
)
def watch(
    context: Context,
    run: options.Run = None,
    timeout: options.Timeout = None,
    then: at_end.Then = None,
    webhook: at_end.Webhook = None,
) -> Iterator[Shown]:
    """Watch the steps of a run until it ends.

    Shown are the state and time of each step, what it waits for, how many bytes are transferred,
    the last line of the log and, on a node of your own, the cost so far. Of a batch, counts,
    failures and the runs that take longest are shown. Ctrl+C stops watching, not the run.

    In a pipe, each change is a line; --json prints the run at its end. The exit code is 0 when the
    run succeeded, 3 when it failed or was cancelled, and 8 when the time was up.
    """
    from pennsieve_agent.cli.run import batch_places, batch_watch, following

    telling = at_end.AtEnd(then, webhook)
    telling.check()
    located = batch_places.run_or_batch(context, run)
    if isinstance(located, batch_places.LocatedBatch):
        yield from batch_watch.watch(context, located, timeout, telling)
        return
    follower = following.follower(context, located.run, located.backend, timeout=timeout)
    yield from following.to_end(context, follower, following.Mode.WATCH, at_end=telling)
