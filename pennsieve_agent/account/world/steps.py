"""What all steps of a plan have in common, whatever the plan is for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar


class Step(Protocol):
    """One change, as data. ``kind`` is its name in JSON and in the journal."""

    @property
    def kind(self) -> str:
        """The step's name, e.g. ``deploy_stack``."""
        ...

    @property
    def sentence(self) -> str:
        """What the step does and why."""
        ...


S = TypeVar("S", bound=Step)


@dataclass(frozen=True, slots=True)
class AlreadyDone:
    """A step that needs nothing, and why."""

    step: Step
    reason: str

    @property
    def kind(self) -> str:
        """The kind of the step it stands for."""
        return self.step.kind

    @property
    def sentence(self) -> str:
        """Why there is nothing to do."""
        return f"Nothing to do: {self.reason}"


def unless_done(rows: Sequence[tuple[S, bool, str]]) -> tuple[S | AlreadyDone, ...]:
    """Steps, each with whether it is done and the reason to give for that."""
    return tuple(AlreadyDone(step, reason) if done else step for step, done, reason in rows)


def step_json(step: Step) -> dict[str, Any]:
    """A step for ``--dry-run --json``."""
    return {
        "step": step.kind,
        "already_done": isinstance(step, AlreadyDone),
        "sentence": step.sentence,
    }
