"""``pennsieve run retry``: start what failed or was cancelled again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.run import limits, start_options
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.errors import Conflict, UsageProblem


@command(
    "run retry",
    answers=("run", "run_plan"),
    examples=[
        "pennsieve run retry spike-rate-1c20",
        "pennsieve run retry spike-rate-1c20 --memory-on-oom x2 --follow",
    ],
)
def retry(
    context: Context,
    run: Annotated[str, typer.Argument(metavar="RUN", help="Name, unique prefix or id.")],
    follow: start_options.Follow = False,
    wait: start_options.Wait = False,
    watch: start_options.Watch = False,
    timeout: options.Timeout = None,
    max_cost: limits.MaxCost = None,
    time_limit: limits.TimeLimit = None,
    spot: limits.Spot = False,
    retries: limits.Retries = 0,
    memory_on_oom: limits.MemoryOnOom = None,
    dry_run: start_options.DryRun = False,
) -> Iterator[Shown]:
    """Start a run that failed or was cancelled again.

    The new run has the workflow and version, files, parameters, limits and layout of the run, and
    its name with a number: 'first' is followed by 'first-2'. Its results go to the same folder
    where nothing was delivered, else to one of its own. What is different today is said first.
    Limits that are typed replace those of the run.
    """
    from pennsieve_agent.cli.run import places, start
    from pennsieve_agent.services.runs.repeat_run import is_taken, retried, taken
    from pennsieve_agent.services.runs.run_request import RunOptions

    chosen = limits.limits(max_cost, time_limit, retries, spot=spot, memory_on_oom=memory_on_oom)
    located = places.find(context, run)
    request = retried(located, RunOptions("", limits=chosen))
    try:
        yield from start.on_node(
            context,
            request,
            whole=True,
            mode=start.mode_of(context, follow=follow, wait=wait, watch=watch),
            timeout=timeout,
            dry_run=dry_run,
        )
    except (Conflict, UsageProblem):
        if is_taken(located, request.name or ""):  # somebody was faster
            raise taken(located.run, request.name or "") from None
        raise
