"""What is wrong with the input of a batch, told at once. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pennsieve_agent.errors import UsageProblem

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
