"""``pennsieve run cancel BATCH``: stop all runs of a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pennsieve_agent.cli.context import Context
from pennsieve_agent.console import batch_documents
from pennsieve_agent.console.shown import UNCHANGED, Shown, planned
from pennsieve_agent.console.words import plural
from pennsieve_agent.errors import Conflict

if TYPE_CHECKING:
    from pennsieve_agent.cli.run.batch_places import LocatedBatch
    from pennsieve_agent.domain.batches import Batch


def cancel(
    context: Context, reference: str, located: LocatedBatch, *, yes: bool, dry_run: bool, wait: bool
) -> Shown:
    """Cancel what is active, and begin nothing more. Asks first of a batch of somebody else.

    Raises:
        Conflict: it has ended already.
    """
    from pennsieve_agent.domain.batches import BatchStatus

    batch, backend = located.batch, located.backend
    if batch.status is BatchStatus.CANCELED:
        return _shown(located, batch, " already; nothing was changed")
    if batch.status.is_final:
        raise Conflict(
            f"batch '{batch.name}' has ended already: {batch_documents.label(batch.status.value)}",
            hint=f"see it with: pennsieve run show {batch.id}",
        )
    if not _may(context, reference, located, yes=yes or dry_run):
        return UNCHANGED
    if dry_run:
        left = batch.counts.waiting + batch.counts.running
        return planned(f"cancel batch '{batch.name}' with {plural(left, 'run')} to go")
    with context.interruption.during(
        "the batch may or may not have been told to end",
        f"check with: pennsieve run show {batch.id}",
    ):
        backend.cancel(batch.id)
        batch = backend.get(batch.id)
        if wait:
            batch = _to_end(context, located, batch)
    return _shown(located, batch, "")


def _to_end(context: Context, located: LocatedBatch, batch: Batch) -> Batch:
    from pennsieve_agent.cli.run.batch_following import waiter

    return waiter(context, located, None).until_over(batch, lambda _: None)


def _may(context: Context, reference: str, located: LocatedBatch, *, yes: bool) -> bool:
    """Whether to go on: a batch of somebody else's is named in full, and asked about.

    Raises:
        UsageProblem: it is not named in full, or nobody can be asked.
    """
    from pennsieve_agent.cli.run.batch_places import journal
    from pennsieve_agent.domain.name_matching import need_whole

    batch = located.batch
    started_here = any(kept.id == batch.id for kept in journal(context).all())
    email = batch.person.get("email", "").casefold()
    if started_here or not email or email == context.claimed.email.casefold():
        return True
    need_whole(reference, batch.id, batch.name, "batch")
    person = batch.person.get("name") or email
    question = f"Batch '{batch.name}' was started by {person}. Cancel it?"
    return context.streams.confirm(question, assume=yes)


def _shown(located: LocatedBatch, batch: Batch, more: str) -> Shown:
    from pennsieve_agent.cli.run.batch_views import counts_words

    word = batch_documents.label(batch.status.value)
    return Shown(
        batch_documents.summary(batch, located.backend.name),
        f"Batch '{batch.name}' is {word}{more}",
        [counts_words(batch.counts)],
    )
