"""How batches are shown: the table of subjects and steps, with counts."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote
from typing import TYPE_CHECKING

from pennsieve_agent.cli.run.record_views import mail_words
from pennsieve_agent.console import batch_documents, cells, tables
from pennsieve_agent.console.batch_documents import label
from pennsieve_agent.console.shown import Details, Part, Shown, Table
from pennsieve_agent.console.tables import ID, NAME, Column, Cut
from pennsieve_agent.console.words import duration, usd, when

if TYPE_CHECKING:
    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.console.streams import Streams
    from pennsieve_agent.domain.batches import Batch, BatchCounts, BatchRow

FEW_STEPS = 4
"""Up to so many steps have a column each."""
NARROW = 60
"""Below so many columns of a terminal a subject has a line, and its reason the next."""
_DONE = {"succeeded": "done", "pending": "waiting"}


def counts_words(counts: BatchCounts) -> str:
    """How many subjects are in each state; those with none are left out."""
    words = [
        f"{number} {'cancelled' if name == 'canceled' else name}"
        for name, number in counts.document().items()
        if number
    ]
    return ", ".join(words) or "no subject"


def batch(
    context: Context, value: Batch, node: str, rows: Sequence[BatchRow], *, failed: bool
) -> Shown:
    """The table of subjects and steps, with counts on top."""
    now = context.now()
    pairs = [
        ("batch", value.name),
        ("id", value.id),
        ("status", f"{label(value.status.value)}: {counts_words(value.counts)}"),
        (
            "workflow",
            f"{value.workflow.get('name', '')} {value.workflow.get('version', '')}".strip(),
        ),
        ("node", node),
        ("started", when(value.created, now, relative=context.relative)),
        ("took", duration(value.created, value.ended, now)),
        ("estimated cost", "" if value.cost is None else usd(value.cost)),
        ("mail", mail_words(context, value.mail, is_over=value.status.is_final)),
    ]
    if not rows:
        none = "no subject failed" if failed else "no subject"
        return Shown(batch_documents.shown(value, node, rows), [Details(pairs)], [none])
    return Shown(
        batch_documents.shown(value, node, rows),
        [Details(pairs), "", lambda streams: audit_table(value, rows, streams, now)],
        _hints(value, failed=failed),
    )


def why_hint(value: Batch) -> str:
    """The command that shows what became of a batch that did not succeed."""
    name = quote(value.name)
    if value.counts.failed or value.counts.skipped:
        return f"see why: pennsieve run show {name} --failed"
    return f"see it: pennsieve run show {name}"


def _hints(value: Batch, *, failed: bool) -> list[str]:
    counts = value.counts
    hints = []
    if (counts.failed or counts.skipped) and not failed:
        hints = [f"only those that failed: pennsieve run show {quote(value.name)} --failed"]
    if counts.failed or counts.skipped or (counts.canceled and counts.is_over):
        again = f"pennsieve run retry {quote(value.name)}"
        if value.limits.get("keepSteps"):
            hints.append(f"go on from the step that failed: {again} --from STEP")
        hints.append(f"start them again: {again}")
    return hints


def audit_table(value: Batch, rows: Sequence[BatchRow], streams: Streams, now: float) -> str:
    """A row for each subject: a column for each of few steps, a summary of many."""
    if streams.out_is_terminal and streams.width < NARROW:
        return "\n".join(line for row in rows for line in _narrow(row, streams, now))
    steps = [step.id for step in value.steps]
    wide = not streams.out_is_terminal or len(steps) <= FEW_STEPS
    columns: list[str | Column] = [
        Column("SUBJECT", Cut.MIDDLE),
        "STATUS",
        *([Column(step.upper(), spare=True) for step in steps] if wide else ["STEPS"]),
        Column("TOOK", spare=True),
        Column("COST", spare=True),
        Column("WHY", Cut.WRAP),
    ]
    texts = [
        [
            row.subject,
            label(row.status.value),
            *(_states(row, steps) if wide else [_summary(row, steps)]),
            duration(row.started, row.ended, now),
            "" if row.cost is None else usd(row.cost),
            why_words(row),
        ]
        for row in rows
    ]
    kept = [i for i in range(len(columns)) if i < 2 or any(text[i] for text in texts)]  # noqa: PLR2004
    return tables.table([columns[i] for i in kept], [[t[i] for i in kept] for t in texts], streams)


def _states(row: BatchRow, steps: Sequence[str]) -> list[str]:
    states = row.step_states
    words = [label(states[step][0]) if step in states else "" for step in steps]
    return [_DONE.get(word, word) for word in words]


def _summary(row: BatchRow, steps: Sequence[str]) -> str:
    if not row.steps:
        return ""
    done = sum(state == "SUCCEEDED" for state, _ in row.steps.values())
    return f"{done} of {len(steps)} done"


def why_words(row: BatchRow) -> str:
    """Why a subject failed or waits, in a few words, with the step."""
    failed = next((step for step, (state, _) in row.steps.items() if state == "FAILED"), "")
    why = row.reason or (row.steps[failed][1] if failed else "")
    if failed and failed not in why:
        return f"{failed}: {why}" if why else f"in {failed}"
    return why


def _narrow(row: BatchRow, streams: Streams, now: float) -> list[str]:
    status = label(row.status.value)
    took = duration(row.started, row.ended, now)
    end = f"  {status}" + (f"  {took}" if took else "")
    name = cells.cut(_printable(row.subject), max(streams.width - cells.width(end), 8))
    style = tables.STATUS_STYLES.get(status)
    painted = end.replace(status, streams.paint(status, style), 1) if style else end
    lines = [f"{name}{painted}"]
    if why := _printable(why_words(row)):
        lines += [f"  {line}" for line in cells.wrap(why, streams.width - 2, break_long=True)]
    return lines


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def batches_table(context: Context, rows: Sequence[tuple[Batch, str]]) -> Part:
    """Batches, one a row."""
    texts = [
        [
            value.name,
            label(value.status.value),
            counts_words(value.counts),
            value.workflow.get("name", ""),
            node,
            when(value.created, context.now(), relative=context.relative),
            value.id,
        ]
        for value, node in rows
    ]
    workflow, place = (Column(name, Cut.MIDDLE, spare=True) for name in ("WORKFLOW", "NODE"))
    counts = Column("SUBJECTS", Cut.WRAP)
    columns: list[str | Column] = [NAME, "STATUS", counts, workflow, place, "STARTED", ID]
    return Table(columns, texts)
