"""Holds the members of a request to the model of its operation: required, min, max, pattern, enum.

The words are those of AWS's servers ("1 validation error detected: Value ... failed to satisfy
constraint", as in https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_general.html).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any

from pennsieve_agent.sandbox.aws.limits.patterns import compiled

_MOST_SHOWN = 120
"""Characters of a value in an answer."""
_NUMBERS = {"integer": int, "long": int, "float": float, "double": float}


def faults(shape: Any, value: Any, where: str = "") -> Iterator[str]:
    """What AWS would say of a value, which is as it was sent, or as Python has it."""
    kind = shape.type_name
    if kind == "structure":
        yield from _structure(shape, value, where)
    elif kind == "list":
        yield from _size(shape, value, where)
        for place, member in enumerate(value, 1):
            yield from faults(shape.member, member, f"{where}.{place}.member")
    elif kind == "map":
        yield from _size(shape, value, where)
        for key, member in value.items():
            yield from faults(shape.key, key, f"{where} (a key)")
            yield from faults(shape.value, member, f"{where}.{key}.member")
    elif kind == "string":
        yield from _size(shape, value, where)
        yield from _text(shape, str(value), where)
    elif kind == "blob":
        yield from _size(shape, value, where)
    elif kind in _NUMBERS:
        yield from _number(shape, value, where)


def _structure(shape: Any, value: Any, where: str) -> Iterator[str]:
    if shape.is_document_type or not isinstance(value, Mapping):
        return
    members = shape.members
    for name in shape.required_members:
        if name not in value and _wire_name(members[name], name) not in value:
            yield _fault(None, f"{where}.{name}", "Member must not be null")
    for name, member in members.items():
        part = value.get(name)
        if part is None:
            part = value.get(_wire_name(member, name))
        if part is not None:
            yield from faults(member, part, f"{where}.{name}")


def _wire_name(shape: Any, name: str) -> str:
    return str(shape.serialization.get("name", name))


def _size(shape: Any, value: Any, where: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is None and most is None:
        return
    what = "length"
    if shape.type_name == "blob" and isinstance(value, str):
        value = _decoded(value)
    if not hasattr(value, "__len__"):  # a stream, whose length nobody knows yet
        return
    if least is not None and len(value) < least:
        yield _fault(value, where, f"Member must have {what} greater than or equal to {least}")
    if most is not None and len(value) > most:
        yield _fault(value, where, f"Member must have {what} less than or equal to {most}")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except binascii.Error:
        return text.encode()


def _text(shape: Any, value: str, where: str) -> Iterator[str]:
    if shape.enum and value not in shape.enum:
        known = ", ".join(shape.enum)
        yield _fault(value, where, f"Member must satisfy enum value set: [{known}]")
    if text := shape.metadata.get("pattern"):
        pattern = compiled(text)
        if pattern is not None and not pattern.fullmatch(value):
            words = f"Member must satisfy regular expression pattern: {text}"
            yield _fault(value, where, words)


def _number(shape: Any, value: Any, where: str) -> Iterator[str]:
    try:
        number = _NUMBERS[shape.type_name](value)
    except (TypeError, ValueError):
        yield _fault(value, where, "Member must be a number")
        return
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and number < least:
        yield _fault(value, where, f"Member must have value greater than or equal to {least}")
    if most is not None and number > most:
        yield _fault(value, where, f"Member must have value less than or equal to {most}")


def _fault(value: Any, where: str, constraint: str) -> str:
    shown = "null" if value is None else f"'{str(value)[:_MOST_SHOWN]}'"
    return f"Value {shown} at '{where.lstrip('.')}' failed to satisfy constraint: {constraint}"
