"""Opening the runs of a batch: as many at once as were asked for, the next when one has ended.

Each act may be repeated: a run's id is made of batch, subject and attempt, it is noted as open
before it begins, and the batch goes on to its next row only afterwards. Whoever is killed anywhere
leaves a batch that the next invocation goes on with. AWS Batch schedules what has begun.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pennsieve_agent.domain.batches import BatchRow, RowStatus
from pennsieve_agent.node.batches.batch_head import BatchHead
from pennsieve_agent.node.batches.batch_store import Again, BatchStore
from pennsieve_agent.node.batches.batch_summary import state_of
from pennsieve_agent.node.mail.send_mail import Mailing, attempt
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.runs.run_lease import Lease
from pennsieve_agent.node.wake_reconciler import wake

if TYPE_CHECKING:
    from pennsieve_agent.node.batches.begin_run import Beginning

log = logging.getLogger(__name__)

OPENING_SECONDS = 120.0
"""How long one invocation opens runs before it hands over to the next; it may take 300 s."""


class LeaseLost(Exception):  # noqa: N818 - a state
    """Another invocation has taken over."""


@dataclass(slots=True)
class BatchReconciler:
    """Opens the runs of batches."""

    node: Node
    store: BatchStore

    def advance(self, batch: str) -> bool:
        """Open what can run now; False where another invocation does, which looks once more."""
        lease = self.store.lease(batch)
        if not lease.take():
            return False
        try:
            self._go_on(batch, lease)
            while not lease.release():
                self._go_on(batch, lease)
        except LeaseLost:
            log.warning("batch %s: another invocation has taken over", batch)
            return False
        except Exception:  # the event that brought us comes again, or the clock does
            lease.drop()
            raise
        return True

    def _go_on(self, batch: str, lease: Lease) -> None:
        head = self.store.read(batch)
        if head is None:
            self.store.forget_unknown(batch)
            return
        again = self.store.again(batch)
        if head.ended and not again:
            self._recount(head)
            if self._mailed(head):
                self._forget(head)
            return
        # Whoever asked for more may have been cut off, or the end may have been noted meanwhile.
        self.store.activate(batch)
        if self.store.is_cancelled(batch):
            self._cancel(head, again)
        else:
            _Opening(self.node, self.store, head, lease).go_on(again)
        self._end(head)

    def _cancel(self, head: BatchHead, again: list[Again]) -> None:
        """Let no further run begin, and end those that have begun; these are told once."""
        if head.cancelled and not again:
            return
        head.stop(RowStatus.CANCELED)
        self.store.write(head)
        for repeat in again:
            _skip(self.store, head, repeat, RowStatus.CANCELED, "")
        running = self.store.open(head.id)
        for run in running:
            if not self.store.runs.ask_cancel(run):
                self.store.close(head.id, run)  # it was about to begin, and did not
        wake(self.node, running)
        head.cancelled = True
        self.store.write(head)

    def _end(self, head: BatchHead) -> None:
        """Note the end of a batch in which nothing runs and nothing will."""
        left = head.next < head.total and not head.rest
        if left or self.store.open(head.id) or self.store.again(head.id):
            return
        state = state_of(self.store, head)
        head.ended = head.ended or self.node.now()
        head.counts, head.cost = state.counts.document(), state.cost
        head.cancelled = False
        self.store.write(head)
        if self._mailed(head):
            self._forget(head)

    def _mailed(self, head: BatchHead) -> bool:
        """Mail that it has ended, where that was asked for; whether nothing is left to be sent."""
        if not Mailing.of(head.mail).is_due:
            return True
        from pennsieve_agent.node.batches.batch_mail import batch_mail  # noqa: PLC0415 - few have

        mail = batch_mail(self.node, self.store, head)
        head.mail = attempt(self.node, head.mail, mail, head.ended)
        self.store.write(head)
        return not Mailing.of(head.mail).is_due

    def _recount(self, head: BatchHead) -> None:
        """What a run has cost may change after its end, while what its steps made is kept."""
        cost = state_of(self.store, head).cost
        if cost != head.cost:
            head.cost = cost
            self.store.write(head)

    def _forget(self, head: BatchHead) -> None:
        self.store.forget(head.id)
        if self.store.again(head.id):  # asked for meanwhile
            self.store.activate(head.id)
            wake(self.node, (head.id,), "batch")


@dataclass(slots=True)
class _Opening:
    """Opens runs of one batch, whose lease is held."""

    node: Node
    store: BatchStore
    head: BatchHead
    lease: Lease

    def go_on(self, again: list[Again]) -> None:
        """Open runs while fewer are open than may be, those first that were asked for again."""
        # Few invocations open anything, and a cold start takes as long as what it loads.
        from pennsieve_agent.node.batches import begin_run  # noqa: PLC0415

        head, until = self.head, self.node.now() + OPENING_SECONDS
        self._reopen()
        running = self.store.open(head.id)
        if not self._more(again):
            return
        beginning = begin_run.Beginning.of(self.node, self.store, head)
        while self._more(again) and len(running) < head.parallel:
            if self.node.now() >= until:
                wake(self.node, (head.id,), "batch")
                return
            if not self.lease.keep():
                raise LeaseLost(head.id)
            run = self._again(beginning, again.pop(0)) if again else self._next(beginning)
            if run:
                running.add(run)
                wake(self.node, (run,))

    def _more(self, again: list[Again]) -> bool:
        """Whether there is a row whose run may begin."""
        return bool(again) or (self.head.next < self.head.total and not self.head.rest)

    def _next(self, beginning: Beginning) -> str:
        """Begin the run of the next row; what stops one for a reason of all stops all."""
        head, run = self.head, ""
        if why := beginning.why_none:
            head.stop(RowStatus.SKIPPED, why)
        else:
            run = beginning.begin(Again(head.next, 1))
            head.next += 1
        self.store.write(head)
        return run

    def _again(self, beginning: Beginning, repeat: Again) -> str:
        head = self.head
        written = self.store.rows(head.id).get(repeat.index)
        if written is not None and written.row.attempt >= repeat.attempt:
            run = written.row.run  # begun before, by one who was killed
        elif beginning.why_none:
            _skip(self.store, head, repeat, RowStatus.SKIPPED, beginning.why_none)
            return ""
        else:
            run = beginning.begin(repeat)
        self.store.took(head.id, repeat)
        return run

    def _reopen(self) -> None:
        """A batch that was over goes on."""
        if self.head.ended:
            self.head.ended, self.head.counts = 0.0, {}
            if self.head.mail:  # the next end is told, too
                self.head.mail = {"to": self.head.mail["to"]}
            self.store.write(self.head)


def _skip(
    store: BatchStore, head: BatchHead, repeat: Again, status: RowStatus, reason: str
) -> None:
    """Note that an attempt that was asked for does not begin."""
    rows = store.rows(head.id)
    before = rows.get(repeat.index)
    subject = before.row.subject if before else str(store.row(head, repeat.index)["subject"])
    row = BatchRow(repeat.index, subject, attempt=repeat.attempt, status=status, reason=reason)
    rows.put(row, before.spent if before else 0.0)
    store.took(head.id, repeat)
