"""The receipt of a run on this machine: that of a node, without what only a node has."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pennsieve_agent.domain.receipt import context, with_results
from pennsieve_agent.domain.receipt.context import Costs
from pennsieve_agent.domain.receipt.form import HERE
from pennsieve_agent.engine.backend import Program
from pennsieve_agent.local.node_here import Request
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.records.run_record import JobKind, RunRecord
from pennsieve_agent.node.runs.bids_description import bids_files
from pennsieve_agent.node.runs.receipt import receipt_of
from pennsieve_agent.node.runs.run_costs import RunCost

_CHUNK = 1024 * 1024


def receipt_here(
    node: Node,
    record: RunRecord,
    request: Request,
    programs: Mapping[str, Program],
    engine: str,
) -> dict[str, Any]:
    """The receipt of a run whose steps have ended, without its results and checksums.

    No registry knows the images, so a step has the id of its image on this machine (``image``)
    where a node's has a digest. ``place`` says that no node ran it, and ``node.engine`` what did.
    """
    start = {"files": list(request.files), "packages": list(request.packages)}
    whole = receipt_of(record, start, node.settings, RunCost(), node.now())
    return {
        **whole,
        "place": HERE,
        "who": {**whole["who"], "caller": None},
        "steps": [_step(row, programs.get(row["id"])) for row in whole["steps"]],
        "node": context.node({"version": node.settings.version, "engine": engine}),
        "cost": context.cost(Costs(None), None),
        # It is on no node, so its id leads nowhere; the receipt itself has all that is needed.
        "repeat": context.repeat(record.run, local=True),
    }


def texts_here(
    receipt: Mapping[str, Any], name: str, results: Sequence[tuple[str, Path]]
) -> dict[str, str]:
    """The texts of the receipt and of its RO-Crate, by name; ``results`` are files by path.

    Raises:
        OSError: a result cannot be read.
    """
    folder = str(receipt["dataset"]["folder"] or "")
    rows = [
        {
            "path": f"{folder}/{path}" if folder else path,
            "size": file.stat().st_size,
            "sha256": _digest(file),
        }
        for path, file in results
    ]
    return with_results.texts_of(receipt, name, folder, rows, {path for path, _ in results})


def _digest(path: Path) -> str:
    sum_ = hashlib.sha256()
    with path.open("rb") as file:
        while data := file.read(_CHUNK):
            sum_.update(data)
    return sum_.hexdigest()


def more_here(node: Node, record: RunRecord) -> dict[str, str]:
    """What else goes with the results of a run, as with those of a node: texts by names."""
    targets = [job for job in record.work if job.kind is JobKind.DELIVER]
    steps = [step for job in targets for step in record.planned_step(job.step)["depends_on"]]
    return bids_files(record, tuple(steps), node.settings.api)


def _step(row: Mapping[str, Any], program: Program | None) -> dict[str, Any]:
    is_image = program is not None and program.backend == "docker"
    image = program.reference if program is not None and is_image else ""
    return {**row, "digest": None, "image": image or None}
