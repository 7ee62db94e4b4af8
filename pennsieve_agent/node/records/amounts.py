"""How much a transfer job transferred: it logs it, and the receipt reads the log.

A transfer job may write only its log and the run's files, so its figures are read from the log
without another permission. The last such line counts: a job that was killed and restarted logs
it again.
"""

from __future__ import annotations

import re

_AMOUNT = re.compile(r"\d+ files? \((\d+) bytes\) (from|in) ")


def amount(files: int, size: int) -> str:
    """So many files of so many bytes, in words; "from" or "in" some place follows."""
    return f"{files} {'file' if files == 1 else 'files'} ({size} bytes)"


def amount_in(message: str) -> int | None:
    """The bytes that a log line reports; None when it is about something else."""
    match = _AMOUNT.match(message)
    return int(match[1]) if match else None
