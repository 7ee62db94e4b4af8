"""Moving one run forward: observe, decide, record, act; as far as it goes now.

Each act is written down before it is done and may be repeated. Whoever is killed anywhere leaves a
run that the next invocation goes on with.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from pennsieve_agent.node.identity.pennsieve_api import Down
from pennsieve_agent.node.identity.user_session import forget_tokens
from pennsieve_agent.node.jobs import calls
from pennsieve_agent.node.jobs.access_points import AccessPoints
from pennsieve_agent.node.jobs.job_submission import JobSubmitter, job_name
from pennsieve_agent.node.jobs.step_secrets import keep_session
from pennsieve_agent.node.node import Node, aws_code
from pennsieve_agent.node.records.run_record import JobRecord, Phase, RunRecord
from pennsieve_agent.node.records.run_store import Busy, RunStore
from pennsieve_agent.node.runs.accept_run import PATIENCE_SECONDS, accept
from pennsieve_agent.node.runs.batch_reasons import STOPPED
from pennsieve_agent.node.runs.clean_files import FileCleaning
from pennsieve_agent.node.runs.job_starts import Starting, keep_starts
from pennsieve_agent.node.runs.log_archive import archive, is_archived
from pennsieve_agent.node.runs.log_reasons import explain
from pennsieve_agent.node.runs.month_budget import budget_of, note_spent
from pennsieve_agent.node.runs.observe_jobs import limits_of, observe
from pennsieve_agent.node.runs.read_meters import read_meters
from pennsieve_agent.node.runs.run_cleanup import tidy
from pennsieve_agent.node.runs.run_costs import run_cost
from pennsieve_agent.node.runs.run_mail import mail_end
from pennsieve_agent.node.runs.run_metrics import metrics_of
from pennsieve_agent.node.runs.status_reports import StatusReports
from pennsieve_agent.node.runs.sweep_files import FileSweep
from pennsieve_agent.node.runs.transitions import (
    decide,
    next_to_submit,
    step_states,
    update_jobs,
    why_waiting,
)

log = logging.getLogger(__name__)

REPORT_SECONDS = 7 * 86_400.0
"""How long Pennsieve is told of a run's end, and the person's session deleted, while it fails."""
ARCHIVE_SECONDS = 86_400.0
"""How long the archive of a long log is gone on with by itself; later, where it is asked for."""
MOST_ARCHIVINGS = 3
"""Passes of an archive before a run's end is told, and in one invocation."""
MOST_STEPS = 500


@dataclass(slots=True)
class RunReconciler:
    """Moves runs of a node forward. ``starting`` is what an event told of jobs with a machine."""

    node: Node
    store: RunStore
    starting: Starting = field(default_factory=dict)

    def advance(self, run: str) -> bool:
        """Move a run as far as it goes now, including events that arrived meanwhile.

        False when another invocation works on it, which will then look at it once more.
        """
        if not self.store.take(run) and not self._leave_word(run):
            return False
        try:
            self._go_on(run)
            while not self.store.release(run):
                self._go_on(run)
        except Exception:  # the event that brought us comes again, or the clock does
            self.store.drop(run)
            raise
        return True

    def _leave_word(self, run: str) -> bool:
        """Leave what the event told to whoever works on a run; True where nobody does any more."""
        if not self.starting:
            return False
        keep_starts(self.node, run, self.starting)
        return self.store.take(run)  # else it is marked once more, after the word was left

    def _go_on(self, run: str) -> None:
        record = self._read(run)
        if record is None:
            self.store.forget_unknown(run)
        elif record.phase is Phase.DONE:
            self._forget(record)  # whoever ended it may have been killed before all was forgotten
        else:
            self._reconcile(record)

    def _read(self, run: str) -> RunRecord | None:
        """A run as it is written; one that cannot be read for long comes to its end without."""
        try:
            return self.store.read(run)
        except Exception as error:
            if not self._is_stuck(run):
                raise
            log.exception("run %s cannot be read", run)
            record = self.store.rescued(run)
            record.jobs = record.jobs or JobSubmitter(self.node, record).known()
            _fail(record, f"its record cannot be read: {_words(error)}")
            self.store.write(record)
            return record

    def _reconcile(self, record: RunRecord) -> None:
        reports = StatusReports(self.node, self.store, record)
        for _ in range(MOST_STEPS):
            before = record.to_json(plan=False)
            try:
                on = self._step(record)
                record.tries = 0
                self._tell(record, reports)
                if record.to_json(plan=False) != before:
                    self.store.write(record)
                reports.flush()
            except Busy:
                raise
            except Exception as error:
                log.exception("run %s in phase %s", record.run, record.phase)
                self._retry_later(record, error)
                reports.flush()
                return
            if record.phase is Phase.DONE or not on:
                return

    def _retry_later(self, record: RunRecord, error: Exception) -> None:
        """Something failed: try again later, for a limited time, whatever it was."""
        now = int(self.node.now())
        record.tries = record.tries or now
        # What is left to be deleted when everybody was told of the end holds nobody up.
        patience = REPORT_SECONDS if record.phase is Phase.REPORTING else PATIENCE_SECONDS
        if now - record.tries >= patience:
            _fail(record, _words(error))
        try:
            self.store.write(record)
        except Busy:
            raise
        except Exception:
            # What cannot be written may be what the step made of the record: what was last written
            # could be, and has all that was done, as each act is written down before it is done.
            if not self._is_stuck(record.run) or (last := self.store.read(record.run)) is None:
                raise
            log.exception("run %s cannot be written", record.run)
            _fail(last, f"its record cannot be written: {_words(error)}")
            self.store.write(last)

    def _is_stuck(self, run: str) -> bool:
        """Whether nobody could read or write a run for so long that it has to end."""
        return self.node.now() - self.store.unchanged_since(run) >= PATIENCE_SECONDS

    def _step(self, record: RunRecord) -> bool:
        """One step; whether there may be another at once."""
        steps: dict[Phase, Callable[[RunRecord], bool]] = {
            Phase.ACCEPTED: lambda record: accept(self.node, self.store, record),
            Phase.SUBMITTING: self._submit,
            Phase.RUNNING: self._watch,
            Phase.ENDING: self._end,
            Phase.FINALIZING: self._finalize,
            Phase.CLEANING: self._clean,
            Phase.REPORTING: self._report,
        }
        step = steps.get(record.phase)
        return step(record) if step is not None else False

    def _submit(self, record: RunRecord) -> bool:
        if not self._has_session(record):
            return record.phase is not Phase.SUBMITTING
        job = next_to_submit(record)
        if job is None:
            record.phase = Phase.RUNNING
            return True
        if self.store.is_cancelled(record.run) and not record.submitting:
            record.end("CANCELED", "")
            record.phase = Phase.ENDING
            return True
        self._launch(record, job)
        return True

    def _has_session(self, record: RunRecord) -> bool:
        """Whether steps that start now get the token that they were promised."""
        try:
            why = keep_session(self.node, record)
        except Down:
            return False
        if why:
            record.end("FAILED", why)
            record.phase = Phase.ENDING
        return not why

    def _launch(self, record: RunRecord, job: JobRecord) -> None:
        submitter = JobSubmitter(self.node, record)
        access_points = AccessPoints(self.node, record)
        record.tidied = False
        if missing := [] if job.calls else access_points.missing(job):
            # Written down before they are created: nobody else could find them to delete them.
            record.access_points |= dict.fromkeys(missing, "")
            self.store.write(record)
        access_points.create()
        job_id = ""
        if record.submitting == job.key:  # it may have been submitted by one who was killed
            job_id = submitter.find(job)
        else:
            job.submissions += 1
            job.name = job_name(record.run, job)
            record.submitting = job.key
            self.store.write(record)
        job.id = job_id or submitter.submit(job)
        job.status = "SUBMITTED"
        record.submitting = ""

    def _watch(self, record: RunRecord) -> bool:
        if not self._has_session(record) and record.phase is not Phase.RUNNING:
            return True
        seen = observe(self.node, self.store, record, self.starting)
        update_jobs(record, seen)
        read_meters(self.node, self.store, record)
        explain(self.node, record)
        record.waiting = why_waiting(record, seen, limits_of(self.node))
        limits, now = limits_of(self.node), self.node.now()
        if budget_of(self.node):  # what still runs counts for the others, too
            note_spent(self.node, self.store, record, run_cost(record, limits, now).total)
        decide(record, seen, limits, now)
        return record.phase is not Phase.RUNNING

    def _end(self, record: RunRecord) -> bool:
        """End what runs; not done before Batch shows that nothing does."""
        record.waiting = {}
        if record.submitting:
            self._settle(record)
        seen = observe(self.node, self.store, record)
        update_jobs(record, seen)
        for job in record.live:
            if job.id not in seen.jobs:  # Batch knows it no more: it cannot run
                job.status, job.reason = "FAILED", STOPPED
        if not record.live:
            record.phase = Phase.FINALIZING
            return True
        if any(map(calls.is_call, record.live)):
            calls.stop(self.node, record.run)
        for job in record.live:
            if not calls.is_call(job):
                self.node.client("batch").terminate_job(jobId=job.id, reason=STOPPED)
        return False

    def _settle(self, record: RunRecord) -> None:
        """A submission that was cut off: find whether there is such a job."""
        job = record.job(record.submitting)
        job.id = JobSubmitter(self.node, record).find(job)
        job.status = "SUBMITTED" if job.id else ""
        record.submitting = ""

    def _finalize(self, record: RunRecord) -> bool:
        record.ended = record.ended or self.node.now()
        for what in (self._archive, self._measure):
            try:
                what(record)
            except Busy:
                raise
            except Exception:  # how a run ended is told, whatever cannot be counted or kept
                log.exception("run %s: at its end", record.run)
        reports = StatusReports(self.node, self.store, record)
        self._tell(record, reports)
        if record.outcome != "CANCELED" and record.started:
            reports.run("FINALIZING")
        record.phase = Phase.CLEANING
        return True

    def _archive(self, record: RunRecord) -> None:
        """Keep the log, as far as one pass comes; what is cut off is tried three times in all."""
        tried = int(record.archive.get("tried", 0))
        if record.started and tried < MOST_ARCHIVINGS and not record.archive.get("done"):
            record.archive["tried"] = tried + 1
            self.store.write(record)
            archive(self.node, record)

    def _measure(self, record: RunRecord) -> None:
        read_meters(self.node, self.store, record)
        record.metrics = metrics_of(record, limits_of(self.node), self.node.now())
        if record.started:
            note_spent(self.node, self.store, record, record.cost)

    def _clean(self, record: RunRecord) -> bool:
        clean = FileCleaning(self.node, self.store, self._launch, self._measure)
        return clean.go_on(record)

    def _report(self, record: RunRecord) -> bool:
        reports = StatusReports(self.node, self.store, record)
        reports.run(record.outcome)
        reports.flush()
        if record.outbox and self.node.now() - record.ended < REPORT_SECONDS:
            return False
        is_mailed = mail_end(self.node, self.store, record)
        if not record.tidied:
            tidy(self.node, record)
        if not is_mailed:
            return False
        if not self._archived(record) and self.node.now() - record.ended < ARCHIVE_SECONDS:
            return False
        record.phase = Phase.DONE
        self._forget(record)
        return False

    def _archived(self, record: RunRecord) -> bool:
        """Make another pass of the log's archive; whether it is whole."""
        if is_archived(record):
            return True
        try:
            archive(self.node, record)
            self._measure(record)
        except Exception:
            log.exception("run %s: its log is not kept yet", record.run)
        return is_archived(record)

    @property
    def kept_files(self) -> FileSweep:
        """What looks after what is kept of runs that are over."""
        return FileSweep(self.node, self.store, self._go_on, self._measure)

    def archive(self, run: str) -> None:
        """Make the archive of a run's log that is over, where that failed before."""
        if not self.store.take(run):
            return
        try:
            record = self.store.read(run)
            if record is not None and record.phase is Phase.DONE:
                for _ in range(MOST_ARCHIVINGS):
                    if self._archived(record):
                        break
                self.store.forget(record)
        finally:
            self.store.drop(run)

    def _forget(self, record: RunRecord) -> None:
        try:
            if not record.is_own:
                forget_tokens(self.node, record.run)
        except Exception:
            if self.node.now() - record.ended < REPORT_SECONDS:
                raise
            log.exception("the session of run %s cannot be deleted", record.run)
        self.store.forget(record)

    def _tell(self, record: RunRecord, reports: StatusReports) -> None:
        """Say what the platform does not know yet of the run and its steps."""
        if not record.started:
            return
        reports.run("STARTED")
        for step, (state, _) in step_states(record).items():
            reports.step(step, state)


def _fail(record: RunRecord, words: str) -> None:
    """Let a run that cannot get on come to its end, from wherever it is."""
    record.end("FAILED", words[:500])
    record.tries = 0
    record.phase = _after(record.phase)


def _words(error: Exception) -> str:
    """What went wrong, for whoever started the run."""
    code = aws_code(error)
    return f"AWS refuses: {code}: {error}" if code else f"{type(error).__name__}: {error}"


def _after(phase: Phase) -> Phase:
    """The phase after one in which a run is stuck."""
    if phase in {Phase.ACCEPTED, Phase.SUBMITTING, Phase.RUNNING}:
        return Phase.ENDING
    order = list(Phase)
    return order[order.index(phase) + 1]
