"""Tickets of nodes: session tokens in place of a proof of identity, for a quarter of an hour."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket: a secret. ``until`` is its end in unix seconds."""

    value: str = field(repr=False)
    until: float


class Tickets(Protocol):
    """Keeps tickets by place: a function, and the AWS key that proved itself there."""

    def get(self, place: str) -> Ticket | None:
        """The ticket for a place, ended or not; None when none is kept."""
        ...

    def put(self, place: str, ticket: Ticket) -> None:
        """Keep a ticket, or do nothing where none can be kept."""
        ...

    def drop(self, place: str) -> None:
        """Forget a ticket."""
        ...


class MemoryTickets:
    """Tickets for as long as this process lives."""

    def __init__(self) -> None:
        self._tickets: dict[str, Ticket] = {}

    def get(self, place: str) -> Ticket | None:
        """See :meth:`Tickets.get`."""
        return self._tickets.get(place)

    def put(self, place: str, ticket: Ticket) -> None:
        """See :meth:`Tickets.put`."""
        self._tickets[place] = ticket

    def drop(self, place: str) -> None:
        """See :meth:`Tickets.drop`."""
        self._tickets.pop(place, None)
