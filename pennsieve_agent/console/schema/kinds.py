"""How documents are described, and what holds a document to its description. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z")
_WORD = re.compile(r"[a-z0-9]+([_-][a-z0-9]+)*")
_LIST, _MAP, _OR = "list of ", "map of ", " or "


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a document.

    ``type`` is ``text``, ``word`` (one in lower case), ``integer``, ``number``, ``boolean``,
    ``time``, ``any``, the name of a document, or ``list of`` or ``map of`` one of these,
    which may be one ``or`` another. ``null``:
    it may be unknown. ``optional``: it is not there where it was not asked for.
    """

    name: str
    type: str
    meaning: str
    null: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A document, or a part of one that has a name."""

    name: str
    meaning: str
    fields: tuple[Field, ...]


_PLAIN: dict[str, Callable[[Any], bool]] = {
    "text": lambda value: isinstance(value, str),
    "word": lambda value: isinstance(value, str) and bool(_WORD.fullmatch(value)),
    "time": lambda value: isinstance(value, str) and bool(_TIME.fullmatch(value)),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "any": lambda _: True,
}


def faults(
    kind: str, value: Any, documents: Mapping[str, Document], place: str = ""
) -> Iterator[str]:
    """Where a value does not have a kind, as sentences that begin with the place."""
    here = place or kind
    if kind.startswith(_LIST):
        if not isinstance(value, list):
            yield f"{here}: {value!r} is not a list"
            return
        for number, item in enumerate(value):
            yield from faults(kind.removeprefix(_LIST), item, documents, f"{here}[{number}]")
    elif kind.startswith(_MAP):
        if not isinstance(value, dict):
            yield f"{here}: {value!r} is not a map"
            return
        for key, item in value.items():
            yield from faults(kind.removeprefix(_MAP), item, documents, f"{here}[{key}]")
    elif _OR in kind:
        # Of several kinds, the one that fits best says what is wrong.
        yield from min(
            (list(faults(one, value, documents, here)) for one in kind.split(_OR)), key=len
        )
    elif kind in _PLAIN:
        if not _PLAIN[kind](value):
            yield f"{here}: {value!r} is not of type {kind}"
    else:
        yield from _of_document(documents[kind], value, documents, here)


def _of_document(
    document: Document, value: Any, documents: Mapping[str, Document], place: str
) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{place}: {value!r} is not a {document.name}"
        return
    known = {field.name for field in document.fields}
    yield from (
        f"{place}: the field {name} is not described" for name in value if name not in known
    )
    for field in document.fields:
        inner = f"{place}.{field.name}"
        if field.name not in value:
            if not field.optional:
                yield f"{inner}: is missing"
        elif value[field.name] is None:
            if not field.null:
                yield f"{inner}: is null"
        else:
            yield from faults(field.type, value[field.name], documents, inner)


def by_name(documents: Iterable[Document]) -> dict[str, Document]:
    """Documents by their names.

    Raises:
        ValueError: two of them have one name.
    """
    named: dict[str, Document] = {}
    for document in documents:
        if named.setdefault(document.name, document) is not document:
            raise ValueError(f"two documents are called '{document.name}'")
    return named


def kinds_in(kind: str) -> list[str]:
    """The kinds that the items of lists and maps may be of."""
    while kind.startswith((_LIST, _MAP)):
        kind = kind.removeprefix(_LIST).removeprefix(_MAP)
    return kind.split(_OR)


def is_plain(kind: str) -> bool:
    """Whether it is something else than a document."""
    return kind in _PLAIN
