"""A run's steps on this machine, in the node's order: stage, merge, run, gather."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pennsieve_agent.domain.measured import NOT_MEASURED, Measured
from pennsieve_agent.engine.backend import Backend, Outcome, Program, Task
from pennsieve_agent.engine.container_task import Mount, StepContainer
from pennsieve_agent.engine.exit_reasons import OUT_OF_MEMORY
from pennsieve_agent.engine.remove_tree import remove_tree
from pennsieve_agent.node.jobs.access_points import AccessPoints
from pennsieve_agent.node.jobs.job_definitions import step_environment
from pennsieve_agent.node.jobs.metered_task import step_memory
from pennsieve_agent.node.jobs.step_command import step_command
from pennsieve_agent.node.jobs.transfer_tasks import task_of
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.records.run_record import JobKind, JobRecord, RunRecord
from pennsieve_agent.node.runs.batch_reasons import DEPENDENCY, failure
from pennsieve_agent.node.transfer_job.gather import Gathered, gather
from pennsieve_agent.node.transfer_job.merge import merge
from pennsieve_agent.node.transfer_job.run_files import Owner, RunFiles
from pennsieve_agent.node.transfer_job.transfer_error import TransferError

OUT_OF_TIME = "Job attempt duration exceeded timeout"
"""What AWS Batch says of such a job (AWS Batch, "Job timeouts")."""
Stage = Callable[[Path], None]
"""Puts the input of a step into a folder, which is empty."""


@dataclass(frozen=True, slots=True)
class Means:
    """What a run is made with.

    ``programs`` are by the ids of steps; ``folder`` is the run's alone. ``seconds`` is how long a
    step may take, 0 without limit. ``log`` takes a step and a line of it. ``secrets`` take
    precedence over parameters, as on a node.
    """

    backend: Backend
    programs: Mapping[str, Program]
    folder: Path
    stage: Stage
    log: Callable[[str, str], None]
    seconds: float = 0.0
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class StepEnd:
    """How a step ended. ``reason`` is empty where it ended well; ``seconds`` is what it took.

    ``vcpus`` and ``memory`` (MB) are what it had. ``files`` are its results by their paths, with
    where they are; ``left_out`` says what a node would not hand over. ``changed`` are files of its
    input that it changed, and ``astray`` what it wrote that is lost.
    """

    step: str
    vcpus: float
    memory: int
    exit_code: int | None = None
    reason: str = ""
    seconds: float = 0.0
    measured: Measured = NOT_MEASURED
    files: tuple[tuple[str, Path], ...] = ()
    left_out: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    astray: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether it ended well."""
        return not self.reason


@dataclass(slots=True)
class RunHere:
    """One run on this machine."""

    node: Node
    record: RunRecord
    means: Means
    _ended: dict[str, bool] = field(default_factory=dict)

    def run(self) -> Iterator[StepEnd]:
        """Run all steps; each step's end as it comes. A step after one that failed does not run.

        Raises:
            EngineError: the engine itself failed.
            OSError: for example, no space left.

        """
        self.record.started = self.node.now()
        for job in self.record.work:
            failed = [parent for parent in job.after if not self._ended.get(parent)]
            if failed:
                self._ended[job.key] = False
                if job.kind is JobKind.PROCESS:
                    yield self._end(job, reason=DEPENDENCY)
                continue
            match job.kind:
                case JobKind.STAGE:
                    self._stage(job)
                    self._ended[job.key] = True
                case JobKind.MERGE:
                    reason = self._merge(job)
                    self._ended[job.key] = not reason
                    if reason:
                        self.means.log(job.step, reason)
                case JobKind.PROCESS:
                    end = self._process(job)
                    self._ended[job.key] = end.ok
                    yield end
                case _:
                    self._ended[job.key] = True

    def results(self) -> Gathered:
        """What the last steps made: those that targets hand over, else those nothing reads."""
        targets = [job for job in self.record.work if job.kind is JobKind.DELIVER]
        if targets:
            parents = (task_of(self.record, job).parents for job in targets)
            steps = tuple(dict.fromkeys(step for several in parents for step in several))
            return _in_one_folder(self._gathered(steps, *targets))
        read = {parent for row in self._rows for parent in row.get("depends_on") or ()}
        last = [job for job in self.record.work if job.kind is JobKind.PROCESS]
        steps = tuple(job.step for job in last if job.step not in read)
        return _in_one_folder(self._gathered(steps, last[-1]))

    @property
    def _rows(self) -> list[dict[str, Any]]:
        return list(self.record.plan.get("jobs") or ())

    @property
    def _root(self) -> Path:
        """The folder of the run, as the file system of a node has it."""
        return self._placed("run")

    def _placed(self, key: str) -> Path:
        place = AccessPoints(self.node, self.record).folder(key)
        return self.means.folder / place.lstrip("/")

    def _files(self, job: JobRecord) -> RunFiles:
        task = task_of(self.record, replace(job, kind=JobKind.MERGE))
        files = RunFiles(self._root, Owner(task.uid), task.before)
        self._root.mkdir(parents=True, exist_ok=True)
        files.lay_out(task.steps)
        return files

    def _stage(self, job: JobRecord) -> None:
        files = self._files(job)
        self.means.stage(files.data(job.step))

    def _merge(self, job: JobRecord) -> str:
        try:
            task = task_of(self.record, job)
            merge(self._files(job), job.step, task.parents, continues=task.continues)
        except TransferError as error:
            return str(error)
        return ""

    def _process(self, job: JobRecord) -> StepEnd:
        scratch = self.means.folder / "scratch"
        scratch.mkdir(parents=True)
        task = self._container(job).task(self.means.programs[job.step], scratch)
        before, begun = _looks(task.input), time.monotonic()
        job.started = self.node.now()
        try:
            outcome, about = self._timed(task)
        finally:
            remove_tree(scratch)
        seconds = time.monotonic() - begun
        reason = "" if outcome.ok and not about else failure(_row(outcome, about))
        _note_end(job, self.node.now(), outcome, reason)
        results = self._gathered((job.step,), job)
        return self._end(
            job,
            exit_code=outcome.exit_code,
            reason=reason,
            seconds=seconds,
            measured=outcome.measured,
            files=tuple(results.files),
            left_out=tuple(results.left_out),
            changed=_differing(before, task.input),
            astray=outcome.astray,
        )

    def _container(self, job: JobRecord) -> StepContainer:
        """What AWS Batch would make of the step's job definition."""
        mounts = [
            Mount(mount.path, self._placed(mount.key), mount.read_only)
            for mount in AccessPoints(self.node, self.record).mounts(job)
        ]
        environ = {**step_environment(self.record, job), **self.means.secrets}
        command = step_command(self.record, job.step)
        return StepContainer(job.step, environ, mounts, job.vcpus, step_memory(job), command)

    def _timed(self, task: Task) -> tuple[Outcome, str]:
        """Run a step; its outcome, and what AWS Batch would say if it took too long."""
        stop = threading.Event()
        timer = threading.Timer(self.means.seconds, stop.set)
        timer.daemon = True
        if self.means.seconds:
            timer.start()
        step = task.job.id
        try:
            outcome = self.means.backend.run(task, lambda line: self.means.log(step, line), stop)
        finally:
            timer.cancel()
        if outcome.reason and not stop.is_set():
            self.means.log(step, outcome.reason)
        return outcome, OUT_OF_TIME if stop.is_set() else ""

    def _gathered(self, steps: tuple[str, ...], *jobs: JobRecord) -> Gathered:
        """What steps made, as the ``jobs`` that come after them see it."""
        tasks = [task_of(self.record, replace(job, kind=JobKind.DELIVER)) for job in jobs]
        before = (step for task in tasks for step in task.before)
        files = RunFiles(self._root, Owner(tasks[0].uid), tuple(dict.fromkeys((*steps, *before))))
        # What one target does not take, such as a link out of a layer, is left out and said here.
        return gather(replace(tasks[0], parents=steps, target=""), files)

    def _end(self, job: JobRecord, **values: Any) -> StepEnd:
        return StepEnd(job.step, job.vcpus, job.memory, **values)


def _in_one_folder(gathered: Gathered) -> Gathered:
    """The same as one folder has it, where a name is there once; what is left out is said."""
    steps: dict[str, str] = {}
    left_out = list(gathered.left_out)
    files: dict[str, list[tuple[str, Path]]] = {}
    for step, results in gathered.files_by_step.items():
        for name, path in results:
            if (other := steps.setdefault(name, step)) == step:
                files.setdefault(step, []).append((name, path))
            else:
                left_out.append(f"'{name}' of step '{step}', as step '{other}' made one, too")
    return replace(gathered, files_by_step=files, left_out=left_out)


def _note_end(job: JobRecord, now: float, outcome: Outcome, reason: str) -> None:
    """Note the end of a job's only attempt, as a node does."""
    job.stopped, job.exit_code, job.reason = now, outcome.exit_code, reason
    job.status = "FAILED" if reason else "SUCCEEDED"
    measured = outcome.measured
    attempt = {
        "started": job.started,
        "ended": now,
        "exitCode": outcome.exit_code,
        "reason": reason,
        "measured": measured.document() if measured.is_known else None,
    }
    job.attempts = [attempt]


def _row(outcome: Outcome, about: str) -> dict[str, Any]:
    """How AWS Batch would describe a job that ended so."""
    reason = OUT_OF_MEMORY if outcome.out_of_memory else ""
    container = {"exitCode": outcome.exit_code, "reason": reason}
    return {"container": container, "statusReason": about}


def _looks(folder: Path) -> dict[str, tuple[int, int]]:
    """How the files of a folder look: size and time of each."""
    return {
        path.relative_to(folder).as_posix(): (path.lstat().st_size, path.lstat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


def _differing(before: Mapping[str, tuple[int, int]], folder: Path) -> tuple[str, ...]:
    now = _looks(folder)
    return tuple(sorted(n for n in {*before, *now} if before.get(n) != now.get(n)))
