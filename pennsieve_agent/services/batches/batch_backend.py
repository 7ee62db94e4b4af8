"""Where batches are: on own nodes, or, for Pennsieve's nodes, in the journal of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from pennsieve_agent.domain.batches import Batch, BatchRow, RowStatus
from pennsieve_agent.domain.repeats import BatchAgain


@dataclass(frozen=True, slots=True)
class BatchQuery:
    """Which batches are wanted; empty means all. ``workflow`` and ``dataset`` are ids."""

    limit: int | None = None
    workflow: str = ""
    dataset: str = ""


class BatchBackend(Protocol):
    """The batches of one place.

    Every method raises an :class:`~pennsieve_agent.errors.AgentError` where nobody answers, and
    ``NotFound`` for a batch that is not there.
    """

    @property
    def token(self) -> str:
        """The own node's id; empty for Pennsieve's nodes."""
        ...

    @property
    def name(self) -> str:
        """What it is called in a sentence."""
        ...

    def newest(self, query: BatchQuery) -> list[Batch]:
        """The newest batches that fit, newest first."""
        ...

    def get(self, batch_id: str) -> Batch:
        """One batch."""
        ...

    def rows(self, batch_id: str, status: RowStatus | None = None) -> Iterator[BatchRow]:
        """Its subjects, in order; of one status only where one is named."""
        ...

    def started(self, batch_id: str) -> BatchAgain:
        """What it was started with, to be started again."""
        ...

    def cancel(self, batch_id: str) -> None:
        """Cancel what is active, and begin nothing more."""
        ...
