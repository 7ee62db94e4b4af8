"""Attempting rows of a batch once more: each attempt is claimed once, whoever asks for it.

``{rows: {SUBJECT: ATTEMPT}, limits}``: the attempt is the one that the caller saw, and ``limits``
go over those of the batch for the new attempts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pennsieve_agent.domain.batches import BatchRow
from pennsieve_agent.node.api.request_handler import Problem, Reply, Request
from pennsieve_agent.node.batches.batch_head import BatchHead
from pennsieve_agent.node.batches.batch_store import Again, BatchStore
from pennsieve_agent.node.batches.batch_summary import rows_by_subject
from pennsieve_agent.node.records.start_document import limits_of
from pennsieve_agent.node.wake_reconciler import wake


def retried(request: Request, store: BatchStore, head: BatchHead) -> Reply:
    """Claim another attempt of rows; all of them are looked at before the first is claimed."""
    seen, limits = _decoded(request.document())
    if store.is_cancelled(head.id):
        raise Problem(409, "canceling", "the batch is being cancelled; wait for its end")
    rows = rows_by_subject(store, head, seen)
    if unknown := sorted(seen.keys() - rows.keys()):
        text = f"the batch has no subject '{unknown[0]}'"
        raise Problem(422, "no-such-subject", text, subjects=unknown)
    _refuse([subject for subject, row in rows.items() if not _is_as_seen(row, seen[subject])])
    # Active first: there must never be an attempt that nobody begins.
    store.activate(head.id)
    begun: list[str] = []
    lost: list[str] = []
    for subject, row in rows.items():
        won = store.ask_again(head.id, Again(row.index, row.attempt + 1, limits))
        # Whoever claimed it before may have begun it since it was looked at.
        now = store.rows(head.id).get(row.index)
        is_late = now is not None and now.row.attempt > row.attempt
        (begun if won and not is_late else lost).append(subject)
    store.activate(head.id)
    wake(request.node, (head.id,), "batch")
    _refuse(lost, begun)
    return 202, {"batch": head.id, "begun": begun}


def _decoded(document: Mapping[str, Any]) -> tuple[dict[str, int], dict[str, Any]]:
    rows = document.get("rows")
    if not isinstance(rows, Mapping) or not rows:
        raise Problem(400, "bad-retry", "'rows' must name subjects with the attempts that you saw")
    if not all(type(attempt) is int and attempt > 0 for attempt in rows.values()):
        raise Problem(400, "bad-retry", "an attempt must be a number from 1 on")
    try:
        return dict(rows), limits_of(document.get("limits"))
    except ValueError as error:
        raise Problem(400, "bad-retry", str(error)) from None


def _is_as_seen(row: BatchRow, attempt: int) -> bool:
    return row.attempt == attempt and row.status.is_final


def _refuse(subjects: list[str], begun: list[str] | None = None) -> None:
    """Refuse rows that somebody else has begun again, or that have not ended."""
    if not subjects:
        return
    more = f" and {len(subjects) - 1} more" if len(subjects) > 1 else ""
    text = (
        f"'{subjects[0]}'{more} is running, or was retried by somebody else; check the batch again"
    )
    raise Problem(409, "retried", text, subjects=subjects, begun=begun or [])
