"""``pennsieve run wait``: wait until a run ends."""

from __future__ import annotations

from collections.abc import Iterator

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown


@command(
    "run wait",
    answers=("run", "batch"),
    examples=["pennsieve run wait", "pennsieve run wait spike-rate-1c20 --timeout 3600"],
)
def wait(
    context: Context, run: options.Run = None, timeout: options.Timeout = None
) -> Iterator[Shown]:
    """Wait until a run ends. Exit code 0 succeeded, 3 failed or cancelled, 8 the time was up.

    Of a batch, until all of its runs have ended; the exit code is 0 when all succeeded.
    """
    from pennsieve_agent.cli.run import batch_following, batch_places, following

    located = batch_places.run_or_batch(context, run)
    if isinstance(located, batch_places.LocatedBatch):
        yield from batch_following.to_end(context, located, show=False, timeout=timeout)
        return
    follower = following.follower(context, located.run, located.backend, timeout=timeout)
    yield from following.to_end(context, follower, following.Mode.QUIET)
