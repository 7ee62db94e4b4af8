"""Parts of a receipt, whatever somebody wrote there: what has another form is as if unknown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from math import isfinite
from types import MappingProxyType
from typing import Any

from pennsieve_agent.domain.receipt.form import Json

_NOTHING: Json = MappingProxyType({})


def part(document: object, *names: str) -> Json:
    """The part under these names, one inside the other; empty where there is none."""
    for name in names:
        document = document.get(name) if isinstance(document, Mapping) else None
    return document if isinstance(document, Mapping) else _NOTHING


def rows(document: Json, name: str) -> list[Json]:
    """The documents in a list."""
    value = document.get(name)
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def text(document: Json, name: str) -> str:
    """A text, or a number as text; empty where it is unknown."""
    value: Any = document.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value)


def number(document: Json, name: str) -> float | None:
    """A number that is 0 or more."""
    value: Any = document.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if isfinite(value) and value >= 0 else None
    except OverflowError:
        return None


def moment(document: Json, name: str) -> datetime | None:
    """A time, in UTC."""
    try:
        at = datetime.fromisoformat(text(document, name))
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
