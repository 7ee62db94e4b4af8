"""Deleting the files of a run at its end: tried until it is done.

A run is not called ended before, so that whoever waits for it may count on nothing being left; only
after an hour of failures it is called ended all the same, and deleting goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from pennsieve_agent.node.jobs import calls
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.records.run_document import CLEANINGS_AWAITED
from pennsieve_agent.node.records.run_record import JobKind, JobRecord, Phase, RunRecord
from pennsieve_agent.node.records.run_store import Busy, RunStore
from pennsieve_agent.node.runs.observe_jobs import observe
from pennsieve_agent.node.runs.run_cleanup import tidy
from pennsieve_agent.node.runs.status_reports import StatusReports
from pennsieve_agent.node.runs.sweep_files import SETTLED_SECONDS, close_kept, stored_bytes
from pennsieve_agent.node.runs.take_over import kept_until
from pennsieve_agent.node.runs.transitions import resubmit, update_jobs

log = logging.getLogger(__name__)

CLEAN_KEY = "/clean"
LATER_SECONDS = 3600.0
"""Between tries, after those of the first hour, which come with the beats of the clock."""


@dataclass(frozen=True, slots=True)
class FileCleaning:
    """Deletes files of runs. ``launch`` submits a job, ``measure`` counts what a run has cost."""

    node: Node
    store: RunStore
    launch: Callable[[RunRecord, JobRecord], None]
    measure: Callable[[RunRecord], None]

    def go_on(self, record: RunRecord) -> bool:
        """Go on with a run whose files are to be deleted; whether there is more to do at once."""
        try:
            return self._delete_files(record)
        except Busy:
            raise
        except Exception as error:
            log.exception("the files of run %s are not deleted", record.run)
            self._later(record, f"{type(error).__name__}: {error}")
            return False

    def _delete_files(self, record: RunRecord) -> bool:
        if not self._has_files(record) or self._keeps(record):
            record.phase = Phase.REPORTING
            return True
        job = next((job for job in record.jobs if job.kind is JobKind.CLEAN), None)
        if job is None:
            parts = calls.parts_of(self.node, JobKind.CLEAN)
            job = JobRecord(CLEAN_KEY, CLEAN_KEY, JobKind.CLEAN, calls=parts)
            record.jobs.append(job)
        if not job.id:
            if self.node.now() < record.clean_after:
                return False
            self.launch(record, job)
            return True
        seen = observe(self.node, self.store, record)
        update_jobs(record, seen)
        if job.status == "SUCCEEDED":
            close_kept(record, self.node.now())
            self.measure(record)  # once more: cleaning is paid, too
            tidy(self.node, record)
            self.store.forget_files(record.run)
            record.left = ""
            record.phase = Phase.REPORTING
            return True
        if job.ended or (job.id and job.id not in seen.jobs):
            lost = "AWS Batch does not know the job that deletes them"
            self._later(record, job.reason or lost)
            resubmit(job)
            return False
        return not job.id

    def _has_files(self, record: RunRecord) -> bool:
        """Whether there are files that this run has to delete: its own, or those it took over."""
        if record.taken:
            return self.store.holder_of_files(str(record.taken["run"])) == record.run
        return any(job.submissions for job in record.jobs)

    def _keeps(self, record: RunRecord) -> bool:
        """Whether the files stay for now, so that another run may go on with them."""
        until = kept_until(record)
        if until <= self.node.now():
            return False
        size, settle = stored_bytes(self.node, record), self.node.now() + SETTLED_SECONDS
        # First: nobody else would delete them.
        self.store.keep_files(record.run, until, size, settle=settle)
        record.kept = {"until": until, "bytes": size}
        self.measure(record)
        return True

    def _later(self, record: RunRecord, why: str) -> None:
        """Files are left; whatever failed, the clock brings us here again."""
        log.warning("the files of run %s are not deleted: %s", record.run, why)
        record.cleanings += 1
        record.left = why[:500]
        is_late = record.cleanings > CLEANINGS_AWAITED
        record.clean_after = self.node.now() + (LATER_SECONDS if is_late else 0.0)
        if record.cleanings == CLEANINGS_AWAITED:  # whoever waits for the run need not for ever
            StatusReports(self.node, self.store, record).run(record.outcome)
