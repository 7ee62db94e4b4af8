"""``pennsieve run show BATCH``: the table of subjects and steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pennsieve_agent.cli.context import Context
from pennsieve_agent.console import batch_documents
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.cli.run.batch_places import LocatedBatch
    from pennsieve_agent.domain.batches import BatchRow


def show(context: Context, located: LocatedBatch, *, failed: bool, as_csv: bool) -> Shown:
    """All subjects, or those that ``failed`` or were left out alone."""
    from pennsieve_agent.cli.run import batch_views

    if as_csv and context.as_json:
        raise UsageProblem("--csv and --json cannot be given together", hint="leave one out")
    batch = located.batch
    rows = _failed(located) if failed else list(located.backend.rows(batch.id))
    if as_csv:
        return Shown(text=batch_documents.as_csv(batch, rows))
    return batch_views.batch(context, batch, located.backend.name, rows, failed=failed)


def status(located: LocatedBatch) -> Shown:
    """The state of a batch in one word, and as the exit code."""
    from pennsieve_agent.cli.run.batch_following import exit_code

    batch = located.batch
    word = batch_documents.label(batch.status.value)
    document = {"id": batch.id, "name": batch.name, "status": word}
    return Shown(document, word, exit_code=exit_code(batch))


def _failed(located: LocatedBatch) -> list[BatchRow]:
    from pennsieve_agent.domain.batches import RowStatus

    ask = located.backend.rows
    rows = [*ask(located.batch.id, RowStatus.FAILED), *ask(located.batch.id, RowStatus.SKIPPED)]
    return sorted(rows, key=lambda row: row.index)
