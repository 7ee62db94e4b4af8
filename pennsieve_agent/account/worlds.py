"""What a change needs at hand: the two worlds, the journal, and somebody who listens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pennsieve_agent.account.bundle import Bundle
from pennsieve_agent.account.journal import Journal
from pennsieve_agent.account.registry import NodeRegistry
from pennsieve_agent.aws.functions import invoke
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


@dataclass(frozen=True, slots=True)
class Worlds:
    """AWS, the platform and the journal. ``progress`` is told what happens; ``sleep`` waits.

    ``bundle`` is the code to put on the node, None to leave it turned off; ``invoke`` calls a
    function in the account and answers its answer.
    """

    aws: Aws
    registry: NodeRegistry
    journal: Journal
    sleep: Callable[[float], None]
    progress: Callable[[Progress], None] = lambda _: None
    bundle: Bundle | None = None
    invoke: Callable[[Aws, str, Mapping[str, Any]], dict[str, Any]] = invoke
