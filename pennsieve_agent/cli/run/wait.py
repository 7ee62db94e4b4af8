"""``pennsieve run wait``: wait until runs end."""

from __future__ import annotations

from collections.abc import Iterator

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.run import at_end
from pennsieve_agent.console.shown import Shown


@command(
    "run wait",
    answers=("run", "batch", "list of run or batch"),
    examples=[
        "pennsieve run wait",
        "pennsieve run wait night-1 night-2 --timeout 3600",
        "pennsieve run wait --then 'notify-send \"$PENNSIEVE_STATE\"'",
    ],
)
def wait(
    context: Context,
    run: options.Runs = None,
    timeout: options.Timeout = None,
    then: at_end.Then = None,
    webhook: at_end.Webhook = None,
) -> Iterator[Shown]:
    """Wait until runs end, showing nothing meanwhile.

    Runs and batches may be named together. The exit code is 0 when all succeeded, 3 when one failed
    or was cancelled, and 8 when the time was up; a batch counts as all its runs. --then and
    --webhook report the end of each of them. If they fail, a note says so, and the exit code stays
    that of the runs.
    """
    from pennsieve_agent.cli.run import batch_following, batch_places, following, wait_several

    telling = at_end.AtEnd(then, webhook)
    telling.check()
    if run is not None and len(run) > 1:
        named = wait_several.named(context, run, timeout)
        if len(named) > 1:
            yield wait_several.wait_for(context, named, timeout, telling)
            return
    located = batch_places.run_or_batch(context, run[0] if run else None)
    if isinstance(located, batch_places.LocatedBatch):
        yield from batch_following.to_end(
            context, located, show=False, timeout=timeout, at_end=telling
        )
        return
    follower = following.follower(context, located.run, located.backend, timeout=timeout)
    yield from following.to_end(context, follower, following.Mode.QUIET, at_end=telling)
