"""Beginning one run of a batch, as its row and the registry of now have it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from pennsieve_agent.domain.batches import BatchRow, RowStatus, run_id
from pennsieve_agent.node.batches.batch_head import BatchHead
from pennsieve_agent.node.batches.batch_runs import request_of
from pennsieve_agent.node.batches.batch_store import Again, BatchStore
from pennsieve_agent.node.identity.workflow_registry import Registry
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.records.run_document import is_over
from pennsieve_agent.node.records.run_record import JobKind, RunRecord
from pennsieve_agent.node.records.start_document import Start
from pennsieve_agent.node.records.version_document import moves_files
from pennsieve_agent.node.runs.own_run import Who, access_needed, fitting
from pennsieve_agent.node.runs.plan_jobs import CannotRun, check_budget
from pennsieve_agent.node.runs.run_costs import kept_rest
from pennsieve_agent.node.runs.take_over import go_on

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Beginning:
    """What the runs of a batch have in common; ``why_none`` says why none may begin now."""

    node: Node
    store: BatchStore
    head: BatchHead
    version: Json
    why_none: str = ""

    @classmethod
    def of(cls, node: Node, store: BatchStore, head: BatchHead) -> Self:
        """What the registry and the month's budget say now."""
        try:
            version = store.version(head)
            check_budget(node, store.runs, "")
        except (CannotRun, LookupError) as why:
            return cls(node, store, head, {}, str(why))
        return cls(node, store, head, version, _lost(node, head, version))

    def begin(self, turn: Again) -> str:
        """Begin the run of a row; its id, empty where none began. May be repeated."""
        head, runs = self.head, self.store.runs
        index, attempt = turn.index, turn.attempt
        row = self.store.row(head, index)
        subject = str(row["subject"])
        before = self.store.rows(head.id).get(index)
        earlier = before.spent if before and before.row.attempt < attempt else 0.0
        apart = self._may_have_delivered(subject, attempt)
        document = request_of(head, row, self.version, attempt, turn.limits, apart=apart)
        if turn.goes_on:
            document["from"] = dict(turn.goes_on)
        if (known := runs.read(document["id"])) is not None:  # begun before, by one who was killed
            return "" if is_over(known) else known.run
        try:
            record = self._record(subject, document)
        except (CannotRun, ValueError) as why:
            skipped = BatchRow(
                index, subject, attempt=attempt, status=RowStatus.SKIPPED, reason=str(why)
            )
            self.store.rows(head.id).put(skipped, earlier)
            return ""
        record.batch = {
            "id": head.id,
            "name": head.name,
            "subject": subject,
            "attempt": attempt,
            "index": index,
            "earlier": round(earlier - self._taken_off(record), 6),
        }
        self.store.note_open(head.id, record.run)
        runs.begin(record, start=document)
        return record.run

    def _taken_off(self, record: RunRecord) -> float:
        """What an attempt before costs less than was counted, as its files are taken over now."""
        before = self.store.runs.read(str(record.taken["run"])) if record.taken else None
        return kept_rest(before, self.node.now()) if before else 0.0

    def _may_have_delivered(self, subject: str, attempt: int) -> bool:
        """Whether an attempt before this one may have put files into the subject's folder.

        One whose delivery began may have been cut off before it told what it had sent.
        """
        for number in range(1, attempt):
            record = self.store.runs.read(run_id(self.head.id, subject, number))
            deliveries = (
                (job for job in record.work if job.kind is JobKind.DELIVER) if record else ()
            )
            if any(job.started or job.begun or job.called for job in deliveries):
                return True
        return False

    def _record(self, subject: str, document: dict[str, Any]) -> RunRecord:
        who = Who(self.head.requester, self.head.claimed)
        start = Start.of(document)
        record = fitting(self.node, start, self.version, who)
        if start.goes_on:
            earlier = self.store.runs.read(str(start.goes_on["run"]))
            if earlier is None:
                raise CannotRun("the attempt to go on with is not known any more")
            go_on(self.node, self.store.runs, record, start, earlier)
        if not self.store.reserve_name(self.head, subject):
            raise CannotRun(f"another run on this node is called '{record.name}'")
        return record


def _lost(node: Node, head: BatchHead, version: Json) -> str:
    """Why no run of a batch may begin any more: what it needs was taken back; empty if nothing."""
    registry, workflow = Registry(node), head.workflow["id"]
    if not head.is_owners and workflow not in registry.shared_with(head.requester):
        return "this workflow is no longer shared with whoever started the batch"
    if not head.dataset and not moves_files(version):
        return ""
    if registry.allows(workflow, head.dataset, access_needed(version)):
        return ""
    return f"the workflow's grant on dataset {head.dataset} was revoked"
