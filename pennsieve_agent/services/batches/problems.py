"""What is wrong with the input of a batch, told at once. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.services.batches.subjects import Subject

T = TypeVar("T")

SHOWN = 20
"""How many faults are told; the others are counted."""
_NAMES = 5


def refuse(faults: Sequence[str], message: str, *, where: str | None = None, hint: str) -> None:
    """Refuse a batch that has faults; a single one is the message itself.

    Raises:
        UsageProblem: there are some.
    """
    if not faults:
        return
    shown = [_printable(fault) for fault in faults[:SHOWN]]
    if len(faults) == 1:
        raise UsageProblem(shown[0], where=where, hint=hint)
    if more := len(faults) - len(shown):
        shown.append(f"and {more} more")
    lines = "".join(f"\n  {line}" for line in shown)
    raise UsageProblem(f"{message}:{lines}", where=where, hint=hint)


def some(names: Iterable[str]) -> str:
    """Names in quotes: the first few, and how many more there are."""
    known = list(names)
    listed = ", ".join(f"'{name}'" for name in known[:_NAMES])
    more = f" and {len(known) - _NAMES} more" if len(known) > _NAMES else ""
    return _printable(listed + more)


def _printable(text: str) -> str:
    """A file or a dataset may have any characters in a name; a terminal gets none that control."""
    return "".join(c if c.isprintable() else " " for c in text)


class Faults:
    """What is wrong with subjects; what is wrong with several in the same way is told once."""

    def __init__(self) -> None:
        self._subjects: dict[str, list[Subject]] = {}
        self._hint = ""

    def of(self, subject: Subject, check: Callable[[], T]) -> T | None:
        """What ``check`` answers; None where it finds a fault, which is kept."""
        try:
            return check()
        except UsageProblem as error:
            self._subjects.setdefault(error.message, []).append(subject)
            self._hint = self._hint or error.hint or ""
        return None

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
