"""The entities of an RO-Crate: flat, each with an id of its own, and without empty values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Entity = dict[str, Any]
_STATES = {
    "succeeded": "CompletedActionStatus",
    "failed": "FailedActionStatus",
    # Schema.org knows no cancelled action: it did not come to its end.
    "canceled": "FailedActionStatus",
    "pending": "PotentialActionStatus",
    "waiting": "PotentialActionStatus",
}


def ref(id_: str) -> Entity:
    """A reference to an entity."""
    return {"@id": id_}


def refs(ids: Iterable[str]) -> list[Entity] | Entity:
    """References; of one alone it, as RO-Crate has single values without a list."""
    rows = [ref(id_) for id_ in dict.fromkeys(ids)]
    return rows[0] if len(rows) == 1 else rows


def status_of(word: str | None) -> str:
    """The state of an action (https://schema.org/ActionStatusType), which the profiles write so."""
    return f"http://schema.org/{_STATES.get(word or '', 'ActiveActionStatus')}"


def moment(text: str | None) -> str | None:
    """A time as the profiles ask for it: with the offset in digits."""
    return f"{text[:-1]}+00:00" if text and text.endswith("Z") else text


class Graph:
    """The entities, in order. A value that is None or empty is left out."""

    def __init__(self) -> None:
        self._rows: dict[str, Entity] = {}
        self._first: list[Entity] = []

    def __contains__(self, id_: str) -> bool:
        """Whether there is an entity of this id."""
        return id_ in self._rows

    def __getitem__(self, id_: str) -> Entity:
        """An entity."""
        return self._rows[id_]

    def add(self, entity: Entity) -> str:
        """Add an entity; its id."""
        self._rows[entity["@id"]] = _whole(entity)
        return str(entity["@id"])

    def first(self, entity: Entity) -> None:
        """Add an entity before all others."""
        self._first.insert(0, _whole(entity))

    def of_type(self, name: str) -> list[str]:
        """The ids of all entities of one type."""
        return [id_ for id_, row in self._rows.items() if row["@type"] == name]

    @property
    def entities(self) -> list[Entity]:
        """All of them."""
        return [*self._first, *self._rows.values()]


def _whole(entity: Entity) -> Entity:
    return {
        name: value[0] if isinstance(value, list) and len(value) == 1 else value
        for name, value in entity.items()
        if value is not None and value not in ("", [])
    }
