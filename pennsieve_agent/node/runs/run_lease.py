"""The lease of a run: of two invocations one works on it, and no event is lost.

A lease is an item of the node's table. It lasts a little longer than any single step, so that what
somebody held who was killed is soon free again. Whoever cannot have it marks it and goes; its
holder gives it up only unmarked, and otherwise looks at the run once more. A mark is taken away
before the run is read, so that all that happened before the mark was made is seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pennsieve_agent.node.node import Node
from pennsieve_agent.node.table import Items

LEASE_SECONDS = 90.0
SURE_SECONDS = LEASE_SECONDS / 3
"""So long after it was taken or kept nobody asks whether it still is: what is left of it is longer
than any single step, and nobody else can have it before it is over."""
_LEFT_SECONDS = 3600
_SORT = "LEASE"


@dataclass(frozen=True, slots=True)
class Lease:
    """The lease of a run, as one invocation sees it: ``owner`` is the invocation's own name."""

    node: Node
    key: str
    owner: str

    def take(self) -> bool:
        """Take it where it is free or over; where it is held, mark it and answer False."""
        while not self._hold("attribute_not_exists(pk) OR #o = :o OR #u < :now"):
            if self._mark():
                return False
        return True

    def keep(self) -> bool:
        """Hold it for longer; False when it was lost. A mark stays."""
        return self._update(
            "SET #u = :u, expires_at = :e", "#o = :o", _until(self._now), self._mine
        )

    def release(self) -> bool:
        """Give it up; False when it was marked: then it is still held, unmarked."""
        values = self._mine
        if self._items.delete_where(
            self.key, _SORT, "#o = :o AND attribute_not_exists(marked)", {"#o": "owner"}, values
        ):
            return True
        return not self._hold("#o = :o")

    def drop(self) -> None:
        """Give it up, marked or not."""
        self._items.delete_where(self.key, _SORT, "#o = :o", {"#o": "owner"}, self._mine)

    def _hold(self, condition: str) -> bool:
        now = {":now": {"N": str(self._now)}} if ":now" in condition else {}
        return self._update(
            "SET #o = :o, #u = :u, expires_at = :e REMOVE marked",
            condition,
            _until(self._now),
            self._mine,
            now,
        )

    def _mark(self) -> bool:
        """Mark it; False when it was given up meanwhile."""
        return self._items.update_where(
            self.key, _SORT, "SET marked = :m", "attribute_exists(pk)", {}, {":m": {"BOOL": True}}
        )

    def _update(self, change: str, condition: str, *values: dict[str, Any]) -> bool:
        names = {"#o": "owner", "#u": "until"}
        merged = {name: value for part in values for name, value in part.items()}
        return self._items.update_where(self.key, _SORT, change, condition, names, merged)

    @property
    def _items(self) -> Items:
        return Items(self.node)

    @property
    def _mine(self) -> dict[str, Any]:
        return {":o": {"S": self.owner}}

    @property
    def _now(self) -> float:
        return self.node.now()


def _until(now: float) -> dict[str, Any]:
    # Whoever ended a run and was killed before giving it up leaves it to the table to delete.
    expires_at = int(now + LEASE_SECONDS + _LEFT_SECONDS)
    return {":u": {"N": str(now + LEASE_SECONDS)}, ":e": {"N": str(expires_at)}}
