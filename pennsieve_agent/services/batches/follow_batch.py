"""Waiting until a batch is over: through outages, and with few questions."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from pennsieve_agent.domain.backoff import Backoff
from pennsieve_agent.errors import AwsError, NodeError, PlatformError, StillRunning
from pennsieve_agent.services.runs.follow_run import HERE_SECONDS, is_passing

if TYPE_CHECKING:
    from pennsieve_agent.domain.batches import Batch, BatchRow, RowStatus
    from pennsieve_agent.services.batches.batch_backend import BatchBackend

T = TypeVar("T")
LOOK_SECONDS = 5.0
"""Between two looks; each is one question, however many runs there are."""
_BACKOFF = Backoff(first=0.25, longest=5.0, repeats=None)


@dataclass
class BatchWait:
    """Looks at a batch until it is over. ``deadline`` is in unix seconds; None: without limit.

    ``outage`` is as for :class:`~pennsieve_agent.services.runs.follow_run.Follower`. ``here`` is
    for a batch on this machine.
    """

    backend: BatchBackend
    now: Callable[[], float]
    sleep: Callable[[float], None]
    outage: Callable[[float | None, str], None]
    deadline: float | None = None
    here: bool = False

    def pause(self) -> None:
        """Wait until the next look."""
        self.sleep(HERE_SECONDS if self.here else LOOK_SECONDS)

    def until_over(self, batch: Batch, seen: Callable[[Batch], None]) -> Batch:
        """The batch at its end; ``seen`` is told of each look.

        Raises:
            StillRunning: the deadline came first.
        """
        while not batch.status.is_final:
            self.check_deadline(batch)
            self.pause()
            batch = self.look(batch)
            seen(batch)
        return batch

    def look(self, batch: Batch) -> Batch:
        """The batch now, asked again while there is no answer.

        Raises:
            StillRunning: the deadline came first.
        """
        return self._through(batch, partial(self.backend.get, batch.id))

    def rows(self, batch: Batch, status: RowStatus | None = None) -> list[BatchRow]:
        """Its subjects now, of one status only where one is named; asked again as above.

        Raises:
            StillRunning: the deadline came first.
        """
        return self._through(batch, lambda: list(self.backend.rows(batch.id, status)))

    def _through(self, batch: Batch, ask: Callable[[], T]) -> T:
        """The answer to a question, through outages."""
        lost_at: float | None = None
        waits = _BACKOFF.waits(random.random)
        while True:
            try:
                answer = ask()
            except (PlatformError, AwsError, NodeError) as error:
                if not is_passing(error):
                    raise
                lost_at = self.now() if lost_at is None else lost_at
                self.outage(self.now() - lost_at, error.message)
                self.check_deadline(batch)
                self.sleep(next(waits) or 0.0)
            else:
                if lost_at is not None:
                    self.outage(None, "")
                return answer

    def check_deadline(self, batch: Batch) -> None:
        """Refuse to go on when the time is up.

        Raises:
            StillRunning: it is.
        """
        if self.deadline is not None and self.now() >= self.deadline:
            left = batch.counts.waiting + batch.counts.running
            raise StillRunning(
                f"batch '{batch.name}' has not ended: {left} of {batch.counts.total} to go",
                where=batch.id,
                hint=f"keep waiting with: pennsieve run wait {batch.id}",
            )
