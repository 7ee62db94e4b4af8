"""The documents of a batch that callers get: a summary, the whole, and pages of its rows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pennsieve_agent.domain.batches import BatchCounts, BatchRow
from pennsieve_agent.node.batches.batch_head import BatchHead
from pennsieve_agent.node.batches.batch_rows import Written
from pennsieve_agent.node.batches.batch_store import Again, BatchStore
from pennsieve_agent.node.records.run_document import mail_document, timestamp


@dataclass(frozen=True, slots=True)
class State:
    """How far a batch is: how many rows are in which state, and what they have cost, in USD."""

    counts: BatchCounts
    cost: float | None


def state_of(store: BatchStore, head: BatchHead) -> State:
    """How far a batch is now; all rows that have had a run are read."""
    # First: what begins meanwhile has its row before it is asked for no more.
    again = _again(store, head)
    written = list(store.rows(head.id).all())
    by_index = {row.row.index: row for row in written}
    rows = (_now(head, index, by_index.get(index), again) for index in range(head.total))
    counts = BatchCounts.of_rows(row.status for row in rows)
    known = [row.spent for row in written if row.row.cost is not None or row.earlier]
    return State(counts, round(sum(known), 6) if known else None)


def summary(store: BatchStore, head: BatchHead, *, live: bool = False) -> dict[str, Any]:
    """What a list says of a batch; ``live`` counts the rows of one that is over, too."""
    counts = None if live or store.again(head.id) else head.final_counts()
    state = State(counts, head.cost) if counts is not None else state_of(store, head)
    cancel = not state.counts.is_over and (head.cancelled or store.is_cancelled(head.id))
    return {
        "id": head.id,
        "name": head.name,
        "workflow": dict(head.workflow),
        "dataset": head.dataset,
        "created": timestamp(head.created),
        "ended": timestamp(head.ended) if state.counts.is_over else "",
        "status": state.counts.status(cancel=cancel).value,
        "parallel": head.parallel,
        "steps": head.steps,
        "counts": state.counts.document(),
        "cost": state.cost,
        "estimate": dict(head.estimate) or None,
        "caller": head.caller["arn"],
        "person": dict(head.claimed),
    }


def batch_document(store: BatchStore, head: BatchHead) -> dict[str, Any]:
    """Everything of a batch but its rows."""
    return {
        **summary(store, head, live=True),
        "parameters": head.parameters,
        "limits": head.limits,
        "layout": head.layout,
        "fingerprint": head.fingerprint,
        **({"mail": mail_document(head.mail)} if head.mail else {}),
    }


def page_of_rows(
    store: BatchStore, head: BatchHead, start: int, limit: int, states: frozenset[str]
) -> tuple[list[BatchRow], int]:
    """Up to ``limit`` rows from a place on, and the place of the next one; 0 at the end.

    ``states`` are states or names of counts, in capitals; none of them is any.

    Raises:
        LookupError: the names of the rows are gone.

    """
    page: list[BatchRow] = []
    for row in _rows(store, head, start):
        if states and not states & {row.status.value, row.status.group.upper()}:
            continue
        if len(page) == limit:
            return page, row.index
        subject = row.subject or str(store.row(head, row.index)["subject"])
        page.append(replace(row, subject=subject))
    return page, 0


def rows_by_subject(
    store: BatchStore, head: BatchHead, subjects: Collection[str]
) -> dict[str, BatchRow]:
    """The rows of some subjects, as they are now; those that the batch lacks are left out.

    Raises:
        LookupError: the names of the rows are gone.

    """
    by_subject = {}
    for row in _rows(store, head, 0):
        subject = row.subject or str(store.row(head, row.index)["subject"])
        if subject in subjects:
            by_subject[subject] = replace(row, subject=subject)
    return by_subject


def _rows(store: BatchStore, head: BatchHead, start: int) -> Iterator[BatchRow]:
    """The rows from a place on; those that had no run have no subject."""
    again = _again(store, head)
    written = store.rows(head.id).all(start)
    following = next(written, None)
    for index in range(start, head.total):
        row = None
        if following is not None and following.row.index == index:
            row, following = following, next(written, None)
        yield _now(head, index, row, again)


def _now(
    head: BatchHead, index: int, written: Written | None, again: Mapping[int, Again]
) -> BatchRow:
    """A row as it is now; one that is to be attempted again waits."""
    row = written.row if written is not None else head.row(index)
    repeat = again.get(index)
    if repeat is not None and repeat.attempt > row.attempt:
        return BatchRow(index, row.subject, attempt=repeat.attempt)
    return row


def _again(store: BatchStore, head: BatchHead) -> dict[int, Again]:
    return {again.index: again for again in store.again(head.id)}
