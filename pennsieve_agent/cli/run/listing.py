"""``pennsieve run list``: runs of all nodes in one list."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.domain.run_filter import RunQuery, Someone
    from pennsieve_agent.domain.runs import RunStatus


class Status(StrEnum):
    """How a run is, in the words that are shown."""

    PENDING = "pending"
    RUNNING = "running"
    FINALIZING = "finalizing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELING = "canceling"
    CANCELED = "canceled"


MOST = 1_000_000
"""More runs than anybody lists at once."""


@command(
    "run list",
    answers=("list of run_summary", "list of batch_summary"),
    examples=[
        "pennsieve run list",
        "pennsieve run list --mine --status failed --since 7d",
        "pennsieve run list --batches",
    ],
)
def list_(
    context: Context,
    limit: Annotated[
        int, typer.Option("--limit", "-L", metavar="N", min=1, max=MOST, help="The newest N.")
    ] = 20,
    status: Annotated[
        Status | None,
        typer.Option("--status", metavar="STATUS", help="Only runs with this status."),
    ] = None,
    workflow: options.OfWorkflow = None,
    dataset: options.OfDataset = None,
    mine: Annotated[bool, typer.Option("--mine", help="Only those that you started.")] = False,
    person: Annotated[
        str | None,
        typer.Option(
            metavar="PERSON", help="Only those that this person started: e-mail address or name."
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            "--name", metavar="NAME", help="Only with this in their name; * and ? are wildcards."
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="Only newer ones: 12h, 7d, or a date such as 2026-11-01."
        ),
    ] = None,
    batches: Annotated[
        bool, typer.Option("--batches", help="List batches, each with its counts.")
    ] = False,
    batch: Annotated[
        str | None, typer.Option("--batch", metavar="BATCH", help="Only the runs of this batch.")
    ] = None,
) -> Shown:
    """The latest runs, on your own nodes and on Pennsieve's.

    The newest come first. A node that cannot be reached is named on standard error, and the others
    are listed.
    """
    from pennsieve_agent.cli.run import batch_list, moments, places, views
    from pennsieve_agent.cli.workflow.named import named_workflow
    from pennsieve_agent.console import documents
    from pennsieve_agent.domain.run_filter import RunQuery
    from pennsieve_agent.services import lookup

    if mine and person:
        raise UsageProblem(
            "--mine and --person cannot be given together", hint="leave one of them out"
        )
    if batches:
        others = {"--status": status, "--person": person, "--name": name, "--since": since}
        return batch_list.batches(
            context, limit, workflow, dataset, {**others, "--mine": mine, "--batch": batch}
        )
    if batch is not None:
        others = {"--workflow": workflow, "--dataset": dataset, "--person": person, "--name": name}
        return batch_list.runs(
            context,
            batch,
            limit,
            None if status is None else _wire(status),
            {**others, "--since": since, "--mine": mine},
        )
    begins = "" if since is None else moments.iso(since, context.now(), "--since")
    query = RunQuery(
        status=None if status is None else _wire(status),
        workflow="" if workflow is None else named_workflow(context, workflow).workflow.uuid,
        dataset="" if dataset is None else lookup.dataset(context.platform, dataset).id,
        person=places.me(context) if mine else _person(context, person),
        since=begins,
        name=name or "",
    )
    matches = places.everywhere(context).newest(query)
    runs = matches[:limit]
    document = [documents.run_summary(r) for r in runs]
    if not runs:
        return Shown(document, notes=[_none(query)])
    notes = [f"{len(runs)} of {len(matches)}; more with: --limit {len(matches)}"]
    return Shown(
        document, views.runs_table(context, runs), notes if len(runs) < len(matches) else ()
    )


def _none(query: RunQuery) -> str:
    from pennsieve_agent.domain.run_filter import RunQuery

    if query == RunQuery():
        return "no run yet; start one with: pennsieve run start --dataset DATASET"
    return "no such run; see all with: pennsieve run list"


def _wire(status: Status) -> RunStatus:
    from pennsieve_agent.domain.runs import RunStatus

    return next(known for known in RunStatus if known.label == status.value)


def _person(context: Context, reference: str | None) -> Someone | None:
    if reference is None:
        return None
    from pennsieve_agent.domain.run_filter import Someone
    from pennsieve_agent.services import find_people

    member = find_people.member(context.platform, context.workspace_id, reference)
    return Someone(member.id, member.email, member.name)
