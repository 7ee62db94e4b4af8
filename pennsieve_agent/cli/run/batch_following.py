"""Following a batch to its end, and how that is told."""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote
from typing import TYPE_CHECKING

from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.run.at_end import NOBODY, AtEnd
from pennsieve_agent.console import batch_documents
from pennsieve_agent.console.progress import CountLine, OutageLine
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.errors import ExitCode, RunFailed, StillRunning

if TYPE_CHECKING:
    from pennsieve_agent.cli.run.batch_logs import LogChoice
    from pennsieve_agent.cli.run.batch_places import LocatedBatch
    from pennsieve_agent.domain.batches import Batch
    from pennsieve_agent.services.batches.follow_batch import BatchWait


def waiter(context: Context, located: LocatedBatch, timeout: float | None) -> BatchWait:
    """Somebody who waits for a batch; ``timeout`` is in seconds."""
    from pennsieve_agent.domain.loopback import is_loopback
    from pennsieve_agent.services.batches.follow_batch import BatchWait

    return BatchWait(
        located.backend,
        context.now,
        context.sleep,
        OutageLine(context.streams).show,
        deadline=None if timeout is None else context.now() + timeout,
        here=is_loopback(context.profile.hosts.api2),
    )


def to_end(
    context: Context,
    located: LocatedBatch,
    *,
    show: bool,
    timeout: float | None = None,
    choice: LogChoice | None = None,
    at_end: AtEnd = NOBODY,
) -> Iterator[Shown]:
    """Wait until a batch is over, with the lines of ``choice`` if ``show``, and tell how it ended.

    Who is to be told ``at_end`` is told then.

    Raises:
        RunFailed: a run failed, was cancelled or left out.
        StillRunning: the time was up.
    """
    from pennsieve_agent.cli.run import batch_logs

    wait = waiter(context, located, timeout)
    batch = located.batch
    with context.interruption.during(
        "stopped waiting; the batch goes on",
        f"wait again: pennsieve run wait {quote(batch.name)}\n"
        f"  cancel it:  pennsieve run cancel {quote(batch.name)}",
        always=True,
    ):
        if show:
            yield from batch_logs.followed(context, located, wait, choice)
        line = CountLine(context.streams, "Done", "runs")
        batch = wait.until_over(batch, lambda now: line.show(_over(now), now.counts.total))
        line.end()
    yield end(context, located, batch, as_document=not show, at_end=at_end)


def _over(batch: Batch) -> int:
    return batch.counts.total - batch.counts.waiting - batch.counts.running


def end(
    context: Context,
    located: LocatedBatch,
    batch: Batch,
    *,
    as_document: bool,
    at_end: AtEnd = NOBODY,
) -> Shown:
    """How a batch ended, told to whom ``at_end`` says as well.

    Raises:
        RunFailed: a run failed, was cancelled or left out.
    """
    from pennsieve_agent.cli.run.batch_views import why_hint

    words = end_words(batch)
    at_end.tell_batch(context, batch, located.backend.name)
    if context.as_json and as_document:
        rows = list(located.backend.rows(batch.id))
        document = batch_documents.shown(batch, located.backend.name, rows)
        return Shown(document, exit_code=exit_code(batch))
    if exit_code(batch) == ExitCode.OK:
        return Shown(notes=[words])
    raise RunFailed(words, where=batch.id, hint=why_hint(batch))


def end_words(batch: Batch) -> str:
    """How a batch ended, in words."""
    from pennsieve_agent.cli.run.batch_views import counts_words

    return f"batch '{batch.name}': {counts_words(batch.counts)}"


def exit_code(batch: Batch) -> int:
    """0 where all succeeded, 3 where one did not, 8 where it is not over."""
    if not batch.status.is_final:
        return int(StillRunning.exit_code)
    counts = batch.counts
    return int(ExitCode.OK if counts.succeeded == counts.total else RunFailed.exit_code)
