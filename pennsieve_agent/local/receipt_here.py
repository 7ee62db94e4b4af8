"""The receipt of a run on this machine: that of a node, without what only a node has."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pennsieve_agent.engine.backend import Program
from pennsieve_agent.local.node_here import Request
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.records.run_record import JobKind, RunRecord
from pennsieve_agent.node.runs.bids_description import bids_files
from pennsieve_agent.node.runs.receipt import receipt_of

_OF_A_NODE = ("caller", "cost", "limits", "layers")


def receipt_here(
    node: Node,
    record: RunRecord,
    request: Request,
    programs: Mapping[str, Program],
    engine: str,
) -> str:
    """The text of the receipt of a run whose steps have ended.

    No registry knows the images, so a step has the id of its image on this machine (``image``)
    where a node's has a digest. ``local`` says that no node ran it, and which engine did.
    """
    start = {"files": list(request.files), "packages": list(request.packages)}
    whole = receipt_of(record, start, node.settings, 0.0, node.now())
    kept = {name: value for name, value in whole.items() if name not in _OF_A_NODE}
    steps = [_step(row, programs.get(row["id"])) for row in whole["steps"]]
    about = {"version": node.settings.version, "engine": engine}
    document = {**kept, "steps": steps, "node": None, "local": about}
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def more_here(node: Node, record: RunRecord) -> dict[str, str]:
    """What else goes with the results of a run, as with those of a node: texts by names."""
    targets = [job for job in record.work if job.kind is JobKind.DELIVER]
    steps = [step for job in targets for step in record.planned_step(job.step)["depends_on"]]
    return bids_files(record, tuple(steps), node.settings.api)


def _step(row: Mapping[str, Any], program: Program | None) -> dict[str, Any]:
    is_image = program is not None and program.backend == "docker"
    image = program.reference if program is not None and is_image else ""
    return {**{name: value for name, value in row.items() if name != "digest"}, "image": image}
