"""What a change needs at hand: the two clients, the journal, and somebody who listens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from pennsieve_agent.account.world.node_code import Bundle
from pennsieve_agent.account.world.pennsieve_protocol import NodeRegistry
from pennsieve_agent.account.world.registration_journal import Journal
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.domain.node_calls import NodeCalls
from pennsieve_agent.domain.own_node import OwnNode


class StepState(StrEnum):
    """How far a step is."""

    STARTED = "started"
    EVENT = "event"
    DONE = "done"
    ALREADY_DONE = "already done"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Progress:
    """Something to tell the person who waits. ``step`` is the step's kind, e.g. ``deploy_stack``.

    A PROBLEM is something that did not work and did not stop the rest; ``hint`` says what to do.
    An EVENT may be about one resource, ``item``, whose ``status`` is AWS's word; ``at`` is when it
    happened, in unix seconds.
    """

    step: str
    state: StepState
    sentence: str
    hint: str = ""
    item: str = ""
    status: str = ""
    at: float | None = None


class Memory(Protocol):
    """The own nodes that this machine remembers for one profile."""

    def list(self) -> Sequence[OwnNode]:
        """Those remembered."""
        ...

    def put(self, node: OwnNode) -> None:
        """Remember a node; one of the same token is replaced."""
        ...

    def remove(self, token: str) -> None:
        """Forget a node; fine when it is not remembered."""
        ...


class TransferImage(Protocol):
    """The image in which files are moved: what it is today, and copying it into an account."""

    def digest(self) -> str:
        """The digest of the public image, ``sha256:...``.

        Raises:
            AgentError: its registry cannot be asked.
        """
        ...

    def copy(self, repository: str, digest: str, note: Callable[[str], None]) -> None:
        """Copy it into a repository of the account, if it is not there; goes on after a kill.

        ``note`` is told how far it is.

        Raises:
            AgentError: one of the two registries refused, or could not be reached.
        """
        ...


@dataclass(frozen=True, slots=True)
class Clients:
    """Clients of AWS and the platform, and the journal.

    ``progress`` receives what happens; ``sleep`` waits, in seconds.

    ``bundle`` is the code to put on the node, None to leave it turned off. ``nodes`` is what this
    machine remembers; ``client`` makes what calls a node. ``transfer`` copies the image in which
    files are moved; None leaves it where it is public.
    """

    aws: Aws
    registry: NodeRegistry
    journal: Journal
    sleep: Callable[[float], None]
    nodes: Memory
    client: Callable[[OwnNode], NodeCalls]
    progress: Callable[[Progress], None] = field(default=lambda _: None)
    bundle: Bundle | None = None
    transfer: TransferImage | None = None
