"""All that is wrong with a run before it starts, so that it is told at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pennsieve_agent.errors import (
    AgentError,
    AwsError,
    Forbidden,
    NodeError,
    SeveralProblems,
    StillRunning,
    UsageProblem,
    together,
)

T = TypeVar("T")
COLLECTED = (UsageProblem, Forbidden, StillRunning, SeveralProblems, NodeError, AwsError)
"""What does not hinder the other checks; where Pennsieve itself does not answer, none can go on."""


Outcome = tuple[T | None, AgentError | None]


def tried(ask: Callable[[], T]) -> Outcome[T]:
    """An answer, or why there is none: for questions that are asked at the same time."""
    try:
        return ask(), None
    except COLLECTED as error:
        return None, error


class Problems:
    """What went wrong so far."""

    def __init__(self) -> None:
        self._errors: list[AgentError] = []

    def __bool__(self) -> bool:
        """Whether anything did."""
        return bool(self._errors)

    def of(self, ask: Callable[[], T]) -> T | None:
        """The answer; None where there is none, and why is collected."""
        return self.take(tried(ask))

    def take(self, outcome: Outcome[T]) -> T | None:
        """The answer of a question that was tried; None where why there is none is collected."""
        answer, error = outcome
        self._errors += [error] if error is not None else []
        return answer

    def all(self, what: str = "run") -> AgentError:
        """One error for all that went wrong; ``what`` is what cannot start."""
        return together(self._errors, f"this {what} cannot start")
