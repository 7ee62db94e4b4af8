"""Batches as JSON documents and as CSV."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from pennsieve_agent.console import documents
from pennsieve_agent.domain.runs import seconds_between

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pennsieve_agent.domain.batches import Batch, BatchRow

_LABELS = {"NOT_STARTED": "pending", "STARTED": "running"}


def label(state: str) -> str:
    """The word for the state of a subject or of one of its steps."""
    return _LABELS.get(state, state.lower() or "unknown")


def summary(batch: Batch, node: str) -> dict[str, Any]:
    """A batch in a list; ``node`` is the name of the place where it is."""
    return {
        "id": batch.id,
        "name": batch.name,
        "status": label(batch.status.value),
        "workflow": batch.workflow.get("name") or None,
        "workflow_id": batch.workflow.get("id", ""),
        "node": node,
        "dataset_id": batch.dataset,
        "created_by": {
            "id": None,
            "name": batch.person.get("name") or None,
            "email": batch.person.get("email") or None,
        },
        "created_at": documents.time(batch.created),
        "completed_at": documents.time(batch.ended),
        "parallel": batch.parallel,
        "counts": batch.counts.document(),
        "estimated_usd": batch.cost,
    }


def retried_from(
    batch: Batch,
    node: str,
    step: str,
    takes: Mapping[str, Sequence[str]],
    left: Mapping[str, str],
    *,
    changed: bool,
) -> dict[str, Any]:
    """Which subjects of a batch go on from a step, and why others do not."""
    return {
        "id": batch.id,
        "name": batch.name,
        "node": node,
        "from_step": step,
        "changed": changed,
        "subjects": [
            {"subject": subject, "taken_steps": list(steps)} for subject, steps in takes.items()
        ],
        "left": [{"subject": subject, "reason": why} for subject, why in left.items()],
    }


def ended(batch: Batch, node: str) -> dict[str, Any]:
    """A batch that is over, for those who are told of it: no subject, no parameter, no person."""
    whole = summary(batch, node)
    return {
        "event": "batch_ended",
        **{name: value for name, value in whole.items() if name not in {"created_by", "parallel"}},
        "command": f"pennsieve run show {batch.id}",
    }


def shown(batch: Batch, node: str, rows: Sequence[BatchRow]) -> dict[str, Any]:
    """A batch with its subjects."""
    return {
        **summary(batch, node),
        "mail": documents.mail(batch.mail),
        "steps": [step.id for step in batch.steps],
        "rows": [row_document(row) for row in rows],
    }


def row_document(row: BatchRow) -> dict[str, Any]:
    """A subject of a batch."""
    return {
        "subject": row.subject,
        "run_id": row.run or None,
        "attempt": row.attempt,
        "status": label(row.status.value),
        "reason": row.reason or None,
        "steps": {
            step: {"status": label(state), "reason": reason or None}
            for step, (state, reason) in row.step_states.items()
        },
        "started_at": documents.time(row.started),
        "completed_at": documents.time(row.ended),
        "seconds": seconds_between(row.started, row.ended),
        "estimated_usd": row.cost,
    }


def as_csv(batch: Batch, rows: Sequence[BatchRow]) -> str:
    """The subjects as a CSV file, one a line, with a column for the state of each step."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    steps = [step.id for step in batch.steps]
    begin = ["subject", "attempt", "status", "reason"]
    writer.writerow(
        [*begin, *steps, "started_at", "completed_at", "seconds", "estimated_usd", "run_id"]
    )
    for row in rows:
        document = row_document(row)
        states = [document["steps"].get(step, {}).get("status", "") for step in steps]
        end = ("started_at", "completed_at", "seconds", "estimated_usd", "run_id")
        values = [*(document[n] for n in begin), *states, *(document[n] for n in end)]
        writer.writerow(["" if value is None else value for value in values])
    return text.getvalue().rstrip("\n")
