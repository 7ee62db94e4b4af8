"""The receipt of a batch: its subjects by its steps, over the code that one of its runs tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from pennsieve_agent.domain.batches import Batch, BatchRow
from pennsieve_agent.domain.figures import total
from pennsieve_agent.domain.receipt import context
from pennsieve_agent.domain.receipt.context import Costs, Stated
from pennsieve_agent.domain.receipt.form import BATCH, FORM, OWN_NODE, PENNSIEVE, Json, Receipt
from pennsieve_agent.domain.runs import seconds_between


@dataclass(frozen=True, slots=True)
class SubjectFiles:
    """The files of a subject's run; None where they were not asked for, or nobody can tell."""

    inputs: Sequence[Json] | None = None
    outputs: Sequence[Json] | None = None


def receipt_of(
    batch: Batch,
    rows: Sequence[BatchRow],
    stated: Stated,
    run: Receipt | None = None,
    files: Mapping[str, SubjectFiles] = MappingProxyType({}),
) -> dict[str, Any]:
    """The receipt, without checksums.

    ``run`` is the receipt of one of its runs, whose code and node all share; None where none began.
    ``files`` are by the id of a run.
    """
    one = run or {}
    subjects = [_subject(row, files.get(row.run) or SubjectFiles(), stated) for row in rows]
    counted = [row.cost for row in rows if row.cost is not None]
    started = context.first_time(*(row.started for row in rows))
    return {
        "form": FORM,
        "kind": BATCH,
        **context.origin(stated),
        "id": batch.id,
        "name": batch.name,
        "status": context.word(batch.status.value),
        "reason": None,
        "place": one.get("place") or (OWN_NODE if stated.node.get("id") else PENNSIEVE),
        "host": stated.host,
        "workspace": {"id": None, "name": None, **stated.workspace},
        "dataset": {"id": batch.dataset or None, "name": stated.dataset or None, "folder": None},
        "workflow": {name: batch.workflow.get(name) or None for name in ("id", "name", "version")},
        "batch": None,
        "who": {
            "name": batch.person.get("name") or None,
            "email": batch.person.get("email") or None,
            "id": None,
            "caller": batch.caller or None,
            "verified": False,
        },
        "times": context.times(batch.created, started, batch.ended),
        "node": one.get("node") or context.node(stated.node),
        "steps": [_code(step) for step in one.get("steps") or ()]
        or [context.step(step.id) for step in batch.steps],
        "parameters": {step: dict(values) for step, values in batch.parameters.items()},
        "targets": {},
        "layout": batch.layout or None,
        "layers": list(one.get("layers") or ()),
        "limits": one.get("limits") or context.limits({}),
        "inputs": _sums(subjects, "inputs"),
        "outputs": _sums(subjects, "outputs"),
        # Of a batch that goes on it is what the runs that have ended took.
        "cost": context.cost(
            Costs(sum(counted) if counted else None, prices=_prices(one)),
            batch.estimate.document() if batch.estimate else None,
        ),
        "fingerprint": None,
        "repeat": {**context.repeat(batch.id), "from_receipt": None},
        "parallel": batch.parallel,
        "counts": batch.counts.document(),
        "columns": [{"id": step.id, "name": step.name} for step in batch.steps],
        "subjects": subjects,
    }


def _subject(row: BatchRow, files: SubjectFiles, stated: Stated) -> dict[str, Any]:
    at = replace(stated, inputs=files.inputs, outputs=files.outputs)
    return {
        "subject": row.subject,
        "run_id": row.run or None,
        "attempt": row.attempt,
        "status": context.word(row.status.value),
        "reason": row.reason or None,
        "steps": {
            step: {"status": context.word(state), "reason": reason or None}
            for step, (state, reason) in row.steps.items()
        },
        "started_at": row.started or None,
        "completed_at": row.ended or None,
        "seconds": seconds_between(row.started, row.ended),
        "usd": row.cost,
        "inputs": context.input_files(at, None, None),
        "outputs": context.output_files(at),
        "repeat": context.repeat(row.run)["command"] if row.run else None,
    }


_OF_A_RUN = ("status", "reason", "started_at", "completed_at", "seconds", "usd")


def _code(step: Json) -> dict[str, Any]:
    """A step without what only one of the runs did."""
    return {**step, **dict.fromkeys(_OF_A_RUN), "attempts": []}


def _sums(subjects: Sequence[Json], side: str) -> dict[str, Any]:
    """How many files all subjects have together, and their size; they are told by subject."""
    counts = total(row[side]["count"] for row in subjects)
    sizes = total(row[side]["size"] for row in subjects)
    return (
        {**subjects[0][side], "count": counts, "size": sizes, "files": None}
        if subjects
        else {
            "count": 0,
            "size": 0,
            "files": None,
        }
    )


def _prices(one: Receipt) -> str:
    return str((one.get("cost") or {}).get("prices") or "")
