"""The addresses that are subscribed to topics, in the sandbox's database."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pennsieve_agent.sandbox.host.store import Row, Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS sns_addresses (
    id TEXT PRIMARY KEY, topic TEXT NOT NULL, endpoint TEXT NOT NULL, policy TEXT NOT NULL,
    token TEXT NOT NULL, asked REAL NOT NULL, confirmed INTEGER NOT NULL, of_stack INTEGER NOT NULL,
    UNIQUE (topic, endpoint)
);
"""
PENDING_SECONDS = 2 * 86_400.0
"""How long a confirmation can be given ("Subscribe": "Confirmation tokens are valid for two days",
https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html)."""


@dataclass(frozen=True, slots=True)
class Address:
    """A subscription by e-mail. ``policy`` is its filter, empty for none."""

    id: str
    topic: str
    endpoint: str
    policy: Mapping[str, Any]
    token: str
    confirmed: bool
    of_stack: bool

    @property
    def arn(self) -> str:
        """Its ARN, which nobody is told before it has confirmed."""
        return f"{self.topic}:{self.id}"


class Addresses:
    """The addresses of topics. ``now`` is in unix seconds."""

    def __init__(self, store: Store, now: Callable[[], float]) -> None:
        self._store, self._now = store, now

    def of(self, topic: str) -> list[Address]:
        """Those of a topic that have confirmed, or still can."""
        return [
            _address(row)
            for row in self._store.rows(
                "SELECT * FROM sns_addresses WHERE topic = ? AND (confirmed OR asked > ?)"
                " ORDER BY rowid",
                (topic, self._now() - PENDING_SECONDS),
            )
        ]

    def topics(self) -> set[str]:
        """The topics that have any."""
        rows = self._store.rows("SELECT DISTINCT topic FROM sns_addresses")
        return {str(row["topic"]) for row in rows}

    def ask(
        self, topic: str, endpoint: str, policy: Mapping[str, Any], *, of_stack: bool = False
    ) -> Address:
        """An address that is asked, with a token of its own; an earlier question is void."""
        self._store.execute(
            "INSERT OR REPLACE INTO sns_addresses VALUES (?, ?, ?, ?, ?, ?, 0, ?)",
            (
                str(uuid.uuid4()),
                topic,
                endpoint,
                json.dumps(policy),
                secrets.token_hex(32),
                self._now(),
                int(of_stack),
            ),
        )
        return next(one for one in self.of(topic) if one.endpoint == endpoint)

    def confirm(self, token: str) -> Address | None:
        """Confirm by a token; None where it is unknown, or too old."""
        row = self._store.row(
            "SELECT * FROM sns_addresses WHERE token = ? AND (confirmed OR asked > ?)",
            (token, self._now() - PENDING_SECONDS),
        )
        if row is None:
            return None
        self._store.execute("UPDATE sns_addresses SET confirmed = 1 WHERE id = ?", (row["id"],))
        return _address({**row, "confirmed": 1})

    def end(self, address: Address) -> None:
        """Unsubscribe."""
        self._store.execute("DELETE FROM sns_addresses WHERE id = ?", (address.id,))

    def forget(self, topic: str) -> None:
        """A topic is deleted, and its subscriptions with it."""
        self._store.execute("DELETE FROM sns_addresses WHERE topic = ?", (topic,))


def _address(row: Row) -> Address:
    return Address(
        row["id"],
        row["topic"],
        row["endpoint"],
        json.loads(row["policy"]),
        row["token"],
        bool(row["confirmed"]),
        bool(row["of_stack"]),
    )
