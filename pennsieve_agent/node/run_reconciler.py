"""Moving one run forward: look, decide, write down, act; as far as it goes now.

Each act is written down before it is done and may be repeated. Whoever is killed anywhere leaves a
run that the next invocation goes on with.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pennsieve_agent.node.batch_reasons import STOPPED
from pennsieve_agent.node.job_submission import Launcher, job_name
from pennsieve_agent.node.log_reasons import explain
from pennsieve_agent.node.lost_grants import lost_grant
from pennsieve_agent.node.node import Node, aws_code
from pennsieve_agent.node.pennsieve_api import RUNS, Down, Refused
from pennsieve_agent.node.plan_jobs import Unfit, month
from pennsieve_agent.node.receipt import NAME, receipt_of
from pennsieve_agent.node.run_cleanup import archive, metrics_of, tidy
from pennsieve_agent.node.run_record import JobKind, JobRecord, Phase, RunRecord
from pennsieve_agent.node.run_store import Busy, Journal
from pennsieve_agent.node.status_reports import Outbox
from pennsieve_agent.node.step_secrets import keep_session
from pennsieve_agent.node.transitions import (
    Seen,
    Terms,
    cost_of,
    judge,
    next_to_submit,
    step_states,
    take_note,
    why_waiting,
)
from pennsieve_agent.node.user_session import as_person, forget_tokens

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 480.0
"""How long a run may not get on before it is ended, so that none is stuck for ten minutes."""
REPORT_SECONDS = 7 * 86_400.0
"""How long the platform is told of a run's end, while it is down."""
MOST_STEPS = 500
CLEAN_KEY = "/clean"
_DESCRIBED = 100
"""Jobs in one question (AWS Batch, "DescribeJobs")."""


@dataclass(slots=True)
class Steersman:
    """Moves runs of a node forward."""

    node: Node
    journal: Journal

    def advance(self, run: str) -> bool:
        """Take a run as far as it goes now, also with what others came for meanwhile.

        False when somebody else is at it, who will then look at it once more.
        """
        try:
            record = self.journal.take(run)
        except Busy:
            return False
        try:
            self._go_on(record)
            while not self.journal.release(run):
                self._go_on(self.journal.read(run))
        except Exception:  # the event that brought us comes again
            self.journal.drop(run)
            raise
        return True

    def _go_on(self, record: RunRecord | None) -> None:
        if record is not None and record.phase is Phase.DONE:
            self._forget(record)  # whoever ended it may have been killed before all was forgotten
        elif record is not None:
            self._steer(record)

    def _steer(self, record: RunRecord) -> None:
        outbox = Outbox(self.node, self.journal, record)
        for _ in range(MOST_STEPS):
            before = record.to_json(plan=False)
            try:
                on = self._step(record)
            except Busy:
                raise
            except Exception as error:  # noqa: BLE001 - AWS's refusals must not leave a run stuck
                self._trouble(record, error)
                outbox.flush()
                return
            record.tries = 0
            self._tell(record, outbox)
            if record.to_json(plan=False) != before:
                self.journal.write(record)
            outbox.flush()
            if record.phase is Phase.DONE or not on:
                return

    def _trouble(self, record: RunRecord, error: Exception) -> None:
        """AWS refused: look again later, but not for ever."""
        log.warning("run %s in phase %s: %r", record.run, record.phase, error)
        now = int(self.node.now())
        record.tries = record.tries or now
        if now - record.tries >= PATIENCE_SECONDS:
            words = f"AWS refuses: {aws_code(error) or type(error).__name__}: {error}"
            record.end("FAILED", words[:500])
            record.tries = 0
            record.phase = _after(record.phase)
        self.journal.write(record)

    def _step(self, record: RunRecord) -> bool:
        """One step; whether there may be another at once."""
        steps: dict[Phase, Callable[[RunRecord], bool]] = {
            Phase.ACCEPTED: self._accept,
            Phase.SUBMITTING: self._submit,
            Phase.RUNNING: self._watch,
            Phase.ENDING: self._end,
            Phase.FINALIZING: self._finalize,
            Phase.CLEANING: self._clean,
            Phase.REPORTING: self._report,
        }
        step = steps.get(record.phase)
        return step(record) if step is not None else False

    def _accept(self, record: RunRecord) -> bool:
        if self.journal.is_cancelled(record.run):
            record.end("CANCELED", "")
            record.phase = Phase.FINALIZING
            return True
        try:
            self._prepare(record)
        except Unfit as unfit:
            # What Pennsieve refuses a run that is being cancelled is no failure of the run.
            cancelled = self._is_cancelled(record)
            record.end(*(("CANCELED", "") if cancelled else ("FAILED", str(unfit))))
            record.phase = Phase.FINALIZING
            return True
        except Down as down:
            if self.node.now() - record.created < PATIENCE_SECONDS:
                return False
            record.end("FAILED", f"Pennsieve did not answer the compute node: {down}")
            record.phase = Phase.FINALIZING
            return True
        record.started = self.node.now()
        record.phase = Phase.SUBMITTING
        return True

    def _prepare(self, record: RunRecord) -> None:
        """An own run is prepared when it is asked for; a grant may have been taken back since."""
        if not record.is_own:
            # Once a run, on nodes that Pennsieve runs alone: a tenth of what a cold start loads.
            from pennsieve_agent.node.pennsieve_run import prepare  # noqa: PLC0415

            web = as_person(self.node, self.journal, record.run)
            prepare(self.node, self.journal, record, web)
        elif why := lost_grant(self.node, record):
            raise Unfit(why)

    def _is_cancelled(self, record: RunRecord) -> bool:
        """Whether a run is to be ended, by what was told here or by what Pennsieve shows."""
        if record.is_own or self.journal.is_cancelled(record.run):
            return self.journal.is_cancelled(record.run)
        web = as_person(self.node, self.journal, record.run)
        try:
            shown = web.ask("GET", f"{RUNS}/{record.run}")
        except (Refused, Down):
            return False
        return isinstance(shown, dict) and shown.get("status") in {"CANCELING", "CANCELED"}

    def _submit(self, record: RunRecord) -> bool:
        if not self._has_session(record):
            return record.phase is not Phase.SUBMITTING
        job = next_to_submit(record)
        if job is None:
            record.phase = Phase.RUNNING
            return True
        if self.journal.is_cancelled(record.run) and not record.submitting:
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
        launcher = Launcher(self.node, record)
        if closed := launcher.closed_doors(job):
            record.doors |= dict.fromkeys(closed, "")
            self.journal.write(record)
        launcher.open_doors()
        found = ""
        if record.submitting == job.key:  # it may have been submitted by one who was killed
            found = launcher.find(job)
        else:
            job.asked += 1
            job.name = job_name(record.run, job)
            record.submitting = job.key
            self.journal.write(record)
        job.id = found or launcher.submit(job)
        job.status = "SUBMITTED"
        record.submitting = ""

    def _watch(self, record: RunRecord) -> bool:
        if not self._has_session(record) and record.phase is not Phase.RUNNING:
            return True
        seen = self.look(record)
        take_note(record, seen)
        explain(self.node, record)
        record.waiting = why_waiting(record, seen, self.terms)
        judge(record, seen, self.terms, self.node.now())
        return record.phase is not Phase.RUNNING

    def _end(self, record: RunRecord) -> bool:
        """End what runs; not done before Batch shows that nothing does."""
        record.waiting = {}
        if record.submitting:
            self._settle(record)
        seen = self.look(record)
        take_note(record, seen)
        for job in record.live:
            if job.id not in seen.jobs:  # Batch knows it no more: it cannot run
                job.status, job.reason = "FAILED", STOPPED
        if not record.live:
            record.phase = Phase.FINALIZING
            return True
        for job in record.live:
            self.node.client("batch").terminate_job(jobId=job.id, reason=STOPPED)
        return False

    def _settle(self, record: RunRecord) -> None:
        """A submission that was cut off: find whether there is such a job."""
        job = record.job(record.submitting)
        job.id = Launcher(self.node, record).find(job)
        job.status = "SUBMITTED" if job.id else ""
        record.submitting = ""

    def _finalize(self, record: RunRecord) -> bool:
        record.ended = record.ended or self.node.now()
        if record.started:
            try:
                archive(self.node, record)
            except Exception as error:
                if not aws_code(error):
                    raise
                log.warning("the log of run %s is not kept: %s", record.run, aws_code(error))
        record.metrics = metrics_of(record, self.terms, self.node.now())
        if record.started:
            self.journal.note_cost(month(self.node.now()), record.run, record.cost)
        outbox = Outbox(self.node, self.journal, record)
        self._tell(record, outbox)
        if record.outcome != "CANCELED" and record.started:
            outbox.run("FINALIZING")
        outbox.run(record.outcome)
        record.phase = Phase.CLEANING
        return True

    def _clean(self, record: RunRecord) -> bool:
        if not record.doors:
            record.phase = Phase.REPORTING
            return True
        job = next((job for job in record.jobs if job.kind is JobKind.CLEAN), None)
        if job is None:
            job = JobRecord(CLEAN_KEY, CLEAN_KEY, JobKind.CLEAN)
            record.jobs.append(job)
        if not job.id:
            self._launch(record, job)
            return True
        seen = self.look(record)
        take_note(record, seen)
        if job.ended or job.id not in seen.jobs:
            tidy(self.node, record)
            record.phase = Phase.REPORTING
            return True
        return False

    def _report(self, record: RunRecord) -> bool:
        Outbox(self.node, self.journal, record).flush()
        if record.outbox and self.node.now() - record.ended < REPORT_SECONDS:
            return False
        tidy(self.node, record)
        record.phase = Phase.DONE
        self._forget(record)
        return False

    def _forget(self, record: RunRecord) -> None:
        if not record.is_own:
            forget_tokens(self.node, record.run)
        self.journal.forget(record)

    def look(self, record: RunRecord) -> Seen:
        """What AWS shows of a run's jobs now."""
        ids = [job.id for job in record.live]
        rows: dict[str, Any] = {}
        batch = self.node.client("batch")
        for start in range(0, len(ids), _DESCRIBED):
            answer = batch.describe_jobs(jobs=ids[start : start + _DESCRIBED])
            rows |= {row["jobId"]: row for row in answer["jobs"]}
        waits = [job for job in record.live if rows.get(job.id, {}).get("status") == "RUNNABLE"]
        places = self._environments(waits) if waits else {}
        budget = self.terms.budget
        spent = self.journal.cost_of(month(self.node.now()), but=record.run) if budget else 0.0
        cancelled = self.journal.is_cancelled(record.run)
        return Seen(rows, places, cancelled, spent, lost_grant(self.node, record))

    def _environments(self, jobs: list[JobRecord]) -> dict[str, Any]:
        """The compute environments of jobs that wait; they are called as their queues."""
        settings = self.node.settings
        names = [settings.fargate_queue, settings.spot_queue, settings.gpu_queue]
        answer = self.node.client("batch").describe_compute_environments(
            computeEnvironments=[name for name in names if name]
        )
        found = {row["computeEnvironmentName"]: row for row in answer["computeEnvironments"]}
        default = found.get(settings.fargate_queue, {})
        return {job.key: found.get(settings.gpu_queue) if job.gpu else default for job in jobs}

    def _tell(self, record: RunRecord, outbox: Outbox) -> None:
        """Say what the platform does not know yet of the run and its steps."""
        if not record.started:
            return
        outbox.run("STARTED")
        for step, (state, _) in step_states(record).items():
            outbox.step(step, state)

    @property
    def terms(self) -> Terms:
        """The node's own limits."""
        settings = self.node.settings
        return Terms(
            float(settings.max_vcpus or 0),
            float(settings.monthly_budget or 0),
            settings.mode == "basic",
        )


def receipt_for(node: Node, run: str) -> dict[str, Any]:
    """The receipt of an own run that is being delivered, ``{status, body}``; others have none."""
    journal = Journal(node)
    record = journal.read(run)
    if record is None or not record.is_own or record.outcome:
        return {"status": 200, "body": {}}
    steersman = Steersman(node, journal)
    take_note(record, steersman.look(record))  # of this copy alone: somebody else may hold the run
    now = node.now()
    cost = cost_of(record, steersman.terms, now)
    document = receipt_of(record, journal.start_of(record), node.settings, cost, now)
    text = json.dumps(document, indent=2, sort_keys=True) + "\n"
    return {"status": 200, "body": {"name": NAME, "text": text}}


def _after(phase: Phase) -> Phase:
    """Where a run goes that cannot get on in a phase."""
    if phase in {Phase.ACCEPTED, Phase.SUBMITTING, Phase.RUNNING}:
        return Phase.ENDING
    order = list(Phase)
    return order[order.index(phase) + 1]
