"""How packages-service and datasets-service of v2 read requests and refuse them.

Their refusals have single quotes, so they are no JSON, under a Content-Type that says they are
(``contracts/core.md`` 0.3 d, ``contracts/upstream-2026-11.md`` 10).
"""

from __future__ import annotations

import uuid
from typing import Any

from pennsieve_agent.sandbox.http.routing import Refusal, Request

UNAUTHORIZED = "unauthorized"
MAX_PAGE = 100
_DEFAULT_PAGE = 10
_MAX_OFFSET = 10**9


def refusal(status: int, message: str) -> Refusal:
    """A refusal in the services' own form."""
    body = f"{{'message': '{message} (requestID: {uuid.uuid4()})'}}"
    return Refusal(status, body, {"Content-Type": "application/json"})


def body_of(request: Request) -> dict[str, Any]:
    """The body, which must be a JSON object.

    Raises:
        Refusal: it is not.

    """
    try:
        return request.json_object()
    except ValueError as error:
        raise refusal(400, f"unable to unmarshal request body: {error}") from error


def page_of(request: Request) -> tuple[int, int]:
    """``limit``, 10 by default and 100 at most, and ``offset`` of the query (3.6).

    Raises:
        Refusal: one is not a number, or too large.

    """
    limit = _number(request, "limit", _DEFAULT_PAGE, MAX_PAGE)
    return limit, _number(request, "offset", 0, _MAX_OFFSET)


def _number(request: Request, name: str, default: int, most: int) -> int:
    number = request.query.get(name, str(default))
    if not (number.isascii() and number.isdigit()):
        raise refusal(400, f"invalid {name}")
    if len(number) > len(str(most)) or int(number) > most:
        raise refusal(400, f"{number[:20]} is more than max value {most} for {name}")
    return int(number)
