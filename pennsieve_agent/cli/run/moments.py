"""A moment as it is typed: how long ago, or a date or time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from pennsieve_agent.errors import UsageProblem

_AGO = re.compile(r"(\d{1,6})\s*([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(text: str, now: float, option: str) -> datetime:
    """The moment in UTC: ``7d`` ago, or a date or time, which is UTC where it names no zone.

    ``now`` is in unix seconds, and ``option`` where it was typed.

    Raises:
        UsageProblem: it is not a moment.
    """
    typed = text.strip()
    try:
        if ago := _AGO.fullmatch(typed.lower()):
            return datetime.fromtimestamp(now, UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        at = datetime.fromisoformat(typed)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise UsageProblem(
            f"'{text}' is not a time",
            hint="write how long ago (10m, 12h, 7d, 2w), or a date or time in UTC: "
            f"{option} 2026-11-01, {option} 2026-11-28T10:00",
        ) from None


def iso(text: str, now: float, option: str) -> str:
    """The moment as the platform wants it: ISO 8601 with milliseconds and Z.

    Raises:
        UsageProblem: it is not a moment.
    """
    at = moment(text, now, option)
    return at.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def milliseconds(text: str, now: float, option: str) -> int:
    """The moment in unix milliseconds.

    Raises:
        UsageProblem: it is not a moment.
    """
    return max(int(moment(text, now, option).timestamp() * 1000), 1)
