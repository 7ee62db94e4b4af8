"""The record of a run and its jobs in the node's table. Plain data, which survives JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Self


class Phase(StrEnum):
    """The phases of a run on the node."""

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
    CLEAR = "clear"


class Origin(StrEnum):
    """Who keeps a run."""

    PENNSIEVE = "pennsieve"
    OWN = "own"


ENDED = {"SUCCEEDED", "FAILED"}
"""The states of Batch in which a job changes no more."""


@dataclass(slots=True)
class JobRecord:
    """A job of a run. ``key`` is unique in the run; ``after`` names other jobs.

    ``submissions`` counts them and ``lost`` those that Batch forgot; ``name`` is that of the last
    one. ``attempts`` are those of the last submission as AWS tells of them, ``past`` those of the
    ones before. ``log`` is the log stream of the attempt that runs. ``vcpus``, ``memory`` (MB) and
    ``disk`` (GiB; 0 is what comes with it) are what it gets. ``calls`` are the calls of functions
    that are still to be made for it (:mod:`pennsieve_agent.node.jobs.calls`), none of a job for AWS
    Batch; ``called`` is when the last was made, ``begun`` when the first of several began.
    ``starting`` is when a machine was there for each attempt of the last submission, by its number
    from 0, as far as the node saw it. ``unmetered`` is whether it runs without the container that
    would measure it.
    """

    key: str
    step: str
    kind: JobKind
    after: list[str] = field(default_factory=list)
    image: str = ""
    vcpus: float = 1.0
    memory: int = 2048
    gpu: bool = False
    disk: int = 0
    submissions: int = 0
    name: str = ""
    id: str = ""
    status: str = ""
    reason: str = ""
    exit_code: int | None = None
    started: float = 0.0
    stopped: float = 0.0
    lost: int = 0
    calls: list[str] = field(default_factory=list)
    called: float = 0.0
    begun: float = 0.0
    log: str = ""
    starting: dict[str, float] = field(default_factory=dict)
    unmetered: bool = False
    attempts: list[dict[str, Any]] = field(default_factory=list)
    past: list[dict[str, Any]] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        """Whether Batch is done with it."""
        return self.status in ENDED


@dataclass(slots=True)
class RunRecord:
    """A run. Times are unix seconds. ``outcome`` is how it ended, empty while it has not.

    ``origin`` says who keeps the run: Pennsieve, which is told of each change, or this node alone.
    An own run has the ARN of its ``caller``, the name and e-mail address that the caller
    ``claimed``, the ``content`` digest of what was asked for, and its ``workflow``
    (``{id, name, version}``). ``person`` is whose secrets it gets. ``planned`` is the digest of the
    plan as it is stored, ``listed`` that of the run's row in the list of runs. ``fingerprint`` is
    equal where a run does the same with the same (:mod:`pennsieve_agent.domain.fingerprints`).
    ``estimate`` is what was said of its cost and time before it
    (:mod:`pennsieve_agent.domain.forecast`), empty where nothing was.

    A run of a batch has its ``batch``: ``{id, name, subject, attempt, index, earlier}``, the last
    being what the attempts before it have cost, in USD.

    ``access_points`` are ids by what they lead to; one that is about to be created has none.
    ``cleanings`` counts how often deleting its files has failed, ``left`` says why, and
    ``clean_after`` is before when it is not tried again.
    ``tidied`` says that all else that was created for it is deleted.
    ``files`` is the run in whose folder its files are, empty for its own: ``taken`` then says what
    is taken over, ``{run, name, step, steps, since}``: from which run, from which step on it is
    repeated, the steps that are not, and when that run's input came. ``kept`` is ``{until}`` where
    its own files are kept after its end.
    ``mail`` is who is told of the end, and what became of it
    (:mod:`pennsieve_agent.node.mail.send_mail`).
    ``outbox`` are reports that the platform has not taken yet, in order; ``reported``
    has the last state of each step among them, so that nothing is said twice. ``archive`` is how
    far that of the log is (:mod:`pennsieve_agent.node.runs.log_archive`).
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
    access_points: dict[str, str] = field(default_factory=dict)
    submitting: str = ""
    started: float = 0.0
    ended: float = 0.0
    cancel: bool = False
    outcome: str = ""
    reason: str = ""
    waiting: dict[str, str] = field(default_factory=dict)
    reported: dict[str, str] = field(default_factory=dict)
    outbox: list[dict[str, Any]] = field(default_factory=list)
    log_bytes: int = 0
    staged_bytes: int = 0
    delivered_bytes: int = 0
    cost: float = 0.0
    tries: int = 0
    cleanings: int = 0
    clean_after: float = 0.0
    left: str = ""
    tidied: bool = False
    origin: Origin = Origin.PENNSIEVE
    name: str = ""
    caller: str = ""
    claimed: dict[str, str] = field(default_factory=dict)
    content: str = ""
    workflow: dict[str, str] = field(default_factory=dict)
    batch: dict[str, Any] = field(default_factory=dict)
    input: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    archive: dict[str, Any] = field(default_factory=dict)
    planned: str = ""
    listed: str = ""
    fingerprint: str = ""
    estimate: dict[str, Any] = field(default_factory=dict)
    files: str = ""
    taken: dict[str, Any] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)
    mail: dict[str, Any] = field(default_factory=dict)

    @property
    def folder(self) -> str:
        """The run whose folder its files are in: itself, or the one that it goes on with."""
        return self.files or self.run

    @property
    def is_own(self) -> bool:
        """Whether it is kept by this node alone."""
        return self.origin is Origin.OWN

    def to_json(self, *, plan: bool = True) -> str:
        """As it is stored; the plan, which does not change, can be left out."""
        return json.dumps(_values(self) | ({} if plan else {"plan": {}}), default=_values)

    @classmethod
    def of(cls, text: str) -> Self:
        """As it was stored.

        Raises:
            KeyError, TypeError, ValueError: it is something else.

        """
        values = _current_names(cls, json.loads(text))
        jobs = [
            JobRecord(**{**_current_names(JobRecord, job), "kind": JobKind(job["kind"])})
            for job in values["jobs"]
        ]
        words = {
            "phase": Phase(values["phase"]),
            "origin": Origin(values.get("origin", Origin.PENNSIEVE)),
        }
        return cls(**{**values, **words, "jobs": jobs})

    def job(self, key: str) -> JobRecord:
        """A job by its key.

        Raises:
            KeyError: there is none.

        """
        for job in self.jobs:
            if job.key == key:
                return job
        raise KeyError(key)

    def planned_step(self, step: str) -> Mapping[str, Any]:
        """A step as the plan has it; empty for one that is not there, such as the clean-up."""
        rows: list[Mapping[str, Any]] = self.plan.get("jobs") or []
        return next((row for row in rows if row["id"] == step), {})

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


_FORMER_NAMES = {"doors": "access_points", "asked": "submissions"}
"""A node may be updated while its runs go on: their records have the former names."""


def _current_names(of: type[RunRecord | JobRecord], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values by today's names, without those that only another version of the node knows."""
    known = {field_.name for field_ in fields(of)}
    named = {_FORMER_NAMES.get(name, name): value for name, value in values.items()}
    return {name: value for name, value in named.items() if name in known}


def _values(record: RunRecord | JobRecord) -> dict[str, Any]:
    """The fields as they are: ``asdict`` would copy all of a long plan each time."""
    return {field_.name: getattr(record, field_.name) for field_ in fields(record)}
