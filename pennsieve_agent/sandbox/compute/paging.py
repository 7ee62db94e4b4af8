"""Filters that lists share: limit and cursor."""

from __future__ import annotations

from pennsieve_agent.sandbox.compute import compute_answers
from pennsieve_agent.sandbox.http.routing import Request

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000


def limit_of(request: Request) -> int:
    """How many items a list may answer.

    The platform's own limits are not known (``contracts/workflows.md``, choices left open).

    Raises:
        Refusal: 400, it is not a number above 0.

    """
    text = request.query.get("limit") or str(DEFAULT_LIMIT)
    if not _is_number(text) or int(text) < 1:
        raise compute_answers.message(400, "invalid limit")
    return min(int(text), MAX_LIMIT)


def cursor_of(request: Request, beginning: int) -> int:
    """Where a list goes on: the last number that was answered; ``beginning`` without a cursor.

    Raises:
        Refusal: 400, it is not a cursor of ours.

    """
    text = request.query.get("cursor")
    if not text:
        return beginning
    if not _is_number(text):
        raise compute_answers.message(400, "invalid cursor")
    return int(text)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 15  # noqa: PLR2004 - fits 64 bits
