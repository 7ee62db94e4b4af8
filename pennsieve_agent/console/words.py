"""Numbers and times in words."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pennsieve_agent.domain.forecast_limits import money

if TYPE_CHECKING:
    from pennsieve_agent.domain.measured import Measured

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_KILO = 1024
#: Go's default time text, used by parts of the platform (contracts/workflows.md 0.4).
_GO_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d+)?\s*(Z|[+-]\d\d:?\d\d)?")


UNKNOWN = "unknown"
"""The word for a figure that nobody measured: it is not 0."""


def usd(amount: float | None) -> str:
    """An amount of money: ``0.25 USD``, ``0.0034 USD``."""
    return UNKNOWN if amount is None else money(amount)


def count(value: int | None, noun: str = "", *, unit: str = "") -> str:
    """A number of things, ``2 files``, or of units, ``16 GB``; an unknown one is not 0."""
    if value is None:
        return f"{UNKNOWN} number of {noun}s" if noun else UNKNOWN
    return plural(value, noun) if noun else f"{value} {unit}".rstrip()


def figure(value: int | None, words: Callable[[int | None], str], *, plain: bool) -> str:
    """A figure in words for people, or as a plain number; empty where it is unknown there."""
    if not plain:
        return words(value)
    return "" if value is None else str(value)


def size(count: int | None) -> str:
    """Bytes, as people read them: ``1.2 MB`` (1 MB is 1024 kB)."""
    if count is None:
        return UNKNOWN
    value, units = float(count), ("B", "kB", "MB", "GB", "TB")
    for unit in units:
        if value < _KILO or unit == units[-1]:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= _KILO
    raise AssertionError(count)


def peak_words(used: Measured | None) -> str:
    """The most memory that was taken: ``1.2 GB``, ``at most 96.0 MB``."""
    if used is None or used.peak_memory is None:
        return "not measured"
    return f"{used.bound.replace('_', ' ')} {size(used.peak_memory)}".strip()


def moment(text: str) -> datetime | None:
    """The time a server's text means, in UTC; None when it means none."""
    match = _GO_TIME.match(text)
    if not match:
        return None
    zone = match[4] if match[4] and match[4] != "Z" else "+00:00"
    # Go writes up to nine digits of a second; a time here has six.
    fraction = (match[3] or "")[:7]
    try:
        return datetime.fromisoformat(f"{match[1]}T{match[2]}{fraction}{zone}").astimezone(UTC)
    except ValueError:
        return None


def when(text: str, now: float, *, relative: bool) -> str:
    """A server's time: "3 minutes ago" on a terminal, ISO 8601 in a pipe."""
    at = moment(text)
    if at is None:
        return text
    if not relative:
        return at.isoformat(timespec="seconds").replace("+00:00", "Z")
    ago = int(now - at.replace(microsecond=0).timestamp())
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


def span(seconds: float | None) -> str:
    """A length of time: ``<1 s``, ``40 s``, ``2 min 5 s``, ``3 h 20 min``."""
    if seconds is None:
        return UNKNOWN
    whole = max(int(seconds), 0)
    if 0 < seconds < 1:
        return "<1 s"
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"


def plural(count: int, noun: str, many: str = "") -> str:
    """``1 file``, ``2 files``; ``many`` where an s does not do."""
    return f"{count} {noun}" if count == 1 else f"{count} {many or noun + 's'}"
