"""``pennsieve run retry``: start what failed or was cancelled again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.run import at_end, limits, start_options
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.errors import Conflict, UsageProblem


@command(
    "run retry",
    answers=("run", "run_plan", "batch_summary", "batch", "batch_retry", "planned_change"),
    examples=[
        "pennsieve run retry spike-rate-1c20",
        "pennsieve run retry spike-rate-1c20 --memory-on-oom x2 --follow",
        "pennsieve run retry all-mice --failed",
        "pennsieve run retry first --from statistics",
        "pennsieve run retry all-mice --failed --from statistics --wait --then 'sync-results'",
    ],
)
def retry(
    context: Context,
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="Name, unique prefix or id, of a run or a batch.")
    ],
    failed: Annotated[
        bool, typer.Option("--failed", help="Only what failed, not what was cancelled.")
    ] = False,
    from_step: Annotated[
        str | None,
        typer.Option("--from", metavar="STEP", help="Take over what finished before this step."),
    ] = None,
    follow: start_options.Follow = False,
    wait: start_options.Wait = False,
    watch: start_options.Watch = False,
    then: at_end.Then = None,
    webhook: at_end.Webhook = None,
    timeout: options.Timeout = None,
    max_cost: limits.MaxCost = None,
    time_limit: limits.TimeLimit = None,
    spot: limits.Spot = False,
    retries: limits.Retries = 0,
    memory_on_oom: limits.MemoryOnOom = None,
    keep_steps: limits.KeepSteps = 0,
    dry_run: start_options.DryRun = False,
) -> Iterator[Shown]:
    """Start again a run that failed or was cancelled.

    The new run has the workflow and version, files, parameters, limits and layout of the earlier
    one, and its name with a number: 'first' is followed by 'first-2'. Limits that you give here
    replace the earlier ones. What has changed since is shown first. The results go to the same
    folder if the earlier run delivered none, else to a new folder. With --from, the steps that had
    finished are taken over instead of paid again, if they were kept: 'run start --keep-steps'.

    Of a batch, the subjects that failed, were cancelled or were left out are started again in the
    same batch. No subject is started twice, even if two people do this at the same time. If an
    attempt has written results, the next one writes to a folder beside them, 'SUBJECT-attempt-2'.
    With --from, the subjects that cannot go on from the step are named and left as they are.
    """
    from pennsieve_agent.cli.run import batch_places, batch_retry, batch_start, start
    from pennsieve_agent.cli.run.retry_from import goes_on
    from pennsieve_agent.cli.run.start_typed import Watching
    from pennsieve_agent.services.runs.repeat_run import is_taken, retried, taken
    from pennsieve_agent.services.runs.run_request import RunOptions

    chosen = limits.limits(
        max_cost,
        time_limit,
        retries,
        spot=spot,
        memory_on_oom=memory_on_oom,
        keep_steps=keep_steps,
    )
    telling = at_end.AtEnd(then, webhook)
    telling.check()
    mode = start.mode_of(context, Watching(follow=follow, wait=wait, watch=watch))
    telling.check_followed(is_followed=mode is not None)
    located = batch_places.run_or_batch(context, run)
    subject = ""
    if not isinstance(located, batch_places.LocatedBatch) and (details := located.run.details):
        subject = details.subject
        if details.batch_id:
            located = batch_places.find(context, details.batch_id)
    if isinstance(located, batch_places.LocatedBatch):
        ends = batch_start.Ends(mode, timeout, dry_run=dry_run, telling=telling)
        yield from batch_retry.retry(
            context,
            located,
            chosen,
            ends=ends,
            subject=subject,
            failed=failed,
            from_step=from_step,
        )
        return
    if failed and located.run.status.is_cancelled:
        raise UsageProblem(
            f"run '{located.run.label}' was cancelled; it did not fail", hint="leave out --failed"
        )
    typed = RunOptions("", limits=chosen)
    if from_step is not None:
        typed = replace(typed, goes_on=goes_on(located.run, from_step))
    request = retried(located, typed)
    try:
        yield from start.on_node(
            context,
            request,
            whole=True,
            mode=mode,
            timeout=timeout,
            telling=telling,
            dry_run=dry_run,
        )
    except (Conflict, UsageProblem):
        if is_taken(located, request.name or ""):  # somebody was faster
            raise taken(located.run, request.name or "") from None
        raise
