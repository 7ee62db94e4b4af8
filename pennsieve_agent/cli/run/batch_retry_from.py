"""``pennsieve run retry BATCH --from``: subjects take over the steps that had finished."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from shlex import quote
from typing import TYPE_CHECKING

from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.run import retry_from
from pennsieve_agent.console import batch_documents
from pennsieve_agent.console.shown import NOT_CHANGED, Part, Prose, Shown, Table
from pennsieve_agent.console.tables import Column, Cut
from pennsieve_agent.console.words import plural
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.cli.run.batch_places import LocatedBatch
    from pennsieve_agent.domain.batches import BatchRow
    from pennsieve_agent.domain.runs import RunLimits
    from pennsieve_agent.services.batches.node_batches import KeptSteps, NodeBatches


def check(located: LocatedBatch, step: str) -> NodeBatches:
    """The node of a batch, which may have kept what steps made.

    Raises:
        UnknownName: the batch has no such step.
        UsageProblem: it is on Pennsieve's nodes.
    """
    from pennsieve_agent.services.batches.node_batches import NodeBatches

    batch, backend = located.batch, located.backend
    if not isinstance(backend, NodeBatches):
        raise retry_from.refusal(batch.name, step, retry_from.PENNSIEVES)
    retry_from.check_step("batch", step, (one.id for one in batch.steps))
    return backend


def retry(
    context: Context,
    located: LocatedBatch,
    rows: Sequence[BatchRow],
    limits: RunLimits,
    step: str,
    *,
    dry_run: bool,
) -> Shown:
    """Begin another attempt of the subjects that can go on from a step, and name the others.

    A subject whose files in the dataset have changed takes nothing over: what is kept was made of
    others.

    Raises:
        Conflict: somebody was faster.
        UsageProblem: no subject can.
    """
    from pennsieve_agent.services.batches.node_batches import KeptSteps
    from pennsieve_agent.services.batches.repeat_batch import changed_subjects
    from pennsieve_agent.services.runs.start_run import limits_document

    backend, batch = check(located, step), located.batch
    attempts = {row.subject: row.attempt for row in rows}
    again = backend.started(batch.id)
    changed = changed_subjects(context.platform, again, attempts.keys())
    same = {subject: at for subject, at in attempts.items() if subject not in changed}
    kept = KeptSteps({}, {})
    if same:
        with context.interruption.during(
            "the subjects may or may not have been started",
            f"check before you type it again: pennsieve run show {batch.id}",
        ):
            kept = backend.retry_from(batch, same, limits_document(limits), step, begin=not dry_run)
    left = {s: why for s in attempts if (why := changed.get(s) or kept.left.get(s))}
    if not kept.takes:
        alone = f"{batch.name}/{rows[0].subject}" if len(rows) == 1 else batch.name
        raise _none(alone, step, left)
    return _shown(located, step, kept, left, dry_run=dry_run)


def _none(name: str, step: str, left: Mapping[str, str]) -> UsageProblem:
    """The error where no subject can go on; with the subjects, where the reasons differ."""
    grouped = _by_reason(left)
    if len(grouped) == 1:
        (why,) = grouped
        return retry_from.refusal(name, step, why)
    lines = "".join(f"\n  {_names(subjects)}: {why}" for why, subjects in grouped.items())
    return UsageProblem(
        f"no subject of '{name}' can go on from step '{step}':{lines}",
        hint=f"start all steps again: pennsieve run retry {quote(name)}",
    )


def _shown(
    located: LocatedBatch, step: str, kept: KeptSteps, left: Mapping[str, str], *, dry_run: bool
) -> Shown:
    batch, count = located.batch, len(kept.takes)
    what = f"{plural(count, 'subject')} of batch '{batch.name}' again from step '{step}'"
    taken = list(dict.fromkeys(one for steps in kept.takes.values() for one in steps))
    text: list[Part] = [
        Prose(f"{'Would start' if dry_run else 'Started'} {what}"),
        Prose(f"Taken over instead of paid again: {', '.join(taken)}"),
    ]
    if dry_run:
        text.append(Prose(f"Subjects: {', '.join(kept.takes)}"))
    if left:
        rows = [[_names(subjects), why] for why, subjects in _by_reason(left).items()]
        columns = [Column("NOT STARTED", Cut.WRAP), Column("WHY", Cut.WRAP)]
        text += ["", Table(columns, rows)]
    notes = [NOT_CHANGED] if dry_run else [f"see it: pennsieve run show {quote(batch.name)}"]
    if left and not dry_run:
        all_steps = f"pennsieve run retry {quote(batch.name)}"
        notes.append(f"start all steps of the others again: {all_steps}")
    document = batch_documents.retried_from(
        batch, located.backend.name, step, kept.takes, left, changed=not dry_run
    )
    return Shown(document, text, notes)


def _by_reason(left: Mapping[str, str]) -> dict[str, list[str]]:
    reasons: dict[str, list[str]] = {}
    for subject, why in left.items():
        reasons.setdefault(why, []).append(subject)
    return reasons


_NAMED = 5


def _names(subjects: Sequence[str]) -> str:
    """The first few subjects, and how many more there are."""
    more = len(subjects) - _NAMED
    return ", ".join(subjects[:_NAMED]) + (f" and {more} more" if more > 0 else "")
