"""How much a mover moved: it says so in its log, and the receipt reads it there.

A mover may write nothing but its log and the run's files, so the log is where its figures can be
had without another right. Its last such line counts: one that was killed and began anew says the
same again.
"""

from __future__ import annotations

import re

_AMOUNT = re.compile(r"\d+ files? \((\d+) bytes\) (from|in) ")


def amount(files: int, size: int) -> str:
    """So many files of so many bytes, in words; "from" or "in" some place follows."""
    return f"{files} {'file' if files == 1 else 'files'} ({size} bytes)"


def amount_in(message: str) -> int | None:
    """The bytes that a mover's line says it moved; None when it is about something else."""
    match = _AMOUNT.match(message)
    return int(match[1]) if match else None
