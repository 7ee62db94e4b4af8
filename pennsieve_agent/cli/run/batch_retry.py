"""``pennsieve run retry BATCH``: start the subjects that failed again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from shlex import quote
from typing import TYPE_CHECKING

from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.run import batch_retry_from
from pennsieve_agent.console import batch_documents
from pennsieve_agent.console.shown import Shown, planned
from pennsieve_agent.console.words import plural
from pennsieve_agent.errors import Conflict, PlatformError, UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.cli.run.batch_places import LocatedBatch
    from pennsieve_agent.cli.run.batch_start import Ends
    from pennsieve_agent.domain.batches import BatchRow
    from pennsieve_agent.domain.runs import RunLimits
    from pennsieve_agent.services.batches.node_batches import NodeBatches


def retry(
    context: Context,
    located: LocatedBatch,
    limits: RunLimits,
    *,
    ends: Ends,
    subject: str = "",
    failed: bool,
    from_step: str | None = None,
) -> Iterator[Shown]:
    """Begin another attempt of what failed, was cancelled or left out; of one ``subject`` alone.

    With ``from_step``, of those that can take over the steps before it.

    Raises:
        Conflict: there is none, or somebody was faster.
        UsageProblem: there are limits, and the batch is on Pennsieve's nodes.
    """
    from pennsieve_agent.services.batches.node_batches import NodeBatches

    batch, backend = located.batch, located.backend
    is_own = isinstance(backend, NodeBatches)
    if limits and not is_own:
        raise UsageProblem(
            f"batch '{batch.name}' is on a node that Pennsieve runs, which does not support limits",
            hint="leave out --max-cost, --time-limit, --spot, --retries, --memory-on-oom "
            "and --keep-steps",
        )
    if from_step is not None:
        batch_retry_from.check(located, from_step)
    rows = _rows(located, subject=subject, failed=failed)
    what = f"{plural(len(rows), 'subject')} of batch '{batch.name}'"
    if ends.dry_run and from_step is None:
        names = ", ".join(row.subject for row in rows)
        yield planned(f"start {what} again: {names}")
        return
    attempts = {row.subject: row.attempt for row in rows}
    try:
        if from_step is not None:
            shown = batch_retry_from.retry(
                context, located, rows, limits, from_step, dry_run=ends.dry_run
            )
        elif isinstance(backend, NodeBatches):
            shown = _on_own_node(context, located, backend, attempts, limits)
        else:
            shown = _on_pennsieve(context, located, attempts)
    except Conflict as error:
        raise Conflict(
            error.message, where=batch.id, hint=f"see what goes on: pennsieve run show {batch.id}"
        ) from error
    if ends.mode is None or ends.dry_run:
        yield shown
        return
    yield Shown(text=shown.text, notes=shown.notes[1:])
    yield from ends.follow(context, replace(located, batch=backend.get(batch.id)))


def _on_own_node(
    context: Context,
    located: LocatedBatch,
    backend: NodeBatches,
    attempts: Mapping[str, int],
    limits: RunLimits,
) -> Shown:
    from pennsieve_agent.services.runs.start_run import limit_error, limits_document

    batch = located.batch
    with context.interruption.during(
        "the subjects may or may not have been started",
        f"check before you type it again: pennsieve run show {batch.id}",
    ):
        try:
            begun = backend.retry(batch.id, attempts, limits_document(limits))
        except PlatformError as error:
            raise limit_error(error, backend.name) from error
    return Shown(
        batch_documents.summary(backend.get(batch.id), backend.name),
        f"Started {plural(len(begun), 'subject')} of batch '{batch.name}' again",
        [f"see it: pennsieve run show {quote(batch.name)}"],
    )


def _on_pennsieve(context: Context, located: LocatedBatch, attempts: Mapping[str, int]) -> Shown:
    """Write the attempts down, and send them as the first ones were; the command goes on so long.

    A batch on Pennsieve's nodes is in the journal of this machine, and nowhere else.
    """
    from contextlib import ExitStack

    from pennsieve_agent.cli.run import batch_places, batch_send, start_views
    from pennsieve_agent.services.batches.pennsieve_retry import claim

    journal, id_ = batch_places.journal(context), located.batch.id
    kept = next(one for one in journal.all() if one.id == id_)
    batch = journal.resume(kept)
    with ExitStack() as held:
        held.enter_context(batch)
        files = context.platform.datasets.files(located.batch.dataset)
        claim(kept, batch, attempts, located.backend.rows(id_), (file.path for file in files))
        held.pop_all()  # who sends it, releases it
    start_views.warn_pennsieve_node(context, kept.document()["node"]["name"])
    words = f"Started {plural(len(attempts), 'subject')} of batch '{kept.name}' again"
    return replace(batch_send.send(context, batch), text=words)


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
    if batch.counts.waiting and not located.backend.token:
        raise Conflict(
            f"{plural(batch.counts.waiting, 'subject')} of batch '{batch.name}' "
            "were not sent yet, and none of the others has failed",
            where=batch.id,
            hint=f"send the rest: pennsieve run start --resume {batch.id}",
        )
    what = f"subject '{subject}'" if subject else "no subject"
    words = "did not fail" if subject else "failed" if failed else "failed or was cancelled"
    raise Conflict(
        f"{what} of batch '{batch.name}' {words}",
        where=batch.id,
        hint=f"see them: pennsieve run show {batch.id}",
    )
