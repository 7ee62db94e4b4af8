"""``pennsieve run cancel``: stop a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import UNCHANGED, Shown, planned
from pennsieve_agent.errors import Conflict

if TYPE_CHECKING:
    from pennsieve_agent.domain.runs import Run, RunStatus
    from pennsieve_agent.services.runs.all_runs import Located
    from pennsieve_agent.services.runs.follow_run import Follower


@command(
    "run cancel",
    answers=("run_status", "planned_change", "batch_summary"),
    examples=[
        "pennsieve run cancel spike-rate-1c20",
        "pennsieve run cancel spike-rate-1c20 --wait",
    ],
)
def cancel(
    context: Context,
    run: Annotated[
        str,
        typer.Argument(metavar="RUN", help="Name, unique prefix or id; of others' runs in full."),
    ],
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until nothing is running any more.")
    ] = False,
    yes: options.Yes = False,
    dry_run: options.DryRun = False,
) -> Shown:
    """Stop a run: end what is running, start nothing more.

    You are asked before a run that somebody else started is stopped. If the run is cancelled
    already, nothing happens and the exit code is 0. Of a batch, all runs are stopped.
    """
    from pennsieve_agent.cli.run import batch_cancel, batch_places, following
    from pennsieve_agent.console import documents

    located = batch_places.run_or_batch(context, run)
    if isinstance(located, batch_places.LocatedBatch):
        return batch_cancel.cancel(context, run, located, yes=yes, dry_run=dry_run, wait=wait)
    begun, backend = located.run, located.backend
    if begun.status.is_cancelled:
        if wait and not begun.status.is_final:
            _to_end(following.follower(context, begun, backend))
        return _already(begun, backend.state(begun.uuid).status)
    if begun.status.is_final:
        raise _ended(begun, begun.status)
    if not _may(context, run, begun, yes=yes or dry_run):
        return UNCHANGED
    if dry_run:
        return planned(f"cancel run '{begun.label}'")
    with context.interruption.during(
        "the run may or may not have been told to end",
        f"check with: pennsieve run show {begun.typed}",
    ):
        if (ended := _end(located)) is not None:
            return _already(begun, ended)
        if wait:
            _to_end(following.follower(context, begun, backend))
    status = backend.state(begun.uuid).status
    return Shown(documents.run_status(begun, status), f"Run '{begun.label}' is {status.label}")


def _may(context: Context, reference: str, run: Run, *, yes: bool) -> bool:
    """Whether to go on: a run of somebody else's is named in full, and asked about.

    Raises:
        UsageProblem: it is not named in full, or nobody can be asked.
    """
    from pennsieve_agent.cli.run import places
    from pennsieve_agent.domain.name_matching import need_whole

    person = places.starter(context, run)
    if person is None:
        return True
    need_whole(reference, run.uuid, run.name, "run")
    question = f"Run '{run.label}' was started by {person}. Cancel it?"
    return context.streams.confirm(question, assume=yes)


def _end(located: Located) -> RunStatus | None:
    """Ask for the end; how it had ended where another cancel came first.

    Raises:
        Conflict: it has ended otherwise.
    """
    try:
        located.backend.cancel(located.run.uuid)
    except Conflict:
        status = located.backend.state(located.run.uuid).status
        if not status.is_cancelled:
            raise _ended(located.run, status) from None
        return status
    return None


def _to_end(follower: Follower) -> None:
    for _ in follower.events():
        pass


def _already(run: Run, status: RunStatus) -> Shown:
    from pennsieve_agent.console import documents

    sentence = f"Run '{run.label}' is {status.label} already; nothing was changed"
    return Shown(documents.run_status(run, status), sentence)


def _ended(run: Run, status: RunStatus) -> Conflict:
    how = "has ended already" if status.is_final else "is about to end by itself"
    return Conflict(
        f"run '{run.label}' {how}: {status.label}",
        hint=f"see it with: pennsieve run show {run.typed}",
    )
