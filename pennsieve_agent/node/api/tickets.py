"""Tickets: session tokens of a quarter of an hour for callers who have proved their identity.

A ticket is 256 random bits. The node keeps its hash alone, with the identity and the function that
it was given for: a ticket of ``gateway`` is not one of ``admin``.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

from pennsieve_agent.node.node import Node
from pennsieve_agent.node.records.callers import Caller
from pennsieve_agent.node.table import Items, expiry

TICKET_SECONDS = 900
_TICKET = re.compile(r"[0-9a-f]{64}")
_KEY = "TICKET"


@dataclass(frozen=True, slots=True)
class Tickets:
    """The tickets of one function of a node."""

    node: Node
    function: str

    def give(self, caller: Caller) -> dict[str, object]:
        """A new ticket: ``{"value", "until"}``, the latter in unix seconds."""
        value = secrets.token_hex(32)
        until = int(self.node.now()) + TICKET_SECONDS
        Items(self.node).put(
            f"{_KEY}#{_hash(value)}",
            _KEY,
            {
                "arn": {"S": caller.arn},
                "account": {"S": caller.account},
                "user": {"S": caller.user},
                "function": {"S": self.function},
                "until": {"N": str(until)},
                **expiry(until),
            },
        )
        return {"value": value, "until": until}

    def caller(self, value: str) -> Caller | None:
        """Whose ticket it is; None when it is unknown, ended, or another function's."""
        if not _TICKET.fullmatch(value):
            return None
        item = Items(self.node).get(f"{_KEY}#{_hash(value)}", _KEY)
        if item is None or float(item["until"]["N"]) <= self.node.now():
            return None
        if not hmac.compare_digest(item["function"]["S"], self.function):
            return None
        return Caller(item["arn"]["S"], item["account"]["S"], item["user"]["S"])


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
