"""Runs: one execution of a workflow on a dataset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from shlex import quote
from typing import Self

from pennsieve_agent.domain.datasets import DataFile
from pennsieve_agent.domain.figures import total
from pennsieve_agent.domain.forecast import Forecast
from pennsieve_agent.domain.mail import MailTo
from pennsieve_agent.domain.measured import Measured
from pennsieve_agent.domain.server_word import ServerWord
from pennsieve_agent.domain.workflows import Step, Workflow


class RunStatus(ServerWord):
    """State of a run or of one step (``contracts/workflows.md`` 3.4).

    The wire says ``CANCELED``; ``CANCELLED``, which parts of the platform look for, is read too.
    ``SKIPPED`` is on no wire: a step that had not started when its run ended, and never will.
    """

    NOT_STARTED = "NOT_STARTED"
    STARTED = "STARTED"
    FINALIZING = "FINALIZING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELING = "CANCELING"
    CANCELED = "CANCELED"
    SKIPPED = "SKIPPED"
    UNKNOWN = "UNKNOWN"

    @classmethod
    def of(cls, value: object) -> Self:
        """The member for what a server sent."""
        return super().of("CANCELED" if str(value).upper() == "CANCELLED" else value)

    @property
    def is_final(self) -> bool:
        """Whether the run can change no more."""
        return self in _FINAL

    @property
    def is_cancelled(self) -> bool:
        """Whether it was cancelled, or is about to be."""
        return self in {RunStatus.CANCELING, RunStatus.CANCELED}

    @property
    def label(self) -> str:
        """The word shown to people."""
        return _LABELS[self]


_FINAL = {RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELED, RunStatus.SKIPPED}
_LABELS = {
    RunStatus.NOT_STARTED: "pending",
    RunStatus.STARTED: "running",
    RunStatus.FINALIZING: "finalizing",
    RunStatus.SUCCEEDED: "succeeded",
    RunStatus.FAILED: "failed",
    RunStatus.CANCELING: "canceling",
    RunStatus.CANCELED: "canceled",
    RunStatus.SKIPPED: "skipped",
    RunStatus.UNKNOWN: "unknown",
}


@dataclass(frozen=True, slots=True)
class RunLimits:
    """What a run may take; kept by own nodes, and not known to those that Pennsieve runs.

    ``max_cost`` is in USD and ``seconds`` counts from the start, 0 for no limit. ``spot`` allows
    machines that AWS may take back, ``retries`` is how often a failed step is tried again. A step
    that ran out of memory is repeated with ``memory_on_oom`` times as much, 0 for not at all.
    What steps made is kept for ``keep_steps`` days where the run fails or is cancelled.
    """

    max_cost: float = 0.0
    seconds: int = 0
    spot: bool = False
    retries: int = 0
    memory_on_oom: float = 0.0
    keep_steps: int = 0

    def __bool__(self) -> bool:
        """Whether anything is asked for."""
        return self != NO_LIMITS


NO_LIMITS = RunLimits()


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of a step. ``exit_code`` is None where the program never came to an end.

    ``memory`` is what it could use, in MB; 0 where nobody says. ``queued`` is how many seconds it
    waited for a machine, ``startup`` how many the machine took to start its container, and
    ``running`` how long its program ran; None where nobody measured it. ``measured`` is what it
    used.
    """

    started_at: str = ""
    completed_at: str = ""
    exit_code: int | None = None
    reason: str = ""
    memory: int = 0
    queued: float | None = None
    startup: float | None = None
    running: float | None = None
    measured: Measured | None = None


@dataclass(frozen=True, slots=True)
class StepState:
    """How far one step of a run is. Times are ISO 8601 text, empty when not reached.

    ``reason`` says in words why it waits or failed; Pennsieve's nodes give none, nor attempts.
    """

    id: str
    status: RunStatus
    started_at: str = ""
    completed_at: str = ""
    reason: str = ""
    attempts: tuple[Attempt, ...] = ()

    def seconds(self, now: float) -> float | None:
        """How long its program ran, until ``now`` (unix seconds) if it still does.

        The pauses between attempts are left out. None where nobody noted a beginning or an end.
        """
        until = None if self.status.is_final else now
        if not self.attempts:
            return seconds_between(self.started_at, self.completed_at, until)
        *before, last = self.attempts
        ran = [seconds_between(one.started_at, one.completed_at) for one in before]
        end = last.completed_at or self.completed_at
        return total([*ran, seconds_between(last.started_at, end, until)])


def settled(status: RunStatus, steps: Iterable[StepState]) -> tuple[StepState, ...]:
    """The steps of a run; those that had not started when it failed never will."""
    if status not in {RunStatus.FAILED, RunStatus.CANCELED}:
        return tuple(steps)
    return tuple(
        replace(step, status=RunStatus.SKIPPED) if step.status is RunStatus.NOT_STARTED else step
        for step in steps
    )


@dataclass(frozen=True, slots=True)
class RunState:
    """How far a run is, with its steps (``GET /runs/{id}/status``).

    ``spent`` is what it has cost so far by estimate, in USD, which own nodes alone tell.
    """

    status: RunStatus
    started_at: str = ""
    completed_at: str = ""
    steps: tuple[StepState, ...] = ()
    reason: str = ""
    spent: float | None = None

    def seconds(self, now: float) -> float | None:
        """How long it took, until ``now`` (unix seconds) if it goes on; None where unknown."""
        until = None if self.status.is_final else now
        return seconds_between(self.started_at, self.completed_at, until)


def seconds_between(begin: str, end: str, otherwise: float | None = None) -> float | None:
    """The seconds between two times, or until ``otherwise`` (unix seconds) without an end."""
    started, ended = unix_seconds(begin), unix_seconds(end)
    ended = otherwise if ended is None else ended
    return None if started is None or ended is None else round(max(ended - started, 0.0), 3)


def unix_seconds(text: str) -> float | None:
    """ISO 8601 in unix seconds; None where it is not one."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None


SHORTEST_COMMIT = 7
"""Characters of the shortest name that git gives a commit."""


@dataclass(frozen=True, slots=True)
class StepCode:
    """The code that a step ran: the full commit, and the digest of its image."""

    commit: str = ""
    digest: str = ""

    def is_tag(self, name: str) -> bool:
        """Whether a version's name is a tag; code without one is named by its short commit."""
        return bool(name) and not (len(name) >= SHORTEST_COMMIT and self.commit.startswith(name))


@dataclass(frozen=True, slots=True)
class RunDetails:
    """What an own node keeps of a run, and Pennsieve does not.

    ``caller`` is the AWS identity that started it, which AWS itself named. ``person_name`` and
    ``person_email`` are what that caller called himself, and nobody checked. ``folder`` is where
    the results go; ``input_bytes`` is in bytes and ``cost`` in USD, estimated. A number is None
    where nobody measured it (yet). ``node_version`` is that of the node when the run was started.
    ``fingerprint`` is equal where a run does the same with the same, empty where there is none.
    ``batch``, ``batch_id`` and ``subject`` are empty for a run that is in no batch.
    ``kept_until`` is until when what its steps made is kept after its end, ``kept_bytes`` how much
    that is, and ``files_of`` who has it now: another run that goes on with it, or itself where it
    was deleted. ``taken_steps`` are those that were taken over from the run ``taken_from``.
    ``estimate`` is what was said of its cost and time before it. ``costs`` are the parts of its
    cost in USD by kind (:data:`~pennsieve_agent.domain.cost_kinds.OWN_COST_KINDS`); empty before
    they are counted. ``step_costs`` are those of machines by step, and ``spent`` is what
    it has cost so far. ``mail`` is who is told of its end by mail. ``spot`` says that its steps ran
    on machines that AWS may take back.
    """

    workflow_version: str = ""
    caller: str = ""
    person_name: str = ""
    person_email: str = ""
    folder: str = ""
    phase: str = ""
    layout: str = ""
    input_count: int | None = None
    input_bytes: int | None = None
    cost: float | None = None
    layers: tuple[str, ...] = ()
    code: Mapping[str, StepCode] = field(default_factory=dict)
    node_version: str = ""
    fingerprint: str = ""
    batch: str = ""
    batch_id: str = ""
    subject: str = ""
    estimate: Forecast | None = None
    costs: Mapping[str, float] = field(default_factory=dict)
    step_costs: Mapping[str, float] = field(default_factory=dict)
    spent: float | None = None
    spot: bool = False
    kept_until: str = ""
    kept_bytes: int | None = None
    files_of: str = ""
    taken_from: str = ""
    taken_steps: tuple[str, ...] = ()
    mail: MailTo | None = None


@dataclass(frozen=True, slots=True)
class RunInput:
    """The files that a run reads, by path. ``files`` is None where nobody can tell any more.

    ``count`` and ``size`` (bytes) are None where they are not known. ``is_recorded`` says that this
    was written down at the start; otherwise it is what the run's packages hold now, and ``missing``
    counts those that are in the dataset no more.
    """

    files: tuple[DataFile, ...] | None = None
    count: int | None = None
    size: int | None = None
    is_recorded: bool = False
    missing: int = 0


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A file that a run delivered. ``path`` is relative to the dataset, ``size`` in bytes or None.

    ``package_id`` is empty until Pennsieve has imported the file, ``sha256`` where nobody noted it.
    """

    path: str
    size: int | None
    package_id: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """A run (``contracts/workflows.md`` 3.2). Times are ISO 8601 text.

    ``node_uuid`` is Pennsieve's record of a node, or the token of an own one. ``details`` are there
    for runs on own nodes alone, ``creator_name`` and ``creator_email`` where somebody looked up who
    ``created_by`` is.
    """

    uuid: str
    status: RunStatus
    name: str = ""
    workflow_uuid: str = ""
    workflow_name: str = ""
    node_uuid: str = ""
    dataset_id: str = ""
    organization_id: str = ""
    created_by: str = ""
    creator_name: str = ""
    creator_email: str = ""
    created_at: str = ""
    started_at: str = ""
    completed_at: str = ""
    steps: tuple[Step, ...] = ()
    states: tuple[StepState, ...] = ()
    package_ids: tuple[str, ...] = ()
    parameters: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    target_params: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    limits: RunLimits = NO_LIMITS
    node_name: str = ""
    reason: str = ""
    details: RunDetails | None = None

    @property
    def label(self) -> str:
        """What it is called in a sentence."""
        return self.name or self.uuid

    @property
    def typed(self) -> str:
        """What it is called in a command to copy."""
        return quote(self.label)

    @property
    def age_key(self) -> str:
        """Sorts runs by time; a run without one has just been made, and is the newest."""
        return self.started_at or self.created_at or "9"


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What is asked for when a run is started (``contracts/workflows.md`` 3.1).

    ``parameters`` and ``target_params`` are keyed by step id; all values are text. ``undeclared``
    lets a parameter have a name that its step does not declare.
    """

    workflow: Workflow
    node_uuid: str
    dataset_id: str
    package_ids: tuple[str, ...]
    name: str = ""
    parameters: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    target_params: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    limits: RunLimits = NO_LIMITS
    undeclared: bool = False


@dataclass(frozen=True, slots=True)
class LogMessage:
    """One line of a step's log. ``timestamp`` is unix milliseconds."""

    timestamp: int
    message: str
    step: str = ""
