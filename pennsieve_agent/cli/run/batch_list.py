"""``pennsieve run list --batches`` and ``--batch``: batches, and the runs of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.run import batch_places
from pennsieve_agent.console import batch_documents
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.cli.run.batch_places import LocatedBatch
    from pennsieve_agent.domain.runs import Run, RunStatus


def batches(
    context: Context,
    limit: int,
    workflow: str | None,
    dataset: str | None,
    others: Mapping[str, object],
) -> Shown:
    """The newest batches of all places. ``others`` are options that are for runs alone."""
    from pennsieve_agent.cli.run import batch_views
    from pennsieve_agent.cli.workflow.named import named_workflow
    from pennsieve_agent.services import lookup
    from pennsieve_agent.services.batches.batch_backend import BatchQuery

    _refuse(others, "--batches")
    query = BatchQuery(
        limit=limit,
        workflow="" if workflow is None else named_workflow(context, workflow).workflow.uuid,
        dataset="" if dataset is None else lookup.dataset(context.platform, dataset).id,
    )
    rows = [(batch, place.name) for batch, place in batch_places.newest(context, query)][:limit]
    document = [batch_documents.summary(batch, place) for batch, place in rows]
    if not rows:
        hint = "start one with: pennsieve run start --dataset DATASET --each 'PATTERN'"
        return Shown(document, notes=[f"no such batch; {hint}"])
    return Shown(document, batch_views.batches_table(context, rows))


def runs(
    context: Context,
    reference: str,
    limit: int,
    status: RunStatus | None,
    others: Mapping[str, object],
) -> Shown:
    """The newest attempts of a batch as runs, in the order of its subjects."""
    from pennsieve_agent.cli.run import views
    from pennsieve_agent.console import documents

    _refuse(others, "--batch")
    located = batch_places.find(context, reference)
    known = [run for run in _runs(located) if status in {None, run.status}]
    document = [documents.run_summary(run) for run in known[:limit]]
    if not known:
        return Shown(document, notes=[f"no such run in batch '{located.batch.name}'"])
    notes = [f"{limit} of {len(known)}; more with: --limit {len(known)}"]
    return Shown(
        document,
        views.runs_table(context, known[:limit]),
        notes if limit < len(known) else (),
    )


def _runs(located: LocatedBatch) -> list[Run]:
    from pennsieve_agent.domain.batches import run_name
    from pennsieve_agent.domain.runs import Run, RunStatus

    batch = located.batch
    return [
        Run(
            uuid=row.run,
            status=RunStatus.of(row.status.value),
            name=run_name(batch.name, row.subject),
            workflow_uuid=batch.workflow.get("id", ""),
            workflow_name=batch.workflow.get("name", ""),
            node_uuid=located.backend.token,
            node_name=located.backend.name,
            dataset_id=batch.dataset,
            created_at=row.created,
            started_at=row.started,
            completed_at=row.ended,
            reason=row.reason,
        )
        for row in located.backend.rows(batch.id)
        if row.run
    ]


def _refuse(others: Mapping[str, object], option: str) -> None:
    for name, value in others.items():
        if value:
            raise UsageProblem(
                f"{name} and {option} cannot be given together", hint="leave one out"
            )
