"""Which attempt of a batch's subject another one can go on with from a step, or why with none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pennsieve_agent.domain.batches import BatchRow, run_id
from pennsieve_agent.node.batches.batch_store import BatchStore
from pennsieve_agent.node.records.run_record import RunRecord
from pennsieve_agent.node.runs.plan_jobs import CannotRun
from pennsieve_agent.node.runs.take_over import check_kept, taken_steps

_WHOSE = "its last run"


@dataclass(slots=True)
class KeptAttempts:
    """Which subjects can go on from ``step``; asking changes nothing.

    ``runs`` are the runs to go on with and ``steps`` those that are taken over, both by subject;
    ``left`` says why others cannot.
    """

    store: BatchStore
    batch: str
    step: str
    runs: dict[str, str] = field(default_factory=dict)
    steps: dict[str, list[str]] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)

    def look(self, row: BatchRow) -> None:
        """Look at one subject: the newest attempt that can be gone on with is taken.

        The last one may have kept nothing, as it was left out or did not come so far; what one
        before it made may still be there.
        """
        subject, why = row.subject, ""
        following = run_id(self.batch, subject, row.attempt + 1)
        for record in self._attempts(row):
            try:
                check_kept(self.store.node, self.store.runs, record, following, _WHOSE)
                steps = taken_steps(record, self.step, _WHOSE)
            except CannotRun as unfit:
                why = why or str(unfit)
                continue
            self.runs[subject], self.steps[subject] = record.run, steps
            return
        self.left[subject] = why or "none of its runs had begun"

    def _attempts(self, row: BatchRow) -> Iterator[RunRecord]:
        """The runs of a subject, the newest first; an attempt that was left out had none."""
        for attempt in range(row.attempt, 0, -1):
            record = self.store.runs.read(run_id(self.batch, row.subject, attempt))
            if record is not None:
                yield record
