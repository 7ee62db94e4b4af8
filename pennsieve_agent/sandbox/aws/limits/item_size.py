"""The size of a DynamoDB item as DynamoDB counts it, and its limit of 400 KB.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html and
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html. moto counts
other bytes, and what an update replaces it counts twice.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

MOST_ITEM = 400 * 1024
_CONTAINER, _ENTRY = 3, 1
"""Bytes that a list or map has beside its content, and each of its entries."""


def count_as_aws() -> None:
    """Let moto count as DynamoDB does; calling it again changes nothing."""
    from moto.dynamodb.exceptions import ItemSizeTooLarge  # noqa: PLC0415 - slow
    from moto.dynamodb.models.dynamo_type import LimitedSizeDict  # noqa: PLC0415 - slow

    def set_item(self: dict[str, Any], key: str, value: Any) -> None:
        others = {name: old for name, old in self.items() if name != key}
        if item_size({**_plain(others), **_plain({key: value})}) > MOST_ITEM:
            raise ItemSizeTooLarge
        dict.__setitem__(self, key, value)

    LimitedSizeDict.__setitem__ = set_item  # type: ignore[method-assign]


def item_size(item: Mapping[str, Mapping[str, Any]]) -> int:
    """The bytes of an item in DynamoDB's JSON."""
    return sum(len(name.encode()) + value_size(value) for name, value in item.items())


def value_size(value: Mapping[str, Any]) -> int:
    """The bytes of an attribute's value."""
    ((kind, content),) = value.items()
    if kind == "L":
        return _CONTAINER + sum(_ENTRY + value_size(part) for part in content)
    if kind == "M":
        return _CONTAINER + len(content) * _ENTRY + item_size(content)
    if kind in {"BOOL", "NULL"}:
        return 1
    size = _SIZES[kind.removesuffix("S") or "S"]
    return sum(map(size, content)) if kind in {"SS", "NS", "BS"} else size(content)


def _text_size(text: str) -> int:
    return len(text.encode())


def _number_size(number: str) -> int:
    """One byte for two significant digits, and one more; another one for a sign."""
    digits = number.lower().partition("e")[0].replace(".", "").lstrip("-").strip("0")
    return (len(digits) + 1) // 2 + 1 + number.startswith("-")


def _binary_size(content: str | bytes) -> int:
    return len(content if isinstance(content, bytes) else base64.b64decode(content))


_SIZES: dict[str, Callable[[Any], int]] = {
    "S": _text_size,
    "N": _number_size,
    "B": _binary_size,
}


def _plain(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes of moto in DynamoDB's JSON."""
    return {name: value.to_regular_json() for name, value in attributes.items()}
