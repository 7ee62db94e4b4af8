"""The store of batches in the node's table: heads, the rows that wait, and who is active.

The rows that were asked for lie in parts of :data:`PART_ROWS`, so that opening one run reads one
part. A run is noted as open before it begins and until its row says how it ended, so that what runs
is counted without reading all rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pennsieve_agent.domain.batches import run_name
from pennsieve_agent.node.batches.batch_head import BatchHead, list_key
from pennsieve_agent.node.batches.batch_rows import BatchRows, batch_key
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.records.run_store import (
    ACTIVE,
    BATCH,
    DOCUMENT_SECONDS,
    UNKNOWN_SECONDS,
    RunStore,
)
from pennsieve_agent.node.runs.run_lease import Lease
from pennsieve_agent.node.table import Documents, Item, Items, expiry

BATCHES = "BATCHES"
PART_ROWS = 100
_HEAD, _CANCEL, _VERSION = "HEAD", "CANCEL", "VERSION"
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Again:
    """A row that is to be attempted once more; ``limits`` go over those of the batch.

    ``goes_on`` is ``{run, step}`` where steps of an earlier attempt are taken over.
    """

    index: int
    attempt: int
    limits: Mapping[str, Any] = field(default_factory=dict)
    goes_on: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Its second key."""
        return f"AGAIN#{self.index:06d}#{self.attempt:04d}"


@dataclass(slots=True)
class BatchStore:
    """The batches of a node."""

    node: Node
    runs: RunStore
    _parts: dict[tuple[str, int], list[Row]] = field(default_factory=dict)

    def begin(self, head: BatchHead, rows: Sequence[Row], version: Row) -> bool:
        """Write a new batch down; False when it is there already, which changes nothing."""
        folder = f"batches/{head.id}"
        for number, start in enumerate(range(0, len(rows), PART_ROWS)):
            _, values = self._documents.keep(list(rows[start : start + PART_ROWS]), folder)
            self._items.put(batch_key(head.id), _part_key(head.content, number), self._kept(values))
        _, values = self._documents.keep(version, folder)
        self._items.put(batch_key(head.id), f"{_VERSION}#{head.content}", self._kept(values))
        about = {"id": head.id, "person": head.person}
        self._items.put(BATCHES, list_key(head), self._kept({"body": {"S": json.dumps(about)}}))
        # Active first: there must never be a batch that nobody wakes.
        self.activate(head.id)
        return self._items.put_new(batch_key(head.id), _HEAD, self._values(head))

    def reserve_name(self, head: BatchHead, subject: str = "") -> bool:
        """Reserve the name of the batch, or of one of its runs, for it; False where it is taken."""
        name = run_name(head.name, subject) if subject else head.name
        return self.runs.reserve(name, head.id)

    def read(self, batch: str) -> BatchHead | None:
        """A batch as it is now; None when it is not known."""
        item = self._items.get(batch_key(batch), _HEAD)
        return BatchHead.of(self._documents.text_of(item)) if item else None

    def write(self, head: BatchHead) -> None:
        """Replace what is written of a batch; by whoever holds its lease."""
        self._items.put(batch_key(head.id), _HEAD, self._values(head))

    def listed(self, before: str = "") -> Iterator[tuple[str, str, str]]:
        """The batches, newest first: the place in the list, the id, whose it is."""
        for item in self._items.query(BATCHES, before=before, newest=True):
            about = json.loads(item["body"]["S"])
            yield str(item["sk"]["S"]), str(about["id"]), str(about["person"])

    def row(self, head: BatchHead, index: int) -> Row:
        """A row as it was asked for: ``{subject, packages, files, parameters}``."""
        number, place = divmod(index, PART_ROWS)
        return self.part(head, number)[place]

    def part(self, head: BatchHead, number: int) -> list[Row]:
        """The rows of a part.

        Raises:
            LookupError: it is gone.

        """
        key = head.id, number
        if key not in self._parts:
            item = self._items.get(batch_key(head.id), _part_key(head.content, number))
            if item is None:
                raise LookupError("the document of the batch is gone")
            self._parts.clear()  # one at a time: a batch may be large
            self._parts[key] = self._documents.read(item)
        return self._parts[key]

    def version(self, head: BatchHead) -> Row:
        """The workflow's version as it was when the batch was accepted.

        Raises:
            LookupError: it is gone.

        """
        item = self._items.get(batch_key(head.id), f"{_VERSION}#{head.content}")
        if item is None:
            raise LookupError("the version of the batch's workflow is gone")
        document: Row = self._documents.read(item)
        return document

    def rows(self, batch: str) -> BatchRows:
        """The rows that have had a run."""
        return BatchRows(self.node, batch, self._kept({}))

    # What is to be done -----------------------------------------------------------------------

    def open(self, batch: str) -> set[str]:
        """The runs that have begun, or are about to, and not ended."""
        rows = self._items.query(batch_key(batch), "OPEN#")
        return {str(row["sk"]["S"]).removeprefix("OPEN#") for row in rows}

    def note_open(self, batch: str, run: str) -> None:
        """Note that a run is about to begin."""
        self._items.put(batch_key(batch), f"OPEN#{run}", self._kept({}))

    def close(self, batch: str, run: str) -> None:
        """Note that a run has ended, or never was."""
        self._items.delete(batch_key(batch), f"OPEN#{run}")

    def ask_again(self, batch: str, again: Again) -> bool:
        """Claim another attempt of a row; False where somebody has claimed it."""
        values = {"body": {"S": json.dumps(dict(again.limits))}}
        if again.goes_on:
            values["from"] = {"S": json.dumps(dict(again.goes_on))}
        values = self._kept(values)
        return self._items.put_new(batch_key(batch), again.key, values)

    def again(self, batch: str) -> list[Again]:
        """The attempts that were asked for and have not begun, in the order of the batch."""
        repeats: list[Again] = []
        for item in self._items.query(batch_key(batch), "AGAIN#"):
            _, index, attempt = str(item["sk"]["S"]).split("#")
            goes_on = json.loads(item["from"]["S"]) if "from" in item else {}
            limits = json.loads(item["body"]["S"])
            repeats.append(Again(int(index), int(attempt), limits, goes_on))
        return repeats

    def took(self, batch: str, again: Again) -> None:
        """An attempt has begun, or will not."""
        self._items.delete(batch_key(batch), again.key)

    def ask_cancel(self, batch: str) -> None:
        """Note that a batch is to be cancelled."""
        self._items.put(batch_key(batch), _CANCEL, self._kept({}))

    def is_cancelled(self, batch: str) -> bool:
        """Whether it is to be."""
        return self._items.get(batch_key(batch), _CANCEL) is not None

    # Who is active ------------------------------------------------------------------------------

    def activate(self, batch: str) -> None:
        """Have the clock look at a batch."""
        self._items.put(ACTIVE, f"{BATCH}{batch}", {"at": {"N": str(int(self.node.now()))}})

    def forget(self, batch: str) -> None:
        """A batch is over. May be repeated."""
        self._items.delete(batch_key(batch), _CANCEL)
        self._items.delete(ACTIVE, f"{BATCH}{batch}")

    def forget_unknown(self, batch: str) -> None:
        """A batch that is active and was never written down: whoever asked for it was cut off."""
        item = self._items.get(ACTIVE, f"{BATCH}{batch}")
        at = float(item["at"]["N"]) if item and "at" in item else 0.0
        if self.node.now() - at > UNKNOWN_SECONDS:
            self._items.delete(ACTIVE, f"{BATCH}{batch}")

    def lease(self, batch: str) -> Lease:
        """The lease of a batch; who has it opens its runs."""
        return Lease(self.node, batch_key(batch), self.runs.owner)

    def _kept(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {**values, **expiry(self.node.now() + DOCUMENT_SECONDS)}

    def _values(self, head: BatchHead) -> Item:
        return self._kept(self._documents.text_values(head.to_json(), f"batches/{head.id}"))

    @property
    def _items(self) -> Items:
        return Items(self.node)

    @property
    def _documents(self) -> Documents:
        return Documents(self.node)


def _part_key(content: str, number: int) -> str:
    # By what was asked for: another document of the same id, refused, must not replace its rows.
    return f"PART#{content[:16]}#{number:04d}"
