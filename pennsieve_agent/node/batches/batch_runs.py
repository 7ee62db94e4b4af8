"""The runs of a batch as they are made of its rows, to be checked and to be begun."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pennsieve_agent.domain.workflows import StepKind
from pennsieve_agent.node.batches.batch_document import BatchStart, Problem, run_document
from pennsieve_agent.node.batches.batch_head import BatchHead
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.records.run_document import FOLDER
from pennsieve_agent.node.records.start_document import Start
from pennsieve_agent.node.runs.own_run import Who, fitting
from pennsieve_agent.node.runs.plan_jobs import CannotRun

Json = Mapping[str, Any]


def targets_of(version: Json) -> tuple[str, ...]:
    """The steps of a version that deliver results."""
    kinds = ((str(row["id"]), StepKind.of(row["kind"])) for row in version["steps"])
    return tuple(step for step, kind in kinds if kind is StepKind.TARGET)


def steps_of(version: Json) -> list[dict[str, str]]:
    """The columns of a batch's table: the steps' ids, and what people call them."""
    return [{"id": str(row["id"]), "name": _name(row)} for row in version["steps"]]


def _name(row: Json) -> str:
    repository = str(row.get("sourceUrl") or "").rstrip("/").rpartition("/")[2]
    return repository.removesuffix(".git") or str(row["id"])


def unfit(node: Node, start: BatchStart, version: Json, who: Who) -> Iterator[Problem]:
    """The rows that cannot run here, and why.

    What a run's plan is made of but for its files is alike in most rows, so it is made once for
    each choice of parameters.
    """
    targets, seen = targets_of(version), dict[str, str]()
    for row in start.rows:
        subject, chosen = (
            str(row["subject"]),
            repr((row.get("parameters"), not row.get("packages"))),
        )
        if chosen not in seen:
            seen[chosen] = _why_not(node, start.start(row, targets), version, who)
        if seen[chosen]:
            yield subject, seen[chosen]


def _why_not(node: Node, start: Start, version: Json, who: Who) -> str:
    try:
        fitting(node, start, version, who)
    except CannotRun as why:
        return str(why)
    return ""


def request_of(
    head: BatchHead, row: Json, version: Json, attempt: int, limits: Json, *, apart: bool
) -> dict[str, Any]:
    """The request for one run of a batch, as ``POST /runs`` would have it.

    ``limits`` go over those of the batch. ``apart``: the results go to a folder of this attempt,
    beside that of an earlier one.
    """
    common = {
        "workflow": head.workflow["id"],
        "version": head.workflow["version"],
        "dataset": head.dataset,
        "parameters": head.parameters,
        "targets": head.targets,
        "limits": {**head.limits, **limits},
        "layout": head.layout,
        "undeclared": head.undeclared,
    }
    document = run_document(head.id, head.name, common, row, targets_of(version), attempt)
    for target in document["targets"].values() if apart else ():
        target[FOLDER] = f"{target[FOLDER]}-attempt-{attempt}"
    return document
