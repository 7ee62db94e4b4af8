"""``pennsieve run wait``: wait until runs end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.run import at_end
from pennsieve_agent.console.shown import Shown

if TYPE_CHECKING:
    from pennsieve_agent.services.runs.all_runs import Located


@command(
    "run wait",
    answers=("run", "list of run", "batch"),
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

    The exit code is 0 when all succeeded, 3 when one failed or was cancelled, and 8 when the time
    was up; a batch counts as all its runs. --then and --webhook report the end of each run, or of
    the batch. If they fail, a note says so, and the exit code stays that of the runs.
    """
    from pennsieve_agent.cli.run import batch_following, batch_places, following

    telling = at_end.AtEnd(then, webhook)
    telling.check()
    if run is not None and len(run) > 1:
        named = [batch_places.only_run(context, one, "waiting for several") for one in run]
        if len(runs := {one.run.uuid: one for one in named}) > 1:
            yield _several(context, list(runs.values()), timeout, telling)
            return
    located = batch_places.run_or_batch(context, run[0] if run else None)
    if isinstance(located, batch_places.LocatedBatch):
        yield from batch_following.to_end(
            context, located, show=False, timeout=timeout, at_end=telling
        )
        return
    follower = following.follower(context, located.run, located.backend, timeout=timeout)
    yield from following.to_end(context, follower, following.Mode.QUIET, at_end=telling)


def _several(
    context: Context, runs: Sequence[Located], timeout: float | None, telling: at_end.AtEnd
) -> Shown:
    """Wait for several runs; each end is noted as it comes.

    Raises:
        RunFailed: one failed or was cancelled.
        StillRunning: the time was up.
    """
    from pennsieve_agent.cli.run import endings, following
    from pennsieve_agent.console import documents
    from pennsieve_agent.domain.runs import RunStatus
    from pennsieve_agent.errors import ExitCode, RunFailed
    from pennsieve_agent.services.runs.wait_runs import ends

    deadline = None if timeout is None else context.now() + timeout
    located = {one.run.uuid: one for one in runs}
    followers = [following.follower(context, one.run, one.backend, timeout=timeout) for one in runs]
    answers, failed = dict[str, Any](), list[str]()
    with context.interruption.during(
        "stopped waiting; the runs go on",
        f"wait again: pennsieve run wait {' '.join(one.run.typed for one in runs)}",
        always=True,
    ):
        for follower, state in ends(followers, context.now, context.sleep, deadline):
            run = follower.run
            for note in endings.ended_of_several(context, located[run.uuid], state, telling).notes:
                context.streams.note(note)
            answers[run.uuid] = documents.run(run, state)
            if state.status is not RunStatus.SUCCEEDED:
                failed.append(run.typed)
    code = RunFailed.exit_code if failed else ExitCode.OK
    if context.as_json:
        return Shown([answers[one.run.uuid] for one in runs], exit_code=code)
    if failed:
        raise RunFailed(
            f"{len(failed)} of {len(runs)} runs did not succeed",
            hint=f"see what they did: pennsieve run show {failed[0]}",
        )
    return Shown()
