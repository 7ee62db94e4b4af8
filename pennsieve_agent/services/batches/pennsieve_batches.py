"""The batches that this machine sent to nodes that Pennsieve runs: of its journal, and their runs.

Pennsieve knows no batches. What it says of the runs is asked in lists of the workflow, a hundred a
request; only of runs that failed the steps are asked one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

from pennsieve_agent.domain.batches import (
    Batch,
    BatchCounts,
    BatchRow,
    BatchStep,
    RowStatus,
)
from pennsieve_agent.domain.runs import Run, RunStatus
from pennsieve_agent.errors import Conflict, NotFound
from pennsieve_agent.services.batches.batch_backend import BatchQuery
from pennsieve_agent.services.batches.pennsieve_document import Sent
from pennsieve_agent.services.batches.repeat_batch import of_journal
from pennsieve_agent.services.side_by_side import side_by_side

if TYPE_CHECKING:
    from pennsieve_agent.domain.repeats import BatchAgain
    from pennsieve_agent.platform.client import Platform

_DETAILED = 50
"""Of how many failed runs the steps are asked."""


class Kept(Protocol):
    """A batch in the journal."""

    @property
    def id(self) -> str:
        """Its id."""
        ...

    @property
    def name(self) -> str:
        """Its name."""
        ...

    def document(self) -> dict[str, Any]:
        """What is sent."""
        ...

    def events(self) -> list[dict[str, Any]]:
        """What happened, in order."""
        ...

    def cancel(self) -> None:
        """Note that nothing more is to be sent."""
        ...

    def uncancel(self) -> None:
        """Take that back."""
        ...

    def is_cancelled(self) -> bool:
        """Whether that was noted."""
        ...


class PennsieveBatches:
    """Batches that this machine sent; ``kept`` are those of its journal, newest first."""

    token, name = "", "Pennsieve"

    def __init__(self, platform: Platform, kept: Sequence[Kept]) -> None:
        self._platform, self._kept = platform, kept
        self._runs: dict[str, dict[str, Run]] = {}

    def newest(self, query: BatchQuery) -> list[Batch]:
        """The newest batches that fit, newest first."""
        return list(islice(self._fitting(query), query.limit))

    def _fitting(self, query: BatchQuery) -> Iterator[Batch]:
        for kept in self._kept:
            document = kept.document()
            pairs = (
                (query.workflow, document["workflow"]["id"]),
                (query.dataset, document["dataset"]),
            )
            if all(not mine or mine == theirs for mine, theirs in pairs):
                yield self._batch(kept, document)

    def get(self, batch_id: str) -> Batch:
        """One batch.

        Raises:
            NotFound: this machine sent no such batch.
        """
        self._runs.clear()
        kept = self._find(batch_id)
        return self._batch(kept, kept.document())

    def rows(self, batch_id: str, status: RowStatus | None = None) -> Iterator[BatchRow]:
        """Its subjects, in order."""
        self._runs.clear()
        kept = self._find(batch_id)
        rows = self._rows(kept, kept.document())
        failed = [row for row in rows if row.status is RowStatus.FAILED][:_DETAILED]
        steps = side_by_side([partial(self._steps, row.run) for row in failed])
        known = {row.subject: of for row, of in zip(failed, steps, strict=True)}
        for row in rows:
            if status in {None, row.status}:
                yield row if row.subject not in known else _with_steps(row, known[row.subject])

    def started(self, batch_id: str) -> BatchAgain:
        """What it was started with, to be started again."""
        kept = self._find(batch_id)
        return of_journal(kept.id, kept.name, kept.document())

    def cancel(self, batch_id: str) -> None:
        """Cancel what is active, and send nothing more.

        Raises:
            Conflict: it has ended already.
        """
        kept = self._find(batch_id)
        kept.cancel()
        for row in self._rows(kept, kept.document()):
            if row.run and not row.status.is_final:
                try:
                    self._platform.runs.cancel(row.run)
                except Conflict:  # it has ended meanwhile
                    continue

    def _find(self, batch_id: str) -> Kept:
        for kept in self._kept:
            if kept.id == batch_id:
                return kept
        raise NotFound(f"there is no batch {batch_id}")

    def _batch(self, kept: Kept, document: Mapping[str, Any]) -> Batch:
        rows = self._rows(kept, document)
        counts = BatchCounts.of_rows(row.status for row in rows)
        ends = [row.ended for row in rows]
        return Batch(
            id=kept.id,
            name=kept.name,
            workflow=document["workflow"],
            dataset=document["dataset"],
            created=document["created"],
            ended=max(ends, default="") if counts.is_over else "",
            status=counts.status(cancel=kept.is_cancelled()),
            parallel=document["parallel"],
            counts=counts,
            steps=[BatchStep(step["id"], step["name"]) for step in document["steps"]],
        )

    def _rows(self, kept: Kept, document: Mapping[str, Any]) -> list[BatchRow]:
        sent, runs = Sent.of(kept.events()), self._of_workflow(document["workflow"]["id"])
        waiting = RowStatus.CANCELED if kept.is_cancelled() else RowStatus.WAITING
        rows = []
        for index, row in enumerate(document["runs"]):
            subject = row["subject"]
            blank = BatchRow(index, subject, attempt=sent.attempt(subject).number)
            if (run := runs.get(sent.runs.get(subject, ""))) is not None:
                rows.append(_of_run(blank, run))
            elif subject in sent.runs:  # started, and not in the list yet
                run_id = sent.runs[subject]
                rows.append(replace(blank, run=run_id, status=RowStatus.NOT_STARTED))
            elif subject in sent.skipped:
                why = sent.skipped[subject]
                rows.append(replace(blank, status=RowStatus.SKIPPED, reason=why))
            else:
                is_left = subject in sent.cancelled
                rows.append(replace(blank, status=RowStatus.CANCELED if is_left else waiting))
        return rows

    def _of_workflow(self, workflow: str) -> dict[str, Run]:
        if workflow not in self._runs:
            listed = self._platform.runs.list(self._platform.workspace_id(), workflow_id=workflow)
            self._runs[workflow] = {run.uuid: run for run in listed}
        return self._runs[workflow]

    def _steps(self, run_id: str) -> Mapping[str, tuple[str, str]]:
        state = self._platform.runs.state(run_id)
        return {step.id: (step.status.value, step.reason) for step in state.steps}


def _of_run(row: BatchRow, run: Run) -> BatchRow:
    status = RowStatus.NOT_STARTED if run.status is RunStatus.UNKNOWN else RowStatus.of(run.status)
    return replace(
        row,
        run=run.uuid,
        status=status,
        reason=run.reason,
        steps={step.id: (step.status.value, step.reason) for step in run.states},
        created=run.created_at,
        started=run.started_at,
        ended=run.completed_at,
    )


def _with_steps(row: BatchRow, steps: Mapping[str, tuple[str, str]]) -> BatchRow:
    failed = next((step for step, (state, _) in steps.items() if state == "FAILED"), "")
    reason = row.reason or (f"step '{failed}' failed" if failed else "")
    return replace(row, steps=steps, reason=reason)
