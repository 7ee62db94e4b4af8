"""The platform's many ways to write a moment, as one: ISO 8601 text in UTC.

It sends RFC 3339 text, Go's default text (``2026-04-24 18:02:12.123456789 +0000 UTC``), unix
seconds and unix milliseconds (``contracts/workflows.md`` 0.4, ``contracts/resources.md`` section 6,
trap 7).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

_GO = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d) (?P<time>\d\d:\d\d:\d\d)(?P<fraction>\.\d+)? "
    r"(?P<zone>[+-]\d{4})(?: \w+)?(?: m=.*)?"
)
_FIRST_MILLISECONDS = 100_000_000_000
"""Larger numbers are milliseconds: as seconds they would lie after the year 5000."""


def iso(value: object) -> str:
    """A moment as ``2026-04-24T18:02:12.123Z``; text that is not a moment is unchanged.

    The length is always the same, so that the order of the texts is the order of the moments.
    """
    moment = _moment(value)
    if moment is None:
        return value if isinstance(value, str) else ""
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def milliseconds(value: object) -> int | None:
    """A moment in unix milliseconds; None when it is not a moment."""
    moment = _moment(value)
    return None if moment is None else round(moment.timestamp() * 1000)


def _moment(value: object) -> datetime | None:
    """A moment in UTC."""
    try:
        if isinstance(value, bool):
            return None
        if isinstance(value, int | float):
            return _from_number(value)
        if isinstance(value, str):
            return _from_text(value.strip())
    except (ValueError, OverflowError, OSError):
        pass
    return None


def _from_number(value: float) -> datetime | None:
    if value <= 0:
        return None
    seconds = value / 1000 if value >= _FIRST_MILLISECONDS else value
    return datetime.fromtimestamp(seconds, UTC)


def _from_text(text: str) -> datetime | None:
    if text.isdecimal():
        return _from_number(int(text[:20]))
    if text[10:11] == " " and (go := _GO.fullmatch(text)):
        text = f"{go['day']}T{go['time']}{go['fraction'] or ''}{go['zone']}"
    moment = datetime.fromisoformat(text)
    # Text without a zone is UTC: that is all any of the services runs in.
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)
