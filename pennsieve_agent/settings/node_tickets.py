"""Tickets of nodes in the system's keychain; without one, each command signs in again."""

from __future__ import annotations

import contextlib
import json

from pennsieve_agent.domain.tickets import MemoryTickets, Ticket
from pennsieve_agent.errors import SettingsError
from pennsieve_agent.settings.keychain import Keychain

_ACCOUNT = "node-ticket"


class KeychainTickets:
    """Tickets by place. A keychain that is locked or missing is not in the way of a command."""

    def __init__(self, keychain: Keychain) -> None:
        self._keychain = keychain
        self._known = MemoryTickets()

    def get(self, place: str) -> Ticket | None:
        """The ticket for a place, ended or not; None when none is kept."""
        if known := self._known.get(place):
            return known
        try:
            text = self._keychain.get(_account(place))
            row = json.loads(text) if text else None
            ticket = Ticket(str(row["value"]), float(row["until"])) if row else None
        except (SettingsError, KeyError, TypeError, ValueError):
            return None
        if ticket is not None:
            self._known.put(place, ticket)
        return ticket

    def put(self, place: str, ticket: Ticket) -> None:
        """Keep a ticket, for this process at least."""
        self._known.put(place, ticket)
        text = json.dumps({"value": ticket.value, "until": ticket.until})
        with contextlib.suppress(SettingsError):
            self._keychain.set(_account(place), text)

    def drop(self, place: str) -> None:
        """Forget a ticket."""
        self._known.drop(place)
        with contextlib.suppress(SettingsError):
            self._keychain.delete(_account(place))


def _account(place: str) -> str:
    return f"{_ACCOUNT}:{place}"
