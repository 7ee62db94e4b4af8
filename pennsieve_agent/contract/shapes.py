"""A small language for the shape of a JSON body.

==================  ==========================================================================
``str int bool``    a value of this type (``bool`` is no ``int``); ``float`` is any number;
                    ``list`` and ``dict`` are any list and any object
``None`` or other   this very value
``...``             anything
``[shape]``         a list of such values; ``null`` is not a list
``{"a": shape}``    an object with this key, written exactly so; more keys may be there
``{"a?": shape}``   the key may be left out, but is not ``null``
``{"a": ABSENT}``   the key must be left out: ``null`` is not the same
``Only({...})``     an object with these keys and no others
``Matching("re")``  a text that matches all of this
``Either(a, b)``    one of these
``Filled([a])``     such a list, and not an empty one
``MapOf(shape)``     an object with whatever keys, whose values are of this shape
==================  ==========================================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ABSENT = object()
_LONGEST = 60
_TYPES: dict[type, str] = {
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    list: "a list",
    dict: "an object",
}


@dataclass(frozen=True, slots=True)
class Matching:
    """A text that matches a regular expression from end to end."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Only:
    """An object with no other keys."""

    keys: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Filled:
    """A list that is not empty."""

    shape: list[Any]


@dataclass(frozen=True, slots=True)
class MapOf:
    """An object whose keys are free, such as the parameters of a step."""

    shape: Any


@dataclass(frozen=True, slots=True, init=False)
class Either:
    """One of several shapes."""

    shapes: tuple[Any, ...]

    def __init__(self, *shapes: Any) -> None:
        object.__setattr__(self, "shapes", shapes)


UUID = Matching("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
ISO_TIME = Matching(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)")
"""ISO 8601 with an offset (``contracts/core.md`` 0.2); RFC 3339 is one."""
GO_TIME = Matching(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? \+0000 UTC")
"""Go's default text of a time (``contracts/resources.md`` 3.1, ``contracts/workflows.md`` 0.4)."""


def parts(shape: Only | Filled | MapOf | Either) -> tuple[Any, ...]:
    """The parts of a composed shape; its class makes an equal shape from them."""
    match shape:
        case Only():
            return (shape.keys,)
        case Filled() | MapOf():
            return (shape.shape,)
        case Either():
            return shape.shapes


def node_id(kind: str) -> Matching:
    """A node id (``contracts/core.md`` 0.1)."""
    return Matching(f"N:{kind}:{UUID.pattern}")


def mismatches(shape: Any, value: Any, where: str = "body") -> list[str]:
    """Where and how a value is not of a shape; nothing when it is. No value is quoted at length."""
    return list(_mismatches(shape, value, where))


def _mismatches(shape: Any, value: Any, where: str) -> Iterator[str]:
    match shape:
        case Only():
            yield from _object(shape.keys, value, where)
            yield from _extra(shape, value, where)
        case dict():
            yield from _object(shape, value, where)
        case Filled():
            yield from _mismatches(shape.shape, value, where)
            if value == []:
                yield f"{where} is an empty list"
        case MapOf():
            yield from _map(shape, value, where)
        case [inner]:
            yield from _list(inner, value, where)
        case Either():
            yield from _either(shape, value, where)
        case _:
            if not _fits(shape, value):
                yield f"{where} is {_short(value)}, not {describe(shape)}"


def _extra(shape: Only, value: Any, where: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name in sorted(value.keys() - _names(shape.keys)):
            yield f"{where} has the key {name}, which does not belong there"


def _map(shape: MapOf, value: Any, where: str) -> Iterator[str]:
    yield from _object({}, value, where)
    for name, item in value.items() if isinstance(value, dict) else ():
        yield from _mismatches(shape.shape, item, f"{where}.{name}")


def _either(shape: Either, value: Any, where: str) -> Iterator[str]:
    """The mismatches with the most similar of several shapes."""
    by_shape = [mismatches(inner, value, where) for inner in shape.shapes]
    if not all(by_shape):
        return
    objects = [
        problems
        for problems, kind in zip(by_shape, shape.shapes, strict=True)
        if isinstance(value, dict) and isinstance(kind, dict | Only | MapOf)
    ]
    if objects:
        yield from min(objects, key=len)
    else:
        yield f"{where} is {_short(value)}, not {describe(shape)}"


def _fits(shape: Any, value: Any) -> bool:
    """Whether a simple value matches a simple shape."""
    if shape is ...:
        return True
    if isinstance(shape, Matching):
        return isinstance(value, str) and re.fullmatch(shape.pattern, value, re.DOTALL) is not None
    if shape is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(shape, type):
        return type(value) is shape
    return type(value) is type(shape) and bool(value == shape)


def _object(keys: Mapping[str, Any], value: Any, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where} is {_short(value)}, not an object"
        return
    for key, shape in keys.items():
        name, at = key.removesuffix("?"), f"{where}.{key.removesuffix('?')}"
        if shape is ABSENT:
            if name in value:
                yield f"{at} is {_short(value[name])}, but must be left out"
        elif name in value:
            yield from _mismatches(shape, value[name], at)
        elif not key.endswith("?"):
            other = next((k for k in value if k.lower() == name.lower()), None)
            yield f"{at} is written {other}" if other else f"{at} is missing"


def _list(inner: Any, value: Any, where: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{where} is {_short(value)}, not a list"
        return
    for place, item in enumerate(value):
        problems = mismatches(inner, item, f"{where}[{place}]")
        yield from problems
        if problems:  # one bad item of a long list says enough
            return


def _names(keys: Mapping[str, Any]) -> set[str]:
    return {key.removesuffix("?") for key, shape in keys.items() if shape is not ABSENT}


def describe(shape: Any) -> str:
    """A shape in words."""
    match shape:
        case Matching():
            return f"a text like {shape.pattern}"
        case Either():
            return " or ".join(describe(inner) for inner in shape.shapes)
        case Filled():
            return "a list that is not empty"
        case dict() | Only() | MapOf():
            return _TYPES[dict]
        case _:
            return _TYPES[shape] if isinstance(shape, type) else _short(shape)


def _short(value: Any) -> str:
    match value:
        case None:
            return "null"
        case dict():
            return "an object"
        case list():
            return "a list" if value else "an empty list"
        case _:
            text = repr(value)
            return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
