"""The three ways in which the platform writes a time."""

from __future__ import annotations

from datetime import UTC, datetime


def go_text(seconds: float) -> str:
    """Go's default text: ``2026-04-24 18:02:12.123456000 +0000 UTC``.

    Always with nine digits, so that the texts of one sandbox sort by time.
    """
    when = datetime.fromtimestamp(seconds, UTC)
    return f"{when:%Y-%m-%d %H:%M:%S}.{when.microsecond:06d}000 +0000 UTC"


def rfc3339(seconds: float) -> str:
    """RFC 3339 with milliseconds: ``2026-04-24T18:02:12.123Z``."""
    when = datetime.fromtimestamp(seconds, UTC)
    return f"{when:%Y-%m-%dT%H:%M:%S}.{when.microsecond // 1000:03d}Z"


def parse(text: str) -> float | None:
    """Unix seconds of an ISO 8601 text; None for other text. Without a zone it is UTC."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
