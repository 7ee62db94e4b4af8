"""A run as the node has it written down. Plain data, which survives JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self


class Phase(StrEnum):
    """How far the node is with a run."""

    ACCEPTED = "accepted"
    SUBMITTING = "submitting"
    RUNNING = "running"
    ENDING = "ending"
    FINALIZING = "finalizing"
    CLEANING = "cleaning"
    REPORTING = "reporting"
    DONE = "done"


class JobKind(StrEnum):
    """What a job does."""

    STAGE = "stage-in"
    MERGE = "merge"
    PROCESS = "process"
    DELIVER = "deliver"
    CLEAN = "clean"


ENDED = {"SUCCEEDED", "FAILED"}
"""The states of Batch in which a job changes no more."""


@dataclass(slots=True)
class JobRecord:
    """A job of a run. ``key`` is unique in the run; ``after`` names other jobs.

    ``asked`` counts submissions; ``name`` is that of the last one. ``failures`` counts those that
    the program failed, ``before`` is how many seconds they took. ``vcpus`` and ``memory`` (MB) are
    for the receipt.
    """

    key: str
    step: str
    kind: JobKind
    after: list[str] = field(default_factory=list)
    image: str = ""
    vcpus: float = 1.0
    memory: int = 2048
    gpu: bool = False
    asked: int = 0
    name: str = ""
    id: str = ""
    status: str = ""
    reason: str = ""
    exit_code: int | None = None
    started: float = 0.0
    stopped: float = 0.0
    failures: int = 0
    before: float = 0.0

    @property
    def ended(self) -> bool:
        """Whether Batch is done with it."""
        return self.status in ENDED


@dataclass(slots=True)
class RunRecord:
    """A run. Times are unix seconds. ``outcome`` is how it ended, empty while it has not.

    ``doors`` are its access points by what they lead to; one without an id is about to be made.
    ``outbox`` are reports that the platform has not taken yet, in order; ``told`` is what was
    said last of each step, so that nothing is said twice.
    """

    run: str
    created: float
    phase: Phase = Phase.ACCEPTED
    dataset: str = ""
    person: str = ""
    organization: str = ""
    plan: dict[str, Any] = field(default_factory=dict)
    limits: dict[str, Any] = field(default_factory=dict)
    layers: list[str] = field(default_factory=list)
    jobs: list[JobRecord] = field(default_factory=list)
    doors: dict[str, str] = field(default_factory=dict)
    submitting: str = ""
    started: float = 0.0
    ended: float = 0.0
    cancel: bool = False
    outcome: str = ""
    reason: str = ""
    waiting: dict[str, str] = field(default_factory=dict)
    told: dict[str, list[str]] = field(default_factory=dict)
    outbox: list[dict[str, Any]] = field(default_factory=list)
    log_bytes: int = 0
    staged_bytes: int = 0
    delivered_bytes: int = 0
    cost: float = 0.0
    tries: int = 0

    def to_json(self) -> str:
        """As it is stored."""
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, text: str) -> Self:
        """As it was stored.

        Raises:
            KeyError, TypeError, ValueError: it is something else.

        """
        found = json.loads(text)
        jobs = [JobRecord(**{**job, "kind": JobKind(job["kind"])}) for job in found["jobs"]]
        return cls(**{**found, "phase": Phase(found["phase"]), "jobs": jobs})

    def job(self, key: str) -> JobRecord:
        """A job by its key.

        Raises:
            KeyError: there is none.

        """
        for job in self.jobs:
            if job.key == key:
                return job
        raise KeyError(key)

    @property
    def work(self) -> list[JobRecord]:
        """The jobs of the run itself; cleaning up after it is not one of them."""
        return [job for job in self.jobs if job.kind is not JobKind.CLEAN]

    @property
    def live(self) -> list[JobRecord]:
        """The jobs that Batch may still run."""
        return [job for job in self.jobs if job.id and not job.ended]

    def end(self, outcome: str, reason: str) -> None:
        """Decide how it ends; the first decision stays."""
        if not self.outcome:
            self.outcome, self.reason = outcome, reason
