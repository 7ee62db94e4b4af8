"""Asynchronous events of functions, on disk until they are handled, as Lambda keeps them.

Lambda puts them on a queue first, and tries them again for hours ("How Lambda handles errors and
retries with asynchronous invocation",
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html). So they outlive
this process; a call that ended with it is one whose environment ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pennsieve_agent.sandbox.host.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS lambda_events (
    id INTEGER PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL, function TEXT NOT NULL,
    payload TEXT NOT NULL, attempt INTEGER NOT NULL, begun INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS lambda_chains (event INTEGER PRIMARY KEY, chain TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Event:
    """An event for a function by its name. ``attempt`` counts from 1.

    ``chain`` is the header of the call that sent it (:mod:`.recursion`).
    """

    number: int
    account: str
    region: str
    function: str
    payload: bytes
    attempt: int = 1
    cut_off: bool = False
    """Whether this attempt ended with an earlier process."""
    chain: str = ""


class WaitingEvents:
    """The events that are not handled yet."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(
        self, account: str, region: str, function: str, payload: bytes, chain: str = ""
    ) -> Event:
        """Keep a new event."""
        text = payload.decode() or "{}"
        number = self._store.execute(
            "INSERT INTO lambda_events (account, region, function, payload, attempt, begun)"
            " VALUES (?, ?, ?, ?, 1, 0)",
            (account, region, function, text),
        )
        if chain:
            insert = "INSERT OR REPLACE INTO lambda_chains (event, chain) VALUES (?, ?)"
            self._store.execute(insert, (number, chain))
        return Event(number, account, region, function, text.encode(), chain=chain)

    def begin(self, event: Event) -> None:
        """Note that an attempt begins."""
        self._store.execute("UPDATE lambda_events SET begun = 1 WHERE id = ?", (event.number,))

    def again(self, event: Event, *, failed: bool) -> Event:
        """What comes back for another attempt, or for this one, if it has not ``failed``."""
        attempt = event.attempt + failed
        self._store.execute(
            "UPDATE lambda_events SET begun = 0, attempt = ? WHERE id = ?", (attempt, event.number)
        )
        return replace(event, attempt=attempt, cut_off=False)

    def remove(self, event: Event) -> None:
        """Forget an event that was handled, or is given up."""
        self._store.execute("DELETE FROM lambda_events WHERE id = ?", (event.number,))
        if event.chain:
            self._store.execute("DELETE FROM lambda_chains WHERE event = ?", (event.number,))

    def left(self) -> Iterator[Event]:
        """The events of an earlier process, in order."""
        rows = self._store.rows(
            "SELECT lambda_events.*, COALESCE(chain, '') AS chain FROM lambda_events"
            " LEFT JOIN lambda_chains ON event = id ORDER BY id"
        )
        for row in rows:
            yield Event(
                row["id"],
                row["account"],
                row["region"],
                row["function"],
                row["payload"].encode(),
                row["attempt"],
                bool(row["begun"]),
                row["chain"],
            )
