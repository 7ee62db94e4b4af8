"""``pennsieve dataset grants``: which workflows may use which datasets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown, Table
from pennsieve_agent.console.tables import Column, Cut
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pennsieve_agent.services.grants.grant_list import Listed
    from pennsieve_agent.services.nodes.own_node_admin import Unasked


@command(
    "dataset grants",
    answers=("list of grant", "list of dataset_use"),
    examples=[
        "pennsieve dataset grants",
        "pennsieve dataset grants 'Mouse EEG' -w spike-rate",
        "pennsieve dataset grants 'Mouse EEG' --audit",
    ],
)
def grants(
    context: Context,
    dataset: Annotated[
        str | None,
        typer.Argument(metavar="[DATASET]", help="Name, unique prefix or id; all if left out."),
    ] = None,
    workflow: Annotated[
        str | None,
        typer.Option("--workflow", "-w", metavar="WORKFLOW", help="Only those of a workflow."),
    ] = None,
    audit: Annotated[
        bool,
        typer.Option("--audit", help="List the runs that used the dataset, instead of grants."),
    ] = False,
    csv: Annotated[bool, typer.Option("--csv", help="With --audit: as CSV.")] = False,
) -> Shown:
    """Which workflows may use which datasets, granted by whom and when.

    Grants that have expired are shown once more and then removed. --audit lists which run used the
    dataset and when, who started it, with which workflow and version, on which node, and how it
    ended.
    """
    from pennsieve_agent.cli.dataset.ended import sweep
    from pennsieve_agent.cli.workflow.identity import note_unasked
    from pennsieve_agent.console import grant_documents

    if csv and (context.as_json or not audit):
        problem = "--csv and --json cannot be given together" if audit else "--csv needs --audit"
        raise UsageProblem(problem, hint="see: pennsieve dataset grants --help")
    known = _known_workflows(context)
    if audit:
        return _audit(context, dataset, _workflow_id(workflow, known), as_csv=csv)
    listed, unasked = _listed(context, dataset, workflow, known)
    note_unasked(context, unasked)
    if ended := [(row.grant.workflow, row.grant.dataset) for row in listed if row.grant.ended]:
        sweep(context, ended, known)
    document = [
        grant_documents.grant(row.grant, known.get(row.grant.workflow, ""), row.nodes)
        for row in listed
    ]
    if not listed:
        of_this = " of this dataset" if dataset else ""
        return Shown(document, notes=[f"no grant{of_this}; see: pennsieve dataset grant --help"])
    return Shown(document, _table(context, listed, known))


def _known_workflows(context: Context) -> dict[str, str]:
    """Names by id, also of workflows on own nodes and archived ones: their grants are kept."""
    from pennsieve_agent.services.workflows.node_versions import on_nodes

    workflows = context.platform.workflows
    archived = workflows.list(context.workspace_id, archived=True)
    rows, _ = on_nodes((admin.node, admin) for admin in context.admin_nodes)
    names = {row.uuid: row.name for row in rows}
    names |= {w.uuid: f"{w.name} (archived)" for w in archived}
    return names | {w.uuid: w.name for w in workflows.list(context.workspace_id)}


def _audit(context: Context, dataset: str | None, workflow_id: str, *, as_csv: bool) -> Shown:
    from pennsieve_agent.cli.dataset.audit import audit
    from pennsieve_agent.services import lookup

    if dataset is None:
        raise UsageProblem(
            "--audit needs a dataset", hint="type: pennsieve dataset grants DATASET --audit"
        )
    where = lookup.dataset(context.platform, dataset)
    return audit(context, where, workflow_id, as_csv=as_csv)


def _workflow_id(workflow: str | None, known: dict[str, str]) -> str:
    """The id of the workflow that is meant; "" for all."""
    from pennsieve_agent.domain.name_matching import pick

    if workflow is None:
        return ""
    list_command = "pennsieve workflow list"
    return pick(
        workflow,
        known.items(),
        kind="workflow",
        keys=lambda row: row,
        list_command=list_command,
    )[0]


def _listed(
    context: Context, dataset: str | None, workflow: str | None, known: dict[str, str]
) -> tuple[list[Listed], list[Unasked]]:
    from pennsieve_agent.services import lookup
    from pennsieve_agent.services.grants import grant_list

    id_ = _workflow_id(workflow, known)
    where = lookup.dataset(context.platform, dataset) if dataset is not None else None
    rows, unasked = grant_list.of_nodes(context.admin_nodes, id_, where.id if where else "")
    if where is not None:
        members = context.platform.people.members(context.workspace_id)
        people = {str(member.number): member.name for member in members}
        others = grant_list.of_others(context.platform, where, rows, people)
        rows += [row for row in others if not id_ or row.grant.workflow == id_]
    names = {where.id: where.name} if where else {}
    return grant_list.with_names(rows, names), unasked


def _table(context: Context, listed: Sequence[Listed], known: dict[str, str]) -> Table:
    from pennsieve_agent.console.grant_documents import moment
    from pennsieve_agent.console.words import when
    from pennsieve_agent.domain.grants import until_words

    def end(row: Listed) -> str:
        date = until_words(row.grant.until) if row.grant.until else ""
        return f"ended {date}" if row.grant.ended else date

    rows = [
        [
            known.get(row.grant.workflow, row.grant.workflow),
            row.grant.dataset_name or row.grant.dataset,
            row.grant.access.value,
            end(row),
            row.grant.by or row.grant.by_email,
            when(moment(row.grant.at), context.now(), relative=context.relative),
            ", ".join(row.nodes) or "somebody else's",
        ]
        for row in listed
    ]
    spare = [Column(name, Cut.END, spare=True) for name in ("GRANTED BY", "SINCE", "NODES")]
    return Table(["WORKFLOW", "DATASET", "ACCESS", "UNTIL", *spare], rows)
