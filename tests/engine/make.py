"""Values with good defaults, and fakes at the engine's seams."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pennsieve_agent.domain.plans import Job, JobKind, RunPlan
from pennsieve_agent.domain.runs import RunRequest
from pennsieve_agent.domain.step_files import DATA, step_folder
from pennsieve_agent.domain.workflows import DATASET_TARGET, Step, StepKind, Workflow
from pennsieve_agent.engine.backend import Log, Outcome, Program, Task

LIMIT_SECONDS = 20
HOSTS = {
    "PENNSIEVE_API_HOST": "http://127.0.0.1:1",
    "PENNSIEVE_API_HOST2": "http://127.0.0.1:2",
    "ENVIRONMENT": "sandbox",
    "REGION": "us-east-1",
    "DEPLOYMENT_MODE": "basic",
}


def make_step(step_id: str, *parents: str, kind: StepKind = StepKind.PROCESSOR) -> Step:
    if kind is StepKind.PROCESSOR:
        return Step(
            id=step_id,
            kind=kind,
            depends_on=parents,
            source_url=f"https://github.com/lab/{step_id}",
            tag="v1",
        )
    target = DATASET_TARGET if kind is StepKind.TARGET else ""
    return Step(id=step_id, kind=kind, depends_on=parents, target_type=target)


def make_request(*steps: Step, packages: tuple[str, ...] = ("N:package:1",)) -> RunRequest:
    return RunRequest(
        workflow=Workflow(uuid="w", name="spikes", steps=steps),
        node_uuid="n",
        dataset_id="N:dataset:1",
        package_ids=packages,
    )


def make_plan(edges: Mapping[str, tuple[str, ...]], **kinds: JobKind) -> RunPlan:
    jobs = tuple(
        Job(id=name, kind=kinds.get(name, JobKind.PROCESSOR), depends_on=parents)
        for name, parents in edges.items()
    )
    return RunPlan(run_id="r-1", workflow_name="w", dataset_id="N:dataset:1", jobs=jobs)


def programs(plan: RunPlan) -> dict[str, Program]:
    return {job.id: Program("fake", job.id) for job in plan.jobs if job.kind is JobKind.PROCESSOR}


def make_task(root: Path, program: Program, **environment: str) -> Task:
    """A task of step ``step`` after ``before``, with its folders below ``root``."""
    run, scratch = root / "run", root / "scratch"
    given, made = (run / step_folder(name) / DATA for name in ("before", "step"))
    for folder in (given, made, scratch):
        folder.mkdir(parents=True, exist_ok=True)
    job = Job(id="step", kind=JobKind.PROCESSOR, source_url="lab/step", environment=environment)
    return Task("r-1", job, program, run, given, made, scratch)


Behaviour = Callable[[Task, Log, threading.Event], Outcome]


@dataclass
class FakeBackend:
    """Runs functions by job id; a job without one writes a file called like itself."""

    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    read_only_input: bool = True
    name: str = "fake"
    isolation: str = "a fake"
    ran: list[str] = field(default_factory=list)

    def prepare(self, checkout: Path, name: str, log: Log) -> Program:
        raise NotImplementedError

    def run(self, task: Task, log: Log, stop: threading.Event) -> Outcome:
        self.ran.append(task.job.id)
        behaviour = self.behaviours.get(task.job.id)
        if behaviour is not None:
            return behaviour(task, log, stop)
        (task.output / task.job.id).write_text(task.job.id)
        return Outcome(0)


@dataclass
class FakeMover:
    """Stages the given files, and keeps the names of what is delivered."""

    files: Mapping[str, str] = field(default_factory=lambda: {"raw/a.edf": "a"})
    delivered: list[str] = field(default_factory=list)
    fault: Exception | None = None

    def stage_in(self, job: Job, into: Path, log: Log) -> None:
        log(f"staging {len(self.files)} files for {job.id}")
        if self.fault is not None:
            raise self.fault
        for name, text in self.files.items():
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            (into / name).write_text(text)

    def deliver(self, job: Job, out_of: Path, log: Log) -> None:
        log(f"delivering for {job.id}")
        found = [p.relative_to(out_of).as_posix() for p in out_of.rglob("*") if p.is_file()]
        self.delivered.extend(sorted(found))


@dataclass
class Heard:
    """An observer that remembers, and sets an event when a job begins."""

    events: list[tuple[str, str]] = field(default_factory=list)
    lines: list[tuple[str, str]] = field(default_factory=list)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    begun: dict[str, threading.Event] = field(default_factory=dict)

    def begins(self, job_id: str) -> threading.Event:
        return self.begun.setdefault(job_id, threading.Event())

    def started(self, job_id: str) -> None:
        self.events.append(("started", job_id))
        self.begins(job_id).set()

    def line(self, job_id: str, text: str) -> None:
        self.lines.append((job_id, text))

    def finished(self, job_id: str, outcome: Outcome) -> None:
        self.events.append(("finished", job_id))
        self.outcomes[job_id] = outcome


class Lines(list[str]):
    """A log that can be waited on."""

    def __init__(self) -> None:
        super().__init__()
        self._more = threading.Condition()

    def __call__(self, line: str) -> None:
        with self._more:
            self.append(line)
            self._more.notify_all()

    def wait_for(self, line: str) -> None:
        with self._more:
            assert self._more.wait_for(lambda: line in self, LIMIT_SECONDS), list(self)
