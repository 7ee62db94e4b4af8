"""Executing a run plan on this machine: in order, at once where it may, and stoppable."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Protocol

from pennsieve_agent.domain.plans import Job, JobKind, RunPlan
from pennsieve_agent.engine.backend import Backend, Mover, Outcome, Program
from pennsieve_agent.engine.files import job_folders
from pennsieve_agent.engine.work import JobWorker

_STOP_POLL_SECONDS = 0.05


class Observer(Protocol):
    """Hears what happens in a run. Calls come from several threads, but never two at once.

    What an observer raises ends the run: everything is stopped, and ``execute`` raises it.
    """

    def started(self, job_id: str) -> None:
        """A job begins."""
        ...

    def line(self, job_id: str, text: str) -> None:
        """A job printed a line."""
        ...

    def finished(self, job_id: str, outcome: Outcome) -> None:
        """A job that began has ended; ``outcome.canceled`` says that it was stopped."""
        ...


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended: ``ok``, or ``canceled``, or with the first job that failed and why."""

    ok: bool
    canceled: bool = False
    failed_job: str | None = None
    reason: str = ""


def execute(  # noqa: PLR0913, PLR0917 - all are different parts of the world; a bag would hide them
    plan: RunPlan,
    backend: Backend,
    programs: Mapping[str, Program],
    mover: Mover,
    workdir: Path,
    observer: Observer,
    stop: threading.Event,
    done: frozenset[str] = frozenset(),
    *,
    workers: int | None = None,
) -> RunResult:
    """Run a plan to its end; nothing of it is left running when this returns or raises.

    ``programs`` holds what the backend prepared, by job id. Each job has a folder below
    ``workdir`` (:func:`~pennsieve_agent.engine.files.job_folders`). Jobs in ``done`` ended well in
    an earlier attempt: they do not run again, and their output folders are used. At most
    ``workers`` jobs (the number of processors of this machine) run at once. The first job that
    fails stops the others. Setting ``stop`` cancels the run.

    No failure of a backend or a mover is raised: it ends its job, with a reason in words.

    Raises:
        Exception: whatever the observer raised.

    """
    execution = _Execution(plan, observer, stop)
    execution.worker = JobWorker(
        plan=plan,
        backend=backend,
        programs=programs,
        mover=mover,
        workdir=workdir,
        halt=execution.halt,
    )
    order = _Order(plan, _usable(plan, done, workdir))
    execution.run(order, workers or os.cpu_count() or 1)
    return execution.result(order)


def _usable(plan: RunPlan, done: frozenset[str], workdir: Path) -> frozenset[str]:
    """The finished jobs whose files are still there, if others need them."""
    return frozenset(
        job.id
        for job in plan.jobs
        if job.id in done
        and (job.kind is JobKind.TARGET or job_folders(workdir, job.id).output.is_dir())
    )


class _Order:
    """Which jobs may begin."""

    def __init__(self, plan: RunPlan, done: frozenset[str]) -> None:
        self._done = done
        self._sorter = TopologicalSorter({job.id: job.depends_on for job in plan.jobs})
        self._sorter.prepare()

    def ready(self) -> Iterator[str]:
        """Jobs not handed out before whose parents are all done."""
        while batch := self._sorter.get_ready():
            for job_id in batch:
                if job_id in self._done:
                    self._sorter.done(job_id)
                else:
                    yield job_id

    def finished(self, job_id: str) -> None:
        """A job ended well."""
        self._sorter.done(job_id)

    @property
    def complete(self) -> bool:
        """Whether every job has ended well."""
        return not self._sorter.is_active()


class _Execution:
    """One call of :func:`execute`: the threads, and what they agree on."""

    worker: JobWorker

    def __init__(self, plan: RunPlan, observer: Observer, stop: threading.Event) -> None:
        self.halt = threading.Event()
        self._plan = plan
        self._observer = observer
        self._stop = stop
        self._telling = threading.Lock()
        self._failed: tuple[str, str] | None = None
        self._broken: BaseException | None = None

    def run(self, order: _Order, workers: int) -> None:
        """Run jobs until there is nothing more to do, or reason to stop."""
        running: dict[Future[bool], str] = {}
        with ThreadPoolExecutor(workers, thread_name_prefix="job") as pool:
            try:
                while True:
                    if self._stop.is_set():
                        self.halt.set()
                    if not self.halt.is_set():
                        for job_id in order.ready():
                            running[pool.submit(self._job, self._plan.job(job_id))] = job_id
                    if not running:
                        return
                    ended, _ = wait(running, _STOP_POLL_SECONDS, FIRST_COMPLETED)
                    for future in ended:
                        job_id = running.pop(future)
                        if future.result():
                            order.finished(job_id)
            finally:
                # Whatever went wrong here, the threads end before the pool is left.
                self.halt.set()

    def result(self, order: _Order) -> RunResult:
        """How it ended."""
        if self._failed is not None:
            job_id, reason = self._failed
            return RunResult(ok=False, failed_job=job_id, reason=reason)
        if self._stop.is_set():
            return RunResult(ok=False, canceled=True, reason="canceled")
        return RunResult(ok=order.complete)

    def _job(self, job: Job) -> bool:
        """Run one job in a thread; whether it ended well."""
        if self.halt.is_set():
            return False
        try:
            with self._telling:
                self._observer.started(job.id)
            outcome = self._judged(job, self._work(job))
            with self._telling:
                self._observer.finished(job.id, outcome)
        except BaseException:
            self.halt.set()
            raise
        return outcome.ok

    def _work(self, job: Job) -> Outcome:
        outcome = self.worker.run(job, lambda text: self._line(job, text))
        if self._broken is not None:
            raise self._broken
        return outcome

    def _line(self, job: Job, text: str) -> None:
        with self._telling:
            try:
                self._observer.line(job.id, text)
            except BaseException as error:
                # It passes through a backend or a mover, where it must not become a job's failure.
                self._broken = error
                raise

    def _judged(self, job: Job, outcome: Outcome) -> Outcome:
        """Tell a failure from having been stopped; the first failure stops the others."""
        with self._telling:
            if outcome.ok:
                return outcome
            if self._stop.is_set() or self.halt.is_set():
                return replace(outcome, canceled=True)
            self._failed = (job.id, outcome.reason)
            self.halt.set()
            return outcome
