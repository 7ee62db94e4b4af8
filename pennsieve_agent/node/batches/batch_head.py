"""What a node writes down of a batch itself, without its rows. Plain data, which survives JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

from pennsieve_agent.domain.batches import BatchCounts, BatchRow, RowStatus
from pennsieve_agent.node.records.callers import Caller


@dataclass(slots=True)
class BatchHead:
    """A batch. Times are unix seconds, 0 when not reached; ``cost`` is in USD.

    ``content`` is the digest of the document that asked for it. ``caller`` is who AWS says sent it
    (``{arn, account, user}``), ``person`` whose its runs are, ``claimed`` what the caller called
    himself. ``is_owners`` says that it came through ``admin``. ``targets`` have what their folders
    begin with, if anything.

    ``next`` is the first row for which no run has begun. Where none begins any more, ``rest`` is
    the state of all rows from there on, and ``reason`` says why. ``cancelled`` says that the runs
    were told to end. ``counts`` are those at the end, empty before. ``estimate`` is what was said
    of all runs together before the start, empty where nothing was. ``mail`` is who is told of the
    end, and what became of it (:mod:`pennsieve_agent.node.mail.send_mail`).
    """

    id: str
    name: str
    created: float
    content: str
    total: int
    parallel: int
    workflow: dict[str, str]
    dataset: str
    steps: list[dict[str, str]]
    caller: dict[str, str]
    person: str
    claimed: dict[str, str]
    is_owners: bool
    parameters: dict[str, dict[str, str]] = field(default_factory=dict)
    targets: dict[str, dict[str, str]] = field(default_factory=dict)
    limits: dict[str, Any] = field(default_factory=dict)
    layout: str = ""
    undeclared: bool = False
    fingerprint: str = ""
    estimate: dict[str, Any] = field(default_factory=dict)
    next: int = 0
    rest: str = ""
    reason: str = ""
    cancelled: bool = False
    ended: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)
    cost: float | None = None
    mail: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        """As it is stored."""
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, text: str) -> Self:
        """As it was stored; what only another version of the node knows is left out."""
        known = {field_.name for field_ in fields(cls)}
        return cls(**{name: value for name, value in json.loads(text).items() if name in known})

    @property
    def requester(self) -> Caller:
        """The identity that sent it."""
        return Caller(**self.caller)

    def stop(self, status: RowStatus, reason: str = "") -> None:
        """Let no further run begin; the first reason stays."""
        if not self.rest and self.next < self.total:
            self.rest, self.reason = status.value, reason

    def row(self, index: int) -> BatchRow:
        """A row of which nothing is written down, without its subject.

        It waits, or never had its turn.
        """
        if self.rest and index >= self.next:
            return BatchRow(index, "", status=RowStatus(self.rest), reason=self.reason)
        return BatchRow(index, "")

    def final_counts(self) -> BatchCounts | None:
        """The counts at its end; None before."""
        return BatchCounts.of(self.counts) if self.ended and self.counts else None


def list_key(head: BatchHead) -> str:
    """A batch's place in the list of batches, which is in the order of time."""
    return f"{int(head.created * 1000):015d}#{head.id}"


def caller_of(caller: Caller) -> dict[str, str]:
    """An identity as it is stored."""
    values: Mapping[str, str] = asdict(caller)
    return dict(values)
