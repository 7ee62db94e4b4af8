"""``pennsieve dataset grants --audit``: the runs that touched a dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pennsieve_agent.console.shown import Shown, Table
from pennsieve_agent.console.tables import ID, Column, Cut

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.domain.dataset_uses import DatasetUse
    from pennsieve_agent.domain.datasets import Dataset

_KEPT = (
    "note: an own node keeps runs for 90 days, and shows those of others to its owner alone; runs "
    "with --local are on the machines that made them"
)


def audit(context: Context, dataset: Dataset, workflow_id: str, *, as_csv: bool) -> Shown:
    """The runs on a dataset, newest first: of all own nodes that answer, and of Pennsieve's."""
    from pennsieve_agent.cli.run import places
    from pennsieve_agent.console import grant_documents
    from pennsieve_agent.domain import dataset_uses
    from pennsieve_agent.domain.run_filter import RunQuery

    query = RunQuery(dataset=dataset.id, workflow=workflow_id)
    runs = places.everywhere(context).newest(query)
    people = {}
    if any(run.details is None for run in runs):
        members = context.platform.people.members(context.workspace_id)
        people = {member.id: (member.name, member.email) for member in members}
    uses = dataset_uses.uses(runs, people)
    document = [grant_documents.dataset_use(use) for use in uses]
    if as_csv:
        return Shown(document, dataset_uses.as_csv(uses), [_KEPT])
    if not uses:
        return Shown(document, notes=[f"no run has used dataset '{dataset.name}'", _KEPT])
    return Shown(document, _table(context, uses), [_KEPT])


def _table(context: Context, uses: Sequence[DatasetUse]) -> Table:
    from pennsieve_agent.console.words import when

    rows = [
        [
            when(use.started, context.now(), relative=context.relative),
            use.person or use.email or use.caller or "-",
            use.workflow or use.workflow_id,
            use.version or "-",
            use.node or "-",
            use.state,
            use.run or "-",
            use.run_id,
        ]
        for use in uses
    ]
    columns = [
        Column("WHEN"),
        Column("BY", Cut.END),
        Column("WORKFLOW", Cut.MIDDLE),
        Column("VERSION", Cut.END),
        Column("NODE", Cut.MIDDLE, spare=True),
        Column("STATE"),
        Column("RUN", Cut.MIDDLE, spare=True),
        ID,
    ]
    return Table(columns, rows)
