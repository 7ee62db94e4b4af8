"""Reading answers that may lack fields, hold null, or hold something else.

An optional field that is missing, null or of another type reads as empty; a field that nothing can
be done without raises :class:`PlatformError` with the call and the field's name. Absent keys (v1)
and nulls (v2) are the same here (``contracts/core.md`` 0.2).
"""

from __future__ import annotations

import math
from typing import Any

from pennsieve_agent.errors import PlatformError
from pennsieve_agent.platform.http.exchange import Answer, host_of
from pennsieve_agent.platform.http.values import as_integer, as_text, loads

_REPORT = "check the hosts of the profile; if they are right, please report this"


def not_json(answer: Answer) -> PlatformError:
    """The error for an answer that should be JSON and is not."""
    url = answer.where.partition(" ")[2]
    return PlatformError(
        f"{host_of(url)} answered something that is not JSON",
        where=answer.where,
        hint="check the hosts of the profile, and whether a proxy answers in its place",
        status=answer.status,
    )


def parse(answer: Answer) -> Any:
    """The JSON value of an answer; the content type is not looked at, as many have the wrong one.

    Raises:
        PlatformError: it is not JSON.

    """
    try:
        return loads(answer.body)
    except ValueError:
        raise not_json(answer) from None


class Fields:
    """A JSON object of an answer. ``where`` is the call it came from."""

    __slots__ = ("_raw", "where")

    def __init__(self, value: object, where: str, name: str = "the answer") -> None:
        if not isinstance(value, dict):
            raise unexpected(where, name, "an object")
        self._raw: dict[str, Any] = value
        self.where = where

    def plain(self) -> dict[str, Any]:
        """The whole object, as it came."""
        return dict(self._raw)

    def raw(self, *names: str) -> Any:
        """The first of these fields that is there and not null, unchanged."""
        for name in names:
            if (value := self._raw.get(name)) is not None:
                return value
        return None

    def text(self, *names: str) -> str:
        """The first of these fields that is not empty, as text; "" when there is none."""
        for name in names:
            if text := as_text(self._raw.get(name)):
                return text
        return ""

    def need_text(self, *names: str) -> str:
        """The same, of a field nothing can be done without.

        Raises:
            PlatformError: it is missing, empty or no text.

        """
        if text := self.text(*names):
            return text
        raise unexpected(self.where, names[0], "a text")

    def integer(self, *names: str) -> int | None:
        """The first of these fields that is a whole number; None when there is none."""
        for name in names:
            if (number := as_integer(self._raw.get(name))) is not None:
                return number
        return None

    def need_integer(self, *names: str) -> int:
        """The same, of a field nothing can be done without.

        Raises:
            PlatformError: it is missing or no whole number.

        """
        if (number := self.integer(*names)) is not None:
            return number
        raise unexpected(self.where, names[0], "a whole number")

    def number(self, *names: str) -> float | None:
        """The first of these fields that is a number, also as text; None when there is none."""
        for name in names:
            try:
                number = float(as_text(self._raw.get(name)) or "")
            except (ValueError, OverflowError):
                continue
            if math.isfinite(number):
                return number
        return None

    def flag(self, name: str) -> bool:
        """Whether a field is true; absent is false."""
        value = self._raw.get(name)
        return value is True or (isinstance(value, str) and value.casefold() == "true")

    def record(self, name: str) -> Fields:
        """A field that is an object; an empty one when it is anything else."""
        value = self._raw.get(name)
        return Fields(value if isinstance(value, dict) else {}, self.where)

    def need_record(self, name: str) -> Fields:
        """A field that is an object and nothing can be done without.

        Raises:
            PlatformError: it is missing or no object.

        """
        return Fields(self._raw.get(name), self.where, name)

    def records(self, name: str) -> list[Fields]:
        """A field that is a list of objects; missing and null are the empty list.

        Raises:
            PlatformError: it is something else.

        """
        return records(self._raw.get(name), self.where, name)

    def texts(self, name: str) -> tuple[str, ...]:
        """A field that is a list of texts, without empty ones; () when it is anything else."""
        value = self._raw.get(name)
        texts = (as_text(item) for item in value) if isinstance(value, list) else ()
        return tuple(text for text in texts if text)

    def text_map(self, name: str) -> dict[str, str]:
        """A field that is a map of texts, without what is not text; {} when it is anything else."""
        value = self._raw.get(name)
        if not isinstance(value, dict):
            return {}
        pairs = ((as_text(key) or "", as_text(item)) for key, item in value.items())
        return {key: text for key, text in pairs if text is not None}

    def entries(self) -> dict[str, Fields]:
        """The object as a map of names to objects, without what is not an object."""
        return _objects(self._raw, self.where)

    def maps(self, name: str) -> dict[str, Fields]:
        """A field that maps names to objects, without what is not an object."""
        value = self._raw.get(name)
        return _objects(value, self.where) if isinstance(value, dict) else {}


def _objects(value: dict[str, Any], where: str) -> dict[str, Fields]:
    return {
        as_text(name) or "": Fields(item, where, name)
        for name, item in value.items()
        if isinstance(item, dict)
    }


def records(value: object, where: str, name: str = "the answer") -> list[Fields]:
    """A list of objects; null is the empty list (``contracts/resources.md`` section 6, trap 9).

    Raises:
        PlatformError: it is something else.

    """
    if value is None:
        return []
    if not isinstance(value, list):
        raise unexpected(where, name, "a list")
    return [Fields(item, where, name) for item in value]


def unexpected(where: str, name: str, kind: str) -> PlatformError:
    """The error for an answer that is JSON, but not what the contract says."""
    return PlatformError(
        f"unexpected answer from Pennsieve: {name!r} is not {kind}", where=where, hint=_REPORT
    )
