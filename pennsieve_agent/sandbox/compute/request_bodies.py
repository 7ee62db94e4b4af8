"""Reading request bodies the way the platform's Go handlers do.

A field of the wrong type makes the whole body unreadable, ``null`` is the same as absent, unknown
fields are ignored, and text that is not valid Unicode has its bad parts replaced.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn, TypeVar, overload

from pennsieve_agent.sandbox.http.routing import Request, nested_too_deeply

T = TypeVar("T")
_MAX_INT = 2**63 - 1


class BadBody(Exception):  # noqa: N818 - a kind of answer, not a fault
    """The body cannot be read."""


def read(request: Request) -> Body:
    """The body, which must be a JSON object (or ``null``, which is an empty one).

    Raises:
        BadBody: it is not.

    """
    try:
        value = json.loads(request.body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BadBody from error
    if nested_too_deeply(value):
        raise BadBody
    if value is None:
        return Body({})
    if not isinstance(value, dict):
        raise BadBody
    return Body({str(k): _clean(v) for k, v in value.items()})


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode() if not value.isascii() else value
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    return value


class Body:
    """A JSON object whose fields are read by type."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = fields

    @overload
    def text(self, name: str) -> str: ...
    @overload
    def text(self, name: str, default: T) -> str | T: ...
    def text(self, name: str, default: Any = "") -> Any:
        """A text field."""
        return self._field(name, str, default)

    def flag(self, name: str) -> bool:
        """A boolean field; False when absent."""
        return bool(self._field(name, bool, default=False))

    @overload
    def number(self, name: str) -> int | None: ...
    @overload
    def number(self, name: str, default: int) -> int: ...
    def number(self, name: str, default: int | None = None) -> int | None:
        """A whole number that fits 64 bits."""
        value = self._fields.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _MAX_INT:
            raise BadBody
        return value

    def optional_flag(self, name: str) -> bool | None:
        """A boolean field; None when absent."""
        value = self._field(name, bool, default=None)
        return None if value is None else bool(value)

    def object(self, name: str) -> Body | None:
        """A field that is an object."""
        value = self._field(name, dict, default=None)
        return None if value is None else Body(value)

    def objects(self, name: str) -> list[Body] | None:
        """A field that is a list of objects."""
        value = self._field(name, list, default=None)
        if value is None:
            return None
        if not all(isinstance(item, dict) for item in value):
            raise BadBody
        return [Body(item) for item in value]

    def texts(self, name: str) -> list[str] | None:
        """A field that is a list of texts."""
        value = self._field(name, list, default=None)
        if value is None:
            return None
        if not all(isinstance(item, str) for item in value):
            raise BadBody
        return list(value)

    def text_map(self, name: str) -> dict[str, str]:
        """A field that is an object of texts; empty when absent."""
        inner = self.object(name)
        return {} if inner is None else inner.all_texts()

    def all_texts(self) -> dict[str, str]:
        """All fields, which must be texts."""
        if not all(isinstance(value, str) for value in self._fields.values()):
            raise BadBody
        return dict(self._fields)

    def names(self) -> list[str]:
        """The names of all fields."""
        return list(self._fields)

    def raw(self, name: str) -> Any:
        """A field as it came; None when absent."""
        return self._fields.get(name)

    def _field(self, name: str, kind: type, default: Any) -> Any:
        value = self._fields.get(name)
        if value is None:
            return default
        if not isinstance(value, kind):
            raise BadBody
        return value
