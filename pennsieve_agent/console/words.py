"""Numbers and times in words."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_KILO = 1024
#: Go's default time text, used by parts of the platform (contracts/workflows.md 0.4).
_GO_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.\d+)?\s*(Z|[+-]\d\d:?\d\d)?")


def size(count: int) -> str:
    """Bytes, as people read them: ``1.2 MB`` (1 MB is 1024 kB)."""
    value, units = float(count), ("B", "kB", "MB", "GB", "TB")
    for unit in units:
        if value < _KILO or unit == units[-1]:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= _KILO
    raise AssertionError(count)


def moment(text: str) -> datetime | None:
    """The time a server's text means, in UTC; None when it means none."""
    match = _GO_TIME.match(text)
    if not match:
        return None
    zone = match[3] if match[3] and match[3] != "Z" else "+00:00"
    try:
        return datetime.fromisoformat(f"{match[1]}T{match[2]}{zone}").astimezone(UTC)
    except ValueError:
        return None


def when(text: str, now: float, *, relative: bool) -> str:
    """A server's time: "3 minutes ago" on a terminal, ISO 8601 in a pipe."""
    at = moment(text)
    if at is None:
        return text
    if not relative:
        return at.isoformat().replace("+00:00", "Z")
    ago = int(now - at.timestamp())
    if ago < _MINUTE:
        return "just now"
    for seconds, unit in ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute")):
        if ago >= seconds:
            return f"{plural(ago // seconds, unit)} ago"
    raise AssertionError(ago)


def duration(start: str, end: str, now: float) -> str:
    """How long something took, or has taken so far."""
    begun, ended = moment(start), moment(end)
    if begun is None:
        return ""
    return span((ended.timestamp() if ended else now) - begun.timestamp())


def span(seconds: float) -> str:
    """A length of time: ``40 s``, ``2 min 5 s``, ``3 h 20 min``."""
    whole = max(int(seconds), 0)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"


def plural(count: int, noun: str, many: str = "") -> str:
    """``1 file``, ``2 files``; ``many`` where an s does not do."""
    return f"{count} {noun}" if count == 1 else f"{count} {many or noun + 's'}"
