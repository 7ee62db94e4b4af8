"""Attempting subjects of a batch on Pennsieve's nodes once more.

The journal of this machine is all that knows the batch, and one process at a time holds it: so an
attempt is claimed by being written down, once, and is then sent as the first one was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pennsieve_agent.domain.batches import RowStatus
from pennsieve_agent.errors import Conflict
from pennsieve_agent.services.batches.pennsieve_document import next_attempt

if TYPE_CHECKING:
    from pennsieve_agent.domain.batches import BatchRow
    from pennsieve_agent.services.batches.pennsieve_batches import Kept
    from pennsieve_agent.services.batches.pennsieve_sender import Journal


def claim(
    kept: Kept,
    journal: Journal,
    attempts: Mapping[str, int],
    present: Iterable[BatchRow],
    paths: Iterable[str],
) -> list[str]:
    """Write down another attempt of subjects, of which these ``attempts`` were seen last.

    ``present`` are the rows as they are now, while the journal is held; ``paths`` those of the
    dataset's files.

    Raises:
        Conflict: somebody was faster, or one of them goes on; then nothing is written down.
    """
    rows = {row.subject: row for row in present}
    late = [
        subject
        for subject, attempt in attempts.items()
        if rows[subject].attempt != attempt or not rows[subject].status.is_final
    ]
    if late:
        more = f" and {len(late) - 1} more are" if len(late) > 1 else " is"
        raise Conflict(f"'{late[0]}'{more} running, or retried by another command", where=kept.id)
    if kept.is_cancelled():
        # Those that never had a run stay cancelled, unless they are among the subjects.
        for row in rows.values():
            if row.status is RowStatus.CANCELED and not row.run:
                journal.note({"subject": row.subject, "cancelled": True})
    known: Mapping[str, Any] = {row["subject"]: row for row in kept.document()["runs"]}
    held = list(paths)
    for subject, attempt in attempts.items():
        again = next_attempt(kept, known[subject], attempt + 1, held)
        journal.note(again.event(subject))
    kept.uncancel()
    return list(attempts)
