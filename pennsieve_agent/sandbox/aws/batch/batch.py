"""The jobs of AWS Batch: submitted, held back, run, tried again, ended.

Job definitions, queues and compute environments are moto's; the jobs are ours. They are written
down at every change, so that after a restart they are as they were; an attempt that a restart cut
off ends as one whose machine vanished.
"""

from __future__ import annotations

import logging
import os
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pennsieve_agent.sandbox.aws.batch.companions import Companions
from pennsieve_agent.sandbox.aws.batch.containers import (
    Container,
    Dock,
    Machine,
    stream_of,
)
from pennsieve_agent.sandbox.aws.batch.job_log import JobLog
from pennsieve_agent.sandbox.aws.batch.jobs import (
    CHILD_FAILED,
    DEPENDENT_FAILED,
    HOST_TERMINATED,
    NOT_STARTED,
    OUT_OF_TIME,
    TOO_LARGE,
    Ended,
    Job,
    Status,
    Unstartable,
    attempt_of,
    dependency,
    detail,
    is_tried_again,
)
from pennsieve_agent.sandbox.host.store import Store

log = logging.getLogger(__name__)

SCHEMA = """
CREATE TABLE IF NOT EXISTS batch_jobs (id TEXT PRIMARY KEY, job TEXT NOT NULL);
"""
KEPT_SECONDS = 24 * 3600
"""How long jobs that ended can be described."""
STOP_SECONDS = 20.0

Report = Callable[[Job, Mapping[str, Any]], None]
Room = Callable[[Job], float | None]
"""How many vCPUs the compute environment of a job's queue has; None when the queue is off."""


@dataclass(frozen=True, slots=True)
class Works:
    """What attempts are made with."""

    dock: Dock
    machine: Machine
    logs: JobLog


class Batch:
    """All jobs. ``report`` is called with a job and its description when its state changes."""

    def __init__(
        self, store: Store, works: Works, room: Room, report: Report, now: Callable[[], float]
    ) -> None:
        self._store = store
        self._dock = works.dock
        self._machine = works.machine
        self._logs = works.logs
        self._room = room
        self._report = report
        self._now = now
        self._lock = threading.RLock()
        self._jobs: dict[str, Job] = {}
        self._stops: dict[str, threading.Event] = {}
        self._threads: dict[str, threading.Thread] = {}
        self._most = 2 * (os.cpu_count() or 2) + 2
        self._closing = threading.Event()

    def start(self) -> None:
        """Go on with the jobs of an earlier process."""
        oldest = (self._now() - KEPT_SECONDS) * 1000
        with self._lock:
            for row in self._store.rows("SELECT * FROM batch_jobs"):
                job = Job.load(row["job"])
                if job.status.is_final and job.stopped < oldest:
                    self._store.execute("DELETE FROM batch_jobs WHERE id = ?", (job.id,))
                    continue
                self._jobs[job.id] = job
            for job in list(self._jobs.values()):
                if job.status.has_machine and job.size is None:
                    self._ended(job, Ended(None, HOST_TERMINATED))
            self._advance()

    def stop(self) -> None:
        """End every container; the jobs go on after the next start."""
        self._closing.set()
        with self._lock:
            for stop in self._stops.values():
                stop.set()
            threads = list(self._threads.values())
        for thread in threads:
            thread.join(STOP_SECONDS)

    def submit(self, job: Job) -> None:
        """Take a new job."""
        with self._lock:
            self._put(job, Status.SUBMITTED)
            self._advance()

    def find(self, job_id: str) -> Job | None:
        """A job by its id or its ARN."""
        with self._lock:
            return self._jobs.get(job_id.rpartition("/")[2])

    def described(self, ids: Iterable[str]) -> list[dict[str, Any]]:
        """The jobs with these ids; unknown ids are left out."""
        with self._lock:
            jobs = (self._jobs.get(arn.rpartition("/")[2]) for arn in ids)
            return [self._detail(job) for job in jobs if job is not None]

    def chosen(self, fits: Callable[[Job], bool]) -> list[Job]:
        """The jobs that a filter accepts, newest first, as AWS lists them."""
        with self._lock:
            return [job for job in reversed(list(self._jobs.values())) if fits(job)]

    def end(self, job_id: str, reason: str, *, running: bool) -> None:
        """End a job: one that waits at once, and, if ``running``, one that runs too."""
        with self._lock:
            job = self.find(job_id)
            for member in [] if job is None else [*self._children(job), job]:
                if member.status.is_final:
                    continue
                if not member.status.has_machine:
                    member.stopping = reason
                    self._put(member, Status.FAILED, reason)
                elif running:
                    member.stopping = reason
                    self._halt(member.id)
            self._advance()

    def reclaim(self, job_id: str, status_reason: str = HOST_TERMINATED) -> None:
        """Take a running job's machine away, as happens on Spot."""
        with self._lock:
            job = self.find(job_id)
            if job is not None and job.status is Status.RUNNING:
                self._ended(job, Ended(None, status_reason))
                self._halt(job.id)
                self._advance()

    def _halt(self, job_id: str) -> None:
        if (stop := self._stops.get(job_id)) is not None:
            stop.set()

    def _advance(self) -> None:
        """Do everything that is due; the caller holds the lock."""
        changed = True
        while changed and not self._closing.is_set():
            changed = False
            for job in list(self._jobs.values()):
                if job.status in {Status.SUBMITTED, Status.PENDING}:
                    changed |= self._settle(job)
            for job in list(self._jobs.values()):
                if job.status is Status.RUNNABLE and self._has_room(job):
                    self._begin(job)

    def _settle(self, job: Job) -> bool:
        """Start or fail a waiting job if its time has come; answers whether its state changed."""
        if job.size is not None and self._children(job):
            return self._sum_up(job)
        others = (self._jobs.get(other["jobId"]) for other in job.depends_on)
        verdict = dependency(job, (other.status if other else None for other in others))
        if verdict is None:
            return False
        if verdict is Status.RUNNABLE and job.size is not None:
            self._spread(job)
        else:
            failed = verdict is Status.FAILED
            self._put(job, verdict, DEPENDENT_FAILED if failed else "")
        return True

    def _spread(self, parent: Job) -> None:
        """Make the children of an array job."""
        self._put(parent, Status.PENDING)
        for index in range(parent.size or 0):
            child = Job.load(parent.dump())
            child.id, child.arn = f"{parent.id}:{index}", f"{parent.arn}:{index}"
            child.size, child.index, child.parent = None, index, parent.id
            child.depends_on = []
            self._put(child, Status.RUNNABLE)

    def _sum_up(self, parent: Job) -> bool:
        states = [child.status for child in self._children(parent)]
        if not all(state.is_final for state in states):
            return False
        failed = Status.FAILED in states
        end = Status.FAILED if failed else Status.SUCCEEDED
        self._put(parent, end, CHILD_FAILED if failed else "")
        return True

    def _children(self, job: Job) -> list[Job]:
        if job.size is None:
            return []
        return [child for child in self._jobs.values() if child.parent == job.id]

    def _has_room(self, job: Job) -> bool:
        busy = [other for other in self._jobs.values() if other.status.has_machine]
        if len(self._threads) >= self._most:
            return False
        most = self._room(job)
        if most is not None and job.vcpus > most and job.reason != TOO_LARGE:
            self._put(job, Status.RUNNABLE, TOO_LARGE)
        used = sum(other.vcpus for other in busy if other.queue == job.queue)
        return most is not None and used + job.vcpus <= most

    def _begin(self, job: Job) -> None:
        job.task = uuid.uuid4().hex
        job.stream = ""
        stop = self._stops[job.id] = threading.Event()
        self._put(job, Status.STARTING)
        thread = threading.Thread(
            target=self._attempt, args=(job, job.task, stop), name=f"job {job.name}", daemon=True
        )
        self._threads[job.task] = thread
        thread.start()

    def _attempt(self, job: Job, task: str, stop: threading.Event) -> None:
        """One attempt, in its own thread; only the last lines touch the job, under the lock."""
        try:
            ended = self._run(job, task, stop)
        except Exception as error:
            log.exception("job %s failed", job.id)
            ended = Ended(None, NOT_STARTED, f"{type(error).__name__}: {error}")
        with self._lock:
            self._threads.pop(task, None)
            # Reclaimed, or to be continued by the next process: then this end is nobody's.
            if job.task == task and job.status.has_machine and not self._closing.is_set():
                self._stops.pop(job.id, None)
                self._ended(job, ended)
            self._advance()

    def _run(self, job: Job, task: str, stop: threading.Event) -> Ended:
        job.stream = stream_of(job.container, job, task.replace("-", ""))
        job.beside = {}
        try:
            container = self._dock.container(job, len(job.attempts) + 1)
            beside = self._dock.beside(job, container)
        except Unstartable as problem:
            self._dock.leave(job.id)
            job.stream = ""
            return Ended(None, NOT_STARTED, str(problem))
        with self._lock:
            if not stop.is_set():
                job.started = job.started or self._milliseconds()
                self._put(job, Status.RUNNING)
        try:
            with (
                self._logs.writer(job) as write,
                Companions(job, beside, self._machine, self._logs),
            ):
                return self._timed(job, container, write, stop)
        finally:
            self._dock.leave(container.job)

    def _timed(
        self, job: Job, container: Container, write: Callable[[str], None], stop: threading.Event
    ) -> Ended:
        late = threading.Event()

        def expire() -> None:
            late.set()
            stop.set()

        timer = threading.Timer(job.seconds or 0, expire) if job.seconds else None
        if timer is not None:
            timer.daemon = True
            timer.start()
        try:
            ended = self._machine.run(container, write, stop)
        except Unstartable as problem:
            return Ended(None, NOT_STARTED, str(problem))
        finally:
            if timer is not None:
                timer.cancel()
        return Ended(ended.code, OUT_OF_TIME, ended.reason) if late.is_set() else ended

    def _ended(self, job: Job, ended: Ended) -> None:
        now = self._milliseconds()
        container: dict[str, Any] = {"taskArn": job.task}
        if job.stream:
            container["logStreamName"] = job.stream
        if ended.code is not None:
            container["exitCode"] = ended.code
        if ended.reason:
            container["reason"] = ended.reason
        status_reason = job.stopping or ended.status_reason
        about = attempt_of(job, container)
        attempt = {**about, "stoppedAt": now, "statusReason": status_reason}
        job.attempts.append({**attempt, **({"startedAt": job.started} if job.started else {})})
        if is_tried_again(job, ended):
            job.started = 0
            self._put(job, Status.RUNNABLE, status_reason)
        else:
            good = ended.code == 0 and not job.stopping
            self._put(job, Status.SUCCEEDED if good else Status.FAILED, status_reason)

    def _put(self, job: Job, status: Status, reason: str = "") -> None:
        """Store a job's new state, and report it."""
        job.status, job.reason = status, reason
        if status.is_final:
            job.stopped = self._milliseconds()
        self._jobs[job.id] = job
        self._store.execute("INSERT OR REPLACE INTO batch_jobs VALUES (?, ?)", (job.id, job.dump()))
        self._report(job, self._detail(job))

    def _detail(self, job: Job) -> dict[str, Any]:
        return detail(job, self._children(job))

    def _milliseconds(self) -> int:
        return int(self._now() * 1000)
