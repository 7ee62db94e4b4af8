"""The sandbox's clock, and how it writes times."""

from __future__ import annotations

import time
from datetime import UTC, datetime

_LAST_SECOND = 253_402_300_799
"""The end of the year 9999; a file may say it was changed after that."""


def now() -> float:
    """Unix seconds."""
    return time.time()


def iso(seconds: float) -> str:
    """A time as v1 writes it: ISO 8601, here always in UTC (``contracts/core.md`` 0.2)."""
    moment = datetime.fromtimestamp(min(max(seconds, 0), _LAST_SECOND), UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
