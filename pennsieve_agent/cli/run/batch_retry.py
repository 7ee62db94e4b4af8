"""``pennsieve run retry BATCH``: start the subjects that failed again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from shlex import quote
from typing import TYPE_CHECKING

from pennsieve_agent.cli.context import Context
from pennsieve_agent.console import batch_documents
from pennsieve_agent.console.shown import Shown, planned
from pennsieve_agent.console.words import plural
from pennsieve_agent.errors import Conflict

if TYPE_CHECKING:
    from pennsieve_agent.cli.run.batch_places import LocatedBatch
    from pennsieve_agent.cli.run.batch_start import Ends
    from pennsieve_agent.domain.batches import BatchRow
    from pennsieve_agent.domain.runs import RunLimits


def retry(
    context: Context,
    located: LocatedBatch,
    limits: RunLimits,
    *,
    ends: Ends,
    subject: str = "",
    failed: bool,
) -> Iterator[Shown]:
    """Begin another attempt of what failed, was cancelled or left out; of one ``subject`` alone.

    Raises:
        Conflict: there is none, or somebody was faster.
        UsageProblem: the batch is on Pennsieve's nodes.
    """
    from pennsieve_agent.services.runs.start_run import limits_document

    batch, backend = located.batch, located.backend
    rows = _rows(located, subject=subject, failed=failed)
    what = f"{plural(len(rows), 'subject')} of batch '{batch.name}'"
    if ends.dry_run:
        names = ", ".join(row.subject for row in rows)
        yield planned(f"start {what} again: {names}")
        return
    attempts = {row.subject: row.attempt for row in rows}
    with context.interruption.during(
        "the subjects may have been started, or not",
        f"look before you type it again: pennsieve run show {batch.id}",
    ):
        try:
            begun = backend.retry(batch.id, attempts, limits_document(limits))
        except Conflict as error:
            raise Conflict(
                error.message,
                where=batch.id,
                hint=f"see what goes on: pennsieve run show {batch.id}",
            ) from error
    words = f"Started {plural(len(begun), 'subject')} of batch '{batch.name}' again"
    located = replace(located, batch=backend.get(batch.id))
    document = batch_documents.summary(located.batch, backend.name)
    if ends.mode is None:
        yield Shown(document, words, [f"see it: pennsieve run show {quote(batch.name)}"])
        return
    yield Shown(text=words)
    yield from ends.follow(context, located)


def _rows(located: LocatedBatch, *, subject: str, failed: bool) -> Sequence[BatchRow]:
    from pennsieve_agent.domain.batches import RowStatus

    statuses = {RowStatus.FAILED, *(() if failed else (RowStatus.CANCELED, RowStatus.SKIPPED))}
    batch = located.batch
    fitting = [
        row
        for row in located.backend.rows(batch.id)
        if row.status in statuses and subject in {"", row.subject}
    ]
    if fitting:
        return fitting
    what = f"subject '{subject}'" if subject else "no subject"
    words = "did not fail" if subject else "failed" if failed else "failed or was cancelled"
    raise Conflict(
        f"{what} of batch '{batch.name}' {words}",
        where=batch.id,
        hint=f"see how they are: pennsieve run show {batch.id}",
    )
