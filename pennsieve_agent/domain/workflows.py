"""Workflows: the code that was registered, and the graph of steps made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from pennsieve_agent.domain.command_lines import CommandLine
from pennsieve_agent.domain.parameters import Parameter
from pennsieve_agent.domain.server_word import ServerWord


class StepKind(ServerWord):
    """What a node of the graph is (``contracts/workflows.md`` 2.1)."""

    SOURCE = "data-source"
    PROCESSOR = "processor"
    TARGET = "data-target"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Step:
    """One node of a workflow's graph ("dag" on the wire); edges exist only as ``depends_on``.

    ``cpu`` is in 1/1024 of a vCPU and ``memory`` in MB; 0 means the platform's default.
    ``disk`` is in GiB and an own node's alone, as is ``command``, which follows the image's entry
    point in place of its own arguments, and ``image``, its address by digest.
    """

    id: str
    kind: StepKind
    depends_on: tuple[str, ...] = ()
    source_url: str = ""
    tag: str = ""
    target_type: str = ""
    compute_type: str = ""
    cpu: int = 0
    memory: int = 0
    disk: int = 0
    parameters: tuple[Parameter, ...] = ()
    default_params: Mapping[str, str] = field(default_factory=dict)
    command: CommandLine | None = None
    image: str = ""


@dataclass(frozen=True, slots=True)
class WorkflowUse:
    """The runs of a workflow: how many, how many ended and succeeded, and the last one.

    ``succeeded`` need not be a whole number, where a place tells a rate alone.
    ``last_at`` is UTC text, ``last_status`` a run's word in capitals (``contracts/workflows.md``
    3.4).
    """

    runs: int = 0
    ended: int = 0
    succeeded: float = 0
    last_at: str = ""
    last_status: str = ""

    @property
    def success_rate(self) -> float | None:
        """Which part of those that ended succeeded, 0 to 1; None before one ended."""
        return self.succeeded / self.ended if self.ended else None


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow definition (``contracts/workflows.md`` 2.3). ``created_at`` is UTC text.

    ``use`` is None where nobody told it.
    """

    uuid: str
    name: str
    description: str = ""
    organization_id: str = ""
    is_active: bool = True
    created_at: str = ""
    created_by: str = ""
    steps: tuple[Step, ...] = ()
    visibility: str = ""
    official: bool = False
    use: WorkflowUse | None = None

    def of_kind(self, kind: StepKind) -> tuple[Step, ...]:
        """The steps of one kind, in the definition's order."""
        return tuple(step for step in self.steps if step.kind is kind)

    @property
    def processors(self) -> tuple[Step, ...]:
        """The steps that run code."""
        return self.of_kind(StepKind.PROCESSOR)

    @property
    def writes(self) -> bool:
        """Whether a run changes the dataset, so that the grant must be read-write."""
        return bool(self.of_kind(StepKind.TARGET))


class BuildStatus(ServerWord):
    """State of an application version; ``error: <text>`` is read as ERROR."""

    REGISTERING = "registering"
    DEPLOYING = "deploying"
    DEPLOYED = "deployed"
    ERROR = "error"
    UNKNOWN = "unknown"

    @classmethod
    def of(cls, value: object) -> Self:
        """The member for what a server sent."""
        return super().of("error" if str(value).startswith("error:") else value)


@dataclass(frozen=True, slots=True)
class Version:
    """One registered tag of an application. ``problem`` is the build error's text, if any."""

    uuid: str
    tag: str
    status: BuildStatus
    created_at: str = ""
    problem: str = ""
    deployment_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Application:
    """A repository in the platform's app store (``contracts/workflows.md`` 1.4)."""

    uuid: str
    source_url: str
    owner_id: str = ""
    visibility: str = ""
    versions: tuple[Version, ...] = ()
    name: str = ""
    description: str = ""
    status: str = ""
    is_private: bool = False
    assets: Mapping[str, str] = field(default_factory=dict)


class ManifestFault(StrEnum):
    """What kind of thing is wrong with a manifest."""

    SCHEMA = "schema"
    UNREADABLE = "unreadable"
    DISAGREES = "disagrees"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class ManifestNote:
    """What is wrong in a manifest. ``line`` and ``column`` count from 1; 0 means all of it."""

    file: str
    line: int
    text: str
    kind: ManifestFault = ManifestFault.SCHEMA
    hint: str = ""
    column: int = 0

    def __str__(self) -> str:
        """As it is shown on one line."""
        where = f"{self.file}, line {self.line}" if self.line else self.file
        where += f", column {self.column}" if self.column else ""
        return f"{where}: {self.text}" + (f" ({self.hint})" if "?" in self.hint else "")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a repository says of itself (``app.yml``, ``contracts/workflows.md`` 1.8).

    ``timeout_seconds`` is how long it may run, 0 for no limit; ``sizes_key`` is where its file has
    ``cpu`` and ``memory``. ``notes`` are what is wrong with the file; what can be understood is
    used. ``lines`` are where parameters and sizes are declared, by their names. ``command`` is its
    command line on own nodes, which Pennsieve does not know.
    """

    name: str
    description: str = ""
    parameters: tuple[Parameter, ...] = ()
    cpu: int = 0
    memory: int = 0
    compute_types: tuple[str, ...] = ("standard",)
    file: str = ""
    timeout_seconds: int = 0
    notes: tuple[ManifestNote, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict, compare=False)
    sizes_key: str = "resources"
    command: CommandLine | None = None

    @property
    def breaks_schema(self) -> bool:
        """Whether Pennsieve leaves the manifest's defaults out."""
        ours = {ManifestFault.DISAGREES, ManifestFault.COMMAND}
        return any(note.kind not in ours for note in self.notes)


@dataclass(frozen=True, slots=True)
class Checkout:
    """A repository at one commit, or an image, looked at and found usable.

    ``source_url`` is the one spelling we register; ``tag`` is what is registered with it (a tag's
    name, or the commit when there is no tag); ``commit`` is the full hash. Of an image, whose
    address by digest ``image`` is, it is the digest's hex digits.
    """

    source_url: str
    tag: str
    commit: str
    manifest: Manifest
    is_tag: bool = True
    image: str = ""
