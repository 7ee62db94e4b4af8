"""What a change needs at hand: the two worlds, the journal, and somebody who listens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from pennsieve_agent.account.journal import Journal
from pennsieve_agent.account.registry import NodeRegistry
from pennsieve_agent.aws.session import Aws


class StepState(StrEnum):
    """How far a step is."""

    STARTED = "started"
    EVENT = "event"
    DONE = "done"
    ALREADY_DONE = "already done"
    PROBLEM = "problem"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Progress:
    """Something to tell the person who waits. ``step`` is the step's kind, e.g. ``deploy_stack``.

    A PROBLEM is something that did not work and did not stop the rest; ``hint`` says what to do.
    """

    step: str
    state: StepState
    sentence: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Worlds:
    """AWS, the platform and the journal. ``progress`` is told what happens; ``sleep`` waits."""

    aws: Aws
    registry: NodeRegistry
    journal: Journal
    sleep: Callable[[float], None]
    progress: Callable[[Progress], None] = lambda _: None
