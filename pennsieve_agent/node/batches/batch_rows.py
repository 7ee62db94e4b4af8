"""The rows of a batch that have had a run, in the node's table.

A row is written by whoever holds the lease of its run. A run of an earlier attempt, which may
change a little after its end, never replaces the row of a later one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pennsieve_agent.domain.batches import BatchRow, RowStatus
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.records.run_document import is_over, status_of, timestamp
from pennsieve_agent.node.records.run_record import RunRecord
from pennsieve_agent.node.runs.transitions import step_states
from pennsieve_agent.node.table import Items

MOST_REASON = 500
"""Characters of a reason in a row; the run has all of it."""


def batch_key(batch: str) -> str:
    """The first key of a batch's items."""
    return f"BATCH#{batch}"


def row_key(index: int) -> str:
    """The second key of a row, in the order of the batch."""
    return f"ROW#{index:06d}"


def row_of(record: RunRecord) -> BatchRow:
    """The row of a run in its batch."""
    states = step_states(record)
    return BatchRow(
        index=int(record.batch["index"]),
        subject=str(record.batch["subject"]),
        run=record.run,
        attempt=int(record.batch["attempt"]),
        status=RowStatus.of(status_of(record)),
        reason=record.reason[:MOST_REASON],
        steps={
            step: (state, (reason or record.waiting.get(step, ""))[:MOST_REASON])
            for step, (state, reason) in states.items()
        },
        created=timestamp(record.created),
        started=timestamp(record.started),
        ended=timestamp(record.ended) if is_over(record) else "",
        cost=round(record.cost, 6) if record.metrics else None,
    )


@dataclass(frozen=True, slots=True)
class Written:
    """A row as it is written; ``earlier`` is what the attempts before it have cost, in USD."""

    row: BatchRow
    earlier: float = 0.0

    @property
    def spent(self) -> float:
        """What all attempts have cost so far, in USD."""
        return self.earlier + (self.row.cost or 0.0)


@dataclass(frozen=True, slots=True)
class BatchRows:
    """The rows of one batch."""

    node: Node
    batch: str
    kept: Mapping[str, Any]
    """The attribute that lets items be deleted some day."""

    def put(self, row: BatchRow, earlier: float = 0.0) -> None:
        """Write a row, unless there is one of a later attempt."""
        values = {
            "body": {"S": json.dumps(row.document())},
            "attempt": {"N": str(row.attempt)},
            "earlier": {"N": f"{earlier:.6f}"},
            **self.kept,
        }
        self._items.put_where(
            batch_key(self.batch),
            row_key(row.index),
            values,
            "attribute_not_exists(pk) OR attempt <= :attempt",
            {":attempt": values["attempt"]},
        )

    def get(self, index: int) -> Written | None:
        """A row; None where no run has begun."""
        item = self._items.get(batch_key(self.batch), row_key(index))
        return _written(item) if item else None

    def all(self, start: int = 0) -> Iterator[Written]:
        """The rows from ``start`` on, in order."""
        rows = self._items.query_range(batch_key(self.batch), row_key(start), "ROW#~")
        return map(_written, rows)

    @property
    def _items(self) -> Items:
        return Items(self.node)


def _written(item: Mapping[str, Any]) -> Written:
    return Written(BatchRow.of(json.loads(item["body"]["S"])), float(item["earlier"]["N"]))
