"""The families of error bodies (``contracts/core.md`` 0.3, ``contracts/resources.md`` 0.3)."""

from __future__ import annotations

import re

from pennsieve_agent.contract.check import Body, Json, Text
from pennsieve_agent.contract.shapes import Matching, Only

UNAUTHORIZED = Json(Only({"message": "Unauthorized"}))
"""The gateway of v2, before any code: the identity source is missing."""
FORBIDDEN = Json(Only({"message": "Forbidden"}))
"""The gateway of v2: the authorizer said no; so also for an expired token."""
NO_ROUTE = Json(Only({"message": "Not Found"}))
"""The gateway of v2: there is no such route."""

_KINDS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    412: "PreconditionFailed",
    423: "Locked",
}


def common(status: int, pattern: str = ".*") -> Body:
    """Family a, v1's common error handler: ``type``, ``message`` and ``code``."""
    keys = {"type": _KINDS[status], "message": Matching(pattern), "code": status}
    return Json(Only({**keys, "stackTrace?": ...}))


def simple(text: str) -> Body:
    """Family b, v1's simple refusals."""
    return Json(Only({"message": text}))


def capital(status: int) -> Body:
    """Family c, upload-service: with capital letters."""
    return Json(Only({"Code": status, "Message": str}))


def pseudo() -> Body:
    """Family d, packages- and datasets-service: single quotes, so no JSON."""
    return Text(r"\{'message': '.* \(requestID: .+\)'\}")


def plain(handler: str, text: str) -> Body:
    """Family A of the accounts' routes: plain text that begins with the handler's name."""
    return Text(f"{handler}: {re.escape(text)}")


def message(text: str) -> Body:
    """Family B: a message, and nothing else."""
    return Json(Only({"message": text}))


def says(pattern: str = ".+") -> Body:
    """A message whose words the contract does not fix."""
    return Json({"message": Matching(pattern)})


def error(pattern: str) -> Body:
    """Family C: an error, perhaps with counts beside it."""
    return Json({"error": Matching(pattern)})


def cognito(kind: str, text: str | None = None) -> Body:
    """Family g, Cognito: always with 400."""
    return Json({"__type": kind, "message": str if text is None else text})
