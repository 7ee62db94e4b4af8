"""Values with good defaults."""

from __future__ import annotations

import threading
from pathlib import Path

from pennsieve_agent.domain.plans import Job, JobKind
from pennsieve_agent.domain.runs import RunRequest
from pennsieve_agent.domain.step_files import DATA, step_folder
from pennsieve_agent.domain.target_types import DATASET_TARGET
from pennsieve_agent.domain.workflows import Step, StepKind, Workflow
from pennsieve_agent.engine.backend import Program, Task

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


def make_task(root: Path, program: Program, **environment: str) -> Task:
    """A task of step ``step`` after ``before``, with its folders below ``root``."""
    run, scratch = root / "run", root / "scratch"
    given, made = (run / step_folder(name) / DATA for name in ("before", "step"))
    for folder in (given, made, scratch):
        folder.mkdir(parents=True, exist_ok=True)
    job = Job(id="step", kind=JobKind.PROCESSOR, source_url="lab/step", environment=environment)
    return Task("r-1", job, program, run, given, made, scratch)


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
