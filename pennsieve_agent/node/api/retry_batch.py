"""Attempting rows of a batch once more: each attempt is claimed once, whoever asks for it.

``{rows: {SUBJECT: ATTEMPT}, limits}``: the attempt is the one that the caller saw, and ``limits``
go over those of the batch for the new attempts. With ``{..., step, check}`` beside it finished
steps before ``step`` are taken over, of the subjects where that can be done; ``check`` begins none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pennsieve_agent.domain.batches import BatchRow
from pennsieve_agent.node.api.request_handler import Problem, Reply, Request
from pennsieve_agent.node.batches.batch_head import BatchHead
from pennsieve_agent.node.batches.batch_store import Again, BatchStore
from pennsieve_agent.node.batches.batch_summary import rows_by_subject
from pennsieve_agent.node.batches.kept_attempts import KeptAttempts
from pennsieve_agent.node.records.start_document import limits_of
from pennsieve_agent.node.runs.own_run import why_not_kept
from pennsieve_agent.node.wake_reconciler import wake


def retried(request: Request, store: BatchStore, head: BatchHead) -> Reply:
    """Claim another attempt of rows; all of them are looked at before the first is claimed."""
    seen, limits = _decoded(request.document())
    rows = _rows(request, store, head, seen, limits)
    begun = _claimed(
        request,
        store,
        head,
        {subject: Again(row.index, row.attempt + 1, limits) for subject, row in rows.items()},
    )
    return 202, {"batch": head.id, "begun": begun}


def retried_from(request: Request, store: BatchStore, head: BatchHead) -> Reply:
    """Claim another attempt of those rows that can take over the steps before one.

    ``{batch, begun, takes: {SUBJECT: [STEP]}, left: {SUBJECT: why it cannot}}``.
    """
    document = request.document()
    seen, limits = _decoded(document)
    step = document.get("step")
    if not isinstance(step, str) or step not in {row["id"] for row in head.steps}:
        raise Problem(422, "no-such-step", "'step' must be a step of the batch's workflow")
    rows = _rows(request, store, head, seen, limits)
    kept = KeptAttempts(store, head.id, step)
    for row in rows.values():
        kept.look(row)
    turns = {
        subject: Again(
            rows[subject].index, rows[subject].attempt + 1, limits, {"run": run, "step": step}
        )
        for subject, run in kept.runs.items()
    }
    begin = turns and document.get("check") is not True
    begun = _claimed(request, store, head, turns) if begin else []
    answer = {"batch": head.id, "begun": begun, "takes": kept.steps, "left": kept.left}
    return 202 if begun else 200, answer


def _rows(
    request: Request,
    store: BatchStore,
    head: BatchHead,
    seen: Mapping[str, int],
    limits: Mapping[str, Any],
) -> dict[str, BatchRow]:
    """The rows that are meant, all of which may be attempted again."""
    if why := why_not_kept(request.node, limits):
        raise Problem(422, "unfit", why)
    if store.is_cancelled(head.id):
        raise Problem(409, "canceling", "the batch is being cancelled; wait for its end")
    rows = rows_by_subject(store, head, seen)
    if unknown := sorted(seen.keys() - rows.keys()):
        text = f"the batch has no subject '{unknown[0]}'"
        raise Problem(422, "no-such-subject", text, subjects=unknown)
    _refuse([subject for subject, row in rows.items() if not _is_as_seen(row, seen[subject])])
    return rows


def _claimed(
    request: Request, store: BatchStore, head: BatchHead, turns: Mapping[str, Again]
) -> list[str]:
    """Claim attempts, and wake who begins them; the subjects for which this was in time."""
    # Active first: there must never be an attempt that nobody begins.
    store.activate(head.id)
    begun: list[str] = []
    lost: list[str] = []
    for subject, turn in turns.items():
        won = store.ask_again(head.id, turn)
        # Whoever claimed it before may have begun it since it was looked at.
        now = store.rows(head.id).get(turn.index)
        is_late = now is not None and now.row.attempt >= turn.attempt
        (begun if won and not is_late else lost).append(subject)
    store.activate(head.id)
    wake(request.node, (head.id,), "batch")
    _refuse(lost, begun)
    return begun


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
    more = f" and {len(subjects) - 1} more are" if len(subjects) > 1 else " is"
    text = f"'{subjects[0]}'{more} running, or retried by somebody else; check the batch again"
    raise Problem(409, "retried", text, subjects=subjects, begun=begun or [])
