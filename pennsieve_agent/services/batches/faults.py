"""What is wrong with subjects of a batch, collected so that it is told at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from pennsieve_agent.errors import AgentError, SeveralProblems, UsageProblem
from pennsieve_agent.services.batches.problems import refuse

if TYPE_CHECKING:
    from pennsieve_agent.services.batches.subjects import Subject

T = TypeVar("T")


class Faults:
    """What is wrong with subjects; what is wrong with several in the same way is told once."""

    def __init__(self) -> None:
        self._subjects: dict[str, list[Subject]] = {}
        self._hint = ""

    def of(self, subject: Subject, check: Callable[[], T]) -> T | None:
        """What ``check`` answers; None where it finds a fault, which is kept."""
        try:
            return check()
        except SeveralProblems as error:
            for problem in error.problems:
                self.add(subject, problem)
        except UsageProblem as error:
            self.add(subject, error)
        return None

    def add(self, subject: Subject, error: AgentError) -> None:
        """Keep what is wrong with a subject."""
        self._subjects.setdefault(error.message, []).append(subject)
        self._hint = self._hint or error.hint or ""

    def refuse(self) -> None:
        """Refuse the batch if there are faults.

        Raises:
            UsageProblem: there are some.
        """
        refuse(
            [f"{_of(subjects)}: {message}" for message, subjects in self._subjects.items()],
            "some runs cannot be started",
            hint=self._hint or "correct them, then type the same command again",
        )


def _of(subjects: Sequence[Subject]) -> str:
    first = subjects[0]
    line = f"line {first.line}, " if first.line else ""
    more = f" and {len(subjects) - 1} more" if len(subjects) > 1 else ""
    return f"{line}'{first.name}'{more}"
