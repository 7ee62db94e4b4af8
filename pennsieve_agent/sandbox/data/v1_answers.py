"""The refusals of v1, and how it reads request bodies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pennsieve_agent.sandbox.http.routing import Refusal, Request, Response

_KINDS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    412: "PreconditionFailed",
    423: "Locked",
}
MAX_INTEGER = 2**63 - 1
MAX_PAGE = 500
DEPRECATED = {"Warning": '299 - "This endpoint is deprecated and will be removed"'}
"""The header of v1's deprecated routes; the contract gives its beginning (``core.md`` 0.3)."""


def refusal(status: int, message: str) -> Refusal:
    """The body of v1's common error handler (``contracts/core.md`` 0.3 a)."""
    return Refusal(status, {"type": _KINDS[status], "message": message, "code": status})


def not_found(method: str, path: str) -> Response:
    """The answer to a route that does not exist."""
    del method, path
    return Response(404, {"message": "Not found."})


def present(values: Mapping[str, Any]) -> dict[str, Any]:
    """An object as v1 writes it: without the keys that have no value."""
    return {name: value for name, value in values.items() if value is not None}


def json_object(request: Request) -> dict[str, Any]:
    """The body as an object, or 400."""
    try:
        return request.json_object()
    except ValueError as error:
        raise refusal(400, "The request content was malformed.") from error


def text(body: Mapping[str, Any], name: str, limit: int) -> str:
    """A required text shorter than ``limit`` characters, or 400."""
    value = body.get(name)
    if not isinstance(value, str):
        raise refusal(400, f"{name} is missing or not a string")
    if len(value) >= limit:
        raise refusal(400, f"{name} must be less than {limit} characters")
    return value


def optional_text(body: Mapping[str, Any], name: str, limit: int) -> str | None:
    """A text shorter than ``limit`` characters or None when it is absent, or 400."""
    return None if body.get(name) is None else text(body, name, limit)


def tags(body: Mapping[str, Any]) -> list[str]:
    """A list of texts, empty when it is absent, or 400."""
    words = body.get("tags", [])
    if not isinstance(words, list) or not all(isinstance(tag, str) for tag in words):
        raise refusal(400, "tags must be a list of strings")
    return words


def flag(body: Mapping[str, Any], name: str, *, default: bool | None = None) -> bool:
    """A boolean, or 400."""
    value = body.get(name, default)
    if not isinstance(value, bool):
        raise refusal(400, f"{name} is missing or not a boolean")
    return value


def number(request: Request, name: str, default: int) -> int:
    """A query parameter that counts something, or 400."""
    return counted(request.query[name], name) if name in request.query else default


def counted(value: str, name: str) -> int:
    """A whole number of 0 or more, as SQLite can hold it, or 400."""
    if not (value.isascii() and value.isdigit()) or len(value) > len(str(MAX_INTEGER)):
        raise refusal(400, f"invalid {name}: {value}")
    count = int(value)
    if count > MAX_INTEGER:
        raise refusal(400, f"invalid {name}: {value}")
    return count


def boolean(request: Request, name: str, *, default: bool = False) -> bool:
    """A query parameter that is true or false, or 400."""
    value = request.query.get(name)
    if value is None:
        return default
    if value.lower() not in ("true", "false"):
        raise refusal(400, f"invalid {name}: {value}")
    return value.lower() == "true"
