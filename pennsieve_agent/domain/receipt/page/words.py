"""Figures, times and states in the words of the page."""

from __future__ import annotations

from datetime import datetime

from pennsieve_agent.domain.receipt.page.html import Html, tag

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_KILO = 1024
_SMALL = 0.00005
STATES = {
    "pending": "not started",
    "waiting": "waiting",
    "running": "running",
    "finalizing": "finishing",
    "succeeded": "succeeded",
    "failed": "failed",
    "canceling": "being cancelled",
    "canceled": "cancelled",
    "skipped": "skipped",
}
UNKNOWN = "unknown"
NOTHING = "\N{EN DASH}"
"""Where there is no figure, as nothing has happened."""
FINAL = frozenset(("succeeded", "failed", "canceled", "skipped"))


def state(status: str) -> str:
    """A state in words."""
    return STATES.get(status, UNKNOWN)


def kind_of(status: str) -> str:
    """The class of an element that shows a state; a state from outside names no other class."""
    return status if status in STATES else UNKNOWN


def mark(status: str, *, capital: bool = False) -> Html:
    """A state as a coloured sign and its word."""
    words = sentence(state(status)) if capital else state(status)
    return tag("span", words, class_=f"mark {kind_of(status)}")


def money(usd: float | None) -> str:
    """An amount: ``1.25 USD``, ``0.0214 USD``; a little is not nothing: ``<0.0001 USD``."""
    if usd is None:
        return UNKNOWN
    if 0 < usd < _SMALL:
        return "<0.0001 USD"
    if usd >= 1 or usd == 0:
        return f"{usd:,.2f} USD"
    whole, _, part = f"{usd:.4f}".partition(".")
    return f"{whole}.{part[:2]}{part[2:].rstrip('0')} USD"


def amount(usd: float | None) -> str:
    """An amount in a column of such: all have four decimals."""
    return money(usd) if usd is None or 0 < usd < _SMALL else f"{usd:,.4f} USD"


def size(count: float | None) -> str:
    """Bytes: ``1.2 MB`` (1 MB is 1024 kB, as in the program's other texts)."""
    if count is None:
        return UNKNOWN
    value, units = float(count), ("B", "kB", "MB", "GB", "TB")
    for unit in units[:-1]:
        if value < _KILO:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= _KILO
    return f"{value:,.1f} {units[-1]}"


def span(seconds: float | None) -> str:
    """A length of time: ``<1 s``, ``40 s``, ``2 min 5 s``, ``3 h 20 min``, ``2 days``."""
    if seconds is None:
        return UNKNOWN
    if 0 < seconds < 1:
        return "<1 s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return _two(whole // _MINUTE, "min", whole % _MINUTE, "s")
    if whole < _DAY:
        return _two(whole // _HOUR, "h", whole % _HOUR // _MINUTE, "min")
    days = whole // _DAY
    return _two(days, "day" if days == 1 else "days", whole % _DAY // _HOUR, "h")


def _two(large: int, unit: str, small: int, part: str) -> str:
    return f"{large} {unit} {small} {part}" if small else f"{large} {unit}"


def when(at: datetime | None) -> Html | None:
    """A time: ``28 November 2026, 12:00:05 UTC``."""
    if at is None:
        return None
    months = "January February March April May June July August September October November December"
    words = f"{at.day} {months.split()[at.month - 1]} {at.year}, {at:%H:%M:%S} UTC"
    return tag("time", words, datetime=at.isoformat(timespec="seconds").replace("+00:00", "Z"))


def count(number: float | None, noun: str) -> str:
    """A number of things: ``1 file``, ``2 files``, ``unknown number of files``."""
    if number is None:
        return f"{UNKNOWN} number of {noun}s"
    return f"{number:,.0f} {noun}" if number == 1 else f"{number:,.0f} {noun}s"


def sentence(text: str) -> str:
    """A text that begins with a capital letter."""
    return text[:1].upper() + text[1:]
